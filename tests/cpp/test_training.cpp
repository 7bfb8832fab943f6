// Training, evaluation and prediction of whole models.
#include <doctest/doctest.h>

#include <stdexcept>
#include <thread>

#include "problems.h"

using namespace lamina;
using namespace lamina::test;

namespace {

Problem regression(Index rows, Index batch) {
  return {"regression",
          6,
          {dense(40), activation("tanh"), dense(3)},
          {"mean_squared_error", {"mean_absolute_error"}},
          adam(0.01),
          rows,
          batch};
}

Problem classification(Index rows, Index batch) {
  return {"classification",
          20,
          {dense(35), activation("relu"), dropout(0.3, 5), dense(4), activation("softmax")},
          {"sparse_categorical_crossentropy", {"sparse_categorical_accuracy"}},
          adam(0.01),
          rows,
          batch};
}

// The gradient of one linear layer with mean squared error, by the specification's rules, and the loss's value.
template <class T>
std::vector<T> specified_gradient(const Problem& p, const Data<T>& data, const std::vector<T>& weights) {
  const auto* x = static_cast<const float*>(data.inputs().data);
  const Index n = p.inputs, units = p.outputs();
  const T* const bias = weights.data() + n * units;
  const T share = T{1} / static_cast<T>(units), scale = T{1} / static_cast<T>(p.rows);
  std::vector<T> dz(static_cast<std::size_t>(p.rows * units));
  for (Index r = 0; r < p.rows; ++r)
    for (Index u = 0; u < units; ++u) {
      T sum = 0;
      for (Index i = 0; i < n; ++i)
        sum = std::fma(static_cast<T>(x[r * n + i]), weights[static_cast<std::size_t>(i * units + u)], sum);
      const auto place = static_cast<std::size_t>(r * units + u);
      dz[place] = (bias[u] + sum - data.dense_targets()[place]) * (2 * share * scale);
    }
  std::vector<T> gradient;
  for (Index i = 0; i <= n; ++i)  // row n: the bias, whose input is 1
    for (Index u = 0; u < units; ++u) {
      T total = 0;
      for (Index first = 0; first < p.rows; first += segment_depth) {
        T sum = 0;
        for (Index r = first; r < std::min(p.rows, first + segment_depth); ++r)
          sum = std::fma(i < n ? static_cast<T>(x[r * n + i]) : T{1}, dz[static_cast<std::size_t>(r * units + u)], sum);
        total = first == 0 ? sum : total + sum;
      }
      gradient.push_back(total);
    }
  return gradient;
}

}  // namespace

TEST_CASE_TEMPLATE("gradients of a linear layer follow the specification, however many segments", T, float, double) {
  for (const Index rows : {1, 10, 256, 257, 300, 600}) {
    const Problem p{"linear", 9, {dense(37)}, {"mean_squared_error", {}}, sgd(0.5), rows, rows, 1, false, false};
    CAPTURE(rows);
    const Data<T> data(p, 3);
    const auto model = make_model<T>(p);
    const std::vector<T> before = weights_of(*model), expected = specified_gradient(p, data, before);
    model->compute_gradients(data.inputs(), data.targets(), true);
    const std::vector<T> gradient = gradients_of(*model);
    CHECK(gradient == expected);
    CHECK(weights_of(*model) == before);
    CHECK(model->iterations == 0);

    // One update of plain gradient descent with it.
    training::Trainer<T> trainer(*model, data.inputs(), data.targets(), p.batch, false, 1);
    run_epoch(trainer);
    const std::vector<T> after = weights_of(*model);
    bool right = true;
    for (std::size_t i = 0; i < after.size(); ++i)
      right = right && after[i] == std::fma(T(-0.5), gradient[i], before[i]);
    CHECK(right);
    CHECK(model->iterations == 1);
  }
}

