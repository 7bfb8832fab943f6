"""Losses: what training makes small.

A loss is a number a sample; what is reported is the mean over the samples, plus the penalties of
regularizers. In the formulas below p are a sample's outputs and y its targets. After a last softmax or
sigmoid a cross-entropy is computed from what went into that function, so it stays finite however large
the numbers are.

Formulas, the constant epsilon = 1e-7 in them and the gradients at their corners are those of Keras on
TensorFlow (keras/src/losses/losses.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from numpy.typing import DTypeLike

from . import _check, _registry

#: What the targets of a loss are: integer class labels; a distribution over classes, at least 0; numbers from
#: 0 to 1; numbers from -1 to 1; two values for two classes, 0 and 1 or -1 and 1; numbers of at least 0; any.
TargetKind = Literal["labels", "distribution", "probability", "indicator", "sign", "non-negative", "number"]

#: Keras's names of how the values of samples are reduced that mean the mean.
_MEANS = ("sum_over_batch_size", "mean")


class Loss:
    """The base class of all losses.

    Parameters
    ----------
    reduction : {'sum_over_batch_size', 'mean'}
        The values of the samples are averaged; these are Keras's two names of that.
    name : str, optional
        A name for messages; the loss has a default.
    dtype : None
        Only None: a loss is computed in the type of its model.

    Attributes
    ----------
    name : str
        That name.
    target : str
        What its targets are, one of `TargetKind`.

    Raises
    ------
    TypeError, ValueError
        For values of another type, out of range or not supported.
    """

    #: The name that `compile` and the core know.
    core_name: ClassVar[str] = ""  # none: one of a user's own, which compile refuses
    target: ClassVar[TargetKind]
    #: Whether the outputs are said to be logits.
    from_logits: bool = False

    def __init__(
        self, reduction: str = "sum_over_batch_size", name: str | None = None, dtype: DTypeLike | None = None
    ) -> None:
        where = type(self).__name__
        if name is not None and not (isinstance(name, str) and name):
            raise TypeError(f"{where}(name={_check.shown(name)}): name must be a string")
        if not (isinstance(reduction, str) and reduction in _MEANS):
            raise ValueError(
                f"{where}(reduction={_check.shown(reduction)}) is not supported: samples are averaged, "
                f"reduction={_MEANS[0]!r} or {_MEANS[1]!r}"
            )
        _check.refuse(where, {"dtype": dtype}, {"dtype": None}, {"dtype": "the model's dtype counts"})
        self.name = name or self.core_name
        self.reduction = reduction

    def spec(self) -> dict[str, Any]:
        """Return what the core is told: the name, and options as numbers."""
        return {"name": self.core_name}

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        return {"name": self.name, "reduction": self.reduction}


class _SmoothedCrossentropy(Loss):
    """What the two cross-entropies with rows of targets share."""

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str = "sum_over_batch_size",
        name: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        where = type(self).__name__
        _check.refuse(where, {"axis": axis}, {"axis": -1}, {})
        self.from_logits = _check.boolean(from_logits, "from_logits", where)
        self.label_smoothing = _check.real(
            label_smoothing, "label_smoothing", where, "in [0, 1]", lambda v: 0 <= v <= 1
        )

    def spec(self) -> dict[str, Any]:
        """Return what the core is told: the name, and options as numbers."""
        return {**super().spec(), "from_logits": self.from_logits, "label_smoothing": self.label_smoothing}

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


class SparseCategoricalCrossentropy(Loss):
    """-log(p of the right class), for integer labels from 0 to classes - 1, (n,) or (n, 1).

    Outputs are held in [epsilon, 1 - epsilon] first, and then divided by their sum.

    Parameters
    ----------
    from_logits : bool
        As in `CategoricalCrossentropy`.
    ignore_class : None
        Only None: every label counts.
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
        reduction: str = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        where = type(self).__name__
        given = {"ignore_class": ignore_class, "axis": axis}
        _check.refuse(where, given, {"ignore_class": None, "axis": -1}, {"ignore_class": "leave such samples out"})
        self.from_logits = _check.boolean(from_logits, "from_logits", where)

    def spec(self) -> dict[str, Any]:
        """Return what the core is told: the name, and options as numbers."""
        return {**super().spec(), "from_logits": self.from_logits}

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        return {**super().get_config(), "from_logits": self.from_logits, "ignore_class": None, "axis": -1}


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


class MeanSquaredError(Loss):
    """(p - y)**2, the mean over outputs.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

    core_name = "mean_squared_error"
    target = "number"


class MeanAbsoluteError(Loss):
    """abs(p - y), the mean over outputs. Where p = y its gradient is 0.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

    core_name = "mean_absolute_error"
    target = "number"


class MeanAbsolutePercentageError(Loss):
    """100 * abs(p - y) / max(abs(y), epsilon), the mean over outputs.

    A target of 0 makes it 1e9 times the error: such targets ask for another loss.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

    core_name = "mean_absolute_percentage_error"
    target = "number"


class MeanSquaredLogarithmicError(Loss):
    """(log(1 + p) - log(1 + y))**2, the mean over outputs, for targets of at least 0.

    Outputs and targets below epsilon count as epsilon, and such outputs have no gradient.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

    core_name = "mean_squared_logarithmic_error"
    target = "non-negative"


