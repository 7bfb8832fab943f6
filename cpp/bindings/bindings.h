// One function a topic; module.cpp calls them.
#pragma once
#include <pybind11/pybind11.h>

namespace lamina::bindings {

void bind_lists(pybind11::module_& m);
void bind_random(pybind11::module_& m);
void bind_config(pybind11::module_& m);
void bind_weights(pybind11::module_& m);
void bind_losses(pybind11::module_& m);
void bind_network(pybind11::module_& m);

}  // namespace lamina::bindings
