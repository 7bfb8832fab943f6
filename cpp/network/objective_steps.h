// The steps that judge a batch: losses and metrics of rows, penalties of weights, their sums.
#pragma once
#include <memory>

#include "layers/block.h"
#include "network/plan.h"

namespace lamina::network {

// The metrics of an objective in the order of its results: without weights, then weighted. Throws std::invalid_argument
// for an unknown name.
std::vector<const metrics::Metric*> metrics_of(const Objective& objective);

// The results: the loss, then each metric, from its sum over so many rows and what their sample weights sum to.
std::vector<double> results_of(const Objective& objective, double loss, const double* sums, double rows,
                               double weights);

// Where the rows' values go: row r of value v at values[v * stride + r]; value 0 is the loss, then come the metrics, and
// the sample weights where there are any.
struct ValueRoom {
  double* values = nullptr;
  Index stride = 0;
};

template <class T> struct LossBinding {
  const losses::Loss<T>* loss;
  std::vector<const metrics::Metric*> metrics;
  Matrix<const T> z;           // what the loss judges: the last block's output
  bool logits;                 // which stands before a softmax or sigmoid
  Matrix<T> link;              // where the loss puts its link's values
  Matrix<const T> head;        // what the model makes of z, where that is not link(z); else null
  Matrix<T> predictions;       // what the metrics judge
  Matrix<T> targets;
  const std::int64_t* labels;
  const T* weights;                // [rows × times], null where there are none
  std::size_t unweighted_metrics;  // the first of the metrics, which ignore weights
  const layers::Block<T>* last;  // whose gradient the loss begins; null: none is wanted
  Index outputs;
  Index times;  // rows for each row of the batch
};

// Losses and metrics of rows; where wanted, the gradient too.
template <class T>
std::unique_ptr<Step<T>> make_loss_step(const kernels::Table<T>& table, LossBinding<T> binding, const ValueRoom& room);

// Adds what an op's rows, `op_times` for each row of the batch, cost to the losses of the batch's rows.
template <class T>
std::unique_ptr<Step<T>> make_row_penalty_step(const double* penalties, Index op_times, const ValueRoom& room,
                                               Index times);

// l1 Σ|x| + l2 Σx² of so many numbers, a multiple of 32: each segment of them goes to an element of `segments` of its own,
// from `first` on. A segment's length is part of the numbers, so sums of them do not depend on the team.
template <class T>
std::unique_ptr<Step<T>> make_segment_step(const kernels::Table<T>& table, const T* x, Index count, double l1, double l2,
                                           Index first, std::vector<double>& segments);

// The penalties of all regularized weights, each segment of a tensor to its own element of `segments`, which is sized
// here and must not move afterwards.
template <class T>
std::vector<std::unique_ptr<Step<T>>> make_penalty_steps(const Network<T>& network, std::vector<double>& segments);

// Their sum for the weights as they are.
template <class T> double penalty_of(const Network<T>& network);

// Whether the last batch's loss was not finite, as a member of the team has found; in a pair of lines of its own.
struct alignas(128) Verdict {
  bool diverged = false;
};

// Sums values and penalties by one thread and notices a loss that is not finite. Where there are several verdicts, each
// member comes to its own, and need not wait for another's.
template <class T>
std::unique_ptr<Step<T>> make_sum_step(const ValueRoom& room, Index times, bool weighted,
                                       const std::vector<double>& segments, Totals& totals,
                                       std::vector<Verdict>& verdicts);

}  // namespace lamina::network
