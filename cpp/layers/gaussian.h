// Normal noise in training: added, or as a factor of mean 1.
#pragma once
#include "layers/layer.h"

namespace lamina::layers {

template <class T> std::unique_ptr<Op<T>> make_gaussian_noise(const LayerSpec& spec, const OpContext<T>& context);
template <class T> std::unique_ptr<Op<T>> make_gaussian_dropout(const LayerSpec& spec, const OpContext<T>& context);

}  // namespace lamina::layers
