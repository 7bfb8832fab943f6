"""What all losses have in common, those of one's own among them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any, ClassVar, Literal, cast, get_args

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .. import _check, _core, _data

Array = NDArray[Any]

#: What the targets of a loss are: integer class labels; a distribution over classes, at least 0; numbers from
#: 0 to 1; numbers from -1 to 1; two values for two classes, 0 and 1 or -1 and 1; numbers of at least 0; any.
TargetKind = Literal["labels", "distribution", "probability", "indicator", "sign", "non-negative", "number"]

#: Keras's names of how the values of samples are reduced. The first two mean the same.
_MEANS = ("sum_over_batch_size", "mean")
_REDUCTIONS = (*_MEANS, "sum", "mean_with_sample_weight", "none", None)


class Loss:
    """The base class of all losses: a value a sample, and how the values of a batch become one number.

    A loss of your own is a class that derives from this one and has a method `value_and_gradient`. There is no
    automatic differentiation, so that method returns the gradient too::

        class SquaredError(Loss):
            def value_and_gradient(self, y_true, y_pred):
                error = y_pred - y_true
                return (error**2).mean(axis=1), 2 * error / error.shape[1]

    It is called once a batch, in the thread that called `fit`, with NumPy arrays of its own: `y_pred` (n, outputs),
    what the model puts out, and `y_true` of the same shape and type, or int64 labels (n,) where the class attribute
    `target` is 'labels'. Samples of several rows, as after a Reshape, come as so many rows. What it raises ends `fit`,
    and its batch is not applied. The model that is being trained cannot predict or train in it; others can. Sample
    weights multiply the values and the rows of the gradient, so with them a value must depend on its own sample alone.

    Parameters
    ----------
    name : str, optional
        A name for messages; the class has a default.
    reduction : {'sum_over_batch_size', 'mean', 'sum', 'mean_with_sample_weight', 'none', None}
        The values of the samples are averaged, as the first two say, or added. A model can be trained with these
        three. A loss that is called alone can have the others too: the sum divided by that of the sample weights;
        the values as they are.
    dtype : None
        Only None: a loss is computed in the type of its model, or of `y_pred`.

    Attributes
    ----------
    name : str
        That name.
    target : str
        What its targets are, one of `TargetKind`: what they are checked for, and whether they are labels.

    Raises
    ------
    TypeError, ValueError
        For values of another type, out of range or not supported.
    """

    #: The name that `compile` and the core know.
    core_name: ClassVar[str] = ""  # none: one of a user's own
    target: ClassVar[TargetKind] = "number"
    #: Whether the outputs are said to be logits.
    from_logits: bool = False

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: DTypeLike | None = None,
    ) -> None:
        where = type(self).__name__
        if name is not None and not (isinstance(name, str) and name):
            raise TypeError(f"{where}(name={_check.shown(name)}): name must be a string")
        _refuse_reduction(reduction, where)
        _check.refuse(where, {"dtype": dtype}, {"dtype": None}, {"dtype": "the model's dtype counts"})
        if self.target not in get_args(TargetKind):
            known = ", ".join(map(repr, get_args(TargetKind)))
            raise ValueError(
                f"{where}: its class attribute target is {_check.shown(self.target)}; it must be one of {known}"
            )
        self.name = name or self.core_name or _snake_case(where)
        self.reduction = reduction

    @property
    def is_own(self) -> bool:
        """Whether Python computes it: a loss of a user's own."""
        return type(self).value_and_gradient is not Loss.value_and_gradient

    @property
    def is_of_batch(self) -> bool:
        """Whether it is one number for all samples of a batch, not a value for each."""
        return False

    @property
    def takes_off_link(self) -> bool:
        """Whether a softmax or sigmoid at the end of a model is taken off, and what goes into it for the logits."""
        return False

    def options(self) -> dict[str, Any]:
        """Return the options of the formula, as numbers or lists of numbers by their names in Keras."""
        return {}

    def spec(self) -> dict[str, Any]:
        """Return what the core is told to train with this loss: the name, and options as numbers.

        Raises
        ------
        ValueError
            For a reduction that a model cannot be trained with.
        """
        if self.reduction not in (*_MEANS, "sum"):
            raise ValueError(
                f"{type(self).__name__}(reduction={self.reduction!r}) is not supported in compile(): training needs "
                f"one number a batch, reduction={_MEANS[0]!r} or 'sum'"
            )
        spec = {"name": self.core_name, **self.options()}
        if self.is_own:
            spec |= {"name": self.name, "own": self, "labels": self.target == "labels"}
        return spec | ({"sum": True} if self.reduction == "sum" else {})

    def refuse_outputs(self, outputs: int) -> None:
        """Raise ValueError if a model with so many outputs cannot be trained with this loss."""

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """Return the loss that these arguments make.

        Parameters
        ----------
        config : dict
            As from `get_config`.
        """
        return cls(**config)

    def value_and_gradient(self, y_true: Array, y_pred: Array) -> tuple[Array, Array]:
        """Return a value a sample, and the gradient of their sum by every output.

        Where a sample's value depends on its own outputs alone, as it mostly does, that is the gradient of its value.

        Parameters
        ----------
        y_true : array_like
            (n, outputs), or labels (n,).
        y_pred : array_like
            (n, outputs).

        Returns
        -------
        values : ndarray
            (n,).
        gradient : ndarray
            (n, outputs).

        Raises
        ------
        TypeError, ValueError
            For arrays that do not hold finite numbers or do not fit.
        """
        if not self.core_name:
            raise NotImplementedError(f"{type(self).__name__} must have a method value_and_gradient: see lamina.losses")
        y, p = _pair(self, y_true, y_pred)
        if p.ndim != 2:
            raise ValueError(f"{self.name!r}: y_pred has shape {p.shape}; value_and_gradient takes (n, outputs)")
        values, gradient = self._core_rows(y, p, True)
        return values.astype(p.dtype), cast(Array, gradient)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> float | Array:
        """Return the loss of outputs, reduced to one number, or the values where the reduction is 'none' or None.

        Computed in float64 where `y_pred` is, else in float32.

        Parameters
        ----------
        y_true : array_like
            Of the shape of `y_pred`; labels without the last axis, or with one of length 1. An axis of length 1 at the
            end may be missing, or be there, in one of the two.
        y_pred : array_like
            (..., outputs).
        sample_weight : array_like, optional
            Numbers that the values are multiplied by, (...) or what is repeated to that shape.

        Returns
        -------
        float or ndarray
            The mean or the sum; else the values, (...).

        Raises
        ------
        TypeError, ValueError
            For arrays that do not hold finite numbers or do not fit.
        """
        y, p = _pair(self, y_true, y_pred)
        values = self.values(y, p)
        weights = None
        if sample_weight is not None:
            weights = _data.elements(sample_weight, "sample_weight").astype(p.dtype)
        mask = self._mask(y)
        if mask is not None:
            weights = _masked(mask, weights, self.reduction in _MEANS, p.dtype)
        return _reduced(values, weights, self.reduction)

    def values(self, y_true: Any, y_pred: Any) -> Array:
        """Return the value of each sample, (...) of `y_pred` (..., outputs); see `__call__`.

        Parameters
        ----------
        y_true, y_pred : array_like
            As for `__call__`.
        """
        y, p = _pair(self, y_true, y_pred)
        if p.size == 0:
            raise ValueError(f"{self.name!r}: y_pred has shape {p.shape}, without a single number")
        rows = p.reshape(-1, p.shape[-1])
        flat = y.reshape(len(rows)) if self.target == "labels" else y.reshape(rows.shape)
        values = (self._own_rows if self.is_own else self._core_rows)(flat, rows, False)[0].astype(p.dtype)
        return values[0] if self.is_of_batch else values.reshape(p.shape[:-1])

    def _core_rows(self, y: Array, p: Array, wants_gradient: bool) -> tuple[Array, Array | None]:
        """Return the core's values of rows (n, outputs), float64, and the gradient of their sum where it is wanted."""
        self.refuse_outputs(p.shape[1])
        targets = _data.targets(y, self, len(p), p.shape[1:], p.dtype.name, "y_true")
        return _core.loss_rows({"name": self.core_name, **self.options()}, targets, p, wants_gradient)

    def _own_rows(self, y: Array, p: Array, wants_gradient: bool) -> tuple[Array, Array | None]:
        """Return the same of a loss that Python computes."""
        return self._judged(_data.targets(y, self, len(p), p.shape[1:], p.dtype.name, "y_true"), p)

    def _mask(self, y: Array) -> Array | None:
        """Return which values count, or None where all do."""
        return None

    def _judged(self, y_true: Array, y_pred: Array) -> tuple[Array, Array]:
        """Return what `value_and_gradient` returns, checked and as the core takes it."""
        return _checked(self.value_and_gradient(y_true, y_pred), y_pred, self.name)


