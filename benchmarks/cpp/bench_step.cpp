// Whole training steps: gather, forward, loss, backward, Adam. Hidden layers are ReLU with dropout 0.2, as in
// benchmarks/python; one output is regression. A round is an epoch of 64 steps, so times count its shuffle too.
#include <memory>
#include <vector>

#include "support.h"
#include "training/trainer.h"

using namespace lamina;
using namespace lamina::bench;

namespace {

struct Workload {
  const char* name;
  std::vector<Index> sizes;
  Index batch;
  bool digits;  // bytes like those of digits: about half of the columns are zero in a batch of 10
};

const std::vector<Workload> workloads = {
    {"digits 784-128-64-10", {784, 128, 64, 10}, 10, true},
    {"digits 784-128-64-10", {784, 128, 64, 10}, 128, true},
    {"digits 784-128-64-10", {784, 128, 64, 10}, 1024, true},
    {"floats 784-128-64-10", {784, 128, 64, 10}, 10, false},
    {"circle 2-128-64-2", {2, 128, 64, 2}, 10, false},
    {"houses 38-38-128-64-1", {38, 38, 128, 64, 1}, 10, false},
    {"digits 784-512-512-10", {784, 512, 512, 10}, 64, true},
};

constexpr Index steps = 64;

// Multiply-adds count two; the first layer needs no gradient of its input.
double flops_a_step(const Workload& w) {
  double products = 0;
  for (std::size_t i = 0; i + 1 < w.sizes.size(); ++i) products += static_cast<double>(w.sizes[i] * w.sizes[i + 1]);
  const double first = static_cast<double>(w.sizes[0] * w.sizes[1]);
  return 2 * static_cast<double>(w.batch) * (3 * products - first);
}

std::vector<layers::LayerSpec> layers_of(const Workload& w) {
  std::vector<layers::LayerSpec> list;
  for (std::size_t i = 1; i < w.sizes.size(); ++i) {
    const bool last = i + 1 == w.sizes.size();
    layers::LayerSpec dense, activation, dropout;
    dense.type = "dense";
    dense.units = w.sizes[i];
    activation.type = "activation";
    activation.name = last ? "softmax" : "relu";
    dropout.type = "dropout";
    dropout.rate = 0.2;
    dropout.seed = i;
    list.push_back(dense);
    if (!last || dense.units > 1) list.push_back(activation);
    if (!last) list.push_back(dropout);
  }
  return list;
}

// Bytes bright in the middle and black at the border, or floats.
class Data {
 public:
  explicit Data(const Workload& w) : rows_(w.batch * steps), columns_(w.sizes[0]), outputs_(w.sizes.back()) {
    if (w.digits) {
      const Numbers<float> numbers(rows_ * columns_, 0, 1);
      for (Index i = 0; i < rows_ * columns_; ++i) {
        const double x = static_cast<double>(i % 28) - 13.5, y = static_cast<double>(i % columns_ / 28) - 13.5;
        const double chance = 0.75 - (x * x + y * y) / 200, u = static_cast<double>(numbers.data()[i]);
        bytes_.push_back(u < chance ? static_cast<std::uint8_t>(255 * u / chance) : std::uint8_t{0});
      }
    } else {
      floats_ = std::make_unique<Numbers<float>>(rows_ * columns_);
    }
    targets_ = std::make_unique<Numbers<float>>(rows_);
    for (Index r = 0; r < rows_; ++r) labels_.push_back(r * 7 % outputs_);
  }

  training::Inputs inputs() const {
    using kernels::SourceType;
    if (floats_ == nullptr) return {bytes_.data(), SourceType::uint8, rows_, columns_};
    return {floats_->data(), SourceType::float32, rows_, columns_ * static_cast<Index>(sizeof(float))};
  }
  training::TargetRows<float> targets() const {
    if (outputs_ == 1) return {targets_->data(), nullptr};
    return {nullptr, labels_.data()};
  }

 private:
  Index rows_, columns_, outputs_;
  std::vector<std::uint8_t> bytes_;
  std::unique_ptr<Numbers<float>> floats_, targets_;
  std::vector<std::int64_t> labels_;
};

std::unique_ptr<training::Model<float>> model_of(const Workload& w) {
  auto model = std::make_unique<training::Model<float>>(w.sizes[0], layers_of(w));
  for (std::size_t i = 0; i < model->network().parameters().size(); ++i) {
    const layers::ParameterInfo& info = model->network().parameters()[i];
    const double limit = info.vector ? 0 : 2.4 / static_cast<double>(info.inputs + info.units);
    model->write_weight(i, Numbers<float>(info.inputs * info.units, -limit, limit).data());
  }
  const bool regression = w.sizes.back() == 1;
  const std::string loss = regression ? "mean_squared_error" : "sparse_categorical_crossentropy";
  model->compile(
      {loss.c_str(), regression ? std::vector<std::string>{} : std::vector<std::string>{"sparse_categorical_accuracy"}},
      {"adam", {{"learning_rate", 1e-5}, {"beta_1", 0.9}, {"beta_2", 0.999}, {"epsilon", 1e-7}}});
  return model;
}

void train(benchmark::State& state, const Workload& w, int threads) {
  const int before = max_threads();
  set_max_threads(threads);
  const Data data(w);
  const auto model = model_of(w);
  training::Trainer<float> trainer(*model, data.inputs(), data.targets(), w.batch, true, 1);
  const auto epoch = [&] {
    trainer.begin_epoch();
    while (!trainer.finished()) trainer.advance(steps, 60);
    if (trainer.diverged()) state.SkipWithError("the training diverged");
  };
  epoch();
  {
    const FlopsReport report(state, flops_a_step(w), threads);
    while (state.KeepRunningBatch(steps)) epoch();
  }
  set_max_threads(before);
}

void register_all() {
  for (const Workload& w : workloads)
    for (const int threads : {1, 2}) {
      const std::string name =
          std::string(w.name) + "/batch:" + std::to_string(w.batch) + "/threads:" + std::to_string(threads);
      benchmark::RegisterBenchmark(name.c_str(), [&w, threads](benchmark::State& state) { train(state, w, threads); })
          ->UseRealTime()
          ->Unit(benchmark::kMicrosecond);
    }
}

}  // namespace

LAMINA_BENCHMARK_MAIN(register_all)
