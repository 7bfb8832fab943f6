"""Batches that are handed over one by one: by generators, other iterables, and data sets of batches.

How many an epoch takes, and what happens where they run out, is Keras's (`trainers/epoch_iterator.py`).
"""

from __future__ import annotations

import contextlib
import copy
import itertools
import warnings
from collections.abc import Callable, Generator, Iterator
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import _check, _core, _data
from ..callbacks import CallbackList
from ..layers.base import Shape
from ..utils import PyDataset
from . import _progress
from ._judges import Judges
from ._samples import Samples
from ._training import Fit, Settings, judge, warn_ran_out

BatchT = TypeVar("BatchT")
# What of arrays is looked for in what may be iterated over: it is one then.
_ARRAYS = ("__array__", "__array_interface__", "__array_struct__", "__dlpack__", "__dataframe__", "__getitem__")


def _is_of(x: Any, name: str, module: str) -> bool:
    """Return whether a class of that name, from a module whose name has that in it, is among those of `x`."""
    return any(cls.__name__ == name and module in cls.__module__ for cls in type(x).__mro__)


def _is_iterator(x: Any) -> bool:
    return hasattr(type(x), "__next__")


def _is_indexed(x: Any) -> bool:
    return isinstance(x, PyDataset) or _is_of(x, "PyDataset", "keras")


def _is_tensorflow(x: Any) -> bool:
    return _is_of(x, "DatasetV2", "tensorflow")


def is_feed(x: Any) -> bool:
    """Return whether `x` hands over batches: a `PyDataset`, an iterator, or another iterable that is no array."""
    if isinstance(x, np.ndarray):
        return False
    if _is_iterator(x) or _is_indexed(x):
        return True
    kind = type(x)
    if kind.__module__ == "builtins" or isinstance(x, type):
        return False
    return hasattr(kind, "__iter__") and not any(hasattr(kind, name) for name in _ARRAYS)


def kind_of(x: Any) -> str:
    """Return what to call in messages what hands over batches."""
    return "a PyDataset" if _is_indexed(x) else f"a {type(x).__name__}"


def refuse(where: str, x: Any, **given: Any) -> None:
    """Raise ValueError for an argument, by its name, that has no place beside batches that are handed over."""
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"{where}({name}=...): x is {kind_of(x)}, which hands over whole batches with their targets and "
                f"weights: leave {name} out"
            )


def refuse_one(where: str, x: Any) -> None:
    """Raise TypeError where what is to be one batch hands over many."""
    if is_feed(x):
        raise TypeError(f"{where}(): x is {kind_of(x)}, which hands over batches: give the arrays of one, or next(x)")


# --- where batches come from --------------------------------------------------------------------------------------


class Feed(Generic[BatchT]):
    """Batches from an iterator, which gives each once.

    When it is begun anew its first two batches come again, as in Keras, and then those that it still has.

    Parameters
    ----------
    source : iterator
        What hands them over.
    read : callable
        Makes of what was handed over, with its number, the batch.

    Attributes
    ----------
    first : Samples or ndarray
        The first batch.
    number : int or None
        How many there are in one pass; None where that is unknown.

    Raises
    ------
    ValueError
        If there is no batch.
    """

    def __init__(self, source: Any, read: Callable[[Any, int], BatchT]) -> None:
        self._source = source
        self._read = read
        self.number: int | None = None
        self._seen: list[BatchT] = []
        self._count = itertools.count()
        self._pending: Iterator[Any] | None = self._peek(iter(source))

    def _peek(self, iterator: Iterator[Any]) -> Iterator[Any]:
        """Read the first batch, and return the iterator as if nothing had been taken."""
        for given in iterator:
            self.first = self._read(given, 0)
            return itertools.chain([given], iterator)
        raise ValueError(f"x is {kind_of(self._source)} that gives no batch: it must give one at least")

    def batches(self) -> Iterator[BatchT]:
        """Begin a pass."""
        again = list(self._seen)
        if self._pending is not None:
            self._source, self._pending = self._pending, None
        return itertools.chain(again, self._once())

    def _once(self) -> Iterator[BatchT]:
        for given in self._source:
            batch = self._read(given, next(self._count))
            if len(self._seen) < 2:
                self._seen.append(copy.deepcopy(batch))  # its arrays may be the iterator's own, to be used again
            yield batch

    def on_epoch_begin(self) -> None:
        """Say that an epoch begins."""

    def on_epoch_end(self) -> None:
        """Say that an epoch has ended."""


