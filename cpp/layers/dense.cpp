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
    using Tiles = typename Block<T>::Tiles;
    this->reads = {block.in.live};
    (block.narrow() ? this->row_reads : this->reads).push_back(block.in.rows.data);
    auto& weights = block.by_panels() ? this->panel_reads : this->reads;
    weights.push_back(kernel_.value);
    weights.push_back(bias(0));
    (block.narrow()      ? this->row_writes
     : block.by_panels() ? this->panel_writes
                         : this->writes) = {block.sum.data, block.out.data};
    if (block.by_panels()) this->panel_groups = kernel_.panels();
    block.add_forward(*this, block.narrow() ? Tiles::rows : block.by_panels() ? Tiles::panels : Tiles::others);
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
    const bool whole = cut.rows <= small_batch;
    for (Index tile = begin; tile < end;)
      product(cut.take(tile, end, whole ? cut.rows : 0, whole ? cut.columns : 0), batch);
  }

  double work(Index rows) const override { return product_work(rows * block_.times, kernel_); }

 private:
  static constexpr Index few_rows = 64;

  void product(const Rect& rect, const Batch<T>& batch) const {
    const Matrix<const T> x = block_.in.of(batch);
    gemm::forward<T>(block_.table, {.rows = rect.rows,
                                    .inputs = kernel_.inputs,
                                    .columns = rect.columns,
                                    .x = {x.at(rect.row, 0), x.row, x.panel},
                                    .panel = kernel_.value + rect.column / panel_width * kernel_.panel_stride(),
                                    .panel_stride = kernel_.panel_stride(),
                                    .bias = bias(rect.column),
                                    .y = {block_.sum.at(rect.row, rect.column), block_.sum.row, block_.sum.panel},
                                    .live = block_.in.live_at(batch, 0)});
    block_.forward_ops(rect);
  }

  const T* bias(Index column) const { return block_.bias == nullptr ? nullptr : block_.bias->value + column; }

  const Block<T>& block_;
  const Parameter<T>& kernel_;
};

// dx = dy Wᵀ for some rows and inputs, summed over so many units from one on, at most a segment; put at row dx_row.
template <class T>
void multiply_by_transposed(const Block<T>& block, const Rect& rect, Index unit, Index units, Matrix<T> dx,
                            Index dx_row) {
  alignas(64) T transposed[segment_depth * panel_width];  // [units, 32]
  const Parameter<T>& kernel = *block.kernel;
  for (Index i = 0; i < rect.columns; i += panel_width) {
    const Index inputs = std::min(panel_width, rect.columns - i);
    if (inputs < panel_width)  // gradients behind the last column are 0, or weights there would not stay so
      for (Index u = 0; u < units; ++u)
        std::fill(transposed + u * panel_width + inputs, transposed + (u + 1) * panel_width, T{0});
    for (Index u = 0; u < units; u += panel_width) {
      const T* const weights =
          kernel.value + (unit + u) / panel_width * kernel.panel_stride() + (rect.column + i) * panel_width;
      block.table.transpose(inputs, std::min(panel_width, units - u), weights, panel_width,
                            transposed + u * panel_width, panel_width);
    }
    block.table.product({.rows = rect.rows,
                         .columns = inputs,
                         .depth = units,
                         .chunk = units,
                         .a = block.dy.at(rect.row, unit),
                         .a_row = block.dy.row,
                         .a_chunk = 0,
                         .b = transposed,
                         .b_row = panel_width,
                         .b_panel = 0,
                         .bias = nullptr,
                         .adds = false,
                         .c = dx.at(dx_row, rect.column + i),
                         .c_row = dx.row,
                         .c_panel = dx.panel,
                         .live = nullptr});
  }
}