class FunctionLoss(Loss):
    """A function of your own as a loss: what `compile` makes of it.

    Parameters
    ----------
    function : callable
        It takes (y_true, y_pred) and returns a value a sample with the gradient; see `Loss`.
    name, reduction, dtype
        See `Loss`.
    """

    def __init__(
        self,
        function: Callable[[Array, Array], tuple[Array, Array]],
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: DTypeLike | None = None,
    ) -> None:
        _refuse_other_arguments(function)
        own = getattr(function, "__name__", None)
        super().__init__(name or (own if isinstance(own, str) and own else "function"), reduction, dtype)
        self.function = function

    def value_and_gradient(self, y_true: Array, y_pred: Array) -> tuple[Array, Array]:
        """Return what the function returns."""
        return self.function(y_true, y_pred)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        return {"function": self.function, **super().get_config()}


class CoreLoss(Loss):
    """The base class of the losses that the core knows: their arguments begin with the reduction, as in Keras.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


def _refuse_reduction(reduction: Any, where: str) -> None:
    _check.one_of(reduction, "reduction", where, _REDUCTIONS)


def _refuse_other_arguments(function: Any) -> None:
    """Raise TypeError for what is no function of (y_true, y_pred), as far as that can be known."""
    if not callable(function):
        raise TypeError(f"FunctionLoss(function={_check.shown(function)}): give a function of (y_true, y_pred)")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # it has none
        return
    try:
        signature.bind(None, None)
    except TypeError as error:
        where = f"the loss {_check.shown(function)}"
        raise TypeError(f"{where} must take two arguments, y_true and y_pred: {error}") from None


def _snake_case(name: str) -> str:
    """Return what Keras calls an object of a class: 'my_loss' of MyLoss."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name.lstrip("_")).lower()


