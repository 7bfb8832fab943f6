// The lists that Python, tests and documentation read: activations, losses, metrics, optimizers.
#include <pybind11/stl.h>

#include <cmath>

#include "bindings/bindings.h"
#include "kernels/table.h"
#include "losses/loss.h"
#include "metrics/metric.h"
#include "optimizers/optimizer.h"

namespace lamina::bindings {
namespace {

namespace py = pybind11;

// A number, a truth value, or None for a limit that is none.
py::object default_of(const kernels::ActivationParameter& p) {
  if (p.boolean) return py::bool_(p.default_value != 0);
  if (std::isinf(p.default_value)) return py::none();
  return py::float_(p.default_value);
}

py::list activations() {
  py::list found;
  for (const kernels::Activation& a : kernels::activations) {
    py::dict row;
    row["name"] = a.name;
    py::dict parameters;
    for (const kernels::ActivationParameter& p : a.parameters)
      if (p.name != nullptr) parameters[p.name] = default_of(p);
    row["parameters"] = parameters;
    row["rowwise"] = a.scope == kernels::Scope::row;
    row["differentiable"] = a.gradient != kernels::Gradient::none;
    found.append(row);
  }
  return found;
}

template <class List> std::vector<std::string> names_of(const List& list) {
  std::vector<std::string> names;
  for (const auto& row : list) names.emplace_back(row.name);
  return names;
}

}  // namespace

void bind_lists(py::module_& m) {
  m.def("activations", activations, "The activations: name, parameters with their defaults, rowwise, differentiable.");
  m.def("losses", [] { return names_of(losses::list()); }, "Names of the losses.");
  m.def("metrics", [] { return names_of(metrics::list()); }, "Names of the metrics.");
  m.def("optimizers", optimizers::names, "Names of the optimizers.");
}

}  // namespace lamina::bindings
