"""The models whose files Keras and lamina exchange: every value of every axis is in one of them, and more."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import differential
from differential import AXES, Array, Case, Library

BATCH, EPOCHS = 5, 2
#: How far predictions and what is evaluated may be from each other, over the largest.
NEAR = 1e-6
#: How far weights may be from each other after training has gone on, in float64.
TOLERANCE = 1e-9
#: The same where Keras has float32 within: the schedule that it reads from a file, and Nadam's product of momenta.
ROUGH = 1e-6
#: Those that float32 computes without rounding.
EXACT_SCHEDULES = ("none", "staircase", "piecewise")


class File(NamedTuple):
    """What is in a file: how its compiled model is made, its data, and how far training goes on alike, None: not."""

    model: Callable[[Library, str, int], Any]
    data: Callable[[], tuple[Array, Array, dict[str, Any]]]
    tolerance: float | None = TOLERANCE


def _of_case(case: Case) -> File:
    def model(library: Library, dtype: str, seed: int) -> Any:
        return differential.model(library, case, dtype, seed)

    rough = case["schedule"] not in EXACT_SCHEDULES or case["optimizer"] == "nadam"
    return File(model, functools.partial(differential.data, case, 0), ROUGH if rough else TOLERANCE)


def _cycle() -> dict[str, File]:
    """Return models that go through all axes at once; short axes begin anew."""
    cycles = {axis: itertools.cycle(values) for axis, values in AXES.items()}
    found = {}
    for _ in range(max(map(len, AXES.values()))):
        case = {axis: next(cycle) for axis, cycle in cycles.items()}
        case |= {"validation": "none", "weights": "none", "metrics": "metrics"}
        found[f"{case['optimizer']}-{case['layer']}"] = _of_case(case)
    return found


# --- what is none of the axes -------------------------------------------------------------------------------------


def _numbers() -> tuple[Array, Array, dict[str, Any]]:
    x = np.random.RandomState(7).uniform(-2, 3, (24, 4))
    return x, np.stack([x.sum(axis=1), x[:, 0] * x[:, 1]], axis=1) / 8, {}


def _answers() -> tuple[Array, Array, dict[str, Any]]:
    x, y, options = _numbers()
    return x, (y > 0.0625).astype(float), options


def _classes() -> tuple[Array, Array, dict[str, Any]]:
    x, _, options = _numbers()
    return x, np.eye(3)[x[:, :3].argmax(axis=1)], options


def _nested(library: Library, dtype: str, seed: int) -> Any:
    """Normalization of data's own statistics, and models two deep, with layers of one class inside and outside."""
    layers = library.modules.layers
    normalization = layers.Normalization()
    innermost, inner, made = (library.sequential(dtype) for _ in range(3))
    for layer in (layers.Dense(3, "tanh"), layers.BatchNormalization(momentum=0.5, epsilon=2**-10)):
        innermost.add(layer)
    for layer in (layers.Dense(5, "relu"), innermost, layers.Dense(4)):
        inner.add(layer)
    normalization.adapt((1 + seed) * _numbers()[0].astype(dtype))
    for layer in (
        layers.Input((4,)),
        normalization,
        inner,
        layers.Dense(3),
        layers.LayerNormalization(),
        layers.Dense(2),
    ):
        made.add(layer)
    statistics = normalization.get_weights()
    made.set_weights(differential.initial(made.get_weights(), seed))
    normalization.set_weights(statistics)
    # No gradient goes to a bias before a normalization but rounding, which Adam would blow up.
    made.compile(library.modules.optimizers.SGD(2**-6, momentum=0.5), "mse", metrics=["mae", "r2_score"])
    return made


def _noise(library: Library, dtype: str, seed: int) -> Any:
    layers = library.modules.layers
    made = library.sequential(dtype)
    for layer in (
        layers.Input((4,)),
        layers.GaussianNoise(0.25),
        layers.Dense(5, "tanh"),
        layers.GaussianDropout(0.125),
        layers.AlphaDropout(0.25),
        layers.Dropout(0.5),
        layers.Dense(2),
    ):
        made.add(layer)
    made.set_weights(differential.initial(made.get_weights(), seed))
    made.compile("adam", "mae")
    return made


def _plain(library: Library, units: int, head: str, dtype: str, seed: int) -> Any:
    layers = library.modules.layers
    made = library.sequential(dtype)
    for layer in (layers.Input((4,)), layers.Dense(5, "tanh"), layers.Dense(units, head)):
        made.add(layer)
    made.set_weights(differential.initial(made.get_weights(), seed))
    return made


