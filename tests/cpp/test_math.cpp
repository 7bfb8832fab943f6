// exp, log, tanh and their relatives against the C library in long double. The bounds are in units in the last place
// (ulp) of the result and a little above what was measured; every kernel table keeps them.
#include <doctest/doctest.h>

#include <cmath>

#include "kernels/activation_index.h"
#include "support.h"

using namespace lamina;
using namespace lamina::test;

namespace {

using Real = long double;

template <class T> std::vector<Level<T>> all_levels() {
  std::vector<Level<T>> found = levels<T>();
  found.push_back({"scalar", &plain<T>()});
  return found;
}

// |found - wanted| in ulp of wanted. What lies below the smallest normal number is flushed to zero.
template <class T> double ulps_of(T found, Real wanted) {
  using Limits = std::numeric_limits<T>;
  if (found != found) return HUGE_VAL;
  if (std::fabs(wanted) < static_cast<Real>(Limits::min()) * 0.999999L)
    return std::fabs(found) <= Limits::min() ? 0 : HUGE_VAL;
  const int exponent = std::ilogb(wanted);
  return static_cast<double>(std::fabs(static_cast<Real>(found) - wanted) /
                             std::ldexp(Real{1}, exponent - Limits::digits + 1));
}

// Numbers of every size between low and high, in ascending order, the ends among them.
template <class T> std::vector<T> spread(T low, T high, Index count) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
  // Signed integers in the order of the numbers that they are the bits of.
  const auto key = [](T x) {
    const auto b = std::bit_cast<Bits>(x);
    return b < 0 ? std::numeric_limits<Bits>::min() - b : b;
  };
  const auto number = [](Bits k) { return std::bit_cast<T>(k < 0 ? std::numeric_limits<Bits>::min() - k : k); };
  std::vector<T> found;
  const auto first = static_cast<Real>(key(low)), last = static_cast<Real>(key(high));
  for (Index i = 0; i < count; ++i)
    found.push_back(
        number(static_cast<Bits>(first + (last - first) * static_cast<Real>(i) / static_cast<Real>(count - 1))));
  return found;
}

// The same, evenly spaced, a little irregular, since round numbers are the easy ones.
template <class T> std::vector<T> even(T low, T high, Index count) {
  Numbers numbers(99);
  std::vector<T> found;
  for (Index i = 0; i < count; ++i) found.push_back(static_cast<T>(numbers.uniform(low, high)));
  std::sort(found.begin(), found.end());
  return found;
}

template <class T> std::vector<T> samples(T low, T high) {
  std::vector<T> found = spread(low, high, 100000);
  const std::vector<T> more = even(low, high, 100000);
  found.insert(found.end(), more.begin(), more.end());
  std::sort(found.begin(), found.end());
  return found;
}

template <class T, class Kernel> std::vector<T> apply(Kernel kernel, const std::vector<T>& x) {
  const Index n = static_cast<Index>(x.size());
  std::vector<T> room = x, out(static_cast<std::size_t>(padded(n)));
  room.resize(out.size());
  kernel(kernels::Elementwise<T>{1, n, room.data(), 0, out.data(), 0});
  out.resize(x.size());
  return out;
}

struct Worst {
  double ulps = 0;
  double at = 0;
  template <class T> void see(T x, T found, Real wanted) {
    if (const double u = ulps_of(found, wanted); u > ulps) *this = {u, static_cast<double>(x)};
  }
};

template <class T, class Truth> Worst worst(const std::vector<T>& x, const std::vector<T>& found, Truth&& truth) {
  Worst result;
  for (std::size_t i = 0; i < x.size(); ++i) result.see(x[i], found[i], truth(static_cast<Real>(x[i])));
  return result;
}

