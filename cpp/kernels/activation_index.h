// The position of an activation in the one list, known when compiling.
#pragma once
#include <string_view>

#include "kernels/table.h"

namespace lamina::kernels {

// -1 for a name that is not in the list.
constexpr int activation_index(std::string_view name) {
  for (int i = 0; i < activation_count; ++i)
    if (name == activations[i].name) return i;
  return -1;
}

}  // namespace lamina::kernels
