// Stochastic gradient descent, with momentum and Nesterov's form of it.
#include "optimizers/optimizer.h"

namespace lamina::optimizers {
namespace {

class Sgd final : public Optimizer {
 public:
  explicit Sgd(const OptimizerSpec& spec)
      : Optimizer(spec), momentum_(value("momentum")), nesterov_(value("nesterov") != 0) {}

 private:
  kernels::Update rule() const override {
    if (momentum_ == 0) return kernels::Update::sgd;
    return nesterov_ ? kernels::Update::nesterov : kernels::Update::momentum;
  }
  void numbers(std::uint64_t iteration, double* out) const override {
    out[0] = rate(iteration);
    out[1] = momentum_;
  }

  double momentum_;
  bool nesterov_;
};

}  // namespace

std::unique_ptr<Optimizer> make_sgd(const OptimizerSpec& spec) { return std::make_unique<Sgd>(spec); }

}  // namespace lamina::optimizers
