#include "network/objective_steps.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lamina::network {
namespace {

template <class T> class LossStep final : public Step<T> {
 public:
  LossStep(const kernels::Table<T>& table, LossBinding<T> binding, const ValueRoom& room)
      : table_(table), b_(std::move(binding)), room_(room), whole_(b_.loss->whole_batch()) {
    using Tiles = typename layers::Block<T>::Tiles;
    (whole_ ? this->reads : this->row_reads) = {b_.z.data, b_.predictions.data, b_.targets.data, b_.labels, b_.weights};
    (whole_ ? this->writes : this->row_writes) = {&room, b_.link.data};
    if (b_.last != nullptr) b_.last->add_gradient(*this, whole_ ? Tiles::others : Tiles::rows);
    this->by_every_member = whole_;  // of which the first runs it: the thread that called
  }

  Index tiles(Index rows) const override { return rows * b_.times; }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    if (begin >= end || (whole_ && batch.member != 0)) return;
    const Index all = batch.rows * b_.times, first = begin, rows = end - begin;
    double* const values = room_.values + batch.values * b_.times + first;
    const auto from = [first](Matrix<T> m) { return Matrix<T>{m ? m.at(first, 0) : nullptr, m.row}; };
    const Matrix<T> targets = from(b_.targets);
    const std::int64_t* labels = b_.labels == nullptr ? nullptr : b_.labels + first;
    b_.loss->rows({.table = table_,
                   .rows = rows,
                   .outputs = b_.outputs,
                   .z = {b_.z.at(first, 0), b_.z.row},
                   .targets = {targets.data, targets.row},
                   .labels = labels,
                   .logits = b_.logits,
                   .predictions = from(b_.link),
                   .head = {b_.head ? b_.head.at(first, 0) : nullptr, b_.head.row},
                   .dz = b_.last == nullptr ? Matrix<T>{} : from(b_.last->dy),
                   .scale = T{1} / static_cast<T>(all),
                   .batch_rows = all,
                   .weighted = b_.weights != nullptr,
                   .values = values});
    const Matrix<T> predictions = from(b_.predictions);
    for (std::size_t m = 0; m < b_.metrics.size(); ++m)
      b_.metrics[m]->rows({.rows = rows,
                           .outputs = b_.outputs,
                           .predictions = {predictions.data, predictions.row},
                           .targets = {targets.data, targets.row},
                           .labels = labels,
                           .values = values + static_cast<Index>(m + 1) * room_.stride});
    if (b_.weights != nullptr) weigh(first, rows, values);
    if (b_.last != nullptr) b_.last->arrive({first, rows, 0, b_.outputs});
  }

  double work(Index rows) const override { return 100.0 * static_cast<double>(rows * b_.times * b_.outputs); }

 private:
  // Multiplies loss, gradient and weighted metrics of each row by its weight, and writes the weight behind the values.
  // The gradient of one value for all rows is multiplied by the mean weight.
  void weigh(Index first, Index rows, double* values) const {
    const bool one_value = b_.loss->one_value();
    double sum = 0;
    for (Index r = 0; one_value && r < rows; ++r) sum += static_cast<double>(b_.weights[first + r]);
    const T mean = static_cast<T>(sum / static_cast<double>(rows));
    double* const weights = values + static_cast<Index>(b_.metrics.size() + 1) * room_.stride;
    for (Index r = 0; r < rows; ++r) {
      const T weight = b_.weights[first + r];
      weights[r] = static_cast<double>(weight);
      values[r] *= weights[r];
      for (std::size_t m = b_.unweighted_metrics; m < b_.metrics.size(); ++m)
        values[static_cast<Index>(m + 1) * room_.stride + r] *= weights[r];
      if (b_.last == nullptr) continue;
      T* const dz = b_.last->dy.at(first + r, 0);
      for (Index c = 0; c < b_.outputs; ++c) dz[c] *= one_value ? mean : weight;
    }
  }

  const kernels::Table<T>& table_;
  LossBinding<T> b_;
  const ValueRoom& room_;
  bool whole_;  // the loss wants all rows at once
};

