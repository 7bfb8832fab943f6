"""What is random: which values dropout keeps, how weights begin, in which order rows come.

Seeds are fixed, so nothing here fails by chance.  Bounds are five standard deviations.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import problems
import reference
from lamina import _core
from lamina.layers import Dense
from lamina.models import Sequential
from lamina.utils import set_random_seed

SGD_STILL = {"name": "sgd", "learning_rate": 0.0, "momentum": 0.0, "nesterov": False}
RATES = [0.0, 0.1, 0.2, 0.5, 0.9]


def scaled_masks(rate: float, seed: int, rows: int, units: int, steps: int, position: int = 0) -> np.ndarray:
    """What dropout multiplies by: [steps, rows, units], read off gradients of the native network.

    Ones go through the dropout into a kernel of zeros with an output a row, and the targets make
    the derivative by the outputs the identity: the kernel's gradient is the mask, transposed.
    """
    before = [problems.activation("relu")] * position
    layers = [*before, problems.dropout(rate, seed), problems.dense(rows, use_bias=False)]
    network = _core.Network(units, layers, "float64")
    network.compile({"name": "mean_squared_error"}, SGD_STILL, [])
    x = np.ones((rows, units))
    y = -np.eye(rows) * rows * rows / 2
    trainer = _core.Trainer(network, x, y, rows, False, 0)
    masks = []
    for step in range(steps):
        assert network.iterations == step
        masks.append(network.gradients(x, y, True)[1][0].T)
        trainer.begin_epoch()
        trainer.advance(1, 60.0)
    return np.array(masks)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("position", [0, 1, 3])
def test_masks_are_the_specified_ones(rate: float, position: int) -> None:
    """A function of seed, position in the list of layers, step and element."""
    seed = 2**50 + 3
    found = scaled_masks(rate, seed, rows=21, units=67, steps=3, position=position)
    for step, mask in enumerate(found):
        kept = reference.dropout_mask(seed, position, step, 21, 67, rate)
        np.testing.assert_array_equal(mask != 0, kept)
        np.testing.assert_allclose(mask[kept], 1 / (1 - rate), rtol=1e-14)


@pytest.mark.parametrize("rate", RATES[1:])
def test_dropout_keeps_what_it_should(rate: float) -> None:
    """Over all values, by unit, by row, by step, and without correlation between neighbours."""
    kept = (scaled_masks(rate, 17, rows=64, units=997, steps=8) != 0).astype(float)
    keep, variance = 1 - rate, rate * (1 - rate)
    assert abs(kept.mean() - keep) < 5 * math.sqrt(variance / kept.size)
    for axes in [(0, 1), (0, 2), (1, 2)]:
        counts = kept.sum(axis=axes)
        trials = kept.size / counts.size
        chi2 = ((counts - trials * keep) ** 2 / (trials * variance)).sum()
        assert abs(chi2 - counts.size) < 5 * math.sqrt(2 * counts.size)
    centred = kept - keep
    for axis, lag in itertools.product(range(3), (1, 2)):
        moved = np.moveaxis(centred, axis, 0)
        products = moved[lag:] * moved[:-lag]
        assert abs(products.mean()) < 5 * variance / math.sqrt(products.size)


def test_masks_differ() -> None:
    """By seed, by position and by step."""
    masks = [
        scaled_masks(0.5, seed, 9, 40, 2, position)[step].tobytes()
        for seed in (1, 2, 2**32 + 1)
        for position in (0, 1)
        for step in (0, 1)
    ]
    assert len(set(masks)) == len(masks)


# --------------------------------------------------------------------------------------------
# How weights begin
# --------------------------------------------------------------------------------------------


def fresh_weights(seed: int) -> list[np.ndarray]:
    """Initial weights of a net that follow from a seed."""
    set_random_seed(seed)
    model = Sequential([Dense(300, input_shape=(200,)), Dense(7), Dense(200)])
    return [np.asarray(w) for w in model.get_weights()]


def test_glorot_uniform() -> None:
    """U(-b, b), b = sqrt(6 / (fan_in + fan_out)): bounds, mean, variance, Kolmogorov-Smirnov."""
    kernel, bias, narrow, *_ = fresh_weights(seed=5)
    assert not bias.any()
    for w in (kernel, narrow):
        bound = math.sqrt(6 / sum(w.shape))
        u = np.sort((w.astype(np.float64).ravel() / bound + 1) / 2)
        n = u.size
        assert u[0] >= 0
        assert u[-1] <= 1 + 1e-6  # float32 may round the largest up
        assert u[0] < 10 / n
        assert u[-1] > 1 - 10 / n
        assert abs(u.mean() - 1 / 2) < 5 * math.sqrt(1 / 12 / n)
        assert abs(u.var() - 1 / 12) < 5 * math.sqrt(1 / 180 / n)
        ranks = np.arange(n + 1) / n
        distance = max((ranks[1:] - u).max(), (u - ranks[:-1]).max())
        assert math.sqrt(n) * distance < 1.95


def test_initial_weights_follow_from_the_seed() -> None:
    """The same seed gives the same weights, another seed or layer gives others."""
    first, again, other = fresh_weights(5), fresh_weights(5), fresh_weights(6)
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    kernels = [w for w in first + other if w.ndim == 2]
    starts = {tuple(np.sign(w.ravel()[:60])) for w in kernels}
    assert len(starts) == len(kernels)
    correlation = (np.sign(first[0]) * np.sign(other[0])).mean()
    assert abs(correlation) < 5 / math.sqrt(first[0].size)


def test_derived_seeds_differ() -> None:
    """Neighbouring seeds and indices give seeds that have nothing in common."""
    seeds = [_core.derive_seed(seed, index) for seed in range(50) for index in range(50)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**64 for seed in seeds)
    bits = np.array([[seed >> bit & 1 for bit in range(64)] for seed in seeds])
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 5 * 0.5 / math.sqrt(len(seeds))
    changes = np.abs(np.diff(bits, axis=0)).sum(axis=1)
    assert abs(changes.mean() - 32) < 5 * 4 / math.sqrt(len(changes))


# --------------------------------------------------------------------------------------------
# In which order rows come
# --------------------------------------------------------------------------------------------


def orders(n: int, seed: int, epochs: int, shuffle: bool = True) -> np.ndarray:
    """The order of the rows in each epoch: [epochs, n], read off the running loss.

    The net stays at 0 and the target of row r is r + 1, so the batch of row r has the loss
    (r + 1)^2.
    """
    network = _core.Network(1, [problems.dense(1, use_bias=False)], "float64")
    network.compile({"name": "mean_squared_error"}, SGD_STILL, [])
    x = np.ones((n, 1))
    y = np.arange(1.0, n + 1).reshape(n, 1)
    trainer = _core.Trainer(network, x, y, 1, shuffle, seed)
    found = []
    for _ in range(epochs):
        trainer.begin_epoch()
        sums = [0.0]
        while not trainer.finished:
            assert trainer.advance(1, 60.0) == 1
            sums.append(trainer.results()[0] * trainer.done)
        found.append(np.rint(np.sqrt(np.diff(sums))).astype(int) - 1)
    return np.array(found)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 257])
def test_orders_are_the_specified_ones(n: int) -> None:
    """Each a permutation, the reference's for the seed and the step that the epoch begins at."""
    seed = 2**45 + 9
    for epoch, order in enumerate(orders(n, seed, epochs=4)):
        assert sorted(order) == list(range(n))
        np.testing.assert_array_equal(order, reference.permutation(seed, epoch * n, n))


