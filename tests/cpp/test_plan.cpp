// Plans: what they skip, how they cope with fewer rows than they were made for, and what they refuse.
#include <doctest/doctest.h>

#include <stdexcept>

#include "base/rng.h"
#include "network/objective_steps.h"
#include "problems.h"

using namespace lamina;
using namespace lamina::test;

namespace {

Problem digits(Index rows) {
  return {"digits",
          130,
          {dense(40), activation("relu"), dense(70), activation("tanh"), dense(10), activation("softmax")},
          {"sparse_categorical_crossentropy", {"sparse_categorical_accuracy"}},
          adam(),
          rows,
          rows,
          1,
          true};
}

template <class T> void fill(network::Network<T>& network, std::uint64_t seed) {
  Numbers numbers(seed);
  for (std::size_t i = 0; i < network.parameters().size(); ++i) {
    std::vector<T> w(size_of(network.parameters()[i]));
    for (T& x : w) x = static_cast<T>(numbers.uniform(-0.2, 0.2));
    network.write_weight(i, w.data());
  }
}

struct Result {
  std::vector<double> predictions, gradients;
  double loss;
  bool operator==(const Result&) const = default;
};

// Predictions, gradients and loss of the problem's rows, by one plan.
template <class T> Result run_plan(const Problem& p, network::PlanOptions options, int threads = 1) {
  const Data<T> data(p, 5);
  network::Network<T> network(p.inputs, p.layers, {}, kernels::table<T>(kernels::current_isa()));
  fill(network, 3);
  network.ensure_gradients();
  options.backward = network::Backward::gradients;
  options.objective = &p.objective;
  network::Plan<T> plan(network, options);
  const training::Inputs inputs = data.inputs();
  const training::TargetRows<T> targets = data.targets();
  training::add_gather_steps(plan, network, inputs, &targets);
  plan.finish();
  Batch<T> batch;
  batch.rows = p.rows;
  bool applied = true;
  run_team(threads, [&](Team& team) {
    if (!plan.run(batch, team)) applied = false;
  });
  CHECK(applied);
  Result result;
  for (Index r = 0; r < p.rows; ++r)
    for (Index c = 0; c < p.outputs(); ++c)
      result.predictions.push_back(static_cast<double>(*plan.predictions().at(r, c)));
  for (std::size_t i = 0; i < network.parameters().size(); ++i) {
    std::vector<T> g(size_of(network.parameters()[i]));
    network.read_gradient(i, g.data());
    result.gradients.insert(result.gradients.end(), g.begin(), g.end());
  }
  result.loss = plan.totals().last_loss;
  CHECK(plan.totals().rows == p.rows);
  return result;
}

// Kernels that never skip: everything that says which columns live is withheld from them.
template <class T> struct NeverSkipping {
  static inline const kernels::Table<T>* base;
  static inline Index skipped;

  template <int update> static void weight_gradient(const kernels::WeightGradient<T>& g) {
    kernels::WeightGradient<T> all = g;
    count(g.live, g.inputs);
    all.live = nullptr;
    base->weight_gradient[update](all);
  }
  static void product(const kernels::Product<T>& p) {
    kernels::Product<T> all = p;
    count(p.live, p.depth);
    all.live = nullptr;
    base->product(all);
  }
  static void count(const std::uint8_t* live, Index n) {
    for (Index i = 0; live != nullptr && i < n; ++i) skipped += live[i] == 0;
  }
  static kernels::Table<T> table(const kernels::Table<T>& of) {
    base = &of;
    skipped = 0;
    kernels::Table<T> changed = of;
    changed.product = product;
    replace(changed, std::make_integer_sequence<int, kernels::fused_updates>());
    return changed;
  }
  template <int... updates> static void replace(kernels::Table<T>& table, std::integer_sequence<int, updates...>) {
    ((table.weight_gradient[updates] = weight_gradient<updates>), ...);
  }
};

}  // namespace

TEST_CASE_TEMPLATE("skipping columns of zeros changes no bit of a plan's results", T, float, double) {
  for (const Index rows : {1, 10, 40}) {
    const Problem p = digits(rows);
    CAPTURE(rows);
    CHECK(run_plan<T>(p, {.capacity = rows, .skip_zero_columns = true}) ==
          run_plan<T>(p, {.capacity = rows, .skip_zero_columns = false}));
  }
}

