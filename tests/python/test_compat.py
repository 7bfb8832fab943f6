"""`lamina.compat.tensorflow`: the chapter's programs with other import lines and nothing else."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import lamina
from lamina.datasets import digits

# Every import line of the chapter and its notebooks, and a name that it brings.
IMPORTS = {
    "from tensorflow import keras": "keras.Sequential",
    "import tensorflow as tf": "tf.random.set_seed",
    "import tensorflow as tf ": "tf.keras.layers.Dense",
    "import tensorflow.keras": "tensorflow.keras.datasets.mnist.load_data",
    "from tensorflow.keras.models import Sequential": "Sequential",
    "from tensorflow.keras.layers import Dense, Dropout, Activation, LeakyReLU": "LeakyReLU",
    "from tensorflow.keras.layers import Dense, Input": "Input",
    "from tensorflow.keras.optimizers import SGD": "SGD",
    "from tensorflow.keras.utils import to_categorical": "to_categorical",
    "from tensorflow.keras.datasets import mnist": "mnist.load_data",
    "from tensorflow.keras import layers, models, regularizers": "regularizers.L2",
    "from tensorflow.keras.callbacks import EarlyStopping": "EarlyStopping",
    "from tensorflow.keras.metrics import RootMeanSquaredError": "RootMeanSquaredError",
}

CIRCLE = """
import numpy as np
import tensorflow as tf
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Dense, Dropout, Activation
from tensorflow.keras.optimizers import SGD
from tensorflow.keras.utils import to_categorical

