// From the user's arrays to a batch: the order of rows, and the steps that gather them.
#pragma once
#include <memory>
#include <vector>

#include "network/plan.h"

namespace lamina::training {

// Rows of inputs, read where they lie.
struct Inputs {
  const void* data = nullptr;  // [rows, inputs], columns contiguous
  kernels::SourceType type = kernels::SourceType::float32;
  Index rows = 0, row_bytes = 0;
  bool* finite = nullptr;  // becomes false where a number is gathered that may not be finite; null: nobody asks
};

// Whether a product may read such rows where they lie: numbers of its type, in whole rows, near each other, but not so
// that the rows of a register tile share a set of the first-level cache.
template <class T> bool lie_well(const Inputs& inputs, Index columns) {
  constexpr auto own = sizeof(T) == sizeof(float) ? kernels::SourceType::float32 : kernels::SourceType::float64;
  constexpr Index near = 1 << 20, sharing = 2048;  // bytes
  return inputs.type == own && inputs.row_bytes >= columns * static_cast<Index>(sizeof(T)) &&
         inputs.row_bytes <= near && inputs.row_bytes % sharing != 0;
}

// Targets in one of two forms, and what each counts; `times` are the rows of the last layer for each sample.
template <class T> struct TargetRows {
  const T* dense = nullptr;              // [rows, times, outputs], contiguous
  const std::int64_t* labels = nullptr;  // [rows, times]
  const T* weights = nullptr;            // [rows, times]; null: each counts 1
};

// Puts order into 0, 1, …, n - 1 shuffled (Fisher and Yates): a function of seed and iteration alone.
void shuffle(std::vector<Index>& order, std::uint64_t seed, std::uint64_t iteration);

// Steps that fill a plan's input, targets and, where it has them, weights from data that may be exchanged between runs.
template <class T>
void add_gather_steps(network::Plan<T>& plan, const network::Network<T>& network, const Inputs& inputs,
                      const TargetRows<T>* targets);

}  // namespace lamina::training
