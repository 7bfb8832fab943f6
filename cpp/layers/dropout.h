// Inverted dropout (Srivastava et al., 2014): in training, values are kept with probability 1 - rate and divided by it.
#pragma once
#include "layers/layer.h"

namespace lamina::layers {

void check_dropout(const LayerSpec& spec);

template <class T> std::unique_ptr<Op<T>> make_dropout(const LayerSpec& spec, const OpContext<T>& context);

}  // namespace lamina::layers