TEST_CASE_TEMPLATE("skipping columns of zeros changes no bit of a training", T, float, double) {
  const ForcedTeam team(1);
  Problem p = digits(45);
  p.batch = 10;
  p.epochs = 2;
  for (const OptimizerSpec& optimizer : {adam(), sgd(0.01), sgd(0.01, 0.9), sgd(0.01, 0.9, true)})
    for (const bool fused : {true, false}) {
      p.optimizer = optimizer;
      const kernels::Table<T>& table = kernels::table<T>(kernels::current_isa());
      const kernels::Table<T> never = NeverSkipping<T>::table(table);
      CHECK(train<T>(p, table, fused) == train<T>(p, never, fused));
      CHECK(NeverSkipping<T>::skipped > 0);
    }
}

TEST_CASE_TEMPLATE("a plan for more rows gives the same", T, float, double) {
  for (const Index rows : {1, 7, 33, 70}) {
    const Problem p = digits(rows);
    CAPTURE(rows);
    const Result expected = run_plan<T>(p, {.capacity = rows});
    for (const Index capacity : {rows + 1, Index{64}, Index{300}})
      if (capacity >= rows) CHECK(run_plan<T>(p, {.capacity = capacity}) == expected);
    for (const int threads : {2, 5}) CHECK(run_plan<T>(p, {.capacity = 100}, threads) == expected);
  }
}

TEST_CASE_TEMPLATE("a plan may be run again with other rows", T, float, double) {
  const Problem p = digits(40);
  const Data<T> data(p, 5);
  network::Network<T> network(p.inputs, p.layers, {}, kernels::table<T>(kernels::current_isa()));
  fill(network, 3);
  const training::Inputs inputs = data.inputs();
  const auto predict = [&](network::Plan<T>& plan, Index first, Index rows, const Index* order) {
    Batch<T> batch;
    batch.rows = rows;
    batch.first = first;
    batch.order = order;
    run_team(1, [&](Team& team) { plan.run(batch, team); });
    std::vector<T> found;
    for (Index r = 0; r < rows; ++r)
      for (Index c = 0; c < 10; ++c) found.push_back(*plan.predictions().at(r, c));
    return found;
  };
  const auto make = [&] {
    auto plan = std::make_unique<network::Plan<T>>(network, network::PlanOptions{.capacity = 40});
    training::add_gather_steps<T>(*plan, network, inputs, nullptr);
    plan->finish();
    return plan;
  };
  const auto plan = make();
  const std::vector<T> all = predict(*plan, 0, 40, nullptr);
  const Index order[] = {39, 3, 3, 0, 17};
  for (const auto& [first, rows] : {std::pair<Index, Index>{30, 10}, {0, 3}, {5, 20}, {0, 40}}) {
    const std::vector<T> found = predict(*plan, first, rows, nullptr);
    CHECK(std::equal(found.begin(), found.end(), all.begin() + first * 10));
  }
  const std::vector<T> found = predict(*plan, 0, 5, order);
  for (Index r = 0; r < 5; ++r)
    CHECK(std::equal(found.begin() + r * 10, found.begin() + r * 10 + 10, all.begin() + order[r] * 10));
}

