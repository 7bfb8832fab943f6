// Matrix products and weight gradients of every kernel table against the one-lane table, bit by bit.
#include <doctest/doctest.h>

#include <cmath>
#include <memory>

#include "support.h"

using namespace lamina;
using namespace lamina::test;

namespace {

enum class Init { none, bias, total, count };

struct ProductCase {
  Index rows, columns, depth;
  Init init;
  bool chunked, live;
};

template <class T> std::string try_product(const ProductCase& p, Numbers& numbers) {
  const Index panels = divide_up(p.columns, panel_width), columns = std::min(p.columns, panel_width);
  const Index odd = numbers.below(4) * 2 + 1, width = padded(columns) + odd;
  const Index chunk = p.chunked ? panel_width : p.depth, chunks = divide_up(p.depth, chunk);
  // Chunk by chunk, as a kernel's panels lie: A(m, k) in row (k / chunk) * rows + m.
  Grid<T> a = values_grid<T>(numbers, chunks * p.rows, chunk, chunk + odd);
  // Panel by panel, as C: B(k, j) in row j / 32 * depth + k.
  Grid<T> b = values_grid<T>(numbers, panels * p.depth, columns, width);
  std::vector<std::uint8_t> live(static_cast<std::size_t>(p.depth), 1);
  for (Index k = 0; k < p.depth && p.live; ++k) {
    if (!numbers.one_in(3)) continue;
    live[static_cast<std::size_t>(k)] = 0;
    for (Index m = 0; m < p.rows; ++m) *a.at(k / chunk * p.rows + m, k % chunk) = 0;
    *b.at(numbers.below(panels) * p.depth + k, numbers.below(columns)) =
        std::numeric_limits<T>::infinity();  // shows where a term is not skipped
  }
  const Grid<T> bias = values_grid<T>(numbers, 1, p.columns, padded(p.columns));
  const Grid<T> start = p.init == Init::total ? values_grid<T>(numbers, panels * p.rows, columns, width)
                                              : Grid<T>(panels * p.rows, columns, width);
  const auto run = [&](const kernels::Table<T>& table) {
    Grid<T> c = start;
    table.product({.rows = p.rows,
                   .columns = p.columns,
                   .depth = p.depth,
                   .chunk = chunk,
                   .a = a.data(),
                   .a_row = a.row(),
                   .a_chunk = p.rows * a.row(),
                   .b = b.data(),
                   .b_row = b.row(),
                   .b_panel = p.depth * b.row(),
                   .bias = p.init == Init::bias ? bias.data() : nullptr,
                   .adds = p.init == Init::total,
                   .c = c.data(),
                   .c_row = c.row(),
                   .c_panel = p.rows * c.row(),
                   .live = p.live ? live.data() : nullptr});
    // Behind the last panel's columns, as far as a kernel may write, there are no values.
    const Index last = p.columns - (panels - 1) * panel_width;
    for (Index m = (panels - 1) * p.rows; panels > 1 && m < panels * p.rows; ++m)
      std::copy(start.at(m, last), start.at(m, padded(last)), c.at(m, last));
    return c;
  };
  const Grid<T> expected = run(plain<T>());
  for (const Level<T>& level : levels<T>())
    if (const std::string found = run(*level.table).difference(expected, Touches::padding); !found.empty())
      return level.name + ": " + found;
  return {};
}

// The twelve ways to call a product, one after the other.
ProductCase product_case(Index rows, Index columns, Index depth, Index variant) {
  return {rows, columns, depth, static_cast<Init>(variant % 3), variant / 3 % 2 == 1, variant / 6 % 2 == 1};
}

struct GradientCase {
  Index rows, inputs, columns;
  kernels::Update update;
  bool previous, live, l1, l2;
};

// Whether the rule keeps squares there, and takes their root.
bool is_square(kernels::Update update, int slot) {
  using kernels::Update;
  switch (update) {
    case Update::adam:
    case Update::adamw: return slot == 1;
    case Update::store:
    case Update::sgd:
    case Update::momentum:
    case Update::nesterov: return false;
    default: return slot == 0;
  }
}

template <class T> Grid<T> moments_of(const GradientCase& g, Numbers& numbers, bool squares) {
  return Grid<T>(g.inputs, g.columns, panel_width, [&](Index, Index) {
    const T x = numbers.value<T>();
    return squares ? std::abs(x) : x;
  });
}

template <class T> struct GradientData {
  Grid<T> x, dz, previous, weights, moments[kernels::max_slots];
  std::vector<std::uint8_t> live;

  GradientData(const GradientCase& g, Numbers& numbers)
      : x(values_grid<T>(numbers, g.rows, g.inputs, g.inputs + numbers.below(4) * 2 + 1)),
        dz(values_grid<T>(numbers, g.rows, g.columns, padded(g.columns) + numbers.below(4) * 2 + 1)),
        previous(values_grid<T>(numbers, g.inputs, g.columns, panel_width)),
        weights(values_grid<T>(numbers, g.inputs, g.columns, panel_width)),
        moments{moments_of<T>(g, numbers, is_square(g.update, 0)), moments_of<T>(g, numbers, is_square(g.update, 1)),
                moments_of<T>(g, numbers, false)},
        live(static_cast<std::size_t>(g.inputs), 1) {
    for (Index i = 0; i < g.inputs && g.live; ++i) {
      if (numbers.one_in(3)) continue;
      live[static_cast<std::size_t>(i)] = 0;
      for (Index r = 0; r < g.rows; ++r) *x.at(r, i) = 0;
    }
  }
};

// The numbers of each update rule, in the order of kernels/updates.inl.
template <class T> std::vector<T> scalars_of(kernels::Update update) {
  switch (update) {
    case kernels::Update::sgd:
    case kernels::Update::momentum:
    case kernels::Update::nesterov: return {T(0.01), T(0.9)};
    case kernels::Update::adagrad: return {T(0.01), T(1e-7)};
    case kernels::Update::adam:
    case kernels::Update::adamw: return {T(0.01), T(0.1), T(0.001), T(1e-7), T(0.004)};
    default: return {T(0.01), T(0.1), T(1e-7), T(0.9)};  // RMSprop
  }
}

enum class Kind { weight, bias };

template <class T> std::string try_gradient(const GradientCase& g, Kind kind, Numbers& numbers) {
  GradientData<T> data(g, numbers);
  const std::vector<T> scalars = scalars_of<T>(g.update);
  const auto run = [&](const kernels::Table<T>& table) {
    auto d = std::make_unique<GradientData<T>>(data);
    const int slots = kernels::updates[static_cast<int>(g.update)].slots;
    const auto moment = [&](int s) { return s < slots ? d->moments[s].data() : nullptr; };
    const auto kernel =
        (kind == Kind::weight ? table.weight_gradient : table.bias_gradient)[static_cast<int>(g.update)];
    kernel({.rows = g.rows,
            .inputs = g.inputs,
            .columns = g.columns,
            .x = kind == Kind::weight && g.rows > 0 ? d->x.data() : nullptr,
            .x_row = d->x.row(),
            .x_panel = panel_width,
            .dz = g.rows > 0 ? d->dz.data() : nullptr,
            .dz_row = d->dz.row(),
            .previous = g.previous ? d->previous.data() : nullptr,
            .weights = d->weights.data(),
            .slots = {moment(0), moment(1), moment(2)},
            .live = g.live ? d->live.data() : nullptr,
            .scalars = g.update == kernels::Update::store ? nullptr : scalars.data(),
            .l1 = g.l1 ? T(0.02) : T(0),
            .twice_l2 = g.l2 ? T(0.03) : T(0)});
    return d;
  };
  const auto expected = run(plain<T>());
  if (g.update == kernels::Update::store)
    if (const std::string found = expected->weights.difference(data.weights, Touches::valid); !found.empty())
      return "a stored gradient changed the weights: " + found;
  for (const Level<T>& level : levels<T>()) {
    const auto found = run(*level.table);
    for (std::string text : {found->weights.difference(expected->weights, Touches::padding),
                             found->moments[0].difference(expected->moments[0], Touches::padding),
                             found->moments[1].difference(expected->moments[1], Touches::padding),
                             found->moments[2].difference(expected->moments[2], Touches::padding)})
      if (!text.empty()) return level.name + ": " + text;
  }
  return {};
}

GradientCase gradient_case(Index rows, Index inputs, Index columns, kernels::Update update, Index variant) {
  return {rows,
          inputs,
          columns,
          update,
          variant % 2 == 1,
          variant / 2 % 2 == 1,
          variant / 4 % 2 == 1,
          variant / 8 % 2 == 1};
}

const std::vector<kernels::Update> updates = [] {
  std::vector<kernels::Update> all;
  for (int u = 0; u < kernels::fused_updates; ++u) all.push_back(static_cast<kernels::Update>(u));
  return all;
}();

}  // namespace