TEST_CASE_TEMPLATE("the last batch may be partial", T, float, double) {
  const Problem p = regression(25, 10);
  const Data<T> data(p, 3);
  const auto whole = make_model<T>(p), split = make_model<T>(p);
  training::Trainer<T> trainer(*whole, data.inputs(), data.targets(), 10, false, 1);
  CHECK(trainer.batches() == 3);
  run_epoch(trainer);
  CHECK(whole->iterations == 3);
  // The same three batches, each a data set of its own.
  double loss = 0;
  for (const auto& [first, rows] : {std::pair<Index, Index>{0, 10}, {10, 10}, {20, 5}}) {
    training::Inputs inputs = data.inputs();
    inputs.data = static_cast<const char*>(inputs.data) + first * inputs.row_bytes;
    inputs.rows = rows;
    training::Trainer<T> part(*split, inputs, {data.targets().dense + first * p.outputs(), nullptr}, 10, false, 1);
    run_epoch(part);
    loss += part.results()[0] * static_cast<double>(rows);
  }
  CHECK(weights_of(*whole) == weights_of(*split));
  CHECK(trainer.results()[0] == doctest::Approx(loss / 25).epsilon(1e-12));
}

TEST_CASE("a batch larger than the data is all of it") {
  const Problem p = regression(7, 7);
  const Data<double> data(p, 3);
  const auto model = make_model<double>(p), other = make_model<double>(p);
  training::Trainer<double> larger(*model, data.inputs(), data.targets(), 1000, false, 1);
  CHECK(larger.batches() == 1);
  run_epoch(larger);
  training::Trainer<double> exact(*other, data.inputs(), data.targets(), 7, false, 1);
  run_epoch(exact);
  CHECK(weights_of(*model) == weights_of(*other));
}

TEST_CASE_TEMPLATE("advancing in pieces is advancing in one go", T, float, double) {
  const Problem p = classification(95, 10);
  const Data<T> data(p, 3);
  std::vector<std::vector<T>> weights;
  std::vector<std::vector<double>> results;
  for (const Index piece : {Index{1}, Index{3}, all_batches, Index{0}}) {
    const auto model = make_model<T>(p);
    training::Trainer<T> trainer(*model, data.inputs(), data.targets(), p.batch, true, 42);
    for (int epoch = 0; epoch < 2; ++epoch) {
      trainer.begin_epoch();
      CHECK(trainer.done() == 0);
      CHECK(trainer.results() == std::vector<double>{0, 0});
      while (!trainer.finished()) {
        const Index before = trainer.done();
        // Piece 0: time is up at once, after one batch.
        const Index run = piece == 0 ? trainer.advance(all_batches, 1e-9) : trainer.advance(piece, for_ever);
        REQUIRE(run >= 1);
        if (piece > 0) CHECK(run == std::min(piece, 10 - before));
        CHECK(trainer.done() == before + run);
      }
      CHECK(trainer.advance(5, for_ever) == 0);
    }
    CHECK(model->iterations == 20);
    weights.push_back(weights_of(*model));
    results.push_back(trainer.results());
  }
  for (std::size_t i = 1; i < weights.size(); ++i) {
    CHECK(weights[i] == weights[0]);
    CHECK(results[i] == results[0]);
  }
}

TEST_CASE_TEMPLATE("every update has the dropout masks of its own number", T, float, double) {
  Problem p = classification(10, 10);
  p.optimizer = sgd(0.5);
  const Data<T> data(p, 3);
  const auto model = make_model<T>(p), expected = make_model<T>(p);
  training::Trainer<T> trainer(*model, data.inputs(), data.targets(), p.batch, false, 1);
  std::vector<std::vector<T>> gradients;
  for (std::uint64_t update = 0; update < 3; ++update) {
    run_epoch(trainer);
    expected->iterations = update;
    expected->compute_gradients(data.inputs(), data.targets(), true);
    gradients.push_back(gradients_of(*expected));
    std::vector<T> weights = weights_of(*expected);
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = std::fma(T(-0.5), gradients.back()[i], weights[i]);
    set_weights(*expected, weights);
    CHECK(weights_of(*model) == weights);
  }
  expected->iterations = 0;
  set_weights(*expected, start_weights(*expected, 7));
  expected->compute_gradients(data.inputs(), data.targets(), true);
  CHECK(gradients_of(*expected) == gradients[0]);
  expected->iterations = 1;
  expected->compute_gradients(data.inputs(), data.targets(), true);
  CHECK(gradients_of(*expected) != gradients[0]);
  expected->compute_gradients(data.inputs(), data.targets(), false);
  CHECK(gradients_of(*expected) != gradients[0]);
}

