"""Whole trainings, evaluations and predictions against the reference."""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest

import cases
import pairing
import problems
import reference
from lamina import _core

CASES = [case for axes in cases.training_axes() for case in pairing.pairwise(axes, cases.meaningful)]
STEPS = 50
SEED = 2**63 + 12345
EVERY_CASE = pytest.mark.parametrize("number", range(len(CASES)), ids=map(cases.case_id, CASES))


def epochs_of(case: cases.Case) -> int:
    """Epochs that make at least STEPS steps."""
    return math.ceil(STEPS / math.ceil(case["rows"] / case["batch"]))


def train_reference(
    problem: problems.Problem, case: cases.Case, dtype: str
) -> tuple[reference.Network, list[list[float]]]:
    """The trained reference network and its history."""
    network = problem.reference(dtype)
    x, w = problem.x.astype(dtype), problem.sample_weight
    history = network.fit(x, problem.y, case["batch"], epochs_of(case), case["shuffle"], SEED, w)
    return network, history


def train_native(
    problem: problems.Problem, case: cases.Case, dtype: str, x: np.ndarray | None = None
) -> tuple[Any, list[list[float]]]:
    """The trained native network and its history."""
    network = problem.native(dtype)
    x = problem.x.astype(dtype) if x is None else x
    y, w = problem.targets(dtype), problem.weights_of_samples(dtype)
    trainer = _core.Trainer(network, x, y, case["batch"], case["shuffle"], SEED, w)
    assert trainer.batches == math.ceil(case["rows"] / case["batch"])
    history = []
    for _ in range(epochs_of(case)):
        trainer.begin_epoch()
        while not trainer.finished:
            assert trainer.advance(7, 60.0) in range(1, 8)
        assert trainer.done == trainer.batches
        assert not trainer.diverged
        history.append(trainer.results())
    return network, history


