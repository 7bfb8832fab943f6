// -Σ y p / (|y| |p|): -1 where outputs point as the targets do. A norm below epsilon counts as epsilon.
#include <algorithm>
#include <cmath>

#include "losses/loss.h"

namespace lamina::losses {
namespace {

template <class T> T inverse_norm(const T* x, Index n) {
  return T{1} / std::sqrt(feature_sum<T>(n, [=](Index c) { return x[c] * x[c]; }));
}

template <class T> class CosineSimilarity final : public Loss<T> {
 public:
  void rows(const LossRows<T>& r) const override {
    constexpr T most = T{1} / epsilon<T>;
    for (Index row = 0; row < r.rows; ++row) {
      const T* p = r.z.at(row, 0);
      const T* y = r.targets.at(row, 0);
      const T inverse_y = std::min(inverse_norm(y, r.outputs), most), free = inverse_norm(p, r.outputs);
      const T inverse_p = most < free ? most : free;  // NaN stays
      const T cosine = feature_sum<T>(r.outputs, [=](Index c) { return (y[c] * inverse_y) * (p[c] * inverse_p); });
      r.values[row] = -cosine;
      if (!r.dz) continue;
      const T along = free <= most ? cosine : T{0};  // a norm that counts as epsilon has no slope
      T* dz = r.dz.at(row, 0);
      for (Index c = 0; c < r.outputs; ++c)
        dz[c] = (along * (p[c] * inverse_p) - y[c] * inverse_y) * (inverse_p * r.scale);
    }
  }
};

}  // namespace

template <class T> std::unique_ptr<Loss<T>> make_cosine_similarity(const LossSpec&) {
  return std::make_unique<CosineSimilarity<T>>();
}
template std::unique_ptr<Loss<float>> make_cosine_similarity(const LossSpec&);
template std::unique_ptr<Loss<double>> make_cosine_similarity(const LossSpec&);

}  // namespace lamina::losses
