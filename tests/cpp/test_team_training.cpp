// Whole trainings give the same bits for every number of threads, instruction set, and way to apply a gradient.
#include <doctest/doctest.h>
#include <sched.h>

#include "in_child.h"
#include "problems.h"

using namespace lamina;
using namespace lamina::test;

namespace {

// The problems, the digit recogniser of the book, and a wider one, with partial last batches.
std::vector<Problem> problems_in_full_size() {
  std::vector<Problem> list = problems();
  const auto recogniser = [&list](const char* name, Index units_1, Index units_2, Index rows, Index batch) {
    list.push_back({name,
                    784,
                    {dense(units_1), activation("relu"), dropout(0.2, 1), dense(units_2), activation("relu"),
                     dropout(0.2, 2), dense(10), activation("softmax")},
                    {"sparse_categorical_crossentropy", {"sparse_categorical_accuracy"}},
                    adam(),
                    rows,
                    batch,
                    1,
                    true});
  };
  recogniser("one row", 128, 64, 5, 1);
  recogniser("headline", 128, 64, 74, 10);
  recogniser("panels for eight", 256, 128, 40, 7);
  recogniser("wider", 384, 512, 150, 100);
  return list;
}

// Whether this process runs on one CPU from now on.
bool pin_to_one_cpu() {
  cpu_set_t allowed, one;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return false;
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu)
    if (CPU_ISSET(cpu, &allowed)) CPU_SET(cpu, &one);
  return sched_setaffinity(0, sizeof(one), &one) == 0;
}

}  // namespace

TEST_CASE_TEMPLATE("any team, stored or fused", T, float, double) {
  const MostThreads eight(8);
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

// As where a core is taken away in the middle of an epoch, or given back. With eight threads at most, so that plans
// have barriers of their own for two, four and eight.
TEST_CASE_TEMPLATE("a team of another size at every batch", T, float, double) {
  const MostThreads eight(8);
  const kernels::Table<T>& table = kernels::table<T>(kernels::current_isa());
  for (const Problem& p : problems_in_full_size()) {
    CAPTURE(p.name);
    force_team(1);
    const Outcome<T> expected = train<T>(p, table);
    for (const std::uint64_t seed : {1, 2, 3, 4}) {
      CAPTURE(seed);
      Numbers numbers(seed);
      const auto run_with_any_team = [&numbers](training::Trainer<T>& trainer) {
        trainer.begin_epoch();
        while (!trainer.finished()) {
          force_team(static_cast<int>(1 + numbers.below(8)));
          trainer.advance(1, for_ever);
        }
      };
      CHECK(train<T>(p, table, seed % 2 == 0, run_with_any_team) == expected);
    }
    force_team(0);
  }
}

#ifndef __SANITIZE_THREAD__  // it forbids threads in a child
// A thread that waits without giving its core away keeps those that it waits for from running: minutes, not seconds.
TEST_CASE("eight threads on one core train promptly") {
  const int done = in_child(
      [] {
        Problem p{"circle",
                  2,
                  {dense(128), activation("relu"), dropout(0.2, 1), dense(64), activation("relu"), dropout(0.2, 2),
                   dense(2), activation("softmax")},
                  {"sparse_categorical_crossentropy", {"sparse_categorical_accuracy"}},
                  adam(),
                  2500,
                  10,
                  4};
        const ForcedTeam team(8);
        if (!pin_to_one_cpu()) return 1;
        train<float>(p, kernels::table<float>(kernels::current_isa()));
        return 0;
      },
      60);
  CHECK(done == 0);
}
#endif

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
