// Ioffe and Szegedy, 2015; formulas as in Keras's layer of the same name. Sums over rows are chains in double, a column at
// a time, so that their bits depend on the batch alone.
#include "layers/batch_normalization.h"

#include <algorithm>
#include <cmath>

#include "base/arena.h"
#include "layers/vector_update.h"

namespace lamina::layers {
namespace {

// What the steps of a layer share.
template <class T> struct Normalization {
  Index columns = 0, times = 0;
  double epsilon = 0, momentum = 0;
  bool by_batch = false;  // by the batch's own statistics
  const Parameter<T>*gamma = nullptr, *beta = nullptr;  // or null
  const Parameter<T>*moving_mean = nullptr, *moving_variance = nullptr;
  Arena<T> arena;
  T *mean = nullptr, *variance = nullptr, *inverse = nullptr;      // [columns]: inverse deviations
  T *factor = nullptr, *offset = nullptr;                          // [columns]: gamma times inverse, beta
  T *gamma_gradient = nullptr, *beta_gradient = nullptr;           // [columns]
  T *mean_gradient = nullptr, *mean_product = nullptr;             // [columns]: means of dy, and of dy x̂

  void place() {
    T** const vectors[] = {&mean,           &variance,      &inverse,       &factor,      &offset,
                           &gamma_gradient, &beta_gradient, &mean_gradient, &mean_product};
    const Index size = round_up(columns, panel_width);
    for (std::size_t i = 0; i < std::size(vectors); ++i) arena.reserve(size);
    arena.allocate();
    for (std::size_t i = 0; i < std::size(vectors); ++i) *vectors[i] = arena.at(static_cast<Index>(i) * size);
  }
};

// A tile is a panel of columns.
template <class T> class ColumnStep : public Step<T> {
 public:
  explicit ColumnStep(Normalization<T>& n) : n_(n) {}

  Index tiles(Index) const override { return divide_up(n_.columns, panel_width); }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    for (Index panel = begin; panel < end; ++panel) {
      const Index first = panel * panel_width;
      columns(first, std::min(panel_width, n_.columns - first), batch.rows * n_.times);
    }
  }

  double work(Index rows) const override { return 8.0 * static_cast<double>(rows * n_.times * n_.columns); }

