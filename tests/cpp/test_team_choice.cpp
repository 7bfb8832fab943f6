// The choice between a team and one thread, in simulated time.
#include <doctest/doctest.h>

#include <algorithm>

#include "training/team_choice.h"

using namespace lamina;
using training::TeamChoice;

namespace {

struct Outcome {
  double alone = 0, together = 0;  // seconds
  int last = 0;                    // the size in the end
};

// A training of so many seconds, by batches that take a team of two and one thread as long as is said.
Outcome train(TeamChoice& choice, double seconds, double two, double one) {
  Outcome outcome;
  while (outcome.alone + outcome.together < seconds) {
    outcome.last = choice.size();
    const double batch = outcome.last == 2 ? two : one;
    const auto batches = static_cast<Index>(std::min(1e6, choice.seconds() / batch)) + 1;
    const double took = batch * static_cast<double>(batches);
    (outcome.last == 2 ? outcome.together : outcome.alone) += took;
    choice.took(batches, took);
  }
  return outcome;
}

}  // namespace

TEST_CASE("trials of one thread cost little, however long a batch takes") {
  for (const double batch : {20e-6, 1e-3, 3e-3, 8e-3, 0.1, 2.0}) {
    TeamChoice choice(2);
    const Outcome outcome = train(choice, std::max(20.0, 1000 * batch), batch, 2 * batch);
    CAPTURE(batch);
    CHECK(outcome.last == 2);
    CHECK(outcome.alone <= 0.021 * outcome.together);
    CHECK(outcome.alone > 0);  // it was tried
  }
}

TEST_CASE("a team that a busy core makes slow is given up at once, and taken again when the core is free") {
  TeamChoice choice(2);
  CHECK(train(choice, 0.01, 200e-6, 50e-6).last == 1);
  CHECK(train(choice, 0.5, 25e-6, 50e-6).last == 2);
}

TEST_CASE("a team of one and a fixed team are never left") {
  TeamChoice one(1), fixed(2);
  fixed.fix(2);
  CHECK(train(one, 1, 1e-3, 1e-3).last == 1);
  CHECK(train(fixed, 10, 2e-3, 1e-3).alone == 0);
}
