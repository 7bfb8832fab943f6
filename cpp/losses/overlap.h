// What the losses share that judge how far targets y and outputs p overlap: of the whole batch at once, as Keras's
// axis=None has it, where every row's value is the batch's, or of each row.
#pragma once
#include "losses/loss.h"

namespace lamina::losses {

struct Overlap {
  double both = 0, targets = 0, outputs = 0;  // Σ y p, Σ y, Σ p
};

// A value, and its slope by an output: constant + by_target y.
struct OverlapValue {
  double value, constant, by_target;
};

template <class T, class Judge> class OverlapLoss final : public Loss<T> {
 public:
  OverlapLoss(bool whole_batch, Judge judge) : whole_batch_(whole_batch), judge_(judge) {}

  bool whole_batch() const override { return whole_batch_; }
  bool one_value() const override { return whole_batch_; }

  void rows(const LossRows<T>& r) const override {
    if (!whole_batch_) {
      for (Index row = 0; row < r.rows; ++row) put(r, row, row + 1, r.scale);
    } else {
      put(r, 0, r.rows, r.scale * static_cast<T>(r.rows));
    }
  }

 private:
  // Rows from first to last have one value.
  void put(const LossRows<T>& r, Index first, Index last, T scale) const {
    Overlap sums;
    for (Index row = first; row < last; ++row) {
      const T* p = r.z.at(row, 0);
      const T* y = r.targets.at(row, 0);
      sums.both += static_cast<double>(feature_sum<T>(r.outputs, [=](Index c) { return y[c] * p[c]; }));
      sums.targets += static_cast<double>(feature_sum<T>(r.outputs, [=](Index c) { return y[c]; }));
      sums.outputs += static_cast<double>(feature_sum<T>(r.outputs, [=](Index c) { return p[c]; }));
    }
    const OverlapValue found = judge_(sums);
    const T constant = static_cast<T>(found.constant) * scale, by_target = static_cast<T>(found.by_target) * scale;
    for (Index row = first; row < last; ++row) {
      r.values[row] = found.value;
      if (!r.dz) continue;
      const T* y = r.targets.at(row, 0);
      T* dz = r.dz.at(row, 0);
      for (Index c = 0; c < r.outputs; ++c) dz[c] = constant + by_target * y[c];
    }
  }

  bool whole_batch_;
  Judge judge_;
};

template <class T, class Judge> std::unique_ptr<Loss<T>> make_overlap(const LossSpec& spec, Judge judge) {
  return std::make_unique<OverlapLoss<T, Judge>>(spec.option("axis", 0) == 0, judge);  // -1: each row
}

}  // namespace lamina::losses
