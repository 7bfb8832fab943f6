// The metrics by name: one row each.
#include <cmath>

#include "base/error.h"
#include "metrics/metric.h"

namespace lamina::metrics {
namespace {

double same(double mean) { return mean; }
double root(double mean) { return std::sqrt(mean); }

}  // namespace

const std::vector<Metric>& list() {
#define LAMINA_METRIC(name, targets, function, finish) \
  {#name, Targets::targets, function<float>, function<double>, finish}
  static const std::vector<Metric> metrics = {
      LAMINA_METRIC(categorical_accuracy, dense, categorical_accuracy, same),
      LAMINA_METRIC(sparse_categorical_accuracy, labels, sparse_categorical_accuracy, same),
      LAMINA_METRIC(binary_accuracy, dense, binary_accuracy, same),
      LAMINA_METRIC(root_mean_squared_error, dense, mean_squared_error, root),
      LAMINA_METRIC(mean_squared_error, dense, mean_squared_error, same),
      LAMINA_METRIC(mean_absolute_error, dense, mean_absolute_error, same),
  };
#undef LAMINA_METRIC
  return metrics;
}

const Metric& find(const std::string& name) {
  for (const Metric& metric : list())
    if (name == metric.name) return metric;
  fail("metric '", name, "' is unknown");
}

}  // namespace lamina::metrics