def errors(network: Any, truth: reference.Network) -> np.ndarray:
    """max|difference| / max|w| of each weight, one element in a thousand left out.

    Where an l1 penalty takes an element through 0, rounding decides at which step it changes sign; in
    float64 all elements are compared.
    """
    weights = network.get_weights() if hasattr(network, "get_weights") else network.weights
    found = []
    for w, t in zip(weights, truth.weights, strict=True):
        differences = np.sort(np.abs(w.astype(np.float64) - t), axis=None)
        found.append(differences[-1 - t.size // 1000] / max(np.abs(t).max(), 1e-30))
    return np.array(found)


class Truth(NamedTuple):
    """A case's problem, its training in float64 by the reference, and how near float32 can come."""

    problem: problems.Problem
    network: reference.Network
    history: list[list[float]]
    yardstick: np.ndarray  # the errors of NumPy in float32, a weight each


def measure(case: cases.Case, attempt: int) -> Truth:
    """A problem by the reference: once in float64, three times in float32.

    Rounding is chance, so the worst of the three counts, two of them from weights nudged in their
    last bit.
    """
    problem = problems.training_problem(case, attempt)
    network, history = train_reference(problem, case, "float64")
    weights, runs = problem.weights, []
    for nudge in (0.0, 2**-24, -(2**-24)):
        problem.weights = [w * (1 + nudge * reference.random_uniform(1, w.shape, -1, 1)) for w in weights]
        runs.append(errors(train_reference(problem, case, "float32")[0], network))
    problem.weights = weights
    return Truth(problem, network, history, np.max(runs, axis=0))


@cache
def truth_of(number: int) -> Truth:
    """The first attempt at a case whose training does not hang on rounding, or else the best of eight.

    Each has another seed and half of the learning rate of the one before.

    In some a unit switches on or off, or a weight changes its sign, by rounding alone; then the
    reference itself goes elsewhere in float32 and nothing can be compared.
    """
    found = []
    for attempt in range(8):
        found.append(measure(CASES[number], attempt))
        if found[-1].yardstick.max() < 2e-5:
            break
    return min(found, key=lambda truth: truth.yardstick.max())


@EVERY_CASE
def test_equals_reference(number: int) -> None:
    """50 steps in either type."""
    case, truth = CASES[number], truth_of(number)
    check_float64(case, truth)
    check_float32(case, truth)


def check_float64(case: cases.Case, found: Truth) -> None:
    """Weights, reported losses and metrics, evaluation and prediction, to 1e-9."""
    problem, truth, expected, _ = found
    assert np.isfinite(expected).all()
    network, history = train_native(problem, case, "float64")
    assert network.iterations == truth.iterations >= STEPS
    for w, t in zip(network.get_weights(), truth.weights, strict=True):
        np.testing.assert_allclose(w, t, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(history, expected, rtol=1e-9, atol=1e-9)
    y, w = problem.targets("float64"), problem.weights_of_samples("float64")
    evaluated = truth.evaluate(problem.x, problem.y, problem.sample_weight)
    np.testing.assert_allclose(network.evaluate(problem.x, y, w, len(problem.x)), evaluated, rtol=1e-9, atol=1e-9)
    predicted = truth.predict(problem.x).reshape(len(problem.x), -1)
    np.testing.assert_allclose(network.predict(problem.x), predicted, rtol=1e-9, atol=1e-9)


def check_float32(case: cases.Case, found: Truth) -> None:
    """Weights at most twice as far from float64 as NumPy's, or 1e-5."""
    problem, truth, _, yardstick = found
    assert yardstick.max() < 1e-4  # or the comparison would show nothing
    network, _ = train_native(problem, case, "float32")
    assert all(w.dtype == np.float32 for w in network.get_weights())
    assert (errors(network, truth) <= np.maximum(2 * yardstick, 1e-5)).all()


def test_reported_float32_history() -> None:
    """Losses and metrics of a float32 training, to float32's precision."""
    for number in range(0, len(CASES), 9):
        case = CASES[number]
        problem, _, expected, _ = truth_of(number)
        _, history = train_native(problem, case, "float32")
        np.testing.assert_allclose(history[0], expected[0], rtol=1e-4, atol=1e-4)


# --------------------------------------------------------------------------------------------
# The public names give what the native network gives
# --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("optimizer", cases.OPTIMIZERS)
def test_public_fit_equals_reference(optimizer: str, weighted: bool) -> None:
    """`fit` without shuffling, with dropout, penalties and a partial last batch, in float64."""
    case = {
        "loss": "categorical_crossentropy", "head": ("softmax",), "depth": 3,
        "hidden": ("relu",), "optimizer": optimizer, "penalty": "all", "dropout": "hidden",
        "use_bias": True, "zero_columns": False, "batch": 16, "rows": 42, "inputs": 9, "units": 21,
        "outputs": 4, "weighted": weighted,
    }  # fmt: skip
    problem = problems.training_problem(case)
    truth = problem.reference("float64")
    counts = problem.sample_weight
    expected = truth.fit(problem.x, problem.y, 16, 5, shuffle=False, seed=0, w=counts)
    model = problem.sequential("float64")
    model.compile(
        problem.public_optimizer(), problem.public_loss(), list(problem.metrics), list(problem.weighted_metrics)
    )
    fit = model.fit(problem.x, problem.y, batch_size=16, epochs=5, shuffle=False, verbose=0, sample_weight=counts)
    for w, t in zip(model.get_weights(), truth.weights, strict=True):
        np.testing.assert_allclose(w, t, rtol=1e-9, atol=1e-9)
    keys = ["loss", *problem.metrics, *(f"weighted_{name}" for name in problem.weighted_metrics)]
    assert model.metrics_names == keys
    history = np.transpose([fit.history[key] for key in keys])
    np.testing.assert_allclose(history, expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(
        model.evaluate(problem.x, problem.y, len(problem.x), verbose=0, sample_weight=counts),
        truth.evaluate(problem.x, problem.y, counts),
        rtol=1e-9,
    )


# --------------------------------------------------------------------------------------------
# Rows, strides, types
# --------------------------------------------------------------------------------------------


def plain_problem(inputs: int, units: int, rows: int) -> problems.Problem:
    """A relu net with a softmax head over five classes."""
    case = {
        "loss": "sparse_categorical_crossentropy", "head": ("softmax",), "depth": 3,
        "hidden": ("relu",), "penalty": "none", "dropout": "hidden", "use_bias": True,
        "inputs": inputs, "units": units, "outputs": 5,
    }  # fmt: skip
    return problems.make_problem(case, rows, problems.seed_of(case), "adam")


@pytest.mark.equal_bits
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("inputs", "units"), [(1, 1), (3, 2), (31, 33), (70, 64), (784, 128)])
def test_prediction_of_a_row_stands_alone(inputs: int, units: int, dtype: str) -> None:
    """predict(x)[i:i+1] has the bits of predict(x[i:i+1]), and so have larger slices."""
    problem = plain_problem(inputs, units, rows=97)
    for isa in _core.isas():
        _core.set_isa(isa)
        network = problem.native(dtype)
        x = problem.x.astype(dtype)
        whole = network.predict(x)
        assert whole.shape == (97, 5)
        for i in range(97):
            np.testing.assert_array_equal(whole[i : i + 1], network.predict(x[i : i + 1]))
        for start, stop in [(0, 10), (5, 38), (1, 97), (96, 97)]:
            np.testing.assert_array_equal(whole[start:stop], network.predict(x[start:stop]))


@pytest.mark.parametrize("rows", [0, 1, 300, 1000])
def test_public_prediction(rows: int) -> None:
    """`predict` gives float32 (n, k), the softmax of what NumPy computes."""
    problem = plain_problem(12, 20, max(rows, 1))
    model = problem.sequential("float32")
    x = problem.x[:rows].astype(np.float32)
    found = model.predict(x, verbose=0)
    assert found.shape == (rows, 5)
    assert found.dtype == np.float32
    expected = problem.reference("float64").predict(x.reshape(rows, 12))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def pixels_like(problem: problems.Problem) -> np.ndarray:
    """Bytes of the shape of a problem's inputs, ten columns of them zero."""
    pixels = np.floor(reference.random_uniform(5, problem.x.shape, 0, 256)).astype(np.uint8)
    pixels[:, 10:20] = 0
    return pixels


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch", [1, 10, 64, 300])
def test_training_on_uint8_equals_float(batch: int, dtype: str) -> None:
    """Training on bytes gives the bits that the same floats give."""
    problem = plain_problem(50, 33, rows=310)
    pixels = pixels_like(problem)
    case = {"batch": batch, "rows": 310, "shuffle": True}
    trained = [train_native(problem, case, dtype, x) for x in (pixels, pixels.astype(dtype))]
    (bytes_network, bytes_history), (float_network, float_history) = trained
    assert bytes_history == float_history
    for a, b in zip(bytes_network.get_weights(), float_network.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.equal_bits
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rows", [1, 10, 310])
def test_uint8_equals_float(rows: int, dtype: str) -> None:
    """Evaluation and prediction on bytes, which are copied, and on floats, read where they lie, have the same bits."""
    problem = plain_problem(50, 33, rows=rows)
    network = problem.native(dtype)
    pixels, y = pixels_like(problem), problem.targets(dtype)
    assert network.evaluate(pixels, y) == network.evaluate(pixels.astype(dtype), y)
    np.testing.assert_array_equal(network.predict(pixels), network.predict(pixels.astype(dtype)))


@pytest.mark.parametrize("kind", ["uint8", "float32", "float64"])
def test_strided_rows(kind: str) -> None:
    """Rows that lie apart are read in place, and what lies between them is not."""
    problem = plain_problem(13, 8, rows=40)
    dtype = "float64" if kind == "float64" else "float32"
    values = np.floor(reference.random_uniform(6, (40, 13), 0, 9)).astype(kind)
    wide = np.full((40, 30), 255, dtype=kind)
    wide[:, 4:17] = values
    strided = wide[:, 4:17]
    assert not strided.flags.c_contiguous
    case = {"batch": 16, "rows": 40, "shuffle": True}
    one, history_one = train_native(problem, case, dtype, values)
    two, history_two = train_native(problem, case, dtype, strided)
    assert history_one == history_two
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(one.predict(values), two.predict(strided))


def test_pieces_of_an_epoch_do_not_matter() -> None:
    """One batch a call, some, or all of them: the same bits and the same reported means."""
    problem = plain_problem(20, 17, rows=95)
    found = []
    for pieces in (1, 3, 10**6):
        network = problem.native("float32")
        x, y = problem.x.astype(np.float32), problem.targets("float32")
        trainer = _core.Trainer(network, x, y, 10, True, SEED)
        for _ in range(3):
            trainer.begin_epoch()
            while not trainer.finished:
                trainer.advance(pieces, 60.0)
        found.append((trainer.results(), [w.tobytes() for w in network.get_weights()]))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_batch_that_is_not_finite_is_not_applied(dtype: str) -> None:
    """The batch before the bad one is kept, the bad one leaves no trace in weights or moments."""
    case = {
        "loss": "mean_squared_error", "head": ("linear",), "depth": 2, "hidden": ("relu",),
        "penalty": "none", "dropout": "none", "use_bias": True, "inputs": 6, "units": 9,
        "outputs": 2,
    }  # fmt: skip
    problem = problems.make_problem(case, 30, 77, "momentum")
    x, y = problem.x.astype(dtype), problem.targets(dtype)
    good = problem.native(dtype)
    trainer = _core.Trainer(good, x[:20], y[:20], 10, False, SEED)
    trainer.begin_epoch()
    trainer.advance(100, 60.0)
    y[20:] = np.finfo(dtype).max / 2
    network = problem.native(dtype)
    trainer = _core.Trainer(network, x, y, 10, False, SEED)
    trainer.begin_epoch()
    while not trainer.finished and not trainer.diverged:
        trainer.advance(100, 60.0)
    assert trainer.diverged
    assert network.iterations == good.iterations == 2
    for a, b in zip(network.get_weights(), good.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
