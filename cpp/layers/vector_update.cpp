#include "layers/vector_update.h"

#include "gemm/gemm.h"

namespace lamina::layers {
namespace {

template <class T> class VectorUpdate final : public Step<T> {
 public:
  VectorUpdate(const Parameter<T>& parameter, const kernels::Table<T>& table, Matrix<T> parts, Index times,
               kernels::Update update)
      : parameter_(parameter), table_(table), parts_(parts), times_(times), update_(update) {
    this->reads = {parts.data};
    this->writes = {update == kernels::Update::store ? parameter.gradient : parameter.value};
    this->changes_weights = update != kernels::Update::store;
  }

  Index tiles(Index) const override { return parameter_.panels(); }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    for (Index panel = begin; panel < end; ++panel) {
      auto g = parameter_.gradient_at(panel, 0, update_, batch.scalars);
      g.rows = rows(batch.rows);
      g.inputs = 1;
      g.dz = parts_.at(0, panel * panel_width);
      g.dz_row = parts_.row;
      gemm::bias_gradient(table_, update_, g);
    }
  }

  double work(Index batch) const override { return 4.0 * static_cast<double>(rows(batch) * parameter_.units); }

 private:
  Index rows(Index batch) const { return times_ == 0 ? 1 : batch * times_; }

  const Parameter<T>& parameter_;
  const kernels::Table<T>& table_;
  Matrix<T> parts_;
  Index times_;
  kernels::Update update_;
};

}  // namespace

template <class T>
std::unique_ptr<Step<T>> make_vector_update(const Parameter<T>& parameter, const kernels::Table<T>& table,
                                            Matrix<T> parts, Index times, kernels::Update update) {
  return std::make_unique<VectorUpdate<T>>(parameter, table, parts, times, update);
}

template std::unique_ptr<Step<float>> make_vector_update(const Parameter<float>&, const kernels::Table<float>&,
                                                         Matrix<float>, Index, kernels::Update);
template std::unique_ptr<Step<double>> make_vector_update(const Parameter<double>&, const kernels::Table<double>&,
                                                          Matrix<double>, Index, kernels::Update);

}  // namespace lamina::layers
