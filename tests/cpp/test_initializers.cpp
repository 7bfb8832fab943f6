// Normal draws against the C library in long double, draws by their definition, and orthonormal columns.
#include <doctest/doctest.h>

#include <cmath>

#include "base/rng.h"
#include "initializers/draws.h"
#include "initializers/orthogonal.h"
#include "kernels/normal_quantile.h"
#include "support.h"

using namespace lamina;
using namespace lamina::test;

namespace {

using Real = long double;
constexpr double eps = std::numeric_limits<double>::epsilon();
constexpr double last = 0.5 - 0x1p-53;  // the largest q that has a quantile

std::vector<double> quantiles(const std::vector<double>& q) {
  std::vector<double> x(q.size());
  kernels::normal_quantile(static_cast<Index>(q.size()), q.data(), x.data());
  return x;
}

// q of every size up to `last`, on both sides, and tails of every size; ascending.
std::vector<double> centred_samples() {
  std::vector<double> found = {0.0, -0.0, 0.425, -0.425, last, -last};
  Numbers numbers(7);
  for (int i = 0; i < 100000; ++i) {
    const double q = numbers.uniform(-last, last), tail = std::ldexp(numbers.uniform(0.5, 1), -2 - i % 51);
    found.insert(found.end(), {q, q * 1e-5, q * 1e-150, 0.5 - tail, tail - 0.5});
  }
  for (double& q : found) q = std::clamp(q, -last, last);
  std::sort(found.begin(), found.end());
  return found;
}

// Φ's tail on the side of x.
Real tail_of(double x) { return std::erfc(std::fabs(static_cast<Real>(x)) / std::sqrt(Real{2})) / 2; }

// The error of x, as a share of it, from that of Φ(x) - ½ and Φ's slope. In long double both are known well enough.
double relative_error(double q, double x) {
  const Real density = std::exp(-static_cast<Real>(x) * x / 2) / std::sqrt(2 * std::acos(Real{-1}));
  // Near 0 the tail has too few digits.
  const Real error = std::fabs(q) < 0.25 ? std::erf(static_cast<Real>(x) / std::sqrt(Real{2})) / 2 - q
                                         : (Real{0.5} - std::fabs(static_cast<Real>(q))) - tail_of(x);
  return static_cast<double>(std::fabs(error / density / x));
}

double share_of(std::uint64_t draw) { return std::ldexp(static_cast<double>(draw >> 12) + 0.5, -52) - 0.5; }

double dot(Index rows, const double* x, const double* y, Index step) {
  Real sum = 0;
  for (Index r = 0; r < rows; ++r) sum += static_cast<Real>(x[r * step]) * y[r * step];
  return static_cast<double>(sum);
}

// The largest difference of QᵀQ from the unit matrix. q: [rows, columns]
double worst_product(Index rows, Index columns, const std::vector<double>& q) {
  double worst = 0;
  for (Index i = 0; i < columns; ++i)
    for (Index j = i; j < columns; ++j)
      worst = std::max(worst, std::fabs(dot(rows, q.data() + i, q.data() + j, columns) - (i == j)));
  return worst;
}

}  // namespace

TEST_CASE("normal_quantile inverts the normal distribution function") {
  const std::vector<double> q = centred_samples(), x = quantiles(q);
  double worst = 0, at = 0;
  for (std::size_t i = 0; i < q.size(); ++i) {
    if (q[i] == 0) continue;
    const double error = relative_error(q[i], x[i]);
    if (error > worst) worst = error, at = q[i];
  }
  INFO("worst at " << at << ": " << worst / eps << " eps");
  CHECK(worst < 4 * eps);
}

TEST_CASE("normal_quantile is odd to the last bit, ascending, and finite") {
  const std::vector<double> q = centred_samples(), x = quantiles(q);
  std::vector<double> minus_q = q;
  for (double& v : minus_q) v = -v;
  const std::vector<double> minus_x = quantiles(minus_q);
  for (std::size_t i = 0; i < q.size(); ++i) {
    REQUIRE(bits_of(minus_x[i]) == bits_of(-x[i]));
    REQUIRE((q[i] == 0) == (x[i] == 0));
    // Neighbours may change places by rounding, no more.
    if (i > 0) REQUIRE(x[i] >= x[i - 1] - 4 * eps * std::fabs(x[i]));
  }
  CHECK(x.back() == doctest::Approx(8.2095361516).epsilon(1e-9));  // Φ(-8.2095…) = 2⁻⁵³
  CHECK(x.front() == -x.back());
}

