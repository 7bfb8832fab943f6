"""Trainings drawn from the whole space of layers, losses, optimizers and their options, against the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import cases
import lamina
import problems
import reference_layers

AXES: dict[str, list[Any]] = {
    "loss": list(cases.LOSSES),
    "head": cases.activations(variants=False),
    "depth": [1, 2, 3, 4],
    "hidden": [*cases.activations(), None],
    "optimizer": list(cases.OPTIMIZERS),
    "penalty": list(cases.PENALTIES),
    "dropout": list(cases.DROPOUTS),
    "layers": list(cases.LAYERS),
    "extra": [None, *cases.EXTRAS],
    "place": ["input", "hidden"],
    "constraint": [None, *cases.CONSTRAINTS],
    "schedule": [None, *cases.SCHEDULES],
    "averages": [None, *cases.AVERAGES],
    "use_bias": [True, False],
    "shuffle": [True, False],
    "zero_columns": [True, False],
    "batch": [1, 4, 9, 40],
    "rows": [1, 8, 23],
    "inputs": [1, 4, 6, 33],
    "units": [1, 3, 17, None],
    "outputs": [1, 2, 5],
    "weighted": [True, False],
    "form": ["argument", "layer"],
}
SEED, EPOCHS = 3, 2


@st.composite
def drawn(draw: st.DrawFn) -> cases.Case:
    """A case whose values go together: axis by axis, from those that still do."""
    case: cases.Case = {}
    for axis, values in AXES.items():
        allowed = [value for value in values if cases.meaningful({**case, axis: value})]
        assume(allowed)
        case[axis] = draw(st.sampled_from(allowed))
    return case


def compared(case: cases.Case) -> bool:
    """Train both and compare all that comes of it; False where the reference diverges."""
    problem = problems.training_problem(case)
    network = problem.reference("float64")
    w = problem.sample_weight
    with np.errstate(all="ignore"):
        expected = network.fit(problem.x, problem.y, case["batch"], EPOCHS, case["shuffle"], SEED, w)
    if not (np.isfinite(expected).all() and np.abs(expected).max() < 1e6):
        return False
    model = problem.sequential("float64", case["form"])
    model._seed = SEED
    weighted = {"weighted_metrics": list(problem.weighted_metrics)} if problem.weighted_metrics else {}
    model.compile(problem.public_optimizer(), problem.public_loss(), metrics=list(problem.metrics), **weighted)
    given = {} if w is None else {"sample_weight": problem.weights_of_samples("float64")}
    fit = model.fit(
        problem.x, problem.public_targets(), case["batch"], EPOCHS, shuffle=case["shuffle"], verbose=0, **given
    )
    history = np.transpose([fit.history[name] for name in model._settings.names])
    np.testing.assert_allclose(history, expected, rtol=1e-7, atol=1e-9)
    for found, weight in zip(model.get_weights(), network.weights, strict=True):
        np.testing.assert_allclose(found.ravel(), weight.ravel(), rtol=1e-7, atol=1e-8)
    evaluated = model.evaluate(problem.x, problem.public_targets(), verbose=0, return_dict=True, **given)
    found = [evaluated[name] for name in model._settings.names]
    np.testing.assert_allclose(found, network.evaluate(problem.x, problem.y, w), rtol=1e-7, atol=1e-8)
    predicted = network.predict(problem.x)
    np.testing.assert_allclose(model.predict(problem.x).ravel(), predicted.ravel(), rtol=1e-7, atol=1e-8)
    return True


@settings(
    max_examples=300,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(drawn())
def test_training(case: cases.Case) -> None:
    """As the reference trains."""
    assume(compared(case))


#: A training that has what is drawn one by one.
SMALL: cases.Case = {axis: values[0] for axis, values in AXES.items()} | {
    "loss": "mean_squared_error", "head": ("linear",), "depth": 2, "hidden": ("tanh",), "rows": 23,
    "optimizer": "momentum", "units": 3, "inputs": 4, "batch": 4, "use_bias": False, "place": "hidden",
}  # fmt: skip


def test_a_difference_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A momentum that is another by a millionth."""
    assert compared(SMALL)
    optimizer = lamina.optimizers.SGD(cases.OPTIMIZERS["momentum"]["learning_rate"], 0.9 + 1e-6)
    monkeypatch.setattr(problems.Problem, "public_optimizer", lambda self: optimizer)
    with pytest.raises(AssertionError):
        compared(SMALL)


@pytest.mark.parametrize("extra", reference_layers.LAYERS)
def test_a_difference_in_a_layer_would_be_found(extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outputs that are others by a millionth."""
    case = SMALL | {"extra": extra}
    assert compared(case)
    right = reference_layers.LAYERS[extra]
    wrong = right._replace(forward=lambda *given: right.forward(*given) * (1 + 1e-6))
    monkeypatch.setitem(reference_layers.LAYERS, extra, wrong)
    with pytest.raises(AssertionError):
        compared(case)


def test_a_difference_after_the_update_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rates, averages and constraints that are others by a millionth."""
    chosen = [("schedule", cases.SCHEDULES), ("averages", cases.AVERAGES), ("constraint", ["unit_norm", "max_norm"])]
    every = [SMALL | {axis: value} for axis, values in chosen for value in values]
    assert all(map(compared, every))
    shift = 1 + 1e-6
    constrained, update = reference_layers.constrained, reference_layers.Averages.update
    monkeypatch.setattr(reference_layers, "constrained", lambda *given: constrained(*given) * shift)
    monkeypatch.setattr(reference_layers.Averages, "update", lambda *given: update(*given) * shift)
    for name, factor in list(reference_layers.SCHEDULES.items()):
        monkeypatch.setitem(reference_layers.SCHEDULES, name, lambda step, factor=factor: factor(step) * shift)
    for case in every:
        with pytest.raises(AssertionError):
            compared(case)
