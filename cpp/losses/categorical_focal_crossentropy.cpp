// -Σ α y (1 - q)^γ log q (Lin et al., 2017), where q are the outputs divided by their sum and clipped; α one number, or
// one a class. Logits go through a softmax first.
#include "base/error.h"
#include "losses/power.h"

namespace lamina::losses {
namespace {

template <class T> class CategoricalFocalCrossentropy final : public Loss<T> {
 public:
  CategoricalFocalCrossentropy(double gamma, std::vector<double> alpha, double smoothing)
      : alpha_(std::move(alpha)),
        smoothing_(smoothing),
        gamma_(static_cast<T>(gamma)),
        power_(gamma),
        slope_power_(gamma - 1) {}

  void rows(const LossRows<T>& r) const override {
    Chunk chunk;
    for (Index row = 0; row < r.rows; ++row) {
      const T* p = r.z.at(row, 0);
      if (r.logits) {
        T* softmax = r.predictions.at(row, 0);
        r.table.softmax({1, r.outputs, p, 0, softmax, 0, nullptr, nullptr});
        p = softmax;
      }
      const T sum = feature_sum<T>(r.outputs, [=](Index c) { return p[c]; });
      T* dz = r.dz ? r.dz.at(row, 0) : nullptr;
      r.values[row] = feature_sum<T>(r.outputs, [&](Index c) {
        if (c % chunk_columns == 0) fill(r, row, c, p, sum, dz, chunk);
        return chunk.value[c % chunk_columns];
      });
      if (dz == nullptr) continue;
      // With g = dL/dq: dL/dp = (g - Σ g q) / sum.
      const T mean = feature_sum<T>(r.outputs, [=](Index c) { return dz[c] * (p[c] / sum); });
      for (Index c = 0; c < r.outputs; ++c) dz[c] = (dz[c] - mean) / sum;
      if (r.logits) through_softmax(r.outputs, p, dz);
      for (Index c = 0; c < r.outputs; ++c) dz[c] *= r.scale;
    }
  }

 private:
  struct Chunk {
    T logs[chunk_columns], rest[chunk_columns];  // log q and 1 - q
    T factor[chunk_columns], slope[chunk_columns];  // rest^γ and rest^(γ - 1)
    T value[chunk_columns];
  };

  // Values of the columns from `first` on, and in dz the derivative by q.
  void fill(const LossRows<T>& r, Index row, Index first, const T* p, T sum, T* dz, Chunk& k) const {
    const Index n = r.outputs - first < chunk_columns ? r.outputs - first : chunk_columns;
    const Smoothing<T> smooth(smoothing_, r.outputs);
    const T* y = r.targets.at(row, first);
    for (Index i = 0; i < n; ++i) {
      k.logs[i] = inside_0_1<T>.of(p[first + i] / sum);
      k.rest[i] = T{1} - k.logs[i];
    }
    r.table.log({1, n, k.logs, 0, k.logs, 0});
    power_.of(r.table, n, k.rest, k.factor);
    if (dz != nullptr) slope_power_.of(r.table, n, k.rest, k.slope);
    for (Index i = 0; i < n; ++i) {
      const Index c = first + i;
      const T weight = static_cast<T>(alpha_.size() == 1 ? alpha_[0] : alpha_[static_cast<std::size_t>(c)]);
      const T target = weight * smooth(y[i]), q = p[c] / sum;
      k.value[i] = -target * k.factor[i] * k.logs[i];
      if (dz == nullptr) continue;
      const T slope = gamma_ * k.slope[i] * k.logs[i] - k.factor[i] / q;
      dz[c] = inside_0_1<T>.passes(q) ? target * slope : T{0};
    }
  }

  std::vector<double> alpha_;
  double smoothing_;
  T gamma_;
  Power<T> power_, slope_power_;
};

}  // namespace

template <class T> std::unique_ptr<Loss<T>> make_categorical_focal_crossentropy(const LossSpec& spec) {
  const auto listed = spec.lists.find("alpha");
  std::vector<double> alpha =
      listed == spec.lists.end() ? std::vector<double>{spec.option("alpha", 0.25)} : listed->second;
  require(!alpha.empty(), "loss 'categorical_focal_crossentropy': alpha has no numbers");
  for (double a : alpha) require(a >= 0, "loss 'categorical_focal_crossentropy': alpha=", a, " must be at least 0");
  return std::make_unique<CategoricalFocalCrossentropy<T>>(focal_gamma(spec), std::move(alpha), label_smoothing(spec));
}
template std::unique_ptr<Loss<float>> make_categorical_focal_crossentropy(const LossSpec&);
template std::unique_ptr<Loss<double>> make_categorical_focal_crossentropy(const LossSpec&);

}  // namespace lamina::losses
