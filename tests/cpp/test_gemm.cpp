// The products of any size against plain loops that follow the specification: segments of 256 terms, each one chain of
// multiply-adds from +0 in ascending order, the segments added in ascending order.
#include <doctest/doctest.h>

#include <cmath>

#include "gemm/gemm.h"
#include "support.h"

using namespace lamina;
using namespace lamina::test;

namespace {

constexpr Index depths[] = {1, 2, 31, 32, 33, 64, 255, 256, 257, 511, 512, 513, 700};

// Σ a(k) b(k) for k in [0, n), onto `start` where there is one, in segments of so many terms.
template <class T, class A, class B>
T specified_sum(Index n, const T* start, A&& a, B&& b, Index depth = segment_depth) {
  T total = start == nullptr ? T{0} : *start;
  for (Index first = 0; first < n; first += depth) {
    T sum = 0;
    for (Index k = first; k < std::min(n, first + depth); ++k) sum = std::fma(a(k), b(k), sum);
    total = first == 0 && start == nullptr ? sum : total + sum;
  }
  return total;
}

template <class T> std::vector<Level<T>> all_levels() {
  std::vector<Level<T>> found = levels<T>();
  found.push_back({"scalar", &plain<T>()});
  return found;
}

}  // namespace

TEST_CASE_TEMPLATE("forward", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(1);
  for (const Index inputs : depths)
    for (const bool with_bias : {false, true})
      for (const bool with_live : {false, true}) {
        const Index rows = 1 + numbers.below(20), columns = 1 + numbers.below(panel_width);
        Grid<T> x = values_grid<T>(numbers, rows, inputs, padded(inputs) + 3);
        Grid<T> panel = values_grid<T>(numbers, inputs, columns, panel_width);
        const Grid<T> bias = values_grid<T>(numbers, 1, columns, panel_width);
        std::vector<std::uint8_t> live(static_cast<std::size_t>(inputs), 1);
        for (Index k = 0; k < inputs && with_live; ++k) {
          if (!numbers.one_in(2)) continue;
          live[static_cast<std::size_t>(k)] = 0;
          for (Index r = 0; r < rows; ++r) *x.at(r, k) = 0;
        }
        // A term that is skipped is no term at all, whatever the weight.
        const auto is_live = [&](Index k) { return live[static_cast<std::size_t>(k)] != 0; };
        const Grid<T> expected(rows, columns, padded(columns) + 5, [&](Index r, Index c) {
          return specified_sum<T>(
              inputs, with_bias ? bias.at(0, c) : nullptr, [&](Index k) { return *x.at(r, k); },
              [&](Index k) { return *panel.at(k, c); });
        });
        for (Index k = 0; k < inputs; ++k)
          if (!is_live(k)) *panel.at(k, numbers.below(columns)) = std::numeric_limits<T>::infinity();
        for (const Level<T>& level : all_levels<T>()) {
          Grid<T> y(rows, columns, expected.row());
          gemm::forward<T>(*level.table, {.rows = rows,
                                          .inputs = inputs,
                                          .columns = columns,
                                          .x = {x.data(), x.row()},
                                          .panel = panel.data(),
                                          .panel_stride = inputs * panel_width,
                                          .bias = with_bias ? bias.data() : nullptr,
                                          .y = {y.data(), y.row()},
                                          .live = with_live ? live.data() : nullptr});
          CAPTURE(level.name);
          CAPTURE(inputs);
          CAPTURE(with_live);
          REQUIRE(y.difference(expected, Touches::padding) == "");
        }
      }
}

TEST_CASE_TEMPLATE("input_gradient", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(2);
  for (const Index units : depths)
    for (const Index inputs : {1, 7, 32}) {
      const Index rows = 1 + numbers.below(panel_width), panels = divide_up(units, panel_width);
      const Index depth = numbers.one_in(2) ? segment_depth : gemm::input_gradient_depth(rows, units);
      const Index all_inputs = inputs + 5, panel_stride = all_inputs * panel_width;  // the tile is part of a kernel
      const Grid<T> kernel(panels * all_inputs, panel_width, panel_width,
                           [&](Index, Index) { return numbers.value<T>(); });
      const auto weight = [&](Index input, Index unit) {
        return *kernel.at(unit / panel_width * all_inputs + 2 + input, unit % panel_width);
      };
      const Grid<T> dy = values_grid<T>(numbers, units, rows, panel_width);
      const Grid<T> expected(inputs, rows, panel_width, [&](Index i, Index r) {
        return specified_sum<T>(
            units, nullptr, [&](Index k) { return weight(i, k); }, [&](Index k) { return *dy.at(k, r); }, depth);
      });
      for (const Level<T>& level : all_levels<T>()) {
        Grid<T> dx(inputs, rows, panel_width);
        gemm::input_gradient<T>(*level.table, {.inputs = inputs,
                                               .units = units,
                                               .rows = rows,
                                               .kernel = kernel.at(2, 0),
                                               .panel_stride = panel_stride,
                                               .dy = dy.data(),
                                               .dx = dx.data(),
                                               .depth = depth});
        CAPTURE(level.name);
        CAPTURE(units);
        CAPTURE(inputs);
        REQUIRE(dx.difference(expected, Touches::padding) == "");
      }
    }
}

