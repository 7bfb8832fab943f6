// The update rules: their formulas, what surrounds them, and the same bits in every kernel table.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "support.h"

using namespace lamina;
using namespace lamina::test;

namespace {

template <class T> struct State {
  std::vector<T> gradient, weights, slots[kernels::max_slots], average;

  State(Index count, Numbers& numbers) {
    const auto fill = [&](std::vector<T>& v, bool positive) {
      for (Index i = 0; i < count; ++i) {
        const T x = numbers.value<T>();
        v.push_back(positive ? std::abs(x) : x);
      }
    };
    fill(gradient, false);
    fill(weights, false);
    for (auto& slot : slots) fill(slot, true);  // some rules take their roots
    fill(average, false);
  }

  kernels::StoredUpdate<T> pointing(const T* scalars) {
    return {.count = static_cast<Index>(weights.size()),
            .gradient = gradient.data(),
            .weights = weights.data(),
            .slots = {slots[0].data(), slots[1].data(), slots[2].data()},
            .average = nullptr,
            .scalars = scalars,
            .scale = 1,
            .limit = std::numeric_limits<T>::infinity(),
            .decay = 0,
            .average_share = 0,
            .overwrite = false};
  }
};

template <class T> bool same_state(const State<T>& a, const State<T>& b) {
  const auto equal = [](const std::vector<T>& x, const std::vector<T>& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), [](T p, T q) { return same(p, q); });
  };
  bool found = equal(a.weights, b.weights) && equal(a.average, b.average);
  for (int s = 0; s < kernels::max_slots; ++s) found = found && equal(a.slots[s], b.slots[s]);
  return found;
}

// One weight through the one-lane table: the weight, then the moments.
template <class T>
std::vector<double> one(kernels::Update update, std::vector<T> scalars, double g, double w, std::vector<double> moments,
                        const std::function<void(kernels::StoredUpdate<T>&)>& more = {}) {
  Numbers numbers(1);
  State<T> state(32, numbers);
  std::fill(state.gradient.begin(), state.gradient.end(), static_cast<T>(g));
  std::fill(state.weights.begin(), state.weights.end(), static_cast<T>(w));
  for (std::size_t s = 0; s < moments.size(); ++s)
    std::fill(state.slots[s].begin(), state.slots[s].end(), static_cast<T>(moments[s]));
  scalars.resize(kernels::max_scalars);
  auto arguments = state.pointing(scalars.data());
  if (more) more(arguments);
  plain<T>().stored_update[static_cast<int>(update)](arguments);
  std::vector<double> found = {static_cast<double>(state.weights[5])};
  for (std::size_t s = 0; s < moments.size(); ++s) found.push_back(static_cast<double>(state.slots[s][5]));
  return found;
}

template <class T> void check_near(const std::vector<double>& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    CHECK(found[i] == doctest::Approx(expected[i]).epsilon(std::is_same_v<T, float> ? 2e-6 : 1e-14));
}

const double g = 0.375, w = 1.25, m = -0.5, v = 0.0625, rate = 0.125, momentum = 0.75, epsilon = 0.03125;
const double beta_1 = 0.875, beta_2 = 0.96875, rho = 0.9375;  // exact in either type

}  // namespace

TEST_CASE_TEMPLATE("descent, with momentum and without", T, float, double) {
  using kernels::Update;
  const double moved = momentum * m - rate * g;
  check_near<T>(one<T>(Update::sgd, {T(rate)}, g, w, {}), {w - rate * g});
  check_near<T>(one<T>(Update::momentum, {T(rate), T(momentum)}, g, w, {m}), {w + moved, moved});
  check_near<T>(one<T>(Update::nesterov, {T(rate), T(momentum)}, g, w, {m}), {w + momentum * moved - rate * g, moved});
  const double mean = beta_1 * m + (1 - beta_1) * g, next = beta_2 * m + (1 - beta_2) * g;
  const std::vector<T> of_lion = {T(rate), T(beta_1), T(1 - beta_1), T(beta_2), T(1 - beta_2)};
  check_near<T>(one<T>(Update::lion, of_lion, g, w, {m}), {mean > 0 ? w - rate : w + rate, next});
  check_near<T>(one<T>(Update::lion, of_lion, -g, w, {-m}), {mean > 0 ? w + rate : w - rate, -next});
  check_near<T>(one<T>(Update::lion, of_lion, 0, w, {0}), {w, 0});
}

