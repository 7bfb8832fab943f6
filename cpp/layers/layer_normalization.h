// Normalization of every row by its own mean and deviation. Weights: gamma and beta, where there are any.
#pragma once
#include "layers/layer.h"

namespace lamina::layers {

std::vector<WeightShape> layer_normalization_weights(const LayerSpec& spec, Index inputs);
template <class T> std::unique_ptr<Op<T>> make_layer_normalization(const LayerSpec& spec, const OpContext<T>& context);

}  // namespace lamina::layers