TEST_CASE_TEMPLATE("predictions of a row do not depend on the others", T, float, double) {
  const Problem p = classification(150, 10);
  const Data<T> data(p, 3);
  const auto model = make_model<T>(p);
  const std::vector<T> all = predictions_of(*model, data.inputs());
  const Index outputs = p.outputs();
  for (const auto& [first, rows] : {std::pair<Index, Index>{0, 1}, {149, 1}, {55, 2}, {70, 56}, {3, 100}}) {
    training::Inputs part = data.inputs();
    part.data = static_cast<const char*>(part.data) + first * part.row_bytes;
    part.rows = rows;
    const std::vector<T> found = predictions_of(*model, part);
    CHECK(std::equal(found.begin(), found.end(), all.begin() + first * outputs));
  }
  for (const int threads : {1, 2, 5}) {
    const ForcedTeam team(threads);
    CHECK(predictions_of(*model, data.inputs()) == all);
  }
  for (Index r = 0; r < p.rows; ++r) {
    double sum = 0;
    for (Index c = 0; c < outputs; ++c) sum += static_cast<double>(all[static_cast<std::size_t>(r * outputs + c)]);
    CHECK(sum == doctest::Approx(1).epsilon(1e-6));
  }
}

TEST_CASE_TEMPLATE("predictions do not depend on how far rows lie apart, and only rows must be finite", T, float,
                   double) {
  constexpr auto own = sizeof(T) == sizeof(float) ? kernels::SourceType::float32 : kernels::SourceType::float64;
  constexpr Index rows = 150;
  const Problem p = classification(rows, 10);
  const auto model = make_model<T>(p);
  Numbers numbers(3);
  const Index columns = p.inputs;
  std::vector<T> values(static_cast<std::size_t>(rows * columns));
  std::generate(values.begin(), values.end(), [&] { return static_cast<T>(numbers.uniform(-1, 1)); });
  const training::Inputs inputs{values.data(), own, rows, columns * static_cast<Index>(sizeof(T))};
  CHECK(training::lie_well<T>(inputs, columns));
  const std::vector<T> expected = predictions_of(*model, inputs);
  for (const Index row : {columns + 1, columns + 5, Index{512}, Index{1024}, Index{3 << 17}, -columns}) {
    CAPTURE(row);
    std::vector<T> spread(static_cast<std::size_t>(std::abs(row) * (rows - 1) + columns),
                          std::numeric_limits<T>::infinity());
    T* const first = spread.data() + (row < 0 ? -row * (rows - 1) : 0);
    for (Index r = 0; r < rows; ++r) std::copy_n(values.data() + r * columns, columns, first + r * row);
    const training::Inputs apart{first, own, rows, row * static_cast<Index>(sizeof(T))};
    CHECK(training::lie_well<T>(apart, columns) == (row == columns + 1 || row == columns + 5));
    std::vector<T> found(expected.size());
    CHECK(model->predict(apart, found.data(), [] {}));
    CHECK(found == expected);
    for (const Index bad : {Index{0}, rows / 2, rows - 1}) {
      const T good = std::exchange(first[bad * row + columns - 1], std::numeric_limits<T>::quiet_NaN());
      CHECK_FALSE(model->predict(apart, found.data(), [] {}));
      first[bad * row + columns - 1] = good;
    }
    CHECK(model->predict(apart, found.data(), [] {}));
  }
}