def test_orders_differ() -> None:
    """By epoch and by seed."""
    found = [tuple(order) for seed in (1, 2, 2**33) for order in orders(40, seed, epochs=5)]
    assert len(set(found)) == len(found)


def test_without_shuffling_rows_come_as_they_are() -> None:
    """In every epoch."""
    np.testing.assert_array_equal(orders(9, 1, epochs=3, shuffle=False), [range(9)] * 3)


def test_every_row_comes_everywhere_equally_often() -> None:
    """Position by row, and the row that follows a row, over many epochs: chi-square."""
    n, epochs = 8, 2000
    found = orders(n, seed=3, epochs=epochs)
    places = np.zeros((n, n))
    followers = np.zeros((n, n))
    for order in found:
        places[np.arange(n), order] += 1
        followers[order[:-1], order[1:]] += 1
    expected = epochs / n
    chi2 = ((places - expected) ** 2 / expected).sum()
    freedom = (n - 1) ** 2
    assert abs(chi2 - freedom) < 5 * math.sqrt(2 * freedom)
    pairs = followers[~np.eye(n, dtype=bool)]
    expected = epochs * (n - 1) / pairs.size
    chi2 = ((pairs - expected) ** 2 / expected).sum()
    assert abs(chi2 - pairs.size) < 5 * math.sqrt(2 * pairs.size)
