#include "layers/activation.h"

#include "base/error.h"
#include "kernels/activation_index.h"

namespace lamina::layers {
namespace {

template <class T> class ActivationOp final : public Op<T> {
 public:
  ActivationOp(const kernels::Table<T>& table, int index, double parameter)
      : table_(table), index_(index), parameter_(static_cast<T>(parameter)) {}

  bool rowwise() const override { return kernels::activations[index_].rowwise; }

  void forward(const Rect& r) const override {
    table_.activation_forward[index_]({r.rows, r.columns, this->in.at(r.row, r.column), this->in.row,
                                       this->out.at(r.row, r.column), this->out.row, parameter_});
  }

  void gradient(const Rect& r, Matrix<T> dy) const override {
    table_.activation_gradient[index_]({r.rows, r.columns, this->out.at(r.row, r.column), this->out.row,
                                        dy.at(r.row, r.column), dy.row, parameter_});
  }

 private:
  const kernels::Table<T>& table_;
  int index_;
  T parameter_;
};

}  // namespace

int activation_index(const std::string& name) {
  const int index = kernels::activation_index(name);
  require(index >= 0, "activation '", name, "' is unknown");
  return index;
}

void check_activation(const LayerSpec& spec) {
  const kernels::Activation& activation = kernels::activations[activation_index(spec.name)];
  // The gradient is taken from the output, whose sign must be the input's.
  const char* const parameter = activation.parameter == nullptr ? "parameter" : activation.parameter;
  require(spec.parameter >= 0, "activation '", spec.name, "': ", parameter, "=", spec.parameter,
          " must be at least 0");
}

template <class T> std::unique_ptr<Op<T>> make_activation(const LayerSpec& spec, const OpContext<T>& context) {
  const int index = activation_index(spec.name);
  if (spec.name == "linear") return nullptr;
  return std::make_unique<ActivationOp<T>>(context.table, index, spec.parameter);
}

template std::unique_ptr<Op<float>> make_activation(const LayerSpec&, const OpContext<float>&);
template std::unique_ptr<Op<double>> make_activation(const LayerSpec&, const OpContext<double>&);

}  // namespace lamina::layers
