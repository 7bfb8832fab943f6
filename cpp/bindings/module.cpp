#include "bindings/bindings.h"

PYBIND11_MODULE(_core, m) {
  m.doc() = "The native core of lamina; see lamina.models for the public interface.";
  lamina::bindings::bind_lists(m);
  lamina::bindings::bind_random(m);
  lamina::bindings::bind_config(m);
  lamina::bindings::bind_weights(m);
  lamina::bindings::bind_losses(m);
  lamina::bindings::bind_network(m);
}
