// Mean over outputs of w (1 - p_t)^γ b (Lin et al., 2017): p_t = y p + (1 - y)(1 - p), b the binary cross-entropy, and
// w = y α + (1 - y)(1 - α) with class balancing, else 1. Of a model that ends in a softmax or sigmoid, b is that of the
// logits under a sigmoid and p the model's output, even where it is a softmax: so has it Keras on TensorFlow.
#include "base/error.h"
#include "losses/power.h"

namespace lamina::losses {
namespace {

constexpr int sigmoid = kernels::activation_index("sigmoid");

template <class T> class BinaryFocalCrossentropy final : public Loss<T> {
 public:
  BinaryFocalCrossentropy(double gamma, double alpha, bool balanced, double smoothing)
      : smooth_(smoothing, 2),
        gamma_(static_cast<T>(gamma)),
        alpha_(static_cast<T>(alpha)),
        balanced_(balanced),
        power_(gamma),
        slope_power_(gamma - 1) {}

  void rows(const LossRows<T>& r) const override {
    const T share = T{1} / static_cast<T>(r.outputs);
    Chunk chunk;
    for (Index row = 0; row < r.rows; ++row) {
      if (r.logits && !r.head) {
        T* p = r.predictions.at(row, 0);
        r.table.activation_forward[sigmoid]({1, r.outputs, r.z.at(row, 0), 0, p, 0});
      }
      r.values[row] = share * feature_sum<T>(r.outputs, [&](Index c) {
        if (c % chunk_columns == 0) fill(r, row, c, chunk);
        return chunk.value[c % chunk_columns];
      });
      if (!r.dz) continue;
      T* dz = r.dz.at(row, 0);
      if (r.head) {
        const T* direct = r.predictions.at(row, 0);
        through_softmax(r.outputs, r.head.at(row, 0), dz);
        for (Index c = 0; c < r.outputs; ++c) dz[c] += direct[c];
      }
      for (Index c = 0; c < r.outputs; ++c) dz[c] *= share * r.scale;
    }
  }

 private:
  // Some columns of a row.
  struct Chunk {
    T y[chunk_columns], rest[chunk_columns];  // the smoothed target, 1 - p_t
    T factor[chunk_columns], slope[chunk_columns];  // w rest^γ and its derivative by p
    T entropy[chunk_columns], logs[chunk_columns], value[chunk_columns];
  };

  // Values of the columns from `first` on; the gradient too, where one is wanted: by p in dz and by z in predictions
  // where a softmax stands between them, else all in dz.
  void fill(const LossRows<T>& r, Index row, Index first, Chunk& k) const {
    const Index n = r.outputs - first < chunk_columns ? r.outputs - first : chunk_columns;
    const T* z = r.z.at(row, first);
    const T* p = !r.logits ? z : r.head ? r.head.at(row, first) : r.predictions.at(row, first);
    const T* targets = r.targets.at(row, first);
    for (Index i = 0; i < n; ++i) {
      k.y[i] = smooth_(targets[i]);
      k.rest[i] = T{1} - (k.y[i] * p[i] + (T{1} - k.y[i]) * (T{1} - p[i]));
    }
    r.logits ? entropy_of_logits(r, n, z, k) : entropy_of_outputs(r, n, p, k);
    power_.of(r.table, n, k.rest, k.factor);
    if (r.dz) slope_power_.of(r.table, n, k.rest, k.slope);
    for (Index i = 0; i < n; ++i) {
      const T w = balanced_ ? k.y[i] * alpha_ + (T{1} - k.y[i]) * (T{1} - alpha_) : T{1};
      k.factor[i] *= w;
      k.slope[i] = gamma_ == 0 ? T{0} : w * gamma_ * k.slope[i] * (T{1} - 2 * k.y[i]);
      k.value[i] = k.factor[i] * k.entropy[i];
    }
    if (r.dz) gradient(r, row, first, n, z, p, k);
  }

  void entropy_of_logits(const LossRows<T>& r, Index n, const T* z, Chunk& k) const {
    r.table.log1p_exp_minus_abs({1, n, z, 0, k.logs, 0});
    for (Index i = 0; i < n; ++i) k.entropy[i] = (z[i] > 0 ? z[i] : T{0}) - z[i] * k.y[i] + k.logs[i];
  }

  void entropy_of_outputs(const LossRows<T>& r, Index n, const T* p, Chunk& k) const {
    for (Index i = 0; i < n; ++i) k.logs[i] = inside_0_1<T>.of(p[i]);
    r.table.log({1, n, k.logs, 0, k.logs, 0});
    for (Index i = 0; i < n; ++i) k.entropy[i] = -k.y[i] * k.logs[i];
    for (Index i = 0; i < n; ++i) k.logs[i] = T{1} - inside_0_1<T>.of(p[i]);
    r.table.log({1, n, k.logs, 0, k.logs, 0});
    for (Index i = 0; i < n; ++i) k.entropy[i] -= (T{1} - k.y[i]) * k.logs[i];
  }

  void gradient(const LossRows<T>& r, Index row, Index first, Index n, const T* z, const T* p, Chunk& k) const {
    T* dz = r.dz.at(row, first);
    if (!r.logits) {
      for (Index i = 0; i < n; ++i) {
        const T by_entropy = inside_0_1<T>.passes(p[i]) ? (T{1} - k.y[i]) / (T{1} - p[i]) - k.y[i] / p[i] : T{0};
        dz[i] = k.slope[i] * k.entropy[i] + k.factor[i] * by_entropy;
      }
      return;
    }
    if (!r.head) {
      for (Index i = 0; i < n; ++i)
        dz[i] = k.slope[i] * k.entropy[i] * (p[i] * (T{1} - p[i])) + k.factor[i] * (p[i] - k.y[i]);
      return;
    }
    T* direct = r.predictions.at(row, first);
    r.table.activation_forward[sigmoid]({1, n, z, 0, direct, 0});
    for (Index i = 0; i < n; ++i) {
      direct[i] = k.factor[i] * (direct[i] - k.y[i]);
      dz[i] = k.slope[i] * k.entropy[i];
    }
  }

  Smoothing<T> smooth_;
  T gamma_, alpha_;
  bool balanced_;
  Power<T> power_, slope_power_;
};

}  // namespace

template <class T> std::unique_ptr<Loss<T>> make_binary_focal_crossentropy(const LossSpec& spec) {
  const double gamma = focal_gamma(spec), alpha = spec.option("alpha", 0.25);
  require(alpha >= 0 && alpha <= 1, "loss 'binary_focal_crossentropy': alpha=", alpha, " must be in [0, 1]");
  return std::make_unique<BinaryFocalCrossentropy<T>>(gamma, alpha, spec.option("apply_class_balancing", 0) != 0,
                                                      label_smoothing(spec));
}
template std::unique_ptr<Loss<float>> make_binary_focal_crossentropy(const LossSpec&);
template std::unique_ptr<Loss<double>> make_binary_focal_crossentropy(const LossSpec&);

}  // namespace lamina::losses
