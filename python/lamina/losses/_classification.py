"""Losses of classes and probabilities: cross-entropies and their kin.

After a last softmax or sigmoid a cross-entropy is computed from what went into that function, so it stays finite
however large the numbers are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .. import _check
from ._base import CoreLoss

Array = NDArray[Any]

# Labels are exact as numbers of the core up to here.
_LARGEST_LABEL = 2**53


class _SmoothedCrossentropy(CoreLoss):
    """What the cross-entropies with rows of targets share."""

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        where = type(self).__name__
        _check.refuse(where, {"axis": axis}, {"axis": -1}, {"axis": "the classes stand on the last axis"})
        self.from_logits = _check.boolean(from_logits, "from_logits", where)
        self.label_smoothing = _check.real(
            label_smoothing, "label_smoothing", where, "in [0, 1]", lambda v: 0 <= v <= 1
        )

    @property
    def takes_off_link(self) -> bool:
        """Whether a last softmax or sigmoid is taken off, and what goes into it for the logits."""
        return not self.is_own

    def options(self) -> dict[str, Any]:
        """Return the options of the formula, as numbers by their names in Keras."""
        return {"from_logits": self.from_logits, "label_smoothing": self.label_smoothing}

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        own = {"from_logits": self.from_logits, "label_smoothing": self.label_smoothing, "axis": -1}
        return {**super().get_config(), **own}


class CategoricalCrossentropy(_SmoothedCrossentropy):
    """-sum over classes of y * log(p), for one-hot targets or a distribution a row.

    Outputs are divided by their sum first, and the quotients held in [epsilon, 1 - epsilon].

    Parameters
    ----------
    from_logits : bool
        Whether the outputs are logits, that is, p = softmax(outputs). Metrics see the logits. After a last
        softmax or sigmoid what goes into that is taken for logits anyway.
    label_smoothing : float
        s in [0, 1]: y * (1 - s) + s / classes takes the place of y (Szegedy et al., 2016, section 7).
    axis : int
        Only -1: the classes stand on the last axis.
    reduction, name, dtype
        See `Loss`.

    Raises
    ------
    TypeError, ValueError
        For values of another type, out of range or not supported.
    """

    core_name = "categorical_crossentropy"
    target = "distribution"


class SparseCategoricalCrossentropy(CoreLoss):
    """-log(p of the right class), for integer labels from 0 to classes - 1, (n,) or (n, 1).

    Outputs are held in [epsilon, 1 - epsilon] first, and then divided by their sum.

    Parameters
    ----------
    from_logits : bool
        As in `CategoricalCrossentropy`.
    ignore_class : int, optional
        A label, of a class or any other number, whose samples count as nothing; a mean is that of the others in the
        batch. After a last softmax or sigmoid the outputs are then taken as they are, as in Keras on TensorFlow; in
        `evaluate` the batches are those of its `batch_size`. Metrics know nothing of it.
    reduction, name, dtype
        See `Loss`.
    axis : int
        Only -1: the classes stand on the last axis.

    Raises
    ------
    TypeError, ValueError
        For values of another type or not supported.
    """

    core_name = "sparse_categorical_crossentropy"
    target = "labels"

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        where = type(self).__name__
        _check.refuse(where, {"axis": axis}, {"axis": -1}, {"axis": "the classes stand on the last axis"})
        self.from_logits = _check.boolean(from_logits, "from_logits", where)
        self.ignore_class = ignore_class
        if ignore_class is not None:
            self.ignore_class = _check.integer(ignore_class, "ignore_class", where, -_LARGEST_LABEL, _LARGEST_LABEL)

    @property
    def takes_off_link(self) -> bool:
        """Whether a last softmax or sigmoid is taken off: where every label counts."""
        return self.ignore_class is None and not self.is_own

    def options(self) -> dict[str, Any]:
        """Return the options of the formula, as numbers by their names in Keras."""
        ignored = {} if self.ignore_class is None else {"ignore_class": self.ignore_class}
        return {"from_logits": self.from_logits, **ignored}

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        own = {"from_logits": self.from_logits, "ignore_class": self.ignore_class, "axis": -1}
        return {**super().get_config(), **own}

    def _core_rows(self, y: Array, p: Array, wants_gradient: bool) -> tuple[Array, Array | None]:
        counted = self._mask(y)
        if counted is None or counted.all():
            return super()._core_rows(y, p, wants_gradient)
        values, gradient = np.zeros(len(p)), np.zeros_like(p) if wants_gradient else None
        values[counted], slopes = super()._core_rows(y[counted], p[counted], wants_gradient)
        if gradient is not None:
            gradient[counted] = slopes
        return values, gradient

    def _mask(self, y: Array) -> Array | None:
        return None if self.ignore_class is None else y != self.ignore_class


class BinaryCrossentropy(_SmoothedCrossentropy):
    """-(y * log(p) + (1 - y) * log(1 - p)), the mean over outputs, for targets from 0 to 1.

    Outputs are held in [epsilon, 1 - epsilon] first.

    Parameters
    ----------
    from_logits : bool
        Whether the outputs are logits, that is, p = sigmoid(outputs). Metrics see the logits. After a last
        softmax or sigmoid what goes into that is taken for logits anyway.
    label_smoothing : float
        s in [0, 1]: y * (1 - s) + s / 2 takes the place of y (Szegedy et al., 2016, section 7).
    axis : int
        Only -1: the mean is over the last axis.
    reduction, name, dtype
        See `Loss`.

    Raises
    ------
    TypeError, ValueError
        For values of another type, out of range or not supported.
    """

    core_name = "binary_crossentropy"
    target = "probability"


class BinaryFocalCrossentropy(_SmoothedCrossentropy):
    """w * (1 - q)**gamma * b, the mean over outputs, for targets from 0 to 1 (Lin et al., 2017).

    q = y * p + (1 - y) * (1 - p), so that outputs near their targets count for less than in the binary cross-entropy b,
    whose outputs are held in [epsilon, 1 - epsilon]. After a last softmax or sigmoid b is that of sigmoid(z), where z
    goes into that function, and p what comes out of it, for a softmax too, as in Keras on TensorFlow.

    Parameters
    ----------
    apply_class_balancing : bool
        Whether w = y * alpha + (1 - y) * (1 - alpha); else w = 1.
    alpha : float
        The weight of the class 1, in [0, 1].
    gamma : float
        How much less, at least 0.
    from_logits : bool
        Whether the outputs are logits, that is, p = sigmoid(outputs), also after a last softmax or sigmoid.
    label_smoothing, axis
        As in `BinaryCrossentropy`.
    reduction, name, dtype
        See `Loss`.

    Raises
    ------
    TypeError, ValueError
        For values of another type, out of range or not supported.
    """

    core_name = "binary_focal_crossentropy"
    target = "probability"

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)
        where = type(self).__name__
        self.apply_class_balancing = _check.boolean(apply_class_balancing, "apply_class_balancing", where)
        self.alpha = _check.real(alpha, "alpha", where, "in [0, 1]", lambda v: 0 <= v <= 1)
        self.gamma = _check.real(gamma, "gamma", where, "of at least 0", lambda v: v >= 0)

    @property
    def takes_off_link(self) -> bool:
        """Whether a last softmax or sigmoid is taken off: where the outputs are not said to be logits."""
        return super().takes_off_link and not self.from_logits

    def options(self) -> dict[str, Any]:
        """Return the options of the formula, as numbers by their names in Keras."""
        own = {"apply_class_balancing": self.apply_class_balancing, "alpha": self.alpha, "gamma": self.gamma}
        return {**super().options(), **own}

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        own = {"apply_class_balancing": self.apply_class_balancing, "alpha": self.alpha, "gamma": self.gamma}
        return {**super().get_config(), **own}


class CategoricalFocalCrossentropy(_SmoothedCrossentropy):
    """-sum over classes of alpha * y * (1 - q)**gamma * log(q), for one-hot targets (Lin et al., 2017).

    q are the outputs divided by their sum, then held in [epsilon, 1 - epsilon]; those near 1 count for less than in the
    cross-entropy.

    Parameters
    ----------
    alpha : float or sequence of float
        A weight of at least 0 for all classes, or one for each.
    gamma : float
        How much less, at least 0.
    from_logits : bool
        Whether the outputs are logits, that is, a softmax makes p of them, also after a last softmax or sigmoid.
    label_smoothing, axis
        As in `CategoricalCrossentropy`.
    reduction, name, dtype
        See `Loss`.

    Raises
    ------
    TypeError, ValueError
        For values of another type, out of range or not supported.
    """

    core_name = "categorical_focal_crossentropy"
    target = "distribution"

    def __init__(
        self,
        alpha: float | Sequence[float] = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)
        where = type(self).__name__
        self.alpha = _class_weights(alpha, where)
        self.gamma = _check.real(gamma, "gamma", where, "of at least 0", lambda v: v >= 0)

    @property
    def takes_off_link(self) -> bool:
        """Whether a last softmax or sigmoid is taken off: never."""
        return False

    def options(self) -> dict[str, Any]:
        """Return the options of the formula, as numbers or lists of numbers by their names in Keras."""
        return {**super().options(), "alpha": self.alpha, "gamma": self.gamma}

    def refuse_outputs(self, outputs: int) -> None:
        """Raise ValueError if there are weights for another number of classes.

        Parameters
        ----------
        outputs : int
            The number of outputs.
        """
        if isinstance(self.alpha, list) and len(self.alpha) != outputs:
            where = f"{type(self).__name__}(alpha={_check.shown(self.alpha)})"
            raise ValueError(f"{where}: {len(self.alpha)} weights for {outputs} classes")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        return {**super().get_config(), "alpha": self.alpha, "gamma": self.gamma}


def _class_weights(alpha: Any, where: str) -> float | list[float]:
    need = "of at least 0"
    if isinstance(alpha, (list, tuple)) or (isinstance(alpha, np.ndarray) and alpha.ndim == 1):
        if len(alpha) == 0:
            raise ValueError(f"{where}(alpha={_check.shown(alpha)}): give a weight for each class, or one for all")
        return [_check.real(value, f"alpha[{i}]", where, need, lambda v: v >= 0) for i, value in enumerate(alpha)]
    return _check.real(alpha, "alpha", where, need, lambda v: v >= 0)


class CategoricalGeneralizedCrossEntropy(CoreLoss):
    """(1 - p**q) / q, p the output of the right class, for integer labels (Zhang and Sabuncu, 2018).

    Between the cross-entropy, which it nears for small q, and the absolute error, so wrong labels do less harm.

    Parameters
    ----------
    q : float
        In (0, 1).
    reduction, name, dtype
        See `Loss`.

    Raises
    ------
    TypeError, ValueError
        For values of another type, out of range or not supported.
    """

    core_name = "categorical_generalized_cross_entropy"
    target = "labels"

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        self.q = _check.real(q, "q", type(self).__name__, "in (0, 1)", lambda v: 0 < v < 1)

    def options(self) -> dict[str, Any]:
        """Return the options of the formula, as numbers by their names in Keras."""
        return {"q": self.q}

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        return {**super().get_config(), "q": self.q}


class KLDivergence(CoreLoss):
    """sum over classes of y * log(y / p), for targets from 0 to 1 (Kullback and Leibler, 1951).

    Outputs and targets are held in [epsilon, 1], and outputs beyond have no gradient.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

    core_name = "kl_divergence"
    target = "probability"


