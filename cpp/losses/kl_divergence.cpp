// Σ y log(y / p), p and y held in [epsilon, 1] (Kullback and Leibler, 1951); the gradient passes where p is inside.
#include "losses/loss.h"

namespace lamina::losses {
namespace {

template <class T> class KlDivergence final : public Loss<T> {
 public:
  void rows(const LossRows<T>& r) const override {
    constexpr Clip<T> clip{epsilon<T>, T{1}};
    for (Index row = 0; row < r.rows; ++row) {
      const T* p = r.z.at(row, 0);
      const T* y = r.targets.at(row, 0);
      T* logs = r.predictions.at(row, 0);
      for (Index c = 0; c < r.outputs; ++c) logs[c] = clip.of(y[c]) / clip.of(p[c]);
      r.table.log({1, r.outputs, logs, 0, logs, 0});
      r.values[row] = feature_sum<T>(r.outputs, [=](Index c) { return clip.of(y[c]) * logs[c]; });
      if (!r.dz) continue;
      T* dz = r.dz.at(row, 0);
      for (Index c = 0; c < r.outputs; ++c) dz[c] = clip.passes(p[c]) ? -clip.of(y[c]) / p[c] * r.scale : T{0};
    }
  }
};

}  // namespace

template <class T> std::unique_ptr<Loss<T>> make_kl_divergence(const LossSpec&) {
  return std::make_unique<KlDivergence<T>>();
}
template std::unique_ptr<Loss<float>> make_kl_divergence(const LossSpec&);
template std::unique_ptr<Loss<double>> make_kl_divergence(const LossSpec&);

}  // namespace lamina::losses
