// Categorical cross-entropy with the class's index for a target. Outputs that are not logits are clipped to q, and the
// loss is log Σ q - log q[label], as Keras has it on TensorFlow.
#include "losses/softmax_rows.h"

namespace lamina::losses {
namespace {

template <class T> class SparseCategoricalCrossentropy final : public Loss<T> {
 public:
  void rows(const LossRows<T>& r) const override { r.logits ? from_logits(r) : from_outputs(r); }

 private:
  static void from_outputs(const LossRows<T>& r) {
    for (Index row = 0; row < r.rows; ++row) {
      const Index label = r.labels[row];
      const T* p = r.z.at(row, 0);
      const T sum = feature_sum<T>(r.outputs, [=](Index c) { return inside_0_1<T>.of(p[c]); });
      const T share = inside_0_1<T>.of(p[label]);
      T* log_share = r.predictions.at(row, 0);
      *log_share = share / sum;
      r.table.log({1, 1, log_share, 0, log_share, 0});
      r.values[row] = -*log_share;
      if (!r.dz) continue;
      T* dz = r.dz.at(row, 0);
      for (Index c = 0; c < r.outputs; ++c)
        dz[c] = inside_0_1<T>.passes(p[c]) ? (T{1} / sum - (c == label ? T{1} / share : T{0})) * r.scale : T{0};
    }
  }

  static void from_logits(const LossRows<T>& r) {
    for_softmax_rows(r, [&r](Index row, T max, T log_sum) {
      const Index label = r.labels[row];
      r.values[row] = log_sum - (*r.z.at(row, label) - max);
      if (!r.dz) return;
      const T* p = r.predictions.at(row, 0);
      T* dz = r.dz.at(row, 0);
      for (Index c = 0; c < r.outputs; ++c) dz[c] = (p[c] - (c == label ? T{1} : T{0})) * r.scale;
    });
  }
};

}  // namespace

template <class T> std::unique_ptr<Loss<T>> make_sparse_categorical_crossentropy(const LossSpec&) {
  return std::make_unique<SparseCategoricalCrossentropy<T>>();
}
template std::unique_ptr<Loss<float>> make_sparse_categorical_crossentropy(const LossSpec&);
template std::unique_ptr<Loss<double>> make_sparse_categorical_crossentropy(const LossSpec&);

}  // namespace lamina::losses
