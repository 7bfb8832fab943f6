// Every kernel but the products, of every kernel table, against the one-lane table, bit by bit.
#include <doctest/doctest.h>

#include <cmath>
#include <utility>

#include "kernels/activation_index.h"
#include "support.h"

using namespace lamina;
using namespace lamina::test;

namespace {

constexpr Index most = 67;

template <class T> using ElementwiseKernel = void (*)(const kernels::Elementwise<T>&);

// Values with a span that reaches every branch of the activations.
template <class T> T wide_value(Numbers& numbers) {
  switch (numbers.below(12)) {
    case 0: return static_cast<T>(numbers.uniform(-120, 120));
    case 1: return static_cast<T>(numbers.uniform(-1000, 1000));
    case 2: return static_cast<T>(numbers.uniform(-20, 20));
    default: return numbers.value<T>();
  }
}

template <class T> T special_value(Numbers& numbers) {
  constexpr T infinity = std::numeric_limits<T>::infinity();
  constexpr T values[] = {0,
                          -T{0},
                          infinity,
                          -infinity,
                          std::numeric_limits<T>::quiet_NaN(),
                          std::numeric_limits<T>::max(),
                          std::numeric_limits<T>::min(),
                          std::numeric_limits<T>::denorm_min(),
                          T(0.625),
                          T(-1),
                          T(1e4),
                          T(-745),
                          T(88)};
  return values[static_cast<std::size_t>(numbers.below(std::size(values)))];
}

// Runs an element-wise kernel of each table, in place or not; `pick` finds it in a table.
template <class T, class Pick, class Value>
std::string try_elementwise(Index rows, Index columns, bool in_place, bool gradient, Numbers& numbers, Pick&& pick,
                            Value&& value) {
  const Index odd = numbers.below(4) * 2 + 1;
  // Now and then those that make relu plain and gelu exact.
  const bool defaults = numbers.one_in(2);
  const T slope = defaults ? T(0) : T(0.2), limit = defaults ? std::numeric_limits<T>::infinity() : T(1.5);
  const Grid<T> input(rows, columns, padded(columns) + odd, value);
  const Grid<T> x = gradient ? Grid<T>(rows, columns, padded(columns) + 5, value)
                             : (in_place ? input : Grid<T>(rows, columns, padded(columns) + 5));
  const auto run = [&](const kernels::Table<T>& table) {
    Grid<T> out = x;
    const bool same_block = in_place && !gradient;
    pick(table)({rows, columns, same_block ? out.data() : input.data(), same_block ? out.row() : input.row(),
                 out.data(), out.row(), {slope, limit, slope / 2}});
    return out;
  };
  const Grid<T> expected = run(plain<T>());
  for (const Level<T>& level : levels<T>())
    if (const std::string found = run(*level.table).difference(expected, Touches::padding); !found.empty())
      return level.name + ": " + found;
  return {};
}

template <class T, class Run> std::string try_levels(Touches touches, Run&& run) {
  const auto expected = run(plain<T>());
  for (const Level<T>& level : levels<T>())
    if (const std::string found = run(*level.table).difference(expected, touches); !found.empty())
      return level.name + ": " + found;
  return {};
}

}  // namespace

TEST_CASE_TEMPLATE("activations: forward, all columns, in place and not", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(1);
  for (int a = 0; a < kernels::activation_count; ++a)
    for (Index columns = 1; columns <= most; ++columns)
      for (const bool in_place : {false, true}) {
        if (in_place && kernels::activations[a].scope == kernels::Scope::row) continue;  // never asked for
        CAPTURE(std::string(kernels::activations[a].name));
        CAPTURE(columns);
        CAPTURE(in_place);
        const auto pick = [a](const kernels::Table<T>& table) { return table.activation_forward[a]; };
        const auto wide = [&](Index, Index) { return wide_value<T>(numbers); };
        const auto special = [&](Index, Index) { return special_value<T>(numbers); };
        REQUIRE(try_elementwise<T>(1 + columns % 5, columns, in_place, false, numbers, pick, wide) == "");
        REQUIRE(try_elementwise<T>(3, columns, in_place, false, numbers, pick, special) == "");
      }
}

