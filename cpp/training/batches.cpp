#include "training/batches.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/rng.h"

namespace lamina::training {
namespace {

__extension__ using Wide = unsigned __int128;

template <class T> class GatherStep final : public Step<T> {
 public:
  GatherStep(const kernels::Table<T>& table, const Inputs& inputs, Index columns, const InputRoom<T>& to)
      : table_(table), inputs_(inputs), columns_(columns), to_(to) {
    this->by_every_member = to.copy != 0;
    if (!this->by_every_member) this->writes = {to.rows.data, to.live};
  }

  Index tiles(Index) const override { return divide_up(columns_, width); }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    if (begin >= end || batch.source != nullptr) return;
    table_.gather[static_cast<int>(inputs_.type)]({.rows = batch.rows,
                                                   .begin = begin * width,
                                                   .end = std::min(end * width, columns_),
                                                   .source = inputs_.data,
                                                   .source_row = inputs_.row_bytes,
                                                   .order = batch.order,
                                                   .first = batch.first,
                                                   .dst = to_.at(batch, 0, 0),
                                                   .dst_row = to_.rows.row,
                                                   .dst_panel = to_.rows.panel,
                                                   .live = to_.live_at(batch, 0),
                                                   .finite = inputs_.finite});
  }

  void fetch_next(Index begin, Index end, Index part, Index parts, const Batch<T>& batch) const override {
    constexpr Index line = 64, sizes[] = {1, 4, 8};  // bytes; of the source types
    if (begin >= end) return;
    const Index element = sizes[static_cast<int>(inputs_.type)];
    const Index first = begin * width * element, last = std::min(end * width, columns_) * element;
    for (Index r = batch.next_rows * part / parts; r < batch.next_rows * (part + 1) / parts; ++r) {
      const char* const row = static_cast<const char*>(inputs_.data) + batch.next[r] * inputs_.row_bytes;
      for (Index byte = first; byte < last; byte += line) __builtin_prefetch(row + byte);
      __builtin_prefetch(row + last - 1);  // a row may begin within a line
    }
  }

  double work(Index rows) const override { return 4.0 * static_cast<double>(rows * columns_); }

 private:
  static constexpr Index width = 64;
  const kernels::Table<T>& table_;
  const Inputs& inputs_;
  Index columns_;
  InputRoom<T> to_;
};

template <class T> class TargetStep final : public Step<T> {
 public:
  TargetStep(const TargetRows<T>& from, const network::Network<T>& network, Matrix<T> to, std::int64_t* labels)
      : from_(from), outputs_(network.outputs()), times_(network.times()), to_(to), labels_(labels) {
    this->row_writes = {to.data, labels};
  }

  Index tiles(Index rows) const override { return rows * times_; }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    for (Index to = begin; to < end; ++to) {
      const Index r = to / times_, row = batch.order == nullptr ? batch.first + r : batch.order[r];
      const Index from = row * times_ + to % times_;
      if (to_)
        std::copy_n(from_.dense + from * outputs_, outputs_, to_.at(to, 0));
      else
        labels_[to] = from_.labels[from];
    }
  }

  double work(Index rows) const override { return 4.0 * static_cast<double>(rows * times_ * outputs_); }

 private:
  const TargetRows<T>& from_;
  Index outputs_, times_;
  Matrix<T> to_;
  std::int64_t* labels_;
};

template <class T> class WeightStep final : public Step<T> {
 public:
  WeightStep(const TargetRows<T>& from, Index times, T* to) : from_(from), times_(times), to_(to) {
    this->row_writes = {to};
  }

  Index tiles(Index rows) const override { return rows * times_; }

  void run(Index begin, Index end, const Batch<T>& batch) const override {
    for (Index to = begin; to < end; ++to) {
      const Index r = to / times_, row = batch.order == nullptr ? batch.first + r : batch.order[r];
      to_[to] = from_.weights[row * times_ + to % times_];
    }
  }

  double work(Index rows) const override { return 4.0 * static_cast<double>(rows * times_); }

 private:
  const TargetRows<T>& from_;
  Index times_;
  T* to_;
};

}  // namespace

void shuffle(std::vector<Index>& order, std::uint64_t seed, std::uint64_t iteration) {
  std::iota(order.begin(), order.end(), Index{0});
  const Draws draws(seed, iteration, streams::shuffle);
  std::uint64_t position = 0;
  for (std::size_t left = order.size(); left > 1; --left, ++position) {
    // The high half of a 128-bit product maps the draw to [0, left).
    const auto j = static_cast<std::size_t>((static_cast<Wide>(draws[position]) * left) >> 64);
    std::swap(order[left - 1], order[j]);
  }
}

template <class T>
void add_gather_steps(network::Plan<T>& plan, const network::Network<T>& network, const Inputs& inputs,
                      const TargetRows<T>* targets) {
  plan.add_first(
      std::make_unique<GatherStep<T>>(network.table(), inputs, network.inputs(), plan.input()));
  if (targets == nullptr) return;
  plan.add_first(std::make_unique<TargetStep<T>>(*targets, network, plan.targets(), plan.labels()));
  if (plan.weights() == nullptr) return;
  plan.add_first(std::make_unique<WeightStep<T>>(*targets, network.times(), plan.weights()));
}

template void add_gather_steps(network::Plan<float>&, const network::Network<float>&, const Inputs&,
                               const TargetRows<float>*);
template void add_gather_steps(network::Plan<double>&, const network::Network<double>&, const Inputs&,
                               const TargetRows<double>*);

}  // namespace lamina::training
