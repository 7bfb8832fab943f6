#include "layers/rescaling.h"

namespace lamina::layers {
namespace {

template <class T> class RescalingOp final : public Op<T> {
 public:
  RescalingOp(const LayerSpec& spec, const OpContext<T>& context)
      : table_(context.table), scale_(static_cast<T>(spec.value("scale", 1))), offset_(static_cast<T>(spec.value("offset", 0))) {}

  void forward(const Rect& r) const override {
    table_.affine({r.rows, r.columns, this->in.at(r.row, r.column), this->in.row, this->out.at(r.row, r.column),
                   this->out.row, scale_, offset_});
  }

  void gradient(const Rect& r, Matrix<T> dy) const override {
    T* const x = dy.at(r.row, r.column);
    table_.affine({r.rows, r.columns, x, dy.row, x, dy.row, scale_, T{0}});
  }

 private:
  const kernels::Table<T>& table_;
  T scale_, offset_;
};

}  // namespace

template <class T> std::unique_ptr<Op<T>> make_rescaling(const LayerSpec& spec, const OpContext<T>& context) {
  return std::make_unique<RescalingOp<T>>(spec, context);
}

template std::unique_ptr<Op<float>> make_rescaling(const LayerSpec&, const OpContext<float>&);
template std::unique_ptr<Op<double>> make_rescaling(const LayerSpec&, const OpContext<double>&);

}  // namespace lamina::layers
