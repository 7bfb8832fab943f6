// What the tests of the core share: numbers, guarded buffers, comparison bit by bit, every kernel table.
#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "base/cpu.h"
#include "base/types.h"
#include "kernels/dispatch.h"

namespace lamina::kernels {
extern const Tables scalar_tables;  // the level of CPUs without a multiply-add
extern const Tables avx2_tables, avx512_tables, avx512_slow_divider_tables;
}

namespace lamina::test {

template <class T> auto bits_of(T x) {
  if constexpr (sizeof(T) == 1)
    return static_cast<std::uint8_t>(x);
  else if constexpr (sizeof(T) == 4)
    return std::bit_cast<std::uint32_t>(x);
  else
    return std::bit_cast<std::uint64_t>(x);
}

// SplitMix64: the tests' own numbers, not the generator under test.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed) {}

  std::uint64_t bits() {
    std::uint64_t x = state_ += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
  }
  double uniform(double low, double high) { return low + (high - low) * static_cast<double>(bits() >> 11) * 0x1p-53; }
  Index below(Index n) { return static_cast<Index>(bits() % static_cast<std::uint64_t>(n)); }
  bool one_in(Index n) { return below(n) == 0; }

  // Mostly in [-2, 2); now and then a zero of either sign, a denormal, or something small enough to make one.
  template <class T> T value() {
    const auto x = static_cast<T>(uniform(-2, 2));
    switch (below(24)) {
      case 0: return T{0};
      case 1: return -T{0};
      case 2: return std::bit_cast<T>(bits_of(x) & (bits_of(T{-0.0}) | 0xffff));  // its exponent's bits are 0
      case 3: return x * static_cast<T>(std::is_same_v<T, float> ? 1e-20 : 1e-160);
      default: return x;
    }
  }

 private:
  std::uint64_t state_;
};

// The same bits; but any NaN is as good as another, and a denormal as the zero that a team takes it for.
template <class T> bool same(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (a != a && b != b) return true;
    const auto flushed = [](T x) {
      const auto magnitude = bits_of(x) & ~bits_of(T{-0.0});
      return magnitude < bits_of(std::numeric_limits<T>::min()) ? bits_of(x) & bits_of(T{-0.0}) : bits_of(x);
    };
    return flushed(a) == flushed(b);
  } else {
    return a == b;
  }
}

// What lies around and between rows: a NaN that is easily recognised, so that it is noticed when it is read as well.
template <class T> T poison() {
  if constexpr (sizeof(T) == 1)
    return T{0xa5};
  else if constexpr (sizeof(T) == 4)
    return std::bit_cast<T>(0x7fc5a5a5u);
  else
    return std::bit_cast<T>(0x7ff8a5a5a5a5a5a5u);
}

// Kernels may touch a row up to the next multiple of this many columns, and nothing else.
inline constexpr Index padding = 16;
inline Index padded(Index columns) { return round_up(columns, padding); }

enum class Touches { valid, padding };  // what a kernel may write of a row

// Rows of numbers in a block of poison. AddressSanitizer sees whatever reaches past the last row's padding.
template <class T> class Grid {
 public:
  Grid(Index rows, Index columns, Index row)
      : rows_(rows),
        columns_(columns),
        row_(row),
        cells_(static_cast<std::size_t>(before + std::max<Index>(rows - 1, 0) * row + std::max(row, padded(columns)) +
                                        after),
               poison<T>()) {}

  // With values from f(row, column).
  template <class F> Grid(Index rows, Index columns, Index row, F&& f) : Grid(rows, columns, row) {
    for (Index r = 0; r < rows; ++r)
      for (Index c = 0; c < columns; ++c) *at(r, c) = f(r, c);
  }

  T* data() { return cells_.data() + before; }
  const T* data() const { return cells_.data() + before; }
  T* at(Index r, Index c) { return data() + r * row_ + c; }
  const T* at(Index r, Index c) const { return data() + r * row_ + c; }
  Index row() const { return row_; }
  Index rows() const { return rows_; }
  Index columns() const { return columns_; }

  // Says where this, a kernel's output, differs from the expected one, or where it was written out of bounds; empty
  // where all is well.
  std::string difference(const Grid& expected, Touches touches) const {
    const Index writable = touches == Touches::padding ? padded(columns_) : columns_;
    for (Index i = 0; i < static_cast<Index>(cells_.size()); ++i) {
      const Index place = i - before;
      const Index r = place < 0 ? 0 : std::min(place / row_, rows_ - 1), c = place - r * row_;
      const T found = cells_[static_cast<std::size_t>(i)];
      const bool valid = c >= 0 && c < columns_;
      if (valid ? same(found, *expected.at(r, c)) : (c >= 0 && c < writable) || bits_of(found) == bits_of(poison<T>()))
        continue;
      std::ostringstream text;
      text.precision(20);
      text << "[" << r << ", " << c << "] is " << +found << " (" << std::hex << +bits_of(found) << ")";
      if (valid)
        text << ", not " << +*expected.at(r, c) << " (" << +bits_of(*expected.at(r, c)) << ")";
      else
        text << ", written out of bounds";
      return text.str();
    }
    return {};
  }

 private:
#ifdef __SANITIZE_ADDRESS__
  static constexpr Index after = 0;
#else
  static constexpr Index after = 64;
#endif
  static constexpr Index before = 65;  // odd, so that nothing is aligned
  Index rows_, columns_, row_;
  std::vector<T> cells_;
};

// A grid of the tests' mixed values.
template <class T> Grid<T> values_grid(Numbers& numbers, Index rows, Index columns, Index row) {
  return Grid<T>(rows, columns, row, [&](Index, Index) { return numbers.value<T>(); });
}

// A matrix whose rows lie in one piece, or panel by panel.
template <class T> struct Laid {
  Grid<T> cells;
  Matrix<T> matrix;

  Laid(Numbers& numbers, Index rows, Index columns, bool by_panels)
      : cells(by_panels ? values_grid<T>(numbers, divide_up(columns, panel_width) * rows, panel_width, panel_width)
                        : values_grid<T>(numbers, rows, columns, padded(columns) + 3)),
        matrix{cells.data(), cells.row(), by_panels ? rows * panel_width : panel_width} {}
};

template <class T> struct Level {
  std::string name;
  const kernels::Table<T>* table;
};

// The specification: one lane, with the CPU's multiply-add where it has one.
template <class T> const kernels::Table<T>& plain() { return kernels::table<T>(kernels::Isa::scalar); }

// Every other table that this machine can run.
template <class T> std::vector<Level<T>> levels() {
  std::vector<Level<T>> found;
  const auto add = [&found](const char* name, const kernels::Tables& tables) {
    if constexpr (std::is_same_v<T, float>)
      found.push_back({name, &tables.f32});
    else
      found.push_back({name, &tables.f64});
  };
  add("scalar without multiply-add", kernels::scalar_tables);
  if (cpu_features().avx2) add("avx2", kernels::avx2_tables);
  if (cpu_features().avx512) add("avx512", kernels::avx512_tables);
  if (cpu_features().avx512) add("avx512 for slow dividers", kernels::avx512_slow_divider_tables);
  return found;
}

}  // namespace lamina::test
