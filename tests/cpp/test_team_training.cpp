// Whole trainings give the same bits for every number of threads, instruction set, and way to apply a gradient.
#include <doctest/doctest.h>

#include "problems.h"

using namespace lamina;
using namespace lamina::test;

namespace {

std::vector<Problem> problems() {
  std::vector<Problem> list;
  const std::vector<std::string> dense_metrics = {"categorical_accuracy", "mean_squared_error"};
  // The digit recogniser in small: zero columns, bytes, two dropouts, a partial last batch.
  list.push_back({"digits",
                  300,
                  {dense(70), activation("relu"), dropout(0.2, 1), dense(40), activation("relu"), dropout(0.2, 2),
                   dense(10), activation("softmax")},
                  {"sparse_categorical_crossentropy", {"sparse_categorical_accuracy"}},
                  adam(),
                  47,
                  10,
                  2,
                  true});
  // Batches beyond one segment of 256 rows, and beyond two.
  list.push_back({"batch 300",
                  33,
                  {dense(65), activation("tanh"), dense(4), activation("softmax")},
                  {"categorical_crossentropy", dense_metrics},
                  sgd(0.1, 0.9),
                  320,
                  300});
  list.push_back({"batch 600",
                  5,
                  {dense(33), activation("leaky_relu"), dropout(0.5, 3), dense(2)},
                  {"mean_squared_error", {"root_mean_squared_error", "mean_absolute_error"}},
                  sgd(0.1, 0.9, true),
                  650,
                  600});
  // Sums over more than 256 inputs and units; softmax inside; nothing but one output.
  list.push_back(
      {"wide",
       270,
       {dense(290), activation("softmax"), dense(300, false), activation("sigmoid"), dense(1), activation("sigmoid")},
       {"binary_crossentropy", {"binary_accuracy"}},
       adam(0.01),
       24,
       9});
  list.push_back({"penalties",
                  7,
                  {penalized(33, 0.001, 0.002), activation("tanh"), penalized(150, 0.001, 0.002), activation("sigmoid"),
                   penalized(3, 0.01, 0)},
                  {"mean_absolute_error", {}},
                  sgd(0.05),
                  30,
                  7,
                  2});
  return list;
}

}  // namespace

TEST_CASE_TEMPLATE("any team, stored or fused", T, float, double) {
  const kernels::Table<T>& table = kernels::table<T>(kernels::current_isa());
  for (const Problem& p : problems()) {
    CAPTURE(p.name);
    force_team(1);
    const Outcome<T> expected = train<T>(p, table);
    for (const T w : expected.weights) REQUIRE(std::isfinite(w));
    for (const int threads : {1, 2, 3, 8})
      for (const bool fused : {true, false}) {
        CAPTURE(threads);
        CAPTURE(fused);
        const ForcedTeam team(threads);
        CHECK(train<T>(p, table, fused) == expected);
      }
    force_team(0);
    CHECK(train<T>(p, table) == expected);
  }
}

#ifndef __SANITIZE_THREAD__  // the threads do the same whatever the instruction set
TEST_CASE_TEMPLATE("any instruction set", T, float, double) {
  for (const Problem& p : problems()) {
    CAPTURE(p.name);
    force_team(1);
    const Outcome<T> expected = train<T>(p, plain<T>());
    for (const Level<T>& level : levels<T>()) {
      CAPTURE(level.name);
      CHECK(train<T>(p, *level.table) == expected);
      const ForcedTeam team(3);
      CHECK(train<T>(p, *level.table, false) == expected);
    }
    force_team(0);
  }
}
#endif

TEST_CASE("another seed of a dropout gives other weights") {
  Problem p = problems().front();
  const Outcome<float> one = train<float>(p, kernels::table<float>(kernels::current_isa()));
  p.layers[2].seed = 5;
  CHECK(!(train<float>(p, kernels::table<float>(kernels::current_isa())) == one));
}
