"""Seeds and labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _check, _data, _random


def set_random_seed(seed: int) -> None:
    """Make what follows repeatable: Python's, NumPy's and this package's random numbers.

    Initial weights, dropout and shuffling then are the same in every run of the program, at any
    number of threads and on any CPU.

    Parameters
    ----------
    seed : int
        From 0 to 2**32 - 1, as NumPy wants it.

    Raises
    ------
    TypeError, ValueError
        For anything else.
    """
    import random  # Python's own, and only for this

    seed = _check.integer(seed, "seed", "set_random_seed", 0, 2**32 - 1)
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - what other code draws from it repeats too
    _random.restart(seed)


def to_categorical(x: Any, num_classes: int | None = None) -> NDArray[np.float32]:
    """Return class labels as one-hot rows.

    Parameters
    ----------
    x : array_like of int
        Labels from 0 on, of any shape; a last axis of length 1 is dropped. Floats are taken where
        they are whole numbers.
    num_classes : int, optional
        The number of classes; without it, the largest label plus 1.

    Returns
    -------
    ndarray
        float32, the shape of the labels with an axis of `num_classes` at the end.

    Raises
    ------
    TypeError
        If `x` does not hold numbers.
    ValueError
        If a label is not a whole number or not below `num_classes`; the message names the first.
    """
    return _data.one_hot(x, num_classes)
