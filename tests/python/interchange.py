"""The models whose files Keras and lamina exchange: each optimizer and each layer is in one of them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

import differential
from differential import FIRST_AXES, Array, Case, Library

BATCH, EPOCHS = 5, 2
#: How far predictions may be from each other, over the largest.
NEAR = 1e-6
#: How far weights may be from each other after training has gone on, in float64.
TOLERANCE = 1e-9


def _files() -> dict[str, Case]:
    """Return cases that go through all axes at once; short axes begin anew."""
    found: dict[str, Case] = {}
    cycles = {axis: itertools.cycle(values) for axis, values in FIRST_AXES.items()}
    for _ in range(max(len(FIRST_AXES[axis]) for axis in ("optimizer", "layer"))):
        case = {axis: next(cycle) for axis, cycle in cycles.items()}
        binary = differential.LOSSES[case["loss"]][3] == "binary"  # whose metric has a threshold in Keras
        case |= {"validation": "none", "weights": "none", "metrics": "none" if binary else "metrics"}
        found[f"{case['optimizer']}-{case['layer']}"] = case
    return found


FILES = _files()


def more(model: Any, case: Case, epochs: int = EPOCHS) -> None:
    """Train a compiled model on."""
    x, y, options = differential.data(case, 0)
    model.fit(x, y, batch_size=BATCH, epochs=epochs, shuffle=False, verbose=0, **options)


def trained(library: Library, case: Case, dtype: str) -> Any:
    """Return the model of a case after some steps."""
    model = differential.model(library, case, dtype, 0)
    more(model, case)
    return model


def predicted(model: Any, case: Case) -> Array:
    """Return what a model gives for some of its data."""
    return np.asarray(model.predict(differential.data(case, 0)[0][:6], verbose=0), np.float64)


def flat(model: Any) -> Array:
    """Return all weights of a model, one behind the other."""
    return np.concatenate([weight.ravel() for weight in model.get_weights()]).astype(np.float64)
