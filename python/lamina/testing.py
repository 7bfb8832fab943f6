"""For tests: whether the gradients of a model are those of its loss."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _random
from .models import Sequential

# A gradient this much smaller than the largest one is measured against the largest.
_FLOOR = 0.01


def check_gradients(
    model: Sequential,
    x: Any,
    y: Any,
    training: bool = False,
    epsilon: float = 1e-5,
    tolerance: float = 1e-6,
) -> float:
    """Compare `model.gradients` with central differences of the loss, weight by weight, in float64.

    The difference for a weight w is (loss(w + h) - loss(w - h)) / 2h, h = epsilon * max(1, |w|).
    The relative error of a gradient g against a difference d is |g - d| / max(|g|, |d|, s / 100),
    where s is the largest gradient or difference in the model, and at least a thousandth of the
    loss: below that a difference of two losses has no correct digits.

    Parameters
    ----------
    model : Sequential
        Compiled and built. A float32 model is checked through a copy of it in float64; the model
        itself is as before.
    x, y : array_like
        As for `Sequential.gradients`, with few rows. Where an activation or a loss has a kink
        (relu, leaky_relu, the absolute error), keep its argument away from there by more than h.
    training : bool
        Whether dropout is on, with the mask of the model's first step.
    epsilon : float
        The step, relative for weights above 1.
    tolerance : float
        The largest relative error that passes.

    Returns
    -------
    float
        The largest relative error.

    Raises
    ------
    AssertionError
        If it is above the tolerance; the message names the weight and the index.
    ValueError
        If the model is not built or not compiled, or the data do not fit.
    """
    twin = _in_double(model)
    loss, gradients = twin.gradients(x, y, training)
    differences = list(_differences(twin, x, y, training, epsilon))
    largest = max(float(np.max(np.abs(a))) for a in [*gradients, *differences])
    scale = max(_FLOOR * max(largest, 1e-3 * abs(loss)), np.finfo(np.float64).tiny)
    names = [f"{layer.name} {name}" for layer in model.layers for name in layer.weight_names]
    worst = 0.0
    where = ""
    for name, gradient, difference in zip(names, gradients, differences, strict=True):
        size = np.maximum(np.maximum(np.abs(gradient), np.abs(difference)), scale)
        errors = np.abs(gradient - difference) / size
        index = np.unravel_index(np.argmax(errors), errors.shape)
        if errors[index] > worst or np.isnan(errors[index]):  # after a NaN, the worst there is, no comparison holds
            worst = float(errors[index])
            place = ", ".join(str(int(i)) for i in index)
            where = (
                f"{name}[{place}]: the gradient is {gradient[index]:.9g}, the central difference "
                f"{difference[index]:.9g}"
            )
    if not worst <= tolerance:
        raise AssertionError(f"{where}: relative error {worst:.2e}, above {tolerance:.2e}")
    return worst


def _in_double(model: Sequential) -> Sequential:
    """Return a copy in float64 to try weights on; the model stays as it is."""
    with _random.aside():
        layers = [type(layer).from_config(layer.get_config()) for layer in model.layers]
        twin = Sequential(layers, model.name, "float64")
    weights = model.get_weights()
    twin.build(model.input_shape)
    twin.set_weights(weights)
    twin.compile(optimizer=model.optimizer, loss=model.loss)
    return twin


def _differences(model: Sequential, x: Any, y: Any, training: bool, epsilon: float) -> Iterator[NDArray[np.float64]]:
    weights = model.get_weights()

    def loss() -> float:
        model.set_weights(weights)
        return model.gradients(x, y, training)[0]

    for weight in weights:
        result = np.empty_like(weight)
        for index in np.ndindex(weight.shape):
            value = float(weight[index])
            h = epsilon * max(1.0, abs(value))
            above, below = value + h, value - h
            weight[index] = above
            loss_above = loss()
            weight[index] = below
            loss_below = loss()
            weight[index] = value
            # The steps that were really taken: value + h is rounded.
            result[index] = (loss_above - loss_below) / (above - below)
        yield result
