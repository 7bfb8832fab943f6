#include "layers/dropout.h"

#include <algorithm>

#include "base/arena.h"
#include "base/error.h"

namespace lamina::layers {
namespace {

constexpr Index group = 64;          // elements that one call to the generator serves
constexpr Index groups_a_tile = 16;

// Fills the mask of one batch: a function of seed, step, layer and row * units + unit.
template <class T> class MaskStep final : public Step<T> {
 public:
  MaskStep(const kernels::Table<T>& table, kernels::DropoutMask<T> call, Index sample)
      : table_(table), call_(call), sample_(sample) {
    this->writes = {call.mask};
  }

  Index tiles(Index rows) const override { return divide_up(rows * sample_, group * groups_a_tile); }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    kernels::DropoutMask<T> call = call_;
    call.first = begin * groups_a_tile;
    call.count = std::min(end * groups_a_tile, divide_up(batch.rows * sample_, group)) - call.first;
    call.step = batch.iteration;
    if (begin < end) table_.dropout_mask(call);
  }

  double work(Index rows) const override { return 60.0 * static_cast<double>(rows * sample_); }

 private:
  const kernels::Table<T>& table_;
  kernels::DropoutMask<T> call_;
  Index sample_;  // elements of a row of the batch
};

template <class T> class DropoutOp final : public Op<T> {
 public:
  DropoutOp(const LayerSpec& spec, const OpContext<T>& context)
      : table_(context.table),
        spec_(spec),
        shape_(context.shape),
        units_(context.shape.columns),
        stream_(context.position) {
    mask_.reserve(dropout_mask_size(context.capacity * units_));
    mask_.allocate();
    this->reads = {mask_.at(0)};
  }

  bool in_place() const override { return false; }  // the activation before it wants its output back
  void forward(const Rect& r) const override {
    table_.multiply({r.rows, r.columns, this->in.at(r.row, r.column), this->in.row, mask_at(r), units_,
                         this->out.at(r.row, r.column), this->out.row});
  }

  void gradient(const Rect& r, Matrix<T> dy) const override {
    T* const x = dy.at(r.row, r.column);
    table_.multiply({r.rows, r.columns, x, dy.row, mask_at(r), units_, x, dy.row});
  }

  std::unique_ptr<Step<T>> prepare() override {
    const double keep = 1 - spec_.value("rate", 0);
    return make_dropout_mask(table_, spec_, mask_.at(0), static_cast<T>(1 / keep), shape_, stream_);
  }

 private:
  const T* mask_at(const Rect& r) const { return mask_.at(r.row * units_ + r.column); }

  const kernels::Table<T>& table_;
  const LayerSpec spec_;
  Shape shape_;
  Index units_;
  std::uint32_t stream_;
  Arena<T> mask_;  // [rows, units] without padding
};

}  // namespace

void check_dropout(const LayerSpec& spec) {
  const double rate = spec.value("rate", 0);
  require(rate >= 0 && rate < 1, "Dropout(rate=", rate, "): rate must lie in [0, 1)");
}

Index dropout_mask_size(Index elements) { return round_up(elements, group) + panel_width; }

template <class T>
std::unique_ptr<Step<T>> make_dropout_mask(const kernels::Table<T>& table, const LayerSpec& spec, T* mask, T scale,
                                           Shape shape, std::uint32_t stream) {
  return std::make_unique<MaskStep<T>>(
      table,
      kernels::DropoutMask<T>{.first = 0,
                              .count = 0,
                              .mask = mask,
                              .seed = spec.seed,
                              .step = 0,
                              .stream = stream,
                              .threshold = static_cast<std::uint32_t>(spec.value("rate", 0) * 4294967296.0),
                              .scale = scale},
      shape.times * shape.columns);
}

template <class T> std::unique_ptr<Op<T>> make_dropout(const LayerSpec& spec, const OpContext<T>& context) {
  if (!context.training || spec.value("rate", 0) == 0) return nullptr;
  return std::make_unique<DropoutOp<T>>(spec, context);
}

template std::unique_ptr<Op<float>> make_dropout(const LayerSpec&, const OpContext<float>&);
template std::unique_ptr<Step<float>> make_dropout_mask(const kernels::Table<float>&, const LayerSpec&, float*, float,
                                                        Shape, std::uint32_t);
template std::unique_ptr<Step<double>> make_dropout_mask(const kernels::Table<double>&, const LayerSpec&, double*,
                                                         double, Shape, std::uint32_t);
template std::unique_ptr<Op<double>> make_dropout(const LayerSpec&, const OpContext<double>&);

}  // namespace lamina::layers
