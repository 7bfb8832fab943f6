// The three products of a dense layer, tile by tile as a team takes them, at the sizes of well-known networks. Named
// product/batch/inputs/units/threads. LAMINA_GEMM=blas has them by BLAS, where the build has one.
#include <algorithm>

#include "gemm/backend.h"
#include "gemm/cut.h"
#include "layers/parameter.h"
#include "support.h"

using namespace lamina;
using namespace lamina::bench;

namespace {

struct Shape {
  Index batch, inputs, units;
};

constexpr Shape shapes[] = {
    {1, 784, 128},  {10, 784, 128}, {10, 128, 64},    {10, 64, 10},      {128, 784, 128},    {1024, 784, 128},
    {64, 784, 512}, {64, 512, 512}, {256, 784, 1024}, {256, 1024, 1024}, {1024, 1024, 1024}, {256, 4096, 4096},
};

// One layer's matrices, laid out as a plan has them.
struct Layer {
  explicit Layer(const Shape& s)
      : shape(s),
        panels(divide_up(s.units, panel_width)),
        x_numbers((s.batch | 1) * round_up(s.inputs, panel_width)),
        y_numbers((s.batch | 1) * panels * panel_width, -1e-3, 1e-3),
        x(laid_out(x_numbers, s.inputs)),
        y(laid_out(y_numbers, s.units)),
        y_transposed(round_up(s.batch, panel_width) * s.units, -1e-3, 1e-3),
        panel_stride(layers::WeightShape{s.inputs, s.units}.panel_stride()),
        kernel(panels * panel_stride) {}

  const Shape shape;
  const Index panels;
  const Numbers<float> x_numbers, y_numbers;
  const Matrix<float> x, y;                    // [batch, inputs], [batch, units]
  const Numbers<float> y_transposed;           // panels of 32 rows
  const Index panel_stride;
  const Numbers<float> kernel;  // panels
  const kernels::Table<float>& table = kernels::table<float>(kernels::current_isa());

  double flops() const {
    return 2.0 * static_cast<double>(shape.batch) * static_cast<double>(shape.inputs) *
           static_cast<double>(shape.units);
  }
  Index columns(Index panel) const { return std::min(panel_width, shape.units - panel * panel_width); }
  // Large batches lie panel by panel.
  Matrix<float> laid_out(const Numbers<float>& numbers, Index columns) const {
    if (shape.batch <= panel_width) return {numbers.data(), round_up(columns, panel_width)};
    return {numbers.data(), panel_width, (shape.batch | 1) * panel_width};  // odd, as a plan places them
  }
  float* panel(Index i) const { return kernel.data() + i * panel_stride; }
};

template <class F> void for_tiles(const gemm::Cut& cut, Team& team, const F& f) {
  for (Index tile = team.begin(cut.tiles()), end = team.end(cut.tiles()); tile < end; ++tile) f(cut.at(tile));
}

void forward(const Layer& l, Team& team) {
  for_tiles(gemm::Cut::forward(l.shape.batch, l.shape.units), team, [&](const Rect& rect) {
    gemm::forward<float>(l.table, {.rows = rect.rows,
                                   .inputs = l.shape.inputs,
                                   .columns = rect.columns,
                                   .x = {l.x.at(rect.row, 0), l.x.row, l.x.panel},
                                   .panel = l.panel(rect.column / panel_width),
                                   .panel_stride = l.panel_stride,
                                   .bias = nullptr,
                                   .y = {l.y.at(rect.row, rect.column), l.y.row, l.y.panel},
                                   .live = nullptr});
  });
}

void input_gradient(const Layer& l, Team& team) {
  alignas(64) float dx[gemm::Cut::gradient_inputs * gemm::Cut::gradient_rows<float>];
  for_tiles(gemm::Cut::input_gradient<float>(l.shape.batch, l.shape.inputs), team, [&](const Rect& rect) {
    gemm::input_gradient<float>(l.table, {.inputs = rect.columns,
                                          .units = l.shape.units,
                                          .rows = rect.rows,
                                          .kernel = l.kernel.data() + rect.column * panel_width,
                                          .panel_stride = l.panel_stride,
                                          .dy = l.y_transposed.data() + rect.row * l.shape.units,
                                          .dx = dx});
  });
  benchmark::DoNotOptimize(dx[0]);
}

// With the moments that an update keeps beside each weight.
struct Update {
  kernels::Update rule;
  Numbers<float> first, second;
  float scalars[4] = {1e-9f, 0.1f, 0.001f, 1e-7f};

  Update(const Layer& l, kernels::Update rule)
      : rule(rule), first(l.panels * l.panel_stride, 0, 1e-3), second(l.panels * l.panel_stride, 0, 1e-3) {}
};

void weight_gradient(const Layer& l, const Update& u, Team& team) {
  for_tiles(gemm::Cut::update(l.shape.batch, l.shape.inputs, l.shape.units), team, [&](const Rect& rect) {
    for (Index column = rect.column; column < rect.column + rect.columns; column += panel_width) {
      const Index panel = column / panel_width, offset = panel * l.panel_stride + rect.row * panel_width;
      kernels::WeightGradient<float> g{};
      g.rows = l.shape.batch;
      g.inputs = rect.rows;
      g.columns = l.columns(panel);
      g.x = l.x.at(0, rect.row);
      g.x_row = l.x.row;
      g.x_panel = l.x.panel;
      g.dz = l.y.at(0, column);
      g.dz_row = l.y.row;
      g.weights = l.kernel.data() + offset;
      g.slots[0] = u.first.data() + offset;
      g.slots[1] = u.second.data() + offset;
      g.scalars = u.scalars;
      gemm::weight_gradient(l.table, u.rule, g);
    }
  });
}

template <class Run> void measure(benchmark::State& state, const Layer& layer, int threads, const Run& run) {
  constexpr Index together = 4;  // rounds a region, so that entering it costs little
  run_team(threads, run);
  const FlopsReport report(state, layer.flops(), threads);
  while (state.KeepRunningBatch(together))
    run_team(threads, [&](Team& team) {
      const gemm::BackendScope backend;
      for (Index round = 0; round < together; ++round) {
        run(team);
        team.barrier();
      }
    });
}

void add(const std::string& product, const Shape& shape, int threads,
         void (*body)(benchmark::State&, const Shape&, int)) {
  std::string name = product;
  for (const Index part : {shape.batch, shape.inputs, shape.units, Index{threads}})
    name.append("/").append(std::to_string(part));
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) { body(state, shape, threads); })
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

template <kernels::Update rule> void update_body(benchmark::State& state, const Shape& shape, int threads) {
  const Layer layer(shape);
  const Update update(layer, rule);
  measure(state, layer, threads, [&](Team& team) { weight_gradient(layer, update, team); });
}

void register_all() {
  for (const Shape& shape : shapes)
    for (const int threads : {1, 2}) {
      add("forward", shape, threads, [](benchmark::State& state, const Shape& s, int n) {
        const Layer layer(s);
        measure(state, layer, n, [&](Team& team) { forward(layer, team); });
      });
      add("input_gradient", shape, threads, [](benchmark::State& state, const Shape& s, int n) {
        const Layer layer(s);
        measure(state, layer, n, [&](Team& team) { input_gradient(layer, team); });
      });
      add("weight_gradient_stored", shape, threads, update_body<kernels::Update::store>);
      add("weight_gradient_adam", shape, threads, update_body<kernels::Update::adam>);
    }
}

}  // namespace

LAMINA_BENCHMARK_MAIN(register_all)
