// Mean over outputs of the cross-entropy of a probability p with y: from logits max(z, 0) - z y + log(1 + exp(-|z|)),
// finite for every z; from outputs -(y log p + (1 - y) log(1 - p)), p clipped. Either with smoothed targets.
#include "kernels/activation_index.h"
#include "losses/loss.h"

namespace lamina::losses {
namespace {

constexpr int sigmoid = kernels::activation_index("sigmoid");

template <class T> class BinaryCrossentropy final : public Loss<T> {
 public:
  explicit BinaryCrossentropy(double smoothing) : smooth_(smoothing, 2) {}

  void rows(const LossRows<T>& r) const override { r.logits ? from_logits(r) : from_outputs(r); }

 private:
  void from_outputs(const LossRows<T>& r) const {
    const T share = T{1} / static_cast<T>(r.outputs);
    const Smoothing<T> smooth = smooth_;
    for (Index row = 0; row < r.rows; ++row) {
      const T* p = r.z.at(row, 0);
      const T* y = r.targets.at(row, 0);
      T* logs = r.predictions.at(row, 0);
      const auto sum_of_logs = [&](auto probability, auto weight) {
        for (Index c = 0; c < r.outputs; ++c) logs[c] = probability(c);
        r.table.log({1, r.outputs, logs, 0, logs, 0});
        return feature_sum<T>(r.outputs, [&](Index c) { return weight(c) * logs[c]; });
      };
      const T of_ones = sum_of_logs([=](Index c) { return inside_0_1<T>.of(p[c]); },
                                    [=](Index c) { return smooth(y[c]); });
      const T of_zeros = sum_of_logs([=](Index c) { return T{1} - inside_0_1<T>.of(p[c]); },
                                     [=](Index c) { return T{1} - smooth(y[c]); });
      r.values[row] = -(of_ones + of_zeros) * share;
      if (!r.dz) continue;
      T* dz = r.dz.at(row, 0);
      for (Index c = 0; c < r.outputs; ++c) {
        const T target = smooth(y[c]);
        const T slope = (T{1} - target) / (T{1} - p[c]) - target / p[c];
        dz[c] = inside_0_1<T>.passes(p[c]) ? slope * (share * r.scale) : T{0};
      }
    }
  }

  void from_logits(const LossRows<T>& r) const {
    const T share = T{1} / static_cast<T>(r.outputs);
    const Smoothing<T> smooth = smooth_;
    for (Index row = 0; row < r.rows; ++row) {
      const T* z = r.z.at(row, 0);
      const T* y = r.targets.at(row, 0);
      T* p = r.predictions.at(row, 0);
      r.table.log1p_exp_minus_abs({1, r.outputs, z, 0, p, 0});
      const T sum = feature_sum<T>(
          r.outputs, [=](Index c) { return (z[c] > 0 ? z[c] : T{0}) - z[c] * smooth(y[c]) + p[c]; });
      r.values[row] = sum * share;
      r.table.activation_forward[sigmoid]({1, r.outputs, z, 0, p, 0});
      if (!r.dz) continue;
      T* dz = r.dz.at(row, 0);
      for (Index c = 0; c < r.outputs; ++c) dz[c] = (p[c] - smooth(y[c])) * (share * r.scale);
    }
  }

  Smoothing<T> smooth_;
};

}  // namespace

template <class T> std::unique_ptr<Loss<T>> make_binary_crossentropy(const LossSpec& spec) {
  return std::make_unique<BinaryCrossentropy<T>>(label_smoothing(spec));
}
template std::unique_ptr<Loss<float>> make_binary_crossentropy(const LossSpec&);
template std::unique_ptr<Loss<double>> make_binary_crossentropy(const LossSpec&);

}  // namespace lamina::losses
