// Batches that are handed over one by one, epochs within a pass, and evaluations in parts.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "problems.h"

using namespace lamina;
using namespace lamina::test;

namespace {

// Trains an epoch on batches of these sizes, again from the first row on where the rows are through.
template <class T>
void feed(training::Trainer<T>& trainer, const Data<T>& data, Index outputs, const std::vector<Index>& sizes) {
  trainer.begin_epoch();
  Index first = 0;
  for (const Index rows : sizes) {
    if (first + rows > data.inputs().rows) first = 0;
    trainer.give(first_rows(data.inputs(), rows, first), rows_from(data.targets(), first, outputs));
    trainer.advance(all_batches, for_ever);
    first += rows;
  }
  trainer.end_epoch();
}

std::vector<Index> equal_batches(const Problem& p) {
  std::vector<Index> sizes(static_cast<std::size_t>(p.rows / p.batch), p.batch);
  if (p.rows % p.batch != 0) sizes.push_back(p.rows % p.batch);
  return sizes;
}

template <class T> struct Trained {
  std::vector<T> weights;
  std::vector<double> results;
  bool operator==(const Trained&) const = default;
};

}  // namespace

TEST_CASE_TEMPLATE("batches that are handed over train as those gathered from the data, bit for bit", T, float, double) {
  for (const Problem& p : problems()) {
    CAPTURE(p.name);
    const Data<T> data(p, 11);
    for (const bool fused : {true, false}) {
      Trained<T> expected;
      for (const int threads : {1, 2, 3, 8})
        for (const bool handed_over : {false, true}) {
          CAPTURE(threads);
          CAPTURE(handed_over);
          const ForcedTeam team(threads);
          const auto model = make_model<T>(p);
          model->fused = fused;
          Trained<T> trained;
          training::Trainer<T> trainer(*model, data.inputs(), data.targets(), p.batch, false, 1);
          // The first plan is for one row, so that it has to be made anew.
          training::Trainer<T> fed(*model, first_rows(data.inputs(), 1), data.targets(), 1, false, 1);
          for (int epoch = 0; epoch < 2; ++epoch) {
            if (handed_over)
              feed(fed, data, p.outputs(), equal_batches(p));
            else
              run_epoch(trainer);
            for (const double value : (handed_over ? fed : trainer).results()) trained.results.push_back(value);
          }
          trained.weights = weights_of(*model);
          if (expected.weights.empty()) expected = trained;
          CHECK(trained == expected);
        }
    }
  }
}

TEST_CASE_TEMPLATE("a batch may be of any size, whatever came before", T, float, double) {
  for (const Problem& p : problems()) {
    CAPTURE(p.name);
    const Data<T> data(p, 11);
    const std::vector<Index> sizes = {2, 1, std::min<Index>(p.rows, 33), 1, p.rows, 3};
    const auto model = make_model<T>(p), expected = make_model<T>(p);
    training::Trainer<T> fed(*model, first_rows(data.inputs(), 2), data.targets(), 2, false, 1);
    feed(fed, data, p.outputs(), sizes);
    CHECK(fed.done() == static_cast<Index>(sizes.size()));
    Index first = 0, all = 0;
    double sum = 0;
    for (const Index rows : sizes) {  // each by a trainer of its own
      if (first + rows > p.rows) first = 0;
      training::Trainer<T> one(*expected, first_rows(data.inputs(), rows, first),
                               rows_from(data.targets(), first, p.outputs()), rows, false, 1);
      run_epoch(one);
      sum += one.results()[0] * static_cast<double>(rows);
      first += rows;
      all += rows;
    }
    CHECK(weights_of(*model) == weights_of(*expected));
    CHECK(fed.results()[0] == doctest::Approx(sum / static_cast<double>(all)).epsilon(1e-12));
  }
}

TEST_CASE_TEMPLATE("an epoch may end within a pass, and the next goes on there", T, float, double) {
  for (const Problem& p : problems()) {
    CAPTURE(p.name);
    const Data<T> data(p, 11);
    const auto model = make_model<T>(p), expected = make_model<T>(p);
    training::Trainer<T> trainer(*model, data.inputs(), data.targets(), p.batch, true, 1);
    training::Trainer<T> whole(*expected, data.inputs(), data.targets(), p.batch, true, 1);
    for (int pass = 0; pass < 2; ++pass) {
      trainer.begin_epoch();
      CHECK(trainer.advance(1, for_ever) == 1);
      trainer.end_epoch();
      trainer.begin_epoch(false);
      CHECK(trainer.done() == 0);
      CHECK(trainer.advance(all_batches, for_ever) == trainer.batches() - 1);
      CHECK(trainer.finished());
      run_epoch(whole);
    }
    CHECK(weights_of(*model) == weights_of(*expected));
  }
}

TEST_CASE_TEMPLATE("weights that are no longer finite are put back at the end of an epoch of a feed", T, float, double) {
  const Problem p{"feed", 6, {dense(40), activation("tanh"), dense(3)}, {"mean_squared_error", {}}, adam(0.01), 50, 10};
  const Data<T> data(p, 3);
  for (const std::size_t batches : {1, 2}) {  // the second batch meets what the first one did
    const auto model = make_model<T>(p);
    training::Trainer<T> fed(*model, first_rows(data.inputs(), 10), data.targets(), 10, false, 1);
    feed(fed, data, 3, {10, 10});
    CHECK(!fed.restored());
    const std::vector<T> before = weights_of(*model);
    model->optimizer().learning_rate = std::numeric_limits<double>::infinity();
    feed(fed, data, 3, std::vector<Index>(batches, 10));
    CHECK(fed.done() == 1);
    CHECK(fed.diverged());
    CHECK(fed.restored());
    CHECK(weights_of(*model) == before);
  }
}

TEST_CASE("weights of rows are in all batches or in none") {
  for (const Problem& p : problems()) {
    const Data<double> data(p, 3);
    const auto model = make_model<double>(p);
    training::Trainer<double> fed(*model, data.inputs(), data.targets(), p.rows, false, 1);
    const std::vector<double> ones(static_cast<std::size_t>(p.rows), 1.0);
    training::TargetRows<double> other = data.targets();
    other.weights = other.weights == nullptr ? ones.data() : nullptr;
    CHECK_THROWS_AS(fed.give(data.inputs(), other), std::invalid_argument);
    training::EvaluationSums sums;
    model->add_to(sums, data.inputs(), data.targets(), [] {}, p.rows);
    CHECK_THROWS_AS(model->add_to(sums, data.inputs(), other, [] {}, p.rows), std::invalid_argument);
  }
}

TEST_CASE_TEMPLATE("an evaluation in parts is that of the whole, bit for bit", T, float, double) {
  for (const Problem& p : problems()) {
    CAPTURE(p.name);
    const Data<T> data(p, 11);
    const auto model = make_model<T>(p);
    training::Trainer<T> trainer(*model, data.inputs(), data.targets(), p.batch, false, 1);
    run_epoch(trainer);  // moving statistics are none before
    training::EvaluationSums sums;
    Index first = 0;
    for (const Index rows : equal_batches(p)) {
      model->add_to(sums, first_rows(data.inputs(), rows, first), rows_from(data.targets(), first, p.outputs()), [] {},
                    rows);
      first += rows;
    }
    CHECK(sums.rows == p.rows);
    CHECK(std::isfinite(model->results_of(sums)[0]));
    CHECK(model->results_of(sums) == evaluation_of(*model, data));
  }
}
