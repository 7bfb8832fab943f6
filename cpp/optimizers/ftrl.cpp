// FTRL-Proximal (McMahan et al., 2013), with the shrinkage that Keras adds.
#include "optimizers/optimizer.h"

namespace lamina::optimizers {
namespace {

class Ftrl final : public Optimizer {
 public:
  explicit Ftrl(const OptimizerSpec& spec)
      : Optimizer(spec),
        exponent_(-value("learning_rate_power")),
        first_(value("initial_accumulator_value")),
        l1_(value("l1_regularization_strength")),
        l2_(value("l2_regularization_strength")),
        shrinkage_(value("l2_shrinkage_regularization_strength")),
        beta_(value("beta")) {}

 private:
  kernels::Update rule() const override { return kernels::Update::ftrl; }
  double first_moment(int slot) const override { return slot == 0 ? first_ : 0; }
  void numbers(std::uint64_t iteration, double* out) const override {
    out[0] = 1 / rate(iteration);
    out[1] = exponent_;
    out[2] = l1_;
    out[3] = 2 * l2_ + beta_ / rate(iteration);
    out[4] = 2 * shrinkage_;
  }

  double exponent_, first_, l1_, l2_, shrinkage_, beta_;
};

}  // namespace

std::unique_ptr<Optimizer> make_ftrl(const OptimizerSpec& spec) { return std::make_unique<Ftrl>(spec); }

}  // namespace lamina::optimizers
