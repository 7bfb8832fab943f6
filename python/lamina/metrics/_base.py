"""What all metrics have in common, those of one's own among them."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .. import _check, _data, initializers
from ..losses import Loss
from ..losses._base import _same_rank

Array = NDArray[Any]
#: A metric's value: a number, or an array of them where the metric has several.
Result = float | Array
#: The targets that a metric compares with: integer labels, a number for each output, or either.
TargetsTaken = Literal["labels", "numbers", "any"]
EPSILON = 1e-7
#: Types in which the core compares, or in a finer one; Keras's files name the second.
NATIVE_TYPES = (None, "float32")


class Variable(np.ndarray):
    """An array that a metric adds up in, with Keras's methods to change it."""

    def assign(self, value: Any) -> None:
        """Take other values, of its own shape or repeated to it."""
        self[...] = value

    def assign_add(self, value: Any) -> None:
        """Add to the values."""
        self[...] += value

    def assign_sub(self, value: Any) -> None:
        """Subtract from the values."""
        self[...] -= value


class Metric:
    """The base class of all metrics: a state that batches are added to, and the value that it stands for.

    A metric is called batch by batch, alone or by a model, which resets it before each epoch and each evaluation::

        metric = Precision()
        metric.update_state([0, 1, 1], [0.2, 0.7, 0.4])
        metric.result()  # 1.0

    A metric of your own derives from this class and has the methods `update_state` and `result`; variables from
    `add_variable` are set to zero by `reset_state`, other state needs a `reset_state` of its own::

        class WithinOne(Metric):
            def __init__(self, name="within_one"):
                super().__init__(name=name)
                self.right = self.add_variable(name="right")
                self.all = self.add_variable(name="all")

            def update_state(self, y_true, y_pred, sample_weight=None):
                right = (np.abs(y_true - y_pred) < 1).mean(axis=1)
                weights = np.ones(len(right)) if sample_weight is None else sample_weight
                self.right.assign_add((weights * right).sum())
                self.all.assign_add(weights.sum())

            def result(self):
                return self.right / self.all if self.all else 0.0

    In a model it gets arrays of its own: `y_pred` (n, outputs), what the model put out in the step, `y_true` of the
    same shape and type, or int64 labels (n,) where the loss has labels, and weights (n,) among `weighted_metrics`. What
    it raises ends `fit`; the update of that batch was made before.

    Parameters
    ----------
    dtype : {None, 'float32', 'float64'}
        The type in which targets and outputs are compared; None is that of the outputs. Sums are float64 all the same.
    name : str, optional
        The key in the history and the label in the progress line; the class has a default.

    Attributes
    ----------
    name : str
        That name.
    dtype : str or None
        That type.

    Raises
    ------
    TypeError, ValueError
        For values of another type, out of range or not supported.
    """

    #: The name that `get` and, for those that it computes, the core know.
    core_name: ClassVar[str] = ""
    #: Whether the value is the square root of a mean, which matters to whoever averages it.
    is_root: ClassVar[bool] = False
    #: Whether a larger value is a better one, which matters to callbacks that watch it; None: unknown.
    larger_is_better: ClassVar[bool | None] = None
    #: What targets it compares with: integer labels, a number for each output, or either.
    takes: ClassVar[TargetsTaken] = "any"

    def __init__(self, dtype: DTypeLike | None = None, name: str | None = None) -> None:
        where = type(self).__name__
        if name is not None and not (isinstance(name, str) and name):
            raise TypeError(f"{where}(name={_check.shown(name)}): name must be a string")
        self.dtype = None if dtype is None else _check.float_type(dtype, where)
        self.name = name or self.core_name or snake_case(where)
        self._variables: list[Variable] = []

    @property
    def variables(self) -> list[Variable]:
        """Its variables, in the order in which they were added."""
        return list(self._variables)

    @property
    def is_native(self) -> bool:
        """Whether the core computes it in a model."""
        return False

    def add_variable(
        self,
        shape: tuple[int, ...] = (),
        initializer: Any = "zeros",
        dtype: DTypeLike | None = None,
        name: str | None = None,
    ) -> Variable:
        """Return a new array to add up in, which `reset_state` sets to zero.

        Parameters
        ----------
        shape : tuple of int
            Its shape.
        initializer : str or Initializer
            What it begins with.
        dtype : {None, 'float32', 'float64'}
            Its type, float64 where it is None.
        name : str, optional
            A name, for its reader alone.

        Returns
        -------
        Variable
            An array with the methods `assign`, `assign_add` and `assign_sub`.

        Raises
        ------
        TypeError, ValueError
            For values of another type or not known.
        """
        where = f"{type(self).__name__}.add_variable"
        if not hasattr(self, "_variables"):
            raise TypeError(f"{where}: the __init__ of the metric must call super().__init__() first")
        if not isinstance(shape, (tuple, list)):
            raise TypeError(f"{where}(shape={_check.shown(shape)}): shape must be a tuple of integers")
        size = tuple(_check.integer(n, "shape", where, 0, _check.MOST_NUMBERS) for n in shape)
        if name is not None and not isinstance(name, str):
            raise TypeError(f"{where}(name={_check.shown(name)}): name must be a string")
        kind = _check.float_type("float64" if dtype is None else dtype, where)
        variable = np.array(initializers.get(initializer)(size, kind), kind).view(Variable)
        self._variables.append(variable)
        return variable

    #: Keras's other name of it.
    add_weight = add_variable

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Parameters
        ----------
        y_true : array_like
            Targets.
        y_pred : array_like
            Outputs.
        sample_weight : array_like, optional
            What each sample counts, (n,).

        Raises
        ------
        TypeError, ValueError
            For arrays that do not hold finite numbers or do not fit.
        """
        raise NotImplementedError(
            f"the metric {type(self).__name__} must have a method update_state(y_true, y_pred, sample_weight=None)"
        )

    def result(self) -> Result:
        """Return the value of what was added since the last reset.

        Returns
        -------
        float or ndarray
            A number, or an array where the metric has several.
        """
        raise NotImplementedError(f"the metric {type(self).__name__} must have a method result()")

    def reset_state(self) -> None:
        """Begin anew, with nothing added."""
        for variable in self._variables:
            variable.assign(0)

    def __call__(self, *args: Any, **kwargs: Any) -> Result:
        """Add a batch and return the value so far.

        Parameters
        ----------
        *args, **kwargs
            As for `update_state`.
        """
        self.update_state(*args, **kwargs)
        return self.result()

    def refuse_loss(self, loss: Loss) -> None:
        """Raise ValueError if the targets of the loss are not what the metric compares with.

        Parameters
        ----------
        loss : Loss
            A model's loss.
        """
        labels = loss.target == "labels"
        if self.takes == "any" or (self.takes == "labels") == labels:
            return
        form = "integer labels" if labels else "a number for each output"
        raise ValueError(
            f"metric {self.name!r} does not fit the loss {loss.name!r}, whose targets are {form}; "
            "metrics=['accuracy'] takes the form of accuracy that fits"
        )

    def refuse_outputs(self, outputs: tuple[int, ...]) -> None:
        """Raise ValueError if a model with outputs of such a shape cannot be judged by it.

        Parameters
        ----------
        outputs : tuple of int
            The shape of the outputs for a sample.
        """

    def refuse_targets(self, y: Array, outputs: tuple[int, ...]) -> None:
        """Raise ValueError if it cannot judge by some of these targets.

        Parameters
        ----------
        y : ndarray
            All targets, ``(n, *outputs)``, or labels without the last axis.
        outputs : tuple of int
            The shape of the outputs for a sample.
        """

    def resolve(self, loss: Loss, outputs: int) -> str:
        """Return the core's name of a metric that it computes, for a loss and a number of outputs.

        Parameters
        ----------
        loss : Loss
            A model's loss.
        outputs : int
            How many outputs a sample has.
        """
        return self.core_name

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """Return the metric that these arguments make.

        Parameters
        ----------
        config : dict
            As from `get_config`.
        """
        return cls(**config)

    # --- for the metrics here ---

    def _numbers(self, y_true: Any, y_pred: Any) -> tuple[Array, Array]:
        """Return both as finite floats of one type, an axis of length 1 at the end taken off or added."""
        p = floats(y_pred, "y_pred", self.dtype)
        y = floats(y_true, "y_true", p.dtype.name)
        return _same_rank(y, p)

    def _same_shape(self, y: Array, p: Array) -> None:
        if y.shape != p.shape:
            raise ValueError(f"{self.name!r}: y_true has shape {y.shape}, y_pred {p.shape}: the two must be equal")

    def _refuse_places(self, outputs: tuple[int, ...]) -> None:
        if len(outputs) > 1:
            raise ValueError(
                f"metric {self.name!r} takes outputs (n, outputs), but a sample's outputs have the shape {outputs}"
            )

    def _weights(self, sample_weight: Any, kind: np.dtype[Any]) -> Array | None:
        if sample_weight is None:
            return None
        return floats(sample_weight, "sample_weight", kind.name)

    def _repeated(self, weights: Array, shape: tuple[int, ...]) -> Array:
        """Return weights repeated to a shape."""
        try:
            return np.broadcast_to(weights, shape)
        except ValueError:
            raise ValueError(
                f"{self.name!r}: sample_weight has shape {weights.shape}, there are values of shape {shape}"
            ) from None


def snake_case(name: str) -> str:
    """Return what Keras calls an object of a class or a function: 'within_one' of WithinOne."""
    words = re.sub(r"\W+", "", name)
    return re.sub(r"(?<=.)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", "_", words).lower()


def floats(x: Any, what: str, kind: str | None = None) -> Array:
    """Return finite numbers of any shape as floats: of a type, or of their own where they have one, else float64."""
    given = _data.numeric(x, what)
    array = _data.elements(given if given.dtype.kind == "f" else given.astype(np.float64), what)
    if kind is None or array.dtype == kind:
        return array
    with np.errstate(over="ignore"):
        return _data.elements(array.astype(kind), what)


def quotient(a: Any, b: Any) -> Any:
    """Return a / b, and 0 where b is 0."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    with np.errstate(over="ignore"):
        return np.divide(a, b, out=np.zeros(np.broadcast_shapes(a.shape, b.shape)), where=b != 0)


def one_or_all(values: Array) -> Result:
    """Return the only number of an array, or the array, a copy, where there are several."""
    return float(values[0]) if values.shape == (1,) else np.array(values)