class IterableFeed(Feed[BatchT]):
    """Batches from what can be iterated over again and again, such as a loader.

    Parameters
    ----------
    source, read
        As for `Feed`.
    """

    def __init__(self, source: Any, read: Callable[[Any, int], BatchT]) -> None:
        super().__init__(source, read)
        with contextlib.suppress(TypeError):  # a length that is unknown
            self.number = len(source)

    def batches(self) -> Iterator[BatchT]:
        """Begin a pass."""
        iterator, self._pending = self._pending or iter(self._source), None
        return (self._read(given, number) for number, given in enumerate(iterator))


class IndexedFeed(Feed[BatchT]):
    """Batches of a `PyDataset`.

    Parameters
    ----------
    source : PyDataset
        The data set.
    read : callable
        As for `Feed`.
    order : callable or None
        Gives the order of so many batches, for each pass anew; None where they keep theirs.
    """

    def __init__(
        self, source: PyDataset, read: Callable[[Any, int], BatchT], order: Callable[[int], NDArray[np.int64]] | None
    ) -> None:
        self._order = order
        super().__init__(source, read)

    def _peek(self, iterator: Iterator[Any]) -> Iterator[Any]:
        self.number = self._length()
        self.first = self._read(self._source[0], 0)
        return iterator

    def _length(self) -> int | None:
        number = self._source.num_batches
        return None if number is None else _check.integer(number, "num_batches", type(self._source).__name__, 1)

    def batches(self) -> Iterator[BatchT]:
        """Begin a pass."""
        number = self._length()
        indices: Any = itertools.count() if number is None else range(number)
        if number is not None and self._order is not None:
            indices = self._order(number).tolist()
        return (self._read(self._source[index], index) for index in indices)

    def on_epoch_begin(self) -> None:
        """Call the data set's own."""
        self._source.on_epoch_begin()

    def on_epoch_end(self) -> None:
        """Call the data set's own."""
        self._source.on_epoch_end()
        self.number = self._length()


def make(
    source: Any,
    read: Callable[[Any, int], BatchT],
    order: Callable[[int], NDArray[np.int64]] | None = None,
) -> Feed[BatchT]:
    """Return what gives the batches of what `is_feed`."""
    if _is_indexed(source):
        return IndexedFeed(source, read, order)
    return (Feed if _is_iterator(source) else IterableFeed)(source, read)


# --- from what is handed over to a batch --------------------------------------------------------------------------


class Reader:
    """Makes of what was handed over a batch as the core reads it.

    Parameters
    ----------
    source : object
        What hands it over.
    check : callable
        Checks and converts x, y, weights, for samples of a shape, None where any will do, with what to say before
        their names; returns the batch and that shape.
    shape : tuple of int or None
        That shape.
    name : str
        What to say before the batch's number.
    by_class : callable or None
        Gives a batch of samples of a shape the weights of its classes.

    Attributes
    ----------
    shape : tuple of int or None
        The shape of a sample, as soon as that is known.
    """

    def __init__(
        self,
        source: Any,
        check: Callable[[Any, Any, Any, Shape | None, str], tuple[Samples, Shape]],
        shape: Shape | None,
        name: str = "",
        by_class: Callable[[Samples, Shape], Samples] | None = None,
    ) -> None:
        self.shape = shape
        self._check = check
        self._name = name
        self._by_class = by_class
        self._strict = _is_iterator(source)
        self._weighted: bool | None = None

    def __call__(self, given: Any, number: int) -> Samples:
        """Return the batch of that number."""
        what = f"{self._name}batch {number}"
        x, y, weights = unpacked(given, what, self._strict)
        if y is None:
            raise ValueError(f"{what} has no targets: a batch is (x, y) or (x, y, sample_weight)")
        if weights is not None and self._by_class is not None:
            raise ValueError(f"{what} has sample weights: fit(class_weight=...) cannot be given with them")
        batch, shape = self._check(x, y, weights, self.shape, f"{what}: ")
        if self._by_class is not None:
            batch = self._by_class(batch, shape)
        weighted = batch.weights is not None
        if self._weighted is not None and self._weighted != weighted:
            has = "sample weights, the first one has none" if weighted else "no sample weights, the first one has some"
            raise ValueError(f"{what} has {has}: give them in every batch, 1 for what counts as usual")
        self.shape, self._weighted = shape, weighted
        return batch


