"""Batches that are handed over to `fit`, `evaluate` and `predict`: their numbers, their order, their end.

`test_feeding_golden.py` compares with Keras, `test_feeding_errors.py` has what may go wrong.
"""

from __future__ import annotations

import gc
import random
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handing import RAN_OUT, ROWS, WEIGHTS, Batches, Loader, batches, cut, equal_sizes, fit, quiet, unknown
from lamina import _core
from lamina.callbacks import Callback, LambdaCallback
from lamina.layers import Dense
from lamina.models import Sequential, load_model
from lamina.utils import PyDataset, Sequence, set_random_seed
from small import LABELS, X, classifier, equal

# --- numbers ------------------------------------------------------------------------------------------------------


@quiet
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("size", [1, 7, 40])
def test_the_bits_are_those_of_arrays(dtype: str, weighted: bool, size: int) -> None:
    """Dropout's masks among them, at any number of threads."""
    more = (WEIGHTS,) if weighted else ()
    expected = classifier(dtype=dtype)
    options = {"sample_weight": WEIGHTS} if weighted else {}
    history = expected.fit(X, LABELS, size, epochs=2, shuffle=False, verbose=0, **options).history
    sizes = equal_sizes(size)
    sources: list[Callable[[], Any]] = [
        lambda: (batch for _ in range(2) for batch in batches(sizes, *more)),
        lambda: Batches(sizes, *more),
        lambda: Loader(sizes, *more),
        lambda: unknown(Loader(sizes, *more)),
    ]
    for threads in (1, 2, 3, 8):
        _core.force_team(threads)
        try:
            for source in sources:
                model = classifier(dtype=dtype)
                steps = len(sizes) if source is sources[0] else None
                assert fit(model, source(), epochs=2, steps_per_epoch=steps).history == history
                assert equal(model.get_weights(), expected.get_weights())
        finally:
            _core.force_team(0)


@quiet
@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, ROWS), min_size=1, max_size=6), st.booleans())
def test_batches_of_any_size(sizes: list[int], weighted: bool) -> None:
    starts = [random.Random(size + place).randint(0, ROWS - size) for place, size in enumerate(sizes)]
    chosen = [slice(start, start + size) for start, size in zip(starts, sizes, strict=True)]
    made = [(X[rows], LABELS[rows], *([WEIGHTS[rows]] if weighted else [])) for rows in chosen]
    model, expected = classifier(), classifier()
    history = fit(model, iter(made)).history
    losses = [expected.train_on_batch(*batch, return_dict=True)["loss"] for batch in made]
    assert equal(model.get_weights(), expected.get_weights())
    assert history["loss"] == [pytest.approx(np.average(losses, weights=sizes), rel=1e-12)]
    whole = [np.concatenate(parts) for parts in zip(*made, strict=True)]
    options = {"sample_weight": whole[2]} if weighted else {}
    assert model.evaluate(iter(made), verbose=0) == model.evaluate(*whole[:2], verbose=0, **options)
    assert np.array_equal(model.predict(iter(made)), model.predict(whole[0]))


class Tensor:
    """What PyTorch's tensors hand out of themselves."""

    def __init__(self, values: Any) -> None:
        self._values = values

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self._values, dtype)


@pytest.mark.parametrize("sizes", [[8, 8, 24], [40]])
def test_loaders_of_tensors(sizes: list[int]) -> None:
    """As PyTorch's DataLoader has them: lists of tensors, again in every epoch, and as many as its length says."""

    class DataLoader(Loader):
        def __iter__(self) -> Iterator[Any]:
            return ([Tensor(part) for part in batch] for batch in super().__iter__())

    model, expected = classifier(), classifier()
    options = {"epochs": 2, "validation_data": DataLoader([20, 20])}
    history = fit(model, DataLoader(sizes), **options).history
    assert history == fit(expected, Loader(sizes), **options | {"validation_data": Loader([20, 20])}).history
    assert equal(model.get_weights(), expected.get_weights())
    assert model.evaluate(DataLoader(sizes), verbose=0) == expected.evaluate(Loader(sizes), verbose=0)
    assert np.array_equal(model.predict(DataLoader(sizes), verbose=0), expected.predict(X, verbose=0))
    for name, value in {"y": LABELS, "batch_size": 8, "sample_weight": WEIGHTS}.items():
        with pytest.raises(ValueError, match=f"{name}=.*x is a DataLoader, which hands over whole batches"):
            fit(model, DataLoader(sizes), **{name: value})


