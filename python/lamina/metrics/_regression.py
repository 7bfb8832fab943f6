"""Errors, similarities and correlations of numbers."""

from __future__ import annotations

import warnings
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike

from .. import _check
from ._base import EPSILON, NATIVE_TYPES, Array, Metric, Result, Variable
from ._reductions import _MeanOfValues


class MeanSquaredError(_MeanOfValues):
    """The mean of (p - y)**2 over all samples and outputs.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    """

    core_name = "mean_squared_error"
    larger_is_better = False
    takes = "numbers"

    def __init__(self, name: str | None = "mean_squared_error", dtype: DTypeLike | None = None) -> None:
        super().__init__(name, dtype)

    @property
    def is_native(self) -> bool:
        """Whether the core computes it in a model."""
        return type(self) is MeanSquaredError and self.dtype in NATIVE_TYPES

    def _values(self, y_true: Any, y_pred: Any) -> Array:
        return _errors(self, y_true, y_pred) ** 2


class MeanAbsoluteError(_MeanOfValues):
    """The mean of abs(p - y) over all samples and outputs.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    """

    core_name = "mean_absolute_error"
    larger_is_better = False
    takes = "numbers"

    def __init__(self, name: str | None = "mean_absolute_error", dtype: DTypeLike | None = None) -> None:
        super().__init__(name, dtype)

    @property
    def is_native(self) -> bool:
        """Whether the core computes it in a model."""
        return type(self) is MeanAbsoluteError and self.dtype in NATIVE_TYPES

    def _values(self, y_true: Any, y_pred: Any) -> Array:
        return abs(_errors(self, y_true, y_pred))


class RootMeanSquaredError(_MeanOfValues):
    """The square root of the mean of (p - y)**2 over all samples and outputs.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    """

    core_name = "root_mean_squared_error"
    is_root = True
    larger_is_better = False
    takes = "numbers"

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: DTypeLike | None = None) -> None:
        super().__init__(name, dtype)

    @property
    def is_native(self) -> bool:
        """Whether the core computes it in a model."""
        return type(self) is RootMeanSquaredError and self.dtype in NATIVE_TYPES

    def _values(self, y_true: Any, y_pred: Any) -> Array:
        return _errors(self, y_true, y_pred) ** 2

    def result(self) -> Result:
        """Return the root."""
        return float(np.sqrt(super().result()))


class _AlongAxis(_MeanOfValues):
    """What is made of the numbers along an axis."""

    larger_is_better = True
    takes = "numbers"

    def __init__(self, name: str | None, dtype: DTypeLike | None, axis: int) -> None:
        super().__init__(name, dtype)
        self.axis = _check.integer(axis, "axis", type(self).__name__, -_MOST_AXES, _MOST_AXES)

    def _pair(self, y_true: Any, y_pred: Any) -> tuple[Array, Array]:
        y, p = self._numbers(y_true, y_pred)
        self._same_shape(y, p)
        if not -p.ndim <= self.axis < p.ndim:
            raise ValueError(f"{self.name!r}: y_pred has shape {p.shape}, without an axis {self.axis}")
        if p.size == 0:
            raise ValueError(f"{self.name!r}: y_pred has shape {p.shape}, without a single number")
        return y, p

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        return {**super().get_config(), "axis": self.axis}


_MOST_AXES = 64


class CosineSimilarity(_AlongAxis):
    """The mean of the cosine of the angle between targets and outputs, 1 where they point the same way.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    axis : int
        The axis along which the numbers of a vector stand.
    """

    core_name = "cosine_similarity"

    def __init__(self, name: str | None = "cosine_similarity", dtype: DTypeLike | None = None, axis: int = -1) -> None:
        super().__init__(name, dtype, axis)

    def _values(self, y_true: Any, y_pred: Any) -> Array:
        y, p = (
            x / np.sqrt(np.maximum((x * x).sum(self.axis, keepdims=True), EPSILON**2))
            for x in self._pair(y_true, y_pred)
        )
        return np.asarray((y * p).sum(self.axis))


class PearsonCorrelation(_AlongAxis):
    """The mean of Pearson's correlation of targets and outputs: of each sample's, or, for axis=0, of each batch.

    NaN where targets or outputs do not vary, as for one output: give axis=0 then, and large batches.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    axis : int
        The axis along which the correlated numbers stand.
    """

    core_name = "pearson_correlation"

    def __init__(
        self, name: str | None = "pearson_correlation", dtype: DTypeLike | None = None, axis: int = -1
    ) -> None:
        super().__init__(name, dtype, axis)

    def _values(self, y_true: Any, y_pred: Any) -> Array:
        with np.errstate(invalid="ignore", divide="ignore"):
            y, p = (
                centred / centred.std(self.axis, keepdims=True)
                for centred in (x - x.mean(self.axis, keepdims=True) for x in self._pair(y_true, y_pred))
            )
        return np.asarray((y * p).mean(self.axis))