// The first x whose value is below (direction 1) or above (-1) that of the x before it.
template <class T> std::string not_monotone(const std::vector<T>& x, const std::vector<T>& y, T direction) {
  for (std::size_t i = 1; i < x.size(); ++i)
    if (direction * (y[i] - y[i - 1]) < 0) {
      std::ostringstream text;
      text.precision(20);
      text << "f(" << x[i - 1] << ") = " << y[i - 1] << ", f(" << x[i] << ") = " << y[i];
      return text.str();
    }
  return {};
}

constexpr Real root_2 = 1.41421356237309504880L, root_2_pi = 0.79788456080286535588L;
constexpr Real scale = 1.0507009873554804934L, alpha = 1.6732632423543772848L;  // of selu
Real share(Real z) { return std::erfc(-z / root_2) / 2; }
Real bend(Real z) { return std::tanh(root_2_pi * (z + 0.044715L * z * z * z)); }
Real plus(Real z) { return z > 0 ? z + std::log1p(std::exp(-z)) : std::log1p(std::exp(z)); }
Real sigmoid_of(Real x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }

constexpr int sigmoid = kernels::activation_index("sigmoid");
constexpr int tanh_index = kernels::activation_index("tanh");

template <class T> constexpr T infinity = std::numeric_limits<T>::infinity();
template <class T> constexpr T nan_of = std::numeric_limits<T>::quiet_NaN();
template <class T> constexpr bool is_float = std::is_same_v<T, float>;

}  // namespace

TEST_CASE_TEMPLATE("tanh", T, float, double) {
  const FlushDenormals flush;
  const std::vector<T> x = samples<T>(-30, 30);
  for (const Level<T>& level : all_levels<T>()) {
    CAPTURE(level.name);
    const std::vector<T> y = apply(level.table->activation_forward[tanh_index], x);
    const Worst w = worst(x, y, [](Real v) { return std::tanh(v); });
    INFO("worst at " << w.at << ": " << w.ulps);
    CHECK(w.ulps < 1.5);
    CHECK(not_monotone<T>(x, y, 1) == "");
    const std::vector<T> ends = {0,  -T{0}, infinity<T>, -infinity<T>, nan_of<T>, 1e4, -1e4,
                                 88, -88,   104,         -104,         745,       -745};
    const std::vector<T> found = apply(level.table->activation_forward[tanh_index], ends);
    CHECK(found[0] == 0);
    CHECK(found[1] == 0);
    CHECK(found[4] != found[4]);
    for (const std::size_t i : {2u, 5u, 7u, 9u, 11u}) CHECK(found[i] == 1);
    for (const std::size_t i : {3u, 6u, 8u, 10u, 12u}) CHECK(found[i] == -1);
  }
}

