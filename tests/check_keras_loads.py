"""Checks that Keras 3 loads what lamina writes, predicts the same, and trains on the same.

Needs tensorflow, keras and lamina in one environment, which the tests do not have::

    python tests/check_keras_loads.py

For every model of tests/python/interchange.py: a ``.keras`` file, from which Keras goes on, and a ``.weights.h5`` file,
whose weights Keras puts into a model of its own. Prints a line a model, and fails if one is off.
"""

from __future__ import annotations

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
    return float(np.abs(a - b).max() / np.abs(b).max())


def differences(case: differential.Case, dtype: str, folder: Path) -> tuple[float, float, float]:
    """Return how far Keras is off: in predictions, after training has gone on, and with the weights alone."""
    keras.backend.clear_session()
    keras.config.set_floatx(dtype)
    model = interchange.trained(LAMINA, case, dtype)
    model.save(folder / "model.keras")
    model.save_weights(folder / "model.weights.h5")
    expected = interchange.predicted(model, case)
    loaded = keras.models.load_model(folder / "model.keras")
    weighted = differential.model(KERAS, case, dtype, 1)
    weighted.load_weights(folder / "model.weights.h5")
    found = [interchange.predicted(other, case) for other in (loaded, weighted)]
    interchange.more(model, case)
    interchange.more(loaded, case)
    trained = furthest(interchange.flat(loaded), interchange.flat(model))
    return furthest(found[0], expected), trained, furthest(found[1], expected)


def main() -> int:
    """Prints what was found and returns how many models are off."""
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for dtype in ("float64", "float32"):
            for name, case in interchange.FILES.items():
                predicted, trained, weighted = differences(case, dtype, Path(folder))
                near = interchange.TOLERANCE if dtype == "float64" else 1e-5
                good = max(predicted, weighted) <= interchange.NEAR and trained <= near
                bad += not good
                print(
                    f"{'as it should be' if good else 'OFF':16}{dtype} {name}: predicts {predicted:.1e}, "
                    f"trained on {trained:.1e}, weights alone {weighted:.1e}",
                    flush=True,
                )
    return bad


if __name__ == "__main__":
    sys.exit(main())
