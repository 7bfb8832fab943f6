#include "layers/dropout.h"

#include <algorithm>

#include "base/error.h"

namespace lamina::layers {
namespace {

constexpr Index pair_of_lines = 16;  // words, which no two threads should write

// Fills the mask of one batch: a function of seed, step, layer and row * units + unit.
template <class T> class MaskStep final : public Step<T> {
 public:
  MaskStep(const kernels::Table<T>& table, const kernels::DropoutMask& call, Index sample)
      : table_(table), call_(call), sample_(sample) {
    this->writes = {call.kept};
  }

  Index tiles(Index rows) const override { return divide_up(rows * sample_, word * words_a_tile); }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    if (begin >= end) return;
    kernels::DropoutMask call = call_;
    call.first = begin * words_a_tile;
    call.count = std::min(end * words_a_tile, divide_up(batch.rows * sample_, word)) - call.first;
    call.kept += call.first;
    call.step = batch.iteration;
    table_.dropout_mask(call);
  }

  double work(Index rows) const override { return 60.0 * static_cast<double>(rows * sample_); }

 private:
  static constexpr Index word = DropoutMask<T>::word, words_a_tile = 16;  // two cache lines

  const kernels::Table<T>& table_;
  kernels::DropoutMask call_;
  Index sample_;
};

// The same, a column of words for each tile.
template <class T> class ColumnMaskStep final : public Step<T> {
 public:
  ColumnMaskStep(const kernels::Table<T>& table, const kernels::DropoutMask& call, Index units, Index times,
                 Index column_words)
      : table_(table), call_(call), columns_(units / DropoutMask<T>::word), times_(times), column_words_(column_words) {
    this->panel_writes = {call.kept};
    this->panel_groups = columns_;
  }

  Index tiles(Index) const override { return columns_; }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    kernels::DropoutMask call = call_;
    call.count = batch.rows * times_;
    call.stride = columns_;
    call.step = batch.iteration;
    for (Index column = begin; column < end; ++column) {
      call.first = column;
      call.kept = call_.kept + column * column_words_;
      table_.dropout_mask(call);
    }
  }

  double work(Index rows) const override {
    return 60.0 * static_cast<double>(rows * times_ * columns_ * DropoutMask<T>::word);
  }

 private:
  const kernels::Table<T>& table_;
  kernels::DropoutMask call_;
  Index columns_, times_, column_words_;
};

template <class T> class DropoutOp final : public Op<T> {
 public:
  DropoutOp(const LayerSpec& spec, const OpContext<T>& context)
      : mask_(spec, context), scale_(static_cast<T>(1 / (1 - spec.value("rate", 0)))) {
    mask_.read_by(*this);
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
    : table_(context.table),
      units_(context.shape.columns),
      sample_(context.shape.times * context.shape.columns),
      by_columns_(context.capacity <= small_batch && units_ % word == 0),
      column_words_(round_up(context.capacity, pair_of_lines)) {
  const Index words = by_columns_ ? units_ / word * column_words_ : divide_up(context.capacity * units_, word);
  kept_.reserve(words + 1);  // bits are read 64 at a time, from any byte on
  kept_.allocate();
  call_ = {.first = 0,
           .count = 0,
           .stride = 1,
           .kept = kept_.at(0),
           .seed = spec.seed,
           .step = 0,
           .stream = context.position,
           .threshold = static_cast<std::uint32_t>(spec.value("rate", 0) * 4294967296.0)};
}

template <class T> std::unique_ptr<Step<T>> DropoutMask<T>::step() const {
  if (by_columns_) return std::make_unique<ColumnMaskStep<T>>(table_, call_, units_, sample_ / units_, column_words_);
  return std::make_unique<MaskStep<T>>(table_, call_, sample_);
}

template <class T> void DropoutMask<T>::apply(const Rect& r, Matrix<T> x, T scale, Matrix<T> out) const {
  for (Index column = r.column, end = r.column + r.columns, columns = 0; column < end; column += columns) {
    columns = by_columns_ ? std::min(word - column % word, end - column) : r.columns;
    table_.masked({.rows = r.rows,
                   .columns = columns,
                   .x = x.at(r.row, column),
                   .x_row = x.row,
                   .kept = call_.kept,
                   .first = bit_of(r.row, column),
                   .kept_row = by_columns_ ? word : units_,
                   .scale = scale,
                   .out = out.at(r.row, column),
                   .out_row = out.row});
  }
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
