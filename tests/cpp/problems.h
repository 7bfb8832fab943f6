// Small networks with data to train them on, and a training from end to end.
#pragma once
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support.h"
#include "training/trainer.h"

namespace lamina::test {

using layers::LayerSpec;
using optimizers::OptimizerSpec;

inline LayerSpec dense(Index units, bool use_bias = true) {
  LayerSpec spec;
  spec.type = "dense";
  spec.values = {{"units", static_cast<double>(units)}, {"use_bias", use_bias ? 1.0 : 0.0}};
  return spec;
}

inline LayerSpec penalized(Index units, double l1, double l2) {
  LayerSpec spec = dense(units);
  spec.weights = {{l1, l2}, {l1 / 2, l2 / 2}};
  return spec;
}

inline LayerSpec activation(const std::string& name, std::vector<double> parameters = {}) {
  LayerSpec spec;
  spec.type = "activation";
  spec.function = name;
  spec.parameters = std::move(parameters);
  return spec;
}

inline LayerSpec dropout(double rate, std::uint64_t seed) {
  LayerSpec spec;
  spec.type = "dropout";
  spec.values["rate"] = rate;
  spec.seed = seed;
  return spec;
}

// A layer of numbers by name.
inline LayerSpec layer(const std::string& type, std::map<std::string, double> values) {
  LayerSpec spec;
  spec.type = type;
  spec.values = std::move(values);
  spec.seed = 5;
  return spec;
}

inline LayerSpec constrained(Index units, layers::ConstraintSpec constraint) {
  LayerSpec spec = dense(units);
  spec.weights = {{.constraint = constraint}, {.constraint = {.kind = layers::ConstraintSpec::non_negative}}};
  return spec;
}

inline OptimizerSpec sgd(double rate, double momentum = 0, bool nesterov = false) {
  return {"sgd", {{"learning_rate", rate}, {"momentum", momentum}, {"nesterov", nesterov ? 1.0 : 0.0}}};
}

inline OptimizerSpec adam(double rate = 0.001) {
  return {"adam", {{"learning_rate", rate}, {"beta_1", 0.9}, {"beta_2", 0.999}, {"epsilon", 1e-7}}};
}

struct Problem {
  std::string name;
  Index inputs = 0;
  std::vector<LayerSpec> layers;
  network::Objective objective;
  OptimizerSpec optimizer = adam();
  Index rows = 0, batch = 0, epochs = 1;
  bool bytes = false;  // inputs like digits: half of the columns zero almost everywhere, the rest 0 to 255
  bool shuffled = true;

