// Klambauer, Unterthiner, Mayr and Hochreiter, 2017: dropped values become -alpha scale of SELU, then all are scaled and
// shifted so that mean and variance stay.
#include "layers/alpha_dropout.h"

#include <cmath>

#include "base/arena.h"
#include "layers/dropout.h"

namespace lamina::layers {
namespace {

constexpr double lowest = -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946;

template <class T> class AlphaDropoutOp final : public Op<T> {
 public:
  AlphaDropoutOp(const LayerSpec& spec, const OpContext<T>& context)
      : table_(context.table), spec_(spec), shape_(context.shape), stream_(context.position) {
    const double rate = spec.value("rate", 0);
    const double scale = 1 / std::sqrt((1 - rate) * (1 + rate * lowest * lowest)), shift = -scale * lowest * rate;
    scale_ = static_cast<T>(scale);
    kept_ = static_cast<T>(shift);
    dropped_ = static_cast<T>(scale * lowest + shift);
    mask_.reserve(dropout_mask_size(context.capacity * shape_.columns));
    mask_.allocate();
    this->reads = {mask_.at(0)};
  }

  bool in_place() const override { return false; }  // the activation before it wants its output back

  void forward(const Rect& r) const override {
    for (Index row = r.row; row < r.row + r.rows; ++row) {
      const T *const x = this->in.at(row, r.column), *const mask = mask_.at(row * shape_.columns + r.column);
      T* const y = this->out.at(row, r.column);
      for (Index c = 0; c < r.columns; ++c) y[c] = mask[c] != 0 ? x[c] * mask[c] + kept_ : dropped_;
    }
  }

  void gradient(const Rect& r, Matrix<T> dy) const override {
    T* const x = dy.at(r.row, r.column);
    table_.multiply({r.rows, r.columns, x, dy.row, mask_.at(r.row * shape_.columns + r.column), shape_.columns, x, dy.row});
  }

  std::unique_ptr<Step<T>> prepare() override {
    return make_dropout_mask(table_, spec_, mask_.at(0), scale_, shape_, stream_);
  }

 private:
  const kernels::Table<T>& table_;
  const LayerSpec spec_;
  Shape shape_;
  std::uint32_t stream_;
  T scale_, kept_, dropped_;  // the factor of what is kept, what is added to it, what stands for the others
  Arena<T> mask_;             // [rows, units] without padding
};

}  // namespace

template <class T> std::unique_ptr<Op<T>> make_alpha_dropout(const LayerSpec& spec, const OpContext<T>& context) {
  if (!context.training || spec.value("rate", 0) == 0) return nullptr;
  return std::make_unique<AlphaDropoutOp<T>>(spec, context);
}

template std::unique_ptr<Op<float>> make_alpha_dropout(const LayerSpec&, const OpContext<float>&);
template std::unique_ptr<Op<double>> make_alpha_dropout(const LayerSpec&, const OpContext<double>&);

}  // namespace lamina::layers
