// An optimizer: its hyperparameters, and the numbers its update rule (kernels/updates.inl) needs at a step.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/types.h"
#include "kernels/table.h"

namespace lamina::optimizers {

inline constexpr int max_scalars = 8;

// Hyperparameters by Keras's names; booleans as 0 and 1.
struct OptimizerSpec {
  std::string name;
  std::map<std::string, double> values;
};

class Optimizer {
 public:
  explicit Optimizer(const OptimizerSpec& spec);
  virtual ~Optimizer() = default;

  virtual kernels::Update update() const = 0;
  int slots() const { return kernels::updates[static_cast<int>(update())].slots; }  // moments a weight
  virtual double first_moment() const { return 0; }  // what each of them begins with

  // The rule's numbers for the update after `iteration` others, in double.
  virtual void scalars(std::uint64_t iteration, double* out) const = 0;

  double learning_rate;

 protected:
  double value(const char* name) const;  // throws std::invalid_argument where it is missing

 private:
  OptimizerSpec spec_;
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
