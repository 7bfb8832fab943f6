// The steps that judge a batch: losses and metrics of rows, penalties of weights, their sums.
#pragma once
#include <memory>

#include "layers/block.h"
#include "network/plan.h"

namespace lamina::network {

// Where the rows' values go: row r of value v at values[v * stride + r]; value 0 is the loss.
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
  Matrix<T> predictions;       // what the metrics judge
  Matrix<T> targets;
  const std::int64_t* labels;
  const layers::Block<T>* last;  // whose gradient the loss begins; null: none is wanted
  Index outputs;
  Index times;  // rows for each row of the batch
};

// Losses and metrics of rows; where wanted, the gradient too.
template <class T>
std::unique_ptr<Step<T>> make_loss_step(const kernels::Table<T>& table, LossBinding<T> binding, const ValueRoom& room);

// The penalties of all regularized weights, each segment of a tensor to its own element of `segments`, which is sized
// here and must not move afterwards.
template <class T>
std::vector<std::unique_ptr<Step<T>>> make_penalty_steps(const Network<T>& network, std::vector<double>& segments);

// Their sum for the weights as they are.
template <class T> double penalty_of(const Network<T>& network);

// Sums values and penalties by one thread and notices a loss that is not finite.
template <class T>
std::unique_ptr<Step<T>> make_sum_step(const ValueRoom& room, Index times, const std::vector<double>& segments,
                                       Totals& totals);

}  // namespace lamina::network
