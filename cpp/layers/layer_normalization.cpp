// Ba, Kiros and Hinton, 2016.
#include "layers/layer_normalization.h"

#include <algorithm>
#include <cmath>

#include "base/arena.h"
#include "layers/vector_update.h"

namespace lamina::layers {
namespace {

// The mean of f(c) over the columns, in double: 16 partials by index modulo 16, then a fixed tree.
template <class F> double mean_of(Index columns, const F& f) {
  double partial[16] = {};
  Index c = 0;
  for (; c + 16 <= columns; c += 16)
    for (Index i = 0; i < 16; ++i) partial[i] += f(c + i);
  for (Index i = 0; c + i < columns; ++i) partial[i] += f(c + i);
  for (Index width = 8; width > 0; width /= 2)
    for (Index i = 0; i < width; ++i) partial[i] += partial[i + width];
  return partial[0] / static_cast<double>(columns);
}

template <class T> class LayerNormalizationOp final : public Op<T> {
 public:
  LayerNormalizationOp(const LayerSpec& spec, const OpContext<T>& context)
      : table_(context.table), times_(context.shape.times), epsilon_(spec.value("epsilon", 0)) {
    const Parameter<T>* p = context.parameters;
    if (spec.value("scale", 1) != 0) gamma_ = p++;
    if (spec.value("center", 1) != 0) beta_ = p++;
    for (const Parameter<T>* weight : {gamma_, beta_})
      if (weight != nullptr) {
        this->reads.push_back(weight->value);
        this->trainable = weight->trainable;
      }
    const Index row = round_up(context.shape.columns, panel_width), parts = this->trainable && context.backward ? context.capacity * row : 0;
    const Index mean = arena_.reserve(context.capacity), inverse = arena_.reserve(context.capacity);
    const Index gamma = arena_.reserve(parts), beta = arena_.reserve(parts);
    arena_.allocate();
    mean_ = arena_.at(mean);
    inverse_ = arena_.at(inverse);
    if (parts == 0) return;
    gamma_parts_ = {arena_.at(gamma), row};
    beta_parts_ = {arena_.at(beta), row};
    this->gradient_writes = gamma_parts_.data;
  }

  bool rowwise() const override { return true; }
  bool in_place() const override { return false; }

  void forward(const Rect& r) const override {
    for (Index row = r.row; row < r.row + r.rows; ++row) {
      const T* const x = this->in.at(row, 0);
      T* const y = this->out.at(row, 0);
      const double mean = mean_of(r.columns, [&](Index c) { return static_cast<double>(x[c]); });
      const double variance = mean_of(r.columns, [&](Index c) {
        const double difference = static_cast<double>(x[c]) - mean;
        return difference * difference;
      });
      mean_[row] = static_cast<T>(mean);
      inverse_[row] = static_cast<T>(1 / std::sqrt(variance + epsilon_));
      for (Index c = 0; c < r.columns; ++c) {
        y[c] = (x[c] - mean_[row]) * inverse_[row];
        if (gamma_ != nullptr) y[c] *= gamma_->value[c];
        if (beta_ != nullptr) y[c] += beta_->value[c];
      }
    }
  }

  void gradient(const Rect& r, Matrix<T> dy) const override {
    for (Index row = r.row; row < r.row + r.rows; ++row) {
      const T* const x = this->in.at(row, 0);
      T* const d = dy.at(row, 0);
      const auto scaled = [&](Index c) { return (x[c] - mean_[row]) * inverse_[row]; };
      if (gamma_parts_)
        for (Index c = 0; c < r.columns; ++c) {
          *gamma_parts_.at(row, c) = d[c] * scaled(c);
          *beta_parts_.at(row, c) = d[c];
        }
      if (gamma_ != nullptr)
        for (Index c = 0; c < r.columns; ++c) d[c] *= gamma_->value[c];
      const auto mean = static_cast<T>(mean_of(r.columns, [&](Index c) { return static_cast<double>(d[c]); }));
      const auto product =
          static_cast<T>(mean_of(r.columns, [&](Index c) { return static_cast<double>(d[c]) * static_cast<double>(scaled(c)); }));
      for (Index c = 0; c < r.columns; ++c) d[c] = inverse_[row] * ((d[c] - mean) - scaled(c) * product);
    }
  }

  std::vector<std::unique_ptr<Step<T>>> make_updates(kernels::Update update) override {
    std::vector<std::unique_ptr<Step<T>>> steps;
    if (!this->trainable) return steps;
    if (gamma_ != nullptr) steps.push_back(make_vector_update(*gamma_, table_, gamma_parts_, times_, update));
    // The parts of both are known by those of gamma, since they are written together.
    if (beta_ != nullptr) steps.push_back(make_vector_update(*beta_, table_, beta_parts_, times_, update));
    for (auto& step : steps) step->reads.push_back(gamma_parts_.data);
    return steps;
  }

 private:
  const kernels::Table<T>& table_;
  Index times_;
  double epsilon_;
  const Parameter<T>*gamma_ = nullptr, *beta_ = nullptr;  // or null
  Arena<T> arena_;
  T *mean_ = nullptr, *inverse_ = nullptr;  // [rows]: the mean, one over the deviation
  Matrix<T> gamma_parts_, beta_parts_;      // [rows, columns]: what each element adds to the gradients
};

}  // namespace

std::vector<WeightShape> layer_normalization_weights(const LayerSpec& spec, Index inputs) {
  const bool scale = spec.value("scale", 1) != 0, center = spec.value("center", 1) != 0;
  return std::vector<WeightShape>(0u + scale + center, {1, inputs, true});
}

template <class T> std::unique_ptr<Op<T>> make_layer_normalization(const LayerSpec& spec, const OpContext<T>& context) {
  return std::make_unique<LayerNormalizationOp<T>>(spec, context);
}

template std::unique_ptr<Op<float>> make_layer_normalization(const LayerSpec&, const OpContext<float>&);
template std::unique_ptr<Op<double>> make_layer_normalization(const LayerSpec&, const OpContext<double>&);

}  // namespace lamina::layers
