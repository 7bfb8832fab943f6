// The inverse of the normal distribution function.
#pragma once
#include "base/types.h"

namespace lamina::kernels {

// x[i] with Φ(x[i]) = ½ + q[i], for |q[i]| ≤ ½ - 2⁻⁵³: accurate to four ulp or so, odd in q to the last bit, the same
// bits on every machine. q, x: [count]; x may be q.
void normal_quantile(Index count, const double* q, double* x);

}  // namespace lamina::kernels
