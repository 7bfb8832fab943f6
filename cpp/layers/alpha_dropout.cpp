// Klambauer, Unterthiner, Mayr and Hochreiter, 2017: dropped values become -alpha scale of SELU, then all are scaled and
// shifted so that mean and variance stay.
#include "layers/alpha_dropout.h"

#include <cmath>

#include "layers/dropout.h"

namespace lamina::layers {
namespace {

constexpr double lowest = -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946;

template <class T> class AlphaDropoutOp final : public Op<T> {
 public:
  AlphaDropoutOp(const LayerSpec& spec, const OpContext<T>& context) : mask_(spec, context) {
    const double rate = spec.value("rate", 0);
    const double scale = 1 / std::sqrt((1 - rate) * (1 + rate * lowest * lowest)), shift = -scale * lowest * rate;
    scale_ = static_cast<T>(scale);
    kept_ = static_cast<T>(shift);
    dropped_ = static_cast<T>(scale * lowest + shift);
    mask_.read_by(*this);
  }

  bool in_place() const override { return false; }  // the activation before it wants its output back

  void forward(const Rect& r) const override {
    for (Index row = r.row; row < r.row + r.rows; ++row) {
      const T* const x = this->in.at(row, r.column);
      T* const y = this->out.at(row, r.column);
      for (Index c = 0; c < r.columns; ++c) y[c] = mask_.kept(row, r.column + c) ? x[c] * scale_ + kept_ : dropped_;
    }
  }

  void gradient(const Rect& r, Matrix<T> dy) const override { mask_.apply(r, dy, scale_, dy); }
  std::unique_ptr<Step<T>> prepare() override { return mask_.step(); }

 private:
  DropoutMask<T> mask_;
  T scale_, kept_, dropped_;  // the factor of what is kept, what is added to it, what stands for the others
};

}  // namespace

template <class T> std::unique_ptr<Op<T>> make_alpha_dropout(const LayerSpec& spec, const OpContext<T>& context) {
  if (!context.training || spec.value("rate", 0) == 0) return nullptr;
  return std::make_unique<AlphaDropoutOp<T>>(spec, context);
}

template std::unique_ptr<Op<float>> make_alpha_dropout(const LayerSpec&, const OpContext<float>&);
template std::unique_ptr<Op<double>> make_alpha_dropout(const LayerSpec&, const OpContext<double>&);

}  // namespace lamina::layers
