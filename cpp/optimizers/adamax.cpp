// Adamax (Kingma and Ba, 2015, section 7.1).
#include "optimizers/optimizer.h"

namespace lamina::optimizers {
namespace {

class Adamax final : public Optimizer {
 public:
  explicit Adamax(const OptimizerSpec& spec)
      : Optimizer(spec), beta_1_(value("beta_1")), beta_2_(value("beta_2")), epsilon_(value("epsilon")) {}

 private:
  kernels::Update rule() const override { return kernels::Update::adamax; }
  void numbers(std::uint64_t iteration, double* out) const override {
    out[0] = rate(iteration) / (1 - power(beta_1_, iteration + 1));
    out[1] = 1 - beta_1_;
    out[2] = beta_2_;
    out[3] = epsilon_;
  }

  double beta_1_, beta_2_, epsilon_;
};

}  // namespace

std::unique_ptr<Optimizer> make_adamax(const OptimizerSpec& spec) { return std::make_unique<Adamax>(spec); }

}  // namespace lamina::optimizers
