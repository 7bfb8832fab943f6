// The steps that change weights by stored gradients, for all that cannot be done while a gradient is in registers.
#pragma once
#include <memory>
#include <vector>

#include "base/step.h"
#include "network/network.h"

namespace lamina::network {

// The norms of gradients, where the rule wants them, then the update of every weight that is trained. The squares' sums go
// to `segments`, which is sized here and must not move afterwards.
template <class T>
std::vector<std::unique_ptr<Step<T>>> make_update_steps(const Network<T>& network, const kernels::UpdateRule& rule,
                                                        std::vector<double>& segments);

}  // namespace lamina::network
