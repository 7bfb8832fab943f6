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
  const void* key() const { return call_.kept; }  // what the step writes
  bool kept(Index row, Index column) const {
    const Index element = row * units_ + column;
    return (call_.kept[element / word] >> element % word & 1) != 0;
  }

  // out = x * scale where kept, else x * 0.
  void apply(const Rect& r, Matrix<T> x, T scale, Matrix<T> out) const;

  static constexpr Index word = 64;  // elements whose bits are drawn together

 private:
  const kernels::Table<T>& table_;
  Index units_, sample_;       // elements of a row, and of a row of the batch
  Arena<std::uint64_t> kept_;  // a bit for each of [rows, units], without padding
  kernels::DropoutMask call_;  // all of a draw but which elements, and the step
};

template <class T> std::unique_ptr<Op<T>> make_dropout(const LayerSpec& spec, const OpContext<T>& context);

}  // namespace lamina::layers
