"""Layers and models that several models share, and layers that are not trained."""

from __future__ import annotations

import gc
import threading
from typing import Any

import numpy as np
import pytest

from lamina import _core
from lamina.layers import Dense, Dropout, PReLU
from lamina.models import Sequential
from lamina.testing import check_gradients
from lamina.utils import set_random_seed

X = np.linspace(-1, 1, 60).reshape(12, 5).astype(np.float32)
Y = np.stack([X.sum(axis=1), X[:, 0] * X[:, 1]], axis=1)


def equal(some: list[np.ndarray], others: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(some, others, strict=True))


def base(name: str = "base") -> Sequential:
    return Sequential([Dense(7, activation="tanh", input_shape=(5,)), Dense(4, activation="relu")], name=name)


def test_a_model_inside_another_is_the_same_as_its_layers() -> None:
    set_random_seed(3)
    nested = Sequential([base(), Dropout(0.2), Sequential([PReLU(), Dense(2)])])
    set_random_seed(3)
    flat = Sequential([Dense(7, activation="tanh", input_shape=(5,)), Dense(4, activation="relu"), Dropout(0.2)])
    flat.add(PReLU())
    flat.add(Dense(2))
    nested.build((None, 5))
    nested.set_weights(flat.get_weights())
    nested.layers[1].seed = flat.layers[2].seed
    nested._seed = flat._seed
    for model in (nested, flat):
        model.compile("adam", "mse", metrics=["mae"])
        model.fit(X, Y, epochs=3, batch_size=5, verbose=0)
    assert equal(nested.get_weights(), flat.get_weights())
    assert nested.count_params() == flat.count_params()
    assert nested.layers[0].name == "base"
    assert nested.layers[2].output_shape == (None, 2)


def test_a_model_inside_another_shares_its_weights() -> None:
    inner = base()
    inner.compile("sgd", "mse")
    inner.fit(X, np.zeros((12, 4)), verbose=0)
    outer = Sequential([inner, Dense(2)])
    before = inner.get_weights()
    assert equal(outer.get_weights()[:4], before)
    outer.compile("adam", "mse")
    outer.fit(X, Y, epochs=2, verbose=0)
    assert not equal(inner.get_weights(), before)
    assert equal(outer.get_weights()[:4], inner.get_weights())
    np.testing.assert_array_equal(outer.predict(X), Sequential([outer.layers[1]]).predict(inner.predict(X)))
    inner.fit(X, np.zeros((12, 4)), verbose=0)
    assert equal(outer.get_weights()[:4], inner.get_weights())


def test_two_threads_that_build_a_model_agree_on_its_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """One is overtaken between the look for weights that are there and the making of its own."""
    model = Sequential([Dense(3, input_shape=(5,)), PReLU(), Dropout(0.5)])
    make = _core.Network
    threads = [threading.Thread(target=lambda: model.predict(X))]

    def overtaken(*arguments: Any) -> Any:
        for thread in [threads.pop()] if threads else []:
            thread.start()
            thread.join()
        return make(*arguments)

    monkeypatch.setattr(_core, "Network", overtaken)
    model.predict(X)
    assert not threads
    model.set_weights([np.ones((5, 3)), np.zeros(3), np.ones(3)])
    np.testing.assert_allclose(model.predict(X)[:, 0], X.sum(axis=1), rtol=1e-5, atol=1e-6)


def test_layers_of_a_trained_model_begin_another() -> None:
    first = base()
    first.compile("sgd", "mse")
    first.fit(X, np.zeros((12, 4)), verbose=0)
    second = Sequential([*first.layers, Dense(2)])
    assert equal(second.layers[0].get_weights(), first.layers[0].get_weights())
    expected = first.get_weights()
    del first
    gc.collect()
    assert second.predict(X).shape == (12, 2)
    assert equal(second.get_weights()[:4], expected)


def test_frozen_layers_stay() -> None:
    inner = base()
    outer = Sequential([inner, Dense(3, activation="tanh"), Dense(2)])
    outer.layers[0].trainable = False
    outer.layers[2].trainable = False
    outer.build((None, 5))
    outer.compile("adam", "mse")
    before = outer.get_weights()
    outer.fit(X, Y, epochs=2, verbose=0)
    after = outer.get_weights()
    assert equal(after[:4], before[:4])
    assert not any(np.array_equal(a, b) for a, b in zip(after[4:6], before[4:6], strict=True))
    assert equal(after[6:], before[6:])
    assert [w.path.split("/")[1] for w in outer.trainable_weights] == ["kernel", "bias"]
    assert len(outer.non_trainable_weights) == 6
    assert len(outer.gradients(X, Y)[1]) == 2
    assert check_gradients(outer, X, Y) < 1e-6


