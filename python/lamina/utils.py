"""Seeds, labels, and data sets of batches; and, as in Keras, what of `lamina.saving` is about code of one's own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _check, _data, _random
from ._custom import CustomObjectScope as CustomObjectScope
from ._custom import custom_object_scope as custom_object_scope
from ._custom import get_custom_objects as get_custom_objects
from ._custom import get_registered_name as get_registered_name
from ._custom import get_registered_object as get_registered_object
from ._custom import register_keras_serializable as register_keras_serializable


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


class PyDataset:
    """The base class of data sets that make their batches themselves, for `fit`, `evaluate` and `predict`.

    A subclass has `__len__`, the number of batches, or `num_batches`, and `__getitem__`, which returns a batch by its
    index: ``(x, y)``, ``(x, y, sample_weight)``, or ``(x,)`` for `predict`. Batches may differ in their rows. `fit`
    takes them in a new random order each epoch, unless it has shuffle=False; index 0 is asked for once more before, to
    see what the samples are like.

    Parameters
    ----------
    workers : int
        Taken, since Keras has it; batches are made one after another by the thread that calls `fit`, whatever it is.
        What a data set gives for an index should depend on that index alone; then Keras gives the same.
    use_multiprocessing : bool
        As `workers`.
    max_queue_size : int
        As `workers`.

    Raises
    ------
    TypeError, ValueError
        For arguments of a wrong type or out of range.
    """

    # On the class, so that a subclass need not call the constructor.
    workers: int = 1
    use_multiprocessing: bool = False
    max_queue_size: int = 10

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        where = type(self).__name__
        self.workers = _check.integer(workers, "workers", where, 0)
        self.use_multiprocessing = _check.boolean(use_multiprocessing, "use_multiprocessing", where)
        self.max_queue_size = _check.integer(max_queue_size, "max_queue_size", where, 0)

    def __getitem__(self, index: int) -> Any:
        """Return the batch of an index, from 0 on."""
        raise NotImplementedError(f"{type(self).__name__} needs a method __getitem__(index) that returns a batch")

    @property
    def num_batches(self) -> int | None:
        """The number of batches: what `__len__` returns; None where there is no end of them."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(f"{type(self).__name__} needs __len__() or a property num_batches")

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the batches by their index."""
        number = self.num_batches
        return (self[index] for index in (itertools.count() if number is None else range(number)))

    def on_epoch_begin(self) -> None:
        """Run before each epoch."""

    def on_epoch_end(self) -> None:
        """Run after each epoch, and once before the first, as in Keras."""


Sequence = PyDataset