TEST_CASE_TEMPLATE("evaluate is the mean over rows of what the predictions say", T, float, double) {
  for (const Index rows : {1, 55, 56, 57, 200}) {
    CAPTURE(rows);
    const Problem squared = regression(rows, 10), classes = classification(rows, 10);
    {
      const Data<T> data(squared, 3);
      const auto model = make_model<T>(squared);
      const std::vector<T> p = predictions_of(*model, data.inputs()), &y = data.dense_targets();
      double square = 0, absolute = 0;
      for (std::size_t i = 0; i < p.size(); ++i) {
        const double error = static_cast<double>(p[i]) - static_cast<double>(y[i]);
        square += error * error / static_cast<double>(p.size());
        absolute += std::abs(error) / static_cast<double>(p.size());
      }
      const std::vector<double> found = evaluation_of(*model, data);
      REQUIRE(found.size() == 2);
      CHECK(found[0] == doctest::Approx(square).epsilon(1e-6));
      CHECK(found[1] == doctest::Approx(absolute).epsilon(1e-6));
      const ForcedTeam team(3);
      CHECK(evaluation_of(*model, data) == found);
    }
    const Data<T> data(classes, 3);
    const auto model = make_model<T>(classes);
    const std::vector<T> p = predictions_of(*model, data.inputs());
    double loss = 0, right = 0;
    for (Index r = 0; r < rows; ++r) {
      const T* const row = p.data() + r * 4;
      const Index label = data.labels()[static_cast<std::size_t>(r)];
      loss -= std::log(static_cast<double>(row[label])) / static_cast<double>(rows);
      right += (std::max_element(row, row + 4) - row == label) / static_cast<double>(rows);
    }
    const std::vector<double> found = evaluation_of(*model, data);
    CHECK(found[0] == doctest::Approx(loss).epsilon(1e-5));
    CHECK(found[1] == doctest::Approx(right).epsilon(1e-12));
  }
}

TEST_CASE("a pause between rows may end a prediction or an evaluation, and harms nothing") {
  struct Stop {};
  const Problem p = classification(3000, 10);
  const Data<double> data(p, 3);
  for (const int threads : {1, 3}) {
    const ForcedTeam team(threads);
    const auto model = make_model<double>(p);
    const std::vector<double> expected = predictions_of(*model, data.inputs());
    std::vector<double> out(expected.size());
    const std::thread::id caller = std::this_thread::get_id();
    bool elsewhere = false;
    model->predict(data.inputs(), out.data(), [&] { elsewhere = elsewhere || std::this_thread::get_id() != caller; });
    CHECK(!elsewhere);
    CHECK(out == expected);
    // However often it is called, an exception of it arrives; where it is not, nothing does.
    const auto stopped = [](auto&& run) {
      int calls = 0;
      bool threw = false;
      try {
        run([&calls] {
          ++calls;
          throw Stop{};
        });
      } catch (const Stop&) {
        threw = true;
      }
      CHECK(threw == (calls > 0));
    };
    stopped([&](const auto& pause) { model->predict(data.inputs(), out.data(), pause); });
    stopped([&](const auto& pause) { model->evaluate(data.inputs(), data.targets(), pause); });
    CHECK(predictions_of(*model, data.inputs()) == expected);
    CHECK_NOTHROW(model->changing());
  }
}

TEST_CASE_TEMPLATE("reported results are those of the weights before each update", T, float, double) {
  Problem p = regression(40, 40);
  const Data<T> data(p, 3);
  const auto model = make_model<T>(p);
  const std::vector<double> expected = evaluation_of(*model, data);
  training::Trainer<T> trainer(*model, data.inputs(), data.targets(), p.batch, false, 1);
  run_epoch(trainer);
  for (std::size_t i = 0; i < expected.size(); ++i)
    CHECK(trainer.results()[i] == doctest::Approx(expected[i]).epsilon(1e-12));
  CHECK(evaluation_of(*model, data)[0] < expected[0]);
}

