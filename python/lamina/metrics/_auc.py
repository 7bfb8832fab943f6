"""The area under a curve of a classifier's rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .. import _check
from ._base import EPSILON, Array, floats, quotient
from ._confusion import _MOST_THRESHOLDS, Counts, Thresholds, _Counting, checked_thresholds

_CURVES = ("ROC", "PR", "PRGAIN")
_METHODS = ("interpolation", "majoring", "minoring")


class AUC(_Counting):
    """The area under a curve, from the counts at thresholds on the outputs.

    Parameters
    ----------
    num_thresholds : int
        How many thresholds from 0 to 1, at least 2; the more, the nearer to the true area.
    curve : {'ROC', 'PR', 'PRGAIN'}
        The true positive rate over the false positive rate; the precision over the recall; their gains (Flach & Kull,
        2015).
    summation_method : {'interpolation', 'minoring', 'majoring'}
        Whether the steps of the sum have the mean, the smaller or the larger of their two heights; for 'PR' the first
        interpolates the counts instead (Davis & Goadrich, 2006).
    name, dtype
        See `Metric`.
    thresholds : sequence of float, optional
        In [0, 1], in place of `num_thresholds`; 0 and 1 are added.
    multi_label : bool
        Whether each column is a class of its own, whose areas are averaged; otherwise all are taken together.
    num_labels : int, optional
        The number of columns, with `multi_label`.
    label_weights : sequence of float, optional
        What each column counts.
    from_logits : bool
        Whether the outputs go through a sigmoid first.

    Raises
    ------
    TypeError, ValueError
        For values of another type, out of range or not known.
    """

    core_name = "auc"
    larger_is_better = True

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: DTypeLike | None = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Sequence[float] | None = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(dtype, name)
        where = type(self).__name__
        given = isinstance(curve, str) and curve in ("pr", "roc", "prgain")
        self.curve = _check.one_of(curve.upper() if given else curve, "curve", where, _CURVES)
        given = isinstance(summation_method, str) and summation_method.lower() in _METHODS
        self.summation_method = _check.one_of(
            summation_method.lower() if given else summation_method, "summation_method", where, _METHODS
        )
        self.multi_label = _check.boolean(multi_label, "multi_label", where)
        self.from_logits = _check.boolean(from_logits, "from_logits", where)
        self._init_from_thresholds = thresholds is not None
        if thresholds is None:
            count = _check.integer(num_thresholds, "num_thresholds", where, 2, _MOST_THRESHOLDS)
            inner = [i / (count - 1) for i in range(1, count - 1)]
        else:
            if not isinstance(thresholds, (list, tuple, np.ndarray)):
                raise TypeError(f"{where}(thresholds={_check.shown(thresholds)}): thresholds must be a list of numbers")
            inner = sorted(checked_thresholds(thresholds, 0.5, where)[1])
        self.thresholds = [-EPSILON, *inner, 1 + EPSILON]
        self.num_thresholds = len(self.thresholds)
        self._thresholds = Thresholds(self.thresholds, None if self._init_from_thresholds else True)
        self._set_labels(num_labels, label_weights, where)

    def _set_labels(self, num_labels: Any, label_weights: Any, where: str) -> None:
        self.num_labels = None
        if num_labels is not None:
            self.num_labels = _check.integer(num_labels, "num_labels", where, 1, _check.MOST_NUMBERS)
            if not self.multi_label:
                raise ValueError(f"{where}(num_labels={num_labels}): num_labels is for multi_label=True alone")
        self.label_weights: list[float] | None = None
        if label_weights is not None:
            weights = floats(label_weights, "label_weights", "float64")
            if weights.ndim != 1 or weights.size == 0 or weights.min() < 0:
                raise ValueError(
                    f"{where}(label_weights={_check.shown(label_weights)}): label_weights must be numbers of at least 0"
                )
            if self.num_labels not in (None, len(weights)):
                raise ValueError(
                    f"{where}(label_weights=..., num_labels={num_labels}): there are {len(weights)} weights"
                )
            self.label_weights = weights.tolist()
        if not self.multi_label:
            self._add_counts((self.num_thresholds,))
        elif self.num_labels is not None:
            self._add_counts((self.num_thresholds, self.num_labels))

    def _add_counts(self, shape: tuple[int, ...]) -> None:
        for part in Counts._fields:
            self.add_variable(shape, name=part)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Parameters
        ----------
        y_true, y_pred : array_like
            (n, ...), with `multi_label` (n, labels); a target that is not 0 is a positive one.
        sample_weight : array_like, optional
            What each sample counts.

        Raises
        ------
        TypeError, ValueError
            For arrays that do not hold finite numbers or do not fit.
        """
        y, p, weights = self._checked(y_true, y_pred, sample_weight)
        if self.from_logits:
            with np.errstate(over="ignore"):
                p = 1 / (1 + np.exp(-p))
        if self.multi_label and p.ndim != 2:
            raise ValueError(f"{self.name!r} (multi_label=True): y_pred has shape {p.shape}; it must be (n, labels)")
        self._refuse_labels(p.shape[-1] if p.ndim > 1 else 1)
        if self.multi_label and not self._variables:
            self._add_counts((self.num_thresholds, p.shape[1]))
        if self.label_weights is not None and not self.multi_label:
            weights = weights * np.array(self.label_weights, weights.dtype)
        counts = self._thresholds.counts(y, p, weights, self.multi_label)
        for variable, count in zip(self._variables, counts, strict=True):
            variable.assign_add(count)

    def _refuse_labels(self, labels: int) -> None:
        known = self._variables[0].shape[1] if self.multi_label and self._variables else None
        weighted = None if self.label_weights is None else len(self.label_weights)
        for expected, what in ((known, "num_labels"), (weighted, "label_weights")):
            if expected not in (None, labels):
                raise ValueError(f"metric {self.name!r} ({what}): there are {labels} outputs, it is for {expected}")

    def refuse_outputs(self, outputs: tuple[int, ...]) -> None:
        """Raise ValueError if a model with outputs of such a shape cannot be judged by it.

        Parameters
        ----------
        outputs : tuple of int
            The shape of the outputs for a sample.
        """
        if self.multi_label:
            self._refuse_places(outputs)
        self._refuse_labels(outputs[-1])

    def result(self) -> float:
        """Return the area; with `multi_label` the mean of the areas of the columns."""
        if not self._variables:
            return 0.0
        n = Counts(*(np.array(variable) for variable in self._variables))
        if self.curve == "PR" and self.summation_method == "interpolation":
            areas = _interpolated(n)
        else:
            x, y = {"ROC": _roc, "PR": _pr, "PRGAIN": _gains}[self.curve](n)
            first, second = y[:-1], y[1:]
            heights = {
                "interpolation": lambda: (first + second) / 2,
                "minoring": lambda: np.minimum(first, second),
                "majoring": lambda: np.maximum(first, second),
            }[self.summation_method]()
            areas = ((x[:-1] - x[1:]) * heights).sum(axis=0)
        if not self.multi_label or self.label_weights is None:
            return float(areas.mean())
        weights = np.array(self.label_weights)
        return float(quotient((areas * weights).sum(), weights.sum()))

    def reset_state(self) -> None:
        """Begin anew, with nothing added."""
        if self.multi_label and self.num_labels is None:
            self._variables.clear()  # the next data may have another number of columns
        super().reset_state()

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        own = {
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": self.label_weights,
            "from_logits": self.from_logits,
        }
        if self._init_from_thresholds:
            own["thresholds"] = self.thresholds[1:-1]
        return {**super().get_config(), **own}


