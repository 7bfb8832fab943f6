#include "layers/stored_update.h"

#include <algorithm>

#include "gemm/gemm.h"

namespace lamina::layers {
namespace {

// A stored gradient is the total of no further rows.
template <class T> class StoredUpdate final : public Step<T> {
 public:
  StoredUpdate(const Parameter<T>& parameter, const kernels::Table<T>& table, kernels::Update update)
      : parameter_(parameter), table_(table), update_(update) {
    this->reads = {parameter.gradient};
    this->writes = {parameter.value};
    this->changes_weights = true;
  }

  Index tiles(Index) const override { return parameter_.panels() * input_blocks(); }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    for (Index tile = begin; tile < end; ++tile) {
      const Index panel = tile / input_blocks(), first = tile % input_blocks() * gemm::max_tile_inputs;
      auto g = parameter_.update_at(panel, first);
      g.inputs = std::min(gemm::max_tile_inputs, parameter_.inputs - first);
      g.previous = parameter_.gradient + panel * parameter_.panel_stride() + first * panel_width;
      g.scalars = batch.scalars;
      gemm::weight_gradient(table_, update_, g);
    }
  }

  double work(Index) const override { return 40.0 * static_cast<double>(parameter_.inputs * parameter_.units); }

 private:
  Index input_blocks() const { return divide_up(parameter_.inputs, gemm::max_tile_inputs); }

  const Parameter<T>& parameter_;
  const kernels::Table<T>& table_;
  kernels::Update update_;
};

}  // namespace

template <class T>
std::unique_ptr<Step<T>> make_stored_update(const Parameter<T>& parameter, const kernels::Table<T>& table,
                                            kernels::Update update) {
  return std::make_unique<StoredUpdate<T>>(parameter, table, update);
}

template std::unique_ptr<Step<float>> make_stored_update(const Parameter<float>&, const kernels::Table<float>&,
                                                         kernels::Update);
template std::unique_ptr<Step<double>> make_stored_update(const Parameter<double>&, const kernels::Table<double>&,
                                                          kernels::Update);

}  // namespace lamina::layers