TEST_CASE_TEMPLATE("penalties count in the loss and in the gradient", T, float, double) {
  // Units that leave padding in the last panel, and activations that are not 0 at 0.
  const std::vector<LayerSpec> with = {penalized(45, 0.01, 0), activation("sigmoid"), penalized(33, 0, 0.02),
                                       activation("sigmoid"), penalized(3, 0.03, 0.04)};
  std::vector<LayerSpec> without = with;
  for (LayerSpec& spec : without) spec.weights.clear();
  const Problem p{"penalties", 5, with, {"mean_squared_error", {}}, adam(0.01), 30, 8, 3};
  Problem plain_problem = p;
  plain_problem.layers = without;
  const Data<T> data(p, 3);
  const auto model = make_model<T>(p), free = make_model<T>(plain_problem);
  const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-12;

  const auto penalty = [&] {
    double sum = 0;
    std::size_t layer = 0;
    for (std::size_t i = 0; i < model->network().parameters().size(); ++i) {
      const layers::ParameterInfo& info = model->network().parameters()[i];
      std::vector<T> w(size_of(info));
      model->read_weight(i, w.data());
      const layers::WeightSpec& spec = with[2 * layer].weights[info.vector];
      for (const T x : w) {
        const double v = static_cast<double>(x);
        sum += spec.l1 * std::abs(v) + spec.l2 * v * v;
      }
      layer += info.vector;
    }
    return sum;
  };
  const auto check_loss = [&] {
    set_weights(*free, weights_of(*model));
    const double loss = evaluation_of(*free, data)[0] + penalty();
    CHECK(evaluation_of(*model, data)[0] == doctest::Approx(loss).epsilon(tolerance));
    CHECK(model->compute_gradients(data.inputs(), data.targets(), true) == doctest::Approx(loss).epsilon(tolerance));
  };
  check_loss();

  free->compute_gradients(data.inputs(), data.targets(), true);
  const std::vector<T> full = gradients_of(*model), bare = gradients_of(*free), w = weights_of(*model);
  std::size_t at = 0, layer = 0;
  double worst = 0;
  for (const layers::ParameterInfo& info : model->network().parameters()) {
    const layers::WeightSpec& spec = with[2 * layer].weights[info.vector];
    for (std::size_t end = at + size_of(info); at < end; ++at) {
      const double v = static_cast<double>(w[at]);
      const double expected = static_cast<double>(bare[at]) + spec.l1 * (v > 0 ? 1 : v < 0 ? -1 : 0) + 2 * spec.l2 * v;
      worst = std::max(worst, std::abs(static_cast<double>(full[at]) - expected));
    }
    layer += info.vector;
  }
  CHECK(worst < tolerance);

  // After updates the padding of the panels still counts nothing.
  training::Trainer<T> trainer(*model, data.inputs(), data.targets(), p.batch, true, 1);
  for (Index epoch = 0; epoch < p.epochs; ++epoch) run_epoch(trainer);
  check_loss();
}

TEST_CASE_TEMPLATE("a batch whose loss is not finite is not applied", T, float, double) {
  for (const bool fused : {true, false})
    for (const int threads : {1, 3}) {
      const ForcedTeam team(threads);
      const Problem p = regression(50, 10);
      Data<T> data(p, 3), good(p, 3);
      data.floats()[34 * 6 + 2] = std::numeric_limits<float>::quiet_NaN();  // in the fourth batch
      const auto model = make_model<T>(p), expected = make_model<T>(p);
      model->fused = expected->fused = fused;
      training::Trainer<T> trainer(*model, data.inputs(), data.targets(), p.batch, false, 1);
      trainer.begin_epoch();
      CHECK(trainer.advance(all_batches, for_ever) == 3);
      CHECK(trainer.diverged());
      CHECK(trainer.finished());
      CHECK(trainer.done() == 3);
      CHECK(model->iterations == 3);
      CHECK(trainer.advance(all_batches, for_ever) == 0);

      training::Trainer<T> three(*expected, good.inputs(), good.targets(), p.batch, false, 1);
      three.begin_epoch();
      three.advance(3, for_ever);
      CHECK(weights_of(*model) == weights_of(*expected));
      for (const T w : weights_of(*model)) REQUIRE(std::isfinite(w));

      // The same moments too: both go on alike with good data.
      training::Trainer<T> on(*model, good.inputs(), good.targets(), p.batch, false, 1);
      training::Trainer<T> on_expected(*expected, good.inputs(), good.targets(), p.batch, false, 1);
      run_epoch(on);
      run_epoch(on_expected);
      CHECK(weights_of(*model) == weights_of(*expected));
      CHECK(!on.diverged());
    }
}

