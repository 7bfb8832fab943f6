"""Layers against overfitting: noise in training, and a penalty on activities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import _check, _random
from .base import Layer, LayerOptions

if TYPE_CHECKING:
    from typing_extensions import Unpack


class _Random(Layer):
    """One that draws random numbers in training: a function of the seed, the training step and the place of a value."""

    _type = ""

    def __init__(self, seed: int | None, options: LayerOptions) -> None:
        self.seed = _random.given_or_next(seed, type(self).__name__)
        self._given_seed = None if seed is None else self.seed
        super().__init__(**options)

    def _numbers(self) -> dict[str, float]:
        """Return how much it draws, by the argument's name."""
        raise NotImplementedError

    def spec(self) -> list[dict[str, Any]]:
        """Return the layer."""
        return [{"type": self._type, **self._numbers(), "seed": self.seed}]

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {**super().get_config(), **self._numbers(), "seed": self._given_seed}


class _OfRate(_Random):
    """One that draws by a rate in [0, 1)."""

    def __init__(self, rate: float, seed: int | None, options: LayerOptions) -> None:
        self.rate = _check.real(rate, "rate", type(self).__name__, "in [0, 1)", lambda v: 0 <= v < 1)
        super().__init__(seed, options)

    def _numbers(self) -> dict[str, float]:
        return {"rate": self.rate}


class Dropout(_OfRate):
    """In training, sets a share of its inputs to 0 and multiplies the others by 1 / (1 - rate).

    Which ones is a function of the seed, the training step and the place of the value, so the same
    seed gives the same training however many threads there are (Srivastava et al., 2014, in the
    inverted form).

    Parameters
    ----------
    rate : float
        The share to set to 0, in [0, 1).
    seed : int, optional
        From 0 to 2**64 - 1. Without one, the next that follows from
        `lamina.utils.set_random_seed`, or a random one where that was not called.
    **options
        See `Layer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    _type = "dropout"

    def __init__(
        self,
        rate: float,
        *,
        seed: int | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(rate, seed, options)


class GaussianDropout(_OfRate):
    """In training, multiplies its inputs by normal draws of mean 1 and variance rate / (1 - rate).

    Seeds are those of `Dropout` (Srivastava et al., 2014).

    Parameters
    ----------
    rate : float
        In [0, 1), as of a dropout with the same variance.
    seed : int, optional
        As for `Dropout`.
    **options
        See `Layer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    _type = "gaussian_dropout"

    def __init__(self, rate: float, seed: int | None = None, **options: Unpack[LayerOptions]) -> None:
        super().__init__(rate, seed, options)


class AlphaDropout(_OfRate):
    """In training, sets a share of its inputs to what SELU gives far below 0, then scales and shifts all.

    Mean and variance of what a SELU network passes on stay as they are (Klambauer et al., 2017). Seeds are those of
    `Dropout`.

    Parameters
    ----------
    rate : float
        The share, in [0, 1).
    noise_shape : None
        Keras's argument; only None is supported.
    seed : int, optional
        As for `Dropout`.
    **options
        See `Layer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range, and a `noise_shape`.
    """

    _type = "alpha_dropout"

    def __init__(
        self,
        rate: float,
        noise_shape: None = None,
        seed: int | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        _check.refuse("AlphaDropout", {"noise_shape": noise_shape}, {"noise_shape": None}, {})
        super().__init__(rate, seed, options)


class GaussianNoise(_Random):
    """In training, adds normal draws of mean 0. Seeds are those of `Dropout`.

    Parameters
    ----------
    stddev : float
        Their standard deviation, in [0, 1].
    seed : int, optional
        As for `Dropout`.
    **options
        See `Layer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    _type = "gaussian_noise"

    def __init__(self, stddev: float, seed: int | None = None, **options: Unpack[LayerOptions]) -> None:
        self.stddev = _check.real(stddev, "stddev", "GaussianNoise", "in [0, 1]", lambda v: 0 <= v <= 1)
        super().__init__(seed, options)

    def _numbers(self) -> dict[str, float]:
        return {"stddev": self.stddev}


class ActivityRegularization(Layer):
    """Passes its inputs on and adds l1 * sum(abs(x)) + l2 * sum(x**2), over the samples of a batch, to its loss.

    The sum is divided by the number of samples; sample weights do not change it.

    Parameters
    ----------
    l1, l2 : float
        The factors, at least 0.
    **options
        See `Layer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **options: Unpack[LayerOptions]) -> None:
        self.l1 = _check.real(l1, "l1", "ActivityRegularization", "of at least 0", lambda v: v >= 0)
        self.l2 = _check.real(l2, "l2", "ActivityRegularization", "of at least 0", lambda v: v >= 0)
        super().__init__(**options)

    def spec(self) -> list[dict[str, Any]]:
        """Return the layer."""
        return [{"type": "activity_regularization", "l1": self.l1, "l2": self.l2}]

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {**super().get_config(), "l1": self.l1, "l2": self.l2}
