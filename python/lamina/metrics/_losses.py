"""Metrics that are the mean of a loss's values, of which the loss has the formula."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from .. import _data, losses
from ._base import Array, TargetsTaken
from ._reductions import _MeanOfValues


class _MeanLoss(_MeanOfValues):
    """The mean of the values of a loss of this package.

    Outputs are taken as they are, those of a last softmax or sigmoid too: what went into it is not known here.
    """

    loss_class: ClassVar[type[losses.Loss]]
    larger_is_better = False
    takes: ClassVar[TargetsTaken] = "numbers"

    def __init__(self, name: str | None, dtype: DTypeLike | None, **options: Any) -> None:
        super().__init__(name, dtype)
        self._loss = self.loss_class(name=self.name, **options)
        self._options = options

    def _values(self, y_true: Any, y_pred: Any) -> Array:
        p = _data.elements(y_pred, "y_pred")
        return np.asarray(self._loss.values(y_true, p if self.dtype is None else p.astype(self.dtype)))

    def refuse_outputs(self, outputs: tuple[int, ...]) -> None:
        """Raise ValueError if a model with outputs of such a shape cannot be judged by it.

        Parameters
        ----------
        outputs : tuple of int
            The shape of the outputs for a sample.
        """
        self._loss.refuse_outputs(outputs[-1])

    def refuse_targets(self, y: Array, outputs: tuple[int, ...]) -> None:
        """Raise ValueError if its loss does not take some of these targets.

        Parameters
        ----------
        y : ndarray
            All targets, ``(n, *outputs)``, or labels without the last axis.
        outputs : tuple of int
            The shape of the outputs for a sample.
        """
        try:
            _data.targets(y, self._loss, len(y), outputs, y.dtype.name if y.dtype.kind == "f" else "float32")
        except ValueError as error:
            raise ValueError(f"metric {self.name!r}: {error}") from None

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        own = self._loss.get_config()
        return {**super().get_config(), **{name: own[name] for name in self._options}}


class BinaryCrossentropy(_MeanLoss):
    """The mean of the values of `lamina.losses.BinaryCrossentropy`.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    from_logits, label_smoothing
        See there.
    """

    core_name = "binary_crossentropy"
    loss_class = losses.BinaryCrossentropy

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: DTypeLike | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(name, dtype, from_logits=from_logits, label_smoothing=label_smoothing)


class CategoricalCrossentropy(_MeanLoss):
    """The mean of the values of `lamina.losses.CategoricalCrossentropy`.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    from_logits, label_smoothing, axis
        See there.
    """

    core_name = "categorical_crossentropy"
    loss_class = losses.CategoricalCrossentropy

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: DTypeLike | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
    ) -> None:
        super().__init__(name, dtype, from_logits=from_logits, label_smoothing=label_smoothing, axis=axis)


class SparseCategoricalCrossentropy(_MeanLoss):
    """The mean of the values of `lamina.losses.SparseCategoricalCrossentropy`.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    from_logits, axis
        See there.
    ignore_class : int, optional
        A label whose samples have the value 0. Where there are sample weights they count as nothing, and otherwise
        like any, as in Keras.
    """

    core_name = "sparse_categorical_crossentropy"
    loss_class = losses.SparseCategoricalCrossentropy
    takes = "labels"

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: DTypeLike | None = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(name, dtype, from_logits=from_logits, ignore_class=ignore_class, axis=axis)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Add a batch.

        Parameters
        ----------
        y_true : array_like
            Labels, (...), or (..., 1).
        y_pred : array_like
            (..., classes).
        sample_weight : array_like, optional
            What each sample counts.

        Raises
        ------
        TypeError, ValueError
            For arrays that do not hold finite numbers or do not fit.
        """
        values = self._values(y_true, y_pred)
        ignored = self._options["ignore_class"]
        if sample_weight is not None and ignored is not None:
            labels = _data.numeric(y_true, "y_true").reshape(values.shape)
            given = self._weights(sample_weight, np.dtype("float64"))
            sample_weight = given * (labels != ignored) if given is not None else None
        self._add(values, sample_weight)


class KLDivergence(_MeanLoss):
    """The mean of the values of `lamina.losses.KLDivergence`.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    """

    core_name = "kl_divergence"
    loss_class = losses.KLDivergence

    def __init__(self, name: str | None = "kl_divergence", dtype: DTypeLike | None = None) -> None:
        super().__init__(name, dtype)


class Poisson(_MeanLoss):
    """The mean of the values of `lamina.losses.Poisson`.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    """

    core_name = "poisson"
    loss_class = losses.Poisson

    def __init__(self, name: str | None = "poisson", dtype: DTypeLike | None = None) -> None:
        super().__init__(name, dtype)


class Hinge(_MeanLoss):
    """The mean of the values of `lamina.losses.Hinge`.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    """

    core_name = "hinge"
    loss_class = losses.Hinge

    def __init__(self, name: str | None = "hinge", dtype: DTypeLike | None = None) -> None:
        super().__init__(name, dtype)


class SquaredHinge(_MeanLoss):
    """The mean of the values of `lamina.losses.SquaredHinge`.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    """

    core_name = "squared_hinge"
    loss_class = losses.SquaredHinge

    def __init__(self, name: str | None = "squared_hinge", dtype: DTypeLike | None = None) -> None:
        super().__init__(name, dtype)


class CategoricalHinge(_MeanLoss):
    """The mean of the values of `lamina.losses.CategoricalHinge`.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    """

    core_name = "categorical_hinge"
    loss_class = losses.CategoricalHinge

    def __init__(self, name: str | None = "categorical_hinge", dtype: DTypeLike | None = None) -> None:
        super().__init__(name, dtype)


class MeanAbsolutePercentageError(_MeanLoss):
    """The mean of the values of `lamina.losses.MeanAbsolutePercentageError`.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    """

    core_name = "mean_absolute_percentage_error"
    loss_class = losses.MeanAbsolutePercentageError

    def __init__(self, name: str | None = "mean_absolute_percentage_error", dtype: DTypeLike | None = None) -> None:
        super().__init__(name, dtype)


class MeanSquaredLogarithmicError(_MeanLoss):
    """The mean of the values of `lamina.losses.MeanSquaredLogarithmicError`.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    """

    core_name = "mean_squared_logarithmic_error"
    loss_class = losses.MeanSquaredLogarithmicError

    def __init__(self, name: str | None = "mean_squared_logarithmic_error", dtype: DTypeLike | None = None) -> None:
        super().__init__(name, dtype)


class LogCoshError(_MeanLoss):
    """The mean of the values of `lamina.losses.LogCosh`.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    """

    core_name = "logcosh"
    loss_class = losses.LogCosh

    def __init__(self, name: str | None = "logcosh", dtype: DTypeLike | None = None) -> None:
        super().__init__(name, dtype)
