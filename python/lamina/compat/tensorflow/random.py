"""The seed of TensorFlow's random numbers, which here are lamina's."""

from __future__ import annotations

from ... import _check, _random

__all__ = ["set_seed"]


def set_seed(seed: int) -> None:
    """Make initial weights, dropout and shuffling repeatable.

    Python's and NumPy's generators stay as they are, as with TensorFlow's `tf.random.set_seed`;
    `keras.utils.set_random_seed` sets them as well.

    Parameters
    ----------
    seed : int
        From 0 to 2**64 - 1.

    Raises
    ------
    TypeError, ValueError
        For anything else.
    """
    _random.restart(_check.integer(seed, "seed", "set_seed", 0, 2**64 - 1))
