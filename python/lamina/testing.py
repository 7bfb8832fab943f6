"""For tests: whether the gradients of a model are those of its loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _check
from .models import Sequential

# A gradient this much smaller than the largest one is measured against the largest.
_FLOOR = 0.01
# One this much smaller than the loss is lost in the rounding of the loss.
_NOISE = 0.01


def check_gradients(
    model: Sequential,
    x: Any,
    y: Any,
    training: bool = False,
    epsilon: float = 1e-5,
    tolerance: float = 1e-6,
    elements: int | None = None,
    sample_weight: Any = None,
) -> float:
    """Compare `model.gradients` with central differences of the loss, weight by weight, in float64.

    The difference for a weight w is (loss(w + h) - loss(w - h)) / 2h, where h is ``epsilon * max(1, |w|)``.
    The relative error of a gradient g against a difference d is ``|g - d| / max(|g|, |d|, s / 100)``,
    where s is the largest gradient or difference in the model, and at least a hundredth of the
    loss: a difference of two losses is rounded by 1e-16 of the loss, over 2h.

    Parameters
    ----------
    model : Sequential
        Compiled and built. A float32 model is checked through a copy of it in float64; the model
        itself is as before.
    x, y : array_like
        As for `Sequential.gradients`, with few rows. Where an activation or a loss has a kink
        (relu, leaky_relu, the absolute error, the hinge), keep its argument away from there by more than h.
    training : bool
        Whether layers do what they do in training, with the draws of the model's first step.
    epsilon : float
        The step, relative for weights above 1.
    tolerance : float
        The largest relative error that passes.
    elements : int, optional
        How many elements of each weight to try, evenly spread; all where it is None.
    sample_weight : array_like, optional
        As for `Sequential.gradients`.

    Returns
    -------
    float
        The largest relative error.

    Raises
    ------
    AssertionError
        If it is above the tolerance; the message names the weight and the index.
    TypeError, ValueError
        If the model is not built or not compiled, the data do not fit, or `elements` is no positive integer.
    """
    if elements is not None:
        elements = _check.integer(elements, "elements", "check_gradients", 1)
    twin = _in_double(model)
    given = (x, y, training, sample_weight)
    loss, gradients = twin.gradients(*given)
    chosen = [_spread(gradient.size, elements) for gradient in gradients]
    differences = list(_differences(twin, given, epsilon, chosen))
    largest = max(float(np.max(np.abs(a))) for a in [*gradients, *differences])
    scale = max(_FLOOR * max(largest, _NOISE * abs(loss)), np.finfo(np.float64).tiny)
    names = [weight.path for weight in twin.trainable_weights]
    worst = 0.0
    where = ""
    for name, gradient, difference, indices in zip(names, gradients, differences, chosen, strict=True):
        tried = gradient.reshape(-1)[indices]
        size = np.maximum(np.maximum(np.abs(tried), np.abs(difference)), scale)
        errors = np.abs(tried - difference) / size
        at = int(np.argmax(errors))
        if errors[at] > worst or np.isnan(errors[at]):  # after a NaN, the worst there is, no comparison holds
            worst = float(errors[at])
            place = ", ".join(str(int(i)) for i in np.unravel_index(indices[at], gradient.shape))
            where = f"{name}[{place}]: the gradient is {tried[at]:.9g}, the central difference {difference[at]:.9g}"
    if not worst <= tolerance:
        raise AssertionError(f"{where}: relative error {worst:.2e}, above {tolerance:.2e}")
    return worst


def _in_double(model: Sequential) -> Sequential:
    """Return a copy in float64 to try weights on; the model stays as it is."""
    twin = model.unbuilt_copy("float64")
    weights = model.get_weights()
    twin.build(model.input_shape)
    twin.set_weights(weights)
    twin.compile(optimizer=model.optimizer, loss=model.loss)
    return twin


def _spread(size: int, count: int | None) -> NDArray[np.intp]:
    """Return `count` of `size` indices, evenly spread, or all of them."""
    if count is None or count >= size:
        return np.arange(size)
    return np.linspace(0, size - 1, count).astype(np.intp)


def _differences(
    model: Sequential, given: tuple[Any, ...], epsilon: float, chosen: Sequence[NDArray[np.intp]]
) -> Iterator[NDArray[np.float64]]:
    """Yield the central differences at the chosen elements of each weight."""
    for weight, indices in zip(model.trainable_weights, chosen, strict=True):
        values = weight.numpy()
        flat = values.reshape(-1)
        result = np.empty(len(indices))
        for i, index in enumerate(indices):
            value = float(flat[index])
            h = epsilon * max(1.0, abs(value))
            above, below = value + h, value - h
            losses = []
            for moved in (above, below):
                flat[index] = moved
                weight.assign(values)
                losses.append(model.gradients(*given)[0])
            flat[index] = value
            # The steps that were really taken: value + h is rounded.
            result[i] = (losses[0] - losses[1]) / (above - below)
        weight.assign(values)
        yield result
