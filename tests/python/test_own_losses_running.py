"""Losses written in Python: errors within them, what they may do to their model, lifetimes, threads."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from lamina import _core, optimizers
from own_losses import Failing, Squared, X, Y, model_of, squared

# --- what it raises -------------------------------------------------------------------------------


@pytest.mark.parametrize("team", [1, 3])
@pytest.mark.parametrize("error", [KeyError("mine"), ZeroDivisionError(), SystemExit(3), KeyboardInterrupt()])
def test_an_error_comes_out_as_it_is(error, team):
    """What the batches before did stays; the failed one is not applied, and the model works on."""
    _core.force_team(team)
    model = model_of(Failing(error, 3))
    with pytest.raises(type(error)) as caught:
        model.fit(X, Y, 5, 3, shuffle=False, verbose=0)
    assert caught.value is error
    assert model._network.iterations == 2
    twin = model_of("mse")
    twin.fit(X[:10], Y[:10], 5, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
    fit = model.fit(X, Y, 5, verbose=0)
    assert np.isfinite(fit.history["loss"]).all()


def test_an_error_in_an_evaluation_ends_it():
    rows = np.tile(X, (2000, 1))
    loss = Failing(KeyError("mine"), 2)
    model = model_of(loss)
    with pytest.raises(KeyError, match="mine"):
        model.evaluate(rows, np.tile(Y, (2000, 1)), verbose=0)
    assert loss.left == 0
    model.evaluate(X, Y, verbose=0)


@pytest.fixture
def interrupts() -> Iterator[None]:
    """Have SIGINT raise KeyboardInterrupt: a background job may have it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupts")
def test_an_interrupt_ends_fit():
    """Ctrl-C while the loss runs."""

    def interrupted(y_true: Any, y_pred: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return squared(y_true, y_pred)

    model = model_of(interrupted)
    before = model.get_weights()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, epochs=1000, verbose=0)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])
    model.predict(X)


def test_the_error_of_a_loss_within_a_loss():
    """Another model may be used in a loss, and what fails there can be caught."""
    inner = model_of(Failing(KeyError("inner"), 1))
    caught = []

    def outer(y_true: Any, y_pred: Any) -> Any:
        try:
            inner.train_on_batch(X, Y)
        except KeyError as error:
            caught.append(str(error))
        inner.predict(X)
        return squared(y_true, y_pred)

    found, expected = model_of(outer), model_of("mse")
    for model in (found, expected):
        model.fit(X, Y, 5, shuffle=False, verbose=0)
    assert caught == ["'inner'"]
    np.testing.assert_allclose(found.get_weights()[0], expected.get_weights()[0], rtol=1e-12)


@pytest.mark.parametrize("method", ["predict", "fit", "evaluate", "gradients", "train_on_batch", "compile"])
@pytest.mark.parametrize("team", [1, 3])
def test_its_own_model_is_busy(method, team):
    """Never a deadlock; an error that can be caught, after which training goes on."""
    _core.force_team(team)
    uses: dict[str, Any] = {
        "predict": lambda: model.predict(X),
        "compile": lambda: model.compile("sgd", "mse"),
    }
    messages = []

    def nested(y_true: Any, y_pred: Any) -> Any:
        try:
            uses.get(method, lambda: getattr(model, method)(X, Y))()
        except RuntimeError as error:
            messages.append(str(error))
        return squared(y_true, y_pred)

    model = model_of(nested)
    model.fit(X, Y, batch_size=12, verbose=0)
    assert len(messages) == 2
    assert all("while fit() is running" in message or "is being trained" in message for message in messages)


@pytest.mark.parametrize("team", [1, 3])
def test_its_weights_can_be_read_and_replaced(team):
    """Between the two halves of a step, while the rest of the team waits."""
    _core.force_team(team)
    found = []

    def nested(y_true: Any, y_pred: Any) -> Any:
        found.append(model.get_weights())
        model.set_weights([w + 1 for w in found[-1]])
        return np.zeros(len(y_pred)), np.zeros_like(y_pred)

    model = model_of(nested, optimizer=optimizers.SGD(0.0))
    found.append(model.get_weights())
    model.fit(X, Y, batch_size=12, verbose=0)
    for first, *later in zip(*found, model.get_weights(), strict=True):
        for number, w in enumerate(later):
            np.testing.assert_array_equal(w, first if number == 0 else later[number - 1] + 1)


