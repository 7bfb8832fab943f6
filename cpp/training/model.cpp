#include "training/model.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "base/error.h"
#include "network/objective_steps.h"

namespace lamina::training {
namespace {

using Clock = std::chrono::steady_clock;

// Rows that one thread takes through the whole network at a time: whole register tiles of the widest vectors (14 rows),
// and few enough to stay in the second-level cache.
constexpr Index chunk_rows = 56;
constexpr Index slab_values = 1 << 16;  // values of each loss and metric that are kept before they are summed
constexpr double pause_seconds = 0.05;

[[noreturn]] void throw_busy() {
  throw std::runtime_error("the model is being trained: wait for fit to return, or use a model of its own");
}

template <class T> int team_for(const network::Plan<T>& plan, Index rows) {
  const int wanted = plan.team_size(rows, Region::single);
  return static_cast<int>(std::clamp<Index>(divide_up(rows, chunk_rows), 1, wanted));
}

}  // namespace

// One thread's plan for inference with the data it reads.
template <class T> struct Model<T>::Worker {
  Inputs inputs;
  TargetRows<T> targets;
  bool finite = true;  // whether all inputs seen were
  network::Plan<T> plan;

  Worker(const network::Network<T>& network, const network::Objective* objective, bool weighted,
         Index rows = chunk_rows)
      : plan(network, {.capacity = rows, .objective = objective, .weighted = weighted}) {
    add_gather_steps(plan, network, inputs, objective == nullptr ? nullptr : &targets);
    plan.finish();
  }

  // Runs the plan for some rows, their losses to be put at `values`. Inputs are read where they lie if that can be: 5 %
  // of 1,000 rows through 784-128-64-10 went into copying them.
  void run(const network::Network<T>& network, Index first, Index rows, Index values, Team& solo) {
    Batch<T> batch;
    batch.rows = rows;
    batch.first = first;
    batch.values = values;
    const Index columns = network.inputs();
    if (plan.input().takes_source && lie_well<T>(inputs, columns)) {
      batch.source_row = inputs.row_bytes / static_cast<Index>(sizeof(T));
      batch.source = static_cast<const T*>(inputs.data) + first * batch.source_row;
    }
    plan.run(batch, solo);
    // Looked at behind the products, which have brought them near.
    if (batch.source != nullptr && inputs.finite != nullptr)
      for (Index r = 0; r < rows; ++r)
        finite = finite && network.table().finite(columns, batch.source + r * batch.source_row);
  }
};

template <class T>
Model<T>::Model(Index inputs, std::vector<layers::LayerSpec> layers, network::Weights<T> weights,
                const kernels::Table<T>& table)
    : network_(inputs, std::move(layers), std::move(weights), table) {}
template <class T> Model<T>::~Model() = default;

// Calls run(worker, first row, rows, team of one) for every chunk of so many rows of [0, rows), each thread with a worker
// of its own. A thread that finds the time for a pause come stops at its next chunk; the rest is done after the pause.
template <class T>
template <class Run>
void Model<T>::over_rows(Workers& workers, Index rows, Index chunk, const Pause& pause, const Run& run) const {
  const Index chunks = divide_up(rows, chunk);
  std::vector<Index> next, end;  // by worker
  for (Index w = 0, size = static_cast<Index>(workers.size()); w < size; ++w) {
    next.push_back(chunks * w / size);
    end.push_back(chunks * (w + 1) / size);
  }
  for (;;) {
    const auto deadline = Clock::now() + std::chrono::duration<double>(pause_seconds);
    run_team(static_cast<int>(workers.size()), [&](Team& team) {
      TeamState alone;
      Team solo(0, 1, alone);
      for (auto w = static_cast<std::size_t>(team.rank); w < workers.size(); w += static_cast<std::size_t>(team.size))
        for (; next[w] < end[w] && Clock::now() < deadline; ++next[w]) {
          const Index first = next[w] * chunk;
          run(*workers[w], first, std::min(chunk, rows - first), solo);
        }
    });
    if (next == end) return;
    pause();
  }
}

template <class T>
void Model<T>::compile(const network::Objective& objective, const optimizers::OptimizerSpec& spec) {
  network::check_objective(objective);
  auto optimizer = optimizers::make(spec);
  network_.reset_moments(optimizer->first_moments());
  objective_ = objective;
  optimizer_ = std::move(optimizer);
  iterations = 0;
  ++compilations_;
}

template <class T> bool Model<T>::mend_weights() {
  if (network_.finite()) return false;
  network_.go_back();
  network_.reset_moments(optimizer_->first_moments());
  const kernels::UpdateRule rule = optimizer_->update();
  if (rule.averages) network_.copy_weights_to_moment(rule.slots() - 1);
  return true;
}

template <class T> void Model<T>::take_averages() {
  const kernels::UpdateRule rule = optimizer_->update();
  if (rule.averages && iterations > 0) network_.copy_moment_to_weights(rule.slots() - 1);
}

template <class T> void Model<T>::read_weight(std::size_t i, T* out) const {
  network_.read_weight(i, out);
}
template <class T> void Model<T>::write_weight(std::size_t i, const T* in) {
  network_.write_weight(i, in);
}
template <class T> void Model<T>::read_gradient(std::size_t i, T* out) const {
  network_.read_gradient(i, out);
}

template <class T> std::shared_lock<std::shared_mutex> Model<T>::reading() const {
  std::shared_lock lock(in_use_, std::try_to_lock);
  if (!lock) throw_busy();
  return lock;
}

template <class T> std::unique_lock<std::shared_mutex> Model<T>::changing() const {
  std::unique_lock lock(in_use_, std::try_to_lock);
  if (!lock) throw_busy();
  return lock;
}

template <class T> std::unique_ptr<typename Model<T>::Worker> Model<T>::take_worker() {
  {
    const std::lock_guard lock(idle_mutex_);
    if (!idle_.empty()) {
      auto worker = std::move(idle_.back());
      idle_.pop_back();
      return worker;
    }
  }
  return std::make_unique<Worker>(network_, nullptr, false);
}

template <class T> void Model<T>::give_back(Workers workers) {
  const std::lock_guard lock(idle_mutex_);
  for (auto& worker : workers) idle_.push_back(std::move(worker));
}

template <class T> bool Model<T>::predict(const Inputs& inputs, T* out, const Pause& pause) {
  const auto lock = reading();
  Workers workers;
  workers.push_back(take_worker());
  for (int i = 1, size = team_for(workers[0]->plan, inputs.rows); i < size; ++i) workers.push_back(take_worker());
  for (const auto& worker : workers) {
    worker->inputs = inputs;
    worker->inputs.finite = &worker->finite;
    worker->finite = true;
  }
  const Index outputs = network_.outputs(), times = network_.times();
  over_rows(workers, inputs.rows, chunk_rows, pause, [&](Worker& worker, Index first, Index rows, Team& solo) {
    worker.run(network_, first, rows, 0, solo);
    const Matrix<T> predictions = worker.plan.predictions();
    for (Index r = 0; r < rows * times; ++r)
      std::copy_n(predictions.at(r, 0), outputs, out + (first * times + r) * outputs);
  });
  const bool finite = std::all_of(workers.begin(), workers.end(), [](const auto& worker) { return worker->finite; });
  give_back(std::move(workers));
  return finite;
}

template <class T>
std::vector<double> Model<T>::evaluate(const Inputs& inputs, const TargetRows<T>& targets, const Pause& pause,
                                       Index batch_rows) {
  EvaluationSums sums;
  add_to(sums, inputs, targets, pause, batch_rows);
  return results_of(sums);
}

template <class T> std::vector<double> Model<T>::results_of(const EvaluationSums& sums) const {
  const auto lock = reading();
  const std::vector<double>& values = sums.values;
  const bool weighted = values.size() > network::metrics_of(objective_).size() + 1;
  const auto rows = static_cast<double>(sums.rows * network_.times());
  return network::results_of(objective_, values[0] / rows + network::penalty_of(network_), values.data() + 1, rows,
                             weighted ? values.back() : rows);
}

template <class T>
void Model<T>::add_to(EvaluationSums& sums, const Inputs& inputs, const TargetRows<T>& targets, const Pause& pause,
                      Index batch_rows) {
  const auto lock = reading();
  const bool by_batches = losses::depends_on_batch(objective_.loss);
  const Index chunk = by_batches ? std::min(batch_rows, inputs.rows) : chunk_rows;
  Workers workers;
  const bool weighted = targets.weights != nullptr;
  workers.push_back(std::make_unique<Worker>(network_, &objective_, weighted, chunk));
  // A foreign loss is computed by the thread that calls.
  const int size = objective_.loss.foreign != nullptr ? 1 : team_for(workers[0]->plan, inputs.rows);
  while (static_cast<int>(workers.size()) < size)
    workers.push_back(std::make_unique<Worker>(network_, &objective_, weighted, chunk));
  const std::size_t values = network::metrics_of(objective_).size() + (weighted ? 2 : 1);
  const Index times = network_.times();
  const Index slab_rows = std::min(inputs.rows, round_up(divide_up(slab_values, times), chunk));
  const Index stride = slab_rows * times;
  std::vector<double> room(values * static_cast<std::size_t>(stride));
  if (sums.rows == 0) sums.values.assign(values, 0.0);
  require(sums.values.size() == values, "a batch with weights of its rows among batches without");
  for (const auto& worker : workers) {
    worker->inputs = inputs;
    worker->targets = targets;
    worker->plan.write_values_to(room.data(), stride);
  }
  for (Index slab = 0; slab < inputs.rows; slab += slab_rows) {
    const Index slab_size = std::min(slab_rows, inputs.rows - slab);
    over_rows(workers, slab_size, chunk, pause, [&](Worker& worker, Index first, Index rows, Team& solo) {
      worker.run(network_, slab + first, rows, first, solo);
    });
    for (std::size_t v = 0; v < values; ++v)
      for (Index r = 0; r < slab_size * times; ++r)
        sums.values[v] += room[v * static_cast<std::size_t>(stride) + static_cast<std::size_t>(r)];
  }
  sums.rows += inputs.rows;
}

template <class T>
double Model<T>::compute_gradients(const Inputs& inputs, const TargetRows<T>& targets, bool training) {
  network_.ensure_gradients();
  network::Plan<T> plan(network_, {.capacity = inputs.rows,
                                   .training = training,
                                   .skip_zero_columns = true,
                                   .backward = network::Backward::gradients,
                                   .objective = &objective_,
                                   .weighted = targets.weights != nullptr});
  add_gather_steps(plan, network_, inputs, &targets);
  plan.finish();
  Batch<T> batch;
  batch.rows = inputs.rows;
  batch.iteration = iterations;
  run_team(plan.team_size(inputs.rows, Region::single), [&](Team& team) { plan.run(batch, team); });
  return plan.totals().last_loss;
}

template class Model<float>;
template class Model<double>;

}  // namespace lamina::training
