// A plan: the steps of one batch for a network, a batch size and a mode, every buffer placed beforehand.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/team.h"
#include "losses/loss.h"
#include "metrics/metric.h"
#include "network/network.h"

namespace lamina::network {

enum class Backward {
  none,          // predictions, and losses where asked for
  gradients,     // gradients are stored and no weight changes
  fused_update,  // gradients go from registers into the update
  stored_update  // gradients are stored, then applied: the same bits
};

// What a batch is judged by.
struct Objective {
  losses::LossSpec loss;
  std::vector<std::string> metrics;                // each row counts once
  std::vector<std::string> weighted_metrics = {};  // a row counts by its sample weight, where there are any
};

struct PlanOptions {
  Index capacity = 1;  // the most rows of a batch
  bool training = false;  // dropout works
  bool skip_zero_columns = false;
  Backward backward = Backward::none;
  const Objective* objective = nullptr;  // null: predictions only
  bool weighted = false;  // rows have sample weights, by which their losses and gradients are multiplied
  kernels::UpdateRule update = {};  // with Backward::fused_update a fusible one
};

// Throws std::invalid_argument for an unknown name, an option out of range, or a metric that does not fit the loss's
// targets.
void check_objective(const Objective& objective);

// Sums over the batches run so far, in double.
struct Totals {
  double loss = 0;              // Σ rows × (mean loss + penalty)
  std::vector<double> metrics;  // Σ over rows; of the weighted ones Σ weight × value
  double weights = 0;           // Σ over rows, of sample weights
  Index rows = 0;
  double last_loss = 0;  // of the last batch
  bool diverged = false;  // the last batch's loss is not finite, so its update was not made; or the plan gave up
};

template <class T> class Plan {
 public:
  Plan(const Network<T>& network, const PlanOptions& options);
  ~Plan();

  // Where a batch is to be put before its first step, by the steps given to add_first.
  const InputRoom<T>& input() const;
  Matrix<T> targets() const;   // of dense targets
  std::int64_t* labels() const;
  T* weights() const;  // [rows × times], null where there are none
  losses::Targets target_kind() const;
  Matrix<T> predictions() const;  // [rows, outputs]

  void add_first(std::unique_ptr<Step<T>> step);

  // Rows' losses, metrics, and weights where they have some, [metrics + 1 or 2][stride], written at batch.values; without
  // it a plan's own room is used, and summed into totals() by the plan.
  void write_values_to(double* values, Index stride);
  const Totals& totals() const;

  // Sums from nothing again. After a batch that diverged the buffers are cleared too: NaN in their padding would stay.
  void restart();

  // Takes over the sums of a plan for the same objective.
  void continue_from(const Plan& other);

  // The weights are of no use after the last batch: no other is applied before a restart.
  void give_up();

  // Places the barriers; to be called once, after the last add_first.
  void finish();

  // Runs every step with the team, of a size that team_size could give; false where the batch diverged and was not
  // applied.
  bool run(const Batch<T>& batch, Team& team) const;

  // How many threads a batch of so many rows is worth, or as many as were forced, at most most_members().
  int team_size(Index rows, Region region) const;
  int most_members() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace lamina::network
