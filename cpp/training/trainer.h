// Training over epochs: shuffles, runs batches for as long as it is told to, keeps the running results.
#pragma once
#include <algorithm>
#include <memory>
#include <vector>

#include "training/model.h"
#include "training/team_choice.h"

namespace lamina::training {

template <class T> class Trainer {
 public:
  // Inputs and targets must outlive the trainer.
  Trainer(Model<T>& model, const Inputs& inputs, const TargetRows<T>& targets, Index batch_size, bool shuffled,
          std::uint64_t seed);
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  // All throw std::runtime_error once the model was compiled again.
  // Without a new pass the epoch goes on behind the last batch of the one before, in the same order of rows.
  void begin_epoch(bool new_pass = true);

  // Makes the next batch of all rows of these arrays, which must outlive it. From the first call on, every batch comes
  // this way: each is a pass of its own, and the end of an epoch is for the caller to know. A plan for more rows is made
  // where there are more than ever before. Rows have weights in all batches or in none.
  void give(const Inputs& inputs, const TargetRows<T>& targets);

  // Puts the weights from the epoch's beginning back where some are not finite; advance does so at the end of a pass
  // through the data, and after a batch that diverged.
  void end_epoch();

  // Runs up to max_batches of the pass, leaving soon after max_seconds but not before the first; returns how many were
  // run. A parallel region lasts for as long as the team keeps its size.
  Index advance(Index max_batches, double max_seconds);

  Index batches() const { return divide_up(inputs_.rows, batch_size_); }
  Index done() const { return done_; }  // of the epoch
  bool finished() const { return position_ == batches() || diverged(); }
  bool diverged() const { return plan_->totals().diverged; }
  // Whether the epoch's updates made some weights infinite or NaN, so that those from its beginning are back.
  bool restored() const { return restored_; }

  // What the model put out for the epoch's last batch, before its update: [rows × times, outputs].
  Matrix<const T> last_outputs() const {
    const Matrix<T> outputs = plan_->predictions();
    return {outputs.data, outputs.row};
  }
  // That batch's rows of the inputs, in its order. Throws std::runtime_error before the first batch.
  std::vector<Index> last_rows() const;

  // The epoch's loss and metrics over the rows so far; before the first batch, nothing but zeros.
  std::vector<double> results() const;

 private:
  Index rows_of(Index batch) const { return std::min(batch_size_, inputs_.rows - batch * batch_size_); }
  Batch<T> batch_at(Index batch, std::uint64_t iteration) const;
  std::unique_ptr<network::Plan<T>> make_plan(Index capacity);
  void refuse_stale() const;
  void mend();
  void run_region(int team_size, Index last, double seconds);

  Model<T>& model_;
  Inputs inputs_;
  TargetRows<T> targets_;
  Index batch_size_;
  bool shuffled_;
  std::uint64_t seed_;
  Index capacity_;  // of the plan
  std::unique_ptr<network::Plan<T>> plan_;
  TeamChoice team_;
  std::vector<Index> order_;  // [rows], where rows are shuffled
  std::uint64_t compilation_;
  Index position_ = 0;  // the batch of the pass that comes next
  Index done_ = 0;
  bool fed_ = false;    // by give()
  Index fed_rows_ = 0;  // the most of a batch, for which the team was chosen
  bool restored_ = false;
};

}  // namespace lamina::training
