#include <algorithm>

#include "gemm/backend.h"
#include "gemm/gemm.h"

namespace lamina::gemm {

template <class T> void forward(const kernels::Table<T>& table, const Forward<T>& f) {
  if (blas_forward(f)) return;
  for (Index k = 0; k < f.inputs; k += segment_depth) {
    const Index depth = std::min(segment_depth, f.inputs - k);
    table.product({.rows = f.rows,
                   .columns = f.columns,
                   .depth = depth,
                   .chunk = f.x.panel == panel_width ? depth : panel_width,
                   .a = f.x.at(0, k),
                   .a_row = f.x.row,
                   .a_chunk = f.x.panel,
                   .b = f.panel + k * panel_width,
                   .b_row = panel_width,
                   .b_panel = f.panel_stride,
                   .bias = f.bias,
                   .adds = k > 0,
                   .c = f.y.data,
                   .c_row = f.y.row,
                   .c_panel = f.y.panel,
                   .live = f.live == nullptr ? nullptr : f.live + k});
  }
}

template <class T> void input_gradient(const kernels::Table<T>& table, const InputGradient<T>& g) {
  if (blas_input_gradient(g)) return;
  for (Index k = 0; k < g.units; k += g.depth)
    table.product({.rows = g.inputs,
                   .columns = g.rows,
                   .depth = std::min(g.depth, g.units - k),
                   .chunk = panel_width,
                   .a = g.kernel + k / panel_width * g.panel_stride,
                   .a_row = panel_width,
                   .a_chunk = g.panel_stride,
                   .b = g.dy + k * panel_width,
                   .b_row = panel_width,
                   .b_panel = g.units * panel_width,
                   .bias = nullptr,
                   .adds = k > 0,
                   .c = g.dx,
                   .c_row = panel_width,
                   .c_panel = g.inputs * panel_width,
                   .live = nullptr});
}

namespace {

// Totals of all segments but the last go to a scratch panel; the last brings the penalty and the update.
template <class T, class Kernel>
void over_segments(kernels::WeightGradient<T> g, Kernel plain_sum, Kernel with_update) {
  alignas(64) T totals[max_tile_inputs * panel_width];
  Index rows = g.rows;
  while (rows > segment_depth) {
    kernels::WeightGradient<T> part = g;
    part.rows = segment_depth;
    part.slots[0] = totals;
    part.l1 = part.twice_l2 = 0;
    plain_sum(part);
    g.previous = totals;
    g.dz += segment_depth * g.dz_row;
    if (g.x != nullptr) g.x += segment_depth * g.x_row;
    rows -= segment_depth;
  }
  g.rows = rows;
  with_update(g);
}

constexpr int index_of(kernels::Update update) { return static_cast<int>(update); }

}  // namespace

template <class T>
void weight_gradient(const kernels::Table<T>& table, kernels::Update update, kernels::WeightGradient<T> g) {
  alignas(64) T totals[max_tile_inputs * panel_width];
  if (blas_totals(g, totals)) {
    g.previous = totals;
    g.rows = 0;
  }
  over_segments(g, table.weight_gradient[index_of(kernels::Update::store)], table.weight_gradient[index_of(update)]);
}

template <class T>
void bias_gradient(const kernels::Table<T>& table, kernels::Update update, kernels::WeightGradient<T> g) {
  over_segments(g, table.bias_gradient[index_of(kernels::Update::store)], table.bias_gradient[index_of(update)]);
}

#define LAMINA_INSTANTIATE(T)                                                              \
  template void forward(const kernels::Table<T>&, const Forward<T>&);                      \
  template void input_gradient(const kernels::Table<T>&, const InputGradient<T>&);         \
  template void weight_gradient(const kernels::Table<T>&, kernels::Update, kernels::WeightGradient<T>); \
  template void bias_gradient(const kernels::Table<T>&, kernels::Update, kernels::WeightGradient<T>);
LAMINA_INSTANTIATE(float)
LAMINA_INSTANTIATE(double)

}  // namespace lamina::gemm
