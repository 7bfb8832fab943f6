// What the two categorical cross-entropies share: softmax of some rows, with each row's maximum and log-sum.
#pragma once
#include "losses/loss.h"

namespace lamina::losses {

inline constexpr Index rows_at_once = 16;

// Calls row(r, max, log_sum) for every row once its softmax stands in r.predictions.
template <class T, class F> void for_softmax_rows(const LossRows<T>& r, F&& row) {
  for (Index first = 0; first < r.rows; first += rows_at_once) {
    const Index count = r.rows - first < rows_at_once ? r.rows - first : rows_at_once;
    T max[rows_at_once], log_sum[rows_at_once];
    r.table.softmax({count, r.outputs, r.z.at(first, 0), r.z.row, r.predictions.at(first, 0), r.predictions.row, max,
                     log_sum});
    for (Index i = 0; i < count; ++i) row(first + i, max[i], log_sum[i]);
  }
}

}  // namespace lamina::losses