// Their error in the units of the largest number that goes into them: f ranges over z, and is small by cancellation only.
TEST_CASE_TEMPLATE("activations made of exp, log and tanh, and their gradients", T, float, double) {
  struct Function {
    const char* name;
    T parameter;
    Real (*value)(Real);
    Real (*slope)(Real);
  };
  const Function functions[] = {
      {"elu", T(0.75), [](Real z) { return z > 0 ? z : 0.75L * std::expm1(z); },
       [](Real z) { return z > 0 ? 1 : 0.75L * std::exp(z); }},
      {"selu", 0, [](Real z) { return scale * (z > 0 ? z : alpha * std::expm1(z)); },
       [](Real z) { return scale * (z > 0 ? 1 : alpha * std::exp(z)); }},
      {"gelu", 0, [](Real z) { return z * share(z); },
       [](Real z) { return share(z) + z * std::exp(-z * z / 2) * root_2_pi / 2; }},
      {"gelu", 1, [](Real z) { return z / 2 * (1 + bend(z)); },
       [](Real z) {
         const Real t = bend(z);
         return (1 + t) / 2 + z / 2 * (1 - t * t) * root_2_pi * (1 + 3 * 0.044715L * z * z);
       }},
      {"silu", 0, [](Real z) { return z * sigmoid_of(z); },
       [](Real z) { return sigmoid_of(z) * (1 + z * sigmoid_of(-z)); }},
      {"mish", 0, [](Real z) { return z * std::tanh(plus(z)); },
       [](Real z) {
         const Real t = std::tanh(plus(z));
         return t + z * sigmoid_of(z) * (1 - t * t);
       }},
      {"softplus", 0, plus, [](Real z) { return sigmoid_of(z); }},
      {"softsign", 0, [](Real z) { return z / (1 + std::fabs(z)); },
       [](Real z) { return 1 / ((1 + std::fabs(z)) * (1 + std::fabs(z))); }},
      {"exponential", 0, [](Real z) { return std::exp(z); }, [](Real z) { return std::exp(z); }},
  };
  const FlushDenormals flush;
  const std::vector<T> x = samples<T>(-20, 20);
  for (const Function& f : functions) {
    const int index = kernels::activation_index(f.name);
    REQUIRE(index >= 0);
    for (const Level<T>& level : all_levels<T>()) {
      const Index n = static_cast<Index>(x.size());
      std::vector<T> in = x, y(static_cast<std::size_t>(padded(n))), slope(y.size(), 1);
      in.resize(y.size());
      level.table->activation_forward[index]({1, n, in.data(), 0, y.data(), 0, {f.parameter}});
      const bool of_input = kernels::activations[index].gradient == kernels::Gradient::input;
      level.table->activation_gradient[index]({1, n, of_input ? in.data() : y.data(), 0, slope.data(), 0, {f.parameter}});
      double worst_value = 0, worst_slope = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (std::fabs(x[i]) < 4 * std::numeric_limits<T>::min()) continue;  // where elu's and selu's slope jumps
        const Real z = static_cast<Real>(x[i]), wanted = f.value(z), slanted = f.slope(z);
        const Real unit = std::numeric_limits<T>::epsilon();
        const auto error = [unit](T found, Real truth, Real size) {
          return static_cast<double>(std::fabs(static_cast<Real>(found) - truth) / (unit * size));
        };
        worst_value = std::max(worst_value, error(y[i], wanted, std::max({Real{1}, std::fabs(z), std::fabs(wanted)})));
        worst_slope = std::max(worst_slope, error(slope[i], slanted, std::max({Real{1}, std::fabs(slanted)})));
      }
      CAPTURE(std::string(f.name));
      CAPTURE(level.name);
      CAPTURE(worst_value);
      CAPTURE(worst_slope);
      CHECK(worst_value < 2);
      CHECK(worst_slope < 4);
    }
  }
}

// Near 0 exp(z) - 1 would lose what it is asked for.
TEST_CASE_TEMPLATE("elu keeps its digits where it is small", T, float, double) {
  const FlushDenormals flush;
  const std::vector<T> x = spread<T>(T(-1), -std::numeric_limits<T>::min() * 4, 100000);
  for (const Level<T>& level : all_levels<T>()) {
    CAPTURE(level.name);
    const auto kernel = level.table->activation_forward[kernels::activation_index("selu")];
    const Worst w = worst(x, apply(kernel, x), [](Real z) {
      return static_cast<Real>(static_cast<T>(scale * alpha)) * std::expm1(z);
    });
    INFO("worst at " << w.at << ": " << w.ulps);
    CHECK(w.ulps < 3);
  }
}

