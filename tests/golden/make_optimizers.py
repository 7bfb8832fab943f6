"""Makes optimizers.json: what Keras 3 on TensorFlow gets with each optimizer, option and schedule.

Needs tensorflow and keras, which the tests do not::

    python tests/golden/make_optimizers.py

Each case of ``optimizer_fits`` trains 50 steps in float64, without shuffling; the file keeps the losses of the epochs
and the weights, and of each schedule its values.
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
import numpy as np  # noqa: E402
import tensorflow  # noqa: E402
from exact_ops import ExactOps  # noqa: E402
from keras.src.optimizers import nadam  # noqa: E402

import optimizer_fits as fits  # noqa: E402


def keras_schedule(name: str) -> Any:
    """The schedule of that name, in float64: TensorFlow makes float32 of plain numbers."""
    cls, config = fits.schedule(name)
    config = {key: np.float64(value) if isinstance(value, float) else value for key, value in config.items()}
    if "values" in config:
        config["values"] = [np.float64(value) for value in config["values"]]
    return getattr(keras.optimizers.schedules, cls)(**config)


def trained(case: fits.Case) -> dict[str, Any]:
    """Losses of the epochs and final weights."""
    options = fits.arguments(case)
    if case.schedule:
        options["learning_rate"] = keras_schedule(case.schedule)
    data = fits.training()
    penalty = keras.regularizers.L2(fits.PENALTY)
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(5, "tanh", kernel_regularizer=penalty), keras.layers.Dense(2)]
    )
    model.set_weights(data.weights)
    model.compile(getattr(keras.optimizers, case.name)(**options), "mse", run_eagerly=True)  # no tracing: faster
    done = model.fit(data.x, data.y, batch_size=fits.BATCH, epochs=fits.EPOCHS, shuffle=False, verbose=0)
    weights = [weight.ravel().tolist() for weight in model.get_weights()]
    keras.backend.clear_session()
    return {"loss": done.history["loss"], "weights": weights}


def main() -> None:
    """Write the file."""
    keras.config.set_floatx("float64")
    nadam.ops = ExactOps()
    values = {name: [float(keras_schedule(name)(np.float64(step))) for step in fits.STEPS] for name in fits.SCHEDULES}
    cases = {case.id: trained(case) for case in fits.CASES}
    made = {"keras": keras.__version__, "tensorflow": tensorflow.__version__}
    lines = [f'"made": {json.dumps(made)}', f'"schedules": {json.dumps(values)}']
    lines += [f"{json.dumps(name)}: {json.dumps(case)}" for name, case in cases.items()]
    (HERE / "optimizers.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