def _thresholds(library: Library, dtype: str, seed: int) -> Any:
    m = library.modules.metrics
    made = _plain(library, 2, "sigmoid", dtype, seed)
    made.compile(
        library.modules.optimizers.Adam(2**-7, beta_1=0.875, beta_2=0.96875, epsilon=2**-20),
        "binary_crossentropy",
        metrics=[
            "accuracy",
            m.BinaryAccuracy("mostly", threshold=0.75),
            m.Precision(0.375, name="sharp"),
            m.Recall([0.25, 0.75], class_id=1),
            m.AUC(num_thresholds=20, curve="PR"),
            m.AUC(multi_label=True, num_labels=2, name="each"),
            m.FBetaScore(average="macro", beta=2.0, threshold=0.375),
        ],
        weighted_metrics=[m.TruePositives(thresholds=0.625), m.PrecisionAtRecall(0.75), m.F1Score(threshold=0.5)],
    )
    return made


def _categories(library: Library, dtype: str, seed: int) -> Any:
    m, losses = library.modules.metrics, library.modules.losses
    made = _plain(library, 3, "softmax", dtype, seed)
    made.compile(
        library.modules.optimizers.AdamW(2**-7, weight_decay=0.125, beta_1=0.875, beta_2=0.96875, epsilon=2**-20),
        losses.CategoricalFocalCrossentropy(alpha=0.5, gamma=1.5, label_smoothing=0.125),
        metrics=["acc", m.CategoricalCrossentropy(label_smoothing=0.25), m.AUC(num_thresholds=20), "kl_divergence"],
        weighted_metrics=[m.Precision(top_k=2), m.CosineSimilarity(), "categorical_hinge"],
    )
    return made


def _gelu(library: Library, dtype: str, seed: int) -> Any:
    """In float32 alone, in which TensorFlow has top-k accuracies."""
    layers, m = library.modules.layers, library.modules.metrics
    made = library.sequential(dtype)
    for layer in (layers.Input((4,)), layers.Dense(5, "gelu"), layers.Activation("leaky_relu")):
        made.add(layer)
    for layer in (
        layers.Dense(4, "hard_sigmoid"),
        layers.ELU(0.5),
        layers.ReLU(6.0),
        layers.Dense(3),
        layers.Softmax(),
    ):
        made.add(layer)
    made.set_weights(differential.initial(made.get_weights(), seed))
    made.compile("rmsprop", "categorical_crossentropy", metrics=[m.TopKCategoricalAccuracy(2)])
    return made


FILES = {
    **_cycle(),
    "nested": File(_nested, _numbers),
    "noise": File(_noise, _numbers, None),  # its draws are each library's own
    "thresholds": File(_thresholds, _answers),
    "categories": File(_categories, _classes),
    "float32": File(_gelu, _classes),
}

#: Those that are also in a file without their optimizers.
WEIGHTS_ALONE = ("amsgrad-leaky_relu", "nested")


def dtype_of(name: str) -> str:
    """Return the type in which Keras writes a model of FILES."""
    return "float32" if name == "float32" else "float64"


def tolerance(name: str, dtype: str) -> float | None:
    """Return how far the weights of a model of FILES may be from each other after training has gone on."""
    found = FILES[name].tolerance
    return None if found is None else max(found, 1e-5 if dtype == "float32" else 0.0)


def more(model: Any, name: str, epochs: int = EPOCHS) -> None:
    """Train a compiled model on."""
    x, y, options = FILES[name].data()
    model.fit(x, y, batch_size=BATCH, epochs=epochs, shuffle=False, verbose=0, **options)


def trained(library: Library, name: str, dtype: str) -> Any:
    """Return a model of FILES after some steps."""
    model = FILES[name].model(library, dtype, 0)
    more(model, name)
    return model


def predicted(model: Any, name: str) -> Array:
    """Return what a model gives for some of its data."""
    return np.asarray(model.predict(FILES[name].data()[0][:6], verbose=0), np.float64)


def evaluated(model: Any, name: str) -> dict[str, list[float]]:
    """Return the loss and the metrics of a model over its data, by their names."""
    x, y, _ = FILES[name].data()
    found = model.evaluate(x, y, batch_size=BATCH, verbose=0, return_dict=True)
    return {key: np.ravel(value).astype(float).tolist() for key, value in found.items()}


def iterations(model: Any) -> int:
    """Return how many steps a model's optimizer has made."""
    return int(model.optimizer.iterations)


def flat(model: Any) -> Array:
    """Return all weights of a model, one behind the other."""
    return np.concatenate([weight.ravel() for weight in model.get_weights()]).astype(np.float64)
