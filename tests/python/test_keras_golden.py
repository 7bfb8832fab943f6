"""What Keras 3 on TensorFlow got (tests/golden/make_keras.py), from the reference and from lamina."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cases
import problems

GOLDEN = json.loads((Path(__file__).parent.parent / "golden" / "keras.json").read_text())
BATCH, EPOCHS, ROWS = GOLDEN["batch_size"], GOLDEN["epochs"], GOLDEN["rows"]
TOLERANCE = 1e-9


def case_of(result: dict[str, Any]) -> cases.Case:
    """The case with its tuples, which JSON does not know."""
    values = result["case"].items()
    return {axis: tuple(value) if isinstance(value, list) else value for axis, value in values}


def close(actual: Any, expected: Any) -> None:
    """Equal to 1e-9, relative where values are above 1."""
    np.testing.assert_allclose(np.asarray(actual), expected, rtol=TOLERANCE, atol=TOLERANCE)


RESULTS = [pytest.param(result, id=cases.case_id(case_of(result))) for result in GOLDEN["results"]]


def accuracy_name(case: cases.Case) -> str:
    """What 'accuracy' means for a loss and a number of outputs."""
    if case["outputs"] == 1:
        return "binary_accuracy"
    kinds = {"labels": "sparse_categorical_accuracy"}
    return kinds.get(cases.LOSSES[case["loss"]].targets, "categorical_accuracy")


@pytest.mark.parametrize("result", RESULTS)
def test_reference_equals_keras(result: dict[str, Any]) -> None:
    """50 steps of the reference: losses, metrics, weights, evaluation, predictions."""
    case = case_of(result)
    problem = problems.golden_problem(case, ROWS)
    problem.metrics = [accuracy_name(case) if m == "accuracy" else m for m in result["metrics"]]
    network = problem.reference("float64")
    history = network.fit(problem.x, problem.y, BATCH, EPOCHS, shuffle=False, seed=0)
    close(history, result["history"])
    for w, expected in zip(network.weights, result["weights"], strict=True):
        close(w.ravel(), expected)
    close(network.evaluate(problem.x, problem.y), result["evaluate"])
    predicted = np.asarray(result["predict"])
    close(network.predict(problem.x[:3]).reshape(predicted.shape), predicted)


@pytest.mark.parametrize("result", RESULTS)
def test_lamina_equals_keras(result: dict[str, Any]) -> None:
    """The same through lamina's public names, in float64."""
    case = case_of(result)
    problem = problems.golden_problem(case, ROWS)
    model = problem.sequential("float64", case["form"])
    model.compile(problem.public_optimizer(), loss=problem.public_loss(), metrics=list(result["metrics"]))
    y = problem.y[:, 0] if case.get("twist") == "flat" else problem.public_targets()
    fit = model.fit(problem.x, y, batch_size=BATCH, epochs=EPOCHS, shuffle=False, verbose=0)
    keys = ["loss", *result["metrics"]]
    close(np.transpose([fit.history[key] for key in keys]), result["history"])
    for w, expected in zip(model.get_weights(), result["weights"], strict=True):
        close(w.ravel(), expected)
    close(model.evaluate(problem.x, y, verbose=0), result["evaluate"])
    close(model.predict(problem.x[:3], verbose=0), result["predict"])
