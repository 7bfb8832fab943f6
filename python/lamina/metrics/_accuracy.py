"""Shares of right answers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .. import _check, _data
from ..losses import Loss
from ._base import NATIVE_TYPES, Array, Metric, floats
from ._reductions import _MeanOfValues


class Accuracy(_MeanOfValues):
    """The share of outputs that equal their targets. What 'accuracy' in `compile` means is another; see `get`.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    """

    core_name = "accuracy"
    larger_is_better = True

    def __init__(self, name: str | None = "accuracy", dtype: DTypeLike | None = None) -> None:
        super().__init__(name, dtype)

    def _values(self, y_true: Any, y_pred: Any) -> Array:
        y, p = self._numbers(y_true, y_pred)
        self._same_shape(y, p)
        return np.asarray(y == p)


class BinaryAccuracy(_MeanOfValues):
    """The share of outputs that are on the same side of the threshold as their targets.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    threshold : float
        An output above it stands for 1, any other for 0.
    """

    core_name = "binary_accuracy"
    larger_is_better = True
    takes = "numbers"

    def __init__(
        self, name: str | None = "binary_accuracy", dtype: DTypeLike | None = None, threshold: float = 0.5
    ) -> None:
        super().__init__(name, dtype)
        self.threshold = _check.real(threshold, "threshold", type(self).__name__, "that is finite", lambda v: True)

    @property
    def is_native(self) -> bool:
        """Whether the core computes it in a model."""
        return type(self) is BinaryAccuracy and self.threshold == 0.5 and self.dtype in NATIVE_TYPES

    def _values(self, y_true: Any, y_pred: Any) -> Array:
        y, p = self._numbers(y_true, y_pred)
        self._same_shape(y, p)
        return np.asarray((p > p.dtype.type(self.threshold)) == y)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        return {**super().get_config(), "threshold": self.threshold}


class CategoricalAccuracy(_MeanOfValues):
    """The share of rows whose largest output stands where the largest target stands.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    """

    core_name = "categorical_accuracy"
    larger_is_better = True
    takes = "numbers"

    def __init__(self, name: str | None = "categorical_accuracy", dtype: DTypeLike | None = None) -> None:
        super().__init__(name, dtype)

    @property
    def is_native(self) -> bool:
        """Whether the core computes it in a model."""
        return type(self) is CategoricalAccuracy and self.dtype in NATIVE_TYPES

    def _values(self, y_true: Any, y_pred: Any) -> Array:
        y, p = self._numbers(y_true, y_pred)
        self._same_shape(y, p)
        _refuse_no_classes(p, self.name)
        return np.asarray(y.argmax(axis=-1) == p.argmax(axis=-1))


class SparseCategoricalAccuracy(_MeanOfValues):
    """The share of rows whose largest output is the one that the integer label names.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    """

    core_name = "sparse_categorical_accuracy"
    larger_is_better = True
    takes = "labels"

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: DTypeLike | None = None) -> None:
        super().__init__(name, dtype)

    @property
    def is_native(self) -> bool:
        """Whether the core computes it in a model."""
        return type(self) is SparseCategoricalAccuracy and self.dtype in NATIVE_TYPES

    def _values(self, y_true: Any, y_pred: Any) -> Array:
        labels, p = _labels_and_outputs(y_true, y_pred, self.name)
        return np.asarray(labels == p.argmax(axis=-1))


class _Top(_MeanOfValues):
    """What the two metrics of the k largest outputs share."""

    larger_is_better = True

    def __init__(self, k: int, name: str | None, dtype: DTypeLike | None) -> None:
        super().__init__(name, dtype)
        self.k = _check.integer(k, "k", type(self).__name__, 1, _check.MOST_NUMBERS)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        return {**super().get_config(), "k": self.k}


class TopKCategoricalAccuracy(_Top):
    """The share of rows whose largest target stands where one of the k largest outputs stands.

    Outputs as large as the k-th count as well.

    Parameters
    ----------
    k : int
        How many outputs.
    name, dtype
        See `Metric`.
    """

    core_name = "top_k_categorical_accuracy"
    takes = "numbers"

    def __init__(
        self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: DTypeLike | None = None
    ) -> None:
        super().__init__(k, name, dtype)

    def _values(self, y_true: Any, y_pred: Any) -> Array:
        y, p = self._numbers(y_true, y_pred)
        self._same_shape(y, p)
        _refuse_no_classes(p, self.name)
        return _in_top(y.argmax(axis=-1), p, self.k)


class SparseTopKCategoricalAccuracy(_Top):
    """The share of rows whose integer label names one of the k largest outputs.

    Outputs as large as the k-th count as well.

    Parameters
    ----------
    k : int
        How many outputs.
    name, dtype
        See `Metric`.
    from_sorted_ids : bool
        Whether the outputs are class labels, of the most likely class first, not what each class is worth.
    """

    core_name = "sparse_top_k_categorical_accuracy"
    takes = "labels"

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: DTypeLike | None = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(k, name, dtype)
        self.from_sorted_ids = _check.boolean(from_sorted_ids, "from_sorted_ids", type(self).__name__)

    def _values(self, y_true: Any, y_pred: Any) -> Array:
        labels, p = _labels_and_outputs(y_true, y_pred, self.name)
        if self.from_sorted_ids:
            return np.asarray((labels[..., np.newaxis] == p[..., : self.k]).any(axis=-1))
        classes = p.shape[-1]
        outside = (labels < 0) | (labels >= classes) | (labels != np.trunc(labels))
        if outside.any():
            wrong = labels[outside][0]
            raise ValueError(
                f"{self.name!r}: y_true holds {wrong}, the labels of {classes} classes are 0 to {classes - 1}"
            )
        return _in_top(labels.astype(np.int64), p, self.k)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        return {**super().get_config(), "from_sorted_ids": self.from_sorted_ids}


class ShapedAccuracy(Metric):
    """What 'accuracy' means in `compile`: the form of accuracy that fits the outputs and the targets."""

    core_name = "accuracy"
    larger_is_better = True

    @property
    def is_native(self) -> bool:
        """Whether the core computes it in a model."""
        return True

    def resolve(self, loss: Loss, outputs: int) -> str:
        """Return the core's name of the accuracy that fits.

        Parameters
        ----------
        loss : Loss
            A model's loss.
        outputs : int
            How many outputs a sample has.
        """
        if loss.target == "labels":
            return SparseCategoricalAccuracy.core_name
        return (BinaryAccuracy if outputs == 1 else CategoricalAccuracy).core_name


def _labels_and_outputs(y_true: Any, y_pred: Any, name: str) -> tuple[Array, Array]:
    """Return labels (...) and outputs (..., classes)."""
    p, y = _data.elements(y_pred, "y_pred"), _data.numeric(y_true, "y_true")
    _refuse_no_classes(p, name)
    if y.dtype.kind == "f":
        y = floats(y, "y_true")
    if y.ndim == p.ndim and y.shape[-1] == 1:
        y = y[..., 0]
    if y.shape != p.shape[:-1]:
        raise ValueError(f"{name!r}: y_true has shape {y.shape}, y_pred {p.shape}: labels must have {p.shape[:-1]}")
    return y, p


def _refuse_no_classes(p: Array, name: str) -> None:
    if p.ndim == 0 or p.shape[-1] == 0:
        raise ValueError(f"{name!r}: y_pred has shape {p.shape}; it must be (..., classes)")


def _in_top(labels: Array, p: Array, k: int) -> Array:
    """Return whether fewer than k outputs are larger than that of the label."""
    own = np.take_along_axis(p, labels[..., np.newaxis], axis=-1)
    return np.asarray((p > own).sum(axis=-1) < k)


# --- the functions ------------------------------------------------------------------------------------------------


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Array:
    """Return whether each output is on its target's side of the threshold; see `BinaryAccuracy`.

    Parameters
    ----------
    y_true, y_pred, threshold
        As there.
    """
    return _as_floats(BinaryAccuracy(threshold=threshold), y_true, y_pred)


def categorical_accuracy(y_true: Any, y_pred: Any) -> Array:
    """Return whether the largest output and target of each row stand at one place; see `CategoricalAccuracy`.

    Parameters
    ----------
    y_true, y_pred
        As there.
    """
    return _as_floats(CategoricalAccuracy(), y_true, y_pred)


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Array:
    """Return whether the largest output of each row is that of its label; see `SparseCategoricalAccuracy`.

    Parameters
    ----------
    y_true, y_pred
        As there.
    """
    return _as_floats(SparseCategoricalAccuracy(), y_true, y_pred)


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Array:
    """Return whether the class of each row is among the k likeliest; see `TopKCategoricalAccuracy`.

    Parameters
    ----------
    y_true, y_pred, k
        As there.
    """
    return _as_floats(TopKCategoricalAccuracy(k), y_true, y_pred)


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Array:
    """Return whether the label of each row is among the k likeliest; see `SparseTopKCategoricalAccuracy`.

    Parameters
    ----------
    y_true, y_pred, k, from_sorted_ids
        As there.
    """
    return _as_floats(SparseTopKCategoricalAccuracy(k, from_sorted_ids=from_sorted_ids), y_true, y_pred)


def _as_floats(metric: _MeanOfValues, y_true: Any, y_pred: Any) -> Array:
    return metric._values(y_true, y_pred).astype(np.float32)