// Of a small batch, in tiles of inputs, the sums over a part of the outputs each: whoever has the weights of a part in
// the cache, for the pass forward and the update, is the one to read them.
template <class T> class DenseGradientParts final : public Step<T> {
 public:
  explicit DenseGradientParts(const Block<T>& block) : block_(block), kernel_(*block.kernel) {
    const Index parts = dense_gradient_parts(kernel_, block.most_rows);
    const bool even = kernel_.panels() % parts == 0;
    (even ? this->panel_reads : this->reads) = {block.dy.data, kernel_.value};
    if (even) this->panel_groups = parts;
    this->writes = {block.dx_parts.data};
  }

  Index tiles(Index rows) const override { return cut(rows * block_.times).tiles(); }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    const Index rows = batch.rows * block_.times;
    const gemm::Cut cut = this->cut(rows);
    for (Index tile = begin; tile < end;) {
      const Rect rect = cut.take(tile, end, cut.rows, 0);
      multiply_by_transposed(block_, {0, rows, rect.row, rect.rows}, rect.column, rect.columns, block_.dx_parts,
                             rect.column / cut.width * rows);
    }
  }

  double work(Index rows) const override { return 1.5 * product_work(rows * block_.times, kernel_); }

 private:
  // [inputs, units]
  gemm::Cut cut(Index rows) const {
    return {kernel_.inputs, panel_width, kernel_.units, gemm::input_gradient_depth(rows, kernel_.units)};
  }

  const Block<T>& block_;
  const Parameter<T>& kernel_;
};

