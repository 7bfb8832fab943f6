"""Samples of several axes: what each layer makes of their shape, and that a Dense acts on the last axis."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lamina.layers import Activation, Dense, Dropout, Flatten, Input, PReLU, ReLU, Rescaling, Reshape, Softmax
from lamina.models import Sequential
from lamina.testing import check_gradients
from lamina.utils import set_random_seed

GENERATOR = np.random.default_rng(8)
X = GENERATOR.normal(size=(20, 4, 3))


def model_of(*layers: object, loss: str = "mean_squared_error", metrics: tuple[str, ...] = ()) -> Sequential:
    """Return a compiled float64 model."""
    set_random_seed(1)
    model = Sequential(list(layers), dtype="float64")
    model.compile("sgd", loss, list(metrics))
    return model


def test_dense_acts_on_the_last_axis() -> None:
    """Each place of the other axes gets the same weights."""
    model = model_of(Dense(5, "tanh"))
    found = model.predict(X)
    kernel, bias = model.get_weights()
    assert model.output_shape == (None, 4, 5)
    assert found.shape == (20, 4, 5)
    np.testing.assert_allclose(found, np.tanh(X @ kernel + bias), rtol=1e-13)


def test_shapes_through_a_model() -> None:
    """Flatten, Reshape, and layers that leave the shape alone."""
    layers = [Rescaling(2.0), Dense(6), PReLU(), Flatten(), Dense(8, "relu"), Reshape((2, -1)), Softmax(), Dropout(0.5)]
    model = model_of(Input((4, 3)), *layers)
    expected = [(4, 3), (4, 6), (4, 6), (24,), (8,), (2, 4), (2, 4), (2, 4)]
    assert [layer.output_shape for layer in model.layers] == [(None, *shape) for shape in expected]
    assert [w.shape for w in model.get_weights()] == [(3, 6), (6,), (4, 6), (24, 8), (8,)]
    assert model.count_params() == sum(math.prod(w.shape) for w in model.get_weights())
    assert model.predict(X).shape == (20, 2, 4)
    assert model.predict(X[:0]).shape == (0, 2, 4)
    np.testing.assert_allclose(model.predict(X).sum(axis=2), 1, rtol=1e-12)


def test_flatten_and_reshape_keep_the_order() -> None:
    """Elements stay where they are in memory."""
    for layers in ([Flatten()], [Reshape((2, 6))], [Reshape((-1,))], [Reshape((2, 2, 3)), Flatten(), Reshape((12, 1))]):
        model = Sequential([Input((4, 3)), *layers], dtype="float64")
        np.testing.assert_array_equal(model.predict(X).reshape(20, -1), X.reshape(20, -1))


STACKS = {
    "rows to the end": ([Dense(5, "gelu"), Dense(4, "softmax")], (4, 4)),
    "flat in between": ([Dense(5, "selu"), Dropout(0.3, seed=3), Flatten(), Dense(4, "softmax")], (4,)),
    "slopes for each place": ([PReLU("ones"), Dense(5), PReLU("he_normal"), Dense(4, "softmax")], (4, 4)),
    "other rows": ([Reshape((6, 2)), Dense(3, "tanh"), Reshape((2, 9)), Dense(4), Softmax(axis=2)], (2, 4)),
    "ends in another shape": ([Dense(8), Activation("softmax"), Reshape((2, 4, 4))], (2, 4, 4)),
    "scaled": ([Rescaling(0.5, 0.25), Flatten(), Dense(6, "mish"), ReLU(2.0, 0.1, 0.05), Dense(4, "softmax")], (4,)),
}


@pytest.mark.parametrize("name", STACKS)
def test_gradients(name: str) -> None:
    """Against central differences, dropout on."""
    layers, outputs = STACKS[name]
    model = model_of(*[type(layer).from_config(layer.get_config()) for layer in layers])
    y = GENERATOR.normal(size=(20, *outputs))
    model.fit(X, y, epochs=1, verbose=0)
    assert check_gradients(model, X, y, training=True) <= 1e-6


def test_outputs_of_several_axes_from_inputs_of_one() -> None:
    """Axes of length 1 are kept too."""
    x = X.reshape(20, 12)
    for shape in ((4, 3), (12, 1), (1, 12), (2, 1, 6)):
        model = Sequential([Input((12,)), Reshape(shape)], dtype="float64")
        np.testing.assert_array_equal(model.predict(x), x.reshape(20, *shape))
        np.testing.assert_array_equal(model.predict(x, verbose=0), x.reshape(20, *shape))


def test_loss_and_metrics_are_means_over_all_places() -> None:
    """As Keras has it: a value for each place of the axes before the last, then the mean."""
    model = model_of(Dense(4, "softmax"), loss="sparse_categorical_crossentropy", metrics=("accuracy",))
    labels = GENERATOR.integers(0, 4, (20, 4))
    p = model.predict(X)
    picked = np.take_along_axis(p, labels[..., None], axis=2)
    expected = [-np.log(picked).mean(), (p.argmax(axis=2) == labels).mean()]
    np.testing.assert_allclose(model.evaluate(X, labels, verbose=0), expected, rtol=1e-12)
    np.testing.assert_allclose(model.evaluate(X, labels[..., None], verbose=0), expected, rtol=1e-12)
    history = model.fit(X, labels, epochs=1, batch_size=20, verbose=0).history
    np.testing.assert_allclose([history["loss"][0], history["accuracy"][0]], expected, rtol=1e-12)
    one_hot = model_of(Dense(4, "softmax"), loss="categorical_crossentropy", metrics=("accuracy",))
    one_hot.predict(X)
    one_hot.set_weights(model.get_weights())
    expected = model.evaluate(X, labels, verbose=0)
    np.testing.assert_allclose(one_hot.evaluate(X, np.eye(4)[labels], verbose=0), expected, rtol=1e-12)


def test_training_on_rows_is_training_on_samples_of_one_axis() -> None:
    """Without dropout, (n, 4, 3) through Dense layers is (4 n, 3) in batches four times as large."""
    y = GENERATOR.normal(size=(20, 4, 2))
    deep = model_of(Dense(7, "tanh"), Dense(2))
    flat = model_of(Dense(7, "tanh"), Dense(2))
    deep.fit(X, y, batch_size=6, epochs=3, shuffle=False, verbose=0)
    flat.fit(X.reshape(80, 3), y.reshape(80, 2), batch_size=24, epochs=3, shuffle=False, verbose=0)
    for a, b in zip(deep.get_weights(), flat.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("units", [1, 3])
def test_targets_without_the_last_axis(units: int) -> None:
    """They are taken where that axis has length 1, and only there."""
    model = model_of(Dense(units))
    y = GENERATOR.normal(size=(20, 4))
    if units == 1:
        assert model.evaluate(X, y, verbose=0) == model.evaluate(X, y[..., None], verbose=0)
    else:
        with pytest.raises(ValueError, match=r"\(20, 4\).*\(20, 4, 3\)"):
            model.evaluate(X, y, verbose=0)


def test_images_are_read_where_they_lie_and_need_a_flatten() -> None:
    """uint8 images through Flatten; without it, a model for rows says so."""
    images = GENERATOR.integers(0, 256, (30, 8, 8)).astype(np.uint8)
    labels = GENERATOR.integers(0, 3, 30)
    set_random_seed(1)
    model = Sequential([Flatten(input_shape=(8, 8)), Rescaling(1 / 255), Dense(3, "softmax")])
    model.compile("rmsprop", "sparse_categorical_crossentropy")
    loss = model.fit(images, labels, epochs=5, batch_size=5, verbose=0).history["loss"]
    assert loss[-1] < loss[0]
    for view in (images[::2], images[::-1], np.asfortranarray(images), images.transpose(0, 2, 1)):
        np.testing.assert_array_equal(model.predict(view), model.predict(np.ascontiguousarray(view)))
    with pytest.raises(ValueError, match=r"\(30, 64\), the model takes \(n, 8, 8\)"):
        model.predict(images.reshape(30, 64))
    rows = Sequential([Dense(3, input_shape=(64,))])
    with pytest.raises(ValueError, match="begin the model with a Flatten layer"):
        rows.predict(images)


def test_places_are_named() -> None:
    """What is wrong in a sample of several axes is named by all of its indices."""
    model = model_of(Dense(4, "softmax"), loss="sparse_categorical_crossentropy")
    labels = GENERATOR.integers(0, 4, (20, 4))
    model.fit(X, labels, verbose=0)
    bad = X.copy()
    bad[7, 2, 1] = np.nan
    with pytest.raises(ValueError, match=r"x holds 1 value .* first at \[7, 2, 1\]: nan"):
        model.predict(bad)
    wrong = labels.copy()
    wrong[3, 1] = 4
    with pytest.raises(ValueError, match=r"y\[3, 1\] = 4"):
        model.fit(X, wrong, verbose=0)
    with pytest.raises(ValueError, match=r"integer labels of shape \(20, 4\)"):
        model.fit(X, labels[:, 0], verbose=0)