TEST_CASE("normal_quantile gives the same bits on every instruction set, in place and for any count") {
  const std::string chosen = kernels::name_of(kernels::current_isa());
  const std::vector<double> q = centred_samples(), expected = quantiles(q);
  for (const kernels::Isa isa : kernels::available_isas()) {
    CAPTURE(kernels::name_of(isa));
    kernels::set_isa(kernels::name_of(isa));
    std::vector<double> x = q;
    kernels::normal_quantile(static_cast<Index>(x.size()), x.data(), x.data());
    CHECK(x == expected);
    for (const std::size_t count : {0u, 1u, 15u, 255u, 256u, 257u}) {
      const auto end = static_cast<std::ptrdiff_t>(count);
      CHECK(quantiles({q.begin(), q.begin() + end}) == std::vector<double>(expected.begin(), expected.begin() + end));
    }
  }
  kernels::set_isa(chosen);
}

TEST_CASE("draws are functions of seed and position") {
  constexpr std::uint64_t seed = 0xfedcba9876543210;
  constexpr Index n = 1000;
  std::vector<double> q(n), narrow(n), flat(n), normal(n), truncated(n);
  for (std::size_t i = 0; i < n; ++i) {
    q[i] = share_of(Draws(seed, 0, streams::normal)[i]);
    narrow[i] = 0.95449973610364158560 * share_of(Draws(seed, 0, streams::truncated_normal)[i]);
    flat[i] = -2 + 5 * std::ldexp(static_cast<double>(Draws(seed, 0, streams::uniform)[i] >> 11), -53);
  }
  const std::vector<double> x = quantiles(q), y = quantiles(narrow);
  initializers::uniform(seed, -2, 3, n, truncated.data());
  CHECK(truncated == flat);
  initializers::normal(seed, 1.5, 0.25, n, normal.data());
  initializers::truncated_normal(seed, -3, 0.5, n, truncated.data());
  for (std::size_t i = 0; i < n; ++i) {
    REQUIRE(normal[i] == 1.5 + 0.25 * x[i]);
    REQUIRE(truncated[i] == -3 + 0.5 * y[i]);
  }
}

TEST_CASE("the outermost draws are finite, and truncated ones within two deviations") {
  CHECK(share_of(~std::uint64_t{0}) == last);
  CHECK(share_of(0) == -last);
  CHECK(std::isfinite(quantiles({last})[0]));
  const double outermost = quantiles({0.95449973610364158560 * last})[0];
  CHECK(outermost <= 2 - 4 * eps);  // so that no rounding of another one reaches past
  CHECK(outermost > 2 - 16 * eps);
}

TEST_CASE("orthonormalize gives orthonormal columns, and a triangle with a positive diagonal") {
  Numbers numbers(3);
  for (const auto& [rows, columns] : {std::pair<Index, Index>{1, 1}, {2, 1}, {2, 2}, {31, 31}, {33, 32}, {40, 33},
                                      {65, 64}, {100, 97}, {200, 3}, {5, 0}, {0, 0}}) {
    CAPTURE(rows);
    CAPTURE(columns);
    std::vector<double> a(static_cast<std::size_t>(rows * columns));
    for (double& v : a) v = numbers.uniform(-1, 1);
    std::vector<double> q = a;
    initializers::orthonormalize(rows, columns, q.data());
    CHECK(worst_product(rows, columns, q) < 20 * eps);
    // R = QᵀA; a matrix has one such pair of factors.
    for (Index i = 0; i < columns; ++i)
      for (Index j = 0; j < columns; ++j) {
        const double r = dot(rows, q.data() + i, a.data() + j, columns);
        if (i == j) CHECK(r > 0);
        if (i > j) CHECK(std::fabs(r) < 1e-13);
      }
  }
}

TEST_CASE("orthonormalize completes columns that say nothing") {
  std::vector<double> zeros(12 * 5), same(12 * 5, 1.0);
  for (std::vector<double>* a : {&zeros, &same}) {
    initializers::orthonormalize(12, 5, a->data());
    CHECK(worst_product(12, 5, *a) < 20 * eps);
  }
  CHECK(zeros[0] == 1);
  CHECK_THROWS_WITH_AS(initializers::orthonormalize(2, 3, zeros.data()),
                       "orthonormalize: 2 rows for 3 columns; there must be as many or more", std::invalid_argument);
}

TEST_CASE("orthogonal is the factor of the seed's normal draws") {
  std::vector<double> expected(70 * 40), found(70 * 40);
  initializers::normal(11, 0, 1, 70 * 40, expected.data());
  initializers::orthonormalize(70, 40, expected.data());
  initializers::orthogonal(11, 70, 40, found.data());
  CHECK(found == expected);
}
