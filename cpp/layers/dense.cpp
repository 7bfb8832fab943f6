#include "layers/dense.h"

#include "base/error.h"
#include "gemm/cut.h"
#include "gemm/gemm.h"

namespace lamina::layers {
namespace {

double product_work(Index rows, const ParameterInfo& kernel) {
  return 2.0 * static_cast<double>(rows) * static_cast<double>(kernel.inputs) * static_cast<double>(kernel.units);
}

// Panel by panel, so that a thread owns whole panels where there are enough of them; narrow layers by rows.
template <class T> class DenseForward final : public Step<T> {
 public:
  explicit DenseForward(const Block<T>& block) : block_(block), kernel_(*block.kernel) {
    auto& reads = block.narrow() ? this->row_reads : this->reads;
    auto& writes = block.narrow() ? this->row_writes : this->writes;
    reads = {block.in.rows.data};
    writes = {block.sum.data, block.out.data};
    this->reads.push_back(block.in.live);
    this->reads.push_back(kernel_.value);
    this->reads.push_back(bias(0));
    block.add_forward(*this);
  }

  Index tiles(Index rows) const override {
    const Index all = rows * block_.times;
    return block_.narrow() ? all : gemm::Cut::forward(all, kernel_.units).tiles();
  }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    if (block_.narrow()) {
      for (Index first = begin; first < end; first += few_rows)
        product({first, std::min(few_rows, end - first), 0, kernel_.units}, batch);
      return;
    }
    const auto cut = gemm::Cut::forward(batch.rows * block_.times, kernel_.units);
    for (Index tile = begin; tile < end; ++tile) product(cut.at(tile), batch);
  }

  double work(Index rows) const override { return product_work(rows * block_.times, kernel_); }

 private:
  static constexpr Index few_rows = 64;

  void product(const Rect& rect, const Batch<T>& batch) const {
    gemm::forward<T>(block_.table,
                     {.rows = rect.rows,
                      .inputs = kernel_.inputs,
                      .columns = rect.columns,
                      .x = {block_.in.at(batch, rect.row, 0), block_.in.rows.row, block_.in.rows.panel},
                      .panel = kernel_.value + rect.column * kernel_.inputs,
                      .bias = bias(rect.column),
                      .y = {block_.sum.at(rect.row, rect.column), block_.sum.row, block_.sum.panel},
                      .live = block_.in.live_at(batch, 0)});
    for (Index column = 0; column < rect.columns; column += panel_width)
      block_.forward_ops({rect.row, rect.rows, rect.column + column, std::min(panel_width, rect.columns - column)});
  }

  const T* bias(Index column) const { return block_.bias == nullptr ? nullptr : block_.bias->value + column; }

  const Block<T>& block_;
  const Parameter<T>& kernel_;
};

// Tiles of inputs by rows, or, of narrow layers, by rows alone. Products want the outputs' gradient transposed: where
// that is a matter of a few rows or outputs, each member does it for itself, else it has been done.
template <class T> class DenseInputGradient final : public Step<T> {
 public:
  DenseInputGradient(const Block<T>& block, const Block<T>& before)
      : block_(block), before_(before), kernel_(*block.kernel) {
    const bool by_rows = block.narrow();
    (by_rows ? this->row_reads : this->reads).push_back(transposes() ? block.dy.data : block.dy_transposed);
    this->reads.push_back(kernel_.value);
    before.add_gradient(*this, by_rows ? Block<T>::Tiles::rows : Block<T>::Tiles::others);
  }

  Index tiles(Index rows) const override {
    const Index all = rows * block_.times;
    return block_.narrow() ? all : cut(all).tiles();
  }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    if (begin >= end) return;
    if (!block_.narrow() && !transposes()) return transposed_before(begin, end, batch.rows * block_.times);
    alignas(64) T dy[segment_depth * panel_width];  // [units, rows]
    if (block_.narrow()) {
      for (Index row = begin; row < end; row += panel_width) {
        const Index rows = std::min(panel_width, end - row);
        transpose_to(dy, row, rows);
        product(dy, {row, rows, 0, kernel_.inputs});
      }
      return;
    }
    const gemm::Cut cut = this->cut(batch.rows * block_.times);
    transpose_to(dy, 0, cut.rows);
    for (Index tile = begin; tile < end; ++tile) product(dy, cut.at(tile));
  }

  double work(Index rows) const override { return 1.5 * product_work(rows * block_.times, kernel_); }

 private:
  static constexpr Index most_inputs = gemm::Cut::gradient_inputs, most_rows = gemm::Cut::gradient_rows<T>;

  gemm::Cut cut(Index rows) const { return gemm::Cut::input_gradient<T>(rows, kernel_.inputs); }

  bool transposes() const { return block_.dy_transposed == nullptr; }

  void transpose_to(T* dy, Index row, Index rows) const {
    block_.table.transpose(rows, kernel_.units, block_.dy.at(row, 0), block_.dy.row, dy, panel_width);
  }

  void transposed_before(Index begin, Index end, Index rows) const {
    const gemm::Cut cut = this->cut(rows);
    for (Index tile = begin; tile < end; ++tile) {
      const Rect rect = cut.at(tile);
      product(block_.dy_transposed + rect.row * kernel_.units, rect);
    }
  }

