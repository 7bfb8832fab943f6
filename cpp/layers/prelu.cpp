#include "layers/prelu.h"

#include "base/arena.h"
#include "layers/vector_update.h"

namespace lamina::layers {
namespace {

template <class T> class PreluOp final : public Op<T> {
 public:
  explicit PreluOp(const OpContext<T>& context)
      : table_(context.table), slope_(*context.parameters), times_(context.shape.times) {
    this->reads = {slope_.value};
    this->trainable = slope_.trainable;
    if (!context.backward) return;
    const Index row = round_up(slope_.units, panel_width);
    arena_.reserve(context.capacity * row);
    arena_.allocate();
    parts_ = {arena_.at(0), row};
    this->gradient_writes = parts_.data;
  }

  bool in_place() const override { return false; }  // with a negative slope the output does not tell the input's sign

  void forward(const Rect& r) const override {
    table_.prelu({r.rows, r.columns, this->in.at(r.row, r.column), this->in.row, slope_.value + r.column,
                  this->out.at(r.row, r.column), this->out.row, nullptr, 0});
  }

  void gradient(const Rect& r, Matrix<T> dy) const override {
    table_.prelu({r.rows, r.columns, this->in.at(r.row, r.column), this->in.row, slope_.value + r.column,
                  dy.at(r.row, r.column), dy.row, parts_.at(r.row, r.column), parts_.row});
  }

  std::vector<std::unique_ptr<Step<T>>> make_updates(kernels::Update update) override {
    std::vector<std::unique_ptr<Step<T>>> steps;
    if (this->trainable) steps.push_back(make_vector_update(slope_, table_, parts_, times_, update));
    return steps;
  }

 private:
  const kernels::Table<T>& table_;
  const Parameter<T>& slope_;
  Index times_;
  Arena<T> arena_;
  Matrix<T> parts_;  // [rows, columns]: what each element adds to its slope's gradient
};

}  // namespace

std::vector<WeightShape> prelu_weights(const LayerSpec&, Index inputs) { return {{1, inputs, true}}; }

template <class T> std::unique_ptr<Op<T>> make_prelu(const LayerSpec&, const OpContext<T>& context) {
  return std::make_unique<PreluOp<T>>(context);
}

template std::unique_ptr<Op<float>> make_prelu(const LayerSpec&, const OpContext<float>&);
template std::unique_ptr<Op<double>> make_prelu(const LayerSpec&, const OpContext<double>&);

}  // namespace lamina::layers
