#include "initializers/draws.h"

#include "base/rng.h"
#include "kernels/normal_quantile.h"

namespace lamina::initializers {
namespace {

// mean + deviation x, Φ(x) - ½ drawn from (-share / 2, share / 2): no rejection, so a draw depends on its place alone.
void normal_part(const Draws& draws, double share, double mean, double deviation, Index count, double* out) {
  for (Index i = 0; i < count; ++i) out[i] = share * centred(draws[static_cast<std::uint64_t>(i)]);
  kernels::normal_quantile(count, out, out);
  for (Index i = 0; i < count; ++i) out[i] = mean + deviation * out[i];
}

}  // namespace

void uniform(std::uint64_t seed, double low, double high, Index count, double* out) {
  const Draws draws(seed, 0, streams::uniform);
  for (Index i = 0; i < count; ++i)
    out[i] = low + (high - low) * (static_cast<double>(draws[static_cast<std::uint64_t>(i)] >> 11) * 0x1p-53);
}

void normal(std::uint64_t seed, double mean, double deviation, Index count, double* out) {
  normal_part(Draws(seed, 0, streams::normal), 1, mean, deviation, count, out);
}

void truncated_normal(std::uint64_t seed, double mean, double deviation, Index count, double* out) {
  constexpr double inside = 0.95449973610364158560;  // Φ(2) - Φ(-2); the outermost x that it gives is 2 - 2e-15
  normal_part(Draws(seed, 0, streams::truncated_normal), inside, mean, deviation, count, out);
}

}  // namespace lamina::initializers
