// Mean over outputs of (p - y)².
#include "losses/loss.h"

namespace lamina::losses {
namespace {

template <class T> class MeanSquaredError final : public Loss<T> {
 public:
  void rows(const LossRows<T>& r) const override {
    const T share = T{1} / static_cast<T>(r.outputs);
    for (Index row = 0; row < r.rows; ++row) {
      const T* p = r.z.at(row, 0);
      const T* y = r.targets.at(row, 0);
      r.values[row] = share * feature_sum<T>(r.outputs, [=](Index c) {
        const T error = p[c] - y[c];
        return error * error;
      });
      if (!r.dz) continue;
      T* dz = r.dz.at(row, 0);
      for (Index c = 0; c < r.outputs; ++c) dz[c] = (p[c] - y[c]) * (2 * share * r.scale);
    }
  }
};

}  // namespace

template <class T> std::unique_ptr<Loss<T>> make_mean_squared_error(const LossSpec&) {
  return std::make_unique<MeanSquaredError<T>>();
}
template std::unique_ptr<Loss<float>> make_mean_squared_error(const LossSpec&);
template std::unique_ptr<Loss<double>> make_mean_squared_error(const LossSpec&);

}  // namespace lamina::losses
