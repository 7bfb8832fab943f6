// (1 - p^q) / q, p the output of the right class: between the cross-entropy (q → 0) and the absolute error (q = 1), so
// that wrong labels count for less (Zhang and Sabuncu, 2018).
#include <algorithm>

#include "base/error.h"
#include "losses/power.h"

namespace lamina::losses {
namespace {

template <class T> class CategoricalGeneralizedCrossEntropy final : public Loss<T> {
 public:
  explicit CategoricalGeneralizedCrossEntropy(double q) : q_(static_cast<T>(q)), power_(q), slope_power_(q - 1) {}

  void rows(const LossRows<T>& r) const override {
    T shares[chunk_columns], powers[chunk_columns];
    for (Index first = 0; first < r.rows; first += chunk_columns) {
      const Index count = std::min(chunk_columns, r.rows - first);
      for (Index i = 0; i < count; ++i) {
        const T* p = r.z.at(first + i, 0);
        const Index label = r.labels[first + i];
        // A product with a one-hot row: what is not a number stays seen.
        shares[i] = feature_sum<T>(r.outputs, [=](Index c) { return p[c] * (c == label ? T{1} : T{0}); });
      }
      power_.of(r.table, count, shares, powers);
      for (Index i = 0; i < count; ++i) r.values[first + i] = (T{1} - powers[i]) / q_;
      if (!r.dz) continue;
      slope_power_.of(r.table, count, shares, powers);
      for (Index i = 0; i < count; ++i) {
        std::fill_n(r.dz.at(first + i, 0), r.outputs, T{0});
        *r.dz.at(first + i, r.labels[first + i]) = -powers[i] * r.scale;
      }
    }
  }

 private:
  T q_;
  Power<T> power_, slope_power_;
};

}  // namespace

template <class T> std::unique_ptr<Loss<T>> make_categorical_generalized_cross_entropy(const LossSpec& spec) {
  const double q = spec.option("q", 0.5);
  require(q > 0 && q < 1, "loss 'categorical_generalized_cross_entropy': q=", q, " must be in (0, 1)");
  return std::make_unique<CategoricalGeneralizedCrossEntropy<T>>(q);
}
template std::unique_ptr<Loss<float>> make_categorical_generalized_cross_entropy(const LossSpec&);
template std::unique_ptr<Loss<double>> make_categorical_generalized_cross_entropy(const LossSpec&);

}  // namespace lamina::losses
