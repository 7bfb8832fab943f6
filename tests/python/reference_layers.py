"""Layers that normalize or penalize, constraints, schedules and averages in NumPy, for the reference network.

Formulas: Ioffe and Szegedy 2015, Ba, Kiros and Hinton 2016, and Keras's files of the same names. A layer is a
dictionary, as in `reference`; its weights are in Keras's order, and those that are not trained have no gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Layer = dict[str, Any]


class Formulas(NamedTuple):
    """A layer: how many weights it has, how many of them are trained, and what it does."""

    weights: int
    trained: int
    forward: Callable[[Layer, Array, Sequence[Array], bool], Array]
    #: (layer, derivative by its outputs, its inputs, weights, training) -> derivative by its inputs, by those trained
    backward: Callable[[Layer, Array, Array, Sequence[Array], bool], tuple[Array, list[Array]]]


def _scaled(layer: Layer, x: Array, mean: Array, variance: Array) -> tuple[Array, Array]:
    root = np.sqrt(variance + layer["epsilon"])
    return (x - mean) / root, root


def _statistics(x: Array, weights: Sequence[Array], training: bool) -> tuple[Array, Array]:
    return (x.mean(axis=0), x.var(axis=0)) if training else (weights[2], weights[3])


def _batch_forward(layer: Layer, x: Array, weights: Sequence[Array], training: bool) -> Array:
    return weights[0] * _scaled(layer, x, *_statistics(x, weights, training))[0] + weights[1]


def _batch_backward(
    layer: Layer, d: Array, x: Array, weights: Sequence[Array], training: bool
) -> tuple[Array, list[Array]]:
    scaled, root = _scaled(layer, x, *_statistics(x, weights, training))
    gradients = [(d * scaled).sum(axis=0), d.sum(axis=0)]
    d = d * weights[0]
    if training:
        d = d - d.mean(axis=0) - scaled * (d * scaled).mean(axis=0)
    return d / root, gradients


def moved_statistics(layer: Layer, x: Array, weights: Sequence[Array]) -> list[Array]:
    """The moving mean and variance after a batch."""
    kept = layer["momentum"]
    return [kept * old + (1 - kept) * new for old, new in zip(weights[2:], (x.mean(0), x.var(0)), strict=True)]


def _row_statistics(x: Array) -> tuple[Array, Array]:
    return x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)


def _layer_forward(layer: Layer, x: Array, weights: Sequence[Array], training: bool) -> Array:
    return weights[0] * _scaled(layer, x, *_row_statistics(x))[0] + weights[1]


def _layer_backward(
    layer: Layer, d: Array, x: Array, weights: Sequence[Array], training: bool
) -> tuple[Array, list[Array]]:
    scaled, root = _scaled(layer, x, *_row_statistics(x))
    gradients = [(d * scaled).sum(axis=0), d.sum(axis=0)]
    d = d * weights[0]
    d = d - d.mean(axis=1, keepdims=True) - scaled * (d * scaled).mean(axis=1, keepdims=True)
    return d / root, gradients


def _fixed_scale(layer: Layer) -> Array:
    return np.maximum(np.sqrt(layer["variance"]), 1e-7)


def _penalty_slope(layer: Layer, x: Array) -> Array:
    samples = len(x) // layer["times"]
    return (layer["l1"] * np.sign(x) + 2 * layer["l2"] * x) / samples


LAYERS: dict[str, Formulas] = {
    "batch_normalization": Formulas(4, 2, _batch_forward, _batch_backward),
    "layer_normalization": Formulas(2, 2, _layer_forward, _layer_backward),
    "normalization": Formulas(
        0,
        0,
        lambda layer, x, weights, training: (x - layer["mean"]) / _fixed_scale(layer),
        lambda layer, d, x, weights, training: (d / _fixed_scale(layer), []),
    ),
    "activity_regularization": Formulas(
        0,
        0,
        lambda layer, x, weights, training: x,
        lambda layer, d, x, weights, training: (d + _penalty_slope(layer, x), []),
    ),
}


def activity_penalty(layer: Layer, x: Array) -> float:
    """What a layer adds to the loss of a batch: a mean over its samples."""
    if layer["type"] != "activity_regularization":
        return 0.0
    x = x.astype(np.float64)
    return float(layer["l1"] * np.abs(x).sum() + layer["l2"] * (x * x).sum()) / (len(x) // layer["times"])


#: What a layer in training multiplies by and adds, of its rate or deviation and its draws: which values it keeps, or z.
NOISE: dict[str, Callable[[float, Array], tuple[Any, Any]]] = {
    "dropout": lambda rate, kept: (kept / (1 - rate), 0.0),
    "gaussian_noise": lambda deviation, z: (1.0, deviation * z),
    "gaussian_dropout": lambda rate, z: (1 + math.sqrt(rate / (1 - rate)) * z, 0.0),
    "alpha_dropout": lambda rate, kept: _alpha_dropout(rate, kept),
}
_LOWEST = -1.6732632423543772 * 1.0507009873554805  # of SELU


def _alpha_dropout(rate: float, kept: Array) -> tuple[Array, Array]:
    """Klambauer et al. 2017: what is dropped becomes SELU's lowest value, then mean and variance are put back."""
    scale = 1 / math.sqrt((1 - rate) * (1 + rate * _LOWEST**2))
    return scale * kept, scale * _LOWEST * (np.where(kept, 0, 1) - rate)


