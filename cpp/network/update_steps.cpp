#include "network/update_steps.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "network/objective_steps.h"

namespace lamina::network {
namespace {

constexpr Index segment = 4096;  // weights of a tile

// Elements of the list of all sums of squares.
struct Sums {
  Index first = 0, last = 0;
};

template <class T> class UpdateStep final : public Step<T> {
 public:
  UpdateStep(const kernels::Table<T>& table, const layers::Parameter<T>& parameter, const kernels::UpdateRule& rule,
             const std::vector<double>& segments, Sums norm)
      : table_(table), parameter_(parameter), rule_(rule), segments_(segments), norm_(norm) {
    this->reads = {parameter.gradient, norm.first < norm.last ? &segments : nullptr};
    this->writes = {parameter.value};
    this->changes_weights = true;
  }

  Index tiles(Index) const override { return divide_up(parameter_.size(), segment); }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    if (begin >= end) return;
    const int slots = kernels::updates[static_cast<int>(rule_.update)].slots;
    const Index first = begin * segment;
    kernels::StoredUpdate<T> u{};
    u.count = std::min(end * segment, parameter_.size()) - first;
    u.gradient = parameter_.gradient + first;
    u.weights = parameter_.value + first;
    for (int s = 0; s < slots; ++s) u.slots[s] = parameter_.slots[s] + first;
    if (rule_.averages) u.average = parameter_.slots[slots] + first;
    u.scalars = batch.scalars;
    u.scale = static_cast<T>(scale());
    u.limit = rule_.clip == kernels::Clip::value ? static_cast<T>(rule_.limit) : std::numeric_limits<T>::infinity();
    if (rule_.decays) u.decay = batch.scalars[kernels::decay_scalar];
    u.average_share = batch.scalars[kernels::average_scalar];
    u.overwrite = batch.scalars[kernels::overwrite_scalar] != 0;
    table_.stored_update[static_cast<int>(rule_.update)](u);
  }

  double work(Index) const override { return 40.0 * static_cast<double>(parameter_.size()); }

 private:
  // What takes the norm down to the limit.
  double scale() const {
    double square = 0;
    for (Index i = norm_.first; i < norm_.last; ++i) square += segments_[static_cast<std::size_t>(i)];
    const double norm = std::sqrt(square);
    return norm > rule_.limit ? rule_.limit / norm : norm - norm + 1;  // NaN stays NaN, for the check of the weights
  }

  const kernels::Table<T>& table_;
  const layers::Parameter<T>& parameter_;
  kernels::UpdateRule rule_;
  const std::vector<double>& segments_;
  Sums norm_;
};

}  // namespace

template <class T>
std::vector<std::unique_ptr<Step<T>>> make_update_steps(const Network<T>& network, const kernels::UpdateRule& rule,
                                                        std::vector<double>& segments) {
  using kernels::Clip;
  std::vector<std::unique_ptr<Step<T>>> steps;
  std::vector<std::pair<const layers::Parameter<T>*, Sums>> trained;
  Index used = 0;
  for (const layers::Parameter<T>& p : network.parameters()) {
    if (!p.trainable) continue;
    const Index first = used;
    if (rule.clip == Clip::norm || rule.clip == Clip::global_norm) {
      steps.push_back(make_segment_step(network.table(), static_cast<const T*>(p.gradient), p.size(), 0, 1, used, segments));
      used += steps.back()->tiles(0);
    }
    trained.push_back({&p, {first, used}});
  }
  segments.assign(static_cast<std::size_t>(used), 0.0);
  for (const auto& [parameter, own] : trained)
    steps.push_back(std::make_unique<UpdateStep<T>>(network.table(), *parameter, rule, segments,
                                                    rule.clip == Clip::global_norm ? Sums{0, used} : own));
  return steps;
}

template std::vector<std::unique_ptr<Step<float>>> make_update_steps(const Network<float>&, const kernels::UpdateRule&,
                                                                     std::vector<double>&);
template std::vector<std::unique_ptr<Step<double>>> make_update_steps(const Network<double>&,
                                                                      const kernels::UpdateRule&, std::vector<double>&);

}  // namespace lamina::network
