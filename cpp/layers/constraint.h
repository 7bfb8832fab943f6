// The step that keeps a weight to its constraint after its update.
#pragma once
#include <memory>

#include "base/step.h"
#include "layers/parameter.h"

namespace lamina::layers {

// For a parameter with a constraint.
template <class T> std::unique_ptr<Step<T>> make_constraint(const Parameter<T>& parameter);

}  // namespace lamina::layers
