// Losses between Python and the core: what a dictionary describes, and those that Python computes itself.
#pragma once
#include <exception>
#include <utility>

#include "bindings/arrays.h"
#include "losses/loss.h"

namespace lamina::bindings {

// {"name": ..., option: number or list of numbers}; of one that Python computes also "own": the object, of which a weak
// reference is kept, and "labels": whether its targets are class indices.
losses::LossSpec loss_of(const py::dict& d);

// What a loss of Python's raised in this thread since it was last taken; null: nothing.
std::exception_ptr take_raised();

// Runs f without the interpreter lock, then raises what a loss of Python's has raised in it.
template <class F> auto without_lock(const F& f) {
  const auto result = [&f] {
    const py::gil_scoped_release unlocked;
    return f();
  }();
  if (const std::exception_ptr raised = take_raised()) std::rethrow_exception(raised);
  return result;
}

}  // namespace lamina::bindings