@pytest.mark.parametrize("batch", [5, 64])
def test_the_rest_is_trained_as_if_the_frozen_part_were_data(batch: int) -> None:
    """Training on the outputs of the frozen part gives the bits that training behind it gives."""
    set_random_seed(1)
    inner = base()
    outer = Sequential([inner, Dense(3, activation="tanh"), Dense(2)])
    inner.trainable = False
    outer.compile("adam", "mse")
    outer.build((None, 5))
    alone = Sequential([Dense(3, activation="tanh", input_shape=(4,)), Dense(2)])
    alone.set_weights(outer.get_weights()[4:])
    alone.compile("adam", "mse")
    outer.fit(X, Y, epochs=2, batch_size=batch, shuffle=False, verbose=0)
    alone.fit(inner.predict(X), Y, epochs=2, batch_size=batch, shuffle=False, verbose=0)
    assert equal(alone.get_weights(), outer.get_weights()[4:])


def test_trainable_counts_from_the_next_compile_on() -> None:
    model = base()
    model.compile("sgd", "mse")
    y = np.ones((12, 4))
    model.fit(X, y, verbose=0)
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(X, y, verbose=0)
    assert equal(model.get_weights()[:2], before[:2])
    assert not equal(model.get_weights()[2:], before[2:])
    model.layers[0].trainable = True
    model.fit(X, y, verbose=0)
    assert equal(model.get_weights()[:2], before[:2])
    model.compile("sgd", "mse")
    model.fit(X, y, verbose=0)
    assert not equal(model.get_weights()[:2], before[:2])


def test_frozen_weights_have_no_penalty() -> None:
    model = Sequential([Dense(4, kernel_regularizer="l2", input_shape=(5,)), Dense(2)])
    model.compile("sgd", "mse")
    with_penalty = model.evaluate(X, Y, verbose=0)
    penalty = 0.01 * float((model.layers[0].get_weights()[0] ** 2).sum())
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(with_penalty - penalty, rel=1e-5)


def test_a_model_without_anything_to_train_warns() -> None:
    model = base()
    model.trainable = False
    assert not any(layer.trainable for layer in model.layers)
    model.compile("adam", "mse")
    before = model.get_weights()
    with pytest.warns(UserWarning, match="no weights to train"):
        history = model.fit(X, np.ones((12, 4)), epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2
    assert equal(model.get_weights(), before)


def test_summary_counts_what_is_trained() -> None:
    outer = Sequential([base(), Dense(2)])
    outer.layers[0].trainable = False
    lines: list[str] = []
    outer.build((None, 5))
    outer.summary(print_fn=lines.append)
    text = "\n".join(lines)
    assert "Total params: 84" in text
    assert "Trainable params: 10 " in text
    assert "Non-trainable params: 74 " in text
    assert "base (Sequential)" in text


def test_a_weight_is_read_and_written_by_itself() -> None:
    model = base()
    kernel = model.weights[0]
    assert (kernel.name, kernel.shape, kernel.dtype, kernel.trainable) == ("kernel", (5, 7), "float32", True)
    assert kernel.path == f"{model.layers[0].name}/kernel"
    kernel.assign(np.ones((5, 7)))
    np.testing.assert_array_equal(model.get_weights()[0], np.ones((5, 7), np.float32))
    np.testing.assert_array_equal(np.asarray(kernel), kernel.numpy())
    with pytest.raises(ValueError, match=r"kernel has shape \(5, 7\), not \(2,\)"):
        kernel.assign(np.ones(2))


def test_pop_takes_the_last_layer_away() -> None:
    model = base()
    kept = model.get_weights()[:2]
    layers = model.layers
    assert model.pop() is layers[1]
    assert model.output_shape == (None, 7)
    assert equal(model.get_weights(), kept)
    model.add(Dense(2))
    assert model.predict(X).shape == (12, 2)
    assert Sequential().pop() is None


def test_a_model_inside_another_keeps_its_layers() -> None:
    inner = base()
    outer = Sequential([inner, Dense(2)])
    for change in (lambda: inner.add(Dense(1)), inner.pop):
        with pytest.raises(RuntimeError, match=f"part of the model '{outer.name}'"):
            change()
    assert outer.pop() is not None
    assert outer.pop() is inner
    inner.pop()
    assert len(inner.layers) == 1


def test_refused() -> None:
    inner = base()
    other = Sequential([Dense(3, input_shape=(2,))])
    other.build((None, 2))
    with pytest.raises(ValueError, match=r"shape \(2,\) but receives \(4,\)|weights for samples"):
        Sequential([inner, other.layers[0]])
    with pytest.raises(ValueError, match="float64"):
        Sequential([base()], dtype="float64").add(Dense(2, dtype="float32"))
    built = base()
    built.build((None, 5))
    with pytest.raises(ValueError, match="are float32, the model's are float64"):
        Sequential([built], dtype="float64")
    with pytest.raises(ValueError, match="cannot be part of itself"):
        inner.add(inner)
    for bad in (1, None, "yes"):
        with pytest.raises(TypeError, match="trainable"):
            inner.trainable = bad
