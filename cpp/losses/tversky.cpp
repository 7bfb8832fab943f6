// 1 - Σ y p / (Σ y p + α Σ y (1 - p) + β Σ (1 - y) p + epsilon), after Tversky's index (Salehi et al., 2017).
#include "base/error.h"
#include "losses/overlap.h"

namespace lamina::losses {

template <class T> std::unique_ptr<Loss<T>> make_tversky(const LossSpec& spec) {
  const double alpha = spec.option("alpha", 0.5), beta = spec.option("beta", 0.5);
  require(alpha >= 0 && beta >= 0, "loss 'tversky': alpha=", alpha, " and beta=", beta, " must be at least 0");
  return make_overlap<T>(spec, [alpha, beta](const Overlap& sums) -> OverlapValue {
    const double both = sums.both;
    const double all = both + alpha * (sums.targets - both) + beta * (sums.outputs - both) + epsilon<double>;
    const double share = both / all;
    return {1 - share, share * beta / all, (share * (1 - alpha - beta) - 1) / all};
  });
}
template std::unique_ptr<Loss<float>> make_tversky(const LossSpec&);
template std::unique_ptr<Loss<double>> make_tversky(const LossSpec&);

}  // namespace lamina::losses
