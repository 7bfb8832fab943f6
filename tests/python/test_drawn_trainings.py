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
    "clip": [None, *cases.CLIPS],
    "decay": [False, True],
    "use_bias": [True, False],
    "shuffle": [True, False],
    "zero_columns": [True, False],
    "batch": [1, 4, 9, 40],
    "rows": [1, 8, 23],
    "inputs": [1, 4, 6, 33],
    "units": [1, 3, 17, None],
    "outputs": [1, 2, 5],
    "weighted": [True, False],
    "by_class": [False, True],
    "validation": [None, "split", "data"],
    "nested": [None, "first", "last"],
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


def feeding(case: cases.Case, problem: problems.Problem) -> tuple[dict[str, Any], int, list[Any], int]:
    """What `fit` is given besides targets, how many rows it trains on, what it is judged by, every how many epochs."""
    x, y, w = problem.x, problem.public_targets(), problem.weights_of_samples("float64")
    given: dict[str, Any] = {}
    if case["by_class"]:
        given["class_weight"] = cases.CLASS_WEIGHTS
    elif w is not None:
        given["sample_weight"] = w
    if case["validation"] == "split":
        rows = len(x) * 3 // 4
        judged = [x[rows:], y[rows:], None if w is None or case["by_class"] else w[rows:]]
        return {**given, "validation_split": 0.25, "validation_batch_size": 3}, rows, judged, 1
    if case["validation"] == "data":
        judged = [x[::-1] / 2, y, w]
        data = tuple(judged if w is not None else judged[:2])
        return {**given, "validation_data": data, "validation_freq": 2, "validation_batch_size": 3}, len(x), judged, 2
    return given, len(x), [], EPOCHS + 1


def compared(case: cases.Case) -> bool:
    """Train both and compare all that comes of it; False where the reference diverges."""
    problem = problems.training_problem(case)
    network = problem.reference("float64")
    given, rows, judged, every = feeding(case, problem)
    x, y, w = problem.x, problem.y, problem.sample_weight
    validated: list[list[float]] = []

    def judge(epoch: int) -> None:
        if (epoch + 1) % every == 0:
            targets, counts = judged[1].reshape(-1, *y.shape[1:]), judged[2]
            validated.append(network.evaluate(judged[0], targets, None if counts is None else counts.ravel(), 3))

    times = network.times
    with np.errstate(all="ignore"):
        expected = network.fit(
            x[:rows],
            y[: rows * times],
            case["batch"],
            EPOCHS,
            case["shuffle"],
            SEED,
            None if w is None else w[: rows * times],
            judge,
        )
    finite = all(np.isfinite(values).all() for values in (expected, validated, *network.weights))
    if not (finite and np.abs(expected).max() < 1e6):
        return False
    model = problem.sequential("float64", case["form"], case["nested"])
    model._seed = SEED
    weighted = {"weighted_metrics": list(problem.weighted_metrics)} if problem.weighted_metrics else {}
    model.compile(problem.public_optimizer(), problem.public_loss(), metrics=list(problem.metrics), **weighted)
    targets = problem.public_targets()
    fit = model.fit(x, targets, case["batch"], EPOCHS, shuffle=case["shuffle"], verbose=0, **given)
    names = model._settings.names
    np.testing.assert_allclose(np.transpose([fit.history[name] for name in names]), expected, rtol=1e-7, atol=1e-9)
    if judged:
        found = np.transpose([fit.history[f"val_{name}"] for name in names])
        np.testing.assert_allclose(found, validated, rtol=1e-7, atol=1e-8)
    for found, weight in zip(model.get_weights(), network.weights, strict=True):
        np.testing.assert_allclose(found.ravel(), weight.ravel(), rtol=1e-7, atol=1e-8)
    counts = problem.weights_of_samples("float64")
    evaluated = model.evaluate(x, targets, verbose=0, return_dict=True, sample_weight=counts)
    found = [evaluated[name] for name in names]
    with np.errstate(all="ignore"):
        judgement = network.evaluate(x, y, w, 32)
    np.testing.assert_allclose(found, judgement, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(model.predict(x).ravel(), network.predict(x).ravel(), rtol=1e-7, atol=1e-8)
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


@pytest.mark.parametrize("extra", [name for name in reference_layers.NOISE if name in cases.EXTRAS])
def test_a_difference_in_noise_would_be_found(extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rate or a deviation that is another by a millionth."""
    case = SMALL | {"extra": extra}
    assert compared(case)
    right = reference_layers.NOISE[extra]
    monkeypatch.setitem(reference_layers.NOISE, extra, lambda amount, draws: right(amount * (1 + 1e-6), draws))
    with pytest.raises(AssertionError):
        compared(case)


@pytest.mark.parametrize(
    ("axis", "value", "name", "other"),
    [
        ("clip", "norm", "CLIPS", {"norm": {"clipnorm": 0.25 + 1e-6}}),
        ("clip", "global", "CLIPS", {"global": {"global_clipnorm": 0.125 + 1e-6}}),
        ("clip", "value", "CLIPS", {"value": {"clipvalue": 0.05 + 1e-6}}),
        ("decay", True, "DECAY", 0.125 + 1e-5),
        ("by_class", True, "CLASS_WEIGHTS", {0: 0.5, 1: 2.0 + 1e-6}),
    ],
)
def test_a_difference_in_options_would_be_found(
    axis: str, value: Any, name: str, other: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reference is told another number than lamina."""
    case = SMALL | {axis: value, "outputs": 2}
    assert compared(case)
    reference = problems.Problem.reference

    def misled(problem: problems.Problem, dtype: str) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(problems, name, other)
            wrong = problems.training_problem(case)
        problem.sample_weight = wrong.sample_weight
        return reference(wrong, dtype)

    monkeypatch.setattr(problems.Problem, "reference", misled)
    with pytest.raises(AssertionError):
        compared(case)


@pytest.mark.parametrize("validation", ["split", "data"])
def test_a_difference_in_validation_would_be_found(validation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first row that the reference does not judge."""
    case = SMALL | {"validation": validation}
    assert compared(case)
    right = feeding

    def without_a_row(*given: Any) -> Any:
        options, rows, judged, every = right(*given)
        return options, rows, [part if part is None else part[1:] for part in judged], every

    monkeypatch.setitem(globals(), "feeding", without_a_row)
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
