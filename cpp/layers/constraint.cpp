// Formulas: Keras's constraints. Squares are summed in double in the order of the weights, so the bits depend on nothing else.
#include "layers/constraint.h"

#include <algorithm>
#include <cmath>

namespace lamina::layers {
namespace {

constexpr double epsilon = 1e-7;  // Keras's, against a norm of 0

template <class T> class Constraint final : public Step<T> {
 public:
  explicit Constraint(const Parameter<T>& parameter) : p_(parameter), c_(parameter.constraint) {
    this->reads = {parameter.value};
    this->writes = {parameter.value};
    this->changes_weights = true;
  }

  // A tile is what has a norm of its own: a panel's units, an input, or all.
  Index tiles(Index) const override {
    if (c_.kind == ConstraintSpec::non_negative || c_.along == ConstraintSpec::inputs) return p_.panels();
    return c_.along == ConstraintSpec::units ? p_.inputs : 1;
  }

  void run(Index begin, Index end, const Batch<T>&) const override {
    for (Index tile = begin; tile < end; ++tile) {
      if (c_.kind == ConstraintSpec::non_negative)
        clip(tile);
      else if (c_.along == ConstraintSpec::inputs)
        for (Index u = tile * panel_width, last = std::min(u + panel_width, p_.units); u < last; ++u) scale(0, p_.inputs, u, u + 1);
      else if (c_.along == ConstraintSpec::units)
        scale(tile, tile + 1, 0, p_.units);
      else
        scale(0, p_.inputs, 0, p_.units);
    }
  }

  double work(Index) const override { return 4.0 * static_cast<double>(p_.inputs * p_.units); }

 private:
  T& at(Index input, Index unit) const {
    return p_.value[unit / panel_width * p_.panel_stride() + input * panel_width + unit % panel_width];
  }

  void clip(Index panel) const {
    T* const w = p_.value + panel * p_.panel_stride();
    for (Index i = 0; i < p_.panel_stride(); ++i) w[i] = w[i] < 0 ? T{0} : w[i];
  }

  // Gives the weights of a rectangle the norm that is wanted of them.
  void scale(Index input, Index inputs_end, Index unit, Index units_end) const {
    double square = 0;
    for (Index i = input; i < inputs_end; ++i)
      for (Index u = unit; u < units_end; ++u) square += static_cast<double>(at(i, u)) * static_cast<double>(at(i, u));
    const double norm = std::sqrt(square);
    const double wanted = c_.rate * std::min(std::max(norm, c_.low), c_.high) + (1 - c_.rate) * norm;
    const double factor = wanted / (epsilon + norm);
    for (Index i = input; i < inputs_end; ++i)
      for (Index u = unit; u < units_end; ++u) at(i, u) = static_cast<T>(static_cast<double>(at(i, u)) * factor);
  }

  const Parameter<T>& p_;
  const ConstraintSpec c_;
};

}  // namespace

template <class T> std::unique_ptr<Step<T>> make_constraint(const Parameter<T>& parameter) {
  return std::make_unique<Constraint<T>>(parameter);
}

template std::unique_ptr<Step<float>> make_constraint(const Parameter<float>&);
template std::unique_ptr<Step<double>> make_constraint(const Parameter<double>&);

}  // namespace lamina::layers
