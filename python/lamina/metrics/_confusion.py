"""What is counted of a confusion matrix: true and false, positives and negatives, by thresholds on the outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from .. import _check
from ._base import EPSILON, Array, Metric, Result, one_or_all, quotient

#: What stands for no threshold, below whatever a model puts out.
_LOWEST = -1e10
_MOST_THRESHOLDS = 10**6


class Counts(NamedTuple):
    """What outputs above each threshold, and those that are not, are worth by their weights."""

    true_positives: Array
    false_positives: Array
    true_negatives: Array
    false_negatives: Array


class Thresholds:
    """Thresholds, and which outputs are above each.

    Parameters
    ----------
    values : sequence of float
        The thresholds.
    are_even : bool, optional
        Whether they go from 0 to 1 at equal distances, so that those below an output are computed and not looked up, as
        in Keras; None looks.
    """

    def __init__(self, values: Sequence[float], are_even: bool | None = None) -> None:
        self.values = np.array(values, np.float64)
        if are_even is None:
            even = np.linspace(0, 1, len(values), dtype=np.float32)
            are_even = len(values) >= 3 and bool(np.allclose(np.clip(self.values, 0, 1), even, atol=EPSILON))
        self.are_even = are_even

    def below(self, p: Array) -> Array:
        """Return how many of the thresholds, from the smallest on, each output is above.

        Parameters
        ----------
        p : ndarray
            Outputs, of any shape.
        """
        if not self.are_even:
            return np.searchsorted(np.sort(self.values).astype(p.dtype), p, side="left")
        steps = np.ceil(np.clip(p, 0, 1) * p.dtype.type(len(self.values) - 1))
        return np.asarray(np.maximum(steps, 1 if self.values[0] < 0 else 0), np.int64)

    def counts(self, y: Array, p: Array, weights: Array, by_label: bool = False) -> Counts:
        """Return the counts at each threshold, (thresholds,), or (thresholds, labels) for each column of its own.

        Parameters
        ----------
        y, p, weights : ndarray
            Of one shape; a target that is not 0 is a positive one.
        by_label : bool
            Whether to count the columns apart.
        """
        columns = y.shape[1] if by_label else 1
        places = self.below(p).reshape(-1, columns) * columns + np.arange(columns)
        positive = (y != 0).reshape(-1, columns)
        weights = weights.astype(np.float64).reshape(-1, columns)
        above = [self._above(places, weights * chosen) for chosen in (positive, ~positive)]
        order = np.argsort(np.argsort(self.values, kind="stable"), kind="stable")
        true, false = (part[1:][order] for part in above)
        totals = above[0][0] - true, above[1][0] - false
        counted = (true, false, np.maximum(totals[1], 0), np.maximum(totals[0], 0))
        return Counts(*(part if by_label else part[:, 0] for part in counted))

    def _above(self, places: Array, weights: Array) -> Array:
        """Return the weights of all, and of those above the smallest threshold, the second, and so on."""
        count, columns = len(self.values) + 1, places.shape[1]
        sums = np.bincount(places.ravel(), weights.ravel(), count * columns).reshape(count, columns)
        return sums[::-1].cumsum(axis=0)[::-1]


class _Counting(Metric):
    """What the metrics share that are made of counts."""

    takes = "numbers"

    def _counts(
        self,
        thresholds: Thresholds,
        y_true: Any,
        y_pred: Any,
        sample_weight: Any,
        top_k: int | None = None,
        class_id: int | None = None,
    ) -> Counts:
        y, p, weights = self._checked(y_true, y_pred, sample_weight)
        if top_k is not None:
            self._refuse_classes(p.shape[-1] if p.ndim > 1 else None, top_k - 1, f"top_k={top_k}")
            p = _only_top(p, top_k)
        if class_id is not None:
            self._refuse_classes(p.shape[-1] if p.ndim > 1 else None, class_id, f"class_id={class_id}")
            y, p, weights = y[..., [class_id]], p[..., [class_id]], weights[..., [class_id]]
        return thresholds.counts(y, p, weights)

    def _checked(self, y_true: Any, y_pred: Any, sample_weight: Any) -> tuple[Array, Array, Array]:
        """Return targets, outputs and weights of one shape."""
        y, p = self._numbers(y_true, y_pred)
        self._same_shape(y, p)
        if p.ndim == 0:
            raise ValueError(f"{self.name!r}: y_pred is a single number; it must have the shape (n, ...)")
        weights = self._weights(sample_weight, np.dtype("float64"))
        if weights is None:
            return y, p, np.ones(p.shape)
        weights = weights.reshape(weights.shape + (1,) * (y.ndim - weights.ndim))  # whatever a sample's axes are
        return y, p, self._repeated(weights, p.shape)

    def _refuse_classes(self, classes: int | None, last: int, what: str) -> None:
        if classes is None or last >= classes:
            have = "no classes: it must be (n, classes)" if classes is None else f"{classes} classes"
            raise ValueError(f"metric {self.name!r} ({what}): there are {have}")


class _ConditionCount(_Counting):
    """One of the four counts."""

    part = ""

    def __init__(
        self,
        thresholds: float | Sequence[float] | None = None,
        name: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(dtype, name)
        self.init_thresholds, self.thresholds = checked_thresholds(thresholds, 0.5, type(self).__name__)
        self._thresholds = Thresholds(self.thresholds)
        self.accumulator = self.add_variable((len(self.thresholds),), name="accumulator")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Parameters
        ----------
        y_true, y_pred : array_like
            (n, ...); a target that is not 0 is a positive one.
        sample_weight : array_like, optional
            What each sample counts.

        Raises
        ------
        TypeError, ValueError
            For arrays that do not hold finite numbers or do not fit.
        """
        self.accumulator.assign_add(getattr(self._counts(self._thresholds, y_true, y_pred, sample_weight), self.part))

    def result(self) -> Result:
        """Return the count, or that of each threshold."""
        return one_or_all(self.accumulator)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(_ConditionCount):
    """How many outputs of positive targets are above the threshold.

    Parameters
    ----------
    thresholds : float or sequence of float, optional
        In [0, 1]; 0.5 where it is None. A list gives a value for each.
    name, dtype
        See `Metric`.
    """

    core_name = "true_positives"
    part = "true_positives"
    larger_is_better = True