TEST_CASE_TEMPLATE("activations: gradient, all columns", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(2);
  for (int a = 0; a < kernels::activation_count; ++a)
    for (Index columns = 1; columns <= most; ++columns) {
      CAPTURE(std::string(kernels::activations[a].name));
      CAPTURE(columns);
      const auto pick = [a](const kernels::Table<T>& table) { return table.activation_gradient[a]; };
      const auto value = [&](Index, Index) { return numbers.value<T>(); };
      const auto special = [&](Index, Index) { return special_value<T>(numbers); };
      REQUIRE(try_elementwise<T>(1 + columns % 5, columns, true, true, numbers, pick, value) == "");
      REQUIRE(try_elementwise<T>(3, columns, true, true, numbers, pick, special) == "");
    }
}

TEST_CASE_TEMPLATE("activations: all numbers of rows", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(3);
  for (int a = 0; a < kernels::activation_count; ++a)
    for (Index rows = 1; rows <= most; ++rows) {
      const Index columns = 1 + numbers.below(most);
      CAPTURE(std::string(kernels::activations[a].name));
      CAPTURE(rows);
      CAPTURE(columns);
      const auto forward = [a](const kernels::Table<T>& table) { return table.activation_forward[a]; };
      const auto gradient = [a](const kernels::Table<T>& table) { return table.activation_gradient[a]; };
      const auto value = [&](Index, Index) { return wide_value<T>(numbers); };
      REQUIRE(try_elementwise<T>(rows, columns, false, false, numbers, forward, value) == "");
      REQUIRE(try_elementwise<T>(rows, columns, true, true, numbers, gradient, value) == "");
    }
}

// tanh, sigmoid and softmax have test_math.cpp.
TEST_CASE_TEMPLATE("activations: what the simple ones are", T, float, double) {
  std::vector<T> z = {T(-3), T(-0.5), 0, T(0.25), T(7)};
  const auto of = [&](const char* name, T first = 0, T second = std::numeric_limits<T>::infinity(), T third = 0) {
    std::vector<T> in = z, out(padding);
    in.resize(padding);
    const int index = kernels::activation_index(name);
    REQUIRE(index >= 0);
    plain<T>().activation_forward[index](
        {1, static_cast<Index>(z.size()), in.data(), 0, out.data(), 0, {first, second, third}});
    out.resize(z.size());
    return out;
  };
  CHECK(of("linear") == z);
  CHECK(of("relu") == std::vector<T>{0, 0, 0, T(0.25), T(7)});
  CHECK(of("relu", T(0.5), 2, T(0.25)) == std::vector<T>{T(-1.625), T(-0.375), T(-0.125), 0, 2});
  CHECK(of("relu6") == std::vector<T>{0, 0, 0, T(0.25), 6});
  CHECK(of("leaky_relu", T(0.5)) == std::vector<T>{T(-1.5), T(-0.25), 0, T(0.25), T(7)});
  CHECK(of("step") == std::vector<T>{0, 0, 1, 1, 1});
  CHECK(of("hard_sigmoid") == std::vector<T>{0, T(2.5) / 6, T(0.5), T(3.25) / 6, 1});
  CHECK(of("softsign") == std::vector<T>{T(-0.75), T(-0.5) / T(1.5), 0, T(0.2), T(0.875)});
  // NaN stays NaN, so that a loss shows it. A step has no place for it.
  z[1] = std::numeric_limits<T>::quiet_NaN();
  for (const kernels::Activation& a : kernels::activations) {
    CAPTURE(std::string(a.name));
    if (std::string(a.name) != "step") CHECK(of(a.name, T(0.5))[1] != of(a.name, T(0.5))[1]);
  }
}

TEST_CASE_TEMPLATE("affine: all rows and columns, in place and not", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(11);
  for (Index columns = 1; columns <= most; ++columns)
    for (const bool in_place : {false, true}) {
      const Index rows = in_place ? columns : most + 1 - columns;
      CAPTURE(rows);
      CAPTURE(columns);
      CAPTURE(in_place);
      const Grid<T> input = values_grid<T>(numbers, rows, columns, padded(columns) + 1);
      const T scale = numbers.value<T>(), offset = numbers.value<T>();
      const auto run = [&](const kernels::Table<T>& table) {
        Grid<T> x = in_place ? input : Grid<T>(rows, columns, padded(columns) + 3);
        table.affine({rows, columns, in_place ? x.data() : input.data(), in_place ? x.row() : input.row(), x.data(),
                      x.row(), scale, offset});
        return x;
      };
      REQUIRE(try_levels<T>(Touches::padding, run) == "");
      CHECK(same(*run(plain<T>()).at(0, 0), std::fma(*input.at(0, 0), scale, offset)));
    }
}

