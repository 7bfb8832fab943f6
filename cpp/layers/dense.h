// Dense: y = x W + b. Its steps: forward with what is fused behind it, the input's gradient, the weights' gradient
// with their update.
#pragma once
#include "layers/block.h"

namespace lamina::layers {

Shape dense_shape(const LayerSpec& spec, Shape before);
std::vector<ParameterInfo> dense_parameters(const LayerSpec& spec, Index inputs);

// live: [inputs], 0 where a column of the input is zero in the whole batch; or null.
template <class T> std::unique_ptr<Step<T>> make_dense_forward(const Block<T>& block, const std::uint8_t* live);
template <class T> std::unique_ptr<Step<T>> make_dense_input_gradient(const Block<T>& block, const Block<T>& before);
template <class T>
std::unique_ptr<Step<T>> make_dense_update(const Block<T>& block, const std::uint8_t* live, kernels::Update update);

}  // namespace lamina::layers
