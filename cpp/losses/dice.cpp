// 1 - 2 Σ y p / (Σ y + Σ p + epsilon): one minus the overlap of Dice (1945) and Sørensen.
#include "losses/overlap.h"

namespace lamina::losses {

template <class T> std::unique_ptr<Loss<T>> make_dice(const LossSpec& spec) {
  return make_overlap<T>(spec, [](const Overlap& sums) -> OverlapValue {
    const double all = sums.targets + sums.outputs + epsilon<double>, share = 2 * sums.both / all;
    return {1 - share, share / all, -2 / all};
  });
}
template std::unique_ptr<Loss<float>> make_dice(const LossSpec&);
template std::unique_ptr<Loss<double>> make_dice(const LossSpec&);

}  // namespace lamina::losses
