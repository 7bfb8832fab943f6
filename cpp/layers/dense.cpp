#include "layers/dense.h"

#include "base/error.h"
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
    return block_.narrow() ? all : kernel_.panels() * row_blocks(all);
  }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    if (block_.narrow()) {
      for (Index first = begin; first < end; first += most_rows)
        panel_of_rows({first, std::min(most_rows, end - first), 0, kernel_.units}, batch);
      return;
    }
    const Index all = batch.rows * block_.times, blocks = row_blocks(all);
    for (Index tile = begin; tile < end; ++tile) {
      const Index column = tile / blocks * panel_width, block = tile % blocks;
      const Index first = all * block / blocks, last = all * (block + 1) / blocks;
      panel_of_rows({first, last - first, column, std::min(panel_width, kernel_.units - column)}, batch);
    }
  }

  double work(Index rows) const override { return product_work(rows * block_.times, kernel_); }

 private:
  static constexpr Index most_rows = 64;

  void panel_of_rows(const Rect& rect, const Batch<T>& batch) const {
    gemm::forward<T>(block_.table, {.rows = rect.rows,
                                    .inputs = kernel_.inputs,
                                    .columns = rect.columns,
                                    .x = {block_.in.at(batch, rect.row, 0), block_.in.rows.row, block_.in.rows.panel},
                                    .panel = kernel_.value + rect.column * kernel_.inputs,
                                    .bias = bias(rect.column),
                                    .y = {block_.sum.at(rect.row, rect.column), block_.sum.row},
                                    .live = block_.in.live_at(batch, 0)});
    block_.forward_ops(rect);
  }

  const T* bias(Index column) const { return block_.bias == nullptr ? nullptr : block_.bias->value + column; }

  Index row_blocks(Index rows) const {
    constexpr Index few_panels = 4;
    const Index for_threads = std::min(rows, divide_up(few_panels, kernel_.panels()));
    return std::max({Index{1}, divide_up(rows, most_rows), for_threads});
  }

  const Block<T>& block_;
  const Parameter<T>& kernel_;
};

// Tiles of 32 inputs by 32 rows, or, of narrow layers, by rows. Products want the outputs' gradient transposed: where
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
    return block_.narrow() ? all : divide_up(kernel_.inputs, width) * divide_up(all, panel_width);
  }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    if (begin >= end) return;
    alignas(64) T scratch[segment_depth * panel_width];  // [units, rows]
    if (block_.narrow()) {
      for (Index row = begin; row < end; row += panel_width) {
        const Index rows = std::min(panel_width, end - row);
        transpose_to(scratch, row, rows);
        for (Index column = 0; column < kernel_.inputs; column += width) inputs_of_rows(scratch, row, rows, column);
      }
      return;
    }
    const Index all = batch.rows * block_.times, row_panels = divide_up(all, panel_width);
    if (transposes()) transpose_to(scratch, 0, all);
    for (Index tile = begin; tile < end; ++tile) {
      const Index column = tile / row_panels * width, row = tile % row_panels * panel_width;
      const T* const dy = transposes() ? scratch : block_.dy_transposed + row * kernel_.units;
      inputs_of_rows(dy, row, std::min(panel_width, all - row), column);
    }
  }

  double work(Index rows) const override { return 1.5 * product_work(rows * block_.times, kernel_); }

 private:
  static constexpr Index width = 32;

  bool transposes() const { return block_.dy_transposed == nullptr; }

  void transpose_to(T* scratch, Index row, Index rows) const {
    block_.table.transpose(rows, kernel_.units, block_.dy.at(row, 0), block_.dy.row, scratch, panel_width);
  }

  void inputs_of_rows(const T* dy, Index row, Index rows, Index column) const {
    alignas(64) T transposed[width * panel_width];  // [inputs, rows]
    const Rect rect{row, rows, column, std::min(width, kernel_.inputs - column)};
    gemm::input_gradient<T>(block_.table, {.inputs = rect.columns,
                                           .units = kernel_.units,
                                           .rows = rect.rows,
                                           .kernel = kernel_.value + column * panel_width,
                                           .panel_stride = kernel_.panel_stride(),
                                           .dy = dy,
                                           .dx = transposed});
    block_.table.transpose(rect.columns, rect.rows, transposed, panel_width, before_.dy.at(row, column), before_.dy.row);
    before_.arrive(rect);
  }

  const Block<T>& block_;
  const Block<T>& before_;
  const Parameter<T>& kernel_;
};

// Tiles of up to 32 inputs of a panel, the bias with the first of them.
template <class T> class DenseUpdate final : public Step<T> {
 public:
  DenseUpdate(const Block<T>& block, kernels::Update update) : block_(block), update_(update) {
    this->reads = {block.in.rows.data, block.in.live, block.dy.data};
    for (const Parameter<T>* p : {block.kernel, block.bias})
      if (p != nullptr) this->writes.push_back(update == kernels::Update::store ? p->gradient : p->value);
    this->changes_weights = update != kernels::Update::store;
  }

  Index tiles(Index) const override { return block_.kernel->panels() * input_blocks(); }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    const Index blocks = input_blocks();
    for (Index tile = begin; tile < end; ++tile) {
      const Index panel = tile / blocks, first = tile % blocks * gemm::max_tile_inputs;
      if (first == 0 && block_.bias != nullptr)
        gemm::bias_gradient(block_.table, update_, arguments(*block_.bias, panel, 0, batch));
      auto g = arguments(*block_.kernel, panel, first, batch);
      g.inputs = std::min(gemm::max_tile_inputs, block_.kernel->inputs - first);
      g.x = block_.in.at(batch, 0, first);
      g.x_row = block_.in.rows.row;
      g.live = block_.in.live_at(batch, first);
      gemm::weight_gradient(block_.table, update_, g);
    }
  }

  double work(Index rows) const override {
    return product_work(rows * block_.times + 20, *block_.kernel);  // an update costs some 40 operations a weight
  }

 private:
  Index input_blocks() const { return divide_up(block_.kernel->inputs, gemm::max_tile_inputs); }

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
  require(spec.units >= 1, "Dense(units=", spec.units, "): units must be a positive integer");
  return {spec.units, before.times};
}

std::vector<ParameterInfo> dense_parameters(const LayerSpec& spec, Index inputs) {
  std::vector<ParameterInfo> found = {{inputs, spec.units, false, spec.kernel_l1, spec.kernel_l2}};
  if (spec.use_bias) found.push_back({1, spec.units, true, spec.bias_l1, spec.bias_l2});
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
