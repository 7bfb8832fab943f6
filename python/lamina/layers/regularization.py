"""Layers against overfitting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import _check, _random
from .base import Layer, LayerOptions

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Dropout(Layer):
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

    def __init__(
        self,
        rate: float,
        *,
        seed: int | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        self.rate = _check.real(rate, "rate", "Dropout", "in [0, 1)", lambda v: 0 <= v < 1)
        self.seed = _random.given_or_next(seed, "Dropout")
        self._given_seed = None if seed is None else self.seed
        super().__init__(**options)

    def spec(self) -> list[dict[str, Any]]:
        """Return the layer."""
        return [{"type": "dropout", "rate": self.rate, "seed": self.seed}]

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {**super().get_config(), "rate": self.rate, "seed": self._given_seed}
