// Inverted dropout (Srivastava et al., 2014): in training, values are kept with probability 1 - rate and divided by it.
#pragma once
#include "layers/layer.h"

namespace lamina::layers {

void check_dropout(const LayerSpec& spec);


// The step that draws a batch's multipliers, 0 for the spec's rate of them and else scale, and the room that they take.
template <class T>
std::unique_ptr<Step<T>> make_dropout_mask(const kernels::Table<T>& table, const LayerSpec& spec, T* mask, T scale,
                                           Shape shape, std::uint32_t stream);
Index dropout_mask_size(Index elements);  // a row's last vector may reach past the mask's end

template <class T> std::unique_ptr<Op<T>> make_dropout(const LayerSpec& spec, const OpContext<T>& context);

}  // namespace lamina::layers
