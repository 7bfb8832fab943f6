"""The one list of what is tested, and how its axes are combined.

A new activation appears by itself (lamina's own list is read); a new loss, optimizer or metric
is one line in the tables below.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import reference_losses
from pairing import Case


class LossCase(NamedTuple):
    """A loss of the core, the options that it does not leave at their defaults, the kind of its targets."""

    name: str
    options: dict[str, Any]
    targets: str


LOSSES = {
    "categorical_crossentropy": LossCase("categorical_crossentropy", {}, "distribution"),
    "categorical_smooth": LossCase("categorical_crossentropy", {"label_smoothing": 0.1}, "distribution"),
    "categorical_logits": LossCase("categorical_crossentropy", {"from_logits": True}, "distribution"),
    "categorical_both": LossCase(
        "categorical_crossentropy", {"from_logits": True, "label_smoothing": 0.3}, "distribution"
    ),
    "sparse_categorical_crossentropy": LossCase("sparse_categorical_crossentropy", {}, "labels"),
    "sparse_logits": LossCase("sparse_categorical_crossentropy", {"from_logits": True}, "labels"),
    "binary_crossentropy": LossCase("binary_crossentropy", {}, "fraction"),
    "binary_smooth": LossCase("binary_crossentropy", {"label_smoothing": 0.25}, "fraction"),
    "binary_both": LossCase("binary_crossentropy", {"from_logits": True, "label_smoothing": 0.1}, "fraction"),
    "sparse_without": LossCase("sparse_categorical_crossentropy", {"ignore_class": 1}, "labels"),
    "binary_focal": LossCase("binary_focal_crossentropy", {}, "fraction"),
    "binary_focal_balanced": LossCase(
        "binary_focal_crossentropy",
        {"apply_class_balancing": True, "alpha": 0.375, "gamma": 1.5, "label_smoothing": 0.125},
        "fraction",
    ),
    "binary_focal_logits": LossCase("binary_focal_crossentropy", {"from_logits": True, "gamma": 3.0}, "fraction"),
    "categorical_focal": LossCase("categorical_focal_crossentropy", {}, "distribution"),
    "categorical_focal_logits": LossCase(
        "categorical_focal_crossentropy",
        {"from_logits": True, "alpha": 0.75, "gamma": 0.5, "label_smoothing": 0.25},
        "distribution",
    ),
    "generalized": LossCase("categorical_generalized_cross_entropy", {"q": 0.25}, "labels"),
    "mean_squared_error": LossCase("mean_squared_error", {}, "real"),
    "squared_sum": LossCase("mean_squared_error", {"sum": True}, "real"),
    "mean_absolute_error": LossCase("mean_absolute_error", {}, "real"),
    "mean_absolute_percentage_error": LossCase("mean_absolute_percentage_error", {}, "large"),
    "mean_squared_logarithmic_error": LossCase("mean_squared_logarithmic_error", {}, "positive"),
    "huber": LossCase("huber", {}, "real"),
    "huber_small": LossCase("huber", {"delta": 0.25}, "real"),
    "log_cosh": LossCase("log_cosh", {}, "real"),
    "hinge": LossCase("hinge", {}, "sign"),
    "squared_hinge": LossCase("squared_hinge", {}, "sign"),
    "categorical_hinge": LossCase("categorical_hinge", {}, "distribution"),
    "kl_divergence": LossCase("kl_divergence", {}, "distribution"),
    "poisson": LossCase("poisson", {}, "positive"),
    "cosine_similarity": LossCase("cosine_similarity", {}, "real"),
    "dice": LossCase("dice", {}, "fraction"),
    "dice_rows": LossCase("dice", {"axis": -1}, "fraction"),
    "tversky": LossCase("tversky", {"alpha": 0.75, "beta": 0.25}, "fraction"),
}
METRICS = {  # metric: the kinds of targets it can be asked for
    "categorical_accuracy": ("distribution",),
    "sparse_categorical_accuracy": ("labels",),
    "binary_accuracy": ("fraction",),
    "root_mean_squared_error": ("distribution", "fraction", "real", "large", "positive", "sign"),
    "mean_squared_error": ("distribution", "fraction", "real", "large", "positive", "sign"),
    "mean_absolute_error": ("distribution", "fraction", "real", "large", "positive", "sign"),
}
RMSPROP = {"name": "rmsprop", "learning_rate": 0.003, "rho": 0.9, "momentum": 0.0, "epsilon": 1e-7, "centered": False}
FTRL = {
    "name": "ftrl", "learning_rate": 0.05, "learning_rate_power": -0.5, "initial_accumulator_value": 0.1, "beta": 0.0,
    "l1_regularization_strength": 0.01, "l2_regularization_strength": 0.0, "l2_shrinkage_regularization_strength": 0.0,
}  # fmt: skip
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "sgd": {"name": "sgd", "learning_rate": 0.05, "momentum": 0.0, "nesterov": False},
    "momentum": {"name": "sgd", "learning_rate": 0.02, "momentum": 0.9, "nesterov": False},
    "nesterov": {"name": "sgd", "learning_rate": 0.02, "momentum": 0.8, "nesterov": True},
    "adam": {"name": "adam", "learning_rate": 0.003, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    "adam_odd": {"name": "adam", "learning_rate": 0.01, "beta_1": 0.7, "beta_2": 0.95, "epsilon": 1e-3},
    "adamw": {
        "name": "adamw", "learning_rate": 0.003, "weight_decay": 0.1, "beta_1": 0.9, "beta_2": 0.99, "epsilon": 1e-7,
    },
    "rmsprop": RMSPROP,
    "rmsprop_momentum": {**RMSPROP, "momentum": 0.8, "epsilon": 1e-3},
    "rmsprop_centered": {**RMSPROP, "rho": 0.7, "epsilon": 1e-4, "centered": True},
    "rmsprop_both": {**RMSPROP, "momentum": 0.5, "epsilon": 1e-2, "centered": True},
    "adagrad": {"name": "adagrad", "learning_rate": 0.03, "initial_accumulator_value": 0.1, "epsilon": 1e-7},
    "amsgrad": {
        "name": "adam", "learning_rate": 0.003, "beta_1": 0.9, "beta_2": 0.75, "epsilon": 1e-7, "amsgrad": True,
    },
    "nadam": {"name": "nadam", "learning_rate": 0.003, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    "adamax": {"name": "adamax", "learning_rate": 0.003, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    "adadelta": {"name": "adadelta", "learning_rate": 1.0, "rho": 0.95, "epsilon": 1e-5},
    "ftrl": FTRL,
    "ftrl_power": {
        **FTRL, "learning_rate_power": -0.75, "l1_regularization_strength": 0.0, "beta": 0.5,
        "l2_regularization_strength": 0.05, "l2_shrinkage_regularization_strength": 0.05,
    },
    "lion": {"name": "lion", "learning_rate": 0.003, "beta_1": 0.9, "beta_2": 0.99},
    "clipnorm": {"name": "sgd", "learning_rate": 0.05, "momentum": 0.9, "nesterov": False, "clipnorm": 0.25},
    "global_clipnorm": {
        "name": "sgd", "learning_rate": 0.05, "momentum": 0.0, "nesterov": False, "global_clipnorm": 0.5,
    },
    "clipvalue": {**RMSPROP, "clipvalue": 0.05, "weight_decay": 0.1},
}  # fmt: skip

#: Those that meet every loss and activation; the others only change what follows the gradient.
PAIRED_OPTIMIZERS = list(OPTIMIZERS)[:11]


def representable(options: dict[str, Any]) -> dict[str, Any]:
    """The same optimizer or layer with every number rounded to float32.

    Keras rounds some of them on the way (0.9 is cast from a float32 even in a float64 model) and
    others not; with these numbers it makes no difference.
    """

    def rounded(value: Any) -> Any:
        if isinstance(value, list):
            return [rounded(entry) for entry in value]
        if isinstance(value, dict):
            return {key: rounded(entry) for key, entry in value.items()}
        return float(np.float32(value)) if isinstance(value, float) else value

    return {key: rounded(value) for key, value in options.items()}


PENALTIES: dict[str, dict[str, float]] = {
    "none": {},
    "l1": {"kernel_l1": 0.003},
    "l2": {"kernel_l2": 0.02},
    "l1_l2": {"kernel_l1": 0.002, "kernel_l2": 0.01},
    "bias_l1": {"bias_l1": 0.004},
    "bias_l2": {"bias_l2": 0.03},
    "all": {"kernel_l1": 0.002, "kernel_l2": 0.01, "bias_l1": 0.003, "bias_l2": 0.02},
}
WIDTHS = (1, 2, 31, 32, 33, 70)
BATCHES = (1, 10, 33)
DROPOUTS = ("none", "hidden", "input")
DROPOUT_RATE = 0.3
LAYERS = ("none", "prelu", "rescaling", "rows", "flat")
"""Layers besides: slopes that are learnt, a scale, rows of each sample up to the end or up to the last dense layer."""
#: One more layer: before the first dense one, and behind the last hidden one.
EXTRAS: dict[str, dict[str, Any]] = {
    "batch_normalization": {"momentum": 0.75, "epsilon": 2**-6},
    "layer_normalization": {"epsilon": 2**-6},
    "normalization": {"mean": 0.25, "variance": 0.5},
    "activity_regularization": {"l1": 0.01, "l2": 0.02},
    "frozen": {},
    "gaussian_noise": {"stddev": 0.25},
    "gaussian_dropout": {"rate": 0.2},
    "alpha_dropout": {"rate": 0.3},
}
#: What every optimizer takes besides.
CLIPS: dict[str, dict[str, float]] = {
    "norm": {"clipnorm": 0.25}, "global": {"global_clipnorm": 0.125}, "value": {"clipvalue": 0.05},
}  # fmt: skip
DECAY = 0.125
#: What the classes 0 and 1 count; others count 1.
CLASS_WEIGHTS = {0: 0.5, 1: 2.0}
#: Of every kernel; the formulas, with the same numbers, are in `reference_layers`.
CONSTRAINTS: dict[str, dict[str, Any]] = {
    "non_neg": {},
    "unit_norm": {},
    "max_norm": {"max_value": 0.75},
    "min_max_norm": {"min_value": 0.5, "max_value": 0.75, "rate": 0.25},
}
#: The class, its arguments, those of them that are factors of the rate; formulas as before.
SCHEDULES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "exponential": ("ExponentialDecay", {"decay_steps": 4, "decay_rate": 0.5}, {"initial_learning_rate": 1.0}),
    "staircase": (
        "ExponentialDecay",
        {"decay_steps": 3, "decay_rate": 0.5, "staircase": True},
        {"initial_learning_rate": 1.0},
    ),
    "inverse_time": ("InverseTimeDecay", {"decay_steps": 4, "decay_rate": 0.5}, {"initial_learning_rate": 1.0}),
    "polynomial": (
        "PolynomialDecay",
        {"decay_steps": 6, "power": 1.5},
        {"initial_learning_rate": 1.0, "end_learning_rate": 0.25},
    ),
    "piecewise": ("PiecewiseConstantDecay", {"boundaries": [2, 5]}, {"values": [1.0, 0.5, 0.125]}),
    "cosine": (
        "CosineDecay",
        {"decay_steps": 5, "alpha": 0.125, "warmup_steps": 3},
        {"initial_learning_rate": 0.25, "warmup_target": 1.0},
    ),
    "restarts": (
        "CosineDecayRestarts",
        {"first_decay_steps": 2, "t_mul": 2.0, "m_mul": 0.75, "alpha": 0.125},
        {"initial_learning_rate": 1.0},
    ),
}
#: Moving averages of weights: how much of the old stays, and after how many steps they take the weights' place.
AVERAGES: dict[str, tuple[float, int | None]] = {"ema": (0.75, None), "ema_overwrites": (0.5, 3)}


Function = tuple[Any, ...]
"""An activation: its name, then the values of its parameters."""

# Other values of parameters than their defaults, where half of the default would say little.
VARIANTS: dict[str, tuple[float, ...]] = {"relu": (0.1, 0.7, 0.2), "gelu": (1.0,)}


def activations(differentiable: bool = True, variants: bool = True) -> list[Function]:
    """Every activation, with its default parameters and, where it has some and variants are wanted, with others."""
    from lamina import _core

    found: list[Function] = []
    for entry in _core.activations():
        if differentiable and not entry["differentiable"]:
            continue
        name = entry["name"]
        defaults = [np.inf if value is None else float(value) for value in entry["parameters"].values()]
        found.append((name, *defaults))
        if defaults and variants:
            found.append((name, *VARIANTS.get(name, [value / 2 for value in defaults])))
    return found


def case_id(case: Case) -> str:
    """The values of a case, as a name for a test."""

    def text(value: Any) -> str:
        if isinstance(value, tuple):
            return ":".join(text(part) for part in value)
        return str(value)

    return "-".join(text(value) for value in case.values())


def gradient_axes() -> dict[str, list[Any]]:
    """What the gradients are checked over; `form` says how a Dense gets its activation."""
    return {
        "loss": list(LOSSES),
        "head": activations(variants=False),
        "depth": [1, 2, 3],
        "hidden": [*activations(), None],
        "penalty": list(PENALTIES),
        "dropout": list(DROPOUTS),
        "layers": list(LAYERS),
        "use_bias": [True, False],
        "batch": list(BATCHES),
        "inputs": list(WIDTHS),
        "units": [*WIDTHS, None],
        "outputs": list(WIDTHS),
        "form": ["argument", "layer"],
        "weighted": [True, False],
    }


def chosen_parts() -> list[dict[str, list[Any]]]:
    """Every loss, then every activation, then every optimizer, each time with some of the others.

    All of them with all others would be trainings without end.
    """
    some = [function for function in activations(variants=False) if function[0] in ("relu", "tanh")]
    plain = [("linear",), ("softmax",)]
    few = ["mean_squared_error", "sparse_categorical_crossentropy"]
    return [
        {
            "loss": list(LOSSES),
            "head": [*plain, ("sigmoid",), *some, ("log_softmax",)],
            "hidden": [*some, None],
            "optimizer": ["sgd", "adam"],
        },
        {"loss": few, "head": plain, "hidden": [*activations(), None], "optimizer": ["momentum", "rmsprop", "adamw"]},
        {"loss": few, "head": plain, "hidden": [*some, None], "optimizer": PAIRED_OPTIMIZERS},
    ]


def training_axes() -> list[dict[str, list[Any]]]:
    """What whole trainings are compared over; `rows` do not divide by `batch` in most cases."""
    shared: dict[str, list[Any]] = {
        "depth": [1, 2, 3],
        "penalty": list(PENALTIES),
        "dropout": list(DROPOUTS),
        "layers": list(LAYERS),
        "use_bias": [True, False],
        "shuffle": [True, False],
        "zero_columns": [True, False],
        "batch": [1, 10, 16, 300],
        "rows": [33, 40, 310],
        "inputs": [1, 7, 270],
        "units": [3, 33, None],
        "outputs": [1, 2, 10],
    }
    weighted = {
        "loss": list(LOSSES),
        "head": [("linear",), ("softmax",), ("sigmoid",)],
        "hidden": [("tanh",), None],
        "optimizer": ["sgd", "adam"],
        "weighted": [True],
    }
    return [{**parts, **shared} for parts in (*chosen_parts(), weighted)]


def meaningful(case: Case) -> bool:
    """False for a (partial) case whose values do not go together.

    A net of one layer has neither hidden units nor their activation; a softmax over one unit is
    constant; a loss over classes needs more than one, and a direction more than one output; logits
    do not come out of a softmax or sigmoid; a bias penalty needs a bias, and so does a head whose
    outputs have to lie around 0.5.
    """
    one = case.get("depth") == 1 or None in (case.get("hidden", 0), case.get("units", 0))
    more = case.get("depth", 1) > 1 or case.get("dropout") == "hidden" or case.get("layers") == "flat"
    more = more or any(case.get(axis) is not None for axis in ("hidden", "units"))
    if one and more:
        return False
    rowwise = ("softmax", "log_softmax")
    for width, function in (("units", "hidden"), ("outputs", "head")):
        if case.get(width) == 1 and (case.get(function) or ("",))[0] in rowwise:
            return False
    loss = LOSSES.get(case.get("loss", ""))
    if case.get("outputs") == 1 and loss is not None:
        classes = loss.targets in ("distribution", "labels")
        if classes or loss.name == "cosine_similarity":
            return False
    centred = False
    if loss is not None and "head" in case:
        head = case["head"][0]
        if loss.options.get("from_logits") and head in LINKS:
            return False
        centred = needs_centre(case["loss"], head)
        if centred and head == "log_softmax":  # all outputs are negative
            return False
    if not (_goes_with_extra(case, centred) and _can_be_fed(case) and _is_well_conditioned(case)):
        return False
    if case.get("use_bias", True):
        return True
    return not (centred or case.get("penalty", "none").startswith("bias"))


def _goes_with_extra(case: Case, centred: bool) -> bool:
    """False where one more layer, or a constraint, is not to be compared with.

    Outputs cannot be kept around 0.5 then. What a batch normalization behind a dense layer hands to its bias is nothing
    but rounding, which Adam and its kin make steps of.
    """
    extra, place = case.get("extra"), case.get("place")
    changes_outputs = extra not in (None, "activity_regularization") or case.get("constraint") is not None
    if centred and changes_outputs:
        return False
    if extra is not None and place == "hidden" and case.get("depth", 2) == 1:
        return False
    biased = case.get("use_bias", False)
    return not (extra == "batch_normalization" and place == "hidden" and biased)


def _is_well_conditioned(case: Case) -> bool:
    """False where norms of 1 make rounding visible.

    Kernels with one input have weights of 1 and -1, so that outputs are equal but for rounding. Ftrl makes its weights
    anew from its sums, which then know nothing of the norm: differences grow at every step.
    """
    if case.get("constraint") != "unit_norm":
        return True
    narrow = 1 in (case.get("inputs"), case.get("units"))
    return not (narrow or OPTIMIZERS.get(case.get("optimizer", ""), {}).get("name") == "ftrl")


def _can_be_fed(case: Case) -> bool:
    """False where an optimizer clips already, a class is not that of a sample, or validation takes the only row."""
    optimizer = OPTIMIZERS.get(case.get("optimizer", ""), {})
    if case.get("clip") is not None and any(limit in optimizer for row in CLIPS.values() for limit in row):
        return False
    if case.get("decay") and "weight_decay" in optimizer:
        return False
    if case.get("by_class") and (case.get("weighted") or case.get("layers") == "rows"):
        return False
    return not (case.get("validation") == "split" and case.get("rows") == 1)


LINKS = ("softmax", "sigmoid")


def needs_probabilities(loss: str, head: str) -> bool:
    """Whether the loss takes logarithms of what this head puts out, or else is steep near 0."""
    name, options, _ = LOSSES[loss]
    if options.get("from_logits") or head in LINKS:
        return False
    return name in reference_losses.STEEP_NEAR_0


def needs_centre(loss: str, head: str) -> bool:
    """Whether outputs have to lie around 0.5: for logarithms, and where a hinge's corner is at what exp begins with."""
    return needs_probabilities(loss, head) or (head == "exponential" and LOSSES[loss].targets == "sign")
