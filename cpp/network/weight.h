// A weight tensor that networks may share. Those made together lie in one block, so that a network walks through memory.
#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "layers/parameter.h"

namespace lamina::network {

template <class T> class Weight {
 public:
  Weight(std::shared_ptr<Arena<T>> block, Index offset, layers::WeightShape shape)
      : block_(std::move(block)), offset_(offset), shape_(shape) {}

  const layers::WeightShape& shape() const { return shape_; }
  T* panels() const { return block_->at(offset_); }  // [inputs, 32] each, panel_stride() apart

  // Copies between the panels and a plain row-major array.
  void read(T* out) const;
  void write(const T* in);

 private:
  std::shared_ptr<Arena<T>> block_;
  Index offset_;
  layers::WeightShape shape_;
};

template <class T> using Weights = std::vector<std::shared_ptr<Weight<T>>>;

// Puts new weights, all zero, in the empty places of `weights`. Throws std::bad_alloc.
template <class T> void fill_up(Weights<T>& weights, const std::vector<layers::ParameterInfo>& infos);

// Copies panels to a row-major array.
template <class T> void unpack(const layers::WeightShape& shape, const T* panels, T* out);
template <class T> void pack(const layers::WeightShape& shape, const T* in, T* panels);

}  // namespace lamina::network
