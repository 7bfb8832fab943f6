"""Sums and means over all samples, and the metrics that are a mean of a function of targets and outputs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .. import _check, _data
from ..losses._base import _same_rank
from ._base import Array, Metric, Result, floats, quotient, snake_case


class _Reduction(Metric):
    """What sums and means share: values of samples, multiplied by their weights."""

    def _by_samples(self, values: Array, sample_weight: Any, reduce: Callable[..., Any]) -> tuple[Array, Array | None]:
        """Return a value and a weight a sample; axes behind the first are reduced, first those that no weight has."""
        numbers = np.asarray(values, np.float64)
        weights = self._weights(sample_weight, numbers.dtype)
        if weights is not None:
            numbers, weights = _same_rank(numbers, weights)
            if numbers.ndim > weights.ndim:
                numbers = reduce(numbers, axis=tuple(range(weights.ndim, numbers.ndim)))
            weights = self._repeated(weights, numbers.shape)
            numbers = numbers * weights
            weights = reduce(weights, axis=tuple(range(1, weights.ndim)))
        return np.asarray(reduce(numbers, axis=tuple(range(1, numbers.ndim)))), weights


class Sum(_Reduction):
    """The sum of values, of each its weight times it.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    """

    core_name = "sum"

    def __init__(self, name: str | None = "sum", dtype: DTypeLike | None = None) -> None:
        super().__init__(dtype, name)
        self.total = self.add_variable(name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Add values.

        Parameters
        ----------
        values : array_like
            Numbers, (n, ...) or one alone.
        sample_weight : array_like, optional
            What each counts, of the shape of `values` or repeated to it.

        Raises
        ------
        TypeError, ValueError
            For arrays that do not hold finite numbers or do not fit.
        """
        numbers = floats(values, "values", "float64")
        self.total.assign_add(self._by_samples(numbers, sample_weight, np.sum)[0].sum())

    def result(self) -> float:
        """Return the sum."""
        return float(self.total)


class Mean(_Reduction):
    """The mean of values: the sum of weight times value, divided by that of the weights; 0 where that is 0.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    """

    core_name = "mean"

    def __init__(self, name: str | None = "mean", dtype: DTypeLike | None = None) -> None:
        super().__init__(dtype, name)
        self.total = self.add_variable(name="total")
        self.count = self.add_variable(name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Add values.

        Parameters
        ----------
        values : array_like
            Numbers, (n, ...) or one alone; the values of a sample are averaged.
        sample_weight : array_like, optional
            What each counts, (n,), or more axes of `values`.

        Raises
        ------
        TypeError, ValueError
            For arrays that do not hold finite numbers or do not fit.
        """
        self._add(floats(values, "values", "float64"), sample_weight)

    def _add(self, values: Array, sample_weight: Any) -> None:
        numbers, weights = self._by_samples(values, sample_weight, np.mean)
        self.total.assign_add(numbers.sum())
        self.count.assign_add(numbers.size if weights is None else weights.sum())

    def result(self) -> Result:
        """Return the mean."""
        return float(quotient(self.total, self.count))


class MeanMetricWrapper(Mean):
    """The mean of what a function gives.

    Parameters
    ----------
    fn : callable
        It takes (y_true, y_pred) and returns a value a sample, (n,), or several, (n, ...), which are averaged, or one
        number for the batch, which counts as one value.
    name, dtype
        See `Metric`.
    **kwargs
        Further arguments of `fn`.

    Raises
    ------
    TypeError
        If `fn` is no function of two arguments.
    """

    core_name = "mean_metric_wrapper"

    def __init__(
        self, fn: Callable[..., Any], name: str | None = None, dtype: DTypeLike | None = None, **kwargs: Any
    ) -> None:
        _refuse_other_arguments(fn, kwargs)
        super().__init__(name, dtype)
        self._fn = fn
        self._fn_kwargs = kwargs

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Add what the function gives for a batch.

        Parameters
        ----------
        y_true, y_pred : array_like
            Targets and outputs.
        sample_weight : array_like, optional
            What each value counts.

        Raises
        ------
        TypeError, ValueError
            For arrays of no numbers, and for what the function returns if it does not fit.
        """
        y, p = _data.numeric(y_true, "y_true"), _data.numeric(y_pred, "y_pred")
        rows = len(p) if p.ndim else 1
        self._add(_checked(self._fn(y, p, **self._fn_kwargs), rows, self.name), sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        return {**super().get_config(), "fn": self._fn, **self._fn_kwargs}


class _MeanOfValues(Mean):
    """The base class of this package's metrics that are means: `_values` gives the values."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Add a batch.

        Parameters
        ----------
        y_true, y_pred : array_like
            Targets and outputs.
        sample_weight : array_like, optional
            What each sample counts.

        Raises
        ------
        TypeError, ValueError
            For arrays that do not hold finite numbers or do not fit.
        """
        self._add(self._values(y_true, y_pred), sample_weight)

    def _values(self, y_true: Any, y_pred: Any) -> Array:
        raise NotImplementedError


def name_of(function: Any) -> str:
    """Return what Keras calls the mean of a function."""
    name = getattr(function, "__name__", None)
    return snake_case(name if isinstance(name, str) else type(function).__name__) or "function"


def _refuse_other_arguments(function: Any, kwargs: dict[str, Any]) -> None:
    """Raise TypeError for what is no function of (y_true, y_pred), as far as that can be known."""
    where = f"MeanMetricWrapper(fn={_check.shown(function)})"
    if not callable(function) or isinstance(function, type):
        raise TypeError(f"{where}: fn must be a function of (y_true, y_pred)")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # it has none
        return
    try:
        signature.bind(None, None, **kwargs)
    except TypeError as error:
        raise TypeError(f"{where}: the metric must take two arguments, y_true and y_pred: {error}") from None


def _checked(result: Any, rows: int, name: str) -> Array:
    """Return what a function gave, if those are values of so many samples."""
    what = f"what the metric {name!r} returned"
    values = _data.numeric(result, what)
    if values.ndim and (len(values) != rows or values.size == 0):
        raise ValueError(
            f"the metric {name!r} returned an array of shape {values.shape}: return a value a sample, ({rows},) or "
            f"({rows}, ...), or a number"
        )
    if not np.isfinite(values).all():
        wrong = ~np.isfinite(values)
        place = f" at [{', '.join(map(str, np.argwhere(wrong)[0]))}]" if values.ndim else ""
        raise ValueError(
            f"the metric {name!r} returned {values[wrong][0]}{place}: keep its logarithms and quotients away from "
            "where they have no value"
        )
    return values
