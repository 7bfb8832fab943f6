"""Gradients in float64: against central differences, against the reference, and the check itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

import cases
import pairing
import problems
import reference
from lamina import _core
from lamina.models import Sequential
from lamina.testing import check_gradients

CASES = pairing.pairwise(cases.gradient_axes(), cases.meaningful)
EVERY_CASE = pytest.mark.parametrize("number", range(len(CASES)), ids=map(cases.case_id, CASES))


@cache
def problem_of(number: int) -> problems.Problem:
    """A case's problem, away from kinks."""
    return problems.smooth_problem(CASES[number])


def model_of(number: int) -> Sequential:
    """A case's model, compiled."""
    problem = problem_of(number)
    model = problem.sequential("float64", CASES[number]["form"])
    model.compile(problem.public_optimizer(), problem.public_loss())
    return model


@pytest.mark.known_paths
@EVERY_CASE
def test_against_central_differences(number: int) -> None:
    """Up to 64 elements of every weight, dropout with a fixed mask, relative error at most 1e-6."""
    _core.force_team(1)  # thousands of tiny calls; that a team changes no bit is shown elsewhere
    problem = problem_of(number)
    w = problem.weights_of_samples("float64")
    y = problem.public_targets()
    assert check_gradients(model_of(number), problem.x, y, True, elements=64, sample_weight=w) <= 1e-6


@EVERY_CASE
@pytest.mark.parametrize("training", [True, False])
def test_against_the_reference(number: int, training: bool) -> None:
    """Loss and gradients to 1e-12 of the largest, at every instruction set."""
    problem = problem_of(number)
    w = problem.sample_weight
    expected_loss, expected, _ = problem.reference("float64").gradients(problem.x, problem.y, training, w)
    largest = max(np.abs(g).max() for g in expected)
    for isa in _core.isas():
        _core.set_isa(isa)
        loss, gradients = model_of(number).gradients(
            problem.x, problem.public_targets(), training, problem.weights_of_samples("float64")
        )
        assert loss == pytest.approx(expected_loss, rel=1e-12, abs=1e-13)
        for g, e in zip(gradients, expected, strict=True):
            assert g.dtype == np.float64
            np.testing.assert_allclose(g, e, rtol=1e-10, atol=1e-12 * max(largest, 1e-3))


@EVERY_CASE
def test_float32_against_the_reference(number: int) -> None:
    """The same kernels in float32: loss and gradients to its precision."""
    problem = problem_of(number)
    expected_loss, expected, _ = problem.reference("float64").gradients(
        problem.x, problem.y, True, problem.sample_weight
    )
    largest = max(np.abs(g).max() for g in expected)
    loss, gradients = problem.native("float32").gradients(
        problem.x.astype(np.float32), problem.targets("float32"), True, problem.weights_of_samples("float32")
    )
    assert loss == pytest.approx(expected_loss, rel=1e-5, abs=1e-6)
    for g, e in zip(gradients, expected, strict=True):
        assert g.dtype == np.float32
        np.testing.assert_allclose(g, e, rtol=1e-3, atol=3e-5 * max(largest, 1e-3))


def test_most_cases_have_a_gradient_for_every_weight() -> None:
    """A check of zeros against zeros proves nothing: few cases may have a weight without effect."""
    dead = 0
    for number in range(len(CASES)):
        problem = problem_of(number)
        gradients = problem.reference("float64").gradients(problem.x, problem.y, True, problem.sample_weight)[1]
        dead += any(np.abs(g).max() < 1e-5 for g in gradients)
    assert dead <= len(CASES) // 20


def test_gradients_leave_the_model_as_it_is() -> None:
    """Neither `gradients` nor the check moves weights or the step."""
    model, problem = model_of(7), problem_of(7)
    before = model.get_weights()
    first = model.gradients(problem.x, problem.y, training=True)
    check_gradients(model, problem.x, problem.y, training=True)
    second = model.gradients(problem.x, problem.y, training=True)
    assert first[0] == second[0]
    for a, b in zip(first[1] + before, second[1] + model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


# --------------------------------------------------------------------------------------------
# Would a fault be seen?
# --------------------------------------------------------------------------------------------

FAULTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sign": lambda g: -g,
    "slightly large": lambda g: g * 1.001,
    "half": lambda g: g / 2,
    "doubled": lambda g: g * 2,
    "nothing": np.zeros_like,
    "one element": lambda g: g + (np.arange(g.size).reshape(g.shape) == np.abs(g).argmax()) * 1e-3 * g,
    "reversed": lambda g: g[::-1] if len(g) > 1 else -g,
    "not a number": lambda g: np.full_like(g, np.nan),
}


def small_problem() -> problems.Problem:
    """Three dense layers with biases, penalties and dropout, away from kinks."""
    return problems.smooth_problem(
        {
            "loss": "categorical_crossentropy",
            "head": ("softmax",),
            "depth": 3,
            "hidden": ("leaky_relu", 0.2),
            "penalty": "all",
            "dropout": "hidden",
            "use_bias": True,
            "batch": 10,
            "inputs": 4,
            "units": 6,
            "outputs": 3,
        }
    )


@pytest.mark.known_paths
@pytest.mark.parametrize("weight", range(6))
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_caught(monkeypatch: pytest.MonkeyPatch, fault: str, weight: int) -> None:
    """The check refuses a reported gradient with a fault in any one weight."""
    problem = small_problem()
    model = problem.sequential("float64")
    model.compile(problem.public_optimizer(), problem.public_loss())
    assert check_gradients(model, problem.x, problem.y, training=True) <= 1e-6
    honest = Sequential.gradients

    def faulty(self: Sequential, *arguments: Any, **options: Any) -> tuple[float, list[Any]]:
        loss, gradients = honest(self, *arguments, **options)
        gradients[weight] = FAULTS[fault](gradients[weight])
        return loss, gradients

    monkeypatch.setattr(Sequential, "gradients", faulty)
    with pytest.raises(AssertionError, match="relative error"):
        check_gradients(model, problem.x, problem.y, training=True)


def test_a_loss_that_forgets_a_penalty_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gradient with the penalty's slope and a loss without the penalty do not agree."""
    problem = small_problem()
    model = problem.sequential("float64")
    model.compile(problem.public_optimizer(), problem.public_loss())
    honest = Sequential.gradients

    def forgetful(self: Sequential, *arguments: Any, **options: Any) -> tuple[float, list[Any]]:
        loss, gradients = honest(self, *arguments, **options)
        network = reference.Network(problem.inputs, problem.layers, "float64")
        network.set_weights(self.get_weights())
        return loss - network.penalty(), gradients

    monkeypatch.setattr(Sequential, "gradients", forgetful)
    with pytest.raises(AssertionError, match="relative error"):
        check_gradients(model, problem.x, problem.y, training=True)


def test_float32_model_is_checked_in_double() -> None:
    """A float32 model can be checked as it is; it keeps its dtype and its weights."""
    problem = small_problem()
    model = problem.sequential("float32")
    model.compile(problem.public_optimizer(), problem.public_loss())
    before = model.get_weights()
    check_gradients(model, problem.x, problem.y, training=True)
    for a, b in zip(before, model.get_weights(), strict=True):
        assert b.dtype == np.float32
        np.testing.assert_array_equal(a, b)
