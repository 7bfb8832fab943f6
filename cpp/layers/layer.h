// A layer as the user described it, and the interface of layers that keep their input's shape.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/step.h"
#include "base/types.h"
#include "kernels/table.h"
#include "layers/parameter.h"

namespace lamina::layers {

// Plain data: what Python sends. Which fields count depends on the type.
struct LayerSpec {
  std::string type;
  Index units = 0;  // dense; reshape: the new number of columns
  bool use_bias = true;
  double kernel_l1 = 0, kernel_l2 = 0, bias_l1 = 0, bias_l2 = 0;
  std::string name;                // activation
  std::vector<double> parameters;  // activation; those that are missing have their defaults
  double rate = 0;                 // dropout
  std::uint64_t seed = 0;
  double scale = 1, offset = 0;       // rescaling
  double slope_l1 = 0, slope_l2 = 0;  // prelu
};

// What a layer works on: rows of so many columns, and so many rows for each sample of the batch.
struct Shape {
  Index columns, times;
};

// The shape after a layer; throws std::invalid_argument where the description makes no sense.
Shape shape_after(const LayerSpec& spec, Shape before);

// The weights of a layer for so many inputs, in the user's order.
std::vector<ParameterInfo> parameters_of(const LayerSpec& spec, Index inputs);

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

  // A step to run after the gradient of a batch, which hands that of the op's own weights to the rule; null: it has none.
  virtual std::unique_ptr<Step<T>> make_update(kernels::Update) { return nullptr; }

  Matrix<T> in, out;                      // [rows, columns]
  std::vector<const void*> reads;         // what forward and gradient read besides
  const void* gradient_writes = nullptr;  // what gradient writes besides
  bool has_weights = false;
};

template <class T> struct OpContext {
  const kernels::Table<T>& table;
  Shape shape;
  Index capacity;          // rows of the buffers the op works on
  std::uint32_t position;  // of the layer in the network, changes of shape not counted
  bool backward, training;  // gradients are wanted; dropout works
  const Parameter<T>* parameters;  // the layer's own, in the order of parameters_of
};

// The op for a layer other than dense and reshape, or null where it has nothing to do (linear, a dropout outside training).
template <class T> std::unique_ptr<Op<T>> make_op(const LayerSpec& spec, const OpContext<T>& context);

}  // namespace lamina::layers
