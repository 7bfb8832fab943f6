// NumPy arrays in and out, checked and never converted.
#pragma once
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include "base/error.h"
#include "training/batches.h"

namespace lamina::bindings {

namespace py = pybind11;

// Whether the array holds aligned numbers of T in this machine's byte order.
template <class T> bool holds(const py::array& a) {
  return py::isinstance<py::array_t<T>>(a) && (a.flags() & py::detail::npy_api::NPY_ARRAY_ALIGNED_) != 0;
}

// Rows of float32, uint8 or, for a float64 model, float64, read in place whatever their distance.
template <class T> training::Inputs inputs_of(const py::array& x, Index columns) {
  require(x.ndim() == 2, "x has ", x.ndim(), " dimensions; it must have 2: (rows, ", columns, ")");
  require(x.shape(1) == columns, "x has ", x.shape(1), " columns; the model takes ", columns);
  // NumPy gives an array without elements any strides.
  require(columns == 1 || x.shape(0) == 0 || x.strides(1) == x.itemsize(), "x: the columns of a row must be contiguous");
  training::Inputs inputs;
  inputs.data = x.data();
  inputs.rows = x.shape(0);
  inputs.row_bytes = x.strides(0);
  if (holds<float>(x)) {
    inputs.type = kernels::SourceType::float32;
  } else if (holds<std::uint8_t>(x)) {
    inputs.type = kernels::SourceType::uint8;
  } else {
    require(holds<double>(x) && std::is_same_v<T, double>, "x: dtype ", std::string(py::str(x.dtype())),
            " cannot be read in place");
    inputs.type = kernels::SourceType::float64;
  }
  return inputs;
}

// Targets of `times` rows a sample: int64 labels (rows, times), or (rows,) for one, or numbers (rows, times * outputs).
template <class T>
training::TargetRows<T> targets_of(const py::array& y, const losses::LossSpec& loss, Index rows, Index times,
                                   Index outputs) {
  require((y.flags() & py::array::c_style) != 0, "y must be contiguous");
  require(y.ndim() >= 1 && y.shape(0) == rows, "y must have ", rows, " rows, as x has");
  training::TargetRows<T> targets;
  if (losses::info_of(loss).targets == losses::Targets::labels) {
    require(y.size() == rows * times && holds<std::int64_t>(y), "y must be int64 class indices, ", times, " a row");
    targets.labels = static_cast<const std::int64_t*>(y.data());
    const auto ignored = losses::ignored_class(loss);
    for (Index r = 0; r < rows * times; ++r)
      require((targets.labels[r] >= 0 && targets.labels[r] < outputs) || targets.labels[r] == ignored, "y[", r, "] = ", targets.labels[r],
              " is outside [0, ", outputs, ")");
  } else {
    require(y.ndim() == 2 && y.shape(1) == times * outputs && holds<T>(y), "y must be of the model's dtype and shape (",
            rows, ", ", times * outputs, ")");
    targets.dense = static_cast<const T*>(y.data());
  }
  return targets;
}

// Sample weights of `times` rows a sample, (rows, times), or (rows,) for one.
template <class T> const T* weights_of(const py::array& w, Index rows, Index times) {
  require((w.flags() & py::array::c_style) != 0 && holds<T>(w), "weights must be contiguous and of the model's dtype");
  require(w.ndim() >= 1 && w.shape(0) == rows && w.size() == rows * times, "weights must have ", rows, " rows, as x has, of ",
          times);
  return static_cast<const T*>(w.data());
}

}  // namespace lamina::bindings