class ConcordanceCorrelation(_AlongAxis):
    """The mean of Lin's concordance correlation of targets and outputs, 1 where they are equal (Lin, 1989).

    2 cov(y, p) / (var y + var p + (mean y - mean p)**2 + epsilon), of each sample, or, for axis=0, of a batch.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    axis : int
        The axis along which the correlated numbers stand.
    """

    core_name = "concordance_correlation"

    def __init__(
        self, name: str | None = "concordance_correlation", dtype: DTypeLike | None = None, axis: int = -1
    ) -> None:
        super().__init__(name, dtype, axis)

    def _values(self, y_true: Any, y_pred: Any) -> Array:
        y, p = self._pair(y_true, y_pred)
        means = [x.mean(self.axis, keepdims=True) for x in (y, p)]
        variances = [x.var(self.axis, keepdims=True) for x in (y, p)]
        norm = variances[0] + variances[1] + (means[0] - means[1]) ** 2
        return np.asarray((2 * (y - means[0]) * (p - means[1]) / (norm + EPSILON)).mean(self.axis))


class R2Score(Metric):
    """The coefficient of determination: 1 minus the squared errors over those of each output's mean target.

    Parameters
    ----------
    class_aggregation : {'uniform_average', 'variance_weighted_average', None}
        How the scores of several outputs become one: averaged, or averaged by how much the targets vary, or not at all.
    num_regressors : int
        How many independent variables to adjust the score for; 0 for none.
    name, dtype
        See `Metric`.

    Raises
    ------
    TypeError, ValueError
        For values of another type, out of range or not known.
    """

    core_name = "r2_score"
    larger_is_better = True
    takes = "numbers"

    def __init__(
        self,
        class_aggregation: Literal["uniform_average", "variance_weighted_average"] | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(dtype, name)
        where = type(self).__name__
        ways = (None, "uniform_average", "variance_weighted_average")
        self.class_aggregation = _check.one_of(class_aggregation, "class_aggregation", where, ways)
        self.num_regressors = _check.integer(num_regressors, "num_regressors", where, 0, _check.MOST_NUMBERS)
        self.num_samples = self.add_variable(name="num_samples")
        self._sums: dict[str, Variable] = {}

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Parameters
        ----------
        y_true, y_pred : array_like
            (n, outputs), or (n,) in one of the two.
        sample_weight : array_like, optional
            What each sample counts, (n,).

        Raises
        ------
        TypeError, ValueError
            For arrays that do not hold finite numbers or do not fit.
        """
        y, p = self._numbers(y_true, y_pred)
        self._same_shape(y, p)
        if y.ndim != 2:
            raise ValueError(f"{self.name!r}: y_pred has shape {p.shape}; it must be (n, outputs)")
        y, p = y.astype(np.float64), p.astype(np.float64)
        weights = self._weights(1.0 if sample_weight is None else sample_weight, y.dtype)
        assert weights is not None
        weights = self._repeated(weights[:, np.newaxis] if weights.ndim == 1 else weights, y.shape)
        if not self._sums:
            self._sums = {name: self.add_variable((y.shape[1],), name=name) for name in ("y", "y_y", "errors", "count")}
        if self._sums["y"].shape != (y.shape[1],):
            raise ValueError(
                f"{self.name!r}: y_pred has {y.shape[1]} outputs, earlier ones had {self._sums['y'].shape[0]}"
            )
        self._sums["y"].assign_add((y * weights).sum(axis=0))
        self._sums["y_y"].assign_add((y * y * weights).sum(axis=0))
        self._sums["errors"].assign_add(((y - p) ** 2 * weights).sum(axis=0))
        self._sums["count"].assign_add(weights.sum(axis=0))
        self.num_samples.assign_add(y.size)

    def result(self) -> Result:
        """Return the score, or those of the outputs; NaN before any data, 0 where the targets do not vary."""
        if not self._sums:
            return float("nan")
        s = {name: np.array(values) for name, values in self._sums.items()}
        with np.errstate(invalid="ignore", divide="ignore"):
            total = s["y_y"] - s["y"] * (s["y"] / s["count"])
            scores = 1 - s["errors"] / total
            scores[np.isinf(scores)] = 0
            if self.class_aggregation is None:
                return np.asarray(self._adjusted(scores))
            weights = np.ones_like(total) if self.class_aggregation == "uniform_average" else total
            return float(self._adjusted((weights * scores).sum() / weights.sum()))

    def _adjusted(self, score: Any) -> Any:
        spare = float(self.num_samples) - 1 - self.num_regressors
        if self.num_regressors == 0:
            return score
        if spare <= 0:
            warnings.warn(
                f"the metric {self.name!r} cannot be adjusted for num_regressors={self.num_regressors}: there are only "
                f"{int(self.num_samples)} targets; this is the score as it is",
                stacklevel=3,
            )
            return score
        return 1 - (1 - score) * (float(self.num_samples) - 1) / spare

    def refuse_outputs(self, outputs: tuple[int, ...]) -> None:
        """Raise ValueError if a model with outputs of such a shape cannot be judged by it.

        Parameters
        ----------
        outputs : tuple of int
            The shape of the outputs for a sample.
        """
        self._refuse_places(outputs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        own = {"class_aggregation": self.class_aggregation, "num_regressors": self.num_regressors}
        return {**super().get_config(), **own}


def _errors(metric: Metric, y_true: Any, y_pred: Any) -> Array:
    y, p = metric._numbers(y_true, y_pred)
    metric._same_shape(y, p)
    return np.asarray(p - y, np.float64)
