// Adam (Kingma and Ba, 2015) and AdamW (Loshchilov and Hutter, 2019), the bias correction folded into the step size as in the paper's section 2.
#include <cmath>

#include "optimizers/optimizer.h"

namespace lamina::optimizers {
namespace {

class Adam : public Optimizer {
 public:
  explicit Adam(const OptimizerSpec& spec)
      : Optimizer(spec), beta_1_(value("beta_1")), beta_2_(value("beta_2")), epsilon_(value("epsilon")) {}

  kernels::Update update() const override { return kernels::Update::adam; }
  void scalars(std::uint64_t iteration, double* out) const override {
    const std::uint64_t t = iteration + 1;
    out[0] = learning_rate * std::sqrt(1 - power(beta_2_, t)) / (1 - power(beta_1_, t));
    out[1] = 1 - beta_1_;
    out[2] = 1 - beta_2_;
    out[3] = epsilon_;
  }

 private:
  double beta_1_, beta_2_, epsilon_;
};

class AdamW final : public Adam {
 public:
  explicit AdamW(const OptimizerSpec& spec) : Adam(spec), weight_decay_(value("weight_decay")) {}

  kernels::Update update() const override { return kernels::Update::adamw; }
  void scalars(std::uint64_t iteration, double* out) const override {
    Adam::scalars(iteration, out);
    out[4] = weight_decay_ * learning_rate;
  }

 private:
  double weight_decay_;
};

}  // namespace

std::unique_ptr<Optimizer> make_adam(const OptimizerSpec& spec) { return std::make_unique<Adam>(spec); }
std::unique_ptr<Optimizer> make_adamw(const OptimizerSpec& spec) { return std::make_unique<AdamW>(spec); }

}  // namespace lamina::optimizers
