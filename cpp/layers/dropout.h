// Inverted dropout (Srivastava et al., 2014): in training, values are kept with probability 1 - rate and divided by it.
#pragma once
#include "base/arena.h"
#include "layers/layer.h"

namespace lamina::layers {

void check_dropout(const LayerSpec& spec);

// Which elements of a batch are kept: drawn at each step, all but the spec's rate of them.
template <class T> class DropoutMask {
 public:
  DropoutMask(const LayerSpec& spec, const OpContext<T>& context);

  std::unique_ptr<Step<T>> step() const;
  // Has the op read what the step writes.
  void read_by(Op<T>& op) const { (by_columns_ ? op.panel_reads : op.reads).push_back(call_.kept); }

  bool kept(Index row, Index column) const {
    const Index bit = bit_of(row, column);
    return (call_.kept[bit / word] >> bit % word & 1) != 0;
  }

  // out = x * scale where kept, else x * 0.
  void apply(const Rect& r, Matrix<T> x, T scale, Matrix<T> out) const;

  static constexpr Index word = 64;  // elements whose bits are drawn together

 private:
  const kernels::Table<T>& table_;
  Index bit_of(Index row, Index column) const {
    return by_columns_ ? (column / word * column_words_ + row) * word + column % word : row * units_ + column;
  }

  Index units_, sample_;  // elements of a row, and of a row of the batch
  // A small batch's mask is drawn and kept in columns as wide as a word, so that who has panels has their part of it.
  bool by_columns_;
  Index column_words_;         // from such a column to the next
  Arena<std::uint64_t> kept_;  // a bit for each of [rows, units], without padding, or for [columns, rows, word]
  kernels::DropoutMask call_;  // all of a draw but which elements, and the step
};

template <class T> std::unique_ptr<Op<T>> make_dropout(const LayerSpec& spec, const OpContext<T>& context);

}  // namespace lamina::layers
