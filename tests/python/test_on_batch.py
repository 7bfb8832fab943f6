"""`train_on_batch`, `test_on_batch` and `predict_on_batch`: one batch at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lamina.callbacks import LambdaCallback
from lamina.layers import Dense, Dropout
from lamina.models import Sequential
from lamina.optimizers import SGD, Adam
from lamina.utils import set_random_seed

GENERATOR = np.random.default_rng(8)
X = GENERATOR.normal(size=(23, 5)).astype("float32")
Y = GENERATOR.normal(size=23).astype("float32")
BATCH = 7


def network(*metrics: str, optimizer: Any = None) -> Sequential:
    set_random_seed(3)
    model = Sequential([Dense(9, activation="tanh", input_shape=(5,)), Dropout(0.3), Dense(1)])
    model.compile(optimizer or Adam(0.01), "mse", list(metrics))
    return model


def same(a: Any, b: Any) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_steps_are_those_of_fit():
    """The same bits, dropout's masks and Adam's count of steps among them; then fit goes on from there."""
    fitted, stepped = network("mae", "root_mean_squared_error"), network("mae", "root_mean_squared_error")
    for _ in range(2):
        losses = []
        for start in range(0, len(X), BATCH):
            rows = slice(start, start + BATCH)
            losses.append((stepped.train_on_batch(X[rows], Y[rows], return_dict=True)["loss"], len(X[rows])))
        history = fitted.fit(X, Y, BATCH, verbose=0, shuffle=False).history
        assert same(fitted.get_weights(), stepped.get_weights())
        assert sum(loss * rows for loss, rows in losses) / len(X) == pytest.approx(history["loss"][0], rel=1e-12)


def test_what_is_returned():
    model = network("mae", "root_mean_squared_error", optimizer=SGD(0.0))
    loss, mae, root = model.test_on_batch(X, Y)
    assert [loss, mae, root] == model.evaluate(X, Y, verbose=0)
    assert model.test_on_batch(X, Y, return_dict=True) == {"loss": loss, "mae": mae, "root_mean_squared_error": root}
    results = model.train_on_batch(X, Y)
    assert [type(value) for value in results] == [float] * 3
    assert results[2] ** 2 == pytest.approx(results[0], rel=1e-6)
    assert list(model.train_on_batch(X, Y, return_dict=True)) == ["loss", "mae", "root_mean_squared_error"]
    assert isinstance(network().train_on_batch(X, Y), float)
    assert np.array_equal(model.predict_on_batch(X), model.predict(X))


def test_a_model_is_built_from_its_first_batch():
    model = Sequential([Dense(1)])
    model.compile("sgd", "mse")
    model.train_on_batch(X, Y)
    assert model.input_shape == (None, 5)


def test_the_learning_rate_counts_from_the_next_step():
    model = network(optimizer=SGD(0.1))
    model.optimizer.learning_rate = 0.0
    before = model.get_weights()
    model.train_on_batch(X, Y)
    assert same(before, model.get_weights())
    model.optimizer.learning_rate = 0.1
    model.train_on_batch(X, Y)
    assert not same(before, model.get_weights())


def test_a_loss_that_is_not_finite_is_not_applied():
    model = network(optimizer=SGD(0.1))
    before = model.get_weights()
    with pytest.warns(RuntimeWarning, match=r"train_on_batch\(\): the loss of a batch was not finite"):
        loss = model.train_on_batch(X, np.full(len(X), 3e38, "float32"))
    assert not np.isfinite(loss)
    assert same(before, model.get_weights())


def test_weights_that_are_not_finite_are_put_back():
    model = network(optimizer=SGD(1e38))
    before = model.get_weights()
    with pytest.warns(RuntimeWarning, match=r"train_on_batch\(\): weights became infinite or NaN"):
        model.train_on_batch(X, 10 * Y)
    assert same(before, model.get_weights())


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda m: m.train_on_batch(X[:0], Y[:0]), ValueError, "x"),
        (lambda m: m.train_on_batch(X, Y[:5]), ValueError, "y"),
        (lambda m: m.train_on_batch(X[:, :3], Y), ValueError, "x"),
        (lambda m: m.train_on_batch(X, Y, return_dict=1), TypeError, "train_on_batch(return_dict=1)"),
        (lambda m: m.train_on_batch(X, Y, sample_weight=-np.abs(Y)), ValueError, "sample_weight[0] = -"),
        (lambda m: m.train_on_batch(X, Y, class_weight={0: -1}), ValueError, "train_on_batch(class_weight[0]=-1)"),
        (lambda m: m.train_on_batch(X, Y, epochs=1), TypeError, "epochs"),
        (lambda m: m.test_on_batch(X, Y, sample_weight=Y[:5]), ValueError, "sample_weight has 5 rows"),
        (lambda m: m.predict_on_batch(X[:, :3]), ValueError, "x"),
        (lambda m: Sequential([Dense(1)]).train_on_batch(X, Y), ValueError, "train_on_batch() needs compile()"),
    ],
)
def test_bad_calls_change_nothing(call: Any, error: type[Exception], words: str) -> None:
    model = network()
    before = model.get_weights()
    with pytest.raises(error) as caught:
        call(model)
    assert words in str(caught.value)
    assert same(before, model.get_weights())


def test_a_step_inside_fit_is_refused():
    model = network()
    callback = LambdaCallback(on_epoch_end=lambda epoch, logs: model.train_on_batch(X, Y))
    with pytest.raises(RuntimeError, match="train_on_batch"):
        model.fit(X, Y, verbose=0, callbacks=[callback])