  Index outputs() const {
    Index found = inputs;
    for (const LayerSpec& spec : layers) found = spec.type == "dense" ? spec.count("units") : found;
    return found;
  }
};

// Networks small enough to train many times, which together meet most of what a step may do.
inline std::vector<Problem> problems() {
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
  // Rows that count differently.
  list.push_back({"weights",
                  7,
                  {dense(33), activation("tanh"), dropout(0.5, 4), dense(3), activation("softmax")},
                  {"categorical_crossentropy", {"categorical_accuracy"}, {"root_mean_squared_error"}},
                  adam(),
                  47,
                  10,
                  2});
  // What looks at whole batches or rows, adds noise, penalizes, or keeps weights to something. Without momentum moving
  // variances are those of a batch, whatever they begin with.
  using Constraint = layers::ConstraintSpec;
  list.push_back({"normalized",
                  40,
                  {layer("batch_normalization", {{"epsilon", 0.01}, {"momentum", 0}, {"center", 0}}),
                   constrained(70, {Constraint::norm, Constraint::inputs, 0, 0.5}),
                   layer("gaussian_noise", {{"stddev", 0.5}}), layer("layer_normalization", {{"epsilon", 0.01}}),
                   layer("gaussian_dropout", {{"rate", 0.25}}),
                   constrained(33, {Constraint::norm, Constraint::units, 0.25, 0.5, 0.5}), activation("tanh"),
                   layer("alpha_dropout", {{"rate", 0.25}}),
                   layer("batch_normalization", {{"epsilon", 0.01}, {"momentum", 0}}),
                   layer("activity_regularization", {{"l1", 0.01}, {"l2", 0.02}}),
                   constrained(3, {Constraint::norm, Constraint::all, 1, 1})},
                  {"mean_squared_error", {}},
                  adam(),
                  47,
                  10,
                  2});
  return list;
}

template <class T> class Data {
 public:
  Data(const Problem& p, std::uint64_t seed) : rows_(p.rows), columns_(p.inputs) {
    Numbers numbers(seed);
    const auto cells = static_cast<std::size_t>(p.rows * p.inputs);
    for (std::size_t i = 0; i < cells; ++i) {
      const double u = numbers.uniform(0, 1);
      const bool rare = i % 2 == 0 && u < 0.97;
      if (p.bytes)
        bytes_.push_back(rare ? std::uint8_t{0} : static_cast<std::uint8_t>(256 * numbers.uniform(0, 1)));
      else
        floats_.push_back(static_cast<float>(2 * u - 1));
    }
    make_targets(p, numbers);
    if (p.objective.weighted_metrics.empty()) return;
    for (Index r = 0; r < p.rows; ++r) weights_.push_back(static_cast<T>(r % 5 == 3 ? 0 : numbers.uniform(0, 2)));
  }

  training::Inputs inputs() const {
    using kernels::SourceType;
    if (!bytes_.empty()) return {bytes_.data(), SourceType::uint8, rows_, columns_};
    return {floats_.data(), SourceType::float32, rows_, columns_ * static_cast<Index>(sizeof(float))};
  }
  training::TargetRows<T> targets() const {
    return {dense_.empty() ? nullptr : dense_.data(), labels_.empty() ? nullptr : labels_.data(),
            weights_.empty() ? nullptr : weights_.data()};
  }

  std::vector<float>& floats() { return floats_; }
  const std::vector<T>& dense_targets() const { return dense_; }
  const std::vector<std::int64_t>& labels() const { return labels_; }

 private:
  void make_targets(const Problem& p, Numbers& numbers) {
    const Index outputs = p.outputs();
    const std::string& loss = p.objective.loss.name;
    for (Index r = 0; r < p.rows; ++r) {
      const Index label = numbers.below(outputs);
      if (loss == "sparse_categorical_crossentropy") {
        labels_.push_back(label);
        continue;
      }
      for (Index c = 0; c < outputs; ++c) {
        double y = numbers.uniform(-1, 1);
        // Every fourth row: a distribution that is not one-hot.
        if (loss == "categorical_crossentropy") y = r % 4 == 0 ? 1 / static_cast<double>(outputs) : c == label ? 1 : 0;
        if (loss == "binary_crossentropy") y = y > 0 ? 1 : 0;
        dense_.push_back(static_cast<T>(y));
      }
    }
  }

  Index rows_, columns_;
  std::vector<float> floats_;
  std::vector<std::uint8_t> bytes_;
  std::vector<T> dense_, weights_;
  std::vector<std::int64_t> labels_;
};

// So many rows of inputs from a first one on, and the targets from there on.
inline training::Inputs first_rows(training::Inputs inputs, Index rows, Index first = 0) {
  inputs.data = static_cast<const char*>(inputs.data) + first * inputs.row_bytes;
  inputs.rows = rows;
  return inputs;
}
template <class T> training::TargetRows<T> rows_from(training::TargetRows<T> targets, Index first, Index outputs) {
  if (targets.dense != nullptr) targets.dense += first * outputs;
  if (targets.labels != nullptr) targets.labels += first;
  if (targets.weights != nullptr) targets.weights += first;
  return targets;
}

inline std::size_t size_of(const layers::ParameterInfo& info) {
  return static_cast<std::size_t>(info.inputs * info.units);
}

// All weights, in the user's order, one after the other.
template <class T> std::vector<T> weights_of(const training::Model<T>& model) {
  std::vector<T> all;
  for (std::size_t i = 0; i < model.network().parameters().size(); ++i) {
    std::vector<T> one(size_of(model.network().parameters()[i]));
    model.read_weight(i, one.data());
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

template <class T> std::vector<T> gradients_of(const training::Model<T>& model) {
  std::vector<T> all;
  for (std::size_t i = 0; i < model.network().parameters().size(); ++i) {
    std::vector<T> one(size_of(model.network().parameters()[i]));
    model.read_gradient(i, one.data());
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

template <class T> void set_weights(training::Model<T>& model, const std::vector<T>& all) {
  const T* at = all.data();
  for (std::size_t i = 0; i < model.network().parameters().size(); ++i) {
    model.write_weight(i, at);
    at += size_of(model.network().parameters()[i]);
  }
}

// Glorot's uniform distribution for kernels, small numbers for biases.
template <class T> std::vector<T> start_weights(const training::Model<T>& model, std::uint64_t seed) {
  Numbers numbers(seed);
  std::vector<T> all;
  for (const layers::ParameterInfo& info : model.network().parameters()) {
    const double limit = info.vector ? 0.1 : std::sqrt(6.0 / static_cast<double>(info.inputs + info.units));
    for (std::size_t i = 0; i < size_of(info); ++i) all.push_back(static_cast<T>(numbers.uniform(-limit, limit)));
  }
  return all;
}

// A compiled model with weights; every call gives the same.
template <class T>
std::unique_ptr<training::Model<T>> make_model(
    const Problem& p, const kernels::Table<T>& table = kernels::table<T>(kernels::current_isa())) {
  auto model = std::make_unique<training::Model<T>>(p.inputs, p.layers, network::Weights<T>{}, table);
  set_weights(*model, start_weights(*model, 7));
  model->compile(p.objective, p.optimizer);
  return model;
}

// Predictions [rows, outputs] and the results of an evaluation, without a pause.
template <class T> std::vector<T> predictions_of(training::Model<T>& model, const training::Inputs& inputs) {
  std::vector<T> out(static_cast<std::size_t>(inputs.rows * model.network().outputs()));
  model.predict(inputs, out.data(), [] {});
  return out;
}
template <class T> std::vector<double> evaluation_of(training::Model<T>& model, const Data<T>& data) {
  return model.evaluate(data.inputs(), data.targets(), [] {});
}

// What a training leaves: weights, then what it reported, all to be compared bit by bit.
template <class T> struct Outcome {
  std::vector<T> weights, predictions;
  std::vector<double> reports;

  bool operator==(const Outcome& other) const {
    const auto equal = [](const auto& a, const auto& b) {
      return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                        [](auto x, auto y) { return bits_of(x) == bits_of(y); });
    };
    return equal(weights, other.weights) && equal(predictions, other.predictions) && equal(reports, other.reports);
  }
};

inline constexpr Index all_batches = std::numeric_limits<Index>::max() / 2;
inline constexpr double for_ever = 1e9;

template <class T> void run_epoch(training::Trainer<T>& trainer) {
  trainer.begin_epoch();
  while (!trainer.finished()) trainer.advance(all_batches, for_ever);
}

// A training whose epochs run_one(trainer) runs.
template <class T, class RunOne>
Outcome<T> train(const Problem& p, const kernels::Table<T>& table, bool fused, RunOne&& run_one) {
  const Data<T> data(p, 11);
  const auto model = make_model<T>(p, table);
  model->fused = fused;
  Outcome<T> outcome;
  training::Trainer<T> trainer(*model, data.inputs(), data.targets(), p.batch, p.shuffled, 1234567890123);
  for (Index epoch = 0; epoch < p.epochs; ++epoch) {
    run_one(trainer);
    for (const double value : trainer.results()) outcome.reports.push_back(value);
  }
  outcome.weights = weights_of(*model);
  for (const double value : evaluation_of(*model, data)) outcome.reports.push_back(value);
  outcome.predictions = predictions_of(*model, data.inputs());
  return outcome;
}

template <class T> Outcome<T> train(const Problem& p, const kernels::Table<T>& table, bool fused = true) {
  return train(p, table, fused, run_epoch<T>);
}

// Teams of exactly n threads for as long as it lives.
class ForcedTeam {
 public:
  explicit ForcedTeam(int n) { force_team(n); }
  ~ForcedTeam() { force_team(0); }
  ForcedTeam(const ForcedTeam&) = delete;
  ForcedTeam& operator=(const ForcedTeam&) = delete;
};

// At most n threads for as long as it lives.
class MostThreads {
 public:
  explicit MostThreads(int n) : before_(max_threads()) { set_max_threads(n); }
  ~MostThreads() { set_max_threads(before_); }
  MostThreads(const MostThreads&) = delete;
  MostThreads& operator=(const MostThreads&) = delete;

 private:
  int before_;
};

}  // namespace lamina::test