TEST_CASE_TEMPLATE("a dropout's mask is that of its seed, position, step and element", T, float, double) {
  constexpr std::uint64_t seed = 0xabcdef0123456789;
  const auto kept = [](Index e, std::uint64_t step, std::uint32_t position, double rate) {
    const auto block = static_cast<std::uint32_t>((e >> 6) * 16 + (e & 15));
    const PhiloxBlock words =
        philox({block, static_cast<std::uint32_t>(step >> 32) << 16, static_cast<std::uint32_t>(step), position}, seed);
    return words[static_cast<std::size_t>(e >> 4 & 3)] >= static_cast<std::uint32_t>(rate * 0x1p32);
  };
  // The last of each: masks in columns, which are for small batches.
  for (const Index columns : {37, 64, 192})
    for (const Index capacity : {40, 21}) {
      const Problem p{
          "",     columns, {activation("relu"), dropout(0.3, seed), dropout(0.6, seed)}, {"mean_squared_error", {}},
          adam(), 21};
      Data<T> data(p, 5);
      for (float& x : data.floats()) x = 1;
      network::Network<T> network(p.inputs, p.layers, {}, kernels::table<T>(kernels::current_isa()));
      const training::Inputs inputs = data.inputs();
      for (const bool training : {true, false}) {
        network::Plan<T> plan(network, {.capacity = capacity, .training = training});
        training::add_gather_steps<T>(plan, network, inputs, nullptr);
        plan.finish();
        for (const std::uint64_t step : {std::uint64_t{0}, std::uint64_t{1}, (std::uint64_t{1} << 33) + 5})
          for (const int threads : {1, 3}) {
            Batch<T> batch;
            batch.rows = p.rows;
            batch.iteration = step;
            run_team(threads, [&](Team& team) { plan.run(batch, team); });
            bool right = true;
            for (Index e = 0; e < p.rows * columns; ++e) {
              T expected = 1;
              if (training) expected = kept(e, step, 1, 0.3) ? static_cast<T>(1 / (1 - 0.3)) : T{0};
              if (training) expected *= kept(e, step, 2, 0.6) ? static_cast<T>(1 / (1 - 0.6)) : T{0};
              right = right && *plan.predictions().at(e / columns, e % columns) == expected;
            }
            CAPTURE(training);
            CAPTURE(step);
            CHECK(right);
          }
      }
    }
}

TEST_CASE("penalty_of sums over every element once") {
  for (const Index units : {1, 31, 32, 33, 200}) {
    network::Network<double> network(60, {penalized(units, 0.5, 0.25)}, {}, kernels::table<double>(kernels::Isa::scalar));
    fill(network, 3);
    double expected = 0;
    for (std::size_t i = 0; i < network.parameters().size(); ++i) {
      const layers::ParameterInfo& info = network.parameters()[i];
      std::vector<double> w(size_of(info));
      network.read_weight(i, w.data());
      const double l1 = info.vector ? 0.25 : 0.5, l2 = info.vector ? 0.125 : 0.25;
      for (const double x : w) expected += l1 * std::abs(x) + l2 * x * x;
    }
    CHECK(network::penalty_of(network) == doctest::Approx(expected).epsilon(1e-13));
  }
}

TEST_CASE("objectives that make no sense are refused") {
  using network::check_objective;
  CHECK_NOTHROW(check_objective({"categorical_crossentropy", {"categorical_accuracy"}}));
  CHECK_NOTHROW(check_objective({"mean_squared_error", {"binary_accuracy", "root_mean_squared_error"}}));
  CHECK_NOTHROW(check_objective({"sparse_categorical_crossentropy", {"sparse_categorical_accuracy"}}));
  CHECK_NOTHROW(check_objective({{"binary_crossentropy", {{"from_logits", 1.0}, {"label_smoothing", 1.0}}}, {}}));
  for (const network::Objective& wrong :
       {network::Objective{"categorical_crossentropy", {"sparse_categorical_accuracy"}},
        {"sparse_categorical_crossentropy", {"categorical_accuracy"}},
        {"categorical_crossentropy", {"no such metric"}},
        {"no such loss", {}},
        {{"huber", {{"delta", 0.0}}}, {}},
        {{"categorical_crossentropy", {{"label_smoothing", 1.5}}}, {}},
        {{"binary_crossentropy", {{"label_smoothing", -0.1}}}, {}}})
    CHECK_THROWS_AS(check_objective(wrong), std::invalid_argument);
}

TEST_CASE("networks without a dense layer, or without any, have plans") {
  for (const std::vector<LayerSpec>& layers : {std::vector<LayerSpec>{},
                                               {activation("tanh")},
                                               {dropout(0.5, 1)},
                                               {activation("softmax"), activation("relu")}}) {
    const Problem p{"no weights", 5, layers, {"mean_squared_error", {}}, adam(), 12, 4};
    for (const int threads : {1, 3}) {
      const ForcedTeam team(threads);
      const Outcome<double> outcome = train<double>(p, kernels::table<double>(kernels::current_isa()));
      CHECK(outcome.weights.empty());
      CHECK(std::isfinite(outcome.reports[0]));
    }
  }
}
