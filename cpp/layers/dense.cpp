#include "layers/dense.h"

#include "base/error.h"
#include "gemm/gemm.h"

namespace lamina::layers {
namespace {

double product_work(Index rows, Index inputs, Index units) {
  return 2.0 * static_cast<double>(rows) * static_cast<double>(inputs) * static_cast<double>(units);
}

template <class T> class DenseForward final : public Step<T> {
 public:
  DenseForward(const Block<T>& block, const std::uint8_t* live) : block_(block), dense_(*block.dense), live_(live) {
    this->reads = {block.in.data, live, dense_.kernel, dense_.bias};
    this->writes = {block.sum.data, block.out.data};
    block.add_reads(this->reads);
  }

  // Panel by panel, so that a thread owns whole panels where there are enough of them.
  Index tiles(Index rows) const override { return dense_.panels() * row_blocks(rows); }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    const Index blocks = row_blocks(batch.rows);
    for (Index tile = begin; tile < end; ++tile) {
      const Index panel = tile / blocks, block = tile % blocks;
      const Index first = batch.rows * block / blocks, last = batch.rows * (block + 1) / blocks;
      const Index column = panel * panel_width;
      const Rect rect{first, last - first, column, std::min(panel_width, dense_.units - column)};
      gemm::forward<T>(block_.table, {.rows = rect.rows,
                                      .inputs = dense_.inputs,
                                      .columns = rect.columns,
                                      .x = {block_.in.at(first, 0), block_.in.row},
                                      .panel = dense_.kernel + panel * dense_.panel_stride(),
                                      .bias = dense_.bias == nullptr ? nullptr : dense_.bias + column,
                                      .y = {block_.sum.at(first, column), block_.sum.row},
                                      .live = live_});
      block_.forward_ops(rect);
    }
  }

  double work(Index rows) const override { return product_work(rows, dense_.inputs, dense_.units); }

 private:
  Index row_blocks(Index rows) const {
    constexpr Index most_rows = 64, few_panels = 4;
    const Index for_threads = std::min(rows, divide_up(few_panels, dense_.panels()));
    return std::max({Index{1}, divide_up(rows, most_rows), for_threads});
  }

  const Block<T>& block_;
  const DenseParameters<T>& dense_;
  const std::uint8_t* live_;
};

template <class T> class DenseInputGradient final : public Step<T> {
 public:
  DenseInputGradient(const Block<T>& block, const Block<T>& before)
      : block_(block), before_(before), dense_(*block.dense) {
    this->reads = {block.dy_transposed, dense_.kernel};
    this->writes = {before.dy.data, before.dy_transposed};
    before.add_reads(this->reads);
  }

  Index tiles(Index rows) const override { return divide_up(dense_.inputs, width) * divide_up(rows, panel_width); }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    alignas(64) T transposed[width * panel_width];  // [inputs, rows]
    const Index row_panels = divide_up(batch.rows, panel_width);
    for (Index tile = begin; tile < end; ++tile) {
      const Index column = tile / row_panels * width, row = tile % row_panels * panel_width;
      const Rect rect{row, std::min(panel_width, batch.rows - row), column, std::min(width, dense_.inputs - column)};
      gemm::input_gradient<T>(block_.table, {.inputs = rect.columns,
                                             .units = dense_.units,
                                             .rows = rect.rows,
                                             .kernel = dense_.kernel + column * panel_width,
                                             .panel_stride = dense_.panel_stride(),
                                             .dy = block_.dy_transposed + row * dense_.units,
                                             .dx = transposed});
      block_.table.transpose(rect.columns, rect.rows, transposed, panel_width, before_.dy.at(row, column),
                             before_.dy.row);
      before_.arrive(rect);
    }
  }

  double work(Index rows) const override { return 1.5 * product_work(rows, dense_.inputs, dense_.units); }

 private:
  static constexpr Index width = 32;
  const Block<T>& block_;
  const Block<T>& before_;
  const DenseParameters<T>& dense_;
};

// What both kinds of update share: tiles of up to 32 inputs of a panel, the bias with the first of them.
template <class T> class DenseWeights : public Step<T> {
 public:
  DenseWeights(const Block<T>& block, kernels::Update update)
      : block_(block), dense_(*block.dense), update_(update) {}

  Index tiles(Index) const override { return dense_.panels() * input_blocks(); }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    const Index blocks = input_blocks();
    for (Index tile = begin; tile < end; ++tile) {
      const Index panel = tile / blocks, first = tile % blocks * gemm::max_tile_inputs;
      if (first == 0 && dense_.bias != nullptr) bias(panel, batch);
      kernel(panel, first, std::min(gemm::max_tile_inputs, dense_.inputs - first), batch);
    }
  }

 protected:
  virtual void bias(Index panel, const Batch<T>& batch) const = 0;
  virtual void kernel(Index panel, Index first, Index inputs, const Batch<T>& batch) const = 0;

  // The arguments that point at weights and moments; offset is in elements of the kernel or the bias.
  kernels::WeightGradient<T> weights_at(bool is_bias, Index panel, Index offset) const {
    kernels::WeightGradient<T> g{};
    g.columns = std::min(panel_width, dense_.units - panel * panel_width);
    g.weights = (is_bias ? dense_.bias : dense_.kernel) + offset;
    for (int s = 0; s < 2; ++s) {
      T* const slot = dense_.slots[is_bias][s];
      g.slots[s] = slot == nullptr ? nullptr : slot + offset;
    }
    return g;
  }

  // Where the panel's first weight of an input lies.
  Index kernel_offset(Index panel, Index first) const {
    return panel * dense_.panel_stride() + first * panel_width;
  }

  const Block<T>& block_;
  const DenseParameters<T>& dense_;
  kernels::Update update_;

 private:
  Index input_blocks() const { return divide_up(dense_.inputs, gemm::max_tile_inputs); }
};

