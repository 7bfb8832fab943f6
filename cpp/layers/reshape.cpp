#include "layers/reshape.h"

#include "base/error.h"

namespace lamina::layers {
namespace {

constexpr Index tile_samples = 8;

// Copies elements [begin, end), counted along the rows, from rows of one length to rows of another.
template <class T>
void copy_elements(Index begin, Index end, Matrix<T> from, Index from_columns, Matrix<T> to, Index to_columns) {
  for (Index e = begin; e < end;) {
    const Index from_column = e % from_columns, to_column = e % to_columns;
    const Index run = std::min({from_columns - from_column, to_columns - to_column, end - e});
    std::copy_n(from.at(e / from_columns, from_column), run, to.at(e / to_columns, to_column));
    e += run;
  }
}

template <class T> class Reshape : public Step<T> {
 public:
  Reshape(const Block<T>& block, Index inputs) : block_(block), inputs_(inputs) {}

  Index tiles(Index rows) const override { return divide_up(rows, tile_samples); }
  double work(Index rows) const override { return static_cast<double>(rows * sample()); }

 protected:
  Index sample() const { return block_.columns * block_.times; }  // elements

  const Block<T>& block_;
  Index inputs_;  // columns before
};

template <class T> class ReshapeForward final : public Reshape<T> {
 public:
  ReshapeForward(const Block<T>& block, Index inputs) : Reshape<T>(block, inputs) {
    this->reads = {block.in.rows.data};
    this->writes = {block.out.data};
  }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    const Index sample = this->sample();
    copy_elements(begin * tile_samples * sample, std::min(end * tile_samples, batch.rows) * sample, this->block_.in.rows,
                  this->inputs_, this->block_.out, this->block_.columns);
  }
};

template <class T> class ReshapeGradient final : public Reshape<T> {
 public:
  ReshapeGradient(const Block<T>& block, const Block<T>& before) : Reshape<T>(block, before.columns), before_(before) {
    this->reads = {block.dy.data};
    before.add_gradient(*this, Block<T>::Tiles::others);
  }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    if (begin >= end) return;
    const Index sample = this->sample(), first = begin * tile_samples, last = std::min(end * tile_samples, batch.rows);
    copy_elements(first * sample, last * sample, this->block_.dy, this->block_.columns, before_.dy, this->inputs_);
    before_.arrive({first * before_.times, (last - first) * before_.times, 0, before_.columns});
  }

 private:
  const Block<T>& before_;
};

}  // namespace

Shape reshape_shape(const LayerSpec& spec, Shape before) {
  const Index sample = before.columns * before.times;
  const Index units = spec.count("units");
  require(units >= 1 && sample % units == 0, "reshape: ", sample, " elements a sample do not make rows of ",
          spec.value("units", 0));
  return {units, sample / units};
}

template <class T> std::unique_ptr<Step<T>> make_reshape_forward(const Block<T>& block, Index inputs) {
  return std::make_unique<ReshapeForward<T>>(block, inputs);
}
template <class T> std::unique_ptr<Step<T>> make_reshape_gradient(const Block<T>& block, const Block<T>& before) {
  return std::make_unique<ReshapeGradient<T>>(block, before);
}

template std::unique_ptr<Step<float>> make_reshape_forward(const Block<float>&, Index);
template std::unique_ptr<Step<double>> make_reshape_forward(const Block<double>&, Index);
template std::unique_ptr<Step<float>> make_reshape_gradient(const Block<float>&, const Block<float>&);
template std::unique_ptr<Step<double>> make_reshape_gradient(const Block<double>&, const Block<double>&);

}  // namespace lamina::layers
