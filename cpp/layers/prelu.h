// PReLU (He, Zhang, Ren and Sun, 2015): max(z, 0) + slope min(z, 0), with a slope for each column that is learnt.
#pragma once
#include "layers/layer.h"

namespace lamina::layers {

std::vector<WeightShape> prelu_weights(const LayerSpec& spec, Index inputs);

template <class T> std::unique_ptr<Op<T>> make_prelu(const LayerSpec& spec, const OpContext<T>& context);

}  // namespace lamina::layers
