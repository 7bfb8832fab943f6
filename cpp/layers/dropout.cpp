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
        rate_(spec.value("rate", 0)),
        seed_(spec.seed),
        units_(context.shape.columns),
        times_(context.shape.times),
        stream_(context.position) {
    // A row's last vector may reach past the mask's end.
    mask_.reserve(round_up(context.capacity * units_, group) + panel_width);
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
    const double keep = 1 - rate_;
    return std::make_unique<MaskStep<T>>(
        table_,
        kernels::DropoutMask<T>{.first = 0,
                                .count = 0,
                                .mask = mask_.at(0),
                                .seed = seed_,
                                .step = 0,
                                .stream = stream_,
                                .threshold = static_cast<std::uint32_t>(rate_ * 4294967296.0),
                                .scale = static_cast<T>(1 / keep)},
        times_ * units_);
  }

 private:
  const T* mask_at(const Rect& r) const { return mask_.at(r.row * units_ + r.column); }

  const kernels::Table<T>& table_;
  double rate_;
  std::uint64_t seed_;
  Index units_, times_;
  std::uint32_t stream_;
  Arena<T> mask_;  // [rows, units] without padding
};

}  // namespace

void check_dropout(const LayerSpec& spec) {
  const double rate = spec.value("rate", 0);
  require(rate >= 0 && rate < 1, "Dropout(rate=", rate, "): rate must lie in [0, 1)");
}

template <class T> std::unique_ptr<Op<T>> make_dropout(const LayerSpec& spec, const OpContext<T>& context) {
  if (!context.training || spec.value("rate", 0) == 0) return nullptr;
  return std::make_unique<DropoutOp<T>>(spec, context);
}

template std::unique_ptr<Op<float>> make_dropout(const LayerSpec&, const OpContext<float>&);
template std::unique_ptr<Op<double>> make_dropout(const LayerSpec&, const OpContext<double>&);

}  // namespace lamina::layers