template <class T> class RowPenaltyStep final : public Step<T> {
 public:
  RowPenaltyStep(const double* penalties, Index op_times, const ValueRoom& room, Index times)
      : penalties_(penalties), op_times_(op_times), room_(room), times_(times) {
    this->reads = {penalties};
    this->writes = {&room};
  }

  Index tiles(Index rows) const override { return rows; }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    for (Index r = begin; r < end; ++r)  // the mean loss divides by the rows of the outputs, a penalty by those of the batch
      room_.values[(batch.values + r) * times_] +=
          static_cast<double>(times_) * std::accumulate(penalties_ + r * op_times_, penalties_ + (r + 1) * op_times_, 0.0);
  }

  double work(Index rows) const override { return 4.0 * static_cast<double>(rows * op_times_); }

 private:
  const double* penalties_;
  Index op_times_;
  const ValueRoom& room_;
  Index times_;
};

template <class T> class SegmentStep final : public Step<T> {
 public:
  SegmentStep(const kernels::Table<T>& table, const T* x, Index count, double l1, double l2, Index first,
              std::vector<double>& segments)
      : table_(table), x_(x), count_(count), l1_(l1), l2_(l2), first_(first), segments_(segments) {
    this->reads = {x};
    this->writes = {&segments};
  }

  Index tiles(Index) const override { return divide_up(count_, penalty_segment); }

  void run(Index begin, Index end, const Batch<T>&) const override {
    for (Index tile = begin; tile < end; ++tile) {
      const Index first = tile * penalty_segment;
      const auto sums = table_.penalty(std::min(penalty_segment, count_ - first), x_ + first);
      // A factor of 0 stands for no term, also where the sum is infinite.
      segments_[static_cast<std::size_t>(first_ + tile)] =
          (l1_ == 0 ? 0 : l1_ * static_cast<double>(sums.absolute)) + l2_ * static_cast<double>(sums.square);
    }
  }

  double work(Index) const override { return 4.0 * static_cast<double>(count_); }

 private:
  const kernels::Table<T>& table_;
  const T* x_;
  Index count_;
  double l1_, l2_;
  Index first_;
  std::vector<double>& segments_;
};

template <class T> class SumStep final : public Step<T> {
 public:
  SumStep(const ValueRoom& room, Index times, bool weighted, const std::vector<double>& segments, Totals& totals,
          std::vector<Verdict>& verdicts)
      : room_(room), times_(times), weighted_(weighted), segments_(segments), totals_(totals), verdicts_(verdicts) {
    this->reads = {&room, &segments};
    this->by_every_member = verdicts.size() > 1;
    if (!this->by_every_member) this->writes = {&verdicts};
  }

  Index tiles(Index) const override { return 1; }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    if (begin >= end) return;
    const auto rows = static_cast<double>(batch.rows), times = static_cast<double>(times_);
    const double loss = sum(0, batch.rows) / (rows * times) + std::accumulate(segments_.begin(), segments_.end(), 0.0);
    const Index member = this->by_every_member ? batch.member : 0;
    verdicts_[static_cast<std::size_t>(member)].diverged = !std::isfinite(loss);
    if (member != 0) return;
    totals_.last_loss = loss;
    totals_.diverged = !std::isfinite(loss);
    totals_.loss += loss * rows;
    for (std::size_t m = 0; m < totals_.metrics.size(); ++m)
      totals_.metrics[m] += sum(static_cast<Index>(m + 1), batch.rows) / times;
    if (weighted_) totals_.weights += sum(static_cast<Index>(totals_.metrics.size() + 1), batch.rows) / times;
    totals_.rows += batch.rows;
  }

  double work(Index rows) const override { return 4.0 * static_cast<double>(rows); }

 private:
  double sum(Index value, Index rows) const {
    const double* values = room_.values + value * room_.stride;
    double total = 0;
    for (Index r = 0; r < rows * times_; ++r) total += values[r];
    return total;
  }

  const ValueRoom& room_;
  Index times_;
  bool weighted_;
  const std::vector<double>& segments_;
  Totals& totals_;
  std::vector<Verdict>& verdicts_;
};

}  // namespace

