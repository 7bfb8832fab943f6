#include "layers/activity_regularization.h"

#include <cmath>

namespace lamina::layers {
namespace {

// Lets the op know how many samples the batch has.
template <class T> class CountStep final : public Step<T> {
 public:
  explicit CountStep(double& rows) : rows_(rows) { this->writes = {&rows}; }
  Index tiles(Index) const override { return 1; }
  void run(Index begin, Index end, const Batch<T>& batch) const override {
    if (begin < end) rows_ = static_cast<double>(batch.rows);
  }
  double work(Index) const override { return 1; }

 private:
  double& rows_;
};

template <class T> class ActivityOp final : public Op<T> {
 public:
  ActivityOp(const LayerSpec& spec, const OpContext<T>& context)
      : l1_(spec.value("l1", 0)), l2_(spec.value("l2", 0)), penalties_(static_cast<std::size_t>(context.capacity)) {
    this->reads = {&rows_};
  }

  bool rowwise() const override { return true; }
  bool in_place() const override { return false; }

  void forward(const Rect& r) const override {
    for (Index row = r.row; row < r.row + r.rows; ++row) {
      const T* const x = this->in.at(row, 0);
      T* const y = this->out.at(row, 0);
      double absolute = 0, square = 0;
      for (Index c = 0; c < r.columns; ++c) {
        const auto value = static_cast<double>(x[c]);
        absolute += std::fabs(value);
        square += value * value;
        y[c] = x[c];
      }
      penalties_[static_cast<std::size_t>(row)] = l1_ * absolute + l2_ * square;
    }
  }

  void gradient(const Rect& r, Matrix<T> dy) const override {
    const auto l1 = static_cast<T>(l1_ / rows_), twice_l2 = static_cast<T>(2 * l2_ / rows_);
    for (Index row = r.row; row < r.row + r.rows; ++row) {
      const T* const x = this->in.at(row, 0);
      T* const d = dy.at(row, 0);
      for (Index c = 0; c < r.columns; ++c) {
        const T sign = static_cast<T>((x[c] > 0) - (x[c] < 0));
        d[c] += l1 * sign + twice_l2 * x[c];
      }
    }
  }

  std::unique_ptr<Step<T>> prepare() override { return std::make_unique<CountStep<T>>(rows_); }
  const double* row_penalties() const override { return penalties_.data(); }

 private:
  double l1_, l2_;
  double rows_ = 1;
  mutable std::vector<double> penalties_;  // [rows]
};

}  // namespace

template <class T>
std::unique_ptr<Op<T>> make_activity_regularization(const LayerSpec& spec, const OpContext<T>& context) {
  if (spec.value("l1", 0) == 0 && spec.value("l2", 0) == 0) return nullptr;
  return std::make_unique<ActivityOp<T>>(spec, context);
}

template std::unique_ptr<Op<float>> make_activity_regularization(const LayerSpec&, const OpContext<float>&);
template std::unique_ptr<Op<double>> make_activity_regularization(const LayerSpec&, const OpContext<double>&);

}  // namespace lamina::layers