TEST_CASE_TEMPLATE("prelu: forward and gradient, all rows and columns", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(12);
  for (Index columns = 1; columns <= most; ++columns) {
    const Index rows = most + 1 - columns;
    CAPTURE(rows);
    CAPTURE(columns);
    const Grid<T> z = values_grid<T>(numbers, rows, columns, padded(columns) + 1);
    const Grid<T> slope = values_grid<T>(numbers, 1, columns, padded(columns));
    const Grid<T> dy = values_grid<T>(numbers, rows, columns, padded(columns) + 5);
    const auto forward = [&](const kernels::Table<T>& table) {
      Grid<T> y(rows, columns, padded(columns) + 3);
      table.prelu({rows, columns, z.data(), z.row(), slope.data(), y.data(), y.row(), nullptr, 0});
      return y;
    };
    const auto gradient = [&](bool of_slope) {
      return [&, of_slope](const kernels::Table<T>& table) {
        Grid<T> dz = dy, parts(rows, columns, padded(columns) + 7);
        table.prelu({rows, columns, z.data(), z.row(), slope.data(), dz.data(), dz.row(), parts.data(), parts.row()});
        return of_slope ? parts : dz;
      };
    };
    REQUIRE(try_levels<T>(Touches::padding, forward) == "");
    REQUIRE(try_levels<T>(Touches::padding, gradient(false)) == "");
    REQUIRE(try_levels<T>(Touches::padding, gradient(true)) == "");
    const Grid<T> y = forward(plain<T>()), dz = gradient(false)(plain<T>()), parts = gradient(true)(plain<T>());
    for (Index r = 0; r < rows; ++r)
      for (Index c = 0; c < columns; ++c) {
        const T x = *z.at(r, c), a = *slope.at(0, c), d = *dy.at(r, c);
        REQUIRE(same(*y.at(r, c), x > 0 ? x : a * x));
        REQUIRE(same(*dz.at(r, c), x > 0 ? d : x < 0 ? d * a : T{0}));
        REQUIRE(same(*parts.at(r, c), x < 0 ? d * x : T{0}));
      }
  }
}

TEST_CASE_TEMPLATE("log and log1p_exp_minus_abs: all rows and columns, in place and not", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(4);
  const ElementwiseKernel<T> kernels::Table<T>::* const entries[] = {&kernels::Table<T>::log,
                                                                     &kernels::Table<T>::log1p_exp_minus_abs};
  for (const auto entry : entries)
    for (Index columns = 1; columns <= most; ++columns)
      for (const bool in_place : {false, true}) {
        CAPTURE(entry == entries[0]);
        CAPTURE(columns);
        CAPTURE(in_place);
        const auto pick = [entry](const kernels::Table<T>& table) { return table.*entry; };
        const auto wide = [&](Index, Index) { return wide_value<T>(numbers); };
        const auto special = [&](Index, Index) { return special_value<T>(numbers); };
        REQUIRE(try_elementwise<T>(most + 1 - columns, columns, in_place, false, numbers, pick, wide) == "");
        REQUIRE(try_elementwise<T>(3, columns, in_place, false, numbers, pick, special) == "");
      }
}

TEST_CASE_TEMPLATE("multiply and add: all rows and columns, in place and not", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(5);
  for (Index columns = 1; columns <= most; ++columns)
    for (const int variant : {0, 1, 2, 3}) {
      const bool in_place = variant % 2 == 1;
      const auto entry = variant < 2 ? &kernels::Table<T>::multiply : &kernels::Table<T>::add;
      const Index rows = in_place ? columns : most + 1 - columns;
      CAPTURE(rows);
      CAPTURE(columns);
      CAPTURE(in_place);
      const Grid<T> x = values_grid<T>(numbers, rows, columns, padded(columns) + 1);
      // A mask has no padding between its rows: what a vector reads there is the next row.
      const Grid<T> y = values_grid<T>(numbers, rows, columns, columns);
      const auto run = [&](const kernels::Table<T>& table) {
        Grid<T> out = in_place ? x : Grid<T>(rows, columns, padded(columns) + 3);
        (table.*entry)({rows, columns, in_place ? out.data() : x.data(), in_place ? out.row() : x.row(), y.data(),
                        y.row(), out.data(), out.row()});
        return out;
      };
      REQUIRE(try_levels<T>(Touches::padding, run) == "");
    }
}