std::vector<const metrics::Metric*> metrics_of(const Objective& objective) {
  std::vector<const metrics::Metric*> found;
  for (const auto* names : {&objective.metrics, &objective.weighted_metrics})
    for (const std::string& name : *names) found.push_back(&metrics::find(name));
  return found;
}

std::vector<double> results_of(const Objective& objective, double loss, const double* sums, double rows,
                               double weights) {
  std::vector<double> results = {loss};
  for (const metrics::Metric* metric : metrics_of(objective)) {
    const std::size_t m = results.size() - 1;
    const double divisor = m < objective.metrics.size() ? rows : weights;
    results.push_back(metric->finish(divisor == 0 ? 0 : sums[m] / divisor));  // without any weight 0, as Keras has it
  }
  return results;
}

template <class T>
std::unique_ptr<Step<T>> make_loss_step(const kernels::Table<T>& table, LossBinding<T> binding,
                                        const ValueRoom& room) {
  return std::make_unique<LossStep<T>>(table, std::move(binding), room);
}

template <class T>
std::unique_ptr<Step<T>> make_row_penalty_step(const double* penalties, Index op_times, const ValueRoom& room,
                                               Index times) {
  return std::make_unique<RowPenaltyStep<T>>(penalties, op_times, room, times);
}

template <class T>
std::unique_ptr<Step<T>> make_segment_step(const kernels::Table<T>& table, const T* x, Index count, double l1, double l2,
                                           Index first, std::vector<double>& segments) {
  return std::make_unique<SegmentStep<T>>(table, x, count, l1, l2, first, segments);
}

template <class T>
std::vector<std::unique_ptr<Step<T>>> make_penalty_steps(const Network<T>& network, std::vector<double>& segments) {
  std::vector<std::unique_ptr<Step<T>>> steps;
  Index used = 0;
  for (const layers::Parameter<T>& p : network.parameters()) {
    if (!p.trainable || (p.l1 == 0 && p.l2 == 0)) continue;
    steps.push_back(make_segment_step(network.table(), static_cast<const T*>(p.value), p.size(), p.l1, p.l2, used, segments));
    used += steps.back()->tiles(0);
  }
  segments.assign(static_cast<std::size_t>(used), 0.0);
  return steps;
}

template <class T> double penalty_of(const Network<T>& network) {
  std::vector<double> segments;
  const auto steps = make_penalty_steps(network, segments);
  run_team(1, [&](Team&) {
    for (const auto& step : steps) step->run(0, step->tiles(0), Batch<T>{});
  });
  return std::accumulate(segments.begin(), segments.end(), 0.0);
}

template <class T>
std::unique_ptr<Step<T>> make_sum_step(const ValueRoom& room, Index times, bool weighted,
                                       const std::vector<double>& segments, Totals& totals,
                                       std::vector<Verdict>& verdicts) {
  return std::make_unique<SumStep<T>>(room, times, weighted, segments, totals, verdicts);
}

#define LAMINA_INSTANTIATE(T)                                                                                         \
  template std::unique_ptr<Step<T>> make_loss_step(const kernels::Table<T>&, LossBinding<T>, const ValueRoom&);       \
  template std::unique_ptr<Step<T>> make_segment_step(const kernels::Table<T>&, const T*, Index, double, double,      \
                                                      Index, std::vector<double>&);                                   \
  template std::vector<std::unique_ptr<Step<T>>> make_penalty_steps(const Network<T>&, std::vector<double>&);         \
  template std::unique_ptr<Step<T>> make_row_penalty_step(const double*, Index, const ValueRoom&, Index);             \
  template double penalty_of(const Network<T>&);                                                                      \
  template std::unique_ptr<Step<T>> make_sum_step(const ValueRoom&, Index, bool, const std::vector<double>&, Totals&, \
                                                  std::vector<Verdict>&);
LAMINA_INSTANTIATE(float)
LAMINA_INSTANTIATE(double)

}  // namespace lamina::network
