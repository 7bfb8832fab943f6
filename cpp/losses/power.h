// Powers of numbers by the kernels' logarithm and exponential.
#pragma once
#include <limits>

#include "kernels/activation_index.h"
#include "losses/loss.h"

namespace lamina::losses {

inline constexpr Index chunk_columns = 64;  // worked on at a time, where several numbers are kept of each

// x^exponent as TensorFlow has it: 0^0 = 1, and a negative x has a power where the exponent is a whole number.
template <class T> class Power {
 public:
  explicit Power(double exponent) : exponent_(static_cast<T>(exponent)) {
    constexpr double all_even = 0x1p53;  // from here on every number is
    const auto cut = exponent < all_even && exponent > -all_even ? static_cast<Index>(exponent) : Index{0};
    whole_ = cut == 0 ? exponent == 0 || exponent >= all_even || exponent <= -all_even
                      : static_cast<double>(cut) == exponent;
    odd_ = whole_ && cut % 2 != 0;
  }

  // powers[n] of x[n], which is another array; both have room up to the next multiple of 16.
  void of(const kernels::Table<T>& table, Index n, const T* x, T* powers) const {
    for (Index i = 0; i < n; ++i) powers[i] = x[i] < 0 ? -x[i] : x[i];
    table.log({1, n, powers, 0, powers, 0});
    for (Index i = 0; i < n; ++i) powers[i] *= exponent_;
    table.activation_forward[exponential]({1, n, powers, 0, powers, 0});
    for (Index i = 0; i < n; ++i) {
      if (exponent_ == 0) powers[i] = T{1};
      if (x[i] < 0) powers[i] = !whole_ ? std::numeric_limits<T>::quiet_NaN() : odd_ ? -powers[i] : powers[i];
    }
  }

 private:
  static constexpr int exponential = kernels::activation_index("exponential");
  T exponent_;
  bool whole_, odd_;
};

}  // namespace lamina::losses