def unpacked(given: Any, what: str, strict: bool) -> tuple[Any, Any, Any]:
    """Return x, y and weights of what was handed over, None for what is missing.

    An iterator must give a tuple, as in Keras; others may give a list, or an array, which is x alone.

    Raises
    ------
    TypeError, ValueError
        For anything else.
    """
    if not strict and isinstance(given, list):
        given = tuple(given)
    elif not strict and not isinstance(given, (tuple, dict)) and given is not None:
        given = (given,)
    if not isinstance(given, tuple):
        raise TypeError(
            f"{what} is {_check.shown(given)} ({type(given).__name__}): a batch must be a tuple, (x,), (x, y) or "
            "(x, y, sample_weight)"
        )
    if len(given) not in (1, 2, 3):
        raise ValueError(f"{what} has {len(given)} parts: a batch must be (x,), (x, y) or (x, y, sample_weight)")
    x, y, weights = (*given, None, None)[:3]
    return x, y, weights


def inputs_reader(source: Any, shape: Shape | None, dtype: str) -> Callable[[Any, int], tuple[NDArray[Any], Shape]]:
    """Return what makes inputs, with the shape of a sample, of what was handed over, for `predict`."""
    strict = _is_iterator(source)

    def read(given: Any, number: int) -> tuple[NDArray[Any], Shape]:
        nonlocal shape
        x = unpacked(given, f"batch {number}", strict)[0]
        rows, shape = _data.features(x, shape, dtype, f"batch {number}: x")
        return rows, shape

    return read


# --- epochs of batches --------------------------------------------------------------------------------------------


class Course(Generic[BatchT]):
    """Epochs of batches: so many steps, or one pass; the pass goes on where the epoch before has ended within it.

    Parameters
    ----------
    feed : Feed
        Where the batches come from.
    steps : int or None
        The batches of an epoch; None for all of a pass.
    where : str
        The method, for warnings.
    """

    def __init__(self, feed: Feed[BatchT], steps: int | None, where: str) -> None:
        self.feed = feed
        self._steps = steps
        self._where = where
        self._number = feed.number
        self._current: Iterator[BatchT] | None = None
        self._taken = 0  # steps of the present pass, as Keras counts them: one that finds no batch too

    @property
    def steps(self) -> int | None:
        """The batches of an epoch, None where that is unknown."""
        return self._steps or self._number

    def reset(self) -> None:
        """Begin anew; for the feed that is the end of an epoch, as in Keras."""
        self._current = None
        self._taken = 0
        self.feed.on_epoch_end()
        self._number = self.feed.number

    def epoch(self) -> Generator[BatchT, None, None]:
        """Yield the batches of an epoch.

        Warns
        -----
        UserWarning
            If there are fewer than steps, or their number was not known before.
        """
        self.feed.on_epoch_begin()
        limit = self.steps
        if self._current is None or self._steps is None:
            self._current = self.feed.batches()
            self._taken = 0
        for step in itertools.count() if limit is None else range(limit):
            if self._number is not None and self._taken >= self._number:
                if self._steps is not None:
                    warn_ran_out(self._where, step, self._steps)
                break
            self._taken += 1
            try:
                batch = next(self._current)
            except StopIteration:
                self._number = self._number or self._taken
                self._current = None
                warn_ran_out(self._where, step, self._steps)
                break
            yield batch
        if self._number is not None and self._taken >= self._number:
            self._current = None
        self.feed.on_epoch_end()


