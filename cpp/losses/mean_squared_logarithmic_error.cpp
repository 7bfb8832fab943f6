// Mean over outputs of (log(1 + p) - log(1 + y))², p and y at least epsilon; the gradient passes where p is.
#include "losses/loss.h"

namespace lamina::losses {
namespace {

template <class T> class MeanSquaredLogarithmicError final : public Loss<T> {
 public:
  void rows(const LossRows<T>& r) const override {
    const T share = T{1} / static_cast<T>(r.outputs);
    const auto at_least = [](T x) { return x < epsilon<T> ? epsilon<T> : x; };  // NaN stays
    for (Index row = 0; row < r.rows; ++row) {
      const T* p = r.z.at(row, 0);
      const T* y = r.targets.at(row, 0);
      T* error = r.predictions.at(row, 0);
      for (Index c = 0; c < r.outputs; ++c) error[c] = (at_least(p[c]) + T{1}) / (at_least(y[c]) + T{1});
      r.table.log({1, r.outputs, error, 0, error, 0});
      r.values[row] = share * feature_sum<T>(r.outputs, [=](Index c) { return error[c] * error[c]; });
      if (!r.dz) continue;
      T* dz = r.dz.at(row, 0);
      for (Index c = 0; c < r.outputs; ++c)
        dz[c] = p[c] >= epsilon<T> ? error[c] / (p[c] + T{1}) * (2 * share * r.scale) : T{0};
    }
  }
};

}  // namespace

template <class T> std::unique_ptr<Loss<T>> make_mean_squared_logarithmic_error(const LossSpec&) {
  return std::make_unique<MeanSquaredLogarithmicError<T>>();
}
template std::unique_ptr<Loss<float>> make_mean_squared_logarithmic_error(const LossSpec&);
template std::unique_ptr<Loss<double>> make_mean_squared_logarithmic_error(const LossSpec&);

}  // namespace lamina::losses
