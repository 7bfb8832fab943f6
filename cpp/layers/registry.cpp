// The layers by type: one row each.
#include "base/error.h"
#include "layers/activation.h"
#include "layers/dense.h"
#include "layers/dropout.h"
#include "layers/layer.h"

namespace lamina::layers {
namespace {

template <class T> struct Row {
  const char* type;
  void (*check)(const LayerSpec&);
  std::unique_ptr<Op<T>> (*make)(const LayerSpec&, const OpContext<T>&);  // null: not an op
};

template <class T>
constexpr Row<T> rows[] = {
    {"dense", check_dense, nullptr},
    {"activation", check_activation, make_activation<T>},
    {"dropout", check_dropout, make_dropout<T>},
};

template <class T> const Row<T>& find(const LayerSpec& spec) {
  for (const Row<T>& row : rows<T>)
    if (spec.type == row.type) return row;
  fail("layer type '", spec.type, "' is unknown; use dense, activation or dropout");
}

}  // namespace

Index outputs_of(const LayerSpec& spec, Index inputs) {
  const Row<float>& row = find<float>(spec);
  row.check(spec);
  return row.make == nullptr ? spec.units : inputs;
}

template <class T> std::unique_ptr<Op<T>> make_op(const LayerSpec& spec, const OpContext<T>& context) {
  return find<T>(spec).make(spec, context);
}

template std::unique_ptr<Op<float>> make_op(const LayerSpec&, const OpContext<float>&);
template std::unique_ptr<Op<double>> make_op(const LayerSpec&, const OpContext<double>&);

}  // namespace lamina::layers
