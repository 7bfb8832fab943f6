"""What may go wrong with batches that are handed over, and what is left then."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from handing import RAN_OUT, WEIGHTS, Batches, Loader, batches, fit
from lamina.layers import Dense
from lamina.models import Sequential
from lamina.optimizers import SGD
from lamina.utils import PyDataset
from small import LABELS, ONE_HOT, X, classifier, equal

GOOD = (X[:8], LABELS[:8])


@pytest.mark.parametrize(
    ("bad", "error", "words"),
    [
        (None, TypeError, "batch 2 is None"),
        ("text", TypeError, "batch 2 is 'text' (str)"),
        (list(GOOD), TypeError, "(list): a batch must be a tuple"),
        ({"x": X}, TypeError, "(dict)"),
        (X, TypeError, "(ndarray)"),
        ((), ValueError, "batch 2 has 0 parts"),
        ((*GOOD, None, None), ValueError, "batch 2 has 4 parts"),
        ((X[:8],), ValueError, "batch 2 has no targets"),
        ((None, LABELS[:8]), TypeError, "batch 2: x is None"),
        ((X[:8], LABELS[:7]), ValueError, "batch 2: y has 7 rows"),
        ((X[:8, :4], LABELS[:8]), ValueError, "batch 2: x has shape (8, 4), the model takes (n, 5)"),
        ((X[0], LABELS[:1]), ValueError, "batch 2: x has shape (5,)"),
        ((X[:0], LABELS[:0]), ValueError, "batch 2: x has shape (0, 5), without a single row"),
        ((X[:8].astype(str), LABELS[:8]), TypeError, "batch 2: x has dtype <U"),
        ((np.full((8, 5), np.nan), LABELS[:8]), ValueError, "batch 2: x holds 40 values that are not a finite float32"),
        ((X[:8], LABELS[:8] + 3), ValueError, "batch 2: y["),
        ((X[:8], ONE_HOT[:8]), ValueError, "batch 2: y has shape (8, 3)"),
        ((*GOOD, WEIGHTS[:8]), ValueError, "batch 2 has sample weights, the first one has none"),
        ((*GOOD, -WEIGHTS[1:9]), ValueError, "batch 2: sample_weight[0] = -"),
    ],
)
def test_a_bad_batch(bad: Any, error: type[Exception], words: str) -> None:
    """The steps before it stay taken; as the first it changes nothing."""
    model, expected = classifier(), classifier()
    for _ in range(2):
        expected.train_on_batch(*GOOD)
    with pytest.raises(error) as caught:
        fit(model, iter([GOOD, GOOD, bad, GOOD]))
    assert words in str(caught.value)
    assert equal(model.get_weights(), expected.get_weights())
    assert model.iterations == 2
    before = model.get_weights()
    with pytest.raises(error) as caught:
        fit(model, X, y=LABELS, validation_data=iter([GOOD, GOOD, bad]), batch_size=40)
    assert f"validation_data {words}" in str(caught.value) or not words.startswith("batch")
    assert model.iterations == 3
    with pytest.raises(error):
        model.evaluate(iter([GOOD, GOOD, bad]), verbose=0)
    if not words.startswith("batch 2 has sample weights"):
        before = model.get_weights()
        with pytest.raises(error) as caught:
            fit(model, iter([bad]))
        assert words.replace("batch 2", "batch 0") in str(caught.value)
        assert equal(model.get_weights(), before)
    model.fit(X, LABELS, verbose=0)


@pytest.mark.parametrize("kind", [ZeroDivisionError, KeyboardInterrupt, MemoryError, RuntimeError])
def test_what_a_generator_raises(kind: type[BaseException]) -> None:
    def raising() -> Iterator[Any]:
        yield GOOD
        yield GOOD
        raise kind("mine")

    model, expected = classifier(), classifier()
    for _ in range(2):
        expected.train_on_batch(*GOOD)
    with pytest.raises(kind, match="mine"):
        fit(model, raising())
    assert equal(model.get_weights(), expected.get_weights())
    for use in (lambda: model.evaluate(raising(), verbose=0), lambda: model.predict(raising())):
        with pytest.raises(kind, match="mine"):
            use()
    model.fit(X, LABELS, verbose=0)


def test_ctrl_c_in_a_generator():
    def interrupted() -> Iterator[Any]:
        yield GOOD
        os.kill(os.getpid(), signal.SIGINT)
        yield from iter(lambda: GOOD, None)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        model, expected = classifier(), classifier()
        with pytest.raises(KeyboardInterrupt):
            fit(model, interrupted())
        expected.train_on_batch(*GOOD)
        assert equal(model.get_weights(), expected.get_weights())
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"y": LABELS}, ValueError, "fit(y=...): x is a generator"),
        ({"sample_weight": WEIGHTS}, ValueError, "fit(sample_weight=...): x is a generator"),
        ({"batch_size": 8}, ValueError, "fit(batch_size=...): x is a generator"),
        ({"validation_split": 0.5}, ValueError, "fit(validation_split=...): x is a generator"),
        ({"class_weight": {0: 1}}, ValueError, "fit(class_weight=...): not with x that is a generator"),
        ({"validation_rows": "random"}, ValueError, "validation_rows"),
        ({"validation_data": batches([8]), "validation_batch_size": 3}, ValueError, "validation_batch_size"),
        ({"steps_per_epoch": 0}, ValueError, "steps_per_epoch=0"),
        ({"validation_steps": 1.5}, TypeError, "validation_steps=1.5"),
        ({"validation_data": iter([])}, ValueError, "gives no batch"),
        ({"validation_data": iter([(X[:, :3], LABELS)])}, ValueError, "validation_data batch 0: x has shape (40, 3)"),
    ],
)
def test_arguments_that_do_not_go_with_it(options: Any, error: type[Exception], words: str) -> None:
    model = classifier()
    before = model.get_weights()
    with pytest.raises(error) as caught:
        fit(model, batches([8]), **options)
    assert words in str(caught.value)
    assert equal(model.get_weights(), before)
    assert model.history is None


def test_what_is_refused_elsewhere():
    model = classifier()
    for use, words in (
        (lambda: fit(model, iter([])), "gives no batch"),
        (lambda: fit(model, Loader([])), "gives no batch"),
        (lambda: fit(model, Batches([])), r"Batches\(num_batches=0\)"),
        (lambda: model.evaluate(batches([8]), LABELS), r"evaluate\(y=...\)"),
        (lambda: model.evaluate(batches([8]), batch_size=3), r"evaluate\(batch_size=...\)"),
        (lambda: model.predict(batches([8]), batch_size=3), r"predict\(batch_size=...\)"),
        (
            lambda: fit(model, Batches([8], WEIGHTS), class_weight={0: 1}),
            r"batch 0 has sample weights: fit\(class",
        ),
        (lambda: fit(model, Loader([8]), class_weight={0: 1}), "class_weight"),
    ):
        with pytest.raises(ValueError, match=words):
            use()
    for use, words in (
        (lambda: model.train_on_batch(batches([8])), r"train_on_batch\(\): x is a generator"),
        (lambda: model.test_on_batch(batches([8])), r"test_on_batch\(\): x is a generator"),
        (lambda: model.predict_on_batch(batches([8])), r"predict_on_batch\(\): x is a generator"),
    ):
        with pytest.raises(TypeError, match=words):
            use()
    with pytest.raises(NotImplementedError, match=r"needs __len__\(\) or a property num_batches"):
        fit(model, PyDataset())


def test_what_no_longer_gives_batches():
    once = batches([20, 20])

    class Once:
        def __iter__(self) -> Iterator[Any]:
            return once

    model = classifier()
    with pytest.warns(UserWarning, match=RAN_OUT):
        history = fit(model, Once(), epochs=2).history
    assert history["loss"][1] == 0  # as in Keras
    once = batches([40])
    with pytest.warns(UserWarning, match=RAN_OUT), pytest.raises(ValueError, match="got no batch"):
        fit(model, Batches([40]), epochs=2, validation_data=Once())


def test_a_loss_that_is_not_finite():
    model = Sequential([Dense(1, input_shape=(2,))])
    model.compile(SGD(0.1), "mse")
    x, y = np.ones((4, 2), np.float32), np.ones(4, np.float32)
    expected = Sequential([Dense(1, input_shape=(2,))])
    expected.compile(SGD(0.1), "mse")
    expected.set_weights(model.get_weights())
    expected.train_on_batch(x, y)
    with pytest.warns(RuntimeWarning, match=r"training stopped in epoch 1, batch 1: the loss of a batch"):
        history = fit(model, iter([(x, y), (x, y + np.float32(3e38)), (x, y)]), epochs=3)
    assert not np.isfinite(history.history["loss"]).any()
    assert history.epoch == [0]
    assert equal(model.get_weights(), expected.get_weights())


def test_weights_that_are_not_finite_are_put_back():
    model = Sequential([Dense(1, input_shape=(2,))])
    model.compile(SGD(1e38), "mse")
    before = model.get_weights()
    x = np.ones((4, 2), np.float32)
    with pytest.warns(RuntimeWarning, match="weights became infinite or NaN"):
        fit(model, iter([(x, x[:, :1] * 100)]), steps_per_epoch=1)
    assert equal(model.get_weights(), before)


def test_what_looks_like_a_data_set():
    class Other:
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> Any:
            return [GOOD, GOOD][index]

    model = classifier()
    for use in (lambda: fit(model, Other()), lambda: model.evaluate(Other()), lambda: model.predict(Other())):
        with pytest.raises(TypeError, match=r"derived from lamina\.utils\.PyDataset"):
            use()
