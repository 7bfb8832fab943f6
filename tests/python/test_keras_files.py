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
from lamina.layers import Dense
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


REFUSED = {
    "Conv2D": "layer 'Conv2D'",
    "LSTM": "layer 'LSTM'",
    "Lambda": "layer 'Lambda'",
    "Functional": "Functional.*only Sequential",
    "inputs": "Functional.*only Sequential",
    "Subclassed": "Subclassed.*only Sequential",
    "inside": "layer 'Functional'",
    "Own": "layer 'Own'",
    "Dense": "layer 'mine>Dense' is one of a user's own",
    "activation": "activation.*mine>own_activation",
    "lora": r"Dense\(lora_rank=2\)",
    "quantized": r"Dense\(quantization_config=.*Int8",
    "mixed": "mixed_float16.*'float32' or 'float64'",
    "bfloat16": "bfloat16.*'float32' or 'float64'",
    "unbuilt": "not built when it was saved",
}
#: What is only in the way of training.
NOT_COMPILED = {
    "metric": "metric 'plain_loss'",
    "loss_weights": "loss_weights=",
    "Adafactor": "optimizer 'Adafactor'",
    "scaled": "optimizer 'LossScaleOptimizer'",
    "accumulated": r"SGD\(gradient_accumulation_steps=2\)",
}


@pytest.mark.parametrize(("name", "words"), (REFUSED | NOT_COMPILED).items())
def test_what_is_not_supported_is_refused_by_name(name: str, words: str, tmp_path: Path) -> None:
    path = ARCHIVE.extract(f"refused/{name}.keras", tmp_path)
    with pytest.raises((TypeError, ValueError), match=f"{words}.*{'compile=False' if name in NOT_COMPILED else ''}"):
        load_model(path)
    if name in NOT_COMPILED:
        assert load_model(path, compile=False).predict(np.ones((2, 4)), verbose=0).shape == (2, 1)


def test_files_from_before_keras_3_are_refused(tmp_path: Path) -> None:
    path = ARCHIVE.extract("refused/whole.h5", tmp_path)
    model = Sequential([Dense(3, input_shape=(4,)), Dense(1)])
    for use in (load_model, model.load_weights):
        with pytest.raises(ValueError, match=r"from before Keras 3.*save it as \.keras"):
            use(path)
    with pytest.raises(IsADirectoryError, match="SavedModel"):
        load_model(tmp_path)


def test_functions_of_keras_stand_for_their_classes(tmp_path: Path) -> None:
    model = load_model(ARCHIVE.extract("loaded/functions.keras", tmp_path))
    results = model.evaluate(np.ones((2, 4)), np.ones((2, 1)), verbose=0, return_dict=True)
    assert list(results) == ["loss", "mean_absolute_error"]
    assert type(model.loss).__name__ == "MeanSquaredError"
    assert model.optimizer.iterations == 1


@pytest.mark.parametrize("name", ["OwnLoss", "registered_loss", "plain_loss"])
def test_a_loss_of_ones_own_is_named(name: str, tmp_path: Path) -> None:
    path = ARCHIVE.extract(f"loaded/{name}.keras", tmp_path)
    with pytest.warns(UserWarning, match=rf"the loss '(mine>)?{name}' is code of your own.*custom_objects"):
        model = load_model(path)
    assert model.predict(np.ones((2, 4)), verbose=0).shape == (2, 1)
    with pytest.raises(ValueError, match=r"needs compile\(\)"):
        model.fit(np.ones((2, 4)), np.ones((2, 1)), verbose=0)


def test_an_optimizers_state_of_other_weights_is_left_out(tmp_path: Path) -> None:
    """As in Keras, where layers were frozen after training."""
    path = ARCHIVE.extract("loaded/frozen.keras", tmp_path)
    with pytest.warns(UserWarning, match="the optimizer's state .* is left out"):
        model = load_model(path)
    assert model.optimizer.iterations == 0
    assert [layer.trainable for layer in model.layers] == [False, True]
