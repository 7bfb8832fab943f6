"""The metrics of a model that Python computes, batch by batch."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _data
from ..metrics import Metric
from ._samples import Samples

Array = NDArray[Any]
Shape = tuple[int, ...]
#: A metric's value: a number, or an array where it has several.
Value = float | Array


class Judges:
    """Those metrics, with their state: of the epoch or the evaluation that is running.

    Parameters
    ----------
    plain, weighted : sequence of Metric
        Those that ignore sample weights, and those that use them.
    """

    def __init__(self, plain: Sequence[Metric], weighted: Sequence[Metric]) -> None:
        self._plain = [metric for metric in plain if not metric.is_native]
        self._weighted = [metric for metric in weighted if not metric.is_native]
        self._user: dict[str, object] = {}  # whoever uses them, under 'it'; `setdefault` is atomic

    def __bool__(self) -> bool:
        return bool(self._plain or self._weighted)

    def __iter__(self) -> Iterator[Metric]:
        return iter((*self._plain, *self._weighted))

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_user": {}}

    @contextlib.contextmanager
    def held(self) -> Iterator[Judges]:
        """Use them; where somebody does already, such as the `fit` in whose callback this is, copies of them."""
        use = object()
        if not self or self._user.setdefault("it", use) is not use:
            yield copy.deepcopy(self) if self else self
            return
        try:
            yield self
        finally:
            self._user.clear()

    def reset(self) -> None:
        """Begin anew: an epoch, or an evaluation."""
        for metric in self:
            metric.reset_state()

    def update(self, batch: Samples, outputs: Array, shape: Shape) -> None:
        """Add a batch.

        Parameters
        ----------
        batch : Samples
            The samples, of which the metrics may keep or change the targets.
        outputs : ndarray
            (n, outputs of a sample).
        shape : tuple of int
            The shape of the outputs for a sample.
        """
        rows = len(outputs)
        y, p = shaped_targets(batch.y, shape), outputs.reshape(rows, *shape)
        weights = batch.weights
        if weights is not None and weights.ndim > 1:
            weights = weights.reshape(rows, *shape[:-1])
        for metric in self._plain:
            metric.update_state(y, p)
        for metric in self._weighted:
            metric.update_state(y, p, sample_weight=weights)

    def values(self) -> list[Value]:
        """Return the value of each so far.

        Raises
        ------
        TypeError
            If that of a metric of a user's own is no number and no array of them.
        """
        return [_value(metric) for metric in self]

    def refuse_outputs(self, shape: Shape) -> None:
        """Raise ValueError if one of them cannot judge outputs of such a shape."""
        for metric in self:
            metric.refuse_outputs(shape)

    def refuse_targets(self, y: Array, shape: Shape) -> None:
        """Raise ValueError if one of them does not take some of the targets, as the core reads them."""
        for metric in self:
            metric.refuse_targets(shaped_targets(y, shape), shape)


def shaped_targets(y: Array, shape: Shape) -> Array:
    """Return targets, (n, *shape), or labels, (n, ...) without the last axis, from the rows that the core reads."""
    labels = y.dtype.kind == "i"
    return y.reshape(len(y), *(shape[:-1] if labels else shape))


def _value(metric: Metric) -> Value:
    value = metric.result()
    if type(value) is float:
        return value
    array = np.array(_data.numeric(value, f"what the metric {metric.name!r} returned as its result"), np.float64)
    return float(array) if array.ndim == 0 else array