tf.random.set_seed(1)
categorized_y = np.array(to_categorical(y, 2))
model = Sequential()
model.add(Dense(128, activation='relu', input_shape=(2,)))
model.add(Dropout(.2))
model.add(Dense(64, activation='relu'))
model.add(Dropout(.2))
model.add(Dense(2, activation='softmax'))
model.compile(loss = 'categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
model.summary()
history = model.fit(x, categorized_y, epochs=3, batch_size=10)
result = model.evaluate(x, categorized_y), model.predict(x), model.count_params()
"""

DIGITS = """
import numpy as np
from tensorflow import keras
import tensorflow as tf
from tensorflow.keras.layers import LeakyReLU

tf.random.set_seed(1)
x = x.reshape(-1, side*side)
model = keras.Sequential()
model.add(keras.layers.Dense(128, input_shape=(side*side,)))
model.add(LeakyReLU(alpha = 0.01))
model.add(keras.layers.Dropout(.2))
model.add(keras.layers.Dense(64, activation='relu'))
model.add(keras.layers.Dense(10, activation='softmax'))
model.compile(loss='sparse_categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
history = model.fit(x, y, epochs=3, batch_size=64, verbose = 1)
result = model.evaluate(x, y), model.predict(x), model.count_params()
"""

HOUSES = """
import tensorflow.keras
import tensorflow as tf

tf.random.set_seed(1)
keras = tensorflow.keras
model = keras.models.Sequential()
model.add(keras.layers.Dense(x.shape[1], activation='relu', input_shape=(x.shape[1],)))
model.add(keras.layers.Dense(2**7, activation='relu'))
model.add(keras.layers.Dropout(.2))
model.add(keras.layers.Dense(1))
model.compile(loss = 'mean_squared_error', optimizer='adam', metrics=[keras.metrics.RootMeanSquaredError()])
history = model.fit(x, y, epochs=3, batch_size=10)
result = model.evaluate(x, y), model.predict(x), model.count_params()
"""


def moved(program: str) -> str:
    """The program with its import lines changed, and no other line."""
    lines = [
        re.sub(r"\btensorflow\b(?! as tensorflow)", "lamina.compat.tensorflow", line, count=1)
        if re.match(r"(import|from) tensorflow", line)
        else line
        for line in program.split("\n")
    ]
    return "\n".join(lines).replace("import lamina.compat.tensorflow.keras", "from lamina.compat import tensorflow")


def run(program: str, **names: Any) -> dict[str, Any]:
    exec(compile(moved(program), "program", "exec"), names)
    return names


def value(name: str, names: dict[str, Any]) -> Any:
    first, *rest = name.split(".")
    found = names[first]
    for part in rest:
        found = getattr(found, part)
    return found


@pytest.mark.parametrize("line", IMPORTS)
def test_import_lines(line: str) -> None:
    assert callable(value(IMPORTS[line], run(line.strip())))


def modules(package: Any) -> Iterator[Any]:
    for name in package.__all__:
        module = getattr(package, name)
        if type(module) is type(sys):
            yield module


def test_every_name_is_the_one_in_lamina():
    keras = importlib.import_module("lamina.compat.tensorflow.keras")
    found = {module.__name__.rsplit(".", 1)[1]: module for module in modules(keras)}
    public = set(lamina.__all__) - {"__version__", "compat", "config", "load_model", "plot", "show_config", "testing"}
    assert set(found) == public
    for name, module in found.items():
        if name == "datasets":
            continue
        own = importlib.import_module(f"lamina.{name}")
        names = getattr(own, "__all__", [key for key in vars(own) if not key.startswith("_") and key != "annotations"])
        for key in names:
            if key == "schedules":  # a module of its own too, imported by that name or not
                found_names = {entry: getattr(module.schedules, entry) for entry in own.schedules.__all__}
                assert found_names == {entry: getattr(own.schedules, entry) for entry in own.schedules.__all__}
            else:
                assert getattr(module, key) is getattr(own, key), f"{name}.{key}"
    assert keras.__version__ == lamina.__version__


def test_what_lamina_lacks_is_named():
    with pytest.raises(ImportError, match="Conv2D"):
        run("from tensorflow.keras.layers import Conv2D")
    with pytest.raises(AttributeError, match="Conv2D"):
        run("from tensorflow import keras\nkeras.layers.Conv2D(3)")


def test_seed_is_the_models_alone():
    program = "import tensorflow as tf\nfrom tensorflow.keras import layers, models\ntf.random.set_seed(7)\n"
    program += "model = models.Sequential([layers.Dense(3, input_shape=(2,))])\nmodel.build((None, 2))"
    np.random.seed(5)  # noqa: NPY002 - the generator that a notebook may have seeded
    expected = np.random.random(3)  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    first = run(program)["model"].get_weights()
    assert np.array_equal(np.random.random(3), expected)  # noqa: NPY002
    second = run(program)["model"].get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("seed", [-1, 1.0, "1", True, None, 2**64])
def test_bad_seeds_are_refused(seed: Any) -> None:
    from lamina.compat.tensorflow.random import set_seed

    with pytest.raises((TypeError, ValueError), match="set_seed"):
        set_seed(seed)


def test_the_circle():
    generator = np.random.default_rng(1)
    x = generator.normal(size=(110, 2))
    found = run(CIRCLE, x=x, y=(np.hypot(*x.T) < 1).astype(np.int64))
    (loss, accuracy), predicted, count = found["result"]
    assert count == 8770
    assert predicted.shape == (110, 2)
    assert predicted.dtype == np.float32
    assert found["history"].epoch == [0, 1, 2]
    assert np.isfinite(loss)
    assert 0.5 < accuracy <= 1


def test_the_digits():
    (x, y), _ = digits.load_data()
    found = run(DIGITS, x=x, y=y, side=x.shape[1])
    assert found["result"][0][1] > 0.7
    assert found["result"][1].shape == (len(x), 10)


def test_the_houses():
    generator = np.random.default_rng(2)
    x = pd.DataFrame(generator.integers(0, 2, (200, 38)), columns=[f"c{i}" for i in range(38)])
    y = pd.Series(generator.integers(10, 20, 200))
    found = run(HOUSES, x=x, y=y)
    loss, error = found["result"][0]
    assert error == pytest.approx(np.sqrt(loss), rel=1e-5)
    assert sorted(found["history"].history) == ["loss", "root_mean_squared_error"]