TEST_CASE_TEMPLATE("product: all rows and columns", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(1);
  Index variant = 0;
  for (Index rows = 1; rows <= 67; ++rows)
    for (Index columns = 1; columns <= panel_width; ++columns) {
      const Index depth = 1 + (rows * 7 + columns * 13) % 67;
      CAPTURE(rows);
      CAPTURE(columns);
      CAPTURE(depth);
      CAPTURE(variant);
      REQUIRE(try_product<T>(product_case(rows, columns, depth, variant++), numbers) == "");
    }
}

TEST_CASE_TEMPLATE("product: several panels", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(6);
  Index variant = 0;
  for (Index rows = 1; rows <= 17; ++rows)
    for (Index columns = panel_width + 1; columns <= 9 * panel_width + 1; columns += 1 + numbers.below(7)) {
      const Index depth = 1 + (rows * 7 + columns * 13) % 67;
      CAPTURE(rows);
      CAPTURE(columns);
      CAPTURE(depth);
      CAPTURE(variant);
      REQUIRE(try_product<T>(product_case(rows, columns, depth, variant++), numbers) == "");
    }
}

TEST_CASE_TEMPLATE("product: all depths in all ways", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(2);
  for (Index step = 1; step <= 70; ++step) {
    const Index depth = step <= 67 ? step : step == 68 ? 128 : step == 69 ? 255 : segment_depth;
    for (Index variant = 0; variant < 12; ++variant) {
      const Index rows = 1 + numbers.below(30), columns = 1 + numbers.below(panel_width);
      CAPTURE(rows);
      CAPTURE(columns);
      CAPTURE(depth);
      CAPTURE(variant);
      REQUIRE(try_product<T>(product_case(rows, columns, depth, variant), numbers) == "");
    }
  }
}

