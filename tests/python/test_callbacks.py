"""What callbacks are called with, and what they may do."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from lamina import callbacks
from lamina.callbacks import HOOKS, Callback, CallbackList, History, LambdaCallback
from lamina.layers import Dense
from lamina.models import Sequential
from lamina.optimizers import SGD
from lamina.utils import set_random_seed

GENERATOR = np.random.default_rng(4)
X = GENERATOR.normal(size=(20, 3)).astype(np.float32)
Y = GENERATOR.normal(size=20).astype(np.float32)


def regression(*metrics: str, optimizer: Any = "sgd") -> Sequential:
    set_random_seed(1)
    model = Sequential([Dense(1, input_shape=(3,))])
    model.compile(optimizer, "mse", list(metrics))
    return model


class Recorder(Callback):
    """Writes down every hook with its number and the keys of its logs."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []


def _recording(hook: str) -> Any:
    def with_number(self: Recorder, number: int, logs: dict[str, float] | None = None) -> None:
        self.calls.append((hook, number, *sorted(logs or {})))

    def without(self: Recorder, logs: dict[str, float] | None = None) -> None:
        self.calls.append((hook, *sorted(logs or {})))

    return with_number if "batch" in hook or "epoch" in hook else without


for _hook in HOOKS:
    setattr(Recorder, _hook, _recording(_hook))


def test_all_hooks_of_fit_in_their_order():
    recorder = Recorder()
    regression("mae").fit(X, Y, epochs=2, batch_size=9, verbose=0, callbacks=[recorder], validation_data=(X[:4], Y[:4]))
    epoch: list[tuple[Any, ...]] = []
    for batch in range(3):
        epoch += [("on_train_batch_begin", batch), ("on_train_batch_end", batch, "loss", "mae")]
    epoch += [
        ("on_test_begin",),
        ("on_test_batch_begin", 0),
        ("on_test_batch_end", 0, "loss", "mae"),
        ("on_test_end", "loss", "mae"),
    ]
    logs = ("loss", "mae", "val_loss", "val_mae")
    expected: list[tuple[Any, ...]] = [("on_train_begin",)]
    for number in range(2):
        expected += [("on_epoch_begin", number), *epoch, ("on_epoch_end", number, *logs)]
    assert recorder.calls == [*expected, ("on_train_end", *logs)]


def test_hooks_of_evaluate_and_predict():
    recorder = Recorder()
    model = regression()
    model.evaluate(X, Y, batch_size=12, verbose=0, callbacks=recorder)
    model.predict(X, batch_size=12, callbacks=[recorder])
    assert recorder.calls == [
        ("on_test_begin",),
        ("on_test_batch_begin", 0),
        ("on_test_batch_end", 0, "loss"),
        ("on_test_batch_begin", 1),
        ("on_test_batch_end", 1, "loss"),
        ("on_test_end", "loss"),
        ("on_predict_begin",),
        ("on_predict_batch_begin", 0),
        ("on_predict_batch_end", 0),
        ("on_predict_batch_begin", 1),
        ("on_predict_batch_end", 1),
        ("on_predict_end",),
    ]


def test_listening_changes_nothing():
    plain, heard = regression("root_mean_squared_error"), regression("root_mean_squared_error")
    arguments: dict[str, Any] = {"epochs": 3, "batch_size": 6, "verbose": 0, "validation_split": 0.3}
    expected = plain.fit(X, Y, **arguments).history
    assert heard.fit(X, Y, callbacks=Recorder(), **arguments).history == expected
    np.testing.assert_array_equal(plain.get_weights()[0], heard.get_weights()[0])
    assert heard.evaluate(X, Y, verbose=0, callbacks=Recorder()) == plain.evaluate(X, Y, verbose=0)
    np.testing.assert_array_equal(heard.predict(X, callbacks=Recorder()), plain.predict(X))


