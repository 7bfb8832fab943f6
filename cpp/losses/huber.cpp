// Mean over outputs of e²/2 where |e| ≤ δ, else δ|e| - δ²/2, with e = p - y (Huber, 1964).
#include "base/error.h"
#include "losses/mean_over_outputs.h"

namespace lamina::losses {
namespace {

template <class T> class Huber final : public Loss<T> {
 public:
  explicit Huber(double delta) : delta_(static_cast<T>(delta)) {}

  void rows(const LossRows<T>& r) const override {
    const T delta = delta_;
    const auto value = [delta](T p, T y) {
      const T size = p > y ? p - y : y - p;
      return size <= delta ? T{0.5} * (size * size) : delta * size - T{0.5} * (delta * delta);
    };
    const auto slope = [delta](T p, T y) {
      const T error = p - y;
      return error > delta ? delta : error < -delta ? -delta : error;
    };
    mean_over_outputs(r, value, slope);
  }

 private:
  T delta_;
};

}  // namespace

template <class T> std::unique_ptr<Loss<T>> make_huber(const LossSpec& spec) {
  const double delta = spec.option("delta", 1);
  require(delta > 0, "loss 'huber': delta=", delta, " must be above 0");
  return std::make_unique<Huber<T>>(delta);
}
template std::unique_ptr<Loss<float>> make_huber(const LossSpec&);
template std::unique_ptr<Loss<double>> make_huber(const LossSpec&);

}  // namespace lamina::losses
