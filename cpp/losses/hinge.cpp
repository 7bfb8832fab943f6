// Mean over outputs of max(1 - y p, 0), y = 1 where the target is positive, else -1. The gradient passes where 1 = y p.
#include "losses/mean_over_outputs.h"

namespace lamina::losses {
namespace {

template <class T> class Hinge final : public Loss<T> {
 public:
  void rows(const LossRows<T>& r) const override {
    const auto value = [](T p, T y) {
      const T margin = T{1} - (y > 0 ? p : -p);
      return margin < 0 ? T{0} : margin;  // NaN stays
    };
    const auto slope = [](T p, T y) {
      if (y > 0) return T{1} - p >= 0 ? T{-1} : T{0};
      return T{1} + p >= 0 ? T{1} : T{0};
    };
    mean_over_outputs(r, value, slope);
  }
};

}  // namespace

template <class T> std::unique_ptr<Loss<T>> make_hinge(const LossSpec&) {
  return std::make_unique<Hinge<T>>();
}
template std::unique_ptr<Loss<float>> make_hinge(const LossSpec&);
template std::unique_ptr<Loss<double>> make_hinge(const LossSpec&);

}  // namespace lamina::losses