TEST_CASE_TEMPLATE("softmax: all rows and columns, with and without maxima and sums", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(6);
  for (Index step = 1; step <= most + 2; ++step)
    for (const bool sums : {false, true})
      for (const bool special : {false, true}) {
        const Index columns = step <= most ? step : 250 * (step - most), rows = 1 + (columns * 5) % most;
        CAPTURE(rows);
        CAPTURE(columns);
        CAPTURE(sums);
        CAPTURE(special);
        const Grid<T> z(rows, columns, padded(columns) + 3, [&](Index r, Index) {
          return special && r % 4 == 0 ? special_value<T>(numbers) : wide_value<T>(numbers);
        });
        const auto run_all = [&](const kernels::Table<T>& table, Grid<T>& p, Grid<T>& ends) {
          table.softmax({rows, columns, z.data(), z.row(), p.data(), p.row(), sums ? ends.at(0, 0) : nullptr,
                         sums ? ends.at(1, 0) : nullptr});
        };
        const auto values = [&](const kernels::Table<T>& table) {
          Grid<T> p(rows, columns, padded(columns) + 1), ends(2, rows, rows + 3);
          run_all(table, p, ends);
          return p;
        };
        const auto row_ends = [&](const kernels::Table<T>& table) {
          Grid<T> p(rows, columns, padded(columns) + 1), ends(2, rows, rows + 3);
          run_all(table, p, ends);
          for (Index r = 0; r < rows; ++r)
            if (*ends.at(0, r) == 0) *ends.at(0, r) = 0;  // of a largest zero the sign is not specified
          return ends;
        };
        REQUIRE(try_levels<T>(Touches::padding, values) == "");
        REQUIRE(try_levels<T>(Touches::valid, row_ends) == "");
      }
}

TEST_CASE_TEMPLATE("transpose: all rows and columns, nothing but them", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(7);
  for (Index rows = 1; rows <= most; ++rows)
    for (Index columns = 1; columns <= most; ++columns) {
      CAPTURE(rows);
      CAPTURE(columns);
      const Grid<T> src = values_grid<T>(numbers, rows, columns, columns + 1 + 2 * numbers.below(3));
      Grid<T> expected(columns, rows, rows + 1 + 2 * numbers.below(3));
      for (Index r = 0; r < rows; ++r)
        for (Index c = 0; c < columns; ++c) *expected.at(c, r) = *src.at(r, c);
      // Neighbouring tiles belong to other threads: not even the padding may be touched.
      const auto run = [&](const kernels::Table<T>& table) {
        Grid<T> dst(columns, rows, expected.row());
        table.transpose(rows, columns, src.data(), src.row(), dst.data(), dst.row());
        return dst;
      };
      REQUIRE(run(plain<T>()).difference(expected, Touches::valid) == "");
      for (const Level<T>& level : levels<T>())
        REQUIRE_MESSAGE(run(*level.table).difference(expected, Touches::valid) == "", level.name);
    }
}

