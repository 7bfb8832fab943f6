// The update of a parameter from its stored gradient, which holds its penalties already.
#pragma once
#include <memory>

#include "base/step.h"
#include "layers/parameter.h"

namespace lamina::layers {

template <class T>
std::unique_ptr<Step<T>> make_stored_update(const Parameter<T>& parameter, const kernels::Table<T>& table,
                                            kernels::Update update);

}  // namespace lamina::layers
