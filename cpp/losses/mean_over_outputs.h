// What the losses share that are a mean over a row's outputs p with targets y: value(p, y) and its slope by p.
#pragma once
#include "losses/loss.h"

namespace lamina::losses {

template <class T, class Value, class Slope>
void mean_over_outputs(const LossRows<T>& r, const Value& value, const Slope& slope) {
  const T share = T{1} / static_cast<T>(r.outputs);
  for (Index row = 0; row < r.rows; ++row) {
    const T* p = r.z.at(row, 0);
    const T* y = r.targets.at(row, 0);
    r.values[row] = share * feature_sum<T>(r.outputs, [&](Index c) { return value(p[c], y[c]); });
    if (!r.dz) continue;
    T* dz = r.dz.at(row, 0);
    for (Index c = 0; c < r.outputs; ++c) dz[c] = slope(p[c], y[c]) * (share * r.scale);
  }
}

}  // namespace lamina::losses