namespace {

// What the update `store` makes of a sum of rows: the penalty's gradient is added to the total.
template <class T> T with_penalty(T gradient, T weight, T l1, T twice_l2) {
  if (twice_l2 != 0) gradient = std::fma(twice_l2, weight, gradient);
  if (l1 != 0) gradient += weight > 0 ? l1 : weight < 0 ? -l1 : T{0};
  return gradient;
}

template <class T> struct Gradient {
  Grid<T> x, dz, weights, stored;
  kernels::WeightGradient<T> arguments{};

  Gradient(Index rows, Index inputs, Index columns, Numbers& numbers)
      : x(values_grid<T>(numbers, rows, inputs, inputs + 3)),
        dz(values_grid<T>(numbers, rows, columns, padded(columns) + 1)),
        weights(values_grid<T>(numbers, inputs, columns, panel_width)),
        stored(inputs, columns, panel_width) {
    arguments.rows = rows;
    arguments.inputs = inputs;
    arguments.columns = columns;
    arguments.x_row = x.row();
    arguments.x_panel = panel_width;
    arguments.dz_row = dz.row();
  }

  // The arguments, with its own data as it stands.
  kernels::WeightGradient<T> pointing() {
    arguments.x = x.data();
    arguments.dz = dz.data();
    arguments.weights = weights.data();
    arguments.slots[0] = stored.data();
    return arguments;
  }
};

}  // namespace

TEST_CASE_TEMPLATE("weight_gradient", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(3);
  for (const Index rows : depths)
    for (const Index inputs : {1, 5, 32})
      for (const bool penalty : {false, true}) {
        Gradient<T> g(rows, inputs, 1 + numbers.below(panel_width), numbers);
        if (penalty) g.arguments.l1 = T(0.1), g.arguments.twice_l2 = T(0.3);
        const Grid<T> expected(inputs, g.dz.columns(), panel_width, [&](Index i, Index c) {
          const T sum = specified_sum<T>(
              rows, nullptr, [&](Index r) { return *g.x.at(r, i); }, [&](Index r) { return *g.dz.at(r, c); });
          return with_penalty(sum, *g.weights.at(i, c), g.arguments.l1, g.arguments.twice_l2);
        });
        for (const Level<T>& level : all_levels<T>()) {
          Gradient<T> run = g;
          gemm::weight_gradient(*level.table, kernels::Update::store, run.pointing());
          CAPTURE(level.name);
          CAPTURE(rows);
          CAPTURE(inputs);
          REQUIRE(run.stored.difference(expected, Touches::padding) == "");
          REQUIRE(run.weights.difference(g.weights, Touches::valid) == "");
        }
      }
}

// The first place where f(row, column), what is expected, differs from found; empty where it is right.
template <class T, class F> std::string fault(const Matrix<T>& found, Index rows, Index columns, F&& f) {
  for (Index r = 0; r < rows; ++r)
    for (Index c = 0; c < columns; ++c)
      if (!same(*found.at(r, c), f(r, c))) return std::to_string(r) + ", " + std::to_string(c);
  return {};
}

// What the three products of a layer are by the specification, once for all instruction sets.
template <class T> struct Products {
  Grid<T> outputs, slopes, sums;  // [rows, units], [inputs, rows], [inputs, panel_width]

  Products(Index rows, Index inputs, Index units, const Matrix<T>& x, const Matrix<T>& kernel, const Matrix<T>& dy,
           const Grid<T>& dy_transposed)
      : outputs(rows, units, units,
                [&](Index r, Index u) {
                  return specified_sum<T>(
                      inputs, nullptr, [&](Index i) { return *x.at(r, i); }, [&](Index i) { return *kernel.at(i, u); });
                }),
        slopes(inputs, rows, rows,
               [&](Index i, Index r) {
                 return specified_sum<T>(
                     units, nullptr, [&](Index u) { return *kernel.at(i, u); },
                     [&](Index u) { return *dy_transposed.at(r / panel_width * units + u, r % panel_width); });
               }),
        sums(inputs, panel_width, panel_width, [&](Index i, Index u) {
          return specified_sum<T>(
              rows, nullptr, [&](Index r) { return *x.at(r, i); }, [&](Index r) { return *dy.at(r, u); });
        }) {}
};

