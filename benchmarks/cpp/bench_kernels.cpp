// Every kernel of every instruction set, on data that lies in the first or second cache. Bytes count what a kernel
// reads and writes, once; FLOP those of the products.
#include <functional>
#include <memory>
#include <vector>

#include "base/cpu.h"
#include "support.h"

using namespace lamina;
using namespace lamina::bench;

namespace {

constexpr Index rows = 10, columns = 128;  // a hidden layer of the digit recogniser
constexpr Index cells = rows * columns;

// What one call does, a function that makes it, and the buffers that it works on.
struct Call {
  double flops, bytes;
  std::function<void()> run;
  std::vector<std::shared_ptr<const void>> buffers;
};

template <class T> using Make = std::function<Call(const kernels::Table<T>&)>;

template <class T> std::shared_ptr<Numbers<T>> numbers(Index count, double low = -1, double high = 1) {
  return std::make_shared<Numbers<T>>(count, low, high);
}

template <class T>
void add(const std::string& name, const std::string& isa, const kernels::Table<T>& table, Make<T> make) {
  const std::string full = name + "/" + type_name<T> + "/" + isa;
  benchmark::RegisterBenchmark(full.c_str(), [make, &table](benchmark::State& state) {
    const FlushDenormals flush;
    const Call call = make(table);
    for (auto _ : state) {
      call.run();
      benchmark::ClobberMemory();
    }
    if (call.flops > 0) state.counters["FLOP"] = rate(call.flops, state);
    if (call.bytes > 0) state.counters["bytes"] = rate(call.bytes, state);
  });
}

template <class T> Call product(const kernels::Table<T>& table, Index rows, Index depth, Index columns) {
  const Index panels = divide_up(columns, panel_width);
  const auto a = numbers<T>(rows * depth), b = numbers<T>(panels * depth * panel_width);
  const auto c = numbers<T>(panels * rows * panel_width);
  const kernels::Product<T> arguments{.rows = rows,
                                      .columns = columns,
                                      .depth = depth,
                                      .chunk = depth,
                                      .a = a->data(),
                                      .a_row = depth,
                                      .a_chunk = 0,
                                      .b = b->data(),
                                      .b_row = panel_width,
                                      .b_panel = depth * panel_width,
                                      .bias = nullptr,
                                      .adds = false,
                                      .c = c->data(),
                                      .c_row = panel_width,
                                      .c_panel = rows * panel_width,
                                      .live = nullptr};
  return {2.0 * static_cast<double>(rows * depth * columns), 0, [=, &table] { table.product(arguments); }, {a, b, c}};
}

template <class T>
Call gradient(const kernels::Table<T>& table, kernels::Update update, Index gradient_rows, Index inputs) {
  const auto x = numbers<T>(gradient_rows * 32), dz = numbers<T>(gradient_rows * panel_width, -1e-3, 1e-3);
  const auto weights = numbers<T>(32 * panel_width), first = numbers<T>(32 * panel_width, 0, 1e-3),
             second = numbers<T>(32 * panel_width, 0, 1e-3), third = numbers<T>(32 * panel_width, 0, 1e-3), scalars = numbers<T>(8, 1e-9, 2e-9);
  kernels::WeightGradient<T> arguments{};
  arguments.rows = gradient_rows;
  arguments.inputs = inputs;
  arguments.columns = panel_width;
  arguments.x = x->data();
  arguments.x_row = 32;
  arguments.dz = dz->data();
  arguments.dz_row = panel_width;
  arguments.weights = weights->data();
  arguments.slots[0] = first->data();
  arguments.slots[1] = second->data();
  arguments.slots[2] = third->data();
  arguments.scalars = scalars->data();
  const bool bias = inputs == 1;
  const auto index = static_cast<std::size_t>(update);
  return {2.0 * static_cast<double>(gradient_rows * inputs * panel_width),
          0,
          [=, &table] { bias ? table.bias_gradient[index](arguments) : table.weight_gradient[index](arguments); },
          {x, dz, weights, first, second, third, scalars}};
}

template <class T, class Pick> Make<T> elementwise(Pick pick, double low, double high, int streams) {
  return [=](const kernels::Table<T>& table) -> Call {
    const auto in = numbers<T>(cells, low, high), out = numbers<T>(cells);
    const kernels::Elementwise<T> arguments{rows, columns, in->data(), columns, out->data(), columns, T(0.2)};
    const auto kernel = pick(table);
    return {0, static_cast<double>(streams * cells) * sizeof(T), [=] { kernel(arguments); }, {in, out}};
  };
}

template <class T, class Source> Call gather(const kernels::Table<T>& table, kernels::SourceType type, bool live) {
  constexpr Index width = 784, stored = 64;
  const auto source = numbers<Source>(stored * width, 0, 200);
  const auto dst = numbers<T>(rows * width);
  const auto order = numbers<Index>(rows, 0, stored);
  const auto flags = numbers<std::uint8_t>(width, 0, 1);
  kernels::Gather<T> arguments{};
  arguments.rows = rows;
  arguments.end = width;
  arguments.source = source->data();
  arguments.source_row = width * static_cast<Index>(sizeof(Source));
  arguments.order = order->data();
  arguments.dst = dst->data();
  arguments.dst_row = width;
  arguments.dst_panel = panel_width;
  arguments.live = live ? flags->data() : nullptr;
  return {0,
          static_cast<double>(rows * width) * (sizeof(Source) + sizeof(T)),
          [=, &table] { table.gather[static_cast<std::size_t>(type)](arguments); },
          {source, dst, order, flags}};
}

template <class T> Call softmax(const kernels::Table<T>& table, Index classes) {
  const auto z = numbers<T>(rows * 1024, -5, 5), p = numbers<T>(rows * 1024), ends = numbers<T>(2 * rows);
  const kernels::Softmax<T> arguments{rows,      classes, z->data(),    1024,
                                      p->data(), 1024,    ends->data(), ends->data() + rows};
  return {
      0, static_cast<double>(2 * rows * classes) * sizeof(T), [=, &table] { table.softmax(arguments); }, {z, p, ends}};
}

template <class T> void add_products(const std::string& isa, const kernels::Table<T>& table) {
  for (const Index rows : {1, 2, 10, 64})
    for (const Index depth : {64, 256})
      for (const Index columns : {32, 128})
        add<T>("product/" + std::to_string(rows) + "x" + std::to_string(depth) + "x" + std::to_string(columns), isa,
               table, [=](const auto& t) { return product<T>(t, rows, depth, columns); });
  for (std::size_t u = 0; u < kernels::fused_updates; ++u)
    for (const Index gradient_rows : {10, 128}) {
      const std::string size = std::string(kernels::updates[u].name) + "/" + std::to_string(gradient_rows);
      const auto update = static_cast<kernels::Update>(u);
      add<T>("weight_gradient/" + size + "x32x32", isa, table,
             [=](const auto& t) { return gradient<T>(t, update, gradient_rows, 32); });
      add<T>("bias_gradient/" + size + "x32", isa, table,
             [=](const auto& t) { return gradient<T>(t, update, gradient_rows, 1); });
    }
}

template <class T> void add_rows(const std::string& isa, const kernels::Table<T>& table) {
  using Table = kernels::Table<T>;
  for (int a = 0; a < kernels::activation_count; ++a) {
    const std::string name = kernels::activations[a].name;
    add<T>("forward/" + name, isa, table,
           elementwise<T>([a](const Table& t) { return t.activation_forward[a]; }, -3, 3, 2));
    if (kernels::activations[a].gradient != kernels::Gradient::none)
      add<T>("gradient/" + name, isa, table,
             elementwise<T>([a](const Table& t) { return t.activation_gradient[a]; }, 0, 1, 3));
  }
  add<T>("log", isa, table, elementwise<T>([](const Table& t) { return t.log; }, 0.01, 1, 2));
  add<T>("log1p_exp_minus_abs", isa, table,
         elementwise<T>([](const Table& t) { return t.log1p_exp_minus_abs; }, -5, 5, 2));
  for (const Index classes : {10, 1000})
    add<T>("softmax/" + std::to_string(classes), isa, table, [=](const Table& t) { return softmax<T>(t, classes); });
  add<T>("multiply", isa, table, [](const Table& t) -> Call {
    const auto x = numbers<T>(cells), y = numbers<T>(cells), out = numbers<T>(cells);
    const kernels::Binary<T> m{rows, columns, x->data(), columns, y->data(), columns, out->data(), columns};
    return {0, 3.0 * cells * sizeof(T), [=, &t] { t.multiply(m); }, {x, y, out}};
  });
  add<T>("masked", isa, table, [](const Table& t) -> Call {
    const auto x = numbers<T>(cells), out = numbers<T>(cells);
    const auto kept = std::make_shared<std::vector<std::uint64_t>>(cells / 64 + 1, 0x5555555555555555u);
    const kernels::Masked<T> m{rows, columns, x->data(), columns,     kept->data(),
                               0,    columns, T(1.25),   out->data(), columns};
    return {0, 2.0 * cells * sizeof(T), [=, &t] { t.masked(m); }, {x, kept, out}};
  });
  add<T>("penalty", isa, table, [](const Table& t) -> Call {
    const auto w = numbers<T>(penalty_segment);
    return {0,
            1.0 * penalty_segment * sizeof(T),
            [p = w->data(), &t] { benchmark::DoNotOptimize(t.penalty(penalty_segment, p)); },
            {w}};
  });
}

template <class T> void add_data(const std::string& isa, const kernels::Table<T>& table) {
  using Table = kernels::Table<T>;
  using kernels::SourceType;
  for (const bool live : {false, true}) {
    const std::string name = live ? "gather and live columns/" : "gather/";
    add<T>(name + "uint8", isa, table,
           [=](const Table& t) { return gather<T, std::uint8_t>(t, SourceType::uint8, live); });
    add<T>(name + "float32", isa, table,
           [=](const Table& t) { return gather<T, float>(t, SourceType::float32, live); });
    add<T>(name + "float64", isa, table,
           [=](const Table& t) { return gather<T, double>(t, SourceType::float64, live); });
  }
  add<T>("transpose/32x32", isa, table, [](const Table& t) -> Call {
    const auto src = numbers<T>(32 * columns), dst = numbers<T>(32 * 32);
    return {0,
            2.0 * 32 * 32 * sizeof(T),
            [from = src->data(), to = dst->data(), &t] { t.transpose(32, 32, from, columns, to, 32); },
            {src, dst}};
  });
  add<T>("dropout_mask", isa, table, [](const Table& t) -> Call {
    const auto kept = std::make_shared<std::vector<std::uint64_t>>(cells / 64);
    const kernels::DropoutMask d{0, cells / 64, 1, kept->data(), 1, 2, 3, 0x33333333u};
    return {0, cells / 8.0, [=, &t] { t.dropout_mask(d); }, {kept}};
  });
}

void register_all() {
  for (const kernels::Isa isa : kernels::available_isas()) {
    const auto add_all = [isa]<class T>(const kernels::Table<T>& table) {
      const std::string name = kernels::name_of(isa);
      add_products<T>(name, table);
      add_rows<T>(name, table);
      add_data<T>(name, table);
    };
    add_all(kernels::table<float>(isa));
    add_all(kernels::table<double>(isa));
  }
}

}  // namespace

LAMINA_BENCHMARK_MAIN(register_all)
