// A metric: a value a row, averaged in double over all rows seen, then finished (a root, say).
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/types.h"

namespace lamina::metrics {

enum class Targets { dense, labels };

template <class T> struct MetricRows {
  Index rows, outputs;
  Matrix<const T> predictions;  // [rows, outputs]
  Matrix<const T> targets;      // [rows, outputs], for dense targets
  const std::int64_t* labels;   // [rows], for labels
  double* values;               // [rows]
};

template <class T> using MetricFunction = void (*)(const MetricRows<T>&);

struct Metric {
  const char* name;
  Targets targets;
  MetricFunction<float> rows_float;
  MetricFunction<double> rows_double;
  double (*finish)(double mean);

  void rows(const MetricRows<float>& r) const { rows_float(r); }
  void rows(const MetricRows<double>& r) const { rows_double(r); }
};

const std::vector<Metric>& list();
const Metric& find(const std::string& name);  // throws std::invalid_argument for an unknown name

// The members, in files of their own.
template <class T> void categorical_accuracy(const MetricRows<T>& r);
template <class T> void sparse_categorical_accuracy(const MetricRows<T>& r);
template <class T> void binary_accuracy(const MetricRows<T>& r);
template <class T> void mean_squared_error(const MetricRows<T>& r);
template <class T> void mean_absolute_error(const MetricRows<T>& r);

}  // namespace lamina::metrics
