"""Makes keras_files.zip: files that Keras 3 on TensorFlow wrote, and what came of the models in them.

Needs tensorflow and keras, which the tests do not::

    python tests/golden/make_keras_files.py

Each model of tests/python/interchange.py is trained some steps and saved; Keras loads it again, predicts, evaluates and
trains on. Some have their weights alone in a file, too. The models in ``refused`` are some that lamina has no layers
for, or that hold code. An archive, since HDF5 leaves much room empty.
"""

from __future__ import annotations

import json
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import make_differential
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


def refused() -> dict[str, keras.Model]:
    """Return models that cannot be loaded."""
    layers = keras.layers
    entry = keras.Input((2,))
    return {
        "Conv2D": keras.Sequential([keras.Input((4, 4, 1)), layers.Conv2D(1, 2)]),
        "LSTM": keras.Sequential([keras.Input((3, 2)), layers.LSTM(1)]),
        "Lambda": keras.Sequential([keras.Input((2,)), layers.Lambda(lambda x: x + 1)]),
        "Functional": keras.Model(entry, layers.Dense(1)(entry)),
        "Own": keras.Sequential([keras.Input((2,)), Own()]),
    }


def main() -> None:
    """Writes keras_files.zip beside this file."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        results = {name: written(folder, name) for name in interchange.FILES}
        (folder / "results.json").write_text(json.dumps({"keras": keras.__version__, "files": results}))
        make_differential.start("float32")
        (folder / "refused").mkdir()
        for name, model in refused().items():
            model.save(folder / "refused" / f"{name}.keras")
        with zipfile.ZipFile(HERE / "keras_files.zip", "w", zipfile.ZIP_LZMA) as archive:
            for path in sorted(folder.rglob("*.*")):
                archive.write(path, path.relative_to(folder))


if __name__ == "__main__":
    main()
