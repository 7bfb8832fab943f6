"""Initializers without chance."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import _check
from ._base import Floats, Initializer, Shape, finite


class Zeros(Initializer):
    """All zeros."""

    def _values(self, shape: Shape) -> Floats:
        return np.zeros(shape)


class Ones(Initializer):
    """All ones."""

    def _values(self, shape: Shape) -> Floats:
        return np.ones(shape)


class Constant(Initializer):
    """Everywhere the same value, or those of an array.

    Parameters
    ----------
    value : float or array_like
        A finite number, or an array of them that NumPy's rules broadcast to the shape of the weights.

    Raises
    ------
    TypeError, ValueError
        For anything else.
    """

    def __init__(self, value: float | ArrayLike = 0.0) -> None:
        self.value: float | Floats
        if isinstance(value, (numbers.Real, np.bool_)):
            self.value = _check.real(value, "value", "Constant", "that is finite, or an array", lambda v: True)
        else:
            self.value = _finite_array(value)

    def check_shape(self, shape: Shape) -> None:
        """Raise ValueError if the value does not broadcast to `shape`."""
        try:
            np.broadcast_to(self.value, shape)
        except ValueError:
            raise ValueError(
                f"Constant()(shape={shape}): the value of shape {np.shape(self.value)} does not broadcast to that shape"
            ) from None

    def _values(self, shape: Shape) -> Floats:
        return np.full(shape, self.value)

    def get_config(self) -> dict[str, Any]:
        """Return the value: a float, or nested lists."""
        return {"value": self.value if isinstance(self.value, float) else self.value.tolist()}


def _finite_array(value: Any) -> Floats:
    """Return a copy of Constant's value as float64."""
    try:
        given = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"Constant(value=...): the rows of value differ in length or depth: {error}") from None
    except Exception as error:  # an object's own
        raise TypeError(f"Constant(value=...): value cannot become an array: {error!r}") from None
    if given.dtype.kind not in "iuf":
        kind = type(value).__name__ if given.dtype.kind == "O" else f"{type(value).__name__} of {given.dtype}"
        raise TypeError(f"Constant(value=...): value must be a number or an array of numbers, not {kind}")
    with np.errstate(over="ignore"):
        array = given.astype(np.float64)
    if not np.isfinite(array).all():
        place = tuple(int(index) for index in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"Constant(value=...): value{list(place)} is {given[place]}; all values must be finite")
    return array


class Identity(Initializer):
    """`gain` on the diagonal of a matrix, square or not, and 0 beside it.

    Parameters
    ----------
    gain : float
        A finite number.

    Raises
    ------
    TypeError, ValueError
        For anything else; when called, for a shape that is not that of a matrix, such as a bias's.
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = finite(gain, "gain", "Identity")

    def check_shape(self, shape: Shape) -> None:
        """Raise ValueError if `shape` has not two dimensions."""
        if len(shape) != 2:
            raise ValueError(
                f"Identity()(shape={shape}): the shape must be that of a matrix, (rows, columns): use it for kernels"
            )

    def _values(self, shape: Shape) -> Floats:
        values = np.zeros(shape)
        diagonal = np.arange(min(shape))
        values[diagonal, diagonal] = self.gain
        return values

    def get_config(self) -> dict[str, Any]:
        """Return the gain, which Keras 3.15 leaves out."""
        return {"gain": self.gain}
