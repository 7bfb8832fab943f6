// Algorithm AS 241, PPND16 (Wichura, 1988: The Percentage Points of the Normal Distribution, Applied Statistics 37(3)):
// a rational function of q² in the middle, of sqrt(-log(tail)) outside. The square root is exact and the logarithm the
// project's own; multiplications and additions stand apart, and stay so, since contraction is off.
#include "kernels/normal_quantile.h"

#include <algorithm>
#include <cmath>

#include "kernels/dispatch.h"

namespace lamina::kernels {
namespace {

struct Rational {
  double numerator[8], denominator[8];  // of ascending powers

  double operator()(double r) const {
    double above = numerator[7], below = denominator[7];
    for (int power = 6; power >= 0; --power) {
      above = above * r + numerator[power];
      below = below * r + denominator[power];
    }
    return above / below;
  }
};

// |q| ≤ 0.425: x / q, of 0.425² - q².
constexpr Rational middle = {
    {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
     4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3},
    {1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3, 2.1213794301586595867e4,
     3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3}};
// A tail of at least exp(-25): |x|, of sqrt(-log(tail)) - 1.6.
constexpr Rational outer = {
    {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
     1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4},
    {1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1, 1.48103976427480074590e-1,
     1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9}};
// A smaller one: |x|, of sqrt(-log(tail)) - 5.
constexpr Rational far = {
    {6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
     2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7},
    {1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2, 7.86869131145613259100e-4,
     1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15}};

double quantile(double q, double log_of_tail) {
  if (std::fabs(q) <= 0.425) return q * middle(0.180625 - q * q);
  const double r = std::sqrt(-log_of_tail);
  return std::copysign(r <= 5 ? outer(r - 1.6) : far(r - 5), q);
}

}  // namespace

void normal_quantile(Index count, const double* q, double* x) {
  constexpr Index block = 256;
  const auto log = table<double>(current_isa()).log;
  double tail[block] = {}, logs[block];
  for (Index first = 0; first < count; first += block) {
    const Index n = std::min(block, count - first);
    for (Index i = 0; i < n; ++i) tail[i] = 0.5 - std::fabs(q[first + i]);
    log({1, n, tail, 0, logs, 0, {}});
    for (Index i = 0; i < n; ++i) x[first + i] = quantile(q[first + i], logs[i]);
  }
}

}  // namespace lamina::kernels
