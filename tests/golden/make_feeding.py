"""Makes feeding.json: what Keras 3 on TensorFlow makes of the cases in ``feeds.py``.

Needs tensorflow and keras, which the tests do not::

    python tests/golden/make_feeding.py

All is float64 and without shuffling; the file keeps histories, weights, results, predictions, the batches that a
callback saw, and how often Keras warned that the data ran out.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "python"))

import keras  # noqa: E402
import tensorflow  # noqa: E402

import feeds  # noqa: E402


def make_model(loss: str) -> Any:
    """The network of the cases."""
    last = "softmax" if loss.startswith("sparse") else None
    layers = [keras.layers.Dense(3, "tanh"), keras.layers.Dense(2, last)]
    model = keras.Sequential([keras.Input((feeds.COLUMNS,)), *layers])
    model.set_weights(feeds.KERNELS)
    metrics, weighted = (["accuracy"], None) if last else (["mae", keras.metrics.RootMeanSquaredError()], ["mse"])
    model.compile(keras.optimizers.SGD(**feeds.SGD), loss, metrics=metrics, weighted_metrics=weighted)
    return model


if __name__ == "__main__":
    keras.config.set_floatx("float64")
    names = (keras.utils.PyDataset, keras.callbacks.Callback)
    found = {
        "keras": keras.__version__,
        "tensorflow": tensorflow.__version__,
        "fit": {name: feeds.run(case, make_model, *names) for name, case in feeds.CASES.items()},
        "judged": {name: feeds.judge(case, make_model, *names) for name, case in feeds.JUDGED.items()},
    }
    (HERE / "feeding.json").write_text(json.dumps(found, indent=1) + "\n")
