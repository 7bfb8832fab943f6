"""What Keras 3 on TensorFlow got (tests/golden/make_differential.py) from trainings of every pair of options."""

from __future__ import annotations

import base64
import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import differential
import lamina
from lamina.models import Sequential

GOLDEN = json.loads((Path(__file__).parent.parent / "golden" / "differential.json").read_text())["results"]
LAMINA = differential.Library(lamina, lambda dtype: Sequential(dtype=dtype))
TOLERANCE = 1e-9
#: A float32 tensor is as near as this, or twice as far as Keras's.
NEAR = 1e-5


def case_of(result: dict[str, Any]) -> differential.Case:
    return dict(zip(differential.AXES, result["case"], strict=True))


def unpacked(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f8")


RESULTS = [pytest.param(result, id="-".join(v for v in result["case"] if v != "none")) for result in GOLDEN]


@pytest.mark.parametrize("result", RESULTS)
def test_float64(result: dict[str, Any]) -> None:
    """The same names, losses, metrics, evaluation and weights after 50 steps."""
    found = differential.train(LAMINA, case_of(result), "float64", result["seed"])
    assert list(found.history) == result["keys"]
    history = unpacked(result["history"]).reshape(-1, differential.EPOCHS)
    np.testing.assert_allclose(list(found.history.values()), history, rtol=TOLERANCE, atol=TOLERANCE)
    evaluation = found.evaluate()
    values = [evaluation[key] for key in sorted(evaluation)]
    np.testing.assert_allclose(values, unpacked(result["evaluate"]), rtol=TOLERANCE, atol=TOLERANCE)
    weights = np.concatenate([weight.ravel() for weight in found.weights])
    np.testing.assert_allclose(weights, unpacked(result["weights"]), rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("result", RESULTS)
def test_float32(result: dict[str, Any]) -> None:
    """As near to Keras's float64 as Keras's own float32."""
    found = differential.train(LAMINA, case_of(result), "float32", result["seed"])
    flat, start = unpacked(result["weights"]), 0
    for weight, keras in zip(found.weights, result["float32"], strict=True):
        exact = flat[start : start + weight.size].reshape(weight.shape)
        assert differential.distance(weight, exact) <= max(2 * keras, NEAR)
        start += weight.size
    assert start == flat.size


def test_every_pair_occurs() -> None:
    """Of values of any two of the options, in trainings that are well conditioned."""
    occurring = {pair for result in GOLDEN for pair in itertools.combinations(case_of(result).items(), 2)}
    axes = [[(axis, value) for value in values] for axis, values in differential.AXES.items()]
    assert occurring == {pair for a, b in itertools.combinations(axes, 2) for pair in itertools.product(a, b)}
    assert [case_of(result) for result in GOLDEN] == differential.cases()
    assert all(max(result["float32"]) < differential.WELL_CONDITIONED for result in GOLDEN)


def test_the_weights_have_moved() -> None:
    """A training that left its weights alone would prove nothing."""
    for result in GOLDEN:
        case = case_of(result)
        before = differential.model(LAMINA, case, "float64", result["seed"]).get_weights()
        flat = np.concatenate([weight.ravel() for weight in before])
        assert math.dist(flat, unpacked(result["weights"])) > 1e-3, case
