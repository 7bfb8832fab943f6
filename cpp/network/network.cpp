#include "network/network.h"

#include <algorithm>
#include <new>
#include <utility>

#include "base/error.h"

namespace lamina::network {
namespace {

template <class T> Arena<T> arena_of(Index size) {
  Arena<T> arena;
  arena.reserve(size);
  arena.allocate();
  return arena;
}

}  // namespace

template <class T>
Network<T>::Network(Index inputs, std::vector<layers::LayerSpec> specs, const kernels::Table<T>& table)
    : inputs_(inputs), outputs_(inputs), layers_(std::move(specs)), table_(table) {
  require(inputs >= 1, "a network needs at least one input, not ", inputs);
  for (const layers::LayerSpec& spec : layers_) {
    const Index units = layers::outputs_of(spec, outputs_);
    if (spec.type == "dense") {
      const Index id = dense_count();
      layers::DenseParameters<T> d;
      d.inputs = outputs_;
      d.units = units;
      d.kernel_l1 = spec.kernel_l1;
      d.kernel_l2 = spec.kernel_l2;
      d.bias_l1 = spec.bias_l1;
      d.bias_l2 = spec.bias_l2;
      // More than any machine holds, and sizes in bytes must not overflow.
      if (static_cast<double>(d.inputs) * static_cast<double>(units) > 0x1p46) throw std::bad_alloc();
      infos_.push_back({id, false, d.inputs, units});
      kernel_offsets_.push_back(parameters_.reserve(d.panels() * d.panel_stride()));
      if (spec.use_bias) infos_.push_back({id, true, 1, units});
      bias_offsets_.push_back(spec.use_bias ? parameters_.reserve(d.panels() * panel_width) : -1);
      dense_.push_back(d);
    }
    outputs_ = units;
  }
  parameters_.allocate();
  arena_size_ = parameters_.size();
  for (std::size_t i = 0; i < dense_.size(); ++i) {
    dense_[i].kernel = parameters_.at(kernel_offsets_[i]);
    if (bias_offsets_[i] >= 0) dense_[i].bias = parameters_.at(bias_offsets_[i]);
  }
}

template <class T> T* Network<T>::weight_panels(const WeightInfo& info) const {
  const layers::DenseParameters<T>& d = dense(info.dense);
  return info.bias ? d.bias : d.kernel;
}

template <class T> void Network<T>::unpack(const WeightInfo& info, const T* panels, T* out) const {
  for (Index i = 0; i < info.inputs; ++i)
    for (Index u = 0; u < info.units; u += panel_width) {
      const T* row = panels + u * info.inputs + i * panel_width;
      std::copy_n(row, std::min(panel_width, info.units - u), out + i * info.units + u);
    }
}

template <class T> void Network<T>::write_weight(const WeightInfo& info, const T* in) {
  T* const panels = weight_panels(info);
  for (Index i = 0; i < info.inputs; ++i)
    for (Index u = 0; u < info.units; u += panel_width) {
      T* const row = panels + u * info.inputs + i * panel_width;
      std::copy_n(in + i * info.units + u, std::min(panel_width, info.units - u), row);
    }
}

template <class T> void Network<T>::read_gradient(const WeightInfo& info, T* out) const {
  unpack(info, dense(info.dense).gradient[info.bias], out);
}

template <class T> void Network<T>::reset_moments(int slots) {
  for (int s = 0; s < 2; ++s) {
    moments_[s] = s < slots ? arena_of<T>(arena_size_) : Arena<T>();
    for (std::size_t i = 0; i < dense_.size(); ++i) {
      dense_[i].slots[0][s] = s < slots ? moments_[s].at(kernel_offsets_[i]) : nullptr;
      dense_[i].slots[1][s] = s < slots && bias_offsets_[i] >= 0 ? moments_[s].at(bias_offsets_[i]) : nullptr;
    }
  }
}

template <class T> void Network<T>::ensure_gradients() {
  if (gradients_.allocated()) return;
  gradients_ = arena_of<T>(arena_size_);
  for (std::size_t i = 0; i < dense_.size(); ++i) {
    dense_[i].gradient[0] = gradients_.at(kernel_offsets_[i]);
    dense_[i].gradient[1] = bias_offsets_[i] >= 0 ? gradients_.at(bias_offsets_[i]) : nullptr;
  }
}

template class Network<float>;
template class Network<double>;

}  // namespace lamina::network
