"""What Keras 3 on TensorFlow got from normalizations, constraints and penalties on activities (make_layers.py)."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lamina
import layer_problems
from lamina.models import _keras_files

GOLDEN = json.loads((Path(__file__).parent.parent / "golden" / "layers.json").read_text())["results"]
RESULTS = {(result["case"], result["optimizer"]): result for result in GOLDEN}
TRAININGS = [(case.name, optimizer) for case in layer_problems.CASES.values() for optimizer in case.optimizers]


def test_every_training_has_a_golden() -> None:
    assert sorted(RESULTS) == sorted((name, optimizer[0]) for name, optimizer in TRAININGS)


@pytest.mark.parametrize(
    ("name", "optimizer"), TRAININGS, ids=lambda value: value if isinstance(value, str) else value[0]
)
def test_training(name: str, optimizer: layer_problems.Named) -> None:
    """50 steps: the names of the weights, the history, the weights, evaluations, predictions."""
    expected: dict[str, Any] = RESULTS[name, optimizer[0]]
    found = layer_problems.train(layer_problems.CASES[name], optimizer, lamina, dtype="float64")
    assert (found["names"], found["trained"]) == (expected["names"], expected["trained"])
    for kind in ("history", "evaluations", "predict"):
        np.testing.assert_allclose(found[kind], expected[kind], rtol=1e-9, atol=1e-9)
    for found_weight, expected_weight in zip(found["weights"], expected["weights"], strict=True):
        np.testing.assert_allclose(found_weight, expected_weight, rtol=1e-9, atol=1e-9)


def test_a_file_that_keras_wrote(tmp_path: Path) -> None:
    """With all of these layers: its model predicts and evaluates alike, and from here it is written the same way."""
    h5py = pytest.importorskip("h5py")
    folder = Path(__file__).parent.parent / "golden"
    golden = np.load(folder / "layers.npz")
    model = lamina.load_model(folder / "layers.keras")
    x, predicted = golden["x"], golden["predicted"]
    np.testing.assert_allclose(model.predict(x), predicted, rtol=0, atol=1e-6 * np.abs(predicted).max())
    model.compile("sgd", "mse")
    assert model.evaluate(x, x[:, :2], verbose=0) == pytest.approx(float(golden["loss"]), rel=1e-5)
    model.save(tmp_path / "again.keras")
    found = []
    for path in (folder / "layers.keras", tmp_path / "again.keras"):
        shapes: dict[str, tuple[int, ...]] = {}
        with zipfile.ZipFile(path) as file, h5py.File(io.BytesIO(file.read("model.weights.h5"))) as weights:
            for name in sorted(group.path for group in _keras_files.groups(model)):
                shapes |= {f"{name}/{key}": value.shape for key, value in weights[f"{name}/vars"].items()}
            config = json.loads(file.read("config.json"))["config"]["layers"]
        found.append((shapes, [entry["class_name"] for entry in config]))
    assert found[0] == found[1]
