#include "network/network.h"

#include <algorithm>
#include <new>
#include <utility>

#include "base/error.h"
#include "base/finite.h"

namespace lamina::network {
namespace {

template <class T> Arena<T> arena_of(Index size) {
  Arena<T> arena;
  arena.reserve(size);
  arena.allocate();
  return arena;
}

// Calls f(panel's row, place in the row-major array, count) for every run of weights that lie together.
template <class F> void for_runs(const layers::ParameterInfo& info, const F& f) {
  for (Index i = 0; i < info.inputs; ++i)
    for (Index u = 0; u < info.units; u += panel_width)
      f(u * info.inputs + i * panel_width, i * info.units + u, std::min(panel_width, info.units - u));
}

template <class T> void unpack(const layers::ParameterInfo& info, const T* panels, T* out) {
  for_runs(info, [&](Index from, Index to, Index count) { std::copy_n(panels + from, count, out + to); });
}

}  // namespace

template <class T>
Network<T>::Network(Index inputs, std::vector<layers::LayerSpec> specs, const kernels::Table<T>& table)
    : inputs_(inputs), shape_{inputs, 1}, layers_(std::move(specs)), table_(table) {
  require(inputs >= 1, "a network needs at least one input, not ", inputs);
  for (const layers::LayerSpec& spec : layers_) {
    const layers::Shape before = shape_;
    shape_ = layers::shape_after(spec, before);
    first_.push_back(parameters_.size());
    for (const layers::ParameterInfo& info : layers::parameters_of(spec, before.columns)) {
      // More than any machine holds, and sizes in bytes must not overflow.
      if (static_cast<double>(info.inputs) * static_cast<double>(info.units) > 0x1p46) throw std::bad_alloc();
      offsets_.push_back(values_.reserve(info.size()));
      parameters_.push_back({info});
    }
  }
  values_.allocate();
  for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i].value = values_.at(offsets_[i]);
}

template <class T> void Network<T>::read_weight(std::size_t i, T* out) const {
  unpack(parameters_.at(i), parameters_.at(i).value, out);
}

template <class T> void Network<T>::write_weight(std::size_t i, const T* in) {
  T* const panels = parameters_.at(i).value;
  for_runs(parameters_[i], [&](Index to, Index from, Index count) { std::copy_n(in + from, count, panels + to); });
}

template <class T> void Network<T>::read_gradient(std::size_t i, T* out) const {
  unpack(parameters_.at(i), parameters_.at(i).gradient, out);
}

template <class T> void Network<T>::reset_moments(int slots, T value) {
  for (int s = 0; s < kernels::max_slots; ++s) {
    moments_[s] = s < slots ? arena_of<T>(values_.size()) : Arena<T>();
    if (s < slots && value != 0) std::fill_n(moments_[s].at(0), values_.size(), value);
    for (std::size_t i = 0; i < parameters_.size(); ++i)
      parameters_[i].slots[s] = s < slots ? moments_[s].at(offsets_[i]) : nullptr;
  }
}

template <class T> void Network<T>::ensure_gradients() {
  if (gradients_.allocated()) return;
  gradients_ = arena_of<T>(values_.size());
  for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i].gradient = gradients_.at(offsets_[i]);
}

template <class T> void Network<T>::keep() {
  if (!kept_.allocated()) kept_ = arena_of<T>(values_.size());
  std::copy_n(values_.at(0), values_.size(), kept_.at(0));
}

template <class T> void Network<T>::go_back() { std::copy_n(kept_.at(0), values_.size(), values_.at(0)); }

template <class T> bool Network<T>::finite() const {
  return all_finite(values_.size(), values_.at(0));
}

template class Network<float>;
template class Network<double>;

}  // namespace lamina::network
