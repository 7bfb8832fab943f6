"""Layers that normalize: by hand, gradients, moving statistics, freezing, sharing, files, divergence, bits."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import lamina
from lamina.layers import (
    BatchNormalization,
    Dense,
    Dropout,
    Flatten,
    GaussianNoise,
    LayerNormalization,
    Normalization,
    Reshape,
)
from lamina.models import Sequential, clone_model, load_model
from lamina.testing import check_gradients

Array = NDArray[np.float64]
GENERATOR = np.random.default_rng(11)
X, Y = GENERATOR.normal(1, 2, (37, 5)), GENERATOR.normal(size=(37, 2))


def built(layers: list[Any], shape: tuple[int, ...] = (5,), loss: str = "mse") -> Sequential:
    lamina.utils.set_random_seed(2)
    model = Sequential(layers, dtype="float64")
    model.build((None, *shape))
    names = [w.name for w in model.weights]
    generator = np.random.default_rng(4)  # its own: no test must depend on those before it
    drawn = [generator.normal(0, 0.5, w.shape) for w in model.weights]
    model.set_weights([np.abs(w) + 0.5 if "variance" in n else w for n, w in zip(names, drawn, strict=True)])
    model.compile("sgd", loss)
    return model


# --- by hand ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("rows", [1, 2, 31, 300])
@pytest.mark.parametrize("columns", [1, 31, 32, 33, 70])
def test_batch_normalization_by_hand(columns: int, rows: int, fused: bool) -> None:
    """A step's loss, and its moving statistics; then inference by these."""
    x = GENERATOR.normal(1, 3, (rows, columns))
    y = GENERATOR.normal(size=(rows, columns))
    model = built([BatchNormalization(momentum=0.75, epsilon=0.125)], (columns,))
    model._ready().fused = fused
    gamma, beta, mean, variance = model.get_weights()
    scaled = (x - x.mean(0)) / np.sqrt(x.var(0) + 0.125)
    out = gamma * scaled + beta
    loss = model.train_on_batch(x, y)
    assert loss == pytest.approx(((out - y) ** 2).mean(), rel=1e-12)
    dy = 2 * (out - y) / out.size
    after = model.get_weights()
    expected = [
        gamma - 0.01 * (dy * scaled).sum(0),
        beta - 0.01 * dy.sum(0),
        0.75 * mean + 0.25 * x.mean(0),
        0.75 * variance + 0.25 * x.var(0),
    ]
    for found, wanted in zip(after, expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)
    wanted = after[0] * (x - after[2]) / np.sqrt(after[3] + 0.125) + after[1]
    np.testing.assert_allclose(model.predict(x), wanted, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(model.predict(x)[:1], model.predict(x[:1]))


@pytest.mark.parametrize("columns", [1, 15, 16, 33, 70])
def test_layer_normalization_by_hand(columns: int) -> None:
    x = GENERATOR.normal(1, 3, (20, 3, columns))
    model = built([LayerNormalization(epsilon=0.125)], (3, columns))
    gamma, beta = model.get_weights()
    scaled = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 0.125)
    np.testing.assert_allclose(model.predict(x), gamma * scaled + beta, rtol=1e-12, atol=1e-12)


LAYERS: dict[str, Any] = {
    "batch": lambda: BatchNormalization(gamma_regularizer="l2", beta_regularizer="l1_l2"),
    "batch_plain": lambda: BatchNormalization(center=False, scale=False),
    "batch_frozen": lambda: BatchNormalization(trainable=False),
    "layer": lambda: LayerNormalization(gamma_regularizer="l2"),
    "layer_plain": lambda: LayerNormalization(center=False, scale=False),
    "layer_beta": lambda: LayerNormalization(scale=False),
    "layer_frozen": lambda: LayerNormalization(trainable=False),
    "normalization": lambda: Normalization(),
    "normalization_back": lambda: Normalization(axis=None, invert=True),
}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", list(LAYERS))
def test_gradients(name: str, training: bool) -> None:
    """At every place of a network, of one panel and of more, of few rows and of many, and with several axes."""
    for units in (1, 33):
        for place in range(4):
            layers: list[Any] = [Dense(units, "tanh"), Dense(units + 3), Dense(2)]
            layers.insert(place, LAYERS[name]())
            check_gradients(built(layers), X, Y, training=training, elements=6)
    several = [Reshape((3, 4)), LAYERS[name](), Dense(3, "tanh"), LAYERS[name](), Flatten(), Dense(2, "softmax")]
    generator = np.random.default_rng(9)
    x, y = generator.normal(size=(9, 12)), np.eye(2)[generator.integers(0, 2, 9)]
    check_gradients(built(several, (12,), "categorical_crossentropy"), x, y, training=training, elements=6)
    check_gradients(built([Dense(3), *[LAYERS[name]() for _ in range(3)]]), X, np.ones((37, 3)), training=training)


