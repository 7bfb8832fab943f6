// The layers by type: one row each.
#include "base/error.h"
#include "layers/activation.h"
#include "layers/activity_regularization.h"
#include "layers/alpha_dropout.h"
#include "layers/batch_normalization.h"
#include "layers/dense.h"
#include "layers/dropout.h"
#include "layers/gaussian.h"
#include "layers/layer.h"
#include "layers/layer_normalization.h"
#include "layers/normalization.h"
#include "layers/prelu.h"
#include "layers/rescaling.h"
#include "layers/reshape.h"

namespace lamina::layers {
namespace {

template <class T> struct Row {
  const char* type;
  void (*check)(const LayerSpec&);                                        // null: nothing to check
  Shape (*shape)(const LayerSpec&, Shape before);                         // null: the shape stays
  std::vector<WeightShape> (*weights)(const LayerSpec&, Index inputs);    // null: no weights
  std::unique_ptr<Op<T>> (*make)(const LayerSpec&, const OpContext<T>&);  // null: not an op
  std::size_t untrained = 0;                                              // the last of the weights, which no gradient changes
};

template <class T>
constexpr Row<T> rows[] = {
    {"dense", nullptr, dense_shape, dense_weights, nullptr},
    {"reshape", nullptr, reshape_shape, nullptr, nullptr},
    {"activation", check_activation, nullptr, nullptr, make_activation<T>},
    {"dropout", check_dropout, nullptr, nullptr, make_dropout<T>},
    {"rescaling", nullptr, nullptr, nullptr, make_rescaling<T>},
    {"prelu", nullptr, nullptr, prelu_weights, make_prelu<T>},
    {"batch_normalization", nullptr, nullptr, batch_normalization_weights, make_batch_normalization<T>, 2},
    {"layer_normalization", nullptr, nullptr, layer_normalization_weights, make_layer_normalization<T>},
    {"normalization", nullptr, nullptr, normalization_weights, make_normalization<T>, 3},
    {"gaussian_noise", nullptr, nullptr, nullptr, make_gaussian_noise<T>},
    {"gaussian_dropout", check_dropout, nullptr, nullptr, make_gaussian_dropout<T>},
    {"alpha_dropout", check_dropout, nullptr, nullptr, make_alpha_dropout<T>},
    {"activity_regularization", nullptr, nullptr, nullptr, make_activity_regularization<T>},
};

template <class T> const Row<T>& find(const LayerSpec& spec) {
  for (const Row<T>& row : rows<T>)
    if (spec.type == row.type) return row;
  fail("layer type '", spec.type, "' is unknown");
}

}  // namespace

Shape shape_after(const LayerSpec& spec, Shape before) {
  const Row<float>& row = find<float>(spec);
  if (row.check != nullptr) row.check(spec);
  return row.shape == nullptr ? before : row.shape(spec, before);
}

std::vector<ParameterInfo> parameters_of(const LayerSpec& spec, Index inputs) {
  const Row<float>& row = find<float>(spec);
  std::vector<ParameterInfo> found;
  if (row.weights == nullptr) return found;
  const std::vector<WeightShape> shapes = row.weights(spec, inputs);
  for (const WeightShape& shape : shapes) {
    const std::size_t i = found.size();
    const bool trained = spec.trainable && i + row.untrained < shapes.size();
    found.push_back({shape, i < spec.weights.size() ? spec.weights[i] : WeightSpec{}, trained});
  }
  return found;
}

template <class T> std::unique_ptr<Op<T>> make_op(const LayerSpec& spec, const OpContext<T>& context) {
  return find<T>(spec).make(spec, context);
}

template std::unique_ptr<Op<float>> make_op(const LayerSpec&, const OpContext<float>&);
template std::unique_ptr<Op<double>> make_op(const LayerSpec&, const OpContext<double>&);

}  // namespace lamina::layers