@quiet
def test_an_iterator_may_use_its_arrays_again():
    def reusing() -> Iterator[Any]:
        x, y = np.empty((8, 5), np.float32), np.empty(8, np.int64)
        for rows in cut([8] * 5):
            x[:], y[:] = X[rows], LABELS[rows]
            yield x, y

    model, expected = classifier(), classifier()
    fit(model, reusing(), epochs=2)
    fit(expected, batches([8] * 5), epochs=2)
    assert equal(model.get_weights(), expected.get_weights())


@quiet
def test_the_first_batch_builds_a_model():
    for use in (lambda m, x: fit(m, x), lambda m, x: m.evaluate(x, verbose=0), lambda m, x: m.predict(x)):
        model = Sequential([Dense(3, "softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        use(model, batches([4, 5]))
        assert model.input_shape == (None, 5)


@quiet
def test_samples_of_several_axes():
    model = Sequential([Dense(2, input_shape=(3, 5))])
    model.compile("sgd", "mse")
    x, y = np.ones((4, 3, 5)), np.ones((4, 3, 2))
    fit(model, iter([(x, y), (x[:1], y[:1])]))
    assert model.predict(iter([(x,), (x[:1],)])).shape == (5, 3, 2)


# --- order and steps ----------------------------------------------------------------------------------------------


def test_data_sets_are_shuffled_by_the_seed():
    def orders(seed: int, **options: Any) -> tuple[list[int], list[Any]]:
        model, data = classifier(seed=seed), Batches([4] * 10)
        model.fit(data, epochs=2, verbose=0, **options)
        assert data.asked.pop(0) == 0  # a look at the samples' shape
        return data.asked, model.get_weights()

    (asked, weights), (again, weights_again) = orders(1), orders(1)
    assert asked == again
    assert equal(weights, weights_again)
    first, second = asked[:10], asked[10:]
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second != list(range(10)) != first
    assert orders(2)[0] != asked
    assert orders(1, shuffle=False)[0] == 2 * list(range(10))


def test_training_on_a_data_set_goes_on_as_if_it_had_not_been_interrupted(tmp_path):
    whole = classifier()
    whole.fit(Batches([4] * 10), epochs=3, verbose=0)
    part = classifier()
    part.fit(Batches([4] * 10), epochs=1, verbose=0)
    part.save(tmp_path / "model.safetensors")
    resumed = load_model(tmp_path / "model.safetensors")
    resumed.fit(Batches([4] * 10), epochs=3, initial_epoch=1, verbose=0)
    assert equal(resumed.get_weights(), whole.get_weights())


def test_shuffling_goes_on_where_an_epoch_ends_within_a_pass():
    model, expected = classifier(), classifier()
    model.fit(X, LABELS, 10, epochs=4, steps_per_epoch=2, verbose=0)
    expected.fit(X, LABELS, 10, epochs=2, verbose=0)
    assert equal(model.get_weights(), expected.get_weights())


def test_hooks_of_a_data_set():
    seen = []

    class Noted(Batches):
        def on_epoch_begin(self) -> None:
            seen.append("begin")

        def on_epoch_end(self) -> None:
            seen.append("end")

    fit(classifier(), Noted([20, 20]), epochs=2)
    assert seen == ["end", "begin", "end", "begin", "end"]
    seen.clear()
    classifier().evaluate(Noted([20, 20]), verbose=0)
    assert seen == ["end", "begin", "end"]
    seen.clear()
    classifier().predict(Noted([20, 20]))
    assert seen == ["begin", "end"]


def test_where_data_run_out():
    def ran_out(use: Callable[[], Any], words: str) -> None:
        with pytest.warns(UserWarning, match=f"{RAN_OUT}. {words}"):
            use()

    model = classifier()
    ran_out(lambda: fit(model, batches([20, 20])), r"fit\(\) got 2 batches, whose number was not known")
    ran_out(lambda: fit(model, batches([20, 20]), steps_per_epoch=3), r"fit\(\) got 2 of 3 batches")
    ran_out(lambda: fit(model, X, y=LABELS, steps_per_epoch=6, batch_size=9), r"fit\(\) got 5 of 6 batches")
    ran_out(lambda: model.evaluate(batches([20, 20]), verbose=0), r"evaluate\(\) got 2 batches")
    ran_out(lambda: model.evaluate(X, LABELS, 20, steps=3, verbose=0), r"evaluate\(\) got 2 of 3 batches")
    ran_out(lambda: model.predict(batches([20, 20])), r"predict\(\) got 2 batches")
    ran_out(lambda: model.predict(X, 20, steps=3), r"predict\(\) got 2 of 3 batches")
    fit(model, Loader([20, 20]), epochs=2)  # whose number is known
    fit(model, batches([20, 20]), steps_per_epoch=2)


def test_more_is_not_taken_than_asked_for():
    endless = (batch for _ in iter(int, 1) for batch in batches([10] * 4))
    model = classifier()
    for use in (
        lambda: fit(model, endless, epochs=2, steps_per_epoch=3),
        lambda: model.evaluate(endless, steps=6, verbose=0),
        lambda: model.predict(endless, steps=6),
    ):
        use()
        assert np.array_equal(next(endless)[1], LABELS[20:30])
        next(endless)


def test_shuffle_warns_where_it_has_no_effect():
    class Endless(Batches):
        num_batches = None

    for source in (batches([40]), Loader([40]), Endless([40])):
        with pytest.warns(UserWarning, match=r"fit\(shuffle=True\): x is a \w+, whose batches come in its own order"):
            classifier().fit(source, steps_per_epoch=1, verbose=0)
    classifier().fit(Batches([40]), verbose=0)


# --- callbacks and progress ---------------------------------------------------------------------------------------


class Notes(Callback):
    def __init__(self) -> None:
        self.seen: list[Any] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self.seen.append(self.params)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.seen.append(batch)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.seen.append((batch, sorted(logs)))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seen.append(sorted(logs))


@quiet
def test_hooks():
    notes, keys = Notes(), ["accuracy", "loss"]
    history = fit(classifier(), batches([20, 20]), callbacks=notes, validation_data=batches([9]))
    assert notes.seen[0] == {"verbose": 0, "epochs": 1, "steps": None}
    assert notes.seen[1:] == [0, (0, keys), 1, (1, keys), [*keys, "val_accuracy", "val_loss"]]
    assert list(history.history) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    for source, steps in ((Batches([20, 20]), 2), (Loader([20, 20]), 2), (batches([20, 20]), 2)):
        notes = Notes()
        fit(classifier(), source, callbacks=notes, steps_per_epoch=steps if source.__class__ is not Batches else None)
        assert notes.seen[0]["steps"] == steps


def test_results_so_far_are_those_of_the_rows_so_far():
    seen: list[Any] = []
    model = classifier()
    notes = LambdaCallback(on_test_batch_end=lambda batch, logs: seen.append(logs))
    model.evaluate(Batches([7, 13, 20]), verbose=0, callbacks=[notes])
    assert seen == [model.evaluate(X[:n], LABELS[:n], verbose=0, return_dict=True) for n in (7, 20, 40)]


def test_training_stops_where_it_is_told_to():
    endless = (batch for _ in iter(int, 1) for batch in batches([10] * 4))
    model = classifier()

    def stop(batch: int, logs: Any) -> None:
        model.stop_training = batch == 5

    history = fit(model, endless, epochs=3, callbacks=LambdaCallback(on_train_batch_end=stop))
    assert model.iterations == 6
    assert history.epoch == [0]


@quiet
def test_a_model_is_of_use_while_it_is_fed(tmp_path):
    """In callbacks and in the generator itself."""
    model = classifier()

    def use(*_: Any) -> None:
        model.save(tmp_path / "model.safetensors")
        assert np.array_equal(load_model(tmp_path / "model.safetensors").predict(X), model.predict(X))
        model.evaluate(Batches([40]), verbose=0)
        other = classifier(seed=2)
        fit(other, batches([40]))

    def using() -> Iterator[Any]:
        for batch in batches([10] * 4):
            use()
            yield batch

    fit(model, using(), callbacks=LambdaCallback(on_train_batch_end=use, on_epoch_end=use))
    assert model.iterations == 4


def test_a_model_is_not_trained_by_what_feeds_it():
    def training(what: Callable[[Sequential], Any]) -> Iterator[Any]:
        yield from batches([10])
        what(model)

    for use in (
        lambda m: fit(m, batches([10])),
        lambda m: m.train_on_batch(X, LABELS),
        lambda m: m.compile("sgd", "mse"),
    ):
        model = classifier()
        with pytest.raises(RuntimeError, match=r"cannot run while fit\(\) is running"):
            fit(model, training(use))
        with pytest.raises(RuntimeError, match=r"cannot run while evaluate\(\) is running"):
            model.evaluate(training(use), verbose=0)
        model.fit(X, LABELS, verbose=0)


@quiet
def test_progress_of_unknown_length(capsys):
    model = classifier()
    fit(model, batches([10] * 4), verbose=2, epochs=2)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" - ")[1] for line in lines] == ["4/4", "2/4"]
    fit(model, batches([10] * 4), verbose=1)
    model.evaluate(batches([10] * 4), verbose=1)
    model.predict(batches([10] * 4), verbose=1)
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["4/4"] * 3
    fit(model, batches([10] * 4), verbose=0)
    model.predict(batches([10] * 4))
    assert capsys.readouterr().out == ""


# --- class weights ------------------------------------------------------------------------------------------------


def test_class_weights_of_a_data_set():
    model, expected = classifier(), classifier()
    options = {"class_weight": {0: 0.5, 2: 3.0}, "verbose": 0, "shuffle": False}
    model.fit(Batches([8] * 5), **options)
    expected.fit(X, LABELS, 8, **options)
    assert equal(model.get_weights(), expected.get_weights())


# --- data sets and lifetimes --------------------------------------------------------------------------------------


def test_a_data_set_is_what_keras_has():
    assert Sequence is PyDataset
    data = PyDataset(workers=4, use_multiprocessing=True, max_queue_size=3)
    assert (data.workers, data.use_multiprocessing, data.max_queue_size) == (4, True, 3)
    assert [len(batch[0]) for batch in Batches([3, 4])] == [3, 4]
    with pytest.raises(NotImplementedError, match="__getitem__"):
        data[0]
    for options in ({"workers": -1}, {"workers": 1.0}, {"use_multiprocessing": 1}, {"max_queue_size": "a"}):
        with pytest.raises((TypeError, ValueError), match=next(iter(options))):
            PyDataset(**options)

    class NoConstructor(Batches):
        def __init__(self) -> None:
            self.sizes, self.more, self.asked = [40], (), []

    fit(classifier(), NoConstructor())


@quiet
def test_nothing_is_kept():
    closed = []

    def noting() -> Iterator[Any]:
        try:
            yield from batches([10] * 4)
            yield from iter(lambda: (X, LABELS), None)
        finally:
            closed.append(True)

    model = classifier()
    gc.disable()
    try:
        for use in (
            lambda: fit(model, noting(), steps_per_epoch=2),
            lambda: model.evaluate(noting(), steps=2, verbose=0),
            lambda: model.predict(noting(), steps=2),
            lambda: fit(model, Batches([40]), validation_data=noting(), validation_steps=1, epochs=2),
        ):
            closed.clear()
            use()
            assert closed == [True]
        data = Batches([20, 20])
        gone = weakref.ref(data)
        fit(model, data)
        del data
        assert gone() is None
    finally:
        gc.enable()


def test_a_generator_of_ones_own_stays_open():
    endless = (batch for _ in iter(int, 1) for batch in batches([10] * 4))
    fit(classifier(), endless, steps_per_epoch=3)
    assert next(endless)


def test_from_compat():
    from lamina.compat.tensorflow.keras.utils import PyDataset as Other
    from lamina.compat.tensorflow.keras.utils import Sequence as OtherSequence

    assert Other is OtherSequence is PyDataset


def test_seeds_do_not_depend_on_the_look_ahead():
    """Python's and NumPy's generators are the user's own."""
    set_random_seed(5)
    expected = (random.random(), np.random.rand())  # noqa: NPY002
    set_random_seed(5)
    model = classifier(seed=5)
    model.fit(Batches([4] * 10), verbose=0)
    assert (random.random(), np.random.rand()) == expected  # noqa: NPY002
