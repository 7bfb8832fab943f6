"""F-scores: means of precision and recall."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike

from .. import _check
from ._base import EPSILON, Metric, Result

Average = Literal["micro", "macro", "weighted"] | None
_AVERAGES = (None, "micro", "macro", "weighted")
#: Outputs of less are never the predicted class.
_NEXT_TO_NOTHING = 1e-9


class FBetaScore(Metric):
    """(1 + beta**2) * precision * recall / (beta**2 * precision + recall), of each class or averaged.

    Parameters
    ----------
    average : {None, 'micro', 'macro', 'weighted'}
        A score for each class; one of all counts together; their mean; their mean by how many targets each has.
    beta : float
        How many times as much the recall counts as the precision, above 0.
    threshold : float, optional
        In (0, 1]: outputs above it are positive. None: the largest of each row.
    name, dtype
        See `Metric`.

    Raises
    ------
    TypeError, ValueError
        For values of another type, out of range or not known.
    """

    core_name = "fbeta_score"
    larger_is_better = True
    takes = "numbers"

    def __init__(
        self,
        average: Average = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(dtype, name)
        where = type(self).__name__
        self.average = _check.one_of(average, "average", where, _AVERAGES)
        self.beta = _check.real(beta, "beta", where, "above 0", lambda v: v > 0)
        self.threshold = threshold
        if threshold is not None:
            self.threshold = _check.real(threshold, "threshold", where, "in (0, 1]", lambda v: 0 < v <= 1)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Parameters
        ----------
        y_true : array_like
            (n, classes), 1 for what belongs to the class and 0 else.
        y_pred : array_like
            (n, classes).
        sample_weight : array_like, optional
            What each sample counts, (n,).

        Raises
        ------
        TypeError, ValueError
            For arrays that do not hold finite numbers or do not fit.
        """
        y, p = self._numbers(y_true, y_pred)
        self._same_shape(y, p)
        if p.ndim != 2 or p.shape[1] == 0:
            raise ValueError(f"{self.name!r}: y_pred has shape {p.shape}; it must be (n, classes)")
        if self.threshold is None:
            chosen = (p >= p.max(axis=1, keepdims=True)) & (abs(p) > _NEXT_TO_NOTHING)
        else:
            chosen = p > p.dtype.type(self.threshold)
        y = y.astype(np.float64)
        weights = self._weights(1.0 if sample_weight is None else sample_weight, y.dtype)
        assert weights is not None
        weights = self._repeated(weights[:, np.newaxis] if weights.ndim == 1 else weights, y.shape)
        if not self._variables:
            for name in ("true_positives", "false_positives", "false_negatives", "targets"):
                self.add_variable((p.shape[1],), name=name)
        if self._variables[0].shape != (p.shape[1],):
            raise ValueError(
                f"{self.name!r}: y_pred has {p.shape[1]} classes, earlier ones had {len(self._variables[0])}"
            )
        for variable, counted in zip(self._variables, (chosen * y, chosen * (1 - y), ~chosen * y, y), strict=True):
            variable.assign_add((counted * weights).sum(axis=0))

    def result(self) -> Result:
        """Return the score, or those of the classes; 0 before any data."""
        if not self._variables:
            return 0.0
        right, wrong, missed, targets = (np.array(variable) for variable in self._variables)
        if self.average == "micro":
            right, wrong, missed = (part.sum(keepdims=True) for part in (right, wrong, missed))
        precision, recall = right / (right + wrong + EPSILON), right / (right + missed + EPSILON)
        square = self.beta**2
        scores = (1 + square) * precision * recall / (square * precision + recall + EPSILON)
        if self.average is None:
            return np.asarray(scores)
        if self.average == "weighted":
            return float((scores * targets / (targets.sum() + EPSILON)).sum())
        return float(scores.mean())

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
        own = {"average": self.average, "beta": self.beta, "threshold": self.threshold}
        return {**super().get_config(), **own}


class F1Score(FBetaScore):
    """2 * precision * recall / (precision + recall), of each class or averaged.

    Parameters
    ----------
    average : {None, 'micro', 'macro', 'weighted'}
        A score for each class; one of all counts together; their mean; their mean by how many targets each has.
    threshold : float, optional
        In (0, 1]: outputs above it are positive. None: the largest of each row.
    name, dtype
        See `Metric`.

    Raises
    ------
    TypeError, ValueError
        For values of another type, out of range or not known.
    """

    core_name = "f1_score"

    def __init__(
        self,
        average: Average = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        config = super().get_config()
        del config["beta"]
        return config
