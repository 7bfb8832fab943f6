"""Makes layers.json: what Keras 3 on TensorFlow gets from the layers and constraints in ``layer_problems.CASES``.

Needs tensorflow and keras, which the tests do not::

    python tests/golden/make_layers.py

Each case trains 50 steps in float64, the last batch of each epoch being a smaller one. layers.keras is a file that
Keras wrote, layers.npz what its model gives.
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
import numpy as np  # noqa: E402
import tensorflow  # noqa: E402

import layer_problems  # noqa: E402


def write_file() -> None:
    """Writes layers.keras, a model with all of these layers, and layers.npz, with inputs and what it makes of them."""
    keras.utils.set_random_seed(1)
    x = np.random.default_rng(1).normal(1, 2, (50, 5)).astype(np.float32)
    layers = keras.layers
    adapted = layers.Normalization()
    adapted.adapt(x)
    inner = [layers.Dense(4), layers.BatchNormalization(center=False)]
    model = keras.Sequential(
        [
            keras.Input((5,)),
            adapted,
            layers.Dense(6, "tanh", kernel_constraint="max_norm", bias_constraint=keras.constraints.MinMaxNorm()),
            layers.BatchNormalization(),
            layers.GaussianNoise(0.1),
            keras.Sequential(inner),
            layers.GaussianDropout(0.1, seed=3),
            layers.AlphaDropout(0.1),
            layers.LayerNormalization(gamma_constraint="non_neg"),
            layers.ActivityRegularization(0.01, 0.02),
            layers.PReLU(alpha_constraint=keras.constraints.UnitNorm(axis=-1)),
            layers.Normalization(mean=[1.0, 2.0, 3.0, 4.0], variance=[1.0, 2.0, 3.0, 4.0]),
            layers.Dense(2, kernel_constraint=keras.constraints.UnitNorm(axis=[0, 1])),
        ]
    )
    model.compile("sgd", "mse")
    model.fit(x, x[:, :2], epochs=2, verbose=0)
    loss = model.evaluate(x, x[:, :2], verbose=0)
    np.savez(HERE / "layers.npz", x=x, predicted=model.predict(x, verbose=0), loss=loss)
    model.compile()
    model.save(HERE / "layers.keras")


def main() -> None:
    """Writes the files beside this one."""
    write_file()
    keras.config.set_floatx("float64")
    lines = []
    for case in layer_problems.CASES.values():
        for optimizer in case.optimizers:
            print(case.name, optimizer[0], flush=True)
            found = layer_problems.train(case, optimizer, keras)
            if not np.isfinite([*found["history"], *np.concatenate(found["weights"])]).all():
                raise SystemExit("not finite")
            result = {"case": case.name, "optimizer": optimizer[0], **found}
            lines.append(json.dumps(result, separators=(",", ":")))
            keras.backend.clear_session()
    header = {"made_by": {"keras": keras.__version__, "tensorflow": tensorflow.__version__}}
    text = json.dumps(header)[:-1] + ', "results": [\n' + ",\n".join(lines) + "\n]}\n"
    (HERE / "layers.json").write_text(text)


if __name__ == "__main__":
    main()
