// The few types and sizes that every part of the core shares.
#pragma once
#include <cstdint>

namespace lamina {

using Index = std::int64_t;

// Part of the numerical specification: a change alters the bits of trained weights.
inline constexpr Index panel_width = 32;   // outputs that one panel of weights holds
inline constexpr Index segment_depth = 256;  // terms a chain of multiply-adds sums before it joins the total
inline constexpr Index penalty_segment = 4096;  // elements whose penalty is summed in 64 partials

// Unused rows between the panels of a weight, part of it too. What a CPU fetches ahead, row by row past a panel's end, is
// to be no row of the next, which may be another core's.
inline constexpr Index rows_apart = 16;

// Rows up to which a batch spends its time in the update and between cores rather than in products. Part of it too: the
// gradient of such a batch's inputs is summed over shorter segments.
inline constexpr Index small_batch = 32;

constexpr Index divide_up(Index n, Index d) { return (n + d - 1) / d; }
constexpr Index round_up(Index n, Index d) { return divide_up(n, d) * d; }

// Rows of numbers, `row` elements apart, in panels of 32 columns, `panel` elements apart. Row-major: the panels of a row
// follow one another. Panel by panel: the rows of a panel do, so that a product of many rows walks through memory.
template <class T> struct Matrix {
  T* data = nullptr;  // [rows, columns]
  Index row = 0;
  Index panel = panel_width;
  T* at(Index r, Index c) const { return data + c / panel_width * panel + r * row + c % panel_width; }
  explicit operator bool() const { return data != nullptr; }
};

// A rectangle of a matrix: what one tile of a step covers.
struct Rect {
  Index row, rows, column, columns;
};

}  // namespace lamina
