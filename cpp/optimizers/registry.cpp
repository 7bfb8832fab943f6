// The optimizers by name, and what they share.
#include <utility>

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

Optimizer::Optimizer(const OptimizerSpec& spec)
    : learning_rate(0),
      spec_(spec),
      decay_(value("weight_decay", -1)),
      ema_momentum_(value("ema_momentum", -1)),
      overwrite_every_(static_cast<std::uint64_t>(value("ema_overwrite_frequency", 0))) {
  learning_rate = value("learning_rate");
  for (const auto& [name, clip] : {std::pair{"clipvalue", kernels::Clip::value},
                                   {"clipnorm", kernels::Clip::norm},
                                   {"global_clipnorm", kernels::Clip::global_norm}}) {
    const double limit = value(name, 0);
    if (limit == 0) continue;
    clip_ = clip;
    limit_ = limit;
  }
}

double Optimizer::value(const char* name) const {
  const auto found = spec_.values.find(name);
  require(found != spec_.values.end(), "optimizer '", spec_.name, "': ", name, " is missing");
  return found->second;
}

double Optimizer::value(const char* name, double otherwise) const {
  const auto found = spec_.values.find(name);
  return found == spec_.values.end() ? otherwise : found->second;
}

kernels::UpdateRule Optimizer::update() const {
  const bool ruled = rule() == kernels::Update::adamw;  // that rule decays by itself
  return {.update = rule(), .clip = clip_, .limit = limit_, .decays = has_decay() && !ruled, .averages = ema_momentum_ >= 0};
}

std::vector<double> Optimizer::first_moments() const {
  std::vector<double> first;
  for (int slot = 0; slot < kernels::updates[static_cast<int>(rule())].slots; ++slot) first.push_back(first_moment(slot));
  if (ema_momentum_ >= 0) first.push_back(0);
  return first;
}

void Optimizer::schedule(std::uint64_t first, std::vector<double> rates) {
  first_scheduled_ = first;
  scheduled_ = std::move(rates);
}

double Optimizer::rate(std::uint64_t iteration) const {
  const std::uint64_t i = iteration - first_scheduled_;  // enormous before the first
  return i < scheduled_.size() ? scheduled_[i] : learning_rate;
}

void Optimizer::scalars(std::uint64_t iteration, double* out) const {
  numbers(iteration, out);
  if (update().decays) out[kernels::decay_scalar] = decay(iteration);
  out[kernels::average_scalar] = iteration == 0 ? 1 : 1 - ema_momentum_;
  out[kernels::overwrite_scalar] = overwrite_every_ != 0 && (iteration + 1) % overwrite_every_ == 0;
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
