"""Initializers that draw from a given distribution."""

from __future__ import annotations

import math
from typing import Any

from .. import _check, _core
from ._base import Floats, RandomInitializer, Shape, finite


class RandomUniform(RandomInitializer):
    """Uniformly distributed between `minval` and `maxval`.

    Parameters
    ----------
    minval, maxval : float
        The least value, and the value that all lie below (rounding to float32 may reach it). They may be equal.
    seed : int, optional
        See `RandomInitializer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type, not finite, or in the wrong order.
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        where = type(self).__name__
        self.minval = finite(minval, "minval", where)
        self.maxval = _check.real(
            maxval, "maxval", where, f"of at least minval={self.minval}", lambda v: v >= self.minval
        )
        super().__init__(seed)

    def _values(self, shape: Shape) -> Floats:
        return _core.random_uniform(self.seed, shape, self.minval, self.maxval)

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}


class _Normal(RandomInitializer):
    """What the two normal distributions share."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        where = type(self).__name__
        self.mean = finite(mean, "mean", where)
        self.stddev = _check.real(stddev, "stddev", where, "of at least 0", lambda v: v >= 0)
        super().__init__(seed)

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class RandomNormal(_Normal):
    """Normally distributed.

    Parameters
    ----------
    mean : float
        The mean.
    stddev : float
        The standard deviation, at least 0.
    seed : int, optional
        See `RandomInitializer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type, not finite, or out of range.
    """

    def _values(self, shape: Shape) -> Floats:
        return _core.random_normal(self.seed, shape, self.mean, self.stddev)


class TruncatedNormal(_Normal):
    """Normally distributed, but within two standard deviations of the mean.

    Parameters
    ----------
    mean : float
        The mean.
    stddev : float
        The standard deviation, at least 0, of the distribution before it is cut; that of the values is 0.88 of it.
    seed : int, optional
        See `RandomInitializer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type, not finite, or out of range.
    """

    def _values(self, shape: Shape) -> Floats:
        return _core.random_truncated_normal(self.seed, shape, self.mean, self.stddev)


class Orthogonal(RandomInitializer):
    """`gain` times a random matrix with orthonormal columns, or rows where those are fewer (Saxe et al., 2014).

    It is the factor Q of a matrix of normal draws, with the signs that make R's diagonal positive, and so uniformly
    distributed over all such matrices. A shape of more than two dimensions is taken as (all but the last, the last).

    Parameters
    ----------
    gain : float
        A finite number.
    seed : int, optional
        See `RandomInitializer`.

    Raises
    ------
    TypeError, ValueError
        For anything else; when called, for a shape of fewer than two dimensions, such as a bias's.
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        self.gain = finite(gain, "gain", type(self).__name__)
        super().__init__(seed)

    def check_shape(self, shape: Shape) -> None:
        """Raise ValueError if `shape` has fewer than two dimensions."""
        if len(shape) < 2:
            raise ValueError(
                f"Orthogonal()(shape={shape}): the shape must have two dimensions or more: use it for kernels"
            )

    def _values(self, shape: Shape) -> Floats:
        rows, columns = math.prod(shape[:-1]), shape[-1]
        long = _core.random_orthogonal(self.seed, max(rows, columns), min(rows, columns))
        return self.gain * (long if rows >= columns else long.T).reshape(shape)

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {**super().get_config(), "gain": self.gain}
