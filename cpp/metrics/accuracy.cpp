// The three accuracies. Ties go to the first class, as NumPy's argmax has it.
#include "metrics/metric.h"

namespace lamina::metrics {
namespace {

template <class T> Index argmax(const T* x, Index n) {
  Index best = 0;
  for (Index i = 1; i < n; ++i)
    if (x[i] > x[best]) best = i;
  return best;
}

}  // namespace

template <class T> void categorical_accuracy(const MetricRows<T>& r) {
  for (Index row = 0; row < r.rows; ++row)
    r.values[row] = argmax(r.predictions.at(row, 0), r.outputs) == argmax(r.targets.at(row, 0), r.outputs);
}

template <class T> void sparse_categorical_accuracy(const MetricRows<T>& r) {
  for (Index row = 0; row < r.rows; ++row)
    r.values[row] = argmax(r.predictions.at(row, 0), r.outputs) == r.labels[row];
}

// Share of outputs on the target's side of 1/2; a prediction of exactly 1/2 counts as 0.
template <class T> void binary_accuracy(const MetricRows<T>& r) {
  for (Index row = 0; row < r.rows; ++row) {
    const T* p = r.predictions.at(row, 0);
    const T* y = r.targets.at(row, 0);
    Index right = 0;
    for (Index c = 0; c < r.outputs; ++c) right += (p[c] > T{0.5} ? T{1} : T{0}) == y[c];
    r.values[row] = static_cast<double>(right) / static_cast<double>(r.outputs);
  }
}

template void categorical_accuracy(const MetricRows<float>&);
template void categorical_accuracy(const MetricRows<double>&);
template void sparse_categorical_accuracy(const MetricRows<float>&);
template void sparse_categorical_accuracy(const MetricRows<double>&);
template void binary_accuracy(const MetricRows<float>&);
template void binary_accuracy(const MetricRows<double>&);

}  // namespace lamina::metrics