TEST_CASE_TEMPLATE("Adam and its kin", T, float, double) {
  using kernels::Update;
  const double new_m = beta_1 * m + (1 - beta_1) * g, new_v = beta_2 * v + (1 - beta_2) * g * g, decay = 0.0625;
  const std::vector<T> of_adam = {T(rate), T(1 - beta_1), T(1 - beta_2), T(epsilon), T(decay)};
  const double step = rate * new_m / (std::sqrt(new_v) + epsilon);
  check_near<T>(one<T>(Update::adam, of_adam, g, w, {m, v}), {w - step, new_m, new_v});
  check_near<T>(one<T>(Update::adamw, of_adam, g, w, {m, v}), {w - w * decay - step, new_m, new_v});
  check_near<T>(one<T>(Update::amsgrad, of_adam, g, w, {m, v, 0}), {w - step, new_m, new_v, new_v});
  check_near<T>(one<T>(Update::amsgrad, of_adam, g, w, {m, v, 1}), {w - rate * new_m / (1 + epsilon), new_m, new_v, 1});
  const double of_mean = 0.25, of_gradient = 0.5, root = 1.5;
  check_near<T>(
      one<T>(Update::nadam, {T(of_mean), T(of_gradient), T(1 - beta_1), T(1 - beta_2), T(root), T(epsilon)}, g, w, {m, v}),
      {w - (of_mean * new_m + of_gradient * g) / (root * std::sqrt(new_v) + epsilon), new_m, new_v});
  const std::vector<T> of_adamax = {T(rate), T(1 - beta_1), T(beta_2), T(epsilon)};
  check_near<T>(one<T>(Update::adamax, of_adamax, -g, w, {m, v}),
                {w - rate * (beta_1 * m - (1 - beta_1) * g) / (g + epsilon), beta_1 * m - (1 - beta_1) * g, g});
  check_near<T>(one<T>(Update::adamax, of_adamax, g, w, {m, 2}), {w - rate * new_m / (2 * beta_2 + epsilon), new_m, 2 * beta_2});
}

TEST_CASE_TEMPLATE("what divides by the size of earlier gradients", T, float, double) {
  using kernels::Update;
  check_near<T>(one<T>(Update::adagrad, {T(rate), T(epsilon)}, g, w, {v}),
                {w - rate * g / std::sqrt(v + g * g + epsilon), v + g * g});
  const double square = rho * v + (1 - rho) * g * g;
  const std::vector<T> of_rmsprop = {T(rate), T(1 - rho), T(epsilon), T(momentum)};
  const double step = rate * g / std::sqrt(square + epsilon), pushed = momentum * m + step;
  check_near<T>(one<T>(Update::rmsprop, of_rmsprop, g, w, {v}), {w - step, square});
  check_near<T>(one<T>(Update::rmsprop_momentum, of_rmsprop, g, w, {v, m}), {w - pushed, square, pushed});
  const double mean = 0.1875, new_mean = rho * mean + (1 - rho) * g;
  const double centered = rate * g / std::sqrt(square - new_mean * new_mean + epsilon);
  check_near<T>(one<T>(Update::centered_rmsprop, of_rmsprop, g, w, {v, mean}), {w - centered, square, new_mean});
  check_near<T>(one<T>(Update::centered_rmsprop_momentum, of_rmsprop, g, w, {v, m, mean}),
                {w - (momentum * m + centered), square, momentum * m + centered, new_mean});
  // A variance that rounding would make negative counts as none.
  check_near<T>(one<T>(Update::centered_rmsprop, {T(rate), T(1), T(epsilon), T(0)}, 3, w, {0, 0}),
                {w - rate * 3 / std::sqrt(epsilon), 9, 3});
  const double before = 0.25, delta = g * std::sqrt(before + epsilon) / std::sqrt(square + epsilon);
  check_near<T>(one<T>(Update::adadelta, {T(rate), T(1 - rho), T(epsilon)}, g, w, {v, before}),
                {w - rate * delta, square, rho * before + (1 - rho) * delta * delta});
}

TEST_CASE_TEMPLATE("FTRL, by roots and by other powers", T, float, double) {
  const double l1 = 0.0625, twice_l2 = 0.25, twice_shrinkage = 0.5, z = 0.1875;
  for (const double exponent : {0.5, 0.75, 0.0}) {
    CAPTURE(exponent);
    const std::vector<T> scalars = {T(1 / rate), T(exponent), T(l1), T(twice_l2), T(twice_shrinkage)};
    for (const double first : {v, 0.0}) {
      const double square = first + g * g, after = std::pow(square, exponent), was = std::pow(first, exponent);
      const double linear = z + g + twice_shrinkage * w - (after - was) / rate * w;
      const double cut = std::min(l1, std::max(-l1, linear));
      check_near<T>(one<T>(kernels::Update::ftrl, scalars, g, w, {first, z}),
                    {(cut - linear) / (after / rate + twice_l2), square, linear});
    }
  }
}