def test_its_model_predicts_in_an_evaluation():
    found = []

    def nested(y_true: Any, y_pred: Any) -> Any:
        found.append(np.array_equal(model.predict(X), y_pred))
        return squared(y_true, y_pred)

    model = model_of(nested)
    model.evaluate(X, Y, verbose=0)
    assert found == [True]


# --- lifetimes and threads ------------------------------------------------------------------------


def test_a_loss_that_knows_its_model_keeps_it_from_nothing():
    """The circle of model, loss and model is one that Python sees."""

    class Knowing(Squared):
        model: Any = None

    loss = Knowing()
    loss.model = model_of(loss)
    loss.model.fit(X, Y, verbose=0)
    gone = weakref.ref(loss.model), weakref.ref(loss)
    del loss
    gc.collect()
    assert gone[0]() is None
    assert gone[1]() is None


def test_nothing_is_kept_of_many_trainings():
    seen: list[Any] = []

    def watching(y_true: Any, y_pred: Any) -> Any:
        seen.extend(map(weakref.ref, (y_true, y_pred)))
        return squared(y_true, y_pred)

    model = model_of(watching)
    loss = model.loss
    model.fit(X, Y, verbose=0)
    before = sys.getrefcount(loss), sys.getrefcount(watching)
    for _ in range(20):
        model.fit(X, Y, 5, 2, verbose=0)
        model.evaluate(X, Y, verbose=0)
        model.train_on_batch(X, Y)
        model.compile("sgd", loss)
    gc.collect()
    assert (sys.getrefcount(loss), sys.getrefcount(watching)) == before
    assert [ref for ref in seen if ref() is not None] == []


def test_a_network_outlives_its_loss():
    network = model_of("mse")._network
    loss = Squared()
    network.compile(loss.spec(), {"name": "sgd", "learning_rate": 0.1, "momentum": 0.0, "nesterov": False}, [])
    trainer = _core.Trainer(network, X, Y, 5, False, 0)
    trainer.begin_epoch()
    assert trainer.advance(1, 1.0) == 1
    del loss
    with pytest.raises(RuntimeError, match="the loss object that the model was compiled with is gone"):
        trainer.advance(1, 1.0)
    with pytest.raises(RuntimeError, match="is gone"):
        network.evaluate(X, Y)


def in_threads(count: int, work: Any) -> list[Any]:
    """Run work(number) in threads of their own; return what each returned or raised."""
    results: list[Any] = [None] * count

    def run(number: int) -> None:
        try:
            results[number] = work(number)
        except BaseException as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("team", [1, 2])
def test_models_in_threads_share_a_loss(team):
    _core.force_team(team)
    loss = Squared()
    expected = model_of(loss)
    expected.fit(X, Y, 5, 20, shuffle=False, verbose=0)

    def work(number: int) -> Any:
        model = model_of(loss)
        model.fit(X, Y, 5, 20, shuffle=False, verbose=0)
        return model.get_weights()

    for weights in in_threads(4, work):
        for a, b in zip(weights, expected.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_errors_stay_in_their_threads():
    """Of one model that several evaluate, each thread raises what its own call met."""

    def judging(y_true: Any, y_pred: Any) -> Any:
        if y_true[0, 0] >= 100:
            raise KeyError(int(y_true[0, 0]))
        return squared(y_true, y_pred)

    model = model_of(judging)

    def work(number: int) -> Any:
        y = np.full((23, 3), 100.0 + number if number % 2 else 0.0)
        found = set()
        for _ in range(50):
            try:
                found.add(model.evaluate(X, y, verbose=0))
            except KeyError as error:
                found.add(str(error))
        return found

    for number, found in enumerate(in_threads(4, work)):
        assert len(found) == 1
        assert (found == {str(100 + number)}) == (number % 2 == 1)
