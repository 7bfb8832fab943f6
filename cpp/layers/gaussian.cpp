#include "layers/gaussian.h"

#include <algorithm>
#include <cmath>

#include "base/arena.h"
#include "base/rng.h"
#include "kernels/normal_quantile.h"

namespace lamina::layers {
namespace {

constexpr Index tile_size = 256;

// Fills the noise of one batch with mean + deviation z: a function of seed, step, layer and row * units + unit.
template <class T> class NoiseStep final : public Step<T> {
 public:
  NoiseStep(T* noise, Index sample, double mean, double deviation, std::uint64_t seed, std::uint32_t stream)
      : noise_(noise), sample_(sample), mean_(mean), deviation_(deviation), seed_(seed), stream_(stream) {
    this->writes = {noise};
  }

  Index tiles(Index rows) const override { return divide_up(rows * sample_, tile_size); }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    const Draws draws(seed_, batch.iteration, stream_);
    double z[tile_size];
    for (Index tile = begin; tile < end; ++tile) {
      const Index first = tile * tile_size, count = std::min(tile_size, batch.rows * sample_ - first);
      for (Index i = 0; i < count; ++i) z[i] = centred(draws[static_cast<std::uint64_t>(first + i)]);
      kernels::normal_quantile(count, z, z);
      for (Index i = 0; i < count; ++i) noise_[first + i] = static_cast<T>(mean_ + deviation_ * z[i]);
    }
  }

  double work(Index rows) const override { return 1500.0 * static_cast<double>(rows * sample_); }

 private:
  T* noise_;
  Index sample_;  // elements of a row of the batch
  double mean_, deviation_;
  std::uint64_t seed_;
  std::uint32_t stream_;
};

template <class T> class NoiseOp : public Op<T> {
 public:
  NoiseOp(const LayerSpec& spec, const OpContext<T>& context, double mean, double deviation)
      : table_(context.table),
        units_(context.shape.columns),
        times_(context.shape.times),
        mean_(mean),
        deviation_(deviation),
        seed_(spec.seed),
        stream_(context.position) {
    noise_.reserve(context.capacity * units_ + panel_width);  // a row's last vector may reach past the end
    noise_.allocate();
    this->reads = {noise_.at(0)};
  }

  std::unique_ptr<Step<T>> prepare() override {
    return std::make_unique<NoiseStep<T>>(noise_.at(0), times_ * units_, mean_, deviation_, seed_, stream_);
  }

 protected:
  const T* noise_at(Index row, Index column) const { return noise_.at(row * units_ + column); }

  const kernels::Table<T>& table_;
  Index units_, times_;

 private:
  double mean_, deviation_;
  std::uint64_t seed_;
  std::uint32_t stream_;
  Arena<T> noise_;  // [rows, units] without padding
};

template <class T> class AddedNoise final : public NoiseOp<T> {
 public:
  using NoiseOp<T>::NoiseOp;

  void forward(const Rect& r) const override {
    for (Index row = r.row; row < r.row + r.rows; ++row) {
      const T *const x = this->in.at(row, r.column), *const noise = this->noise_at(row, r.column);
      T* const y = this->out.at(row, r.column);
      for (Index c = 0; c < r.columns; ++c) y[c] = x[c] + noise[c];
    }
  }

  void gradient(const Rect&, Matrix<T>) const override {}
};

template <class T> class MultipliedNoise final : public NoiseOp<T> {
 public:
  using NoiseOp<T>::NoiseOp;

  bool in_place() const override { return false; }  // the activation before it wants its output back

  void forward(const Rect& r) const override {
    this->table_.multiply({r.rows, r.columns, this->in.at(r.row, r.column), this->in.row, this->noise_at(r.row, r.column),
                           this->units_, this->out.at(r.row, r.column), this->out.row});
  }

  void gradient(const Rect& r, Matrix<T> dy) const override {
    T* const x = dy.at(r.row, r.column);
    this->table_.multiply({r.rows, r.columns, x, dy.row, this->noise_at(r.row, r.column), this->units_, x, dy.row});
  }
};

}  // namespace

template <class T> std::unique_ptr<Op<T>> make_gaussian_noise(const LayerSpec& spec, const OpContext<T>& context) {
  const double deviation = spec.value("stddev", 0);
  if (!context.training || deviation == 0) return nullptr;
  return std::make_unique<AddedNoise<T>>(spec, context, 0, deviation);
}

template <class T> std::unique_ptr<Op<T>> make_gaussian_dropout(const LayerSpec& spec, const OpContext<T>& context) {
  const double rate = spec.value("rate", 0);
  if (!context.training || rate == 0) return nullptr;
  return std::make_unique<MultipliedNoise<T>>(spec, context, 1, std::sqrt(rate / (1 - rate)));
}

template std::unique_ptr<Op<float>> make_gaussian_noise(const LayerSpec&, const OpContext<float>&);
template std::unique_ptr<Op<double>> make_gaussian_noise(const LayerSpec&, const OpContext<double>&);
template std::unique_ptr<Op<float>> make_gaussian_dropout(const LayerSpec&, const OpContext<float>&);
template std::unique_ptr<Op<double>> make_gaussian_dropout(const LayerSpec&, const OpContext<double>&);

}  // namespace lamina::layers
