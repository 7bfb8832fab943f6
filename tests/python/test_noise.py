"""Noise in training: what is drawn, of what it is a function, and that inference knows nothing of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import lamina
from lamina import _core
from lamina.layers import ActivityRegularization, AlphaDropout, Dense, GaussianDropout, GaussianNoise, Layer
from lamina.models import Sequential
from lamina.testing import check_gradients

Array = NDArray[np.float64]
NOISE = [GaussianNoise, GaussianDropout, AlphaDropout]
LOWEST = -1.7580993408473766  # of SELU


def seen(layer: Layer, x: Array, steps: int = 0) -> Array:
    """What the layer makes of x in the step after so many: the gradient of a kernel by targets that pick it out."""
    rows, features = x.shape
    model = Sequential([layer, Dense(rows, use_bias=False, kernel_initializer="zeros")], dtype="float64")
    model.build((None, features))
    model.compile(lamina.optimizers.SGD(1e-300), "mse")
    y = -np.eye(rows) * rows * rows / 2
    for _ in range(steps):
        model.train_on_batch(x, y)
    _, (gradient,) = model.gradients(x, y, training=True)
    return gradient.T


X = np.random.default_rng(5).normal(size=(64, 400))


def test_gaussian_noise() -> None:
    noise = seen(GaussianNoise(0.5, seed=1), X) - X
    n = noise.size
    assert abs(noise.mean()) < 5 * 0.5 / np.sqrt(n)
    assert noise.std() == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(2 * n))
    z = noise / 0.5
    assert abs((z**3).mean()) < 5 * np.sqrt(15 / n)
    assert abs((z**4).mean() - 3) < 5 * np.sqrt(96 / n)
    assert np.abs(z).max() > 3.5
    for shifted in (np.roll(z, 1), np.roll(z, 1, axis=0), np.roll(z, 64)):
        assert abs((z * shifted).mean()) < 5 / np.sqrt(n)


def test_gaussian_dropout() -> None:
    factor = seen(GaussianDropout(0.2, seed=1), X) / X
    n = factor.size
    assert abs(factor.mean() - 1) < 5 * 0.5 / np.sqrt(n)
    assert factor.std() == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(2 * n))


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_alpha_dropout(rate: float) -> None:
    found = seen(AlphaDropout(rate, seed=1), X)
    a = ((1 - rate) * (1 + rate * LOWEST**2)) ** -0.5
    b = -a * LOWEST * rate
    dropped = np.isclose(found, a * LOWEST + b, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found[~dropped], (a * X + b)[~dropped], rtol=0, atol=1e-12)
    n = dropped.size
    assert abs(dropped.mean() - rate) < 5 * np.sqrt(rate * (1 - rate) / n)
    assert abs(found.mean()) < 0.05  # X has mean 0 and variance 1
    assert found.std() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("kind", NOISE)
def test_what_it_is_a_function_of(kind: Any) -> None:
    """The seed, the step, and the place of a value; not how many rows there are."""
    first = seen(kind(0.5, seed=1), X)
    np.testing.assert_array_equal(first, seen(kind(0.5, seed=1), X))
    np.testing.assert_array_equal(first[:8], seen(kind(0.5, seed=1), X[:8]))
    assert (first != seen(kind(0.5, seed=2), X)).mean() > 0.4
    assert (first != seen(kind(0.5, seed=1), X, steps=1)).mean() > 0.4
    two = Sequential([kind(0.5, seed=1), kind(0.5, seed=1)])
    assert two.layers[0].seed == two.layers[1].seed


@pytest.mark.parametrize("kind", NOISE)
def test_a_rate_of_0_and_inference_change_nothing(kind: Any) -> None:
    np.testing.assert_array_equal(seen(kind(0.0), X), X)
    model = Sequential([kind(0.5), kind(0.25)])
    np.testing.assert_array_equal(model.predict(X.astype(np.float32)), X.astype(np.float32))


@pytest.mark.parametrize("kind", NOISE)
def test_a_global_seed_gives_the_seeds(kind: Any) -> None:
    lamina.utils.set_random_seed(3)
    first, second = kind(0.5), kind(0.5)
    lamina.utils.set_random_seed(3)
    assert kind(0.5).seed == first.seed != second.seed
    assert first.get_config()["seed"] is None
    assert kind(0.5, seed=9).get_config()["seed"] == 9


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(5,), (3, 4)])
@pytest.mark.parametrize("layer", [*(kind(0.3, seed=4) for kind in NOISE), ActivityRegularization(0.1, 0.2)], ids=repr)
def test_gradients(layer: Layer, shape: tuple[int, ...], training: bool) -> None:
    """Between dense layers, of a panel and of more."""
    generator = np.random.default_rng(6)
    for units in (1, 33, 70):
        ends = [Dense(2), lamina.layers.Flatten(), Dense(2)]
        model = Sequential([Dense(units, "tanh"), layer.unbuilt_copy(), *ends], dtype="float64")
        model.build((None, *shape))
        model.compile("sgd", "mse")
        x, y = generator.normal(size=(9, *shape)), generator.normal(size=(9, 2))
        check_gradients(model, x, y, training=training, elements=20)


def test_a_penalty_on_activities_by_hand() -> None:
    """Divided by the samples of the batch; the same for any batch size of evaluate; not in metrics, nor weighted."""
    x = X[:10, :6].reshape(10, 2, 3)
    y = x + 1
    penalty = (0.5 * np.abs(x) + 0.25 * x**2).sum() / 10
    model = Sequential([ActivityRegularization(0.5, 0.25, input_shape=(2, 3)), Dense(3, kernel_initializer="identity")])
    model.compile("sgd", "mse", metrics=["mse"])
    for size in (1, 3, 10, 32):
        assert model.evaluate(x, y, batch_size=size, verbose=0) == pytest.approx([1 + penalty, 1], rel=1e-5)
    weights = np.full(10, 2.0)
    loss, mse = model.evaluate(x, y, sample_weight=weights, verbose=0)
    assert (loss, mse) == (pytest.approx(2 + penalty, rel=1e-5), pytest.approx(1, rel=1e-5))
    assert model.gradients(x, y)[0] == pytest.approx(1 + penalty, rel=1e-5)
    fit = model.fit(x, y, batch_size=10, epochs=1, verbose=0)
    assert fit.history["loss"][0] == pytest.approx(1 + penalty, rel=1e-5)
    np.testing.assert_array_equal(model.layers[0].get_weights(), [])


def test_a_penalty_that_is_not_finite_is_noticed() -> None:
    x = np.full((4, 2), 1e30, np.float32)
    model = Sequential([ActivityRegularization(l2=1e250, input_shape=(2,)), Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse")
    with pytest.warns(RuntimeWarning, match="not finite"):
        model.fit(x, np.zeros(4), epochs=1, verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], 0)


@pytest.mark.parametrize("kind", NOISE)
def test_threads_and_instruction_sets(kind: Any) -> None:
    expected = seen(kind(0.5, seed=1), X, steps=1)
    for isa in _core.isas():
        for threads in (1, 2, 3, 8):
            _core.set_isa(isa)
            _core.force_team(threads)
            np.testing.assert_array_equal(seen(kind(0.5, seed=1), X, steps=1), expected)
