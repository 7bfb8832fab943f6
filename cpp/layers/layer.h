// A layer as the user described it, and the interface of layers that keep their input's shape.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/step.h"
#include "base/types.h"
#include "kernels/table.h"
#include "layers/parameter.h"

namespace lamina::layers {

// Plain data: what Python sends.
struct LayerSpec {
  std::string type;
  std::map<std::string, double> values = {};  // by name; which there are depends on the type; booleans as 0 and 1
  std::string function = {};                  // activation
  std::vector<double> parameters = {};        // activation; those that are missing have their defaults
  std::uint64_t seed = 0;                     // of random numbers
  std::vector<WeightSpec> weights = {};       // in the order of parameters_of; those that are missing have none of it
  bool trainable = true;

  double value(const char* name, double otherwise) const {
    const auto found = values.find(name);
    return found == values.end() ? otherwise : found->second;
  }

  // A count by name, 0 for what is none.
  Index count(const char* name) const {
    const double number = value(name, 0);
    const Index whole = number >= 1 && number <= 0x1p62 ? static_cast<Index>(number) : 0;
    return static_cast<double>(whole) == number ? whole : 0;
  }
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

  // Whether forward or gradient depend on all rows of a batch: such an op has a block to itself, and steps of its own
  // right before its forward and, once all of dy is there, before its gradient; null: it has none.
  virtual bool whole_batch() const { return false; }
  virtual std::unique_ptr<Step<T>> before_forward() { return nullptr; }
  virtual std::unique_ptr<Step<T>> before_gradient(Matrix<T>) { return nullptr; }

  // Steps to run after the gradient of a batch, which hand those of the op's own weights to the rule.
  virtual std::vector<std::unique_ptr<Step<T>>> make_updates(kernels::Update) { return {}; }

  // What each row adds to the batch's mean loss, written by forward, or null. [rows]
  virtual const double* row_penalties() const { return nullptr; }

  Matrix<T> in, out;                      // [rows, columns]
  std::vector<const void*> reads;         // what forward and gradient read besides
  std::vector<const void*> panel_reads;   // of these only what belongs to the panels of their rectangle
  const void* gradient_writes = nullptr;  // what gradient writes besides
  bool trainable = false;  // training changes weights of its own
};

template <class T> struct OpContext {
  const kernels::Table<T>& table;
  Shape shape;
  Index capacity;          // rows of the buffers the op works on
  std::uint32_t position;  // of the layer in the network, changes of shape not counted
  bool backward, training;  // gradients are wanted; dropout works
  bool updates;             // training changes weights, and statistics that no gradient changes
  const Parameter<T>* parameters;  // the layer's own, in the order of parameters_of
};

// The op for a layer other than dense and reshape, or null where it has nothing to do (linear, a dropout outside training).
template <class T> std::unique_ptr<Op<T>> make_op(const LayerSpec& spec, const OpContext<T>& context);

}  // namespace lamina::layers
