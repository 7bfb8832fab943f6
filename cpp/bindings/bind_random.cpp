// Random numbers for initializers and seeds.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include "base/error.h"
#include "base/rng.h"
#include "bindings/bindings.h"
#include "initializers/draws.h"
#include "initializers/orthogonal.h"

namespace lamina::bindings {
namespace {

namespace py = pybind11;

// A function of a seed, two numbers and a count, as one of seed, shape and two numbers that gives an array.
template <void (*draw)(std::uint64_t, double, double, Index, double*)>
py::array_t<double> drawn(std::uint64_t seed, const std::vector<py::ssize_t>& shape, double first, double second) {
  py::array_t<double> out(shape);
  double* const p = out.mutable_data();
  const auto size = static_cast<Index>(out.size());
  const py::gil_scoped_release unlocked;
  draw(seed, first, second, size, p);
  return out;
}

py::array_t<double> random_orthogonal(std::uint64_t seed, py::ssize_t rows, py::ssize_t columns) {
  require(rows >= columns && columns >= 0, "random_orthogonal: shape (", rows, ", ", columns,
          "); there must be as many rows as columns, or more");
  py::array_t<double> out({rows, columns});
  double* const p = out.mutable_data();
  const py::gil_scoped_release unlocked;
  initializers::orthogonal(seed, rows, columns, p);
  return out;
}

}  // namespace

void bind_random(py::module_& m) {
  m.def("random_uniform", drawn<initializers::uniform>, py::arg("seed"), py::arg("shape"), py::arg("low"),
        py::arg("high"), "Uniform draws from [low, high), float64.");
  m.def("random_normal", drawn<initializers::normal>, py::arg("seed"), py::arg("shape"), py::arg("mean"),
        py::arg("stddev"), "Normal draws, float64.");
  m.def("random_truncated_normal", drawn<initializers::truncated_normal>, py::arg("seed"), py::arg("shape"),
        py::arg("mean"), py::arg("stddev"), "Normal draws from within two deviations of the mean, float64.");
  m.def("random_orthogonal", random_orthogonal, py::arg("seed"), py::arg("rows"), py::arg("columns"),
        "A random matrix with orthonormal columns, float64.");
  m.def("derive_seed", derive_seed, py::arg("seed"), py::arg("index"), "A 64-bit child seed.");
}

}  // namespace lamina::bindings
