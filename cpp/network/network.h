// A network: its layers as the user described them, and the arenas that own weights, gradients and moments.
#pragma once
#include <string>
#include <vector>

#include "base/arena.h"
#include "kernels/dispatch.h"
#include "layers/block.h"

namespace lamina::network {

// Where one weight tensor of the user's lies: a kernel [inputs, units] or a bias [units].
struct WeightInfo {
  Index dense;        // which dense layer
  bool bias;
  Index inputs, units;  // inputs is 1 for a bias
};

template <class T> class Network {
 public:
  // Throws std::invalid_argument where a layer makes no sense.
  Network(Index inputs, std::vector<layers::LayerSpec> layers, const kernels::Table<T>& table);

  Index inputs() const { return inputs_; }
  Index outputs() const { return outputs_; }
  const std::vector<layers::LayerSpec>& layers() const { return layers_; }
  const kernels::Table<T>& table() const { return table_; }

  const std::vector<WeightInfo>& weights() const { return infos_; }
  const layers::DenseParameters<T>& dense(Index i) const { return dense_[static_cast<std::size_t>(i)]; }
  Index dense_count() const { return static_cast<Index>(dense_.size()); }

  // Copies between the panels and a plain row-major array.
  void read_weight(const WeightInfo& info, T* out) const { unpack(info, weight_panels(info), out); }
  void write_weight(const WeightInfo& info, const T* in);
  void read_gradient(const WeightInfo& info, T* out) const;

  // Room for `slots` moments a weight, all zero.
  void reset_moments(int slots);
  void ensure_gradients();

 private:
  T* weight_panels(const WeightInfo& info) const;
  void unpack(const WeightInfo& info, const T* panels, T* out) const;

  Index inputs_, outputs_;
  std::vector<layers::LayerSpec> layers_;
  const kernels::Table<T>& table_;
  std::vector<layers::DenseParameters<T>> dense_;
  std::vector<WeightInfo> infos_;
  std::vector<Index> kernel_offsets_, bias_offsets_;  // in any of the arenas; -1: no bias
  Index arena_size_ = 0;
  Arena<T> parameters_, gradients_, moments_[2];
};

}  // namespace lamina::network