TEST_CASE_TEMPLATE("weight_gradient: all inputs and columns", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(3);
  Index variant = 0;
  for (Index inputs = 1; inputs <= 67; ++inputs)
    for (Index columns = 1; columns <= panel_width; ++columns) {
      const Index rows = (inputs * 11 + columns * 5) % 68;  // 0: a stored gradient is applied
      const kernels::Update update = updates[static_cast<std::size_t>(variant) % std::size(updates)];
      CAPTURE(inputs);
      CAPTURE(columns);
      CAPTURE(rows);
      CAPTURE(variant);
      REQUIRE(try_gradient<T>(gradient_case(rows, inputs, columns, update, variant++), Kind::weight, numbers) == "");
    }
}

TEST_CASE_TEMPLATE("weight_gradient: all numbers of rows, every update in all ways", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(4);
  for (Index step = 0; step <= 69; ++step) {
    const Index rows = step <= 67 ? step : step == 68 ? 255 : segment_depth;
    for (const kernels::Update update : updates)
      for (Index variant = 0; variant < 16; ++variant) {
        const Index inputs = 1 + numbers.below(20), columns = 1 + numbers.below(panel_width);
        CAPTURE(inputs);
        CAPTURE(columns);
        CAPTURE(rows);
        CAPTURE(static_cast<int>(update));
        CAPTURE(variant);
        REQUIRE(try_gradient<T>(gradient_case(rows, inputs, columns, update, variant), Kind::weight, numbers) == "");
      }
  }
}

TEST_CASE_TEMPLATE("bias_gradient: all rows and columns, every update in all ways", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(5);
  Index variant = 0;
  for (const kernels::Update update : updates)
    for (Index rows = 0; rows <= 68; ++rows)
      for (Index columns = 1; columns <= panel_width; ++columns, ++variant) {
        GradientCase g = gradient_case(rows == 68 ? segment_depth : rows, 1, columns, update, variant);
        g.live = false;
        CAPTURE(rows);
        CAPTURE(columns);
        CAPTURE(static_cast<int>(update));
        CAPTURE(variant);
        REQUIRE(try_gradient<T>(g, Kind::bias, numbers) == "");
      }
}
