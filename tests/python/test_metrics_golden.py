"""What Keras 3 on TensorFlow reports of metrics and weights (tests/golden/make_metrics.py), from lamina."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import metric_cases
import weighted_fits
from lamina import metrics
from weighted_fits import FITS

GOLDEN = json.loads((Path(__file__).parent.parent / "golden" / "metrics.json").read_text())
TOLERANCE = 1e-9


def close(actual: Any, expected: Any) -> None:
    """Equal to 1e-9, relative where values are above 1."""
    np.testing.assert_allclose(np.asarray(actual), expected, rtol=TOLERANCE, atol=TOLERANCE)


def test_goldens_are_complete() -> None:
    """Every fit has a golden, and every golden a fit."""
    assert list(GOLDEN["fits"]) == list(FITS)
    assert list(GOLDEN["alone"]) == list(metric_cases.CASES)


@pytest.mark.parametrize("name", FITS)
def test_fits_with_weights(name: str) -> None:
    """Keys and values of the history, the weights after the last step, an evaluation."""
    fit, expected = FITS[name], GOLDEN["fits"][name]
    problem, arguments = weighted_fits.arguments(fit)
    model = problem.sequential("float64")
    chosen = (weighted_fits.made(entries, metrics) for entries in (fit.metrics, fit.weighted_metrics))
    model.compile(problem.public_optimizer(), problem.public_loss(), *chosen)
    history = model.fit(**arguments).history
    assert sorted(history) == sorted(expected["history"])
    for key, values in expected["history"].items():
        close(history[key], values)
    for weight, values in zip(model.get_weights(), expected["weights"], strict=True):
        close(weight.ravel(), values)
    w = problem.weights_of_samples("float64")
    found = model.evaluate(arguments["x"], arguments["y"], verbose=0, sample_weight=w, return_dict=True)
    assert sorted(found) == sorted(expected["evaluate"])
    for key, value in expected["evaluate"].items():
        close(found[key], value)


@pytest.mark.parametrize("name", metric_cases.CASES)
def test_metrics_alone(name: str) -> None:
    """The value after each batch; the same from the beginning after a reset, and of an equal metric."""
    case, expected = metric_cases.CASES[name], GOLDEN["alone"][name]
    metric = getattr(metrics, case.metric)(**case.arguments)
    for again in (
        metric,
        metric,
        metrics.get(metrics.serialize(metric)),
        type(metric).from_config(metric.get_config()),
    ):
        again.reset_state()
        for batch, value in zip(metric_cases.batches(case), expected, strict=True):
            again.update_state(*batch)
            # Keras's log(2) in it is that of float32.
            np.testing.assert_allclose(again.result(), value, 1e-9, 3e-9 if case.metric == "LogCoshError" else 1e-9)