TEST_CASE_TEMPLATE("sigmoid", T, float, double) {
  const FlushDenormals flush;
  const std::vector<T> x = samples<T>(is_float<T> ? T(-90) : T(-720), is_float<T> ? T(90) : T(720));
  for (const Level<T>& level : all_levels<T>()) {
    CAPTURE(level.name);
    const std::vector<T> y = apply(level.table->activation_forward[sigmoid], x);
    const Worst w = worst(x, y, sigmoid_of);
    INFO("worst at " << w.at << ": " << w.ulps);
    CHECK(w.ulps < 2.2);
    CHECK(not_monotone<T>(x, y, 1) == "");
    const std::vector<T> ends = {0, -T{0}, infinity<T>, -infinity<T>, nan_of<T>, 1e4, -1e4, 88, 104, -104, 745, -745};
    const std::vector<T> found = apply(level.table->activation_forward[sigmoid], ends);
    CHECK(found[0] == T(0.5));
    CHECK(found[1] == T(0.5));
    CHECK(found[4] != found[4]);
    for (const std::size_t i : {2u, 5u, 7u, 8u, 10u}) CHECK(found[i] == 1);
    for (const std::size_t i : {3u, 6u, 11u}) CHECK(found[i] == 0);
    CHECK(ulps_of(found[9], sigmoid_of(-104)) < 3);
  }
}

// Where sigmoid(x) = t / (1 + t) has t too small to matter beside 1, it is exp(x) itself.
TEST_CASE_TEMPLATE("exp", T, float, double) {
  const FlushDenormals flush;
  const std::vector<T> x = samples<T>(is_float<T> ? T(-87.3) : T(-708.3), is_float<T> ? T(-18) : T(-38));
  for (const Level<T>& level : all_levels<T>()) {
    CAPTURE(level.name);
    const std::vector<T> y = apply(level.table->activation_forward[sigmoid], x);
    const Worst w = worst(x, y, [](Real v) { return std::exp(v); });
    INFO("worst at " << w.at << ": " << w.ulps);
    CHECK(w.ulps < 1.1);
    CHECK(not_monotone<T>(x, y, 1) == "");
  }
}

TEST_CASE_TEMPLATE("log1p_exp_minus_abs", T, float, double) {
  const FlushDenormals flush;
  const std::vector<T> x = samples<T>(0, is_float<T> ? T(90) : T(720));
  std::vector<T> minus_x = x;
  for (T& v : minus_x) v = -v;
  for (const Level<T>& level : all_levels<T>()) {
    CAPTURE(level.name);
    const std::vector<T> y = apply(level.table->log1p_exp_minus_abs, x);
    const Worst w = worst(x, y, [](Real v) { return std::log1p(std::exp(-v)); });
    INFO("worst at " << w.at << ": " << w.ulps);
    CHECK(w.ulps < 1.8);
    CHECK(not_monotone<T>(x, y, -1) == "");
    CHECK(apply(level.table->log1p_exp_minus_abs, minus_x) == y);
    const std::vector<T> ends = {0, -T{0}, infinity<T>, -infinity<T>, nan_of<T>, 1e4, -1e4, 88, 104, 745, -745};
    const std::vector<T> found = apply(level.table->log1p_exp_minus_abs, ends);
    CHECK(ulps_of(found[0], std::log(Real{2})) < 1);
    CHECK(found[1] == found[0]);
    CHECK(found[4] != found[4]);
    for (const std::size_t i : {2u, 3u, 5u, 6u, 9u, 10u}) CHECK(found[i] == 0);
    for (const std::size_t i : {7u, 8u})
      CHECK(ulps_of(found[i], std::log1p(std::exp(-static_cast<Real>(ends[i])))) < 2);
  }
}

