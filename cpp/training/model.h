// A model: a network with an optimizer and an objective, and all that is done with it but training over epochs.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include "optimizers/optimizer.h"
#include "training/batches.h"

namespace lamina::training {

// What an evaluation adds up, in double, row by row: in however many parts the rows come, the sums are the same.
struct EvaluationSums {
  std::vector<double> values;  // the loss, each metric and, where rows have some, their weights
  Index rows = 0;
};

template <class T> class Model {
 public:
  // Weights that are missing are made, with zeros. Throws std::invalid_argument where a layer makes no sense.
  Model(Index inputs, std::vector<layers::LayerSpec> layers, network::Weights<T> weights = {},
        const kernels::Table<T>& table = kernels::table<T>(kernels::current_isa()));
  ~Model();

  const network::Network<T>& network() const { return network_; }

  // Chooses loss, optimizer and metrics; moments and iterations start anew. Checks everything before it changes
  // anything; throws std::invalid_argument.
  void compile(const network::Objective& objective, const optimizers::OptimizerSpec& optimizer);
  bool compiled() const { return optimizer_ != nullptr; }
  const network::Objective& objective() const { return objective_; }
  optimizers::Optimizer& optimizer() { return *optimizer_; }

  // Weight tensors in the user's order, row-major.
  void read_weight(std::size_t i, T* out) const;
  void write_weight(std::size_t i, const T* in);

  // Called a few times a second on the caller's thread, outside any team; may throw.
  using Pause = std::function<void()>;

  // out [rows, times, outputs]. False where some input may not be finite; each is looked at while it is gathered, which
  // costs nothing.
  bool predict(const Inputs& inputs, T* out, const Pause& pause);

  // The mean loss with penalties, then the metrics, over all rows; at least one row. A loss that depends on the batch is
  // that of batches of so many rows.
  std::vector<double> evaluate(const Inputs& inputs, const TargetRows<T>& targets, const Pause& pause,
                               Index batch_rows = 32);

  // The same in parts: adds rows, at least one, to the sums of those before; the results of what was added, at least a
  // row, by the penalties of the weights as they are now. Rows have weights in all parts or in none.
  void add_to(EvaluationSums& sums, const Inputs& inputs, const TargetRows<T>& targets, const Pause& pause,
              Index batch_rows);
  std::vector<double> results_of(const EvaluationSums& sums) const;

  // The loss of all rows as one batch; afterwards read_gradient gives the gradients. With `training`, dropout uses
  // the masks of the next update.
  double compute_gradients(const Inputs& inputs, const TargetRows<T>& targets, bool training);
  void read_gradient(std::size_t i, T* out) const;
  void read_moment(int slot, std::size_t i, T* out) const { network_.read_moment(slot, i, out); }
  void write_moment(int slot, std::size_t i, const T* in) { network_.write_moment(slot, i, in); }

  // Makes room for stored gradients, which a plan that stores them must find.
  void ensure_gradients() { network_.ensure_gradients(); }

  // Keeps a copy of the weights. Where some have become infinite or NaN since, mend_weights() puts it back, lets the
  // moments start anew, since what spoilt the weights may be in them, and returns true.
  void keep_weights() { network_.keep(); }
  bool mend_weights();

  // Has the moving averages of the weights take their places, where the optimizer keeps some and made an update.
  void take_averages();

  // How often the model was compiled: what a plan for updates was made for holds until the next time.
  std::uint64_t compilations() const { return compilations_; }

  std::uint64_t iterations = 0;  // updates made
  bool fused = true;             // gradients go straight into the update

  // Held while weights are read, or changed. Both throw std::runtime_error where another thread is in the way.
  std::shared_lock<std::shared_mutex> reading() const;
  std::unique_lock<std::shared_mutex> changing() const;

 private:
  struct Worker;
  using Workers = std::vector<std::unique_ptr<Worker>>;
  template <class Run>
  void over_rows(Workers& workers, Index rows, Index chunk, const Pause& pause, const Run& run) const;
  std::unique_ptr<Worker> take_worker();
  void give_back(Workers workers);

  network::Network<T> network_;
  network::Objective objective_;
  std::unique_ptr<optimizers::Optimizer> optimizer_;
  std::uint64_t compilations_ = 0;
  mutable std::shared_mutex in_use_;
  std::mutex idle_mutex_;
  std::vector<std::unique_ptr<Worker>> idle_;  // guarded by idle_mutex_
};

}  // namespace lamina::training