namespace {

struct GatherCase {
  Index rows, begin, end;
  bool ordered, live, upwards;
};

template <class T, class Source>
std::string try_gather(kernels::SourceType type, const GatherCase& g, Numbers& numbers) {
  const Index stored = g.rows + 3, columns = g.end;
  const Grid<Source> source(stored, columns, columns + 3, [&](Index, Index c) {
    if (c % 3 == 1 || numbers.one_in(4)) return Source{0};  // a third of the columns is zero throughout
    return std::is_same_v<Source, std::uint8_t> ? static_cast<Source>(numbers.below(256))
                                                : static_cast<Source>(numbers.value<double>());
  });
  std::vector<Index> order(static_cast<std::size_t>(g.rows));
  for (Index& row : order) row = numbers.below(stored);
  const Index first = numbers.below(4);
  // Rows may run backwards in memory, as in a reversed view of an array.
  const Index stride = (g.upwards ? 1 : -1) * source.row();
  const Source* const start = g.upwards ? source.data() : source.at(stored - 1, 0);

  Grid<T> expected(g.rows, columns, padded(columns) + 1);
  Grid<std::uint8_t> expected_live(1, columns, columns);
  for (Index c = g.begin; c < g.end; ++c) {
    bool any = false;
    for (Index r = 0; r < g.rows; ++r) {
      const Index row = g.ordered ? order[static_cast<std::size_t>(r)] : first + r;
      const auto x = static_cast<T>(start[row * stride + c]);
      *expected.at(r, c) = x;
      any = any || x != 0;
    }
    if (g.live) *expected_live.at(0, c) = any;
  }
  const auto try_table = [&](const kernels::Table<T>& table) {
    Grid<T> dst(g.rows, columns, expected.row());
    Grid<std::uint8_t> live(1, columns, columns);
    table.gather[static_cast<int>(type)]({.rows = g.rows,
                                          .begin = g.begin,
                                          .end = g.end,
                                          .source = start,
                                          .source_row = stride * static_cast<Index>(sizeof(Source)),
                                          .order = g.ordered ? order.data() : nullptr,
                                          .first = first,
                                          .dst = dst.data(),
                                          .dst_row = dst.row(),
                                          .dst_panel = panel_width,
                                          .live = g.live ? live.data() : nullptr,
                                          .finite = nullptr});
    const std::string found = dst.difference(expected, Touches::valid);
    return found.empty() ? live.difference(expected_live, Touches::valid) : found;
  };
  std::string found = try_table(plain<T>());
  for (const Level<T>& level : levels<T>())
    if (found.empty()) found = try_table(*level.table);
  return found;
}

}  // namespace

TEST_CASE_TEMPLATE("gather: all columns and rows from every type", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(8);
  Index variant = 0;
  for (Index end = 1; end <= most; ++end)
    for (Index step = 0; step < 6; ++step, ++variant) {
      const Index begin = step < 3 ? 0 : numbers.below(end);
      const GatherCase g{1 + (end * 3 + step) % most, begin, end, variant % 2 == 1, variant / 2 % 2 == 1,
                         variant / 4 % 2 == 0};
      CAPTURE(g.rows);
      CAPTURE(begin);
      CAPTURE(end);
      CAPTURE(variant);
      REQUIRE(try_gather<T, std::uint8_t>(kernels::SourceType::uint8, g, numbers) == "");
      REQUIRE(try_gather<T, float>(kernels::SourceType::float32, g, numbers) == "");
      REQUIRE(try_gather<T, double>(kernels::SourceType::float64, g, numbers) == "");
    }
}

TEST_CASE_TEMPLATE("masked: all rows and columns, in place and not, from every bit of a byte", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(10);
  for (Index columns = 1; columns <= most; ++columns)
    for (const bool in_place : {false, true}) {
      const Index rows = in_place ? columns : most + 1 - columns, first = columns % 8 + 64 * (columns % 3);
      CAPTURE(rows);
      CAPTURE(columns);
      CAPTURE(in_place);
      const Grid<T> x = values_grid<T>(numbers, rows, columns, padded(columns) + 1);
      // A mask has no padding between its rows: what a vector reads there is the next row.
      std::vector<std::uint64_t> kept(static_cast<std::size_t>((first + rows * columns) / 64 + 2));
      for (std::uint64_t& word : kept) word = numbers.bits();
      const auto run = [&](const kernels::Table<T>& table) {
        Grid<T> out = in_place ? x : Grid<T>(rows, columns, padded(columns) + 3);
        table.masked({rows, columns, in_place ? out.data() : x.data(), in_place ? out.row() : x.row(), kept.data(),
                      first, columns, T(1.25), out.data(), out.row()});
        return out;
      };
      REQUIRE(try_levels<T>(Touches::padding, run) == "");
      const Grid<T> found = run(plain<T>());
      for (Index e = 0; e < rows * columns; ++e) {
        const Index bit = first + e, r = e / columns, c = e % columns;
        const bool keeps = (kept[static_cast<std::size_t>(bit / 64)] >> (bit % 64) & 1) != 0;
        REQUIRE(same(*found.at(r, c), *x.at(r, c) * (keeps ? T(1.25) : T(0))));
      }
    }
}

