// Random weights: functions of a seed and of their position alone, the same bits on every machine.
#pragma once
#include <cstdint>

#include "base/types.h"

namespace lamina::initializers {

// out: [count] in each.

// From [low, high).
void uniform(std::uint64_t seed, double low, double high, Index count, double* out);

// From the normal distribution.
void normal(std::uint64_t seed, double mean, double deviation, Index count, double* out);

// From the part of the normal distribution within two deviations of its mean; a draw deviates by 0.88 of `deviation`.
void truncated_normal(std::uint64_t seed, double mean, double deviation, Index count, double* out);

}  // namespace lamina::initializers