// Tiles of rows, where the layer is narrow; of inputs, where parts are added; else of both, from the outputs' gradient
// transposed, as products of many rows want it.
template <class T> class DenseInputGradient final : public Step<T> {
 public:
  DenseInputGradient(const Block<T>& block, const Block<T>& before)
      : block_(block), before_(before), kernel_(*block.kernel) {
    const bool by_rows = block.narrow();
    if (by_rows)
      this->row_reads = {block.dy.data};
    else
      this->reads = {block.dy_transposed, block.dx_parts.data};
    if (!block.dx_parts) this->reads.push_back(kernel_.value);
    const bool by_panels = block.dx_parts && before.by_panels();
    if (by_panels) this->panel_groups = divide_up(kernel_.inputs, panel_width);
    using Tiles = typename Block<T>::Tiles;
    before.add_gradient(*this, by_rows ? Tiles::rows : by_panels ? Tiles::panels : Tiles::others);
  }

  Index tiles(Index rows) const override {
    const Index all = rows * block_.times;
    if (block_.narrow()) return all;
    return block_.dx_parts ? divide_up(kernel_.inputs, panel_width) : cut(all).tiles();
  }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    const Index rows = batch.rows * block_.times;
    if (begin >= end) return;
    if (block_.narrow())
      from_rows({begin, end - begin, 0, kernel_.inputs});
    else if (block_.dx_parts)
      from_parts({0, rows, begin * panel_width, std::min(end * panel_width, kernel_.inputs) - begin * panel_width});
    else
      for (Index tile = begin; tile < end; ++tile) from_transposed(cut(rows).at(tile), rows);
  }

  double work(Index rows) const override {
    const Index all = rows * block_.times;
    return block_.dx_parts ? 4.0 * static_cast<double>(all * kernel_.inputs) : 1.5 * product_work(all, kernel_);
  }

 private:
  gemm::Cut cut(Index rows) const { return gemm::Cut::input_gradient<T>(rows, kernel_.inputs); }

  void from_rows(const Rect& all) const {
    constexpr Index few_rows = 64;
    for (Index row = all.row, end = all.row + all.rows; row < end; row += few_rows) {
      const Rect rect{row, std::min(few_rows, end - row), 0, all.columns};
      multiply_by_transposed(block_, rect, 0, kernel_.units, before_.dy, row);
      before_.arrive(rect);
    }
  }

  void from_parts(const Rect& rect) const {
    const Matrix<T> parts = block_.dx_parts;
    T* const dx = before_.dy.at(0, rect.column);
    const auto add = [&](const T* x, Index x_row, Index part) {
      block_.table.add(
          {rect.rows, rect.columns, x, x_row, parts.at(part * rect.rows, rect.column), parts.row, dx, before_.dy.row});
    };
    add(parts.at(0, rect.column), parts.row, 1);
    for (Index part = 2; part < dense_gradient_parts(kernel_, rect.rows); ++part) add(dx, before_.dy.row, part);
    before_.arrive(rect);
  }

  // Of a batch of so many rows.
  void from_transposed(const Rect& rect, Index rows) const {
    alignas(64) T dx[gemm::Cut::gradient_inputs * gemm::Cut::gradient_rows<T>];  // [rows / 32, inputs, 32]
    gemm::input_gradient<T>(block_.table, {.inputs = rect.columns,
                                           .units = kernel_.units,
                                           .rows = rect.rows,
                                           .kernel = kernel_.value + rect.column * panel_width,
                                           .panel_stride = kernel_.panel_stride(),
                                           .dy = block_.dy_transposed + rect.row * kernel_.units,
                                           .dx = dx,
                                           .depth = gemm::input_gradient_depth(rows, kernel_.units)});
    for (Index r = 0; r < rect.rows; r += panel_width)
      for (Index i = 0; i < rect.columns; i += panel_width) {
        const Rect part{rect.row + r, std::min(panel_width, rect.rows - r), rect.column + i,
                        std::min(panel_width, rect.columns - i)};
        block_.table.transpose(part.columns, part.rows, dx + r * rect.columns + i * panel_width, panel_width,
                               before_.dy.at(part.row, part.column), before_.dy.row);
        before_.arrive(part);
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
    this->reads = {block.in.rows.data, block.in.live};
    (block.by_panels() ? this->panel_reads : this->reads).push_back(block.dy.data);
    auto& writes = block.by_panels() ? this->panel_writes : this->writes;
    for (const Parameter<T>* p : {block.kernel, block.bias})
      if (p != nullptr) writes.push_back(update == kernels::Update::store ? p->gradient : p->value);
    if (block.by_panels()) this->panel_groups = block.kernel->panels();
    this->changes_weights = update != kernels::Update::store;
  }

  Index tiles(Index rows) const override { return cut(rows * block_.times).tiles(); }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    const gemm::Cut cut = this->cut(batch.rows * block_.times);
    const Matrix<const T> x = block_.in.of(batch);
    for (Index tile = begin; tile < end;) {
      const Rect rect = cut.take(tile, end, gemm::max_tile_inputs, 0);
      for (Index column = rect.column; column < rect.column + rect.columns; column += panel_width) {
        const Index panel = column / panel_width;
        if (rect.row == 0 && block_.bias != nullptr)
          gemm::bias_gradient(block_.table, update_, arguments(*block_.bias, panel, 0, batch));
        auto g = arguments(*block_.kernel, panel, rect.row, batch);
        g.inputs = rect.rows;
        g.x = x.at(0, rect.row);
        g.x_row = x.row;
        g.x_panel = x.panel;
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

Index dense_gradient_parts(const ParameterInfo& kernel, Index rows) {
  return rows > small_batch ? 1 : divide_up(kernel.units, gemm::input_gradient_depth(rows, kernel.units));
}

template <class T> std::unique_ptr<Step<T>> make_dense_forward(const Block<T>& block) {
  return std::make_unique<DenseForward<T>>(block);
}
template <class T> std::unique_ptr<Step<T>> make_dense_gradient_parts(const Block<T>& block) {
  return block.dx_parts ? std::make_unique<DenseGradientParts<T>>(block) : nullptr;
}
template <class T> std::unique_ptr<Step<T>> make_dense_input_gradient(const Block<T>& block, const Block<T>& before) {
  return std::make_unique<DenseInputGradient<T>>(block, before);
}
template <class T> std::unique_ptr<Step<T>> make_dense_update(const Block<T>& block, kernels::Update update) {
  return std::make_unique<DenseUpdate<T>>(block, update);
}

#define LAMINA_INSTANTIATE(T)                                                                    \
  template std::unique_ptr<Step<T>> make_dense_forward(const Block<T>&);                         \
  template std::unique_ptr<Step<T>> make_dense_gradient_parts(const Block<T>&);                  \
  template std::unique_ptr<Step<T>> make_dense_input_gradient(const Block<T>&, const Block<T>&); \
  template std::unique_ptr<Step<T>> make_dense_update(const Block<T>&, kernels::Update);
LAMINA_INSTANTIATE(float)
LAMINA_INSTANTIATE(double)

}  // namespace lamina::layers
