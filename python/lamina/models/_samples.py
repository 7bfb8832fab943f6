"""What a model is trained or judged on: samples, their targets, and what each of them counts."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _check
from ..losses import Loss

Array = NDArray[Any]
Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Samples:
    """A data set as the core reads it.

    Attributes
    ----------
    x : ndarray
        (n, features): see `lamina._data.features`.
    y : ndarray
        The targets, n of them: see `lamina._data.targets`.
    weights : ndarray or None
        What each counts, of the model's type: (n,), or (n, outputs of a sample) where there are several; None where
        all count 1.
    """

    x: Array
    y: Array
    weights: Array | None = None

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: slice | NDArray[np.int64]) -> Samples:
        weights = None if self.weights is None else self.weights[rows]
        return Samples(self.x[rows], self.y[rows], weights)

    @property
    def total_weight(self) -> float:
        """What all of them count together."""
        return float(len(self) if self.weights is None else self.weights.sum(dtype=np.float64))


def class_weights(given: Any, y: Array, loss: Loss, outputs: Shape, dtype: str, where: str) -> Array:
    """Return what each sample counts by its class, as Keras has it (`trainers/data_adapters/data_adapter_utils.py`).

    The class is the label, the place of the largest target, or, for one output, the target rounded to a whole number.

    Parameters
    ----------
    given : mapping
        From class to weight; a class that is absent counts 1.
    y : ndarray
        The targets as the core reads them.
    loss : Loss
        The loss, which says what its targets are.
    outputs : tuple of int
        The shape of the model's outputs for a sample.
    dtype : {'float32', 'float64'}
        The model's type.
    where : str
        The method, for messages.

    Returns
    -------
    ndarray
        (n,), of `dtype`.

    Raises
    ------
    TypeError
        If it is no mapping, a class is no number, or a weight is none.
    ValueError
        If a class does not exist, a weight is negative or not finite, or a sample has several outputs that each stand
        for a class.
    """
    weights = {_class_of(key, given, where): _weight(given[key], key, dtype, where) for key in _mapping(given, where)}
    if len(outputs) > 1:
        raise ValueError(
            f"{where}(class_weight=...): a sample must have one class, but the model's outputs have the shape "
            f"{outputs}: give sample_weight, a weight for each target"
        )
    units = outputs[-1]
    if units == 1:
        classes, inverse = np.unique(np.round(y[:, 0]), return_inverse=True)
        table = np.array([weights.get(int(label), 1.0) for label in classes], dtype)
        return np.asarray(table[inverse])
    table = np.ones(units, dtype)
    for label, weight in weights.items():
        if not 0 <= label < units:
            raise ValueError(
                f"{where}(class_weight={_check.shown(given)}): there is no class {label}, the model's {units} outputs "
                f"stand for 0 to {units - 1}"
            )
        table[label] = weight
    return np.asarray(table[y if loss.target == "labels" else y.argmax(axis=1)])


def _mapping(given: Any, where: str) -> Mapping[Any, Any]:
    if not isinstance(given, Mapping):
        raise TypeError(
            f"{where}(class_weight={_check.shown(given)}): give a dictionary from class to weight, such as "
            "{0: 1.0, 1: 5.0}"
        )
    return given


def _class_of(key: Any, given: Any, where: str) -> int:
    message = f"{where}(class_weight={_check.shown(given)}): {_check.shown(key)} is no class, which is a whole number"
    if not isinstance(key, (numbers.Real, np.bool_)):
        raise TypeError(message)
    value: Any = key
    try:
        label = int(value)
    except (OverflowError, ValueError):  # infinity and NaN
        raise ValueError(message) from None
    if label != value:
        raise ValueError(message)
    return label


def _weight(value: Any, key: Any, dtype: str, where: str) -> float:
    most = float(np.finfo(dtype).max)
    return _check.real(value, f"class_weight[{key!r}]", where, f"from 0 to {most:.4g}", lambda v: 0 <= v <= most)
