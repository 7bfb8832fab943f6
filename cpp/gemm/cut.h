// How the products of a dense layer are cut into tiles that any thread may take: a matter of shapes alone. Of a large
// batch a tile reads what stays in a core's second-level cache, over and over.
#pragma once
#include <algorithm>

#include "gemm/gemm.h"

namespace lamina::gemm {

// A matrix cut into tiles of `height` rows and `width` columns; those of the same columns follow one another.
struct Cut {
  Index rows, height, columns, width;
  Index down = divide_up(rows, height), across = divide_up(columns, width);

  static constexpr Index gradient_inputs = 128;
  template <class T> static constexpr Index gradient_rows = sizeof(T) == sizeof(float) ? 128 : 64;

  // [rows, units]. Of a small batch panels, or, where they are few, parts of them.
  static Cut forward(Index rows, Index units) {
    constexpr Index few_panels = 4;
    if (rows > small_batch) return large(rows, 256, 64, units, 8 * panel_width);
    const Index parts = std::min(rows, divide_up(few_panels, divide_up(units, panel_width)));
    return {rows, divide_up(rows, parts), units, panel_width};
  }

  // [rows, inputs], whose totals lie on the stack.
  template <class T> static Cut input_gradient(Index rows, Index inputs) {
    if (rows <= small_batch) return small(rows, inputs);
    return large(rows, gradient_rows<T>, panel_width, inputs, gradient_inputs);
  }

  // [inputs, units]. What a tile's inputs bring into the cache serves all of its panels, as long as theirs stay as well.
  static Cut update(Index rows, Index inputs, Index units) {
    if (rows <= small_batch) return small(inputs, units);
    return large(inputs, max_tile_inputs, panel_width, units, (rows <= 512 ? 8 : 4) * panel_width);
  }

  Index tiles() const { return down * across; }
  Rect at(Index tile) const {
    const Index row = tile % down * height, column = tile / down * width;
    return {row, std::min(height, rows - row), column, std::min(width, columns - column)};
  }

  // The tile and those behind it that make a rectangle with it, up to so many rows and columns; `tile` becomes the
  // next.
  Rect take(Index& tile, Index end, Index most_rows, Index most_columns) const {
    Rect rect = at(tile++);
    while (tile < end && tile % down != 0 && rect.rows + height <= most_rows) rect.rows += at(tile++).rows;
    for (; rect.rows == rows && tile + down <= end && rect.columns + width <= most_columns; tile += down)
      rect.columns += at(tile).columns;
    return rect;
  }

 private:
  static Cut small(Index rows, Index columns) { return {rows, panel_width, columns, panel_width}; }

  // The largest tiles, halved until a team has enough of them to share, or one side down to a panel, the other to
  // least_height. As even as whole panels are.
  static Cut large(Index rows, Index height, Index least_height, Index columns, Index width) {
    constexpr Index enough = 16;
    Cut cut{rows, height, columns, width};
    while (cut.tiles() < enough && (height > least_height || width > panel_width)) {
      const bool lower = height > least_height && (height >= width || width == panel_width);
      (lower ? height : width) /= 2;
      cut = {rows, height, columns, width};
    }
    return {rows, round_up(divide_up(rows, cut.down), panel_width), columns,
            round_up(divide_up(columns, cut.across), panel_width)};
  }
};

}  // namespace lamina::gemm
