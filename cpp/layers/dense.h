// Dense: y = x W + b. Its steps: forward with what is fused behind it, the input's gradient, the weights' gradient
// with their update.
#pragma once
#include "layers/block.h"

namespace lamina::layers {

Shape dense_shape(const LayerSpec& spec, Shape before);
std::vector<WeightShape> dense_weights(const LayerSpec& spec, Index inputs);

// In how many parts the input's gradient for so many rows is summed, each over some of the outputs.
Index dense_gradient_parts(const ParameterInfo& kernel, Index rows);

template <class T> std::unique_ptr<Step<T>> make_dense_forward(const Block<T>& block);
// The first is null where there is but one part.
template <class T> std::unique_ptr<Step<T>> make_dense_gradient_parts(const Block<T>& block);
template <class T> std::unique_ptr<Step<T>> make_dense_input_gradient(const Block<T>& block, const Block<T>& before);
template <class T> std::unique_ptr<Step<T>> make_dense_update(const Block<T>& block, kernels::Update update);

}  // namespace lamina::layers
