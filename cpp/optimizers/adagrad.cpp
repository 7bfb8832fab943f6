// Adagrad (Duchi, Hazan and Singer, 2011).
#include "optimizers/optimizer.h"

namespace lamina::optimizers {
namespace {

class Adagrad final : public Optimizer {
 public:
  explicit Adagrad(const OptimizerSpec& spec)
      : Optimizer(spec), first_(value("initial_accumulator_value")), epsilon_(value("epsilon")) {}

 private:
  kernels::Update rule() const override { return kernels::Update::adagrad; }
  double first_moment(int) const override { return first_; }
  void numbers(std::uint64_t iteration, double* out) const override {
    out[0] = rate(iteration);
    out[1] = epsilon_;
  }

  double first_, epsilon_;
};

}  // namespace

std::unique_ptr<Optimizer> make_adagrad(const OptimizerSpec& spec) { return std::make_unique<Adagrad>(spec); }

}  // namespace lamina::optimizers