TEST_CASE_TEMPLATE("gradients are scaled, then cut; weights decay before the rule, averages follow it", T, float, double) {
  using kernels::Update;
  const auto sgd = [](const auto& more) { return one<T>(Update::sgd, {T(rate)}, g, w, {}, more); };
  using Arguments = kernels::StoredUpdate<T>;
  check_near<T>(sgd([](Arguments& a) { a.scale = T(0.5); }), {w - rate * g / 2});
  check_near<T>(sgd([](Arguments& a) { a.limit = T(0.25); }), {w - rate * 0.25});
  check_near<T>(sgd([](Arguments& a) { a.scale = -1, a.limit = T(0.25); }), {w + rate * 0.25});
  check_near<T>(sgd([](Arguments& a) { a.decay = T(0.0625); }), {w - 0.0625 * w - rate * g});
  std::vector<T> average(32, T(2));
  const double after = w - rate * g, mean = 2 + 0.25 * (after - 2);
  const auto averaging = [&](bool overwrite) {
    return [&, overwrite](Arguments& a) { a.average = average.data(), a.average_share = T(0.25), a.overwrite = overwrite; };
  };
  check_near<T>(sgd(averaging(false)), {after});
  check_near<T>({static_cast<double>(average[7])}, {mean});
  std::fill(average.begin(), average.end(), T(2));
  check_near<T>(sgd(averaging(true)), {mean});
}

TEST_CASE_TEMPLATE("every rule gives the same bits in every table", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(3);
  for (int update = 0; update < static_cast<int>(kernels::Update::count); ++update)
    for (int variant = 0; variant < 16; ++variant) {
      std::vector<T> scalars;
      for (int i = 0; i < kernels::max_scalars; ++i) scalars.push_back(static_cast<T>(numbers.uniform(0.01, 1)));
      if (variant % 2 == 1) scalars[1] = T(0.5);  // FTRL takes the root
      const State<T> before(32 * (1 + numbers.below(40)), numbers);
      const auto run = [&](const kernels::Table<T>& table) {
        State<T> state = before;
        auto a = state.pointing(scalars.data());
        if ((variant & 2) != 0) a.scale = T(0.7), a.limit = T(0.5);
        if ((variant & 4) != 0) a.decay = T(0.01);
        if ((variant & 8) != 0) a.average = state.average.data(), a.average_share = T(0.1), a.overwrite = variant % 3 == 0;
        table.stored_update[update](a);
        return state;
      };
      const State<T> expected = run(plain<T>());
      for (const Level<T>& level : levels<T>()) {
        CAPTURE(level.name);
        CAPTURE(update);
        CAPTURE(variant);
        REQUIRE(same_state(run(*level.table), expected));
      }
    }
}

// An update from a sum in registers and one from a stored sum give the same bits.
TEST_CASE_TEMPLATE("a fused update is the one of the stored gradient", T, float, double) {
  const FlushDenormals flush;
  Numbers numbers(5);
  constexpr Index rows = 10, inputs = 7;
  for (int update = 1; update < kernels::fused_updates; ++update)
    for (const Level<T>& level : levels<T>()) {
      std::vector<T> x, dz, scalars;
      for (Index i = 0; i < rows * inputs; ++i) x.push_back(numbers.value<T>());
      for (Index i = 0; i < rows * panel_width; ++i) dz.push_back(numbers.value<T>());
      for (int i = 0; i < kernels::max_scalars; ++i) scalars.push_back(static_cast<T>(numbers.uniform(0.01, 1)));
      const State<T> before(inputs * panel_width, numbers);
      const auto gradient = [&](State<T>& to, int rule) {
        level.table->weight_gradient[rule]({.rows = rows,
                                            .inputs = inputs,
                                            .columns = panel_width,
                                            .x = x.data(),
                                            .x_row = inputs,
                                            .x_panel = panel_width,
                                            .dz = dz.data(),
                                            .dz_row = panel_width,
                                            .previous = nullptr,
                                            .weights = to.weights.data(),
                                            .slots = {to.slots[0].data(), to.slots[1].data(), to.slots[2].data()},
                                            .live = nullptr,
                                            .scalars = scalars.data(),
                                            .l1 = T(0.02),
                                            .twice_l2 = T(0.03)});
      };
      State<T> fused = before, sums = before, stored = before;
      gradient(fused, update);
      gradient(sums, static_cast<int>(kernels::Update::store));
      stored.gradient = sums.slots[0];
      level.table->stored_update[update](stored.pointing(scalars.data()));
      CAPTURE(level.name);
      CAPTURE(update);
      REQUIRE(same_state(fused, stored));
    }
}
