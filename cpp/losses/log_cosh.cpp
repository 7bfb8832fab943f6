// Mean over outputs of log cosh e = |e| + log(1 + exp(-2|e|)) - log 2, finite for every e = p - y; its slope is tanh e.
#include "kernels/activation_index.h"
#include "losses/loss.h"

namespace lamina::losses {
namespace {

constexpr int tanh = kernels::activation_index("tanh");

template <class T> class LogCosh final : public Loss<T> {
 public:
  void rows(const LossRows<T>& r) const override {
    constexpr T log_2 = static_cast<T>(0.69314718055994530942);
    const T share = T{1} / static_cast<T>(r.outputs);
    for (Index row = 0; row < r.rows; ++row) {
      const T* p = r.z.at(row, 0);
      const T* y = r.targets.at(row, 0);
      T* of = r.predictions.at(row, 0);  // functions of the errors
      for (Index c = 0; c < r.outputs; ++c) of[c] = 2 * (p[c] - y[c]);
      r.table.log1p_exp_minus_abs({1, r.outputs, of, 0, of, 0});
      r.values[row] = share * feature_sum<T>(r.outputs, [=](Index c) {
        return (p[c] > y[c] ? p[c] - y[c] : y[c] - p[c]) + of[c] - log_2;
      });
      if (!r.dz) continue;
      for (Index c = 0; c < r.outputs; ++c) of[c] = p[c] - y[c];
      r.table.activation_forward[tanh]({1, r.outputs, of, 0, of, 0});
      T* dz = r.dz.at(row, 0);
      for (Index c = 0; c < r.outputs; ++c) dz[c] = of[c] * (share * r.scale);
    }
  }
};

}  // namespace

template <class T> std::unique_ptr<Loss<T>> make_log_cosh(const LossSpec&) {
  return std::make_unique<LogCosh<T>>();
}
template std::unique_ptr<Loss<float>> make_log_cosh(const LossSpec&);
template std::unique_ptr<Loss<double>> make_log_cosh(const LossSpec&);

}  // namespace lamina::losses
