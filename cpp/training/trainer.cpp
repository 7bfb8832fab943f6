#include "training/trainer.h"

#include <atomic>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "base/error.h"
#include "network/objective_steps.h"

namespace lamina::training {
namespace {

using Clock = std::chrono::steady_clock;

template <class T> network::PlanOptions options_for(Model<T>& model, Index capacity) {
  const kernels::UpdateRule update = model.optimizer().update();
  const bool fused = model.fused && update.fusible();
  if (!fused) model.ensure_gradients();
  return {.capacity = capacity,
          .training = true,
          .skip_zero_columns = true,
          .backward = fused ? network::Backward::fused_update : network::Backward::stored_update,
          .objective = &model.objective(),
          .update = update};
}

network::PlanOptions with_weights(network::PlanOptions options, bool weighted) {
  options.weighted = weighted;
  return options;
}

}  // namespace

template <class T>
Trainer<T>::Trainer(Model<T>& model, const Inputs& inputs, const TargetRows<T>& targets, Index batch_size,
                    bool shuffled, std::uint64_t seed)
    : model_(model),
      inputs_(inputs),
      targets_(targets),
      batch_size_(std::min(batch_size, inputs.rows)),
      shuffled_(shuffled),
      seed_(seed),
      capacity_(batch_size_),
      plan_(make_plan(capacity_)),
      team_(plan_->team_size(batch_size_, Region::lasting)),
      compilation_(model.compilations()) {
  if (shuffled_) order_.resize(static_cast<std::size_t>(inputs_.rows));
}

template <class T> std::unique_ptr<network::Plan<T>> Trainer<T>::make_plan(Index capacity) {
  auto plan = std::make_unique<network::Plan<T>>(
      model_.network(), with_weights(options_for(model_, capacity), targets_.weights != nullptr));
  add_gather_steps(*plan, model_.network(), inputs_, &targets_);
  plan->finish();
  return plan;
}

template <class T> void Trainer<T>::refuse_stale() const {
  if (compilation_ != model_.compilations())
    throw std::runtime_error("the model was compiled again: this trainer is of no use any more");
}

template <class T> void Trainer<T>::begin_epoch(bool new_pass) {
  refuse_stale();
  const auto lock = model_.changing();
  model_.keep_weights();
  if (new_pass) {
    if (shuffled_) shuffle(order_, seed_, model_.iterations);
    position_ = 0;
  }
  plan_->restart();
  done_ = 0;
  restored_ = false;
}

template <class T> void Trainer<T>::give(const Inputs& inputs, const TargetRows<T>& targets) {
  refuse_stale();
  require((targets.weights != nullptr) == (plan_->weights() != nullptr),
          "a batch with weights of its rows among batches without");
  if (inputs.rows > capacity_) {
    auto plan = make_plan(inputs.rows);
    plan->continue_from(*plan_);
    plan_ = std::move(plan);
    capacity_ = inputs.rows;
  }
  if (!fed_ || inputs.rows > fed_rows_) {  // a region lasts for one batch
    fed_rows_ = inputs.rows;
    team_ = TeamChoice(plan_->team_size(fed_rows_, Region::single));
  }
  inputs_ = inputs;
  targets_ = targets;
  batch_size_ = inputs.rows;
  shuffled_ = false;
  fed_ = true;
  position_ = 0;
}

template <class T> void Trainer<T>::end_epoch() {
  refuse_stale();
  const auto lock = model_.changing();
  mend();
}

template <class T> void Trainer<T>::mend() {
  if (restored_ || !model_.mend_weights()) return;
  restored_ = true;
  plan_->give_up();
}

template <class T> Batch<T> Trainer<T>::batch_at(Index b, std::uint64_t iteration) const {
  Batch<T> batch;
  batch.rows = rows_of(b);
  batch.first = b * batch_size_;
  batch.iteration = iteration;
  if (!shuffled_) return batch;
  batch.order = order_.data() + batch.first;
  if (b + 1 == batches()) return batch;
  batch.next = batch.order + batch.rows;
  batch.next_rows = rows_of(b + 1);
  return batch;
}

template <class T> Index Trainer<T>::advance(Index max_batches, double max_seconds) {
  refuse_stale();
  const auto lock = model_.changing();
  const Index first = position_, last = first + std::clamp<Index>(max_batches, 0, batches() - first);
  const auto start = Clock::now();
  double elapsed = 0;
  if (forced_team() > 0) team_.fix(std::min(forced_team(), plan_->most_members()));
  while (position_ < last && !diverged()) {
    const Index before = position_;
    run_region(team_.size(), last, std::min(max_seconds - elapsed, team_.seconds()));
    const double now = std::chrono::duration<double>(Clock::now() - start).count();
    team_.took(position_ - before, now - elapsed);
    elapsed = now;
    if (elapsed >= max_seconds) break;
  }
  done_ += position_ - first;
  if (diverged() || (finished() && !fed_)) mend();
  return position_ - first;
}

template <class T> void Trainer<T>::run_region(int team_size, Index last, double seconds) {
  const Index first = position_;
  const std::uint64_t iterations = model_.iterations;
  const auto deadline = Clock::now() + std::chrono::duration<double>(seconds);
  std::atomic<Index> end{last};
  run_team(team_size, [&](Team& team) {
    for (Index b = first; b < end.load(std::memory_order_relaxed); ++b) {
      const std::uint64_t iteration = iterations + static_cast<std::uint64_t>(b - first);
      double numbers[kernels::max_scalars] = {};
      T scalars[kernels::max_scalars];
      model_.optimizer().scalars(iteration, numbers);
      std::transform(std::begin(numbers), std::end(numbers), std::begin(scalars),
                     [](double x) { return static_cast<T>(x); });
      Batch<T> batch = batch_at(b, iteration);
      batch.scalars = scalars;
      // Set before this batch's first barrier, seen by all behind it, at the end of the batch.
      if (team.rank == 0 && Clock::now() > deadline) end.store(b + 1, std::memory_order_relaxed);
      if (!plan_->run(batch, team)) break;
      if (team.rank == 0) position_ = b + 1;
    }
  });
  model_.iterations += static_cast<std::uint64_t>(position_ - first);
}

template <class T> std::vector<Index> Trainer<T>::last_rows() const {
  if (position_ == 0) throw std::runtime_error("no batch was run yet");
  const Batch<T> batch = batch_at(position_ - 1, 0);
  std::vector<Index> rows(static_cast<std::size_t>(batch.rows));
  if (shuffled_)
    std::copy_n(batch.order, batch.rows, rows.begin());
  else
    std::iota(rows.begin(), rows.end(), batch.first);
  return rows;
}

template <class T> std::vector<double> Trainer<T>::results() const {
  refuse_stale();
  const network::Totals& totals = plan_->totals();
  const double rows = totals.rows == 0 ? 1 : static_cast<double>(totals.rows);
  const double weights = targets_.weights == nullptr ? rows : totals.weights;
  return network::results_of(model_.objective(), totals.loss / rows, totals.metrics.data(), rows, weights);
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace lamina::training