 protected:
  virtual void columns(Index first, Index count, Index rows) const = 0;
  Normalization<T>& n_;
};

template <class T> class Statistics final : public ColumnStep<T> {
 public:
  Statistics(Normalization<T>& n, Matrix<T> in) : ColumnStep<T>(n), in_(in) {
    this->reads = {in.data, n.moving_mean->value, n.moving_variance->value};
    for (const Parameter<T>* p : {n.gamma, n.beta})
      if (p != nullptr) this->reads.push_back(p->value);
    this->writes = {n.mean};
  }

 protected:
  void columns(Index first, Index count, Index rows) const override {
    double mean[panel_width], variance[panel_width];
    if (this->n_.by_batch) {
      moments(first, count, rows, mean, variance);
    } else {
      std::copy_n(this->n_.moving_mean->value + first, count, mean);
      std::copy_n(this->n_.moving_variance->value + first, count, variance);
    }
    Normalization<T>& n = this->n_;
    for (Index i = 0; i < count; ++i) {
      const Index c = first + i;
      const double inverse = 1 / std::sqrt(variance[i] + n.epsilon);
      n.mean[c] = static_cast<T>(mean[i]);
      n.variance[c] = static_cast<T>(variance[i]);
      n.inverse[c] = static_cast<T>(inverse);
      n.factor[c] = static_cast<T>(n.gamma == nullptr ? inverse : static_cast<double>(n.gamma->value[c]) * inverse);
      n.offset[c] = n.beta == nullptr ? T{0} : n.beta->value[c];
    }
  }

 private:
  void moments(Index first, Index count, Index rows, double* mean, double* variance) const {
    std::fill_n(mean, count, 0.0);
    std::fill_n(variance, count, 0.0);
    for (Index r = 0; r < rows; ++r) {
      const T* const x = in_.at(r, first);
      for (Index i = 0; i < count; ++i) mean[i] += static_cast<double>(x[i]);
    }
    for (Index i = 0; i < count; ++i) mean[i] /= static_cast<double>(rows);
    for (Index r = 0; r < rows; ++r) {
      const T* const x = in_.at(r, first);
      for (Index i = 0; i < count; ++i) {
        const double difference = static_cast<double>(x[i]) - mean[i];
        variance[i] += difference * difference;
      }
    }
    for (Index i = 0; i < count; ++i) variance[i] /= static_cast<double>(rows);
  }

  Matrix<T> in_;
};

// Sums of dy, and of dy x̂: the gradients of beta and gamma.
template <class T> class GradientSums final : public ColumnStep<T> {
 public:
  GradientSums(Normalization<T>& n, Matrix<T> in, Matrix<T> dy) : ColumnStep<T>(n), in_(in), dy_(dy) {
    this->reads = {in.data, dy.data, n.mean};
    this->writes = {n.beta_gradient, n.gamma_gradient, n.mean_gradient};
  }

 protected:
  void columns(Index first, Index count, Index rows) const override {
    const Normalization<T>& n = this->n_;
    double sum[panel_width] = {}, product[panel_width] = {};
    for (Index r = 0; r < rows; ++r) {
      const T *const x = in_.at(r, first), *const dy = dy_.at(r, first);
      for (Index i = 0; i < count; ++i) {
        sum[i] += static_cast<double>(dy[i]);
        product[i] += static_cast<double>(dy[i]) * static_cast<double>((x[i] - n.mean[first + i]) * n.inverse[first + i]);
      }
    }
    for (Index i = 0; i < count; ++i) {
      n.beta_gradient[first + i] = static_cast<T>(sum[i]);
      n.gamma_gradient[first + i] = static_cast<T>(product[i]);
      n.mean_gradient[first + i] = static_cast<T>(sum[i] / static_cast<double>(rows));
      n.mean_product[first + i] = static_cast<T>(product[i] / static_cast<double>(rows));
    }
  }

 private:
  Matrix<T> in_, dy_;
};

// Moves the moving statistics, which a batch that diverged does not.
template <class T> class MovingUpdate final : public Step<T> {
 public:
  explicit MovingUpdate(const Normalization<T>& n) : n_(n) {
    this->reads = {n.mean};
    this->writes = {n.moving_mean->value, n.moving_variance->value};
    this->changes_weights = true;
  }

  Index tiles(Index) const override { return 1; }

  void run(Index begin, Index end, const Batch<T>&) const override {
    if (begin >= end) return;
    for (Index c = 0; c < n_.columns; ++c) {
      move(n_.moving_mean->value[c], n_.mean[c]);
      move(n_.moving_variance->value[c], n_.variance[c]);
    }
  }

  double work(Index) const override { return 6.0 * static_cast<double>(n_.columns); }

 private:
  void move(T& moving, T value) const {
    moving = static_cast<T>(static_cast<double>(moving) * n_.momentum + static_cast<double>(value) * (1 - n_.momentum));
  }

  const Normalization<T>& n_;
};

template <class T> class BatchNormalizationOp final : public Op<T> {
 public:
  BatchNormalizationOp(const LayerSpec& spec, const OpContext<T>& context)
      : table_(context.table), updates_(context.updates) {
    const Parameter<T>* p = context.parameters;
    n_.columns = context.shape.columns;
    n_.times = context.shape.times;
    n_.epsilon = spec.value("epsilon", 0);
    n_.momentum = spec.value("momentum", 0);
    n_.by_batch = context.training && spec.trainable;
    if (spec.value("scale", 1) != 0) n_.gamma = p++;
    if (spec.value("center", 1) != 0) n_.beta = p++;
    n_.moving_mean = p++;
    n_.moving_variance = p;
    n_.place();
    this->trainable = spec.trainable;
    this->reads = {n_.mean, n_.mean_gradient};
  }

  bool whole_batch() const override { return true; }
  bool in_place() const override { return false; }

  void forward(const Rect& r) const override {
    for (Index row = r.row; row < r.row + r.rows; ++row) {
      const T* const x = this->in.at(row, 0);
      T* const y = this->out.at(row, 0);
      for (Index c = r.column; c < r.column + r.columns; ++c) y[c] = (x[c] - n_.mean[c]) * n_.factor[c] + n_.offset[c];
    }
  }

  void gradient(const Rect& r, Matrix<T> dy) const override {
    for (Index row = r.row; row < r.row + r.rows; ++row) {
      const T* const x = this->in.at(row, 0);
      T* const d = dy.at(row, 0);
      for (Index c = r.column; c < r.column + r.columns; ++c) {
        if (n_.by_batch)
          d[c] = (d[c] - n_.mean_gradient[c]) - (x[c] - n_.mean[c]) * n_.inverse[c] * n_.mean_product[c];
        d[c] *= n_.factor[c];
      }
    }
  }

  std::unique_ptr<Step<T>> before_forward() override { return std::make_unique<Statistics<T>>(n_, this->in); }

  std::unique_ptr<Step<T>> before_gradient(Matrix<T> dy) override {
    if (!this->trainable) return nullptr;
    return std::make_unique<GradientSums<T>>(n_, this->in, dy);
  }

  std::vector<std::unique_ptr<Step<T>>> make_updates(kernels::Update update) override {
    std::vector<std::unique_ptr<Step<T>>> steps;
    if (!this->trainable) return steps;
    if (n_.gamma != nullptr) steps.push_back(make_vector_update(*n_.gamma, table_, {n_.gamma_gradient}, 0, update));
    if (n_.beta != nullptr) steps.push_back(make_vector_update(*n_.beta, table_, {n_.beta_gradient}, 0, update));
    if (updates_ && n_.by_batch) steps.push_back(std::make_unique<MovingUpdate<T>>(n_));
    return steps;
  }

 private:
  const kernels::Table<T>& table_;
  bool updates_;
  Normalization<T> n_;
};

}  // namespace

std::vector<WeightShape> batch_normalization_weights(const LayerSpec& spec, Index inputs) {
  const bool scale = spec.value("scale", 1) != 0, center = spec.value("center", 1) != 0;
  return std::vector<WeightShape>(2u + scale + center, {1, inputs, true});
}

template <class T> std::unique_ptr<Op<T>> make_batch_normalization(const LayerSpec& spec, const OpContext<T>& context) {
  return std::make_unique<BatchNormalizationOp<T>>(spec, context);
}

template std::unique_ptr<Op<float>> make_batch_normalization(const LayerSpec&, const OpContext<float>&);
template std::unique_ptr<Op<double>> make_batch_normalization(const LayerSpec&, const OpContext<double>&);

}  // namespace lamina::layers
