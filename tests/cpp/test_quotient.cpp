// Quotients made of multiply-adds have the divider's bits. They show in Adam's update with moments that stand still:
// w = 0 - m / (sqrt(v) + epsilon).
#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "support.h"

using namespace lamina;
using namespace lamina::test;

namespace {

constexpr std::uint64_t least = 1u << 23, beyond = 1u << 24;  // significands of floats as whole numbers

// Collects dividends and divisors, and compares a table's quotients with the CPU's own once a panel is full.
class Quotients {
 public:
  explicit Quotients(const kernels::Table<float>& table, float epsilon = 0) : table_(table), epsilon_(epsilon) {}

  void add(float a, float b) {
    a_[used_] = a;
    b_[used_] = b;
    if (++used_ == size) compare();
  }
  std::int64_t wrong() {
    compare();
    return wrong_;
  }
  std::int64_t compared() const { return compared_; }

 private:
  static constexpr std::size_t inputs = 32, size = inputs * panel_width;

  void compare() {
    const FlushDenormals flush;
    std::array<float, size> w{}, m = a_, v{};
    for (std::size_t i = 0; i < used_; ++i) v[i] = b_[i] * b_[i];  // its root, rounded, is b again
    const float scalars[] = {1, 0, 0, epsilon_};                   // neither moment moves
    kernels::WeightGradient<float> g{};
    g.inputs = inputs;
    g.columns = panel_width;
    g.weights = w.data();
    g.slots[0] = m.data();
    g.slots[1] = v.data();
    g.scalars = scalars;
    const std::array<float, size> nothing{};
    g.previous = nothing.data();
    table_.weight_gradient[static_cast<int>(kernels::Update::adam)](g);
    for (std::size_t i = 0; i < used_; ++i) {
      wrong_ += !same(w[i], 0.0f - a_[i] / (std::sqrt(v[i]) + epsilon_));
    }
    compared_ += static_cast<std::int64_t>(used_);
    used_ = 0;
  }

  const kernels::Table<float>& table_;
  float epsilon_;
  std::array<float, size> a_{}, b_{};
  std::size_t used_ = 0;
  std::int64_t wrong_ = 0, compared_ = 0;
};

// k / 2^power modulo an odd number.
std::uint64_t halved(std::int64_t k, int power, std::uint64_t modulus) {
  const auto m = static_cast<std::int64_t>(modulus);
  auto x = static_cast<std::uint64_t>((k % m + m) % m);
  for (int i = 0; i < power; ++i) x = (x % 2 == 0 ? x : x + modulus) / 2;
  return x;
}

// All dividends whose quotient by the significand b lies nearest to the middle between two floats: a 2^power - n b = k
// for a small k, where 2^power scales the middles to whole numbers n.
template <class F> void hard_dividends(std::uint64_t b, const F& f) {
  const int twos = std::countr_zero(b);
  const std::uint64_t odd = b >> twos;
  for (const int power : {24, 25})  // quotients from 1 on, and below
    for (std::int64_t k = -4; k <= 4; ++k) {
      if (k == 0) continue;
      const std::uint64_t first = halved(k, power - twos, odd);
      for (std::uint64_t a = first + (least - std::min(first, least)) / odd * odd; a < beyond; a += odd)
        if (a >= least && (power == 24) == (a >= b)) f(a);
    }
}

float number(std::uint64_t significand) { return static_cast<float>(significand); }

}  // namespace

TEST_CASE("quotients: dividends that lie nearest to the middle between two floats") {
  for (const Level<float>& level : levels<float>()) {
    CAPTURE(level.name);
    Quotients quotients(*level.table);
    for (std::uint64_t b = least; b < beyond; b += 509)  // all of them take seconds, and hold as well
      if (std::countr_zero(b) <= 3) hard_dividends(b, [&](std::uint64_t a) { quotients.add(number(a), number(b)); });
    for (std::uint64_t b = beyond - 64; b < beyond; ++b)
      if (std::countr_zero(b) <= 3) hard_dividends(b, [&](std::uint64_t a) { quotients.add(number(a), number(b)); });
    CHECK(quotients.wrong() == 0);
    CHECK(quotients.compared() > 100'000);
  }
}

TEST_CASE("quotients: numbers of all sizes, zeros of both signs") {
  for (const Level<float>& level : levels<float>()) {
    CAPTURE(level.name);
    Quotients quotients(*level.table);
    Numbers numbers(5);
    for (int i = 0; i < 200'000; ++i) {
      const auto a = static_cast<float>(std::ldexp(numbers.uniform(-2, 2), static_cast<int>(numbers.below(250)) - 126));
      const auto b = static_cast<float>(std::ldexp(numbers.uniform(1, 2), static_cast<int>(numbers.below(120)) - 60));
      quotients.add(a, b);
    }
    for (const float a : {0.0f, -0.0f, 1.0f, -1.0f, 3e38f, -3e38f, 2e-38f, -2e-38f})
      for (const float b : {0.0f, 1.1e-19f, 1.0f, 3.0f, 1.8e19f}) quotients.add(a, b);
    CHECK(quotients.wrong() == 0);
  }
}

TEST_CASE("quotients: divisors larger than any root") {
  for (const Level<float>& level : levels<float>())
    for (const float epsilon : {1e20f, 1e25f, 3e31f, 2e37f, 3e38f}) {
      CAPTURE(level.name);
      CAPTURE(epsilon);
      Quotients quotients(*level.table, epsilon);
      Numbers numbers(7);
      for (int i = 0; i < 4096; ++i)  // small enough that scaling them does not overflow
        quotients.add(static_cast<float>(std::ldexp(numbers.uniform(-2, 2), static_cast<int>(numbers.below(60)))), 0);
      CHECK(quotients.wrong() == 0);
    }
}
