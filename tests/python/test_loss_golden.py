"""What Keras 3 on TensorFlow got from losses with options and reductions (tests/golden/make_losses.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loss_problems
from lamina import layers, losses, optimizers
from lamina.models import Sequential

GOLDEN = json.loads((Path(__file__).parent.parent / "golden" / "losses.json").read_text())
RESULTS = {result["case"]: result for result in GOLDEN["results"]}
CALLED = [case for case in loss_problems.CASES if case.head not in loss_problems.LOGITS]


def close(found: Any, expected: Any) -> None:
    """Equal to 1e-9, relative where values are above 1."""
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_every_case_has_a_golden() -> None:
    assert sorted(RESULTS) == sorted(map(loss_problems.case_id, loss_problems.CASES))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", loss_problems.CASES, ids=loss_problems.case_id)
def test_training(case: loss_problems.LossCase, weighted: bool) -> None:
    """20 steps: the history, the weights, and evaluations, which hang on the size of the batches in both."""
    problem = loss_problems.make(case)
    counts = problem.sample_weight if weighted else None
    expected = RESULTS[loss_problems.case_id(case)]["weighted" if weighted else "trained"]
    hidden = layers.Dense(5, "tanh", kernel_regularizer={"class_name": "L2", "config": {"l2": loss_problems.PENALTY}})
    model = Sequential([hidden, layers.Dense(problem.units, case.head)], dtype="float64")
    model.build((None, problem.x.shape[1]))
    model.set_weights(problem.weights)
    model.compile(optimizers.SGD(loss_problems.RATE), getattr(losses, case.name)(**case.config))
    fit = model.fit(
        problem.x, problem.y, loss_problems.BATCH, loss_problems.EPOCHS, 0, shuffle=False, sample_weight=counts
    )
    close(fit.history["loss"], expected["history"])
    for w, expected_weights in zip(model.get_weights(), expected["weights"], strict=True):
        close(w.ravel(), expected_weights)
    for size, evaluation in zip(loss_problems.BATCHES, expected["evaluations"], strict=True):
        close(model.evaluate(problem.x, problem.y, size, 0, sample_weight=counts), evaluation)


@pytest.mark.parametrize("reduction", loss_problems.REDUCTIONS)
@pytest.mark.parametrize("case", CALLED, ids=loss_problems.case_id)
def test_a_call(case: loss_problems.LossCase, reduction: str | None) -> None:
    """With sample weights and without."""
    problem = loss_problems.make(case)
    loss = getattr(losses, case.name)(**{**case.config, "reduction": reduction})
    plain, weighted = RESULTS[loss_problems.case_id(case)]["called"][str(reduction)]
    found = loss(problem.y, problem.outputs)
    assert isinstance(found, float) or reduction in ("none", None)
    close(found, plain)
    close(loss(problem.y, problem.outputs, problem.sample_weight), weighted)


@pytest.mark.parametrize("case", CALLED, ids=loss_problems.case_id)
def test_a_function(case: loss_problems.LossCase) -> None:
    problem = loss_problems.make(case)
    options = {key: value for key, value in case.config.items() if key != "reduction"}
    name = loss_problems.function_name(case)
    close(
        getattr(losses, name)(problem.y, problem.outputs, **options), RESULTS[loss_problems.case_id(case)]["function"]
    )