TEST_CASE_TEMPLATE("log", T, float, double) {
  const FlushDenormals flush;
  constexpr T smallest = std::numeric_limits<T>::min(), largest = std::numeric_limits<T>::max();
  std::vector<T> x = samples<T>(smallest, largest);
  for (const T v : samples<T>(T(0.9), T(1.1))) x.push_back(v);  // where the result has few digits to spare
  std::sort(x.begin(), x.end());
  for (const Level<T>& level : all_levels<T>()) {
    CAPTURE(level.name);
    const std::vector<T> y = apply(level.table->log, x);
    const Worst w = worst(x, y, [](Real v) { return std::log(v); });
    INFO("worst at " << w.at << ": " << w.ulps);
    CHECK(w.ulps < 0.9);
    CHECK(not_monotone<T>(x, y, 1) == "");
    const std::vector<T> ends = {1,
                                 0,
                                 -T{0},
                                 infinity<T>,
                                 -infinity<T>,
                                 nan_of<T>,
                                 -1,
                                 -1e4,
                                 1e4,
                                 88,
                                 104,
                                 745,
                                 std::numeric_limits<T>::denorm_min()};
    const std::vector<T> found = apply(level.table->log, ends);
    CHECK(found[0] == 0);
    for (const std::size_t i : {1u, 2u, 12u}) CHECK(found[i] == -infinity<T>);
    CHECK(found[3] == infinity<T>);
    for (const std::size_t i : {4u, 5u, 6u, 7u}) CHECK(found[i] != found[i]);
    for (const std::size_t i : {8u, 9u, 10u, 11u}) CHECK(ulps_of(found[i], std::log(static_cast<Real>(ends[i]))) < 1.1);
  }
}

// Rows [0, x]: p = 1 / (1 + t), t / (1 + t) and log(1 + t) for t = exp(x).
TEST_CASE_TEMPLATE("softmax of two", T, float, double) {
  const FlushDenormals flush;
  const std::vector<T> x = samples<T>(is_float<T> ? T(-87) : T(-708), 0);
  for (const Level<T>& level : all_levels<T>()) {
    CAPTURE(level.name);
    Worst first, second;
    double worst_sum = 0;
    for (std::size_t i = 0; i < x.size(); i += 3) {
      T z[padding] = {0, x[i]}, p[padding], max{}, log_sum{};
      level.table->softmax({1, 2, z, 0, p, 0, &max, &log_sum});
      const Real t = std::exp(static_cast<Real>(x[i]));
      first.see(x[i], p[0], 1 / (1 + t));
      second.see(x[i], p[1], t / (1 + t));
      // The sum 1 + t is rounded before its logarithm is taken, so near 0 this is an absolute bound, in ulp of 1.
      worst_sum = std::max(worst_sum, static_cast<double>(std::fabs(static_cast<Real>(log_sum) - std::log1p(t)) /
                                                          static_cast<Real>(std::numeric_limits<T>::epsilon())));
    }
    INFO("p0 " << first.ulps << " at " << first.at << ", p1 " << second.ulps << " at " << second.at << ", log-sum "
               << worst_sum);
    CHECK(first.ulps < 1.7);
    CHECK(second.ulps < 2.2);
    CHECK(worst_sum < 0.8);
  }
}

TEST_CASE_TEMPLATE("softmax at the ends", T, float, double) {
  const FlushDenormals flush;
  for (const Level<T>& level : all_levels<T>()) {
    CAPTURE(level.name);
    const auto softmax = [&](std::vector<T> z) {
      std::vector<T> p(padding);
      const Index n = static_cast<Index>(z.size());
      z.resize(padding, nan_of<T>);
      level.table->softmax({1, n, z.data(), 0, p.data(), 0, nullptr, nullptr});
      p.resize(static_cast<std::size_t>(n));
      return p;
    };
    CHECK(softmax({T(7)}) == std::vector<T>{1});
    CHECK(softmax({0, 0, 0, 0}) == std::vector<T>(4, T(0.25)));
    CHECK(softmax({0, -T{0}}) == std::vector<T>(2, T(0.5)));
    CHECK(softmax({1e4, -1e4, 0}) == std::vector<T>{1, 0, 0});
    CHECK(softmax({std::numeric_limits<T>::max(), std::numeric_limits<T>::lowest()}) == std::vector<T>{1, 0});
    CHECK(softmax({-infinity<T>, 5, 5}) == std::vector<T>{0, T(0.5), T(0.5)});
    for (const T p : softmax({1, nan_of<T>, 2})) CHECK(p != p);
    for (const T p : softmax({-infinity<T>, -infinity<T>})) CHECK(p != p);
  }
}