TEST_CASE_TEMPLATE("several panels at once, of rows in one piece and of panels", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(6);
  for (const Index inputs : {40, 100, 128})
    for (const Index units : {33, 300})
      for (const bool by_panels : {false, true}) {
        const Index rows = 34 + numbers.below(240), row_panels = divide_up(rows, panel_width);
        const Laid<T> x(numbers, rows, inputs, by_panels), dy(numbers, rows, units, by_panels);
        const Laid<T> kernel(numbers, inputs + 3, units, true);  // panels lie apart
        const auto dy_transposed = values_grid<T>(numbers, row_panels * units, panel_width, panel_width);
        const Products<T> expected(rows, inputs, units, x.matrix, kernel.matrix, dy.matrix, dy_transposed);
        for (const Level<T>& level : all_levels<T>()) {
          CAPTURE(level.name);
          CAPTURE(rows);
          CAPTURE(inputs);
          CAPTURE(units);
          CAPTURE(by_panels);

          Laid<T> y(numbers, rows, units, by_panels);
          gemm::forward<T>(*level.table, {.rows = rows,
                                          .inputs = inputs,
                                          .columns = units,
                                          .x = {x.matrix.data, x.matrix.row, x.matrix.panel},
                                          .panel = kernel.matrix.data,
                                          .panel_stride = kernel.matrix.panel,
                                          .bias = nullptr,
                                          .y = y.matrix,
                                          .live = nullptr});
          REQUIRE(fault(y.matrix, rows, units, [&](Index r, Index u) { return *expected.outputs.at(r, u); }) == "");

          Laid<T> dx(numbers, row_panels * inputs, panel_width, true);
          gemm::input_gradient<T>(*level.table, {.inputs = inputs,
                                                 .units = units,
                                                 .rows = rows,
                                                 .kernel = kernel.matrix.data,
                                                 .panel_stride = kernel.matrix.panel,
                                                 .dy = dy_transposed.data(),
                                                 .dx = dx.matrix.data});
          for (Index panel = 0; panel < row_panels; ++panel) {
            const Index first = panel * panel_width;
            REQUIRE(fault(Matrix<T>{dx.matrix.data + first * inputs, panel_width}, inputs,
                          std::min(panel_width, rows - first),
                          [&](Index i, Index r) { return *expected.slopes.at(i, first + r); }) == "");
          }

          Laid<T> stored(numbers, inputs, panel_width, true);
          kernels::WeightGradient<T> g{};
          g.rows = rows;
          g.inputs = inputs;
          g.columns = panel_width;
          g.x = x.matrix.data;
          g.x_row = x.matrix.row;
          g.x_panel = x.matrix.panel;
          g.dz = dy.matrix.data;
          g.dz_row = dy.matrix.row;
          g.weights = kernel.matrix.data;
          g.slots[0] = stored.matrix.data;
          gemm::weight_gradient(*level.table, kernels::Update::store, g);
          REQUIRE(fault(stored.matrix, inputs, panel_width,
                        [&](Index i, Index u) { return *expected.sums.at(i, u); }) == "");
        }
      }
}

TEST_CASE_TEMPLATE("bias_gradient", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(4);
  for (const Index rows : depths)
    for (const bool penalty : {false, true}) {
      Gradient<T> g(rows, 1, 1 + numbers.below(panel_width), numbers);
      if (penalty) g.arguments.l1 = T(0.1), g.arguments.twice_l2 = T(0.3);
      const Grid<T> expected(1, g.dz.columns(), panel_width, [&](Index, Index c) {
        const T sum =
            specified_sum<T>(rows, nullptr, [](Index) { return T{1}; }, [&](Index r) { return *g.dz.at(r, c); });
        return with_penalty(sum, *g.weights.at(0, c), g.arguments.l1, g.arguments.twice_l2);
      });
      for (const Level<T>& level : all_levels<T>()) {
        Gradient<T> run = g;
        auto arguments = run.pointing();
        arguments.x = nullptr;
        gemm::bias_gradient(*level.table, kernels::Update::store, arguments);
        CAPTURE(level.name);
        CAPTURE(rows);
        REQUIRE(run.stored.difference(expected, Touches::padding) == "");
      }
    }
}

// An update from a sum in registers and one from a stored sum give the same bits.
TEST_CASE_TEMPLATE("an update of stored gradients is the fused one", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(5);
  const T scalars[] = {T(0.05), T(0.1), T(0.001), T(1e-7)};
  for (const Index rows : {10, 256, 300, 700})
    for (const Level<T>& level : all_levels<T>()) {
      const Index inputs = 1 + numbers.below(32);
      Gradient<T> g(rows, inputs, 1 + numbers.below(panel_width), numbers), stored = g, fused = g;
      gemm::weight_gradient(*level.table, kernels::Update::store, stored.pointing());
      const Grid<T> zeros(inputs, g.dz.columns(), panel_width, [](Index, Index) { return T{0}; });
      const auto update = [&](Gradient<T>& to, const T* total) {
        Grid<T> first = zeros, second = zeros;
        auto arguments = to.pointing();
        if (total != nullptr) arguments.rows = 0, arguments.x = arguments.dz = nullptr, arguments.previous = total;
        arguments.slots[0] = first.data();
        arguments.slots[1] = second.data();
        arguments.scalars = scalars;
        gemm::weight_gradient(*level.table, kernels::Update::adam, arguments);
        return to.weights;
      };
      const Grid<T> totals = stored.stored;
      CAPTURE(level.name);
      CAPTURE(rows);
      REQUIRE(update(stored, totals.data()).difference(update(fused, nullptr), Touches::padding) == "");
    }
}