def test_with_noise_between() -> None:
    layers = [BatchNormalization(), Dropout(0.25, seed=1), GaussianNoise(0.5, seed=2), Dense(40, "tanh")]
    check_gradients(built([*layers, BatchNormalization(), Dropout(0.5, seed=3), Dense(2)]), X, Y, training=True)


# --- statistics -------------------------------------------------------------------------------------------------------


def test_gradients_and_evaluation_leave_the_statistics_alone() -> None:
    model = built([BatchNormalization(), Dense(2)])
    before = model.get_weights()
    model.gradients(X, Y, training=True)
    model.evaluate(X, Y, verbose=0)
    model.predict(X)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_frozen_it_uses_its_statistics() -> None:
    """From the next compile on; the loss of a step is then that of inference."""
    layer = BatchNormalization()
    model = built([layer, Dense(2)])
    layer.trainable = False
    model.compile("sgd", "mse")
    before = layer.get_weights()
    expected = model.evaluate(X, Y, verbose=0)
    assert model.train_on_batch(X, Y) == pytest.approx(expected, rel=1e-12)
    for a, b in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert [w.name for w in model.non_trainable_weights] == ["gamma", "beta", "moving_mean", "moving_variance"]


def test_without_weights_that_are_trained_it_still_learns_statistics() -> None:
    layer = BatchNormalization(center=False, scale=False, momentum=0)
    dense = Dense(2, trainable=False)
    model = built([layer, dense])
    with pytest.warns(UserWarning, match="no weights to train"):
        model.fit(X, Y, batch_size=64, epochs=1, verbose=0)
    np.testing.assert_allclose(layer.get_weights()[0], X.mean(0), rtol=1e-12)
    np.testing.assert_allclose(layer.get_weights()[1], X.var(0), rtol=1e-12)