def test_logs_of_batches_run_over_the_epoch():
    logs: list[dict[str, float]] = []
    callback = LambdaCallback(on_train_batch_end=lambda batch, seen: logs.append(seen))
    history = regression("mse", optimizer=SGD(0.0)).fit(X, Y, batch_size=7, verbose=0, callbacks=callback)
    assert len(logs) == 3
    assert logs[-1] == {key: values[0] for key, values in history.history.items()}
    assert all(seen["loss"] == pytest.approx(seen["mse"]) for seen in logs)


def test_logs_of_test_batches_run_over_the_data():
    logs: list[dict[str, float]] = []
    callback = LambdaCallback(on_test_batch_end=lambda batch, seen: logs.append(seen))
    model = regression("root_mean_squared_error", "mae")
    model.evaluate(X, Y, batch_size=6, verbose=0, callbacks=callback)
    for number, seen in enumerate(logs):
        rows = slice(0, min(6 * (number + 1), 20))
        assert list(seen.values()) == pytest.approx(model.evaluate(X[rows], Y[rows], verbose=0), rel=1e-6)
    assert len(logs) == 4


def test_callbacks_know_model_and_params():
    seen: list[Any] = []

    class Knowing(Callback):
        def __init__(self):
            pass  # without a call to its base

        def on_train_begin(self, logs=None):
            seen.extend([self.model, self.params])

    model = regression()
    model.fit(X, Y, epochs=4, batch_size=6, verbose=0, callbacks=[Knowing()])
    assert seen == [model, {"verbose": 0, "epochs": 4, "steps": 4}]


def test_old_names_of_batch_hooks():
    seen: list[Any] = []

    class Old(Callback):
        def on_batch_begin(self, batch, logs=None):
            seen.append(batch)

        def on_batch_end(self, batch, logs=None):
            seen.append(sorted(logs))

    regression().fit(X, Y, batch_size=10, verbose=0, callbacks=Old())
    assert seen == [0, ["loss"], 1, ["loss"]]


@pytest.mark.parametrize(
    ("hook", "epochs", "steps"),
    [
        ("on_train_batch_end", 1, 1),
        ("on_train_batch_begin", 1, 1),
        ("on_epoch_end", 1, 4),
        ("on_epoch_begin", 1, 4),
    ],
)
def test_stop_training(hook, epochs, steps):
    model = regression()

    def stop(number: int, logs: Any) -> None:
        model.stop_training = True

    history = model.fit(X, Y, epochs=5, batch_size=5, verbose=0, callbacks=LambdaCallback(**{hook: stop}))
    assert history.epoch == list(range(epochs))
    assert len(history.history["loss"]) == epochs
    assert model._network.iterations <= steps
    assert len(model.fit(X, Y, epochs=2, verbose=0).epoch) == 2  # and a new fit runs again


def test_learning_rate_from_a_callback():
    rates = iter([0.5, 0.0, 0.25])
    weights: list[np.ndarray] = []
    model = regression(optimizer=SGD(0.1))

    def begin(epoch: int, logs: Any) -> None:
        weights.append(model.get_weights()[0])
        model.optimizer.learning_rate = next(rates)

    model.fit(X, Y, epochs=3, verbose=0, callbacks=LambdaCallback(on_epoch_begin=begin))
    weights.append(model.get_weights()[0])
    assert not np.array_equal(weights[0], weights[1])
    assert np.array_equal(weights[1], weights[2])
    assert not np.array_equal(weights[2], weights[3])


def test_learning_rate_from_a_batch_callback():
    model = regression(optimizer=SGD(0.1))
    weights: list[np.ndarray] = []

    def freeze(batch: int, logs: Any) -> None:
        weights.append(model.get_weights()[0])
        model.optimizer.learning_rate = 0.0

    model.fit(X, Y, epochs=1, batch_size=5, verbose=0, callbacks=LambdaCallback(on_train_batch_end=freeze))
    assert all(np.array_equal(w, weights[0]) for w in weights)