TEST_CASE("a trainer that met a bad batch is as good as new in the next epoch") {
  Problem p{"bad batch",
            6,
            {penalized(40, 0.01, 0.01), activation("sigmoid"), penalized(3, 0.01, 0.01), activation("sigmoid")},
            {"mean_squared_error", {}},
            adam(0.01),
            50,
            10};
  Data<double> data(p, 3), good(p, 3);
  data.floats()[4] = std::numeric_limits<float>::quiet_NaN();
  const auto model = make_model<double>(p), expected = make_model<double>(p);
  training::Trainer<double> trainer(*model, data.inputs(), data.targets(), p.batch, false, 1);
  run_epoch(trainer);
  CHECK(trainer.diverged());
  data.floats()[4] = good.floats()[4];
  run_epoch(trainer);
  training::Trainer<double> fresh(*expected, good.inputs(), good.targets(), p.batch, false, 1);
  run_epoch(fresh);
  CHECK(!trainer.diverged());
  CHECK(weights_of(*model) == weights_of(*expected));
}

TEST_CASE_TEMPLATE("weights that are no longer finite are put back", T, float, double) {
  for (const bool at_once : {true, false})
    for (const Index rows : {Index{10}, Index{50}}) {  // with 50, the second batch meets what the first one did
      const Problem p = regression(rows, 10);
      Data<T> data(p, 3);
      const auto model = make_model<T>(p);
      training::Trainer<T> trainer(*model, data.inputs(), data.targets(), p.batch, false, 1);
      run_epoch(trainer);
      CHECK(!trainer.diverged());
      CHECK(!trainer.restored());
      const std::vector<T> before = weights_of(*model);
      model->optimizer().learning_rate = std::numeric_limits<double>::infinity();
      trainer.begin_epoch();
      for (Index b = 0; b < trainer.batches(); ++b) trainer.advance(at_once ? all_batches : 1, for_ever);
      CHECK(trainer.done() == 1);
      CHECK(trainer.diverged());
      CHECK(trainer.restored());
      CHECK(weights_of(*model) == before);

      // The moments are those of a model that was just compiled.
      const auto expected = make_model<T>(p);
      set_weights(*expected, before);
      model->optimizer().learning_rate = expected->optimizer().learning_rate;
      model->iterations = 0;
      training::Trainer<T> fresh(*expected, data.inputs(), data.targets(), p.batch, false, 1);
      run_epoch(trainer);
      run_epoch(fresh);
      CHECK(!trainer.restored());
      CHECK(weights_of(*model) == weights_of(*expected));
    }
}

TEST_CASE("a trainer refuses to go on with a model that was compiled again") {
  const Problem p = regression(50, 10);
  Data<float> data(p, 3);
  const auto model = make_model<float>(p);
  training::Trainer<float> trainer(*model, data.inputs(), data.targets(), p.batch, false, 1);
  trainer.begin_epoch();
  model->compile({{"mean_squared_error", {}}, {}}, {"sgd", {{"learning_rate", 0.1}, {"momentum", 0}, {"nesterov", 0}}});
  CHECK_THROWS_AS(trainer.advance(all_batches, for_ever), std::runtime_error);
  CHECK_THROWS_AS(trainer.begin_epoch(), std::runtime_error);
  CHECK_THROWS_AS(trainer.results(), std::runtime_error);
}