  void product(const T* dy, const Rect& rect) const {
    alignas(64) T transposed[most_inputs * most_rows];  // [rows / 32, inputs, 32]
    for (Index first = 0; first < rect.columns; first += most_inputs) {
      const Index inputs = std::min(most_inputs, rect.columns - first), column = rect.column + first;
      gemm::input_gradient<T>(block_.table, {.inputs = inputs,
                                             .units = kernel_.units,
                                             .rows = rect.rows,
                                             .kernel = kernel_.value + column * panel_width,
                                             .panel_stride = kernel_.panel_stride(),
                                             .dy = dy,
                                             .dx = transposed});
      for (Index r = 0; r < rect.rows; r += panel_width)
        for (Index i = 0; i < inputs; i += panel_width) {
          const Rect part{rect.row + r, std::min(panel_width, rect.rows - r), column + i, std::min(panel_width, inputs - i)};
          block_.table.transpose(part.columns, part.rows, transposed + r * inputs + i * panel_width, panel_width,
                                 before_.dy.at(part.row, part.column), before_.dy.row);
          before_.arrive(part);
        }
    }
  }

  const Block<T>& block_;
  const Block<T>& before_;
  const Parameter<T>& kernel_;
};

// Tiles of inputs by panels, the bias with the first inputs.
template <class T> class DenseUpdate final : public Step<T> {
 public:
  DenseUpdate(const Block<T>& block, kernels::Update update) : block_(block), update_(update) {
    this->reads = {block.in.rows.data, block.in.live, block.dy.data};
    for (const Parameter<T>* p : {block.kernel, block.bias})
      if (p != nullptr) this->writes.push_back(update == kernels::Update::store ? p->gradient : p->value);
    this->changes_weights = update != kernels::Update::store;
  }

  Index tiles(Index rows) const override { return cut(rows * block_.times).tiles(); }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    const gemm::Cut cut = this->cut(batch.rows * block_.times);
    for (Index tile = begin; tile < end; ++tile) {
      const Rect rect = cut.at(tile);
      for (Index column = rect.column; column < rect.column + rect.columns; column += panel_width) {
        const Index panel = column / panel_width;
        if (rect.row == 0 && block_.bias != nullptr)
          gemm::bias_gradient(block_.table, update_, arguments(*block_.bias, panel, 0, batch));
        auto g = arguments(*block_.kernel, panel, rect.row, batch);
        g.inputs = rect.rows;
        g.x = block_.in.at(batch, 0, rect.row);
        g.x_row = block_.in.rows.row;
        g.x_panel = block_.in.rows.panel;
        g.live = block_.in.live_at(batch, rect.row);
        gemm::weight_gradient(block_.table, update_, g);
      }
    }
  }

  double work(Index rows) const override {
    return product_work(rows * block_.times + 20, *block_.kernel);  // an update costs some 40 operations a weight
  }

 private:
  gemm::Cut cut(Index rows) const { return gemm::Cut::update(rows, block_.kernel->inputs, block_.kernel->units); }

  kernels::WeightGradient<T> arguments(const Parameter<T>& p, Index panel, Index first, const Batch<T>& batch) const {
    auto g = p.gradient_at(panel, first, update_, batch.scalars);
    g.rows = batch.rows * block_.times;
    g.inputs = 1;
    g.dz = block_.dy.at(0, panel * panel_width);
    g.dz_row = block_.dy.row;
    return g;
  }

  const Block<T>& block_;
  kernels::Update update_;
};

}  // namespace

Shape dense_shape(const LayerSpec& spec, Shape before) {
  const Index units = spec.count("units");
  require(units >= 1, "Dense(units=", spec.value("units", 0), "): units must be a positive integer");
  return {units, before.times};
}

std::vector<WeightShape> dense_weights(const LayerSpec& spec, Index inputs) {
  const Index units = spec.count("units");
  std::vector<WeightShape> found = {{inputs, units}};
  if (spec.value("use_bias", 1) != 0) found.push_back({1, units, true});
  return found;
}

bool dense_wants_transposed(const ParameterInfo& kernel, Index rows) {
  return kernel.panels() > 1 && (rows > panel_width || kernel.units > segment_depth);
}

template <class T> std::unique_ptr<Step<T>> make_dense_forward(const Block<T>& block) {
  return std::make_unique<DenseForward<T>>(block);
}
template <class T> std::unique_ptr<Step<T>> make_dense_input_gradient(const Block<T>& block, const Block<T>& before) {
  return std::make_unique<DenseInputGradient<T>>(block, before);
}
template <class T> std::unique_ptr<Step<T>> make_dense_update(const Block<T>& block, kernels::Update update) {
  return std::make_unique<DenseUpdate<T>>(block, update);
}

#define LAMINA_INSTANTIATE(T)                                                                    \
  template std::unique_ptr<Step<T>> make_dense_forward(const Block<T>&);                         \
  template std::unique_ptr<Step<T>> make_dense_input_gradient(const Block<T>&, const Block<T>&); \
  template std::unique_ptr<Step<T>> make_dense_update(const Block<T>&, kernels::Update);
LAMINA_INSTANTIATE(float)
LAMINA_INSTANTIATE(double)

}  // namespace lamina::layers
