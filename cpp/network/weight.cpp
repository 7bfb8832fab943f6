#include "network/weight.h"

#include <algorithm>

namespace lamina::network {
namespace {

// Calls f(panel's row, place in the row-major array, count) for every run of weights that lie together.
template <class F> void for_runs(const layers::WeightShape& shape, const F& f) {
  for (Index i = 0; i < shape.inputs; ++i)
    for (Index u = 0; u < shape.units; u += panel_width)
      f(u / panel_width * shape.panel_stride() + i * panel_width, i * shape.units + u,
        std::min(panel_width, shape.units - u));
}

}  // namespace

template <class T> void unpack(const layers::WeightShape& shape, const T* panels, T* out) {
  for_runs(shape, [&](Index from, Index to, Index count) { std::copy_n(panels + from, count, out + to); });
}

template <class T> void pack(const layers::WeightShape& shape, const T* in, T* panels) {
  for_runs(shape, [&](Index to, Index from, Index count) { std::copy_n(in + from, count, panels + to); });
}

template <class T> void Weight<T>::read(T* out) const { unpack(shape_, panels(), out); }

template <class T> void Weight<T>::write(const T* in) { pack(shape_, in, panels()); }

template <class T> void fill_up(Weights<T>& weights, const std::vector<layers::ParameterInfo>& infos) {
  weights.resize(infos.size());
  const auto block = std::make_shared<Arena<T>>();
  std::vector<Index> offsets;
  for (std::size_t i = 0; i < infos.size(); ++i)
    offsets.push_back(weights[i] == nullptr ? block->reserve(infos[i].size()) : 0);
  if (block->size() == 0) return;
  block->allocate();
  for (std::size_t i = 0; i < infos.size(); ++i)
    if (weights[i] == nullptr) weights[i] = std::make_shared<Weight<T>>(block, offsets[i], infos[i]);
}

#define LAMINA_INSTANTIATE(T)                                                          \
  template class Weight<T>;                                                            \
  template void fill_up(Weights<T>&, const std::vector<layers::ParameterInfo>&);       \
  template void unpack(const layers::WeightShape&, const T*, T*);                      \
  template void pack(const layers::WeightShape&, const T*, T*);
LAMINA_INSTANTIATE(float)
LAMINA_INSTANTIATE(double)

}  // namespace lamina::network