TEST_CASE("a step count beyond all batches, or below none, does no harm") {
  const Problem p = regression(50, 10);
  Data<float> data(p, 3);
  const auto model = make_model<float>(p);
  training::Trainer<float> trainer(*model, data.inputs(), data.targets(), p.batch, false, 1);
  trainer.begin_epoch();
  CHECK(trainer.advance(std::numeric_limits<Index>::min(), for_ever) == 0);
  CHECK(trainer.advance(2, for_ever) == 2);
  CHECK(trainer.advance(std::numeric_limits<Index>::max(), for_ever) == 3);
}

TEST_CASE("shuffling takes every row once an epoch, in another order each epoch") {
  // Each row moves the weight of its own input alone.
  constexpr Index rows = 37;
  const Problem p{"rows", rows, {dense(1, false)}, {"mean_squared_error", {}}, sgd(0.25), rows, 5};
  Data<double> data(p, 3);
  for (Index r = 0; r < rows; ++r)
    for (Index c = 0; c < rows; ++c) data.floats()[static_cast<std::size_t>(r * rows + c)] = r == c ? 1.0f : 0.0f;
  const auto shuffled = make_model<double>(p), plain_order = make_model<double>(p);
  training::Trainer<double> one(*shuffled, data.inputs(), data.targets(), 1, true, 9);
  training::Trainer<double> two(*plain_order, data.inputs(), data.targets(), 1, false, 9);
  run_epoch(one);
  run_epoch(two);
  CHECK(weights_of(*shuffled) == weights_of(*plain_order));
  CHECK(shuffled->iterations == rows);
}

TEST_CASE("compile starts anew and refuses what does not fit") {
  const Problem p = classification(20, 5);
  const Data<double> data(p, 3);
  const auto model = make_model<double>(p);
  training::Trainer<double> trainer(*model, data.inputs(), data.targets(), p.batch, false, 1);
  run_epoch(trainer);
  CHECK(model->iterations == 4);
  CHECK_THROWS_AS(model->compile({"no such loss", {}}, adam()), std::invalid_argument);
  CHECK_THROWS_AS(model->compile(p.objective, {"no such optimizer", {}}), std::invalid_argument);
  CHECK_THROWS_AS(model->compile(p.objective, {"adam", {{"learning_rate", 1.0}}}), std::invalid_argument);
  CHECK(model->iterations == 4);
  model->compile(p.objective, adam());
  CHECK(model->iterations == 0);
  CHECK(model->compiled());
}

TEST_CASE("layers that make no sense are refused") {
  using Model = training::Model<double>;
  CHECK_THROWS_AS(Model(0, {dense(3)}), std::invalid_argument);
  CHECK_THROWS_AS(Model(3, {dense(0)}), std::invalid_argument);
  CHECK_THROWS_AS(Model(3, {dense(-3)}), std::invalid_argument);
  CHECK_THROWS_AS(Model(3, {activation("no such activation")}), std::invalid_argument);
  CHECK_THROWS_AS(Model(3, {dropout(1, 0)}), std::invalid_argument);
  CHECK_THROWS_AS(Model(3, {dropout(-0.1, 0)}), std::invalid_argument);
}

TEST_CASE("whoever is in the way of another is told so") {
  const Problem p = regression(20, 5);
  const Data<double> data(p, 3);
  const auto model = make_model<double>(p);
  training::Trainer<double> trainer(*model, data.inputs(), data.targets(), p.batch, false, 1);
  trainer.begin_epoch();
  // A mutex is not locked twice by one thread, so another one holds it.
  const auto while_held = [&](auto hold, auto&& attempt) {
    std::thread([&] {
      const auto lock = hold();
      std::thread([&] { attempt(); }).join();
    }).join();
  };
  while_held([&] { return model->reading(); }, [&] { CHECK_THROWS_AS(trainer.advance(1, 1), std::runtime_error); });
  while_held([&] { return model->changing(); },
             [&] { CHECK_THROWS_AS(predictions_of(*model, data.inputs()), std::runtime_error); });
  while_held([&] { return model->reading(); }, [&] { CHECK_NOTHROW(predictions_of(*model, data.inputs())); });
  CHECK(trainer.advance(all_batches, for_ever) == 4);
}
