"""Checks that Keras 3 loads what lamina writes, predicts the same, and trains on the same.

Needs tensorflow, keras and lamina in one environment, which the tests do not have::

    python tests/check_keras_loads.py

For every model of tests/python/interchange.py: a ``.keras`` file, from which Keras goes on, and a ``.weights.h5`` file,
whose weights Keras puts into a model of its own. Prints a line a model, and fails if one is off.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
sys.path.insert(0, str(Path(__file__).resolve().parent / "python"))

import keras
import numpy as np

import differential
import interchange
import lamina

KERAS = differential.Library(keras, lambda dtype: keras.Sequential())
LAMINA = differential.Library(lamina, lambda dtype: lamina.models.Sequential(dtype=dtype))


def furthest(a: np.ndarray, b: np.ndarray) -> float:
    """Return the largest difference, over the largest value."""
    return float(np.abs(a - b).max() / (np.abs(b).max() or 1.0))


def differences(name: str, dtype: str, folder: Path) -> dict[str, float]:
    """Return how far Keras is off: in predictions, results, steps, after training on, and with the weights alone."""
    keras.backend.clear_session()
    keras.config.set_floatx(dtype)
    model = interchange.trained(LAMINA, name, dtype)
    model.save(folder / "model.keras")
    model.save_weights(folder / "model.weights.h5")
    loaded = keras.models.load_model(folder / "model.keras")
    weighted = interchange.FILES[name].model(KERAS, dtype, 1)
    weighted.load_weights(folder / "model.weights.h5")
    expected, results = interchange.predicted(model, name), interchange.evaluated(model, name)
    same = interchange.evaluated(loaded, name)
    found = {
        "predicts": furthest(interchange.predicted(loaded, name), expected),
        "weights alone": furthest(interchange.predicted(weighted, name), expected),
        "evaluates": max(furthest(np.array(same[key]), np.array(results[key])) for key in results),
        "steps": abs(interchange.iterations(loaded) - interchange.iterations(model)),
    }
    if interchange.tolerance(name, dtype) is not None:
        interchange.more(model, name)
        interchange.more(loaded, name)
        found["trained on"] = furthest(interchange.flat(loaded), interchange.flat(model))
    return found


def main() -> int:
    """Prints what was found and returns how many models are off."""
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, dtype in itertools.product(interchange.FILES, ("float64", "float32")):
            if dtype == "float64" and interchange.dtype_of(name) == "float32":
                continue
            found = differences(name, dtype, Path(folder))
            limits = dict.fromkeys(found, interchange.NEAR) | {"trained on": interchange.tolerance(name, dtype)}
            good = all(value <= limits[what] for what, value in found.items())
            bad += not good
            shown = ", ".join(f"{what} {value:.1e}" for what, value in found.items())
            print(f"{'as it should be' if good else 'OFF':16}{dtype} {name}: {shown}", flush=True)
    return bad


if __name__ == "__main__":
    sys.exit(main())
