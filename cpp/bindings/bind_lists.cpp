// The lists that Python, tests and documentation read: activations, losses, metrics, optimizers.
#include <pybind11/stl.h>

#include "bindings/bindings.h"
#include "kernels/table.h"
#include "losses/loss.h"
#include "metrics/metric.h"
#include "optimizers/optimizer.h"

namespace lamina::bindings {
namespace {

namespace py = pybind11;

py::list activations() {
  py::list found;
  for (const kernels::Activation& a : kernels::activations) {
    py::dict row;
    row["name"] = a.name;
    row["parameter"] = a.parameter == nullptr ? py::object(py::none()) : py::make_tuple(a.parameter, a.default_value);
    row["rowwise"] = a.rowwise;
    row["differentiable"] = a.differentiable;
    py::list kinks;
    if (a.kink) kinks.append(0.0);
    row["kinks"] = kinks;
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
  m.def("activations", activations, "The activations: name, parameter, rowwise, differentiable, kinks.");
  m.def("losses", [] { return names_of(losses::list()); }, "Names of the losses.");
  m.def("metrics", [] { return names_of(metrics::list()); }, "Names of the metrics.");
  m.def("optimizers", optimizers::names, "Names of the optimizers.");
}

}  // namespace lamina::bindings
