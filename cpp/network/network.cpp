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
Network<T>::Network(Index inputs, std::vector<layers::LayerSpec> specs, Weights<T> weights,
                    const kernels::Table<T>& table)
    : inputs_(inputs), shape_{inputs, 1}, layers_(std::move(specs)), table_(table), weights_(std::move(weights)) {
  require(inputs >= 1, "a network needs at least one input, not ", inputs);
  std::vector<layers::ParameterInfo> infos;
  Arena<T> room;  // to lay out the others alike
  for (const layers::LayerSpec& spec : layers_) {
    const layers::Shape before = shape_;
    shape_ = layers::shape_after(spec, before);
    first_.push_back(infos.size());
    for (const layers::ParameterInfo& info : layers::parameters_of(spec, before.columns)) {
      // More than any machine holds, and sizes in bytes must not overflow.
      if (static_cast<double>(info.inputs) * static_cast<double>(info.units) > 0x1p46) throw std::bad_alloc();
      offsets_.push_back(room.reserve(info.size()));
      infos.push_back(info);
    }
  }
  room_ = room.size();
  fill_up(weights_, infos);
  for (std::size_t i = 0; i < infos.size(); ++i) {
    require(weights_[i]->shape() == infos[i], "weight ", i, " has another shape than its layer asks for");
    parameters_.push_back({infos[i], weights_[i]->panels(), nullptr, {}});
  }
}

template <class T> void Network<T>::read_gradient(std::size_t i, T* out) const {
  unpack(parameters_.at(i), parameters_.at(i).gradient, out);
}

template <class T> void Network<T>::read_moment(int slot, std::size_t i, T* out) const {
  unpack(parameters_.at(i), parameters_.at(i).slots[slot], out);
}

template <class T> void Network<T>::write_moment(int slot, std::size_t i, const T* in) {
  pack(parameters_.at(i), in, parameters_.at(i).slots[slot]);
}

template <class T> void Network<T>::reset_moments(const std::vector<double>& first) {
  for (std::size_t s = 0; s < kernels::max_moments; ++s) {
    const bool kept = s < first.size();
    moments_[s] = kept ? arena_of<T>(room_) : Arena<T>();
    if (kept && first[s] != 0) std::fill_n(moments_[s].at(0), room_, static_cast<T>(first[s]));
    for (std::size_t i = 0; i < parameters_.size(); ++i)
      parameters_[i].slots[s] = kept ? moments_[s].at(offsets_[i]) : nullptr;
  }
}

template <class T> void Network<T>::copy_weights_to_moment(int slot) {
  for (const layers::Parameter<T>& p : parameters_) std::copy_n(p.value, p.size(), p.slots[slot]);
}

template <class T> void Network<T>::copy_moment_to_weights(int slot) {
  for (const layers::Parameter<T>& p : parameters_)
    if (p.trainable) std::copy_n(p.slots[slot], p.size(), p.value);
}

template <class T> void Network<T>::ensure_gradients() {
  if (gradients_.allocated()) return;
  gradients_ = arena_of<T>(room_);
  for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i].gradient = gradients_.at(offsets_[i]);
}

template <class T> void Network<T>::keep() {
  if (!kept_.allocated()) kept_ = arena_of<T>(room_);
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    std::copy_n(parameters_[i].value, parameters_[i].size(), kept_.at(offsets_[i]));
}

template <class T> void Network<T>::go_back() {
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    std::copy_n(kept_.at(offsets_[i]), parameters_[i].size(), parameters_[i].value);
}

template <class T> bool Network<T>::finite() const {
  return std::all_of(parameters_.begin(), parameters_.end(),
                     [this](const layers::Parameter<T>& p) { return table_.finite(p.size(), p.value); });
}

template class Network<float>;
template class Network<double>;

}  // namespace lamina::network
