// Where the steps of a plan wait for all threads.
#pragma once
#include <memory>
#include <vector>

#include "base/step.h"

namespace lamina::network {

// Which steps must wait in a team of so many, or in any (0): those that touch what another member has touched since the
// last barrier, in this batch or in the one before.
template <class T> std::vector<bool> barriers_for(const std::vector<std::unique_ptr<Step<T>>>& steps, int team);

}  // namespace lamina::network