class Huber(Loss):
    """e**2 / 2 where abs(e) <= delta, else delta * abs(e) - delta**2 / 2; e = p - y, the mean over outputs.

    Squared for small errors, absolute for large ones (Huber, 1964).

    Parameters
    ----------
    delta : float
        The error up to which it is squared, above 0.
    reduction, name, dtype
        See `Loss`.

    Raises
    ------
    TypeError, ValueError
        For values of another type, out of range or not supported.
    """

    core_name = "huber"
    target = "number"

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        self.delta = _check.real(delta, "delta", "Huber", "above 0", lambda v: v > 0)

    def spec(self) -> dict[str, Any]:
        """Return what the core is told: the name, and options as numbers."""
        return {**super().spec(), "delta": self.delta}

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        return {**super().get_config(), "delta": self.delta}


class LogCosh(Loss):
    """log(cosh(p - y)), the mean over outputs: near e**2 / 2 for small errors e, abs(e) - log(2) for large.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

    core_name = "log_cosh"
    target = "number"


class Hinge(Loss):
    """max(1 - y * p, 0), the mean over outputs, for two classes y = -1 and 1 (Cortes and Vapnik, 1995).

    Targets are 0 and 1 or -1 and 1, the same two in the whole data set; 0 counts as -1. Metrics see them as they
    are given.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

    core_name = "hinge"
    target = "sign"


class SquaredHinge(Loss):
    """max(1 - y * p, 0)**2, the mean over outputs, for two classes y = -1 and 1.

    Targets are 0 and 1 or -1 and 1, the same two in the whole data set; 0 counts as -1. Metrics see them as they
    are given.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

    core_name = "squared_hinge"
    target = "sign"


class CategoricalHinge(Loss):
    """max(0, 1 + max((1 - y) * p) - sum(y * p)), for one-hot targets (Crammer and Singer, 2001).

    For the right class the first maximum has 0, so there a wrong class counts only where its output is above 0.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

    core_name = "categorical_hinge"
    target = "indicator"


class KLDivergence(Loss):
    """sum over classes of y * log(y / p), for targets from 0 to 1 (Kullback and Leibler, 1951).

    Outputs and targets are held in [epsilon, 1], and outputs beyond have no gradient.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

    core_name = "kl_divergence"
    target = "probability"


class Poisson(Loss):
    """p - y * log(p + epsilon), the mean over outputs, for counts y of at least 0 and positive outputs.

    The negative log-likelihood of counts with the means p, without the part that p does not change. An output
    below -epsilon has none: the loss is not a number then, and training stops.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

    core_name = "poisson"
    target = "non-negative"


class CosineSimilarity(Loss):
    """-sum(y * p) / (norm(y) * norm(p)), from -1 where the two point the same way to 1 where the opposite.

    A norm below epsilon counts as epsilon, so that rows of zeros make 0.

    Parameters
    ----------
    axis : int
        Only -1: a vector is what stands on the last axis.
    reduction, name, dtype
        See `Loss`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or not supported.
    """

    core_name = "cosine_similarity"
    target = "number"

    def __init__(
        self,
        axis: int = -1,
        reduction: str = "sum_over_batch_size",
        name: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        _check.refuse("CosineSimilarity", {"axis": axis}, {"axis": -1}, {})

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        return {**super().get_config(), "axis": -1}


_CLASSES: list[type[Loss]] = [
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    BinaryCrossentropy,
    MeanSquaredError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError,
    Huber,
    LogCosh,
    Hinge,
    SquaredHinge,
    CategoricalHinge,
    KLDivergence,
    Poisson,
    CosineSimilarity,
]
_NAMES: dict[str, type[Loss]] = {cls.core_name: cls for cls in _CLASSES} | {
    "bce": BinaryCrossentropy,
    "BCE": BinaryCrossentropy,
    "kld": KLDivergence,
    "KLD": KLDivergence,
    "mae": MeanAbsoluteError,
    "MAE": MeanAbsoluteError,
    "mse": MeanSquaredError,
    "MSE": MeanSquaredError,
    "mape": MeanAbsolutePercentageError,
    "MAPE": MeanAbsolutePercentageError,
    "msle": MeanSquaredLogarithmicError,
    "MSLE": MeanSquaredLogarithmicError,
}
#: What Keras resolves besides.
_ONLY_IN_KERAS = {
    "binary_focal_crossentropy",
    "BinaryFocalCrossentropy",
    "categorical_focal_crossentropy",
    "CategoricalFocalCrossentropy",
    "circle",
    "Circle",
    "ctc",
    "CTC",
    "dice",
    "Dice",
    "Loss",
    "LossFunctionWrapper",
    "tversky",
    "Tversky",
}


def known() -> list[str]:
    """Return the names of all losses."""
    return _registry.canonical(_NAMES)


def get(identifier: str | Mapping[str, Any] | type[Loss] | Loss) -> Loss:
    """Return the loss that a name, a configuration, a class or an instance stands for.

    Raises
    ------
    ValueError
        For an unknown name, and for a loss that only Keras has.
    TypeError
        For anything else; functions of your own are not supported.
    """
    return _registry.resolve(identifier, "loss", Loss, _NAMES, own=False, only_in_keras=_ONLY_IN_KERAS)
