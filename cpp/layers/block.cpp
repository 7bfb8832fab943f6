#include "layers/block.h"

namespace lamina::layers {
namespace {

template <class T> class RowsStep : public Step<T> {
 public:
  explicit RowsStep(const Block<T>& block) : block_(block) {}
  Index tiles(Index rows) const override { return rows * block_.times; }
  double work(Index rows) const override {
    return 30.0 * static_cast<double>(rows * block_.times * block_.columns * static_cast<Index>(block_.ops.size()));
  }

 protected:
  Rect rect(Index begin, Index end) const { return {begin, end - begin, 0, block_.columns}; }
  const Block<T>& block_;
};

template <class T> class RowsForward final : public RowsStep<T> {
 public:
  explicit RowsForward(const Block<T>& block) : RowsStep<T>(block) {
    this->row_reads = {block.in.rows.data};
    for (const auto& op : block.ops) this->row_writes.push_back(op->out.data);
    block.add_forward(*this, Block<T>::Tiles::rows);
  }
  void run(Index begin, Index end, const Batch<T>&) const override {
    if (begin < end) this->block_.forward_ops(this->rect(begin, end));
  }
};

template <class T> class RowsGradient final : public RowsStep<T> {
 public:
  RowsGradient(const Block<T>& block, const Block<T>* before) : RowsStep<T>(block), before_(before) {
    block.add_gradient(*this, Block<T>::Tiles::rows);
    if (before != nullptr) before->add_gradient(*this, Block<T>::Tiles::rows);
  }
  void run(Index begin, Index end, const Batch<T>&) const override {
    if (begin >= end) return;
    const Rect rect = this->rect(begin, end);
    this->block_.gradient_ops(rect);
    if (before_ != nullptr) before_->arrive(rect);  // it shares this block's dy
  }

 private:
  const Block<T>* before_;
};

}  // namespace

template <class T> std::unique_ptr<Step<T>> make_rows_forward(const Block<T>& block) {
  return std::make_unique<RowsForward<T>>(block);
}

template <class T> std::unique_ptr<Step<T>> make_rows_gradient(const Block<T>& block, const Block<T>* before) {
  return std::make_unique<RowsGradient<T>>(block, before);
}

template std::unique_ptr<Step<float>> make_rows_forward(const Block<float>&);
template std::unique_ptr<Step<double>> make_rows_forward(const Block<double>&);
template std::unique_ptr<Step<float>> make_rows_gradient(const Block<float>&, const Block<float>*);
template std::unique_ptr<Step<double>> make_rows_gradient(const Block<double>&, const Block<double>*);

}  // namespace lamina::layers
