"""Trainings that Keras and lamina are given alike, so that every pair of two options' values occurs in one of them.

Both libraries have the same names, so a training is written once, for the library that it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import pairing

Array = np.ndarray
Case = dict[str, str]

INPUTS, UNITS, OUTPUTS = 4, 5, 3
ROWS, BATCH, EPOCHS = 24, 5, 10  # 50 steps, every fifth with 4 rows
EVALUATION_BATCH = 7
#: As far as Keras's float32 may be from its float64; further off, a case is drawn with another seed.
WELL_CONDITIONED = 2e-4

_ADAM: dict[str, Any] = {"learning_rate": 2**-7, "beta_1": 0.875, "beta_2": 0.96875, "epsilon": 2**-20}
#: The class and its arguments. Here as below they are numbers that float32 holds, to which Keras rounds many of them.
OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("SGD", {"learning_rate": 2**-5}),
    "momentum": ("SGD", {"learning_rate": 2**-7, "momentum": 0.75}),
    "nesterov": ("SGD", {"learning_rate": 2**-7, "momentum": 0.75, "nesterov": True}),
    "rmsprop": ("RMSprop", {"learning_rate": 2**-8, "rho": 0.875, "epsilon": 2**-20}),
    "centered": (
        "RMSprop",
        {"learning_rate": 2**-8, "rho": 0.875, "momentum": 0.5, "centered": True, "epsilon": 2**-10},
    ),
    "adagrad": ("Adagrad", {"learning_rate": 2**-5, "initial_accumulator_value": 0.125, "epsilon": 2**-20}),
    "adam": ("Adam", _ADAM),
    "amsgrad": ("Adam", _ADAM | {"amsgrad": True, "beta_2": 0.75}),
    "adamw": ("AdamW", _ADAM | {"weight_decay": 2**-6}),
    "nadam": ("Nadam", _ADAM),
    "adamax": ("Adamax", _ADAM),
    "adadelta": ("Adadelta", {"learning_rate": 0.5, "rho": 0.875, "epsilon": 2**-13}),
    "ftrl": (
        "Ftrl",
        {
            "learning_rate": 2**-4,
            "initial_accumulator_value": 0.125,
            "l1_regularization_strength": 2**-7,
            "l2_regularization_strength": 2**-6,
            "beta": 0.125,
        },
    ),
    "lion": ("Lion", {"learning_rate": 2**-9, "beta_1": 0.875, "beta_2": 0.96875}),
}
#: The class, its arguments, the activation of the last layer, the kind of targets.
LOSSES: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "mse": ("MeanSquaredError", {}, "linear", "number"),
    "huber": ("Huber", {"delta": 0.5}, "linear", "number"),
    "msle": ("MeanSquaredLogarithmicError", {}, "softplus", "positive"),
    "poisson": ("Poisson", {}, "softplus", "positive"),
    "kl_divergence": ("KLDivergence", {}, "softmax", "distribution"),
    "cosine_similarity": ("CosineSimilarity", {}, "linear", "number"),
    "squared_hinge": ("SquaredHinge", {}, "tanh", "sign"),
    "binary_crossentropy": ("BinaryCrossentropy", {}, "sigmoid", "binary"),
    "binary_logits": ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.125}, "linear", "binary"),
    "categorical_crossentropy": ("CategoricalCrossentropy", {"label_smoothing": 0.25}, "softmax", "one_hot"),
    "sparse_crossentropy": ("SparseCategoricalCrossentropy", {}, "softmax", "labels"),
}
#: The class and its arguments, of the kernel and of the bias.
REGULARIZERS: dict[str, tuple[tuple[str, dict[str, Any]] | None, tuple[str, dict[str, Any]] | None]] = {
    "none": (None, None),
    "l1": (("L1", {"l1": 2**-7}), None),
    "l2": (("L2", {"l2": 2**-6}), None),
    "l1_l2": (("L1L2", {"l1": 2**-7, "l2": 2**-8}), None),
    "bias": (None, ("L2", {"l2": 2**-4})),
    "both": (("L2", {"l2": 2**-7}), ("L1", {"l1": 2**-6})),
}
#: No leaky_relu and no gelu, whose constants Keras rounds to float32.
ACTIVATIONS = ["linear", "relu", "elu", "silu", "mish", "softplus", "softsign", "tanh", "sigmoid", "softmax"]
#: The class and its arguments, of the hidden kernel.
CONSTRAINTS: dict[str, tuple[str, dict[str, Any]] | None] = {
    "none": None,
    "max_norm": ("MaxNorm", {"max_value": 0.75}),
    "non_neg": ("NonNeg", {}),
    "unit_norm": ("UnitNorm", {}),
    "min_max_norm": ("MinMaxNorm", {"min_value": 0.5, "max_value": 1.0, "rate": 0.5}),
}
#: Of the learning rate r that stands in OPTIMIZERS: the class and its arguments.
SCHEDULES: dict[str, Callable[[float], tuple[str, dict[str, Any]]] | None] = {
    "none": None,
    "exponential": lambda r: ("ExponentialDecay", {"initial_learning_rate": r, "decay_steps": 20, "decay_rate": 0.5}),
    "staircase": lambda r: (
        "ExponentialDecay",
        {"initial_learning_rate": r, "decay_steps": 20, "decay_rate": 0.5, "staircase": True},
    ),
    "cosine": lambda r: (
        "CosineDecay",
        {"initial_learning_rate": r / 2, "decay_steps": 40, "alpha": 0.125, "warmup_target": r, "warmup_steps": 8},
    ),
    "restarts": lambda r: (
        "CosineDecayRestarts",
        {"initial_learning_rate": r, "first_decay_steps": 15, "m_mul": 0.75, "alpha": 0.0625},
    ),
    "polynomial": lambda r: (
        "PolynomialDecay",
        {"initial_learning_rate": r, "decay_steps": 30, "end_learning_rate": r / 4, "power": 1.5},
    ),
    "inverse_time": lambda r: (
        "InverseTimeDecay",
        {"initial_learning_rate": r, "decay_steps": 10, "decay_rate": 0.5},
    ),
    "piecewise": lambda r: ("PiecewiseConstantDecay", {"boundaries": [10, 30], "values": [r, r / 2, r / 4]}),
}
CLIPS: dict[str, dict[str, float]] = {
    "none": {},
    "clipnorm": {"clipnorm": 0.125},
    "global_clipnorm": {"global_clipnorm": 0.25},
    "clipvalue": {"clipvalue": 2**-4},
}
#: What else an optimizer does.
AVERAGES: dict[str, dict[str, Any]] = {
    "none": {},
    "weight_decay": {"weight_decay": 0.125},
    "ema": {"use_ema": True, "ema_momentum": 0.75},
    "ema_overwrites": {"use_ema": True, "ema_momentum": 0.75, "ema_overwrite_frequency": 7},
}
#: Before the last layer: classes and arguments.
LAYERS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "none": [],
    "batch_normalization": [("BatchNormalization", {"momentum": 0.75, "epsilon": 2**-10})],
    "batch_normalization_bare": [("BatchNormalization", {"center": False, "scale": False, "epsilon": 0.0625})],
    "layer_normalization": [("LayerNormalization", {"epsilon": 2**-10})],
    "activity_regularization": [("ActivityRegularization", {"l1": 2**-7, "l2": 2**-6})],
    "normalization": [("Normalization", {"mean": [0.25] * UNITS, "variance": [0.5, 1.0, 2.0, 0.25, 1.5]})],
    "rescaling": [("Rescaling", {"scale": 0.75, "offset": 0.125})],
    "leaky_relu": [("LeakyReLU", {"negative_slope": 0.25})],
    "prelu": [("PReLU", {})],
    "reshape": [("Reshape", {"target_shape": (UNITS, 1)}), ("Flatten", {})],
    "dropout": [("Dropout", {"rate": 0.0})],
    "noise": [  # which is off
        ("GaussianNoise", {"stddev": 0.0}),
        ("GaussianDropout", {"rate": 0.0}),
        ("AlphaDropout", {"rate": 0.0}),
    ],
    "model": [("Sequential", {})],
    "frozen": [("Dense", {"units": UNITS, "trainable": False})],
}
#: Of each kind of targets; no top-k accuracies, which TensorFlow refuses in float64.
METRICS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "number": [("RootMeanSquaredError", {}), ("MeanAbsoluteError", {})],
    "positive": [("MeanSquaredError", {})],
    "distribution": [("MeanAbsoluteError", {}), ("CategoricalAccuracy", {})],
    "sign": [("MeanSquaredError", {})],
    "binary": [("BinaryAccuracy", {}), ("MeanSquaredError", {})],
    "one_hot": [("CategoricalAccuracy", {}), ("MeanSquaredError", {})],
    "labels": [("SparseCategoricalAccuracy", {})],
}

AXES: dict[str, list[str]] = {
    "optimizer": list(OPTIMIZERS),
    "loss": list(LOSSES),
    "activation": ACTIVATIONS,
    "layer": list(LAYERS),
    "schedule": list(SCHEDULES),
    "regularizer": list(REGULARIZERS),
    "constraint": list(CONSTRAINTS),
    "clip": list(CLIPS),
    "average": list(AVERAGES),
    "weights": ["none", "sample_weight", "class_weight"],
    "validation": ["none", "split", "data"],
    "metrics": ["none", "metrics", "weighted_metrics"],
}

_LATER = {
    "amsgrad", "nadam", "adamax", "adadelta", "ftrl", "lion",
    "batch_normalization", "batch_normalization_bare", "layer_normalization", "activity_regularization",
    "normalization", "noise",
    *({*SCHEDULES, *CONSTRAINTS, *CLIPS, *AVERAGES} - {"none"}),
}  # fmt: skip
#: Without the values that came later, so that trainings of the others stay as they were.
FIRST_AXES = {axis: [value for value in values if value not in _LATER] for axis, values in AXES.items()}


class Library(NamedTuple):
    """Keras or lamina: its modules, and how it makes an empty model of a type."""

    modules: Any
    sequential: Callable[[str], Any]


class Result(NamedTuple):
    """What came of a training; `evaluate` gives the results over all its rows."""

    history: dict[str, list[float]]
    weights: list[Array]
    evaluate: Callable[[], dict[str, float]]


def cases() -> list[Case]:
    """Return the trainings; Keras takes all combinations, so that none is left out."""
    first = pairing.pairwise(FIRST_AXES)
    return [*first, *pairing.pairwise(AXES, earlier=first)]


def _made(module: Any, entry: tuple[str, dict[str, Any]] | None) -> Any:
    return None if entry is None else getattr(module, entry[0])(**entry[1])


def _exact(value: Any) -> Any:
    """Return floats as float64: with plain ones Keras computes a learning rate in float32."""
    if isinstance(value, list):
        return [_exact(item) for item in value]
    return np.float64(value) if isinstance(value, float) else value


def optimizer(library: Library, case: Case) -> Any:
    """Return the optimizer of a case."""
    name, options = OPTIMIZERS[case["optimizer"]]
    options = options | CLIPS[case["clip"]] | AVERAGES[case["average"]]
    schedule = SCHEDULES[case["schedule"]]
    if schedule is not None:
        of_schedule, arguments = schedule(options["learning_rate"])
        made = getattr(library.modules.optimizers.schedules, of_schedule)
        options["learning_rate"] = made(**{key: _exact(value) for key, value in arguments.items()})
    return getattr(library.modules.optimizers, name)(**options)


def model(library: Library, case: Case, dtype: str, seed: int) -> Any:
    """Return the compiled model of a case, whose weights depend on the seed alone."""
    layers = library.modules.layers
    made = library.sequential(dtype)
    kernel, bias = (_made(library.modules.regularizers, entry) for entry in REGULARIZERS[case["regularizer"]])
    hidden = layers.Dense(
        UNITS,
        case["activation"],
        # In front of a batch's normalization a bias has a gradient of rounding alone, which Adam would make steps of.
        use_bias=not case["layer"].startswith("batch_normalization"),
        kernel_regularizer=kernel,
        bias_regularizer=bias,
        kernel_constraint=_made(library.modules.constraints, CONSTRAINTS[case["constraint"]]),
    )
    made.add(layers.Input((INPUTS,)))
    made.add(hidden)
    for name, options in LAYERS[case["layer"]]:
        if name == "Sequential":
            inner = library.sequential(dtype)
            inner.add(layers.Dense(UNITS, "tanh"))
            made.add(inner)
        else:
            made.add(getattr(layers, name)(**options))
    _, _, head, kind = LOSSES[case["loss"]]
    made.add(layers.Dense(OUTPUTS, head))
    made.set_weights(initial(made.get_weights(), seed))
    name, options, *_ = LOSSES[case["loss"]]
    chosen = {}
    if case["metrics"] != "none":
        chosen[case["metrics"]] = [_made(library.modules.metrics, entry) for entry in METRICS[kind]]
    made.compile(optimizer(library, case), getattr(library.modules.losses, name)(**options), **chosen)
    return made


def initial(weights: list[Array], seed: int) -> list[Array]:
    """Return what the weights begin with: kernels are drawn, vectors lie around what their layer gives them."""
    chance = np.random.RandomState(seed)
    draws = [chance.uniform(-1, 1, weight.shape) for weight in weights]
    return [0.75 * u if u.ndim > 1 else w + 0.25 * u for w, u in zip(weights, draws, strict=True)]


def targets(kind: str, chance: np.random.RandomState, rows: int) -> Array:
    """Return targets of a kind, none of which lies where a loss has a kink."""
    drawn = chance.uniform(-1, 1, (rows, OUTPUTS))
    one_hot = np.eye(OUTPUTS)[drawn.argmax(axis=1)]
    return {
        "number": lambda: drawn,
        "positive": lambda: drawn + 1.5,
        "distribution": lambda: np.exp(drawn) / np.exp(drawn).sum(axis=1, keepdims=True),
        "sign": lambda: np.where(drawn > 0, 1.0, -1.0),
        "binary": lambda: (drawn > 0).astype(float),
        "one_hot": lambda: one_hot,
        "labels": lambda: one_hot.argmax(axis=1),
    }[kind]()


def data(case: Case, seed: int) -> tuple[Array, Array, dict[str, Any]]:
    """Return x, y and what else of the data `fit` is given."""
    chance = np.random.RandomState(1000 + seed)
    rows = 4 * ROWS // 3 if case["validation"] == "split" else ROWS
    x, y = chance.uniform(-1, 1, (rows, INPUTS)), targets(LOSSES[case["loss"]][3], chance, rows)
    weights = chance.uniform(0.25, 2, rows)
    options: dict[str, Any] = {}
    if case["weights"] == "sample_weight":
        options["sample_weight"] = weights
    elif case["weights"] == "class_weight":
        options["class_weight"] = {0: 0.5, 1: 2.0}
    if case["validation"] == "split":
        options["validation_split"] = 0.25
    elif case["validation"] == "data":
        options["validation_data"] = (x[:11] + 0.125, y[:11], weights[:11])
    return x, y, options


def train(library: Library, case: Case, dtype: str, seed: int) -> Result:
    """Train 50 steps, without shuffling, and say what came of it."""
    made = model(library, case, dtype, seed)
    x, y, options = data(case, seed)
    fit = made.fit(x, y, batch_size=BATCH, epochs=EPOCHS, shuffle=False, verbose=0, **options)
    history = {key: [float(value) for value in values] for key, values in fit.history.items()}

    def evaluate() -> dict[str, float]:
        found: dict[str, float] = made.evaluate(x, y, batch_size=EVALUATION_BATCH, verbose=0, return_dict=True)
        return found

    return Result(history, made.get_weights(), evaluate)


def distance(weight: Array, exact: Array) -> float:
    """Return how far a tensor is from another, over the largest of that."""
    return float(np.abs(weight - exact).max() / (np.abs(exact).max() or 1.0))
