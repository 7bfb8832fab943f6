// Orthonormal columns by Householder reflections, in a fixed order of operations.
#pragma once
#include <cstdint>

#include "base/types.h"

namespace lamina::initializers {

// Replaces a, of at least as many rows as columns, by the factor Q of a = Q R for which R's diagonal is not negative.
// a: [rows, columns]
void orthonormalize(Index rows, Index columns, double* a);

// Such a factor of normal draws: uniformly distributed over all orthonormal columns (Mezzadri, 2007: How to Generate
// Random Matrices from the Classical Compact Groups). out: [rows, columns], rows ≥ columns
void orthogonal(std::uint64_t seed, Index rows, Index columns, double* out);

}  // namespace lamina::initializers
