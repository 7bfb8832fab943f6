"""Makes callbacks.json: when Keras 3 on TensorFlow stops, restores, saves and lowers the learning rate.

Needs tensorflow and keras, which the tests do not::

    python tests/golden/make_callbacks.py

Every case of ``watching.draw`` is a training in which a callback watches a number that was written
beforehand; the file keeps the cases and what came of them.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "python"))

import keras  # noqa: E402

import watching  # noqa: E402

SEEDS = watching.CHECKPOINTS + 40


def model() -> keras.Sequential:
    made = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    made.compile(keras.optimizers.SGD(0.1), "mse", metrics=["mae", "binary_accuracy"])
    return made


cases = [watching.draw(seed) for seed in range(SEEDS)]
results = [case | {"result": watching.train(case, model(), keras.callbacks)} for case in cases]
text = ",\n".join(json.dumps(result) for result in results)
(HERE / "callbacks.json").write_text(f'{{"keras": "{keras.__version__}", "results": [\n{text}\n]}}\n')