class FalsePositives(_ConditionCount):
    """How many outputs of negative targets are above the threshold.

    Parameters
    ----------
    thresholds : float or sequence of float, optional
        In [0, 1]; 0.5 where it is None. A list gives a value for each.
    name, dtype
        See `Metric`.
    """

    core_name = "false_positives"
    part = "false_positives"
    larger_is_better = False


class TrueNegatives(_ConditionCount):
    """How many outputs of negative targets are not above the threshold.

    Parameters
    ----------
    thresholds : float or sequence of float, optional
        In [0, 1]; 0.5 where it is None. A list gives a value for each.
    name, dtype
        See `Metric`.
    """

    core_name = "true_negatives"
    part = "true_negatives"
    larger_is_better = True


class FalseNegatives(_ConditionCount):
    """How many outputs of positive targets are not above the threshold.

    Parameters
    ----------
    thresholds : float or sequence of float, optional
        In [0, 1]; 0.5 where it is None. A list gives a value for each.
    name, dtype
        See `Metric`.
    """

    core_name = "false_negatives"
    part = "false_negatives"
    larger_is_better = False


class _Share(_Counting):
    """The share of true positives among what is positive in one way or the other."""

    larger_is_better = True
    other = ""

    def __init__(
        self,
        thresholds: float | Sequence[float] | None = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(dtype, name)
        where = type(self).__name__
        self.top_k = None if top_k is None else _check.integer(top_k, "top_k", where, 1, _check.MOST_NUMBERS)
        self.class_id = checked_class(class_id, where)
        default = 0.5 if top_k is None else _LOWEST
        self.init_thresholds, self.thresholds = checked_thresholds(thresholds, default, where)
        self._thresholds = Thresholds(self.thresholds)
        self.true_positives = self.add_variable((len(self.thresholds),), name="true_positives")
        self._others = self.add_variable((len(self.thresholds),), name=self.other)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Parameters
        ----------
        y_true, y_pred : array_like
            (n, ...); a target that is not 0 is a positive one.
        sample_weight : array_like, optional
            What each sample counts.

        Raises
        ------
        TypeError, ValueError
            For arrays that do not hold finite numbers or do not fit.
        """
        counts = self._counts(self._thresholds, y_true, y_pred, sample_weight, self.top_k, self.class_id)
        self.true_positives.assign_add(counts.true_positives)
        self._others.assign_add(getattr(counts, self.other))

    def result(self) -> Result:
        """Return the share, or that of each threshold; 0 where there is nothing to share."""
        return one_or_all(quotient(self.true_positives, self.true_positives + self._others))

    def refuse_outputs(self, outputs: tuple[int, ...]) -> None:
        """Raise ValueError if a model with outputs of such a shape cannot be judged by it.

        Parameters
        ----------
        outputs : tuple of int
            The shape of the outputs for a sample.
        """
        if self.top_k is not None:
            self._refuse_classes(outputs[-1], self.top_k - 1, f"top_k={self.top_k}")
        if self.class_id is not None:
            self._refuse_classes(outputs[-1], self.class_id, f"class_id={self.class_id}")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        own = {"thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}
        return {**super().get_config(), **own}


class Precision(_Share):
    """The share of positive targets among the outputs above the threshold; 0 where none is.

    Parameters
    ----------
    thresholds : float or sequence of float, optional
        In [0, 1]; where it is None 0.5, or none with `top_k`. A list gives a value for each.
    top_k : int, optional
        Only the k largest outputs of a row count as positive.
    class_id : int, optional
        Only this column counts.
    name, dtype
        See `Metric`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    core_name = "precision"
    other = "false_positives"


class Recall(_Share):
    """The share of outputs above the threshold among those of positive targets; 0 where there are none.

    Parameters
    ----------
    thresholds : float or sequence of float, optional
        In [0, 1]; where it is None 0.5, or none with `top_k`. A list gives a value for each.
    top_k : int, optional
        Only the k largest outputs of a row count as positive.
    class_id : int, optional
        Only this column counts.
    name, dtype
        See `Metric`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    core_name = "recall"
    other = "false_negatives"


class _BestUnder(_Counting):
    """The largest value of one rate at thresholds where another is at least so large; 0 where there are none."""

    larger_is_better = True
    option = ""

    def __init__(
        self, value: float, num_thresholds: int, class_id: int | None, name: str | None, dtype: DTypeLike | None
    ) -> None:
        super().__init__(dtype, name)
        where = type(self).__name__
        self.value = _check.real(value, self.option, where, "in [0, 1]", lambda v: 0 <= v <= 1)
        self.num_thresholds = _check.integer(num_thresholds, "num_thresholds", where, 1, _MOST_THRESHOLDS)
        self.class_id = checked_class(class_id, where)
        count = self.num_thresholds
        self.thresholds = [0.5] if count == 1 else [i / (count - 1) for i in range(count)]
        self._thresholds = Thresholds(self.thresholds, are_even=count > 1)
        for part in Counts._fields:
            self.add_variable((count,), name=part)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Parameters
        ----------
        y_true, y_pred : array_like
            (n, ...); a target that is not 0 is a positive one.
        sample_weight : array_like, optional
            What each sample counts.

        Raises
        ------
        TypeError, ValueError
            For arrays that do not hold finite numbers or do not fit.
        """
        counts = self._counts(self._thresholds, y_true, y_pred, sample_weight, class_id=self.class_id)
        for variable, count in zip(self._variables, counts, strict=True):
            variable.assign_add(count)

    def result(self) -> Result:
        """Return the best rate."""
        constrained, rate = self._rates(Counts(*self._variables))
        return float(np.max(np.where(constrained >= self.value, rate, 0)))

    def _rates(self, n: Counts) -> tuple[Array, Array]:
        """Return the rate that must be large enough and the one that is wanted, at each threshold."""
        raise NotImplementedError

    def refuse_outputs(self, outputs: tuple[int, ...]) -> None:
        """Raise ValueError if a model with outputs of such a shape cannot be judged by it.

        Parameters
        ----------
        outputs : tuple of int
            The shape of the outputs for a sample.
        """
        if self.class_id is not None:
            self._refuse_classes(outputs[-1], self.class_id, f"class_id={self.class_id}")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        own = {self.option: self.value, "num_thresholds": self.num_thresholds, "class_id": self.class_id}
        return {**super().get_config(), **own}


class SensitivityAtSpecificity(_BestUnder):
    """The best share of true positives among positives, where that of true negatives is at least `specificity`.

    Parameters
    ----------
    specificity : float
        In [0, 1].
    num_thresholds : int
        How many thresholds from 0 to 1 to try.
    class_id : int, optional
        Only this column counts.
    name, dtype
        See `Metric`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    core_name = "sensitivity_at_specificity"
    option = "specificity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)

    def _rates(self, n: Counts) -> tuple[Array, Array]:
        return _specificity(n), _sensitivity(n)


class SpecificityAtSensitivity(_BestUnder):
    """The best share of true negatives among negatives, where that of true positives is at least `sensitivity`.

    Parameters
    ----------
    sensitivity : float
        In [0, 1].
    num_thresholds : int
        How many thresholds from 0 to 1 to try.
    class_id : int, optional
        Only this column counts.
    name, dtype
        See `Metric`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    core_name = "specificity_at_sensitivity"
    option = "sensitivity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)

    def _rates(self, n: Counts) -> tuple[Array, Array]:
        return _sensitivity(n), _specificity(n)


class PrecisionAtRecall(_BestUnder):
    """The best precision at thresholds where the recall is at least so large.

    Parameters
    ----------
    recall : float
        In [0, 1].
    num_thresholds : int
        How many thresholds from 0 to 1 to try.
    class_id : int, optional
        Only this column counts.
    name, dtype
        See `Metric`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    core_name = "precision_at_recall"
    option = "recall"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)

    def _rates(self, n: Counts) -> tuple[Array, Array]:
        return _sensitivity(n), _precision(n)


class RecallAtPrecision(_BestUnder):
    """The best recall at thresholds where the precision is at least so large.

    Parameters
    ----------
    precision : float
        In [0, 1].
    num_thresholds : int
        How many thresholds from 0 to 1 to try.
    class_id : int, optional
        Only this column counts.
    name, dtype
        See `Metric`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    core_name = "recall_at_precision"
    option = "precision"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)

    def _rates(self, n: Counts) -> tuple[Array, Array]:
        return _precision(n), _sensitivity(n)


