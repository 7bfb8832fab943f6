#include "layers/dropout.h"

#include <algorithm>

#include "base/error.h"

namespace lamina::layers {
namespace {

// Fills the mask of one batch: a function of seed, step, layer and row * units + unit.
template <class T> class MaskStep final : public Step<T> {
 public:
  MaskStep(const kernels::Table<T>& table, const kernels::DropoutMask& call, Index sample)
      : table_(table), call_(call), sample_(sample) {
    this->writes = {call.kept};
  }

  Index tiles(Index rows) const override { return divide_up(rows * sample_, word * words_a_tile); }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    kernels::DropoutMask call = call_;
    call.first = begin * words_a_tile;
    call.count = std::min(end * words_a_tile, divide_up(batch.rows * sample_, word)) - call.first;
    call.step = batch.iteration;
    if (begin < end) table_.dropout_mask(call);
  }

  double work(Index rows) const override { return 60.0 * static_cast<double>(rows * sample_); }

 private:
  static constexpr Index word = DropoutMask<T>::word, words_a_tile = 16;  // two cache lines

  const kernels::Table<T>& table_;
  kernels::DropoutMask call_;
  Index sample_;
};

template <class T> class DropoutOp final : public Op<T> {
 public:
  DropoutOp(const LayerSpec& spec, const OpContext<T>& context)
      : mask_(spec, context), scale_(static_cast<T>(1 / (1 - spec.value("rate", 0)))) {
    this->reads = {mask_.key()};
  }

  bool in_place() const override { return false; }  // the activation before it wants its output back
  void forward(const Rect& r) const override { mask_.apply(r, this->in, scale_, this->out); }
  void gradient(const Rect& r, Matrix<T> dy) const override { mask_.apply(r, dy, scale_, dy); }
  std::unique_ptr<Step<T>> prepare() override { return mask_.step(); }

 private:
  DropoutMask<T> mask_;
  T scale_;
};

}  // namespace

template <class T>
DropoutMask<T>::DropoutMask(const LayerSpec& spec, const OpContext<T>& context)
    : table_(context.table), units_(context.shape.columns), sample_(context.shape.times * context.shape.columns) {
  kept_.reserve(divide_up(context.capacity * units_, word) + 1);  // bits are read 64 at a time, from any byte on
  kept_.allocate();
  call_ = {.first = 0,
           .count = 0,
           .kept = kept_.at(0),
           .seed = spec.seed,
           .step = 0,
           .stream = context.position,
           .threshold = static_cast<std::uint32_t>(spec.value("rate", 0) * 4294967296.0)};
}

template <class T> std::unique_ptr<Step<T>> DropoutMask<T>::step() const {
  return std::make_unique<MaskStep<T>>(table_, call_, sample_);
}

template <class T> void DropoutMask<T>::apply(const Rect& r, Matrix<T> x, T scale, Matrix<T> out) const {
  table_.masked({.rows = r.rows,
                 .columns = r.columns,
                 .x = x.at(r.row, r.column),
                 .x_row = x.row,
                 .kept = call_.kept,
                 .first = r.row * units_ + r.column,
                 .kept_row = units_,
                 .scale = scale,
                 .out = out.at(r.row, r.column),
                 .out_row = out.row});
}

void check_dropout(const LayerSpec& spec) {
  const double rate = spec.value("rate", 0);
  require(rate >= 0 && rate < 1, "Dropout(rate=", rate, "): rate must lie in [0, 1)");
}

template <class T> std::unique_ptr<Op<T>> make_dropout(const LayerSpec& spec, const OpContext<T>& context) {
  if (!context.training || spec.value("rate", 0) == 0) return nullptr;
  return std::make_unique<DropoutOp<T>>(spec, context);
}

template class DropoutMask<float>;
template class DropoutMask<double>;
template std::unique_ptr<Op<float>> make_dropout(const LayerSpec&, const OpContext<float>&);
template std::unique_ptr<Op<double>> make_dropout(const LayerSpec&, const OpContext<double>&);

}  // namespace lamina::layers