@pytest.mark.parametrize("hook", [hook for hook in HOOKS if "predict" not in hook])
def test_what_a_callback_raises_comes_out_and_the_model_goes_on(hook):
    class Mine(Exception):
        pass

    error = Mine("mine")

    def fail(*arguments: Any) -> None:
        raise error

    model = regression()
    with pytest.raises(Mine) as caught:
        model.fit(X, Y, epochs=2, verbose=0, validation_split=0.5, callbacks=[LambdaCallback(**{hook: fail})])
    assert caught.value is error
    assert np.isfinite(model.predict(X)).all()
    assert len(model.fit(X, Y, epochs=2, verbose=0).epoch) == 2


def test_a_raising_callback_leaves_the_epochs_before_it():
    def fail(epoch: int, logs: Any) -> None:
        if epoch == 2:
            raise KeyboardInterrupt

    model = regression()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, epochs=5, verbose=0, callbacks=LambdaCallback(on_epoch_end=fail))
    assert model.history.epoch == [0, 1]
    assert len(model.history.history["loss"]) == 2
    assert model._network.iterations == 3


def test_history_records_what_others_add_to_the_logs():
    def add(epoch: int, logs: dict[str, float]) -> None:
        logs["doubled"] = 2 * epoch

    history = regression().fit(X, Y, epochs=3, verbose=0, callbacks=LambdaCallback(on_epoch_end=add))
    assert history.history["doubled"] == [0, 2, 4]


def test_a_history_of_ones_own_is_used():
    mine = History()
    model = regression()
    assert model.fit(X, Y, epochs=2, verbose=0, callbacks=[mine]) is mine
    assert mine.epoch == [0, 1]
    assert model.history is mine


def test_forms_of_callbacks():
    first, second = Recorder(), Recorder()
    for given in (first, [first], (first, second), [[first], second], CallbackList([first, second]), None, []):
        regression().fit(X, Y, verbose=0, callbacks=given)
    assert sum(call == ("on_train_begin",) for call in first.calls) == 5
    assert sum(call == ("on_train_begin",) for call in second.calls) == 3


def test_callback_list():
    recorder = Recorder()
    both = CallbackList(recorder, add_history=True, model="model", verbose=0)
    assert both.history is both.callbacks[-1]
    assert recorder.model == "model"
    assert recorder.params == {"verbose": 0}
    for name in HOOKS:
        getattr(both, name)(*((3, {"loss": 1.0}) if "batch" in name or "epoch" in name else ({"loss": 1.0},)))
    assert [call[0] for call in recorder.calls] == list(HOOKS)
    assert both.history.history == {"loss": [1.0]}
    assert both.wants_batches("train")
    assert not CallbackList(History()).wants_batches("train")
    later = CallbackList()
    later.append(recorder)
    assert later.wants_batches("test")


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (lambda: LambdaCallback(on_epoch_ends=print), "on_epoch_ends"),
        (lambda: LambdaCallback(on_epoch_end=3), "must be callable"),
        (lambda: CallbackList([3]), "not 3"),
        (lambda: CallbackList([Callback]), "class Callback"),
    ],
)
def test_what_is_no_callback(use, words):
    with pytest.raises(TypeError, match=words):
        use()


def test_all_is_done_when_the_loss_explodes():
    set_random_seed(1)
    model = Sequential([Dense(8, input_shape=(3,)), Dense(1)])
    model.compile(SGD(1e18), "mse")
    recorder = Recorder()
    with pytest.warns(RuntimeWarning, match="not finite"):
        history = model.fit(X, Y, epochs=9, batch_size=5, verbose=0, callbacks=recorder)
    assert recorder.calls[-1] == ("on_train_end", "loss")
    assert recorder.calls[-2] == ("on_epoch_end", history.epoch[-1], "loss")
    assert not math.isfinite(history.history["loss"][-1])


def test_hooks_are_those_of_the_base_class():
    found = [name for name in vars(callbacks.Callback) if name.startswith("on_")]
    assert set(found) == {*HOOKS, "on_batch_begin", "on_batch_end"}


@pytest.mark.parametrize("add_history", [None, 1, "yes", np.zeros(2)])
def test_add_history_is_a_flag(add_history: Any) -> None:
    with pytest.raises(TypeError, match="add_history"):
        CallbackList(add_history=add_history)
