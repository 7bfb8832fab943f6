// Mean over outputs of max(1 - y p, 0)², y = 1 where the target is positive, else -1.
#include "losses/mean_over_outputs.h"

namespace lamina::losses {
namespace {

template <class T> class SquaredHinge final : public Loss<T> {
 public:
  void rows(const LossRows<T>& r) const override {
    const auto margin = [](T p, T y) {
      const T m = T{1} - (y > 0 ? p : -p);
      return m < 0 ? T{0} : m;  // NaN stays
    };
    const auto value = [=](T p, T y) { return margin(p, y) * margin(p, y); };
    const auto slope = [=](T p, T y) { return (y > 0 ? T{-2} : T{2}) * margin(p, y); };
    mean_over_outputs(r, value, slope);
  }
};

}  // namespace

template <class T> std::unique_ptr<Loss<T>> make_squared_hinge(const LossSpec&) {
  return std::make_unique<SquaredHinge<T>>();
}
template std::unique_ptr<Loss<float>> make_squared_hinge(const LossSpec&);
template std::unique_ptr<Loss<double>> make_squared_hinge(const LossSpec&);

}  // namespace lamina::losses
