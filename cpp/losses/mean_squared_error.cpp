// Mean over outputs of (p - y)².
#include "losses/mean_over_outputs.h"

namespace lamina::losses {
namespace {

template <class T> class MeanSquaredError final : public Loss<T> {
 public:
  void rows(const LossRows<T>& r) const override {
    const auto value = [](T p, T y) { return (p - y) * (p - y); };
    const auto slope = [](T p, T y) { return 2 * (p - y); };
    mean_over_outputs(r, value, slope);
  }
};

}  // namespace

template <class T> std::unique_ptr<Loss<T>> make_mean_squared_error(const LossSpec&) {
  return std::make_unique<MeanSquaredError<T>>();
}
template std::unique_ptr<Loss<float>> make_mean_squared_error(const LossSpec&);
template std::unique_ptr<Loss<double>> make_mean_squared_error(const LossSpec&);

}  // namespace lamina::losses
