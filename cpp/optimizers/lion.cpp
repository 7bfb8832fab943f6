// Lion (Chen et al., 2023).
#include "optimizers/optimizer.h"

namespace lamina::optimizers {
namespace {

class Lion final : public Optimizer {
 public:
  explicit Lion(const OptimizerSpec& spec)
      : Optimizer(spec), beta_1_(value("beta_1")), beta_2_(value("beta_2")) {}

 private:
  kernels::Update rule() const override { return kernels::Update::lion; }
  void numbers(std::uint64_t iteration, double* out) const override {
    out[0] = rate(iteration);
    out[1] = beta_1_;
    out[2] = 1 - beta_1_;
    out[3] = beta_2_;
    out[4] = 1 - beta_2_;
  }

  double beta_1_, beta_2_;
};

}  // namespace

std::unique_ptr<Optimizer> make_lion(const OptimizerSpec& spec) { return std::make_unique<Lion>(spec); }

}  // namespace lamina::optimizers
