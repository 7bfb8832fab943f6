// Adadelta (Zeiler, 2012), with a learning rate.
#include "optimizers/optimizer.h"

namespace lamina::optimizers {
namespace {

class Adadelta final : public Optimizer {
 public:
  explicit Adadelta(const OptimizerSpec& spec)
      : Optimizer(spec), rho_(value("rho")), epsilon_(value("epsilon")) {}

 private:
  kernels::Update rule() const override { return kernels::Update::adadelta; }
  void numbers(std::uint64_t iteration, double* out) const override {
    out[0] = rate(iteration);
    out[1] = 1 - rho_;
    out[2] = epsilon_;
  }

  double rho_, epsilon_;
};

}  // namespace

std::unique_ptr<Optimizer> make_adadelta(const OptimizerSpec& spec) { return std::make_unique<Adadelta>(spec); }

}  // namespace lamina::optimizers
