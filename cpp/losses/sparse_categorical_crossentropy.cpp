// Categorical cross-entropy with the class's index for a target. Outputs that are not logits are clipped to q, and the
// loss is log Σ q - log q[label], as Keras has it on TensorFlow.
#include <algorithm>

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

// Without the rows of one class: they count as nothing, and a mean is that of the others. How many there are is a
// matter of the whole batch.
template <class T> class WithoutClass final : public Loss<T> {
 public:
  WithoutClass(std::int64_t ignored, bool sum) : ignored_(ignored), sum_(sum) {}

  bool whole_batch() const override { return true; }

  void rows(const LossRows<T>& r) const override {
    const Index valid = r.rows - std::count(r.labels, r.labels + r.rows, ignored_);
    const double factor = sum_ || valid == 0 ? 1 : static_cast<double>(r.rows) / static_cast<double>(valid);
    for (Index row = 0; row < r.rows;) {
      const Index first = row;
      const bool ignored = r.labels[row] == ignored_;
      while (row < r.rows && (r.labels[row] == ignored_) == ignored) ++row;
      if (ignored)
        nothing(r, first, row);
      else
        some(r, first, row, factor);
    }
  }

 private:
  static void nothing(const LossRows<T>& r, Index first, Index last) {
    std::fill(r.values + first, r.values + last, 0.0);
    for (Index row = first; r.dz && row < last; ++row) std::fill_n(r.dz.at(row, 0), r.outputs, T{0});
  }

  void some(const LossRows<T>& r, Index first, Index last, double factor) const {
    LossRows<T> part = r;
    part.rows = last - first;
    part.z.data = r.z.at(first, 0);
    part.labels = r.labels + first;
    part.predictions.data = r.predictions.at(first, 0);
    if (r.dz) part.dz.data = r.dz.at(first, 0);
    part.scale = r.scale * static_cast<T>(factor);
    part.values = r.values + first;
    all_.rows(part);
    for (Index row = first; row < last; ++row) r.values[row] *= factor;
  }

  SparseCategoricalCrossentropy<T> all_;
  std::int64_t ignored_;
  bool sum_;
};

}  // namespace

template <class T> std::unique_ptr<Loss<T>> make_sparse_categorical_crossentropy(const LossSpec& spec) {
  if (const auto ignored = ignored_class(spec))
    return std::make_unique<WithoutClass<T>>(*ignored, spec.option("sum", 0) != 0);
  return std::make_unique<SparseCategoricalCrossentropy<T>>();
}
template std::unique_ptr<Loss<float>> make_sparse_categorical_crossentropy(const LossSpec&);
template std::unique_ptr<Loss<double>> make_sparse_categorical_crossentropy(const LossSpec&);

}  // namespace lamina::losses
