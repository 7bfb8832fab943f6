// Scaling by means and variances that are given, or weights that no gradient changes: mean, variance, count.
#pragma once
#include "layers/layer.h"

namespace lamina::layers {

std::vector<WeightShape> normalization_weights(const LayerSpec& spec, Index inputs);
template <class T> std::unique_ptr<Op<T>> make_normalization(const LayerSpec& spec, const OpContext<T>& context);

}  // namespace lamina::layers
