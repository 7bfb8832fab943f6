#include "bindings/bindings.h"
#include "bindings/weights.h"

#include <pybind11/stl.h>

namespace lamina::bindings {
namespace {

// A weight of its own, of one or two dimensions.
template <class T> Weight made(const py::array& values) {
  require(values.ndim() == 1 || values.ndim() == 2, "a weight has one or two dimensions, not ", values.ndim());
  const bool vector = values.ndim() == 1;
  const layers::ParameterInfo info{{vector ? 1 : values.shape(0), values.shape(values.ndim() - 1), vector}, {}, true};
  const T* const numbers = values_for<T>(info, values, "Weight");
  network::Weights<T> weights;
  network::fill_up(weights, {info});
  weights[0]->write(numbers);
  return Weight(weights[0]);
}

}  // namespace

void bind_weights(py::module_& m) {
  py::class_<Weight>(m, "Weight")
      .def(py::init([](const py::array& values) { return holds<float>(values) ? made<float>(values) : made<double>(values); }),
           py::arg("values"))
      .def_property_readonly("shape", [](const Weight& w) { return py::tuple(py::cast(w.visit([](const auto& t) { return shape_of(t.shape()); }))); })
      .def_property_readonly("dtype", [](const Weight& w) {
        return w.visit([]<class T>(const network::Weight<T>&) { return std::is_same_v<T, float> ? "float32" : "float64"; });
      })
      .def("read",
           [](const Weight& w) {
             return w.visit([]<class T>(const network::Weight<T>& weight) -> py::array {
               py::array_t<T> out(shape_of(weight.shape()));
               weight.read(out.mutable_data());
               return out;
             });
           })
      .def(
          "write",
          [](const Weight& w, const py::array& values) {
            w.visit([&values]<class T>(network::Weight<T>& weight) {
              weight.write(values_for<T>(weight.shape(), values, "write"));
            });
          },
          py::arg("values"));
}

}  // namespace lamina::bindings