def _roc(n: Counts) -> tuple[Array, Array]:
    return (
        quotient(n.false_positives, n.false_positives + n.true_negatives),
        quotient(n.true_positives, n.true_positives + n.false_negatives),
    )


def _pr(n: Counts) -> tuple[Array, Array]:
    return (
        quotient(n.true_positives, n.true_positives + n.false_negatives),
        quotient(n.true_positives, n.true_positives + n.false_positives),
    )


def _gains(n: Counts) -> tuple[Array, Array]:
    """Return the gains in recall, of at least 0, and in precision; 0 and 1 where there are no true positives."""
    odds = quotient(n.true_positives + n.false_negatives, n.true_negatives + n.false_positives)
    none = n.true_positives == 0
    recall = np.where(none, 0, 1 - odds * quotient(n.false_negatives, n.true_positives))
    precision = np.where(none, 1, 1 - odds * quotient(n.false_positives, n.true_positives))
    return np.maximum(recall, 0), precision


def _interpolated(n: Counts) -> Array:
    """Return the area under precision over recall, true positives interpolated between thresholds.

    Between two thresholds tp = a + b * p, where p are the positive outputs: the integral of tp / p by the recall is
    (b / positives) * (dtp + a * log(p1 / p0)).
    """
    positive = n.true_positives + n.false_positives
    more, fewer = positive[:-1], positive[1:]
    gained = n.true_positives[:-1] - n.true_positives[1:]
    slope = quotient(gained, np.maximum(more - fewer, 0))
    intercept = n.true_positives[1:] - slope * fewer
    both = (more > 0) & (fewer > 0)
    ratio = np.where(both, quotient(more, fewer), 1)
    parts = quotient(
        slope * (gained + intercept * np.log(ratio)), np.maximum(n.true_positives[1:] + n.false_negatives[1:], 0)
    )
    return np.asarray(parts.sum(axis=0))
