// A dense layer with the element-wise layers fused behind it, a change of shape, or a run of other layers alone.
#pragma once
#include <algorithm>
#include <memory>
#include <vector>

#include "layers/layer.h"

namespace lamina::layers {

template <class T> struct Block {
  Block(const kernels::Table<T>& table, Shape shape, Index capacity)
      : table(table), columns(shape.columns), times(shape.times), most_rows(capacity * shape.times) {}

  const kernels::Table<T>& table;
  Index columns;                         // outputs
  Index times;                           // rows of the block for each row of the batch
  Index most_rows;                       // of the block
  const Parameter<T>* kernel = nullptr;  // of a dense layer
  const Parameter<T>* bias = nullptr;    // or null
  bool reshapes = false;                 // without a kernel and ops, between other shapes
  InputRoom<T> in;
  Matrix<T> out;                         // [rows, columns]
  Matrix<T> sum;                         // [rows, columns]: the dense layer's, before the ops
  std::vector<std::unique_ptr<Op<T>>> ops;
  Matrix<T> dy;              // [rows, columns]: the gradient, first of `out`, then, once it has arrived, of `sum`
  T* dy_transposed = nullptr;  // [row panels, columns, 32], where many tiles of an input gradient will want it
  Matrix<T> dx_parts;  // [parts × rows, inputs]: of a small batch's input gradient, each over some of the outputs

  bool trainable() const {
    const bool dense = kernel != nullptr && kernel->trainable;
    return dense || std::any_of(ops.begin(), ops.end(), [](const auto& op) { return op->trainable; });
  }

  bool whole_batch() const {
    return std::any_of(ops.begin(), ops.end(), [](const auto& op) { return op->whole_batch(); });
  }

  // Whether the outputs of a dense layer are so few that its steps are cut by rows.
  bool narrow() const { return kernel->panels() == 1; }

  // Whether its steps are cut by panels: those of a small batch, of whose weights each thread then has its own.
  bool by_panels() const { return kernel != nullptr && !narrow() && most_rows <= small_batch; }

  // How a step is cut, and what it touches that calls forward_ops.
  enum class Tiles { rows, panels, others };
  void add_forward(Step<T>& step, Tiles tiles) const {
    for (const auto& op : ops) {
      append(step.reads, op->reads);
      append(tiles == Tiles::panels ? step.panel_reads : step.reads, op->panel_reads);
    }
  }

  // And one that writes the gradient of `out` and calls arrive or gradient_ops.
  void add_gradient(Step<T>& step, Tiles tiles) const {
    auto& reads = tiles == Tiles::rows ? step.row_reads : tiles == Tiles::panels ? step.panel_reads : step.reads;
    auto& writes = tiles == Tiles::rows ? step.row_writes : tiles == Tiles::panels ? step.panel_writes : step.writes;
    append(writes, {dy.data, dy_transposed});
    add_forward(step, tiles);
    for (const auto& op : ops) {
      append(reads, {op->in.data, op->out.data});
      (tiles == Tiles::rows ? step.row_writes : step.writes).push_back(op->gradient_writes);
    }
  }

  void forward_ops(const Rect& rect) const {
    in_pieces(out, rect, [this](const Rect& piece) {
      for (const auto& op : ops) op->forward(piece);
    });
  }

  void gradient_ops(const Rect& rect) const {
    in_pieces(dy, rect, [this](const Rect& piece) {
      for (auto op = ops.rbegin(); op != ops.rend(); ++op) (*op)->gradient(piece, dy);
    });
  }

  // Called by whoever has written a rectangle of the gradient of `out`.
  void arrive(const Rect& rect) const {
    if (kernel == nullptr) return;  // ops on whole rows and changes of shape have a step of their own
    gradient_ops(rect);
    if (dy_transposed != nullptr) in_pieces(dy, rect, [this](const Rect& piece) { transpose(piece); });
  }

 private:
  static void append(std::vector<const void*>& names, const std::vector<const void*>& more) {
    names.insert(names.end(), more.begin(), more.end());
  }

  void transpose(const Rect& rect) const {
    for (Index r = rect.row, end = rect.row + rect.rows; r < end;) {
      const Index in_panel = r % panel_width, rows = std::min(end - r, panel_width - in_panel);
      T* const panel = dy_transposed + (r - in_panel) * columns;
      table.transpose(rows, rect.columns, dy.at(r, rect.column), dy.row,
                      panel + rect.column * panel_width + in_panel, panel_width);
      r += rows;
    }
  }

  // Calls f for what lies in rows of one piece: all columns, or panel by panel.
  template <class F> static void in_pieces(Matrix<T> m, const Rect& rect, const F& f) {
    const Index width = m.panel == panel_width ? rect.columns : panel_width;
    for (Index column = 0; column < rect.columns; column += width)
      f({rect.row, rect.rows, rect.column + column, std::min(width, rect.columns - column)});
  }
};

// Steps of blocks of ops alone, tiled over rows. The gradient is handed to the block before, if there is one.
template <class T> std::unique_ptr<Step<T>> make_rows_forward(const Block<T>& block);
template <class T> std::unique_ptr<Step<T>> make_rows_gradient(const Block<T>& block, const Block<T>* before);

}  // namespace lamina::layers