TEST_CASE_TEMPLATE("dropout_mask: every number of groups from every start", T, float, double) {
  Numbers numbers(9);
  for (Index count = 1; count <= most; ++count) {
    const Index first = numbers.below(5), stride = 1 + numbers.below(4);
    const std::uint64_t seed = numbers.bits(), step = numbers.bits(), sentinel = numbers.bits();
    CAPTURE(first);
    CAPTURE(count);
    const auto run = [&](const kernels::Table<T>& table) {
      std::vector<std::uint64_t> kept(static_cast<std::size_t>(count + 2), sentinel);
      table.dropout_mask({.first = first,
                          .count = count,
                          .stride = stride,
                          .kept = kept.data() + 1,
                          .seed = seed,
                          .step = step,
                          .stream = 3,
                          .threshold = 0x40000000u});
      return kept;
    };
    const std::vector<std::uint64_t> expected = run(plain<T>());
    CHECK(expected.front() == sentinel);
    CHECK(expected.back() == sentinel);
    for (const Level<T>& level : levels<T>()) {
      CAPTURE(level.name);
      REQUIRE(run(*level.table) == expected);
    }
  }
}

TEST_CASE_TEMPLATE("penalty: every whole number of half partials", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(10);
  for (Index count = 32; count <= penalty_segment; count += 32) {
    CAPTURE(count);
    const Grid<T> w = values_grid<T>(numbers, 1, count, count);
    const auto run = [&](const kernels::Table<T>& table) {
      const kernels::Sums<T> sums = table.penalty(count, w.data());
      return Grid<T>(1, 2, 2, [&](Index, Index c) { return c == 0 ? sums.absolute : sums.square; });
    };
    REQUIRE(try_levels<T>(Touches::valid, run) == "");

    // And the specification: 64 partials by index modulo 64, then a tree.
    T absolute[64] = {}, square[64] = {};
    for (Index i = 0; i < count; ++i) {
      absolute[i % 64] += std::abs(*w.at(0, i));
      square[i % 64] = std::fma(*w.at(0, i), *w.at(0, i), square[i % 64]);
    }
    for (int width = 32; width > 0; width /= 2)
      for (int i = 0; i < width; ++i) {
        absolute[i] += absolute[i + width];
        square[i] += square[i + width];
      }
    const Grid<T> sums = run(plain<T>());
    REQUIRE(same(*sums.at(0, 0), absolute[0]));
    REQUIRE(same(*sums.at(0, 1), square[0]));
  }
}

TEST_CASE_TEMPLATE("finite: every count, whatever is not finite and wherever", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(11);
  const T infinity = std::numeric_limits<T>::infinity(), largest = std::numeric_limits<T>::max();
  for (Index count = 0; count <= 200; ++count) {
    CAPTURE(count);
    Grid<T> x(1, count, count, [&](Index, Index) { return numbers.one_in(2) ? largest : numbers.value<T>(); });
    for (Index i = 0; i < count; ++i)
      if (!std::isfinite(*x.at(0, i))) *x.at(0, i) = -largest;
    for (const Level<T>& level : levels<T>()) {
      CAPTURE(level.name);
      REQUIRE(level.table->finite(count, x.data()));
      for (Index i = 0; i < count; ++i)
        for (const T bad : {infinity, -infinity, std::numeric_limits<T>::quiet_NaN()}) {
          const T good = std::exchange(*x.at(0, i), bad);
          REQUIRE(!level.table->finite(count, x.data()));
          *x.at(0, i) = good;
        }
    }
  }
}

TEST_CASE_TEMPLATE("multiply_adds are the same on every lane", T, float, double) {
  CHECK(plain<T>().lanes == 1);
  for (const Level<T>& level : levels<T>()) {
    CAPTURE(level.name);
    CHECK(level.table->lanes * static_cast<Index>(sizeof(T)) <= 64);
    for (const Index count : {0, 1, 1000})
      CHECK(same(level.table->multiply_adds(count), plain<T>().multiply_adds(count)));
  }
}

TEST_CASE_TEMPLATE("every entry of the table has a test", T, float, double) {
  // product, log, log1p_exp_minus_abs, softmax, transpose, multiply, masked, add, affine, prelu, dropout_mask, finite,
  // penalty, the lists; multiply_adds and lanes.
  constexpr std::size_t tested =
      15 + 2 * static_cast<std::size_t>(kernels::fused_updates) + static_cast<std::size_t>(kernels::Update::count) +
      2 * static_cast<std::size_t>(kernels::activation_count) + static_cast<std::size_t>(kernels::SourceType::count);
  CHECK_MESSAGE(sizeof(kernels::Table<T>) / sizeof(void*) == tested,
                "a kernel was added or removed: compare it with the one-lane table here or in test_product.cpp");
}
