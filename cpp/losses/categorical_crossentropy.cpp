// Cross-entropy with a distribution y, smoothed where asked for: from logits Σ y (log Σ exp(z - max) - (z - max)); from
// outputs -Σ y log q, where q are the outputs divided by their sum and clipped, as Keras has it on TensorFlow. The
// gradient of the logits, p - y, is TensorFlow's too: it is the loss's own where y sums to 1.
#include "losses/softmax_rows.h"

namespace lamina::losses {
namespace {

template <class T> class CategoricalCrossentropy final : public Loss<T> {
 public:
  explicit CategoricalCrossentropy(double smoothing) : smoothing_(smoothing) {}

  void rows(const LossRows<T>& r) const override { r.logits ? from_logits(r) : from_outputs(r); }

 private:
  void from_outputs(const LossRows<T>& r) const {
    const Smoothing<T> smooth(smoothing_, r.outputs);
    for (Index row = 0; row < r.rows; ++row) {
      const T* p = r.z.at(row, 0);
      const T* y = r.targets.at(row, 0);
      T* logs = r.predictions.at(row, 0);
      const T sum = feature_sum<T>(r.outputs, [=](Index c) { return p[c]; });
      for (Index c = 0; c < r.outputs; ++c) logs[c] = inside_0_1<T>.of(p[c] / sum);
      r.table.log({1, r.outputs, logs, 0, logs, 0});
      r.values[row] = -feature_sum<T>(r.outputs, [=](Index c) { return smooth(y[c]) * logs[c]; });
      if (!r.dz) continue;
      // With g = dL/dq: dL/dp = (g - Σ g q) / sum.
      T* dz = r.dz.at(row, 0);
      for (Index c = 0; c < r.outputs; ++c) {
        const T q = p[c] / sum;
        dz[c] = inside_0_1<T>.passes(q) ? -smooth(y[c]) / q : T{0};
      }
      const T mean = feature_sum<T>(r.outputs, [=](Index c) { return dz[c] * (p[c] / sum); });
      for (Index c = 0; c < r.outputs; ++c) dz[c] = (dz[c] - mean) / sum * r.scale;
    }
  }

  void from_logits(const LossRows<T>& r) const {
    const Smoothing<T> smooth(smoothing_, r.outputs);
    for_softmax_rows(r, [&r, smooth](Index row, T max, T log_sum) {
      const T* z = r.z.at(row, 0);
      const T* y = r.targets.at(row, 0);
      r.values[row] = feature_sum<T>(r.outputs, [=](Index c) {
        const T target = smooth(y[c]);
        return target == 0 ? T{0} : target * (log_sum - (z[c] - max));
      });
      if (!r.dz) return;
      const T* p = r.predictions.at(row, 0);
      T* dz = r.dz.at(row, 0);
      for (Index c = 0; c < r.outputs; ++c) dz[c] = (p[c] - smooth(y[c])) * r.scale;
    });
  }

  double smoothing_;
};

}  // namespace

template <class T> std::unique_ptr<Loss<T>> make_categorical_crossentropy(const LossSpec& spec) {
  return std::make_unique<CategoricalCrossentropy<T>>(label_smoothing(spec));
}
template std::unique_ptr<Loss<float>> make_categorical_crossentropy(const LossSpec&);
template std::unique_ptr<Loss<double>> make_categorical_crossentropy(const LossSpec&);

}  // namespace lamina::losses
