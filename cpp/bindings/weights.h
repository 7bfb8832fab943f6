// Weight tensors as Python holds them: what a layer keeps, and networks are made with.
#pragma once
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "bindings/arrays.h"
#include "network/weight.h"

namespace lamina::bindings {

class Weight {
 public:
  template <class T> explicit Weight(std::shared_ptr<network::Weight<T>> weight) : weight_(std::move(weight)) {}

  // Calls f<T>(weight).
  template <class F> decltype(auto) visit(const F& f) const {
    return std::visit([&f]<class T>(const std::shared_ptr<network::Weight<T>>& w) -> decltype(auto) { return f(*w); },
                      weight_);
  }

  // Throws std::invalid_argument where it holds another number type.
  template <class T> std::shared_ptr<network::Weight<T>> as() const {
    const auto* found = std::get_if<std::shared_ptr<network::Weight<T>>>(&weight_);
    require(found != nullptr, "a weight of another dtype than the network's");
    return *found;
  }

 private:
  std::variant<std::shared_ptr<network::Weight<float>>, std::shared_ptr<network::Weight<double>>> weight_;
};

inline std::vector<py::ssize_t> shape_of(const layers::WeightShape& shape) {
  if (shape.vector) return {shape.units};
  return {shape.inputs, shape.units};
}

// Throws std::invalid_argument unless the array is contiguous, of type T and of the weight's shape.
template <class T> const T* values_for(const layers::WeightShape& weight, const py::array& values, const char* where) {
  const auto shape = shape_of(weight);
  const bool fits = static_cast<std::size_t>(values.ndim()) == shape.size() &&
                    std::equal(shape.begin(), shape.end(), values.shape()) && holds<T>(values) &&
                    (values.flags() & py::array::c_style) != 0;
  require(fits, where, ": an array must be contiguous, of the model's dtype and of shape ",
          std::string(py::str(py::cast(shape))));
  return static_cast<const T*>(values.data());
}

}  // namespace lamina::bindings
