#include "layers/prelu.h"

#include "base/arena.h"
#include "gemm/gemm.h"

namespace lamina::layers {
namespace {

// The slopes' gradient is a sum over rows, as a bias's is.
template <class T> class SlopeUpdate final : public Step<T> {
 public:
  SlopeUpdate(const Parameter<T>& slope, const kernels::Table<T>& table, Matrix<T> parts, Index times,
              kernels::Update update)
      : slope_(slope), table_(table), parts_(parts), times_(times), update_(update) {
    this->reads = {parts.data};
    this->writes = {update == kernels::Update::store ? slope.gradient : slope.value};
    this->changes_weights = update != kernels::Update::store;
  }

  Index tiles(Index) const override { return slope_.panels(); }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    for (Index panel = begin; panel < end; ++panel) {
      auto g = slope_.gradient_at(panel, 0, update_, batch.scalars);
      g.rows = batch.rows * times_;
      g.inputs = 1;
      g.dz = parts_.at(0, panel * panel_width);
      g.dz_row = parts_.row;
      gemm::bias_gradient(table_, update_, g);
    }
  }

  double work(Index rows) const override { return 4.0 * static_cast<double>(rows * times_ * slope_.units); }

 private:
  const Parameter<T>& slope_;
  const kernels::Table<T>& table_;
  Matrix<T> parts_;
  Index times_;
  kernels::Update update_;
};

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

  std::unique_ptr<Step<T>> make_update(kernels::Update update) override {
    if (!this->trainable) return nullptr;
    return std::make_unique<SlopeUpdate<T>>(slope_, table_, parts_, times_, update);
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
