// Dense: y = x W + b. Its steps: forward with what is fused behind it, the input's gradient, the weights' gradient
// with their update, and the update from a stored gradient.
#pragma once
#include "layers/block.h"

namespace lamina::layers {

void check_dense(const LayerSpec& spec);

// live: [inputs], 0 where a column of the input is zero in the whole batch; or null.
template <class T> std::unique_ptr<Step<T>> make_dense_forward(const Block<T>& block, const std::uint8_t* live);
template <class T> std::unique_ptr<Step<T>> make_dense_input_gradient(const Block<T>& block, const Block<T>& before);
template <class T>
std::unique_ptr<Step<T>> make_dense_update(const Block<T>& block, const std::uint8_t* live, kernels::Update update);
template <class T>
std::unique_ptr<Step<T>> make_dense_stored_update(const Block<T>& block, kernels::Update update);

}  // namespace lamina::layers
