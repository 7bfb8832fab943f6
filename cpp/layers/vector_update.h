// The update of a vector of weights, whose gradient is a sum over rows, as a bias's is.
#pragma once
#include <memory>

#include "base/step.h"
#include "layers/parameter.h"

namespace lamina::layers {

// parts: what each row adds to the gradient, `times` rows for each row of the batch; with times = 0 one row is all of it.
template <class T>
std::unique_ptr<Step<T>> make_vector_update(const Parameter<T>& parameter, const kernels::Table<T>& table,
                                            Matrix<T> parts, Index times, kernels::Update update);

}  // namespace lamina::layers
