"""Files that Keras 3 on TensorFlow wrote (tests/golden/make_keras_files.py): what is in them, and that it goes on."""

from __future__ import annotations

import base64
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

import differential
import interchange
import lamina
from lamina.models import Sequential, load_model

pytest.importorskip("h5py")

ARCHIVE = zipfile.ZipFile(Path(__file__).parent.parent / "golden" / "keras_files.zip")
RESULTS = json.loads(ARCHIVE.read("results.json"))["files"]
LAMINA = differential.Library(lamina, lambda dtype: Sequential(dtype=dtype))


def unpacked(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f8")


def test_the_files_are_those_of_the_cases() -> None:
    assert list(RESULTS) == list(interchange.FILES)


@pytest.mark.parametrize("name", RESULTS)
def test_it_predicts_and_trains_on(name: str, tmp_path: Path) -> None:
    """As Keras does: from the optimizer's state, too."""
    result = RESULTS[name]
    model = load_model(ARCHIVE.extract(f"{name}.keras", tmp_path))
    assert model.dtype == interchange.dtype_of(name)
    assert interchange.iterations(model) == result["iterations"] > 0
    expected = unpacked(result["predict"])
    found = interchange.predicted(model, name).ravel()
    assert np.abs(found - expected).max() <= interchange.NEAR * np.abs(expected).max()
    evaluated = interchange.evaluated(model, name)
    assert evaluated.keys() == result["evaluate"].keys()
    for key, values in result["evaluate"].items():
        np.testing.assert_allclose(evaluated[key], values, rtol=interchange.NEAR, err_msg=key)
    tolerance = interchange.tolerance(name, model.dtype)
    if tolerance is not None:
        interchange.more(model, name)
        np.testing.assert_allclose(interchange.flat(model), unpacked(result["weights"]), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", interchange.WEIGHTS_ALONE)
def test_weights_alone(name: str, tmp_path: Path) -> None:
    model = interchange.FILES[name].model(LAMINA, "float64", 1)
    model.load_weights(ARCHIVE.extract(f"{name}.weights.h5", tmp_path))
    whole = load_model(ARCHIVE.extract(f"{name}.keras", tmp_path))
    np.testing.assert_array_equal(interchange.flat(model), interchange.flat(whole))
    np.testing.assert_array_equal(interchange.predicted(model, name), interchange.predicted(whole, name))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Conv2D", "Conv2D"),
        ("LSTM", "LSTM"),
        ("Lambda", "Lambda"),
        ("Functional", "Functional.*only Sequential"),
        ("Own", "Own"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(name: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=words):
        load_model(ARCHIVE.extract(f"refused/{name}.keras", tmp_path))
