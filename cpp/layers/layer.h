// A layer as the user described it, and the interface of layers that keep their input's shape.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/step.h"
#include "base/types.h"
#include "kernels/table.h"

namespace lamina::layers {

// Plain data: what Python sends. Which fields count depends on the type.
struct LayerSpec {
  std::string type;  // dense, activation, dropout
  Index units = 0;   // dense
  bool use_bias = true;
  double kernel_l1 = 0, kernel_l2 = 0, bias_l1 = 0, bias_l2 = 0;
  std::string name;  // activation
  double parameter = 0;
  double rate = 0;  // dropout
  std::uint64_t seed = 0;
};

// Outputs of a layer for a number of inputs; throws std::invalid_argument where the description makes no sense.
Index outputs_of(const LayerSpec& spec, Index inputs);

// An element-wise or row-wise layer inside a plan: out = f(in) and dy *= f'(in), on rectangles.
template <class T> class Op {
 public:
  virtual ~Op() = default;
  virtual bool rowwise() const { return false; }
  // Whether the gradient can be had when `in` was overwritten by `out`.
  virtual bool in_place() const { return true; }
  virtual void forward(const Rect& rect) const = 0;
  virtual void gradient(const Rect& rect, Matrix<T> dy) const = 0;

  // A step to run before the first forward of a batch (random numbers, say), or null.
  virtual std::unique_ptr<Step<T>> prepare() { return nullptr; }

  Matrix<T> in, out;               // [rows, columns]
  const void* prepared = nullptr;  // what the prepare step writes
};

template <class T> struct OpContext {
  const kernels::Table<T>& table;
  Index columns, capacity;  // of the buffers the op works on
  std::uint32_t position;   // of the layer in the network
  bool training;
};

// The op for a layer other than dense, or null where it has nothing to do (linear, a dropout outside training).
template <class T> std::unique_ptr<Op<T>> make_op(const LayerSpec& spec, const OpContext<T>& context);

}  // namespace lamina::layers
