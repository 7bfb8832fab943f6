// A change of shape: the elements of a sample, in their order, in rows of another length.
#pragma once
#include "layers/block.h"

namespace lamina::layers {

Shape reshape_shape(const LayerSpec& spec, Shape before);

template <class T> std::unique_ptr<Step<T>> make_reshape_forward(const Block<T>& block, Index inputs);

// Hands the gradient to the block before.
template <class T> std::unique_ptr<Step<T>> make_reshape_gradient(const Block<T>& block, const Block<T>& before);

}  // namespace lamina::layers
