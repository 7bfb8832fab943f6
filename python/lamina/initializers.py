"""How the weights of a layer begin; the random ones come from the core's own generator."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _core, _random, _registry


class Initializer:
    """The base class of all initializers."""

    def __call__(self, shape: tuple[int, ...], dtype: str = "float32") -> NDArray[Any]:
        """Return new weights.

        Parameters
        ----------
        shape : tuple of int
            Such as (inputs, units) for a kernel and (units,) for a bias.
        dtype : {'float32', 'float64'}
            The type of the numbers.

        Returns
        -------
        ndarray
            Of that shape and type, the same at each call.
        """
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal initializer."""
        return {}


class Zeros(Initializer):
    """All zeros."""

    def __call__(self, shape: tuple[int, ...], dtype: str = "float32") -> NDArray[Any]:
        """Return zeros; see `Initializer.__call__`."""
        return np.zeros(shape, dtype)


class GlorotUniform(Initializer):
    """Uniform between -a and a, a = sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010).

    Parameters
    ----------
    seed : int, optional
        From 0 to 2**64 - 1. Without one, the next that follows from
        `lamina.utils.set_random_seed`, or a random one where that was not called.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.seed = _random.given_or_next(seed, "GlorotUniform")

    def __call__(self, shape: tuple[int, ...], dtype: str = "float32") -> NDArray[Any]:
        """Return the numbers; see `Initializer.__call__`."""
        # A square root and a quotient are exact everywhere, so weights are too.
        limit = math.sqrt(6.0 / (shape[0] + shape[-1]))
        return _core.random_uniform(self.seed, shape, -limit, limit).astype(dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the seed."""
        return {"seed": self.seed}


_NAMES: dict[str, type[Initializer]] = {"glorot_uniform": GlorotUniform, "zeros": Zeros}


def get(identifier: str | Mapping[str, Any] | type[Initializer] | Initializer) -> Initializer:
    """Return the initializer that a name, a configuration, a class or an instance stands for.

    Raises
    ------
    ValueError
        For an unknown name.
    TypeError
        For anything else.
    """
    return _registry.resolve(identifier, "initializer", Initializer, _NAMES)


def serialize(initializer: Initializer) -> dict[str, Any]:
    """Return what `get` makes an equal initializer from."""
    return {"class_name": type(initializer).__name__, "config": initializer.get_config()}
