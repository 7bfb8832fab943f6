"""The base classes of the initializers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .. import _check, _random

Shape = tuple[int, ...]
Floats = NDArray[np.float64]
InitializerT = TypeVar("InitializerT", bound="Initializer")


class Initializer:
    """The base class of all initializers.

    One of your own derives from it and defines ``__call__(self, shape, dtype)``, and `get_config` where it has
    arguments; `check_shape` may stay as it is.
    """

    def __call__(self, shape: Sequence[int], dtype: DTypeLike | None = "float32") -> NDArray[Any]:
        """Return new weights.

        Parameters
        ----------
        shape : tuple of int
            Such as (inputs, units) for a kernel and (units,) for a bias.
        dtype : {'float32', 'float64'}
            The type of the numbers; None means 'float32'.

        Returns
        -------
        ndarray
            Of that shape and type, the same at each call. Random numbers are float64 ones, rounded.

        Raises
        ------
        TypeError, ValueError
            For a shape or a type that is none, or a shape that the initializer does not serve.
        ValueError
            If a value is beyond the range of the type.
        """
        where = f"{type(self).__name__}()"
        checked = _checked_shape(shape, where)
        name = _check.float_type(dtype, where)
        self.check_shape(checked)
        with np.errstate(over="ignore"):
            values = self._values(checked).astype(name, order="C", copy=False)
        if not np.isfinite(values).all():
            raise ValueError(f"{where}(shape={checked}, dtype={name!r}): some values are beyond the range of {name}")
        return values

    def check_shape(self, shape: Shape) -> None:
        """Raise ValueError if the initializer does not serve a shape; layers ask before they change anything."""

    def _values(self, shape: Shape) -> Floats:
        """Return a new array of the checked shape."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__(self, shape, dtype)")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal initializer."""
        return {}

    @classmethod
    def from_config(cls: type[InitializerT], config: Mapping[str, Any]) -> InitializerT:
        """Return an initializer made with the arguments that `get_config` gave."""
        return cls(**config)


def _checked_shape(shape: Any, where: str) -> Shape:
    message = (
        f"{where}(shape={_check.shown(shape)}): shape must be a tuple of non-negative integers, such as (784, 128)"
    )
    if not isinstance(shape, (tuple, list)):
        raise TypeError(message)
    try:
        return tuple(_check.integer(size, "shape", where, 0) for size in shape)
    except (TypeError, ValueError) as error:
        raise type(error)(message) from None


class RandomInitializer(Initializer):
    """The base class of the random ones.

    Parameters
    ----------
    seed : int, optional
        From 0 to 2**64 - 1. Without one, the next that follows from `lamina.utils.set_random_seed`, or a random one
        where that was not called.

    Attributes
    ----------
    seed : int
        The seed: that given, or that taken.

    Raises
    ------
    TypeError, ValueError
        For anything else.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.seed = _random.given_or_next(seed, type(self).__name__)
        self._given_seed = None if seed is None else self.seed

    def get_config(self) -> dict[str, Any]:
        """Return the arguments; the seed only where it was given, so that another one draws other numbers."""
        return {"seed": self._given_seed}


def finite(value: Any, name: str, where: str) -> float:
    """Return `value` as a finite float, or raise TypeError or ValueError."""
    return _check.real(value, name, where, "that is finite", lambda v: True)
