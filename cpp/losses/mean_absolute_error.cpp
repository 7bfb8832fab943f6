// Mean over outputs of |p - y|, its gradient 0 where p = y.
#include "losses/mean_over_outputs.h"

namespace lamina::losses {
namespace {

template <class T> class MeanAbsoluteError final : public Loss<T> {
 public:
  void rows(const LossRows<T>& r) const override {
    const auto value = [](T p, T y) { return p > y ? p - y : y - p; };
    const auto slope = [](T p, T y) { return p > y ? T{1} : p < y ? T{-1} : T{0}; };
    mean_over_outputs(r, value, slope);
  }
};

}  // namespace

template <class T> std::unique_ptr<Loss<T>> make_mean_absolute_error(const LossSpec&) {
  return std::make_unique<MeanAbsoluteError<T>>();
}
template std::unique_ptr<Loss<float>> make_mean_absolute_error(const LossSpec&);
template std::unique_ptr<Loss<double>> make_mean_absolute_error(const LossSpec&);

}  // namespace lamina::losses
