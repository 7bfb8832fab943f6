// A penalty on what passes through, divided by the samples of the batch.
#pragma once
#include "layers/layer.h"

namespace lamina::layers {

template <class T> std::unique_ptr<Op<T>> make_activity_regularization(const LayerSpec& spec, const OpContext<T>& context);

}  // namespace lamina::layers
