// Activations: one class for all, since their arithmetic is a row of the kernel table.
#pragma once
#include "layers/layer.h"

namespace lamina::layers {

void check_activation(const LayerSpec& spec);

// The row of the list of activations with this name; throws std::invalid_argument for an unknown one.
int activation_index(const std::string& name);

template <class T> std::unique_ptr<Op<T>> make_activation(const LayerSpec& spec, const OpContext<T>& context);

}  // namespace lamina::layers