class FedFit(Fit):
    """One call of `fit` on batches that are handed over.

    Parameters
    ----------
    course : Course
        The batches.
    *arguments, **options
        As for `Fit`.
    """

    def __init__(self, course: Course[Samples], *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._course = course

    def run(self, first: int, epochs: int) -> None:
        """Run the epochs in [first, epochs)."""
        self._course.reset()
        super().run(first, epochs)

    def _run(self) -> None:
        trainer, calls = self._trainer, self._calls
        listens = calls.wants_batches("train")
        trainer.begin_epoch()
        with contextlib.closing(self._course.epoch()) as batches:
            for number, batch in enumerate(batches):
                if listens:
                    calls.on_train_batch_begin(number)
                self._data = batch
                trainer.give(batch.x, batch.y, batch.weights)
                self._advance(1)
                if listens:
                    calls.on_train_batch_end(number, self._logs())
                if trainer.diverged or self._model.stop_training:
                    break
                if self._progress is not None:
                    self._progress.update(trainer.done, self._logs)
        trainer.end_epoch()


def evaluate(
    network: _core.Network,
    settings: Settings,
    course: Course[Samples],
    shape: Shape,
    calls: CallbackList,
    judges: Judges,
    progress: _progress.Progress | None = None,
) -> dict[str, Any]:
    """Return the results over the batches of an epoch, in the order of `settings.names`, calling test hooks.

    `shape` is that of the outputs for a sample; `judges` are held by the caller.
    """
    listens = calls.wants_batches("test")
    evaluator, done = _core.Evaluator(network), 0

    def results() -> dict[str, Any]:
        return settings.results(evaluator.results(), judges.values())

    course.reset()
    judges.reset()
    calls.on_test_begin()
    for number, batch in enumerate(course.epoch()):
        if listens:
            calls.on_test_batch_begin(number)
        evaluator.add(batch.x, batch.y, batch.weights)
        judge(network, batch, shape, judges)
        done = number + 1
        if listens:
            calls.on_test_batch_end(number, results())
        if progress is not None:
            progress.update(done, results)
    if done == 0:
        raise ValueError("an evaluation got no batch: what is iterated over again must give them again")
    final = results()
    if progress is not None:
        progress.end(done, _progress.ordered(final))
    calls.on_test_end(final)
    return final


def predict(
    network: _core.Network,
    course: Course[tuple[NDArray[Any], Shape]],
    calls: CallbackList,
    progress: _progress.Progress | None,
) -> NDArray[Any]:
    """Return the outputs for the samples of all batches of an epoch, one after another, calling the hooks."""
    outputs = []
    calls.on_predict_begin()
    for number, (rows, _) in enumerate(course.epoch()):
        calls.on_predict_batch_begin(number)
        outputs.append(network.predict(rows))
        calls.on_predict_batch_end(number)
        if progress is not None:
            progress.update(number + 1, dict)
    calls.on_predict_end()
    if progress is not None:
        progress.end(len(outputs), {})
    return np.concatenate(outputs)


def shuffled(seed: int, number: int) -> NDArray[np.int64]:
    """Return the numbers below `number` in an order that follows from the seed."""
    order: NDArray[np.int64] = np.argsort(_core.random_uniform(seed, (number,), 0.0, 1.0), kind="stable")
    return order


def warn_unshuffled(where: str, source: Any) -> None:
    """Warn that the order of these batches is their own."""
    if _is_indexed(source) and source.num_batches is not None:
        return
    warnings.warn(
        f"{where}(shuffle=True): x is {kind_of(source)}, whose batches come in its own order; shuffle is ignored, "
        "shuffle=False says the same",
        UserWarning,
        stacklevel=4,
    )


def refuse_class_weight(where: str, source: Any) -> None:
    """Raise ValueError where class weights have no place: Keras takes them for data sets only."""
    if not _is_indexed(source) and not _is_tensorflow(source):
        raise ValueError(
            f"{where}(class_weight=...): not with x that is {kind_of(source)}: let its batches be "
            "(x, y, sample_weight), or make it a lamina.utils.PyDataset"
        )
