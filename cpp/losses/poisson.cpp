// Mean over outputs of p - y log(p + epsilon): the negative log-likelihood of counts y, but for a constant.
#include "losses/loss.h"

namespace lamina::losses {
namespace {

template <class T> class Poisson final : public Loss<T> {
 public:
  void rows(const LossRows<T>& r) const override {
    const T share = T{1} / static_cast<T>(r.outputs);
    for (Index row = 0; row < r.rows; ++row) {
      const T* p = r.z.at(row, 0);
      const T* y = r.targets.at(row, 0);
      T* logs = r.predictions.at(row, 0);
      for (Index c = 0; c < r.outputs; ++c) logs[c] = p[c] + epsilon<T>;
      r.table.log({1, r.outputs, logs, 0, logs, 0});
      r.values[row] = share * feature_sum<T>(r.outputs, [=](Index c) { return p[c] - y[c] * logs[c]; });
      if (!r.dz) continue;
      T* dz = r.dz.at(row, 0);
      for (Index c = 0; c < r.outputs; ++c) dz[c] = (T{1} - y[c] / (p[c] + epsilon<T>)) * (share * r.scale);
    }
  }
};

}  // namespace

template <class T> std::unique_ptr<Loss<T>> make_poisson(const LossSpec&) {
  return std::make_unique<Poisson<T>>();
}
template std::unique_ptr<Loss<float>> make_poisson(const LossSpec&);
template std::unique_ptr<Loss<double>> make_poisson(const LossSpec&);

}  // namespace lamina::losses