def _sensitivity(n: Counts) -> Array:
    return np.asarray(quotient(n.true_positives, n.true_positives + n.false_negatives))


def _specificity(n: Counts) -> Array:
    return np.asarray(quotient(n.true_negatives, n.true_negatives + n.false_positives))


def _precision(n: Counts) -> Array:
    return np.asarray(quotient(n.true_positives, n.true_positives + n.false_positives))


def _only_top(p: Array, k: int) -> Array:
    """Return outputs of which all but the k largest of each row are below every threshold; of equal ones the first."""
    top = np.zeros(p.shape, bool)
    np.put_along_axis(top, np.argsort(-p, axis=-1, kind="stable")[..., :k], True, axis=-1)
    return np.where(top, p, p.dtype.type(_LOWEST))


def checked_class(value: Any, where: str) -> int | None:
    """Return the number of a column, or None."""
    return None if value is None else _check.integer(value, "class_id", where, 0, _check.MOST_NUMBERS)


def checked_thresholds(given: Any, default: float, where: str) -> tuple[float | list[float] | None, list[float]]:
    """Return thresholds as they were given, and as a list."""
    if given is None:
        return None, [default]
    many = isinstance(given, (list, tuple)) or (isinstance(given, np.ndarray) and given.ndim == 1)
    if many and not 1 <= len(given) <= _MOST_THRESHOLDS:
        raise ValueError(f"{where}(thresholds={_check.shown(given)}): thresholds must hold at least one number")
    found = [
        _check.real(t, "thresholds", where, "in [0, 1], or a list of them", lambda v: 0 <= v <= 1)
        for t in (given if many else [given])
    ]
    return (found if many else found[0]), found
