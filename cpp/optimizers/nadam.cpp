// Nadam (Dozat, 2016): Adam with Nesterov's momentum, whose share grows by the schedule of its section 3.
#include <algorithm>
#include <array>
#include <cmath>

#include "optimizers/optimizer.h"

namespace lamina::optimizers {
namespace {

// 1 - 0.96^t / 2, from the step on at which it is 1 in double.
constexpr std::size_t growing_steps = 1024;
double share(std::uint64_t t) { return 1 - 0.5 * power(0.96, t); }

class Nadam final : public Optimizer {
 public:
  explicit Nadam(const OptimizerSpec& spec)
      : Optimizer(spec), beta_1_(value("beta_1")), beta_2_(value("beta_2")), epsilon_(value("epsilon")) {
    shares_[0] = 1;
    for (std::size_t t = 1; t < shares_.size(); ++t) shares_[t] = shares_[t - 1] * share(t);
  }

 private:
  kernels::Update rule() const override { return kernels::Update::nadam; }
  void numbers(std::uint64_t iteration, double* out) const override {
    const std::uint64_t t = iteration + 1;
    const double now = beta_1_ * share(t), next = beta_1_ * share(t + 1);
    out[0] = rate(iteration) * next / (1 - product(t + 1));
    out[1] = rate(iteration) * (1 - now) / (1 - product(t));
    out[2] = 1 - beta_1_;
    out[3] = 1 - beta_2_;
    out[4] = 1 / std::sqrt(1 - power(beta_2_, t));
    out[5] = epsilon_;
  }

  // Of the momenta of the first t steps.
  double product(std::uint64_t t) const {
    return power(beta_1_, t) * shares_[std::min<std::uint64_t>(t, shares_.size() - 1)];
  }

  double beta_1_, beta_2_, epsilon_;
  std::array<double, growing_steps> shares_;  // their product up to a step
};

}  // namespace

std::unique_ptr<Optimizer> make_nadam(const OptimizerSpec& spec) { return std::make_unique<Nadam>(spec); }

}  // namespace lamina::optimizers