# --- what is given, and what is made of the values ------------------------------------------------


def _pair(loss: Loss, y_true: Any, y_pred: Any) -> tuple[Array, Array]:
    """Return targets and outputs with fitting shapes: an axis of length 1 at the end is added or taken off."""
    p = _data.elements(y_pred, "y_pred")
    y = _data.numeric(y_true, "y_true")
    if p.ndim == 0:
        raise ValueError(f"{loss.name!r}: y_pred is a single number; it must have the shape (..., outputs)")
    labels = loss.target == "labels"
    if not labels and p.ndim == y.ndim + 1 and p.shape[-1] == 1:
        y = y[..., np.newaxis]
    elif not labels and y.ndim == p.ndim + 1 and y.shape[-1] == 1:
        p = p[..., np.newaxis] if p.ndim == 1 else p
        y = y if y.ndim == p.ndim else y[..., 0]
    elif labels and y.ndim == p.ndim and y.shape[-1] == 1:
        y = y[..., 0]
    need = p.shape[:-1] if labels else p.shape
    if y.shape != need:
        raise ValueError(f"{loss.name!r}: y_true has shape {y.shape}, y_pred {p.shape}: y_true must have {need}")
    return y, p


def _masked(mask: Array, weights: Array | None, mean: bool, dtype: np.dtype[Any]) -> Array:
    """Return weights under which what is masked counts as nothing, and a mean is that of the rest."""
    valid = np.count_nonzero(mask)
    factors = mask.astype(dtype) * dtype.type(mask.size / valid if mean and valid else 1)
    return factors if weights is None else np.multiply(*_same_rank(factors, weights))


