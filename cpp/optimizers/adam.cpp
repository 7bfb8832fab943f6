// Adam (Kingma and Ba, 2015), AMSGrad (Reddi, Kale and Kumar, 2018) and AdamW (Loshchilov and Hutter, 2019), the bias correction folded
// into the step size as in the first paper's section 2.
#include <cmath>

#include "optimizers/optimizer.h"

namespace lamina::optimizers {
namespace {

class Adam final : public Optimizer {
 public:
  explicit Adam(const OptimizerSpec& spec)
      : Optimizer(spec),
        beta_1_(value("beta_1")),
        beta_2_(value("beta_2")),
        epsilon_(value("epsilon")),
        amsgrad_(value("amsgrad", 0) != 0) {}

 private:
  kernels::Update rule() const override {
    if (amsgrad_) return kernels::Update::amsgrad;
    return has_decay() ? kernels::Update::adamw : kernels::Update::adam;
  }
  void numbers(std::uint64_t iteration, double* out) const override {
    const std::uint64_t t = iteration + 1;
    out[0] = rate(iteration) * std::sqrt(1 - power(beta_2_, t)) / (1 - power(beta_1_, t));
    out[1] = 1 - beta_1_;
    out[2] = 1 - beta_2_;
    out[3] = epsilon_;
    if (has_decay()) out[4] = decay(iteration);
  }

  double beta_1_, beta_2_, epsilon_;
  bool amsgrad_;
};

}  // namespace

std::unique_ptr<Optimizer> make_adam(const OptimizerSpec& spec) { return std::make_unique<Adam>(spec); }
std::unique_ptr<Optimizer> make_adamw(const OptimizerSpec& spec) { return std::make_unique<Adam>(spec); }

}  // namespace lamina::optimizers
