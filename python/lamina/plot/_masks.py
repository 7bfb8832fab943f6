"""Which units dropout sets to 0 in a step."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .. import _core, losses, optimizers
from ..layers import Dense, Dropout, Layer


def kept(layer: Dropout, position: int, units: int, step: int, row: int) -> NDArray[np.bool_]:
    """Return which units dropout keeps, (units,).

    The core is asked for them: a network of the dropout layer and one weight a unit has a gradient
    by the weights of those that are kept alone.

    Parameters
    ----------
    layer : Dropout
        The layer.
    position : int
        How many entries the core is told of before it, changes of shape not counted.
    units : int
        How many values it receives.
    step : int
        The step, from 0.
    row : int
        Which sample of the step's batch, from 0.
    """
    before = [{"type": "activation", "name": "relu", "parameters": [0.0, math.inf, 0.0]}] * position
    network = _core.Network(units, [*before, *layer.spec(), *Dense(1, use_bias=False).spec()], "float64")
    network.set_weights([np.ones((units, 1))])
    network.compile(losses.get("mse").spec(), optimizers.get("sgd").spec(), [])
    network.iterations = step
    x = np.zeros((row + 1, units))
    x[row] = 1.0
    _, (gradient,) = network.gradients(x, np.full((row + 1, 1), -1.0), True)
    taken: NDArray[np.bool_] = np.not_equal(gradient.reshape(-1), 0.0)
    return taken


def entries(layer: Layer) -> int:
    """Return how many places of `kept` a layer takes."""
    return sum(spec["type"] != "reshape" for spec in layer.spec())
