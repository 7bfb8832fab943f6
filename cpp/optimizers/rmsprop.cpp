// RMSprop (Tieleman and Hinton, 2012), with momentum, and centered, where asked for.
#include "optimizers/optimizer.h"

namespace lamina::optimizers {
namespace {

class RmsProp final : public Optimizer {
 public:
  explicit RmsProp(const OptimizerSpec& spec)
      : Optimizer(spec),
        rho_(value("rho")),
        momentum_(value("momentum")),
        epsilon_(value("epsilon")),
        centered_(value("centered") != 0) {}

 private:
  kernels::Update rule() const override {
    using kernels::Update;
    if (momentum_ == 0) return centered_ ? Update::centered_rmsprop : Update::rmsprop;
    return centered_ ? Update::centered_rmsprop_momentum : Update::rmsprop_momentum;
  }
  void numbers(std::uint64_t iteration, double* out) const override {
    out[0] = rate(iteration);
    out[1] = 1 - rho_;
    out[2] = epsilon_;
    out[3] = momentum_;
  }

  double rho_, momentum_, epsilon_;
  bool centered_;
};

}  // namespace

std::unique_ptr<Optimizer> make_rmsprop(const OptimizerSpec& spec) { return std::make_unique<RmsProp>(spec); }

}  // namespace lamina::optimizers
