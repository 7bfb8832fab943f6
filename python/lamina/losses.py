"""Losses: what training makes small.

A loss is a number a sample; what is reported is the mean over the samples, plus the penalties of
regularizers. After a last softmax or sigmoid a cross-entropy is computed from what went into that
function, so it stays finite however large the numbers are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from . import _registry

#: What the targets of a loss are: integer class labels, a distribution over classes a row,
#: probabilities from 0 to 1, or any numbers.
TargetKind = Literal["labels", "distribution", "probability", "number"]


class Loss:
    """The base class of all losses.

    Attributes
    ----------
    name : str
        The name that `compile` and the core know.
    target : str
        What its targets are: 'labels', 'distribution', 'probability' or 'number'.
    """

    name: ClassVar[str]
    target: ClassVar[TargetKind]

    def spec(self) -> dict[str, Any]:
        """Return what the core is told."""
        return {"name": self.name}

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        return {}


class CategoricalCrossentropy(Loss):
    """-sum over classes of y * log(p), for one-hot targets or a distribution a row."""

    name = "categorical_crossentropy"
    target = "distribution"


class SparseCategoricalCrossentropy(Loss):
    """-log(p of the right class), for integer labels from 0 to classes - 1, (n,) or (n, 1)."""

    name = "sparse_categorical_crossentropy"
    target = "labels"


class BinaryCrossentropy(Loss):
    """-(y * log(p) + (1 - y) * log(1 - p)), the mean over outputs, for targets from 0 to 1."""

    name = "binary_crossentropy"
    target = "probability"


class MeanSquaredError(Loss):
    """(p - y)**2, the mean over outputs."""

    name = "mean_squared_error"
    target = "number"


class MeanAbsoluteError(Loss):
    """abs(p - y), the mean over outputs."""

    name = "mean_absolute_error"
    target = "number"


_CLASSES: list[type[Loss]] = [
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    BinaryCrossentropy,
    MeanSquaredError,
    MeanAbsoluteError,
]
_NAMES: dict[str, type[Loss]] = {cls.name: cls for cls in _CLASSES} | {
    "mse": MeanSquaredError,
    "MSE": MeanSquaredError,
    "mae": MeanAbsoluteError,
    "MAE": MeanAbsoluteError,
}


def known() -> list[str]:
    """Return the names of all losses."""
    return _registry.canonical(_NAMES)


def get(identifier: str | Mapping[str, Any] | type[Loss] | Loss) -> Loss:
    """Return the loss that a name, a configuration, a class or an instance stands for.

    Raises
    ------
    ValueError
        For an unknown name.
    TypeError
        For anything else; functions of your own are not supported.
    """
    return _registry.resolve(identifier, "loss", Loss, _NAMES, own=False)
