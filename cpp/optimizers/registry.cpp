// The optimizers by name, and what they share.
#include "base/error.h"
#include "optimizers/optimizer.h"

namespace lamina::optimizers {
namespace {

struct Row {
  const char* name;
  std::unique_ptr<Optimizer> (*make)(const OptimizerSpec&);
};

constexpr Row rows[] = {
#define LAMINA_OPTIMIZER(name) {#name, make_##name},
#include "optimizers/optimizers.def"
#undef LAMINA_OPTIMIZER
};

}  // namespace

Optimizer::Optimizer(const OptimizerSpec& spec) : learning_rate(0), spec_(spec) {
  learning_rate = value("learning_rate");
}

double Optimizer::value(const char* name) const {
  const auto found = spec_.values.find(name);
  require(found != spec_.values.end(), "optimizer '", spec_.name, "': ", name, " is missing");
  return found->second;
}

double power(double base, std::uint64_t exponent) {
  double result = 1;
  for (; exponent != 0; exponent >>= 1, base *= base)
    if ((exponent & 1) != 0) result *= base;
  return result;
}

std::vector<std::string> names() {
  std::vector<std::string> found;
  for (const Row& row : rows) found.emplace_back(row.name);
  return found;
}

std::unique_ptr<Optimizer> make(const OptimizerSpec& spec) {
  for (const Row& row : rows)
    if (spec.name == row.name) return row.make(spec);
  fail("optimizer '", spec.name, "' is unknown");
}

}  // namespace lamina::optimizers