# --- after an update --------------------------------------------------------------------------------------------------


def constrained(name: str, w: Array) -> Array:
    """A kernel under the constraint of a row of `cases.CONSTRAINTS`: norms are those of its columns."""
    if name == "non_neg":
        return np.where(w > 0, w, 0)
    norm = np.sqrt((w * w).sum(axis=0, keepdims=True))
    wanted: Any = 1.0
    if name == "max_norm":
        wanted = np.minimum(norm, 0.75)
    elif name == "min_max_norm":
        wanted = 0.25 * np.clip(norm, 0.5, 0.75) + 0.75 * norm
    return w * wanted / (norm + 1e-7)


class Averages:
    """Moving averages of weights, which take their place every so many steps, and at the end of a training."""

    def __init__(self, momentum: float, every: int | None) -> None:
        self.momentum, self.every = momentum, every
        self.values: dict[int, Array] = {}

    def update(self, index: int, weight: Array, step: int) -> Array:
        """The weight after step 1, 2, ..."""
        before = self.values.get(index, weight)
        self.values[index] = self.momentum * before + (1 - self.momentum) * weight
        return self.values[index] if self.every is not None and step % self.every == 0 else weight


def _cosine(step: int) -> float:
    if step < 3:
        return 0.25 + 0.75 * step / 3
    done = min(step - 3, 5) / 5
    return 0.875 * 0.5 * (1 + math.cos(math.pi * done)) + 0.125


def _restarts(step: int) -> float:
    length, height, start = 2.0, 1.0, 0.0
    while step >= start + length:
        start, length, height = start + length, length * 2, height * 0.75
    return (1 - 0.125) * 0.5 * height * (1 + math.cos(math.pi * (step - start) / length)) + 0.125


#: The factor of the rate at step 0, 1, ..., for the arguments in `cases.SCHEDULES`.
SCHEDULES: dict[str, Callable[[int], float]] = {
    "exponential": lambda step: 0.5 ** (step / 4),
    "staircase": lambda step: 0.5 ** (step // 3),
    "inverse_time": lambda step: 1 / (1 + 0.5 * step / 4),
    "polynomial": lambda step: 0.75 * (1 - min(step, 6) / 6) ** 1.5 + 0.25,
    "piecewise": lambda step: 1.0 if step <= 2 else 0.5 if step <= 5 else 0.125,
    "cosine": _cosine,
    "restarts": _restarts,
}


def scheduled(optimizer: Any, rate: float, schedule: str, step: int) -> None:
    """Give an optimizer of `reference_optimizers`, or the one that it decays for, the rate of step 1, 2, ..."""
    optimizer = getattr(optimizer, "optimizer", optimizer)
    optimizer.learning_rate = rate * SCHEDULES[schedule](step - 1)
