// A dropout that keeps mean and variance of what a SELU gives.
#pragma once
#include "layers/layer.h"

namespace lamina::layers {

template <class T> std::unique_ptr<Op<T>> make_alpha_dropout(const LayerSpec& spec, const OpContext<T>& context);

}  // namespace lamina::layers
