"""Makes keras_files.zip: files that Keras 3 on TensorFlow wrote, and what came of the models in them.

Needs tensorflow and keras, which the tests do not::

    python tests/golden/make_keras_files.py

Each model of tests/python/interchange.py is trained some steps and saved; Keras loads it again, predicts, evaluates and
trains on. Some have their weights alone in a file, too. The models in ``refused`` are some that lamina has not, or that
hold code, those in ``loaded`` are loaded in part. An archive, since HDF5 leaves much room empty.
"""

from __future__ import annotations

import json
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import make_differential
import numpy as np
from make_differential import keras, packed  # with Keras's backend chosen

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "python"))

import differential  # noqa: E402
import interchange  # noqa: E402

KERAS = differential.Library(keras, lambda dtype: keras.Sequential())


def written(folder: Path, name: str) -> dict[str, Any]:
    """Write a file, and return what came of the model in it."""
    dtype = interchange.dtype_of(name)
    make_differential.start(dtype)
    model = interchange.trained(KERAS, name, dtype)
    model.save(folder / f"{name}.keras")
    if name in interchange.WEIGHTS_ALONE:
        model.save_weights(folder / f"{name}.weights.h5")
    model = keras.models.load_model(folder / f"{name}.keras")
    found = {
        "iterations": interchange.iterations(model),
        "predict": packed(interchange.predicted(model, name)),
        "evaluate": interchange.evaluated(model, name),
    }
    interchange.more(model, name)
    return found | {"weights": packed(interchange.flat(model))}


@keras.saving.register_keras_serializable(package="mine")
class Own(keras.layers.Layer):
    """A layer of a user's own."""

    def call(self, x: Any) -> Any:
        return 2 * x


@keras.saving.register_keras_serializable(package="mine")
class Dense(keras.layers.Dense):
    """One that is called like Keras's."""


@keras.saving.register_keras_serializable(package="mine")
class Subclassed(keras.Model):
    """A model of a user's own."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.inner = keras.layers.Dense(1)

    def call(self, x: Any) -> Any:
        return self.inner(x)


@keras.saving.register_keras_serializable(package="mine")
class OwnLoss(keras.losses.Loss):
    """A loss of a user's own."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return keras.ops.mean((y_true - y_pred) ** 2, axis=-1)


@keras.saving.register_keras_serializable(package="mine")
def registered_loss(y_true: Any, y_pred: Any) -> Any:
    """Return the same."""
    return keras.ops.mean((y_true - y_pred) ** 2, axis=-1)


def plain_loss(y_true: Any, y_pred: Any) -> Any:
    """Return the same, of which Keras does not know."""
    return keras.ops.mean((y_true - y_pred) ** 2, axis=-1)


@keras.saving.register_keras_serializable(package="mine")
def own_activation(x: Any) -> Any:
    """Return twice the sine."""
    return 2 * keras.ops.sin(x)


X, Y = np.linspace(-1, 1, 24).reshape(6, 4), np.ones((6, 1))


def dense(layer: Any = None, **compiled: Any) -> keras.Model:
    """Return a model with a layer that is compiled, if so, and trained."""
    made = keras.Sequential([keras.Input((4,)), layer or keras.layers.Dense(3), keras.layers.Dense(1)])
    if compiled:
        made.compile(**{"optimizer": "adam", "loss": "mse"} | compiled)
        made.fit(X, Y, verbose=0)
    return made


def refused() -> dict[str, keras.Model]:
    """Return models that cannot be loaded."""
    layers, optimizers = keras.layers, keras.optimizers
    entry, other = keras.Input((2,)), keras.Input((2,))
    subclassed, adapted, quantized = Subclassed(), dense(), dense()
    subclassed.build((None, 4))
    adapted.layers[0].enable_lora(2)
    quantized.quantize("int8")
    return {
        "Conv2D": keras.Sequential([keras.Input((4, 4, 1)), layers.Conv2D(1, 2)]),
        "LSTM": keras.Sequential([keras.Input((3, 2)), layers.LSTM(1)]),
        "Lambda": keras.Sequential([keras.Input((2,)), layers.Lambda(lambda x: x + 1)]),
        "Functional": keras.Model(entry, layers.Dense(1)(entry)),
        "inputs": keras.Model([entry, other], layers.Add()([entry, other])),
        "Subclassed": subclassed,
        "inside": dense(keras.Model(wide := keras.Input((4,)), layers.Dense(1)(wide))),
        "Own": dense(Own()),
        "Dense": dense(Dense(3)),
        "activation": dense(layers.Dense(3, own_activation)),
        "lora": adapted,
        "quantized": quantized,
        "mixed": dense(layers.Dense(3, dtype="mixed_float16")),
        "bfloat16": dense(layers.Dense(3, dtype="bfloat16")),
        "unbuilt": keras.Sequential([layers.Dense(3)]),
        "metric": dense(metrics=[plain_loss]),
        "loss_weights": dense(loss_weights=0.5),
        "Adafactor": dense(optimizer=optimizers.Adafactor()),
        "scaled": dense(optimizer=optimizers.LossScaleOptimizer(optimizers.SGD())),
        "accumulated": dense(optimizer=optimizers.SGD(gradient_accumulation_steps=2)),
    }


def loaded() -> dict[str, keras.Model]:
    """Return models that are loaded, though not with all that is in their files, or not as it stands there."""
    frozen = dense(optimizer="adam")
    frozen.layers[0].trainable = False
    functions = {"loss": keras.losses.mean_squared_error, "metrics": [keras.metrics.mean_absolute_error]}
    return {
        "functions": dense(**functions),
        "frozen": frozen,
        **{name_of(loss): dense(loss=loss) for loss in (OwnLoss(), registered_loss, plain_loss)},
    }


def name_of(loss: Any) -> str:
    """Return what a loss of a user's own is called."""
    return getattr(loss, "__name__", type(loss).__name__)


def main() -> None:
    """Writes keras_files.zip beside this file."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        results = {name: written(folder, name) for name in interchange.FILES}
        (folder / "results.json").write_text(json.dumps({"keras": keras.__version__, "files": results}))
        make_differential.start("float32")
        for kind in (refused, loaded):
            (folder / kind.__name__).mkdir()
            for name, model in kind().items():
                model.save(folder / kind.__name__ / f"{name}.keras")
        dense().save(folder / "refused" / "whole.h5")
        with zipfile.ZipFile(HERE / "keras_files.zip", "w", zipfile.ZIP_LZMA) as archive:
            for path in sorted(folder.rglob("*.*")):
                archive.write(path, path.relative_to(folder))


if __name__ == "__main__":
    main()
