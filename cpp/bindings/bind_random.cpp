// Random numbers for initializers and seeds.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include "base/rng.h"
#include "bindings/bindings.h"

namespace lamina::bindings {
namespace {

namespace py = pybind11;

py::array_t<double> random_uniform(std::uint64_t seed, const std::vector<py::ssize_t>& shape, double low, double high) {
  py::array_t<double> out(shape);
  double* const p = out.mutable_data();
  const auto size = static_cast<std::uint64_t>(out.size());
  const py::gil_scoped_release unlocked;
  const Draws draws(seed, 0, streams::uniform);
  for (std::uint64_t i = 0; i < size; ++i)
    p[i] = low + (high - low) * (static_cast<double>(draws[i] >> 11) * 0x1p-53);
  return out;
}

}  // namespace

void bind_random(py::module_& m) {
  m.def("random_uniform", random_uniform, py::arg("seed"), py::arg("shape"), py::arg("low"), py::arg("high"),
        "Uniform draws from [low, high), float64.");
  m.def("derive_seed", derive_seed, py::arg("seed"), py::arg("index"), "A 64-bit child seed.");
}

}  // namespace lamina::bindings
