"""Metrics: what `fit` and `evaluate` report beside the loss. None of them counts penalties.

Each runs over all samples of an epoch; it is never a mean of what the batches gave.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import _check, _registry
from .losses import Loss
from .losses import binary_crossentropy as binary_crossentropy
from .losses import binary_focal_crossentropy as binary_focal_crossentropy
from .losses import categorical_crossentropy as categorical_crossentropy
from .losses import categorical_focal_crossentropy as categorical_focal_crossentropy
from .losses import categorical_hinge as categorical_hinge
from .losses import hinge as hinge
from .losses import huber as huber
from .losses import kl_divergence as kl_divergence
from .losses import log_cosh as log_cosh
from .losses import mean_absolute_error as mean_absolute_error
from .losses import mean_absolute_percentage_error as mean_absolute_percentage_error
from .losses import mean_squared_error as mean_squared_error
from .losses import mean_squared_logarithmic_error as mean_squared_logarithmic_error
from .losses import poisson as poisson
from .losses import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from .losses import squared_hinge as squared_hinge


class Metric:
    """The base class of all metrics.

    Parameters
    ----------
    name : str, optional
        The key in the history and the label in the progress line; the class has a default.

    Attributes
    ----------
    name : str
        That name.
    """

    core_name: str = ""
    #: Whether the value is the square root of a mean, which matters to whoever averages it.
    is_root = False
    #: Whether a larger value is a better one, which matters to callbacks that watch it.
    larger_is_better = False

    def __init__(self, name: str | None = None) -> None:
        if name is not None and not (isinstance(name, str) and name):
            raise TypeError(f"{type(self).__name__}(name={_check.shown(name)}): name must be a string")
        self.name = name or self.core_name

    def resolve(self, loss: Loss, outputs: int) -> str:
        """Return the core's name of this metric for a loss and a number of outputs.

        Raises
        ------
        ValueError
            If the targets of the loss are not what the metric compares with.
        """
        takes_labels = self.core_name == SparseCategoricalAccuracy.core_name
        if takes_labels == (loss.target == "labels"):
            return self.core_name
        form = "integer labels" if loss.target == "labels" else "a number for each output"
        raise ValueError(
            f"metric {self.name!r} does not fit the loss {loss.name!r}, whose targets are {form}; "
            "metrics=['accuracy'] takes the form of accuracy that fits"
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        return {"name": self.name}


class CategoricalAccuracy(Metric):
    """The share of rows whose largest output stands where the largest target stands."""

    core_name = "categorical_accuracy"
    larger_is_better = True


class SparseCategoricalAccuracy(Metric):
    """The share of rows whose largest output is the one that the integer label names."""

    core_name = "sparse_categorical_accuracy"
    larger_is_better = True


class BinaryAccuracy(Metric):
    """The share of outputs that are on the same side of 0.5 as their targets."""

    core_name = "binary_accuracy"
    larger_is_better = True


class RootMeanSquaredError(Metric):
    """The square root of the mean of (p - y)**2 over all samples and outputs."""

    core_name = "root_mean_squared_error"
    is_root = True


class MeanSquaredError(Metric):
    """The mean of (p - y)**2 over all samples and outputs."""

    core_name = "mean_squared_error"


class MeanAbsoluteError(Metric):
    """The mean of abs(p - y) over all samples and outputs."""

    core_name = "mean_absolute_error"


class _Accuracy(Metric):
    """What 'accuracy' means: the form of accuracy that fits the outputs and the targets."""

    core_name = "accuracy"
    larger_is_better = True

    def resolve(self, loss: Loss, outputs: int) -> str:
        if loss.target == "labels":
            return SparseCategoricalAccuracy.core_name
        return (BinaryAccuracy if outputs == 1 else CategoricalAccuracy).core_name


_CLASSES: list[type[Metric]] = [
    _Accuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    BinaryAccuracy,
    RootMeanSquaredError,
    MeanSquaredError,
    MeanAbsoluteError,
]
_NAMES: dict[str, type[Metric]] = {cls.core_name: cls for cls in _CLASSES} | {
    "acc": _Accuracy,
    "mse": MeanSquaredError,
    "MSE": MeanSquaredError,
    "mae": MeanAbsoluteError,
    "MAE": MeanAbsoluteError,
}


def serialize(metric: Metric) -> str | dict[str, Any]:
    """Return what `get` makes an equal metric from."""
    return metric.name if isinstance(metric, _Accuracy) else _registry.serialize(metric, "keras.metrics")


def known() -> list[str]:
    """Return the names of all metrics."""
    return _registry.canonical(_NAMES)


def get(identifier: str | Mapping[str, Any] | type[Metric] | Metric) -> Metric:
    """Return the metric that a name, a configuration, a class or an instance stands for.

    A metric made from a name is called by that name: 'mae' reports as 'mae'. 'accuracy' and 'acc'
    take the form that fits: binary for one output, sparse for integer labels, else categorical.

    Raises
    ------
    ValueError
        For an unknown name.
    TypeError
        For anything else; functions of your own are not supported.
    """
    metric = _registry.resolve(identifier, "metric", Metric, _NAMES, own=False)
    if isinstance(identifier, str):
        metric.name = identifier if identifier in _NAMES else metric.name
    return metric