template <class T> class DenseUpdate final : public DenseWeights<T> {
 public:
  DenseUpdate(const Block<T>& block, const std::uint8_t* live, kernels::Update update)
      : DenseWeights<T>(block, update), live_(live) {
    const DenseParameters<T>& dense = *block.dense;
    this->reads = {block.in.data, live, block.dy.data};
    if (update == kernels::Update::store) {
      this->writes = {dense.gradient[0], dense.gradient[1]};
    } else {
      this->writes = {dense.kernel, dense.bias};
      this->changes_weights = true;
    }
  }

  double work(Index rows) const override {
    return product_work(rows + 20, this->dense_.inputs, this->dense_.units);  // an update costs some 40 operations
  }

 protected:
  void bias(Index panel, const Batch<T>& batch) const override {
    auto g = arguments(true, panel, panel * panel_width, batch, this->dense_.bias_l1, this->dense_.bias_l2);
    g.inputs = 1;
    gemm::bias_gradient(this->block_.table, this->update_, g);
  }

  void kernel(Index panel, Index first, Index inputs, const Batch<T>& batch) const override {
    const DenseParameters<T>& dense = this->dense_;
    auto g = arguments(false, panel, this->kernel_offset(panel, first), batch, dense.kernel_l1, dense.kernel_l2);
    g.inputs = inputs;
    g.x = this->block_.in.at(0, first);
    g.x_row = this->block_.in.row;
    g.live = live_ == nullptr ? nullptr : live_ + first;
    gemm::weight_gradient(this->block_.table, this->update_, g);
  }

 private:
  kernels::WeightGradient<T> arguments(bool is_bias, Index panel, Index offset, const Batch<T>& batch, double l1,
                                       double l2) const {
    auto g = this->weights_at(is_bias, panel, offset);
    if (this->update_ == kernels::Update::store) g.slots[0] = this->dense_.gradient[is_bias] + offset;
    g.rows = batch.rows;
    g.dz = this->block_.dy.at(0, panel * panel_width);
    g.dz_row = this->block_.dy.row;
    g.scalars = batch.scalars;
    g.l1 = static_cast<T>(l1);
    g.twice_l2 = static_cast<T>(2 * l2);
    return g;
  }

  const std::uint8_t* live_;
};

// A stored gradient is the total of no further rows.
template <class T> class DenseStoredUpdate final : public DenseWeights<T> {
 public:
  DenseStoredUpdate(const Block<T>& block, kernels::Update update) : DenseWeights<T>(block, update) {
    this->reads = {block.dense->gradient[0], block.dense->gradient[1]};
    this->writes = {block.dense->kernel, block.dense->bias};
    this->changes_weights = true;
  }

  double work(Index) const override { return product_work(20, this->dense_.inputs, this->dense_.units); }

 protected:
  void bias(Index panel, const Batch<T>& batch) const override {
    auto g = arguments(true, panel, panel * panel_width, batch);
    g.inputs = 1;
    gemm::bias_gradient(this->block_.table, this->update_, g);
  }

  void kernel(Index panel, Index first, Index inputs, const Batch<T>& batch) const override {
    auto g = arguments(false, panel, this->kernel_offset(panel, first), batch);
    g.inputs = inputs;
    gemm::weight_gradient(this->block_.table, this->update_, g);
  }

 private:
  kernels::WeightGradient<T> arguments(bool is_bias, Index panel, Index offset, const Batch<T>& batch) const {
    auto g = this->weights_at(is_bias, panel, offset);
    g.previous = this->dense_.gradient[is_bias] + offset;
    g.scalars = batch.scalars;
    return g;
  }
};

}  // namespace

void check_dense(const LayerSpec& spec) {
  require(spec.units >= 1, "Dense(units=", spec.units, "): units must be a positive integer");
}

template <class T> std::unique_ptr<Step<T>> make_dense_forward(const Block<T>& block, const std::uint8_t* live) {
  return std::make_unique<DenseForward<T>>(block, live);
}
template <class T> std::unique_ptr<Step<T>> make_dense_input_gradient(const Block<T>& block, const Block<T>& before) {
  return std::make_unique<DenseInputGradient<T>>(block, before);
}
template <class T>
std::unique_ptr<Step<T>> make_dense_update(const Block<T>& block, const std::uint8_t* live, kernels::Update update) {
  return std::make_unique<DenseUpdate<T>>(block, live, update);
}
template <class T>
std::unique_ptr<Step<T>> make_dense_stored_update(const Block<T>& block, kernels::Update update) {
  return std::make_unique<DenseStoredUpdate<T>>(block, update);
}

#define LAMINA_INSTANTIATE(T)                                                                                  \
  template std::unique_ptr<Step<T>> make_dense_forward(const Block<T>&, const std::uint8_t*);                  \
  template std::unique_ptr<Step<T>> make_dense_input_gradient(const Block<T>&, const Block<T>&);               \
  template std::unique_ptr<Step<T>> make_dense_update(const Block<T>&, const std::uint8_t*, kernels::Update);  \
  template std::unique_ptr<Step<T>> make_dense_stored_update(const Block<T>&, kernels::Update);
LAMINA_INSTANTIATE(float)
LAMINA_INSTANTIATE(double)

}  // namespace lamina::layers
