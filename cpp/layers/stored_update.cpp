#include "layers/stored_update.h"

#include "gemm/cut.h"
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

  Index tiles(Index) const override { return cut_.tiles(); }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    for (Index tile = begin; tile < end; ++tile) {
      const Rect rect = cut_.at(tile);
      const Index panel = rect.column / panel_width;
      auto g = parameter_.update_at(panel, rect.row);
      g.inputs = rect.rows;
      g.previous = parameter_.gradient + panel * parameter_.panel_stride() + rect.row * panel_width;
      g.scalars = batch.scalars;
      gemm::weight_gradient(table_, update_, g);
    }
  }

  double work(Index) const override { return 40.0 * static_cast<double>(parameter_.inputs * parameter_.units); }

 private:
  const Parameter<T>& parameter_;
  const kernels::Table<T>& table_;
  kernels::Update update_;
  const gemm::Cut cut_ = gemm::Cut::update(0, parameter_.inputs, parameter_.units);
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
