// Fills a table from the kernels, for the vector type that the including file chose.
#include "kernels/table.h"

namespace {

using lamina::Index;
using lamina::panel_width;
using lamina::kernels::Table;

#include "kernels/math.inl"
#include "kernels/activations.inl"
#include "kernels/elements.inl"
#include "kernels/rows.inl"
#include "kernels/updates.inl"
#include "kernels/product.inl"
#include "kernels/data.inl"

// U is the vector type of the updates.
template <class V, class U = V> constexpr Table<typename V::Scalar> make_table() {
#define LAMINA_FUSED_UPDATE(name, rule, count) static_assert(rule<V>::slots == count);
#define LAMINA_UPDATE(name, rule, count) static_assert(rule<V>::slots == count);
#include "kernels/updates.def"
  return {
      .lanes = V::lanes,
      .product = product<V>,
      .weight_gradient =
          {
#define LAMINA_FUSED_UPDATE(name, rule, slots) weight_gradient<U, rule>,
#define LAMINA_UPDATE(name, rule, slots)
#include "kernels/updates.def"
          },
      .bias_gradient =
          {
#define LAMINA_FUSED_UPDATE(name, rule, slots) bias_gradient<U, rule>,
#define LAMINA_UPDATE(name, rule, slots)
#include "kernels/updates.def"
          },
      .stored_update =
          {
#define LAMINA_FUSED_UPDATE(name, rule, slots) stored_update<V, rule>,
#define LAMINA_UPDATE(name, rule, slots) stored_update<V, rule>,
#include "kernels/updates.def"
          },
      .activation_forward =
          {
#define LAMINA_ACTIVATION(name, rule, ...) activation_forward<V, rule>,
#include "kernels/activations.def"
#undef LAMINA_ACTIVATION
          },
      .activation_gradient =
          {
#define LAMINA_ACTIVATION(name, rule, ...) activation_gradient<V, rule>,
#include "kernels/activations.def"
#undef LAMINA_ACTIVATION
          },
      .multiply = multiply<V>,
      .masked = masked<V>,
      .add = add<V>,
      .affine = affine<V>,
      .prelu = prelu<V>,
      .log = log_rows<V>,
      .log1p_exp_minus_abs = log1p_exp_minus_abs_rows<V>,
      .softmax = softmax<V>,
      .transpose = transpose<V>,
      .gather = {gather<V, std::uint8_t>, gather<V, float>, gather<V, double>},
      .dropout_mask = dropout_mask,
      .finite = finite<V>,
      .multiply_adds = multiply_adds<V>,
      .penalty = penalty<V>,
  };
}

}  // namespace
