// Squared and absolute error, the mean over a row's outputs, in double.
#include "metrics/metric.h"

namespace lamina::metrics {
namespace {

template <class T, class F> void mean_of(const MetricRows<T>& r, F&& error) {
  for (Index row = 0; row < r.rows; ++row) {
    double sum = 0;
    for (Index c = 0; c < r.outputs; ++c)
      sum += error(static_cast<double>(*r.predictions.at(row, c)) - static_cast<double>(*r.targets.at(row, c)));
    r.values[row] = sum / static_cast<double>(r.outputs);
  }
}

}  // namespace

template <class T> void mean_squared_error(const MetricRows<T>& r) {
  mean_of(r, [](double e) { return e * e; });
}

template <class T> void mean_absolute_error(const MetricRows<T>& r) {
  mean_of(r, [](double e) { return e < 0 ? -e : e; });
}

template void mean_squared_error(const MetricRows<float>&);
template void mean_squared_error(const MetricRows<double>&);
template void mean_absolute_error(const MetricRows<float>&);
template void mean_absolute_error(const MetricRows<double>&);

}  // namespace lamina::metrics
