// Rescaling: y = x scale + offset.
#pragma once
#include "layers/layer.h"

namespace lamina::layers {

template <class T> std::unique_ptr<Op<T>> make_rescaling(const LayerSpec& spec, const OpContext<T>& context);

}  // namespace lamina::layers