def _same_rank(a: Array, b: Array) -> tuple[Array, Array]:
    """Return both, an axis of length 1 at the end of the one with more axes taken off, or added to a vector."""
    if a.ndim == b.ndim + 1 and a.shape[-1] == 1:
        return (a, b[..., np.newaxis]) if b.ndim == 1 else (a[..., 0], b)
    if b.ndim == a.ndim + 1 and b.shape[-1] == 1:
        return (a[..., np.newaxis], b) if a.ndim == 1 else (a, b[..., 0])
    return a, b


def _reduced(values: Array, weights: Array | None, reduction: str | None) -> float | Array:
    if weights is not None:
        values, weights = _same_rank(values, weights)
        try:
            values = values * weights
        except ValueError:
            raise ValueError(
                f"sample_weight has shape {weights.shape}, there are values of shape {values.shape}"
            ) from None
    if np.ndim(values) == 0:
        return float(values)
    if reduction in (None, "none"):
        return values
    total = float(values.sum(dtype=np.float64))
    if reduction == "sum":
        return total
    by_weights = reduction == "mean_with_sample_weight" and weights is not None
    divisor = float(weights.sum(dtype=np.float64)) if by_weights and weights is not None else values.size
    return total / divisor if divisor else 0.0


# --- what a loss of one's own returns -------------------------------------------------------------


def _checked(result: Any, y_pred: Array, name: str) -> tuple[Array, Array]:
    """Return values, float64 (n,), and the gradient, like `y_pred`, both contiguous and finite."""
    rows, outputs = y_pred.shape
    need = f"return a pair: the values of the samples, ({rows},), and their gradient by y_pred, ({rows}, {outputs})"
    if not (isinstance(result, (tuple, list)) and len(result) == 2):
        kind = f"an array of shape {result.shape}" if isinstance(result, np.ndarray) else _check.shown(result)
        raise TypeError(
            f"the loss {name!r} returned {kind}: {need}. There is no automatic differentiation, so a value alone will "
            "not do"
        )
    values = _data.numeric(result[0], f"what the loss {name!r} returned as values")
    gradient = _data.numeric(result[1], f"what the loss {name!r} returned as gradient")
    for array, shape, what in ((values, (rows,), "values"), (gradient, (rows, outputs), "a gradient")):
        if array.shape != shape:
            raise ValueError(f"the loss {name!r} returned {what} of shape {array.shape}: {need}")
        if not np.isfinite(array).all():
            place = ", ".join(map(str, np.argwhere(~np.isfinite(array))[0]))
            raise ValueError(
                f"the loss {name!r} returned {what} with {array[~np.isfinite(array)][0]} at [{place}], though y_pred "
                "is finite: keep its logarithms and quotients away from where they have no value"
            )
    return np.ascontiguousarray(values, np.float64), _gradient_like(gradient, y_pred, name)


def _gradient_like(gradient: Array, y_pred: Array, name: str) -> Array:
    with np.errstate(over="ignore", under="ignore"):
        converted = np.ascontiguousarray(gradient, y_pred.dtype)
    if not np.isfinite(converted).all():
        raise ValueError(f"the loss {name!r} returned a gradient that is too large for {y_pred.dtype}")
    return converted