class _Overlap(CoreLoss):
    """What the two losses share that judge how far targets and outputs overlap."""

    def __init__(self, axis: int | None, reduction: str | None, name: str | None, dtype: DTypeLike | None) -> None:
        super().__init__(reduction, name, dtype)
        if axis is not None:
            axis = _check.integer(axis, "axis", type(self).__name__, -_LARGEST_LABEL)
            _check.refuse(
                type(self).__name__, {"axis": axis}, {"axis": -1}, {"axis": "None: a batch as a whole; -1: each sample"}
            )
        self.axis = axis

    @property
    def is_of_batch(self) -> bool:
        """Whether it is one number for all samples of a batch: with axis=None."""
        return self.axis is None and not self.is_own

    def options(self) -> dict[str, Any]:
        """Return the options of the formula, as numbers by their names in Keras."""
        return {} if self.axis is None else {"axis": self.axis}

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        return {**super().get_config(), "axis": self.axis}


class Dice(_Overlap):
    """1 - 2 * sum(y * p) / (sum(y) + sum(p) + epsilon), for targets from 0 to 1 (Dice, 1945).

    With axis=None the sums are over all samples of a batch, so that the loss depends on which samples share one, in
    `evaluate` too: there they are those of its `batch_size`, as in Keras.

    Parameters
    ----------
    reduction
        See `Loss`; with axis=None there is nothing to reduce.
    name
        See `Loss`.
    axis : None or -1
        Over what the sums are: all of a batch, or the outputs of each sample.
    dtype
        See `Loss`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or not supported.
    """

    core_name = "dice"
    target = "probability"

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        axis: int | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(axis, reduction, name, dtype)


class Tversky(_Overlap):
    """1 - s / (s + alpha * sum(y * (1 - p)) + beta * sum((1 - y) * p) + epsilon), s = sum(y * p) (Salehi et al., 2017).

    For targets from 0 to 1. What is missed counts by alpha, what is too much by beta.

    Parameters
    ----------
    alpha, beta : float
        The weights, at least 0.
    reduction, name, axis, dtype
        See `Dice`.

    Raises
    ------
    TypeError, ValueError
        For values of another type, out of range or not supported.
    """

    core_name = "tversky"
    target = "probability"

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        axis: int | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(axis, reduction, name, dtype)
        where = type(self).__name__
        self.alpha = _check.real(alpha, "alpha", where, "of at least 0", lambda v: v >= 0)
        self.beta = _check.real(beta, "beta", where, "of at least 0", lambda v: v >= 0)

    def options(self) -> dict[str, Any]:
        """Return the options of the formula, as numbers by their names in Keras."""
        return {**super().options(), "alpha": self.alpha, "beta": self.beta}

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        return {**super().get_config(), "alpha": self.alpha, "beta": self.beta}
