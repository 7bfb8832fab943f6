"""Batches that are handed over, and numbers of steps: what Keras on TensorFlow made of the same (`tests/golden`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import feeds
from lamina.callbacks import Callback
from lamina.layers import Dense
from lamina.metrics import RootMeanSquaredError
from lamina.models import Sequential
from lamina.optimizers import SGD
from lamina.utils import PyDataset

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "feeding.json").read_text())


def make_model(loss: str) -> Sequential:
    last = "softmax" if loss.startswith("sparse") else None
    model = Sequential([Dense(3, "tanh", input_shape=(feeds.COLUMNS,)), Dense(2, last)], dtype="float64")
    model.set_weights(feeds.KERNELS)
    metrics, weighted = (["accuracy"], None) if last else (["mae", RootMeanSquaredError()], ["mse"])
    model.compile(SGD(**feeds.SGD), loss, metrics, weighted_metrics=weighted)
    return model


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_the_cases_are_those_of_the_golden():
    assert list(GOLDEN["fit"]) == list(feeds.CASES)
    assert list(GOLDEN["judged"]) == list(feeds.JUDGED)


@pytest.mark.parametrize("name", feeds.CASES)
def test_fit(name: str) -> None:
    expected = GOLDEN["fit"][name]
    found = feeds.run(feeds.CASES[name], make_model, PyDataset, Callback)
    for key in ("epochs", "seen", "warnings"):
        assert found[key] == expected[key], key
    assert list(found["history"]) == list(expected["history"])
    for key, values in expected["history"].items():
        close(found["history"][key], values)
    for weight, values in zip(found["weights"], expected["weights"], strict=True):
        close(weight, values)


@pytest.mark.parametrize("name", feeds.JUDGED)
def test_evaluate_and_predict(name: str) -> None:
    expected = GOLDEN["judged"][name]
    found = feeds.judge(feeds.JUDGED[name], make_model, PyDataset, Callback)
    for key in ("seen", "warnings"):
        assert found[key] == expected[key], key
    close(found["results"], expected["results"])
    close(found["predictions"], expected["predictions"])