def test_a_batch_that_diverges_moves_nothing() -> None:
    """And where weights are spoilt, those of the epoch's beginning are back, statistics too."""
    x, y = X.copy(), Y.copy()
    y[30] = 1e200
    model = built([BatchNormalization(), Dense(2)])
    start = model.get_weights()
    with pytest.warns(RuntimeWarning, match="not finite"):
        model.fit(x, y, batch_size=37, epochs=1, verbose=0)
    for a, b in zip(start, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    model.compile(lamina.optimizers.SGD(1e308), "mse")
    with pytest.warns(RuntimeWarning):
        model.fit(x, Y * 1e30, batch_size=10, epochs=3, verbose=0)
    for a, b in zip(start, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_bytes_are_read_where_they_lie() -> None:
    x = GENERATOR.integers(0, 256, (50, 6)).astype(np.uint8)
    for layer in (BatchNormalization(), LayerNormalization(), Normalization()):
        model = built([layer, Dense(2)], (6,))
        if isinstance(layer, Normalization):
            layer.adapt(x)
            np.testing.assert_allclose(layer.get_weights()[0], x.mean(0), rtol=1e-12)
        weights = model.get_weights()
        model.fit(x, Y[[0] * 50], epochs=2, verbose=0, shuffle=False)
        trained = model.get_weights()
        model.set_weights(weights)
        model.fit(x.astype(np.float64), Y[[0] * 50], epochs=2, verbose=0, shuffle=False)
        for a, b in zip(trained, model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


# --- models -----------------------------------------------------------------------------------------------------------


def network() -> Sequential:
    inner = Sequential([Dense(4, "tanh"), BatchNormalization()], name="inner")
    layers = [Normalization(), Dense(6), BatchNormalization(momentum=0.5), inner, LayerNormalization(), Dense(2)]
    model = Sequential(layers)
    model.build((None, 5))
    model.layers[0].adapt(X)
    model.compile("adam", "mse")
    return model


@pytest.mark.parametrize("format", ["safetensors", "keras", "pickle", "copy"])
def test_training_goes_on_bit_for_bit(format: str, tmp_path: Path) -> None:
    if format == "keras":
        pytest.importorskip("h5py")
    model = network()
    model.fit(X, Y, epochs=2, batch_size=8, verbose=0, shuffle=False)
    if format == "pickle":
        again = pickle.loads(pickle.dumps(model))
    elif format == "copy":
        again = copy.deepcopy(model)
    else:
        model.save(tmp_path / f"model.{format}")
        again = load_model(tmp_path / f"model.{format}")
    for one in (model, again):
        one.fit(X, Y, epochs=2, batch_size=8, verbose=0, shuffle=False)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(model.predict(X), again.predict(X))


def test_weights_alone(tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    model, other = network(), network()
    model.fit(X, Y, epochs=1, verbose=0)
    for name in ("w.weights.h5", "w.safetensors"):
        model.save_weights(tmp_path / name)
        other.load_weights(tmp_path / name)
        np.testing.assert_array_equal(model.predict(X), other.predict(X))


def test_configurations_counts_and_names() -> None:
    model = network()
    assert clone_model(model).get_config()["layers"] == model.get_config()["layers"]
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    untrained = 2 * 5 + 1 + 2 * 6 + 2 * 4
    assert any(f"Non-trainable params: {untrained} " in line for line in lines)
    names = [w.path.split("/")[-1] for w in model.layers[2].weights]
    assert names == ["gamma", "beta", "moving_mean", "moving_variance"]
    assert [w.name for w in model.layers[0].weights] == ["mean", "variance", "count"]
    assert not model.layers[0].trainable_weights


def test_shared_statistics() -> None:
    """A layer in two models, one of them inside the other, has one set of weights."""
    layer = BatchNormalization(momentum=0.5)
    inner = Sequential([Dense(3), layer])
    outer = Sequential([inner, Dense(2)])
    outer.build((None, 5))
    outer.compile("sgd", "mse")
    outer.fit(X, Y, epochs=1, verbose=0)
    assert layer.get_weights()[2].any()
    np.testing.assert_array_equal(inner.get_weights()[4], layer.get_weights()[2])
    before = layer.get_weights()
    inner.trainable = False
    outer.compile("sgd", "mse")
    outer.fit(X, Y, epochs=1, verbose=0)
    for a, b in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


# --- Normalization ----------------------------------------------------------------------------------------------------


def test_adapt_before_and_after_a_model() -> None:
    for early in (True, False):
        layer = Normalization()
        if early:
            layer.adapt(X)
        model = Sequential([layer], dtype="float64")
        model.build((None, 5))
        if not early:
            assert (model.predict(X) == X).all()
            layer.adapt(X)
        np.testing.assert_allclose(model.predict(X), (X - X.mean(0)) / X.std(0), rtol=1e-12)
    back = Normalization(invert=True)
    back.adapt(X)
    scaled = model.predict(X)
    np.testing.assert_allclose(Sequential([back], dtype="float64").predict(scaled), X, rtol=1e-12)


def test_one_for_all_and_several_axes() -> None:
    x = GENERATOR.normal(3, 2, (8, 4, 3))
    layer = Normalization(axis=None)
    layer.adapt(x)
    model = Sequential([layer], dtype="float64")
    np.testing.assert_allclose(model.predict(x), (x - x.mean()) / x.std(), rtol=1e-12)
    assert [w.shape for w in layer.get_weights()] == [(), (), ()]
    each = Normalization(axis=2)
    each.adapt(x)
    flat = x.reshape(-1, 3)
    wanted = (x - flat.mean(0)) / flat.std(0)
    np.testing.assert_allclose(Sequential([each], dtype="float64").predict(x), wanted, rtol=1e-12)
    constant = Normalization(mean=1, variance=0)
    found = Sequential([constant], dtype="float64").predict(np.array([[1.0, 2.0]]))
    np.testing.assert_allclose(found, [[0, 1e7]], rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Normalization(mean=1), "mean and variance"),
        (lambda: Normalization(mean=[1, 2], variance=[1]), "same length"),
        (lambda: Normalization(mean=1, variance=-1), "below 0"),
        (lambda: Normalization(axis=(1, 2)), "only one axis"),
        (lambda: Normalization(axis=None, mean=[1, 2], variance=[1, 2]), "axis=None"),
        (lambda: Normalization(mean=1, variance=2).adapt(X), "mean and a variance"),
        (lambda: Normalization().adapt(X[:0]), "data"),
        (lambda: Normalization().adapt([[np.nan]]), "data"),
        (lambda: Sequential([Normalization(mean=[1, 2], variance=[1, 2], input_shape=(3,))]), "2 features"),
        (lambda: Sequential([BatchNormalization(axis=1, input_shape=(2, 3))]), r"BatchNormalization\(axis=1\)"),
        (lambda: Sequential([LayerNormalization(axis=1, input_shape=(2, 3))]), r"LayerNormalization\(axis=1\)"),
        (lambda: LayerNormalization(axis=[1, 2]), "only one axis"),
        (lambda: BatchNormalization(renorm=True), "renorm"),
        (lambda: BatchNormalization(synchronized=True), "synchronized"),
        (lambda: LayerNormalization.from_config({"rms_scaling": True}), "rms_scaling"),
    ],
)
def test_what_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_adapt_for_other_features_is_refused_and_changes_nothing() -> None:
    layer = Normalization()
    layer.adapt(X)
    with pytest.raises(ValueError, match="5 features"):
        Sequential([layer]).build((None, 4))
    model = Sequential([layer])
    model.build((None, 5))
    before = layer.get_weights()
    with pytest.raises(ValueError, match="data"):
        layer.adapt(X[:, :4])
    for a, b in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
