#include "layers/normalization.h"

#include <algorithm>
#include <cmath>

#include "base/arena.h"
#include "base/error.h"

namespace lamina::layers {
namespace {

constexpr double least_deviation = 1e-7;  // Keras's epsilon

// What a column is shifted and scaled by, which follows from the weights at every batch, since these may have been set anew.
template <class T> class Prepare final : public Step<T> {
 public:
  Prepare(const T* mean, const T* variance, Index columns, bool one, bool invert, T* shift, T* scale)
      : mean_(mean), variance_(variance), columns_(columns), one_(one), invert_(invert), shift_(shift), scale_(scale) {
    this->reads = {mean, variance};
    this->writes = {shift};
  }

  Index tiles(Index) const override { return 1; }

  void run(Index begin, Index end, const Batch<T>&) const override {
    if (begin >= end) return;
    for (Index c = 0; c < columns_; ++c) {
      const Index from = one_ ? 0 : c;
      const double deviation = std::max(std::sqrt(static_cast<double>(variance_[from])), least_deviation);
      shift_[c] = mean_[from];
      scale_[c] = static_cast<T>(invert_ ? deviation : 1 / deviation);
    }
  }

  double work(Index) const override { return 20.0 * static_cast<double>(columns_); }

 private:
  const T *mean_, *variance_;
  Index columns_;
  bool one_;  // mean and variance for all columns
  bool invert_;
  T *shift_, *scale_;
};

template <class T> class NormalizationOp final : public Op<T> {
 public:
  NormalizationOp(const LayerSpec& spec, const OpContext<T>& context)
      : columns_(context.shape.columns), one_(spec.value("scalar", 0) != 0), invert_(spec.value("invert", 0) != 0) {
    const Index size = round_up(columns_, panel_width);
    for (int i = 0; i < 4; ++i) arena_.reserve(size);
    arena_.allocate();
    shift_ = arena_.at(0);
    scale_ = arena_.at(size);
    T *const mean = arena_.at(2 * size), *const variance = arena_.at(3 * size);
    mean_ = mean;
    variance_ = variance;
    if (spec.parameters.empty()) {
      mean_ = context.parameters[0].value;
      variance_ = context.parameters[1].value;
    } else {
      const std::size_t given = spec.parameters.size() / 2;
      one_ = given == 1;
      for (std::size_t c = 0; c < given; ++c) {
        mean[c] = static_cast<T>(spec.parameters[c]);
        variance[c] = static_cast<T>(spec.parameters[given + c]);
      }
    }
    this->reads = {shift_};
  }

  void forward(const Rect& r) const override {
    for (Index row = r.row; row < r.row + r.rows; ++row)
      for (Index c = r.column; c < r.column + r.columns; ++c) {
        const T x = *this->in.at(row, c);
        *this->out.at(row, c) = invert_ ? x * scale_[c] + shift_[c] : (x - shift_[c]) * scale_[c];
      }
  }

  void gradient(const Rect& r, Matrix<T> dy) const override {
    for (Index row = r.row; row < r.row + r.rows; ++row)
      for (Index c = r.column; c < r.column + r.columns; ++c) *dy.at(row, c) *= scale_[c];
  }

  std::unique_ptr<Step<T>> prepare() override {
    return std::make_unique<Prepare<T>>(mean_, variance_, columns_, one_, invert_, shift_, scale_);
  }

 private:
  Index columns_;
  bool one_;  // mean and variance for all columns
  bool invert_;
  Arena<T> arena_;
  const T *mean_ = nullptr, *variance_ = nullptr;  // [columns]
  T *shift_ = nullptr, *scale_ = nullptr;          // [columns]
};

}  // namespace

std::vector<WeightShape> normalization_weights(const LayerSpec& spec, Index inputs) {
  const auto given = static_cast<Index>(spec.parameters.size());
  require(given == 0 || given == 2 || given == 2 * inputs, "Normalization: ", given, " numbers for ", inputs, " columns");
  if (given > 0) return {};
  const Index columns = spec.value("scalar", 0) != 0 ? 1 : inputs;
  return {{1, columns, true}, {1, columns, true}, {1, 1, true}};
}

template <class T> std::unique_ptr<Op<T>> make_normalization(const LayerSpec& spec, const OpContext<T>& context) {
  return std::make_unique<NormalizationOp<T>>(spec, context);
}

template std::unique_ptr<Op<float>> make_normalization(const LayerSpec&, const OpContext<float>&);
template std::unique_ptr<Op<double>> make_normalization(const LayerSpec&, const OpContext<double>&);

}  // namespace lamina::layers
