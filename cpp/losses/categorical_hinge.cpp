// max(0, 1 + max((1 - y) p) - Σ y p). As TensorFlow has it, the gradient passes where that is exactly 0, and outputs
// with the same largest (1 - y) p share its gradient.
#include <algorithm>

#include "losses/loss.h"

namespace lamina::losses {
namespace {

template <class T> class CategoricalHinge final : public Loss<T> {
 public:
  void rows(const LossRows<T>& r) const override {
    for (Index row = 0; row < r.rows; ++row) {
      const T* p = r.z.at(row, 0);
      const T* y = r.targets.at(row, 0);
      const auto wrong = [=](Index c) { return (T{1} - y[c]) * p[c]; };
      const T right = feature_sum<T>(r.outputs, [=](Index c) { return y[c] * p[c]; });  // NaN where any p is
      T largest = wrong(0);
      for (Index c = 1; c < r.outputs; ++c) largest = std::max(largest, wrong(c));
      const T margin = largest - right + T{1};
      r.values[row] = margin < 0 ? T{0} : margin;
      if (!r.dz) continue;
      Index ties = 0;
      for (Index c = 0; c < r.outputs; ++c) ties += wrong(c) == largest;
      const T share = T{1} / static_cast<T>(ties);
      T* dz = r.dz.at(row, 0);
      for (Index c = 0; c < r.outputs; ++c) {
        const T slope = (wrong(c) == largest ? (T{1} - y[c]) * share : T{0}) - y[c];
        dz[c] = margin >= 0 ? slope * r.scale : T{0};
      }
    }
  }
};

}  // namespace

template <class T> std::unique_ptr<Loss<T>> make_categorical_hinge(const LossSpec&) {
  return std::make_unique<CategoricalHinge<T>>();
}
template std::unique_ptr<Loss<float>> make_categorical_hinge(const LossSpec&);
template std::unique_ptr<Loss<double>> make_categorical_hinge(const LossSpec&);

}  // namespace lamina::losses
