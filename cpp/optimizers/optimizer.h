// An optimizer: its hyperparameters, and the numbers its update rule (kernels/updates.inl) needs at a step.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/types.h"
#include "kernels/table.h"

namespace lamina::optimizers {

// Hyperparameters by Keras's names; booleans as 0 and 1, absent ones as no entry.
struct OptimizerSpec {
  std::string name;
  std::map<std::string, double> values;
};

class Optimizer {
 public:
  explicit Optimizer(const OptimizerSpec& spec);
  virtual ~Optimizer() = default;

  kernels::UpdateRule update() const;
  std::vector<double> first_moments() const;  // what each moment begins with, the average of weights among them

  // The numbers for the update after `iteration` others, in double.
  void scalars(std::uint64_t iteration, double* out) const;

  double learning_rate;

  // Where there are some, the learning rates from an iteration on; `learning_rate` counts before and after them.
  void schedule(std::uint64_t first, std::vector<double> rates);

 protected:
  double value(const char* name) const;  // throws std::invalid_argument where it is missing
  double value(const char* name, double otherwise) const;
  double rate(std::uint64_t iteration) const;
  bool has_decay() const { return decay_ >= 0; }
  double decay(std::uint64_t iteration) const { return decay_ * rate(iteration); }

 private:
  virtual kernels::Update rule() const = 0;
  virtual double first_moment(int) const { return 0; }
  virtual void numbers(std::uint64_t iteration, double* out) const = 0;  // the rule's

  OptimizerSpec spec_;
  std::uint64_t first_scheduled_ = 0;
  std::vector<double> scheduled_;
  kernels::Clip clip_ = kernels::Clip::none;
  double limit_ = 0, decay_, ema_momentum_;  // negative where there is none
  std::uint64_t overwrite_every_;            // 0: never
};

// β^n by repeated squaring: the same bits wherever it is asked for, which libm does not promise.
double power(double base, std::uint64_t exponent);

std::vector<std::string> names();
std::unique_ptr<Optimizer> make(const OptimizerSpec& spec);

// One factory a member.
#define LAMINA_OPTIMIZER(name) std::unique_ptr<Optimizer> make_##name(const OptimizerSpec& spec);
#include "optimizers/optimizers.def"
#undef LAMINA_OPTIMIZER

}  // namespace lamina::optimizers
