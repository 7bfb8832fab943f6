// Whole training steps: the networks, their data, and models ready to train. Hidden layers are ReLU with dropout 0.2, as
// in benchmarks/python; one output is regression.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "numbers.h"
#include "training/trainer.h"

namespace lamina::bench {

struct Workload {
  const char* network;
  std::vector<Index> sizes;
  Index batch;
  bool digits;  // bytes like those of digits: about half of the columns are zero in a batch of 10
  Index epoch_steps = 64;

  std::string name() const { return std::string(network) + "/batch:" + std::to_string(batch); }
};

inline const std::vector<Workload> workloads = {
    {"digits 784-128-64-10", {784, 128, 64, 10}, 10, true},
    {"digits 784-128-64-10", {784, 128, 64, 10}, 128, true},
    {"digits 784-128-64-10", {784, 128, 64, 10}, 1024, true},
    {"floats 784-128-64-10", {784, 128, 64, 10}, 10, false},
    {"circle 2-128-64-2", {2, 128, 64, 2}, 10, false},
    {"houses 38-38-128-64-1", {38, 38, 128, 64, 1}, 10, false},
    {"digits 784-512-512-10", {784, 512, 512, 10}, 64, true},
    {"digits 784-1024-1024-10", {784, 1024, 1024, 10}, 256, true, 16},
    {"digits 784-4096-4096-10", {784, 4096, 4096, 10}, 256, true, 4},
    {"floats 1024-1024-1024-1024-10", {1024, 1024, 1024, 1024, 10}, 1024, false, 4},
};

inline std::vector<layers::LayerSpec> layers_of(const Workload& w) {
  std::vector<layers::LayerSpec> list;
  for (std::size_t i = 1; i < w.sizes.size(); ++i) {
    const bool last = i + 1 == w.sizes.size();
    layers::LayerSpec dense, activation, dropout;
    dense.type = "dense";
    dense.values["units"] = static_cast<double>(w.sizes[i]);
    activation.type = "activation";
    activation.function = last ? "softmax" : "relu";
    dropout.type = "dropout";
    dropout.values["rate"] = 0.2;
    dropout.seed = i;
    list.push_back(dense);
    if (!last || w.sizes[i] > 1) list.push_back(activation);
    if (!last) list.push_back(dropout);
  }
  return list;
}

// An epoch's rows: bytes bright in the middle and black at the border, or floats.
class Data {
 public:
  explicit Data(const Workload& w) : rows_(w.batch * w.epoch_steps), columns_(w.sizes[0]), outputs_(w.sizes.back()) {
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

inline std::unique_ptr<training::Model<float>> model_of(const Workload& w) {
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

}  // namespace lamina::bench
