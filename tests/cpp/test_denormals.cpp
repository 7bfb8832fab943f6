// Denormals, which cost a CPU a hundred times what other numbers do, stay out of weights and moments: those of inputs
// that are always zero, or that become zero, so that what they left decays without end.
#include <doctest/doctest.h>

#include <cmath>

#include "problems.h"

using namespace lamina;
using namespace lamina::test;

namespace {

constexpr Index inputs = 12, hidden = 40;
constexpr Index dead[] = {0, 4}, dying[] = {1, 5};  // inputs
constexpr Index dying_unit = 7;                     // a hidden unit that follows the first dying input
constexpr Index live_rows = 40;                     // of an epoch, before the dying inputs are zero

// Steps that take a number of about 1 below the smallest normal one, at a tenth off a step, and half as many again.
template <class T> constexpr Index rows_of_an_epoch = std::is_same_v<T, float> ? 1'300 : 10'500;

Problem problem(const std::string& name, const OptimizerSpec& optimizer, Index rows, double l2 = 0) {
  return {name,
          inputs,
          {penalized(hidden, 0, l2), activation("relu"), penalized(3, 0, l2)},
          {"mean_squared_error", {"mean_absolute_error"}},
          optimizer,
          rows,
          1,
          2,
          false,
          false};
}

OptimizerSpec rmsprop(double momentum, bool centered) {
  return {"rmsprop",
          {{"learning_rate", 0.001},
           {"rho", 0.9},
           {"momentum", momentum},
           {"epsilon", 1e-7},
           {"centered", centered ? 1.0 : 0.0}}};
}

// Every moment decays by a tenth a step: rounding keeps such a decay among the denormals for good.
std::vector<Problem> decaying_moments(Index rows) {
  const OptimizerSpec adam_with_equal_betas = {
      "adam", {{"learning_rate", 0.001}, {"beta_1", 0.9}, {"beta_2", 0.9}, {"epsilon", 1e-7}}};
  return {problem("adam", adam_with_equal_betas, rows),
          problem("momentum", sgd(0.001, 0.9), rows),
          problem("nesterov", sgd(0.001, 0.9, true), rows),
          problem("rmsprop", rmsprop(0, false), rows),
          problem("rmsprop, centered, with momentum", rmsprop(0.9, true), rows)};
}

// Here it is the weights of dead inputs that do.
std::vector<Problem> decaying_weights(Index rows) {
  const OptimizerSpec adamw = {"adamw",
                               {{"learning_rate", 0.001},
                                {"beta_1", 0.9},
                                {"beta_2", 0.9},
                                {"epsilon", 1e-7},
                                {"weight_decay", 100}}};
  return {problem("adamw", adamw, rows), problem("l2", sgd(0.001), rows, 50)};
}

template <class T> Data<T> data_for(const Problem& p) {
  Data<T> data(p, 3);
  const auto at = [&data](Index row, Index input) -> float& {
    return data.floats()[static_cast<std::size_t>(row * inputs + input)];
  };
  for (Index row = 0; row < p.rows; ++row) {
    for (const Index input : dead) at(row, input) = 0;
    for (const Index input : dying) at(row, input) = row < live_rows ? 1 : 0;
  }
  return data;
}

// The model's weights with those of the dying unit, which is above 0 where its input is 1 and below where it is 0.
template <class T> std::unique_ptr<training::Model<T>> model_for(const Problem& p) {
  auto model = make_model<T>(p);
  std::vector<T> weights = weights_of(*model);
  for (Index input = 0; input < inputs; ++input) weights[static_cast<std::size_t>(input * hidden + dying_unit)] = 0;
  weights[static_cast<std::size_t>(dying[0] * hidden + dying_unit)] = 4;
  weights[static_cast<std::size_t>(inputs * hidden + dying_unit)] = -2;
  set_weights(*model, weights);
  return model;
}

// Some numbers of a model: how many are not 0, and how many of them denormal.
struct Count {
  Index nonzero = 0, denormal = 0;
  template <class T> void add(const T* numbers, Index n) {
    for (Index i = 0; i < n; ++i) {
      nonzero += numbers[i] != 0;
      denormal += std::fpclassify(numbers[i]) == FP_SUBNORMAL;
    }
  }
};

enum class Of { weights, moments };

// Of the kernel rows of some inputs.
template <class T> Count count(const layers::Parameter<T>& kernel, std::initializer_list<Index> rows, Of of) {
  Count found;
  for (Index panel = 0; panel < kernel.panels(); ++panel)
    for (const Index row : rows) {
      const Index at = panel * kernel.panel_stride() + row * panel_width;
      if (of == Of::weights) found.add(kernel.value + at, panel_width);
      for (const T* slot : kernel.slots)
        if (of == Of::moments && slot != nullptr) found.add(slot + at, panel_width);
    }
  return found;
}

template <class T> Count count_all(const training::Model<T>& model) {
  Count found;
  for (const layers::Parameter<T>& parameter : model.network().parameters()) {
    found.add(parameter.value, parameter.size());
    for (const T* slot : parameter.slots)
      if (slot != nullptr) found.add(slot, parameter.size());
  }
  return found;
}

// Two epochs; look(model, whether the inputs have died) is called in the midst of what is alive, and at every end.
template <class T, class Look> void train_and_look(const Problem& p, bool fused, int threads, Look&& look) {
  CAPTURE(p.name);
  CAPTURE(fused);
  CAPTURE(threads);
  const ForcedTeam team(threads);
  const Data<T> data = data_for<T>(p);
  const auto model = model_for<T>(p);
  model->fused = fused;
  training::Trainer<T> trainer(*model, data.inputs(), data.targets(), p.batch, p.shuffled, 1);
  for (Index epoch = 0; epoch < p.epochs; ++epoch) {
    trainer.begin_epoch();
    trainer.advance(live_rows / 2, for_ever);
    look(*model, false);
    trainer.advance(all_batches, for_ever);
    REQUIRE(!trainer.diverged());
    look(*model, true);
    CHECK(count_all(*model).denormal == 0);
  }
}

// f(fused, threads), for the ways to train that take memory from one thread to another differently.
template <class F> void in_every_way(F&& f) {
  f(true, 1);
  f(false, 1);
  f(true, 2);
}

}  // namespace

TEST_CASE_TEMPLATE("the moments of inputs that have died end at zero", T, float, double) {
  for (const Problem& p : decaying_moments(rows_of_an_epoch<T>))
    in_every_way([&](bool fused, int threads) {
      train_and_look<T>(p, fused, threads, [](const training::Model<T>& model, bool died) {
        const auto& parameters = model.network().parameters();
        CHECK(count(parameters[0], {dead[0], dead[1]}, Of::moments).nonzero == 0);
        CHECK((count(parameters[0], {dying[0], dying[1]}, Of::moments).nonzero == 0) == died);
        CHECK((count(parameters[2], {dying_unit}, Of::moments).nonzero == 0) == died);
      });
    });
}

TEST_CASE_TEMPLATE("weights that only a penalty or a decay moves end at zero", T, float, double) {
  for (const Problem& p : decaying_weights(rows_of_an_epoch<T>))
    in_every_way([&](bool fused, int threads) {
      bool before = true;
      train_and_look<T>(p, fused, threads, [&](const training::Model<T>& model, bool died) {
        const Count found = count(model.network().parameters()[0], {dead[0], dead[1]}, Of::weights);
        CHECK((found.nonzero > 0) == (before && !died));
        before = before && !died;
      });
    });
}
