// A dense layer with the element-wise layers fused behind it, or a run of other layers alone.
#pragma once
#include <algorithm>
#include <memory>
#include <vector>

#include "layers/layer.h"

namespace lamina::layers {

// One dense layer's parameters: slices of the network's arenas, all laid out alike.
template <class T> struct DenseParameters {
  Index inputs = 0, units = 0;
  T* kernel = nullptr;  // [panels, inputs, 32]
  T* bias = nullptr;    // [panels, 32], or null
  T* gradient[2] = {};  // of kernel and bias, where gradients are stored
  T* slots[2][2] = {};  // moments of the kernel, of the bias
  double kernel_l1 = 0, kernel_l2 = 0, bias_l1 = 0, bias_l2 = 0;

  Index panels() const { return divide_up(units, panel_width); }
  Index panel_stride() const { return inputs * panel_width; }
};

template <class T> struct Block {
  explicit Block(const kernels::Table<T>& table) : table(table) {}

  const kernels::Table<T>& table;
  const DenseParameters<T>* dense = nullptr;  // null: ops alone, on whole rows
  Index columns = 0;                          // outputs
  Matrix<T> in, out;                          // [rows, inputs], [rows, columns]
  Matrix<T> sum;                              // [rows, columns]: the dense layer's, before the ops
  std::vector<std::unique_ptr<Op<T>>> ops;
  Matrix<T> dy;              // [rows, columns]: the gradient, first of `out`, then, once it has arrived, of `sum`
  T* dy_transposed = nullptr;  // [row panels, columns, 32], where an input gradient will want it

  // Adds what the ops read besides the matrices above.
  void add_reads(std::vector<const void*>& reads) const {
    for (const auto& op : ops) reads.push_back(op->prepared);
  }

  void forward_ops(const Rect& rect) const {
    for (const auto& op : ops) op->forward(rect);
  }

  void gradient_ops(const Rect& rect) const {
    for (auto op = ops.rbegin(); op != ops.rend(); ++op) (*op)->gradient(rect, dy);
  }

  // Called by whoever has written a rectangle of the gradient of `out`.
  void arrive(const Rect& rect) const {
    if (dense == nullptr) return;  // ops on whole rows have a step of their own
    gradient_ops(rect);
    if (dy_transposed == nullptr) return;
    for (Index r = rect.row, end = rect.row + rect.rows; r < end;) {
      const Index in_panel = r % panel_width, rows = std::min(end - r, panel_width - in_panel);
      T* const panel = dy_transposed + (r - in_panel) * columns;
      table.transpose(rows, rect.columns, dy.at(r, rect.column), dy.row,
                      panel + rect.column * panel_width + in_panel, panel_width);
      r += rows;
    }
  }
};

// Steps of blocks without a dense layer, tiled over rows. The gradient is handed to the block before, if there is one.
template <class T> std::unique_ptr<Step<T>> make_rows_forward(const Block<T>& block);
template <class T> std::unique_ptr<Step<T>> make_rows_gradient(const Block<T>& block, const Block<T>* before);

}  // namespace lamina::layers
