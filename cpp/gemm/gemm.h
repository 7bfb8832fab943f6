// The three products of a dense layer for one tile, over sums of any length: segments of 256 terms, each one chain of
// multiply-adds from +0, added in ascending order. Weights lie in panels [inputs, 32], the last padded with zeros.
// Where a BLAS is chosen (backend.h), it serves the large ones.
#pragma once
#include <algorithm>

#include "base/types.h"
#include "kernels/table.h"

namespace lamina::gemm {

// y = bias + x W for some rows and panels, segment by segment, so that a segment of x serves all of the panels.
template <class T> struct Forward {
  Index rows, inputs, columns;
  Matrix<const T> x;         // [rows, inputs]
  const T* panel;            // [inputs, 32], the first of columns / 32
  Index panel_stride;        // from a panel to the next
  const T* bias;             // [columns], or null
  Matrix<T> y;               // [rows, columns]
  const std::uint8_t* live;  // [inputs], or null
};
template <class T> void forward(const kernels::Table<T>& table, const Forward<T>& f);

// dxᵀ = W dyᵀ for some inputs and rows, segment by segment, so that a segment of W serves all of the rows. Sums over
// the units of a small batch have shorter segments, so that each thread of a team can sum over the panels that it owns:
// what another core has in its cache would have to be handed over at every step, and taken back for the update.
template <class T> struct InputGradient {
  Index inputs, units, rows;
  const T* kernel;     // the first input's weights in the first panel
  Index panel_stride;  // from a panel to the next
  const T* dy;         // [rows / 32, units, 32]
  T* dx;               // [rows / 32, inputs, 32]
  Index depth = segment_depth;  // terms of a segment
};
constexpr Index input_gradient_depth(Index rows, Index units) {
  constexpr Index segments = 4;
  return rows > small_batch ? segment_depth
                            : std::min(segment_depth, round_up(divide_up(units, segments), panel_width));
}
template <class T> void input_gradient(const kernels::Table<T>& table, const InputGradient<T>& g);

// xᵀ dy for any number of rows, at most max_tile_inputs inputs and one panel, handed to the update rule.
inline constexpr Index max_tile_inputs = 128;
template <class T> void weight_gradient(const kernels::Table<T>& table, kernels::Update update,
                                        kernels::WeightGradient<T> g);

// The same for the bias: the sum of dy over the rows.
template <class T> void bias_gradient(const kernels::Table<T>& table, kernels::Update update,
                                      kernels::WeightGradient<T> g);

}  // namespace lamina::gemm
