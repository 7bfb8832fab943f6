// Normalization by the statistics of a batch, in inference by their moving means. Weights: gamma and beta, where there are
// any, moving mean, moving variance.
#pragma once
#include "layers/layer.h"

namespace lamina::layers {

std::vector<WeightShape> batch_normalization_weights(const LayerSpec& spec, Index inputs);
template <class T> std::unique_ptr<Op<T>> make_batch_normalization(const LayerSpec& spec, const OpContext<T>& context);

}  // namespace lamina::layers
