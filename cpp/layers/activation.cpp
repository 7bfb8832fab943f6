#include "layers/activation.h"

#include <algorithm>

#include "base/error.h"
#include "kernels/activation_index.h"

namespace lamina::layers {
namespace {

template <class T> class ActivationOp final : public Op<T> {
 public:
  ActivationOp(const kernels::Table<T>& table, int index, const std::vector<double>& parameters)
      : table_(table), index_(index) {
    for (std::size_t i = 0; i < std::size(parameters_); ++i)
      parameters_[i] = static_cast<T>(i < parameters.size() ? parameters[i] : info().parameters[i].default_value);
  }

  bool rowwise() const override { return info().scope == kernels::Scope::row; }
  bool in_place() const override { return info().gradient != kernels::Gradient::input; }

  void forward(const Rect& r) const override {
    table_.activation_forward[index_](arguments(r, this->in, this->out));
  }

  void gradient(const Rect& r, Matrix<T> dy) const override {
    table_.activation_gradient[index_](arguments(r, in_place() ? this->out : this->in, dy));
  }

 private:
  const kernels::Activation& info() const { return kernels::activations[index_]; }

  kernels::Elementwise<T> arguments(const Rect& r, Matrix<T> from, Matrix<T> to) const {
    kernels::Elementwise<T> e{r.rows, r.columns, from.at(r.row, r.column), from.row, to.at(r.row, r.column), to.row};
    std::copy(std::begin(parameters_), std::end(parameters_), std::begin(e.parameters));
    return e;
  }

  const kernels::Table<T>& table_;
  int index_;
  T parameters_[kernels::max_activation_parameters];
};

}  // namespace

int activation_index(const std::string& name) {
  const int index = kernels::activation_index(name);
  require(index >= 0, "activation '", name, "' is unknown");
  return index;
}

void check_activation(const LayerSpec& spec) {
  const kernels::Activation& activation = kernels::activations[activation_index(spec.function)];
  const auto known = std::count_if(std::begin(activation.parameters), std::end(activation.parameters),
                                   [](const auto& p) { return p.name != nullptr; });
  require(static_cast<std::ptrdiff_t>(spec.parameters.size()) <= known, "activation '", spec.function, "' has ", known,
          " parameters, not ", spec.parameters.size());
  for (std::size_t i = 0; i < spec.parameters.size(); ++i)
    require(spec.parameters[i] >= 0, "activation '", spec.function, "': ", activation.parameters[i].name, "=",
            spec.parameters[i], " must be at least 0");
}

template <class T> std::unique_ptr<Op<T>> make_activation(const LayerSpec& spec, const OpContext<T>& context) {
  const int index = activation_index(spec.function);
  if (spec.function == "linear") return nullptr;
  return std::make_unique<ActivationOp<T>>(context.table, index, spec.parameters);
}

template std::unique_ptr<Op<float>> make_activation(const LayerSpec&, const OpContext<float>&);
template std::unique_ptr<Op<double>> make_activation(const LayerSpec&, const OpContext<double>&);

}  // namespace lamina::layers
