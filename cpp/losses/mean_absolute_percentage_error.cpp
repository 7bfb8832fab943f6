// Mean over outputs of 100 |p - y| / |y|, the divisor kept from 0; the gradient is 0 where p = y.
#include <algorithm>

#include "losses/mean_over_outputs.h"

namespace lamina::losses {
namespace {

template <class T> class MeanAbsolutePercentageError final : public Loss<T> {
 public:
  void rows(const LossRows<T>& r) const override {
    const auto percent = [](T y) { return 100 / std::max(y < 0 ? -y : y, epsilon<T>); };
    const auto value = [=](T p, T y) { return (p > y ? p - y : y - p) * percent(y); };
    const auto slope = [=](T p, T y) { return p > y ? percent(y) : p < y ? -percent(y) : T{0}; };
    mean_over_outputs(r, value, slope);
  }
};

}  // namespace

template <class T> std::unique_ptr<Loss<T>> make_mean_absolute_percentage_error(const LossSpec&) {
  return std::make_unique<MeanAbsolutePercentageError<T>>();
}
template std::unique_ptr<Loss<float>> make_mean_absolute_percentage_error(const LossSpec&);
template std::unique_ptr<Loss<double>> make_mean_absolute_percentage_error(const LossSpec&);

}  // namespace lamina::losses
