// A tensor of weights: what the user calls it, and where it lies.
#pragma once
#include "base/types.h"
#include "kernels/table.h"

namespace lamina::layers {

// What a weight is kept to after every update: no negative numbers, or norms w (rate clip(n, low, high) + (1 - rate) n) /
// (ε + n) with n the norm along some axes.
struct ConstraintSpec {
  enum Kind { none, non_negative, norm } kind = none;
  enum Axes { inputs, units, all } along = inputs;
  double low = 0, high = 0, rate = 1;
};

// What the user wants of a weight: penalties l1 Σ|w| + l2 Σw², and a constraint.
struct WeightSpec {
  double l1 = 0, l2 = 0;
  ConstraintSpec constraint = {};
};

// Its shape, [inputs, units] or, for a vector, [units] with inputs = 1.
struct WeightShape {
  Index inputs, units;
  bool vector = false;

  Index panels() const { return divide_up(units, panel_width); }
  // From a panel to the next.
  Index panel_stride() const { return (vector ? inputs : inputs + rows_apart) * panel_width; }
  // With what is unused, the rows between panels and the padding of the last, which is 0.
  Index size() const { return panels() * panel_stride(); }
  bool operator==(const WeightShape&) const = default;
};

struct ParameterInfo : WeightShape, WeightSpec {
  bool trainable = true;  // whether training changes it
};

// Slices of arenas that are all laid out alike: panels [inputs, 32], panel_stride() apart.
template <class T> struct Parameter : ParameterInfo {
  T* value = nullptr;
  T* gradient = nullptr;  // where gradients are stored
  T* slots[kernels::max_moments] = {};

  // The arguments of an update of the panel's weights from input `first` on: where they and their moments lie.
  kernels::WeightGradient<T> update_at(Index panel, Index first) const {
    kernels::WeightGradient<T> g{};
    const Index offset = panel * panel_stride() + first * panel_width;
    g.columns = panel_width < units - panel * panel_width ? panel_width : units - panel * panel_width;
    g.weights = value + offset;
    for (int s = 0; s < kernels::max_slots; ++s) g.slots[s] = slots[s] == nullptr ? nullptr : slots[s] + offset;
    return g;
  }

  // The same with the gradient by some rows: stored for the rule `store`, else handed on with its penalties.
  kernels::WeightGradient<T> gradient_at(Index panel, Index first, kernels::Update update, const T* scalars) const {
    kernels::WeightGradient<T> g = update_at(panel, first);
    if (update == kernels::Update::store) g.slots[0] = gradient + panel * panel_stride() + first * panel_width;
    g.scalars = scalars;
    g.l1 = static_cast<T>(l1);
    g.twice_l2 = static_cast<T>(2 * l2);
    return g;
  }
};

}  // namespace lamina::layers
