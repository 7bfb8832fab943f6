// Whether numbers are all finite.
#pragma once
#include <bit>
#include <cstdint>
#include <type_traits>

#include "base/types.h"

namespace lamina {

// Exponents of ones alone mark what is not finite. Integers, since sums of floats would not be vectorised.
template <class T> bool all_finite(Index count, const T* x) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr Bits exponent = sizeof(T) == 4 ? Bits{0x7f800000u} : static_cast<Bits>(0x7ff0000000000000u);
  Bits found = 0;
  for (Index i = 0; i < count; ++i) found |= (std::bit_cast<Bits>(x[i]) & exponent) == exponent ? Bits{1} : Bits{0};
  return found == 0;
}

}  // namespace lamina
