"""Initializers that draw with a variance that the shape gives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import _check, _core
from ._base import Floats, RandomInitializer, Shape

_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")
# The standard deviation of a standard normal draw within [-2, 2], with the digits that Keras has.
_TRUNCATED_DEVIATION = 0.87962566103423978


def _one_of(value: Any, name: str, where: str, known: Sequence[str]) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{where}({name}={_check.shown(value)}): {name} must be one of {', '.join(known)}")
    if value not in known:
        raise _check.unknown(f"{where} {name}", value, known)
    return value


def _checked_axes(axes: Any, name: str, where: str) -> list[int] | None:
    if axes is None:
        return None
    message = f"{where}({name}={_check.shown(axes)}): {name} must be a list of integers, such as [0]"
    if not isinstance(axes, (list, tuple)):
        raise TypeError(message)
    try:
        return [_check.integer(axis, name, where, -64, 63) for axis in axes]
    except (TypeError, ValueError) as error:
        raise type(error)(message) from None


class VarianceScaling(RandomInitializer):
    """Random numbers of mean 0 and variance scale / n, where n is the number of inputs, of outputs, or their mean.

    A kernel of shape (inputs, units) has these as its fan_in and fan_out; one of more dimensions has the last two,
    times all before; a shape of one dimension has its size as both. n is at least 1.

    Parameters
    ----------
    scale : float
        Above 0.
    mode : {'fan_in', 'fan_out', 'fan_avg'}
        What n is.
    distribution : {'truncated_normal', 'untruncated_normal', 'uniform'}
        'uniform' is between -a and a, a = sqrt(3 * scale / n); 'truncated_normal' is cut two deviations from 0, and
        widened before by as much as the cut narrows it; 'normal' is another name for it.
    seed : int, optional
        See `RandomInitializer`.
    input_axes, output_axes : list of int, optional
        The axes whose sizes, multiplied, are fan_in and fan_out in place of the above; both or neither.

    Raises
    ------
    TypeError, ValueError
        For values of another type, out of range, or unknown; when called, for a shape without these axes.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        where = type(self).__name__
        self.scale = _check.real(scale, "scale", where, "above 0", lambda v: v > 0)
        self.mode = _one_of(mode, "mode", where, _MODES)
        lowered = distribution.lower() if isinstance(distribution, str) else distribution
        lowered = "truncated_normal" if lowered == "normal" else lowered
        self.distribution = _one_of(lowered, "distribution", where, _DISTRIBUTIONS)
        self.input_axes = _checked_axes(input_axes, "input_axes", where)
        self.output_axes = _checked_axes(output_axes, "output_axes", where)
        if (self.input_axes is None) != (self.output_axes is None):
            raise ValueError(f"{where}(): give both input_axes and output_axes, or neither")
        super().__init__(seed)

    def check_shape(self, shape: Shape) -> None:
        """Raise ValueError if `shape` lacks one of the axes."""
        for axis in [*(self.input_axes or ()), *(self.output_axes or ())]:
            if not -len(shape) <= axis < len(shape):
                raise ValueError(f"{type(self).__name__}()(shape={shape}): the shape has no axis {axis}")

    def _values(self, shape: Shape) -> Floats:
        fan_in, fan_out = self._fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        # Square roots and quotients are exact everywhere, so weights are too.
        n = max(1.0, fan)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * self.scale / n)
            return _core.random_uniform(self.seed, shape, -limit, limit)
        deviation = math.sqrt(self.scale / n)
        if self.distribution == "untruncated_normal":
            return _core.random_normal(self.seed, shape, 0.0, deviation)
        return _core.random_truncated_normal(self.seed, shape, 0.0, deviation / _TRUNCATED_DEVIATION)

    def _fans(self, shape: Shape) -> tuple[int, int]:
        if self.input_axes is not None and self.output_axes is not None:
            fan_in = math.prod(shape[axis] for axis in self.input_axes)
            return fan_in, math.prod(shape[axis] for axis in self.output_axes)
        if len(shape) < 2:
            return math.prod(shape), math.prod(shape)
        field = math.prod(shape[:-2])
        return field * shape[-2], field * shape[-1]

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {
            **super().get_config(),
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


class _Scaled(VarianceScaling):
    """A `VarianceScaling` whose scale, mode and distribution its name says."""

    _fixed: tuple[float, str, str]

    def __init__(
        self,
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(*self._fixed, seed, input_axes, output_axes)

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {"seed": self._given_seed, "input_axes": self.input_axes, "output_axes": self.output_axes}


class GlorotUniform(_Scaled):
    """Uniform between -a and a, a = sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010, equation 16).

    Parameters
    ----------
    seed, input_axes, output_axes
        See `VarianceScaling`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    _fixed = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Scaled):
    """Normal within two deviations, of variance 2 / (fan_in + fan_out) (Glorot and Bengio, 2010, equation 12).

    Parameters
    ----------
    seed, input_axes, output_axes
        See `VarianceScaling`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    _fixed = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Scaled):
    """Uniform between -a and a, a = sqrt(6 / fan_in), for relu (He et al., 2015, equation 10).

    Parameters
    ----------
    seed, input_axes, output_axes
        See `VarianceScaling`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    _fixed = (2.0, "fan_in", "uniform")


class HeNormal(_Scaled):
    """Normal within two deviations, of variance 2 / fan_in, for relu (He et al., 2015, equation 10).

    Parameters
    ----------
    seed, input_axes, output_axes
        See `VarianceScaling`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    _fixed = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Scaled):
    """Uniform between -a and a, a = sqrt(3 / fan_in) (LeCun et al., 1998, equation 16).

    Parameters
    ----------
    seed, input_axes, output_axes
        See `VarianceScaling`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    _fixed = (1.0, "fan_in", "uniform")


class LecunNormal(_Scaled):
    """Normal within two deviations, of variance 1 / fan_in (LeCun et al., 1998; for selu Klambauer et al., 2017).

    Parameters
    ----------
    seed, input_axes, output_axes
        See `VarianceScaling`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    _fixed = (1.0, "fan_in", "truncated_normal")
