"""Every option of every public entry with good and bad values, every pair of values of two options at least once.

What is good and what is bad is written down here, by the kind of the argument. A bad value must be refused with the
type of exception that stands beside it and a message that names the argument; if several are bad, one of them.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import pairing
from lamina import activations, config, constraints, initializers, layers, losses, metrics, optimizers, regularizers
from lamina.callbacks import Callback, History, LambdaCallback
from lamina.layers import Dense, Layer
from lamina.layers.base import LayerOptions
from lamina.metrics._accuracy import ShapedAccuracy
from lamina.models import Sequential
from lamina.optimizers import schedules
from lamina.optimizers._base import OptimizerOptions
from lamina.utils import set_random_seed, to_categorical

Errors = dict[str, tuple[type[Exception], Any]]
NAN, INF = float("nan"), float("inf")


@dataclass
class Kind:
    """The values that an argument takes and those that it refuses, each with the exception."""

    good: list[Any]
    type_errors: list[Any]
    value_errors: list[Any]

    def error(self, value: Any) -> type[Exception] | None:
        """Return the exception that a value must raise, None for a good one."""
        if any(value is bad for bad in self.type_errors):
            return TypeError
        return ValueError if any(value is bad for bad in self.value_errors) else None

    @property
    def values(self) -> list[Any]:
        return [*self.good, *self.type_errors, *self.value_errors]


def no_numbers() -> list[Any]:
    """Return what is no number, or not a single one."""
    return ["1", None, True, [1], np.array([1.0, 2.0]), 1j, Decimal(1), {}]


def real(good: list[Any], wrong: list[Any]) -> Kind:
    return Kind(good, no_numbers(), [*wrong, NAN, INF, -INF, 10**400])


def whole(good: list[Any], wrong: list[Any]) -> Kind:
    return Kind(good, [*no_numbers(), 1.0, 1.5, NAN, INF], wrong)


def optional(kind: Kind) -> Kind:
    """Return the kind of an argument that may be None."""
    return Kind([None, *kind.good], [bad for bad in kind.type_errors if bad is not None], kind.value_errors)


def fixed(value: Any) -> Kind:
    """Return the kind of an argument of Keras's for which there is one value only."""
    return Kind([value], [], ["no such", 3])


COUNT = whole([1, 7, np.int64(3), np.array(2)], [0, -1])
SHARE = real([0, 0.5, np.float32(0.25), Fraction(1, 4)], [1, 1.5, -0.1])
UP_TO_ONE = real([0, 0.5, 1, np.float32(0.25)], [1.5, -0.1])
NOT_NEGATIVE = real([0, 0.5, np.float16(2), 3], [-1, -1e-300])
ABOVE_ZERO = real([1e-7, 0.5, 3], [0, -1])
RATE = Kind(
    [0.0, 0.5, np.float16(2), Fraction(1, 4), schedules.InverseTimeDecay(0.1, 10, 0.5)],
    [*no_numbers(), 0, 3, np.int8(1), len, schedules.ExponentialDecay],
    [-1.0, -1e-300, NAN, INF, -INF],
)
FLAG = Kind([True, False, np.True_], [0, 1, 1.0, "yes", None, [], np.array([True, False])], [])
NAME = Kind([None, "a", "été"], [3, b"a", ["a"], ""], [])
SEED = optional(whole([0, 2**64 - 1, np.uint8(3)], [-1, 2**64]))
SHAPE = Kind(
    [(3,), [2, 3], (np.int64(4), 1)],
    [3, "ab", (None,), (2.0,), (True,), ("3",), np.array([3]), {3}],
    [(), (0,), (3, -1)],
)
FUNCTION = Kind(["relu", None, {"name": "elu", "alpha": 0.5}], [3, len, ["relu"], np.zeros(2)], ["no such", ""])
INITIALIZER = Kind(["zeros", initializers.Zeros], [3, len, ["zeros"], np.zeros(2)], ["no such"])
REGULARIZER = Kind([None, "l2", regularizers.L1(0.5)], [0.01, len, ["l1"], np.zeros(2)], ["no such"])
CONSTRAINT = Kind([None, "non_neg", constraints.MaxNorm(0.5)], [0.01, len, ["non_neg"], np.zeros(2)], ["no such"])
STATISTICS = Kind([0.5, [1.0, 2], np.ones(2)], ["1", [None], len, True, {}], [NAN, [1, INF], [], np.ones((1, 2))])

#: What kind of argument a name stands for, whatever it belongs to.
KINDS: dict[str, Kind] = {
    "units": COUNT,
    "input_dim": optional(COUNT),
    "input_shape": optional(SHAPE),
    "shape": SHAPE,
    "target_shape": Kind([*SHAPE.good, (3, -1)], SHAPE.type_errors, [(), (0,), (-1, -1), (3, -2)]),
    "name": NAME,
    "trainable": FLAG,
    "use_bias": FLAG,
    "activation": FUNCTION,
    "kernel_initializer": INITIALIZER,
    "bias_initializer": INITIALIZER,
    "alpha_initializer": INITIALIZER,
    "kernel_regularizer": REGULARIZER,
    "bias_regularizer": REGULARIZER,
    "alpha_regularizer": REGULARIZER,
    "alpha_constraint": CONSTRAINT,
    "kernel_constraint": CONSTRAINT,
    "bias_constraint": CONSTRAINT,
    "gamma_constraint": CONSTRAINT,
    "beta_constraint": CONSTRAINT,
    "gamma_initializer": INITIALIZER,
    "beta_initializer": INITIALIZER,
    "moving_mean_initializer": INITIALIZER,
    "moving_variance_initializer": INITIALIZER,
    "gamma_regularizer": REGULARIZER,
    "beta_regularizer": REGULARIZER,
    "center": FLAG,
    "invert": FLAG,
    "renorm": fixed(False),
    "renorm_clipping": fixed(None),
    "renorm_momentum": fixed(0.99),
    "synchronized": fixed(False),
    "noise_shape": fixed(None),
    "stddev": UP_TO_ONE,
    "min_value": real([0, 0.25], [-0.5]),
    "shared_axes": fixed(None),
    "data_format": fixed(None),
    "axis": fixed(-1),
    "ignore_class": optional(whole([0, -1, np.int64(255)], [2**60, -(2**60)])),
    "reduction": Kind(
        ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None],
        [3, True, ["sum"], np.array(["sum", "mean"])],
        ["no such", ""],
    ),
    "dtype": fixed(None),
    "rate": SHARE,
    "seed": SEED,
    "max_value": optional(NOT_NEGATIVE),
    "negative_slope": NOT_NEGATIVE,
    "threshold": NOT_NEGATIVE,
    "alpha": NOT_NEGATIVE,
    "scale": real([1 / 255, -2, 0], []),
    "offset": real([0, -0.5], []),
    "learning_rate": RATE,
    "momentum": SHARE,
    "nesterov": FLAG,
    "centered": FLAG,
    "amsgrad": FLAG,
    "rho": SHARE,
    "beta_1": SHARE,
    "beta_2": SHARE,
    "epsilon": ABOVE_ZERO,
    "weight_decay": optional(NOT_NEGATIVE),
    **dict.fromkeys(("clipnorm", "global_clipnorm", "clipvalue"), optional(ABOVE_ZERO)),
    "use_ema": FLAG,
    "ema_momentum": real([0, 0.5, 1], [-0.1, 1.5]),
    "ema_overwrite_frequency": optional(COUNT),
    "loss_scale_factor": fixed(None),
    "gradient_accumulation_steps": fixed(None),
    "initial_accumulator_value": NOT_NEGATIVE,
    "learning_rate_power": real([0, -0.5, -2], [1, 1e-300]),
    **dict.fromkeys(
        ("l1_regularization_strength", "l2_regularization_strength", "l2_shrinkage_regularization_strength"),
        NOT_NEGATIVE,
    ),
    **dict.fromkeys(("initial_learning_rate", "end_learning_rate", "decay_rate", "power", "m_mul"), NOT_NEGATIVE),
    "warmup_steps": NOT_NEGATIVE,
    "warmup_target": optional(NOT_NEGATIVE),
    **dict.fromkeys(("decay_steps", "first_decay_steps"), ABOVE_ZERO),
    "staircase": FLAG,
    "cycle": FLAG,
    "t_mul": real([1, 1.5, 2], [0.5, -1]),
    "l1": NOT_NEGATIVE,
    "l2": NOT_NEGATIVE,
    "from_logits": FLAG,
    "label_smoothing": real([0, 0.5, 1], [-0.1, 1.5]),
    "delta": ABOVE_ZERO,
    "gamma": NOT_NEGATIVE,
    "beta": NOT_NEGATIVE,
    "apply_class_balancing": FLAG,
    "q": real([0.5, np.float32(0.25), 1e-3], [0, 1, 1.5, -0.5]),
}
LAST_AXIS = Kind([-1, 1, 3, [-1]], [None, "1", True, 1.0, ["1"], {}], [-2, [], [0, 1]])
NORM_AXIS = Kind([0, -1, 1, None, [0, 1], (1,)], ["0", True, 1.0, [None], {}, np.zeros(2)], [-3, [], [0, -3]])
OVERLAP_AXIS = optional(whole([-1, np.int64(-1)], [0, 1, -2]))
#: Where a name stands for something else.
OWN_KINDS: dict[tuple[str, str], Kind] = {
    ("Activation", "activation"): Kind(FUNCTION.good[:1], FUNCTION.type_errors, FUNCTION.value_errors),
    ("Layer", "dtype"): Kind([None, "float32", np.float64], [3.5, "no such", ["float32"]], ["int32", np.float16]),
    ("BinaryFocalCrossentropy", "alpha"): real([0, 0.5, 1], [-0.1, 1.5]),
    ("CategoricalFocalCrossentropy", "alpha"): Kind(
        [0, 0.5, 3, [0.5, 1], (0, np.float32(2)), np.array([1.0, 2.0])],
        ["1", None, True, 1j, {}, ["1"], [None], [[1.0]], np.ones((1, 2))],
        [-0.5, NAN, INF, [], [1, -1], [NAN]],
    ),
    ("Dice", "axis"): OVERLAP_AXIS,
    ("Tversky", "axis"): OVERLAP_AXIS,
    ("LeakyReLU", "alpha"): optional(NOT_NEGATIVE),
    ("AdamW", "weight_decay"): NOT_NEGATIVE,
    ("Ftrl", "learning_rate"): Kind(RATE.good[1:], RATE.type_errors, [*RATE.value_errors, 0.0]),
    ("Lion", "beta_1"): real([0.5, 1], [0, -0.1, 1.5]),
    **{(cls, "alpha"): NOT_NEGATIVE for cls in ("CosineDecay", "CosineDecayRestarts")},
    **{(cls.__name__, "name"): Kind(["a", ""], [3, b"a", ["a"], None], []) for cls in schedules._CLASSES},
    ("PiecewiseConstantDecay", "boundaries"): Kind([[5]], [3, "5", None, {}, ["5"], [None]], [[], [1, 2], [NAN]]),
    ("PiecewiseConstantDecay", "values"): Kind([[1, 0.5], (0, 1)], [3, "5", None, {}, ["5", 1]], [[1], [1, -1]]),
    ("Softmax", "axis"): whole([-1, 1, 3], [-2]),
    **{(name, "axis"): LAST_AXIS for name in ("BatchNormalization", "LayerNormalization")},
    ("Normalization", "axis"): Kind([None, (), *LAST_AXIS.good], LAST_AXIS.type_errors[1:], [-2, [0, 1]]),
    ("Normalization", "mean"): Kind([None], [], [*STATISTICS.good, *STATISTICS.value_errors]),
    ("Normalization", "variance"): Kind([None], [], [*STATISTICS.good, *STATISTICS.value_errors]),
    **{(name, "scale"): FLAG for name in ("BatchNormalization", "LayerNormalization")},
    ("BatchNormalization", "momentum"): UP_TO_ONE,
    ("MinMaxNorm", "rate"): UP_TO_ONE,
    ("MinMaxNorm", "max_value"): real([0.5, 3], [-1]),
    ("MaxNorm", "max_value"): NOT_NEGATIVE,
    **{(name, "axis"): NORM_AXIS for name in ("MaxNorm", "UnitNorm", "MinMaxNorm")},
}

LEVEL = real([0, 0.5, np.float32(1)], [-0.1, 1.5])
THRESHOLDS = Kind(
    [None, 0.5, [0.25, 0.5], (0, 1), np.array([0.125])], ["1", True, [None], ["1"], 1j, {}], [[], -0.1, [0.5, 2], NAN]
)
CHOICE = [3, True, ["sum"], np.zeros(2)]
ANY_AXIS = whole([-1, 0, np.int64(1)], [2**70, -(2**70)])
#: What arguments of metrics stand for.
METRIC_KINDS: dict[str, Kind] = {
    "dtype": Kind([None, "float32", np.float64], [3.5, "no such", ["float32"]], ["int32", np.float16]),
    "threshold": real([0, 0.5, -3], []),
    "k": COUNT,
    "from_sorted_ids": FLAG,
    "class_aggregation": Kind([None, "uniform_average", "variance_weighted_average"], CHOICE, ["mean", ""]),
    "num_regressors": whole([0, 3], [-1]),
    "thresholds": THRESHOLDS,
    "top_k": optional(COUNT),
    "class_id": optional(whole([0, np.int64(2)], [-1])),
    "num_thresholds": whole([2, np.int64(5), 200], [0, -1, 2**70]),
    **dict.fromkeys(("recall", "precision", "specificity", "sensitivity"), LEVEL),
    "curve": Kind(["ROC", "pr", "PRGAIN"], CHOICE, ["Roc", "", None]),
    "summation_method": Kind(["interpolation", "Majoring", "minoring"], CHOICE, ["mean", "", None]),
    "multi_label": FLAG,
    "num_labels": optional(COUNT),
    "label_weights": Kind([None, [1, 0.5], np.ones(3)], ["1", [None], {}], [[], -1.0, [NAN], [-1.0]]),
    "average": Kind([None, "micro", "macro", "weighted"], CHOICE, ["mean", ""]),
    "beta": ABOVE_ZERO,
}
OWN_METRIC_KINDS = {
    ("AUC", "num_thresholds"): whole([2, np.int64(5), 200], [1, 0, -1, 2**70]),
    ("AUC", "thresholds"): Kind(THRESHOLDS.good[2:], [*THRESHOLDS.type_errors, 0.5], [[], [0.5, 2], [NAN]]),
    **{(name, "threshold"): optional(real([0.5, 1], [0, 1.5, -1])) for name in ("F1Score", "FBetaScore")},
    **{(name, "axis"): ANY_AXIS for name in ("CosineSimilarity", "PearsonCorrelation", "ConcordanceCorrelation")},
}


# --- constructors -----------------------------------------------------------------------------------------------------


def classes() -> Iterator[type]:
    """Yield the classes that users construct, from the package's own lists."""
    yield from (getattr(layers, name) for name in layers.__all__ if inspect.isclass(getattr(layers, name)))
    for module in (optimizers, schedules, regularizers, constraints, losses, metrics):
        yield from (cls for cls in dict.fromkeys(module._NAMES.values()) if cls is not ShapedAccuracy)


def arguments(cls: type) -> dict[str, Kind]:
    """Return the arguments of a class with their kinds."""
    found = {}
    names = list(inspect.signature(cls).parameters)
    if "options" in names:  # those that all of the family take
        shared = LayerOptions if issubclass(cls, Layer) else OptimizerOptions
        names[names.index("options") :] = [name for name in shared.__annotations__ if name not in names]
    if "other" in names:  # all that is refused
        names.remove("other")
    for name in names:
        if issubclass(cls, metrics.Metric):
            kind = OWN_METRIC_KINDS.get((cls.__name__, name)) or METRIC_KINDS.get(name) or KINDS.get(name)
            assert kind is not None, f"{cls.__name__}({name}=...): say in METRIC_KINDS what it takes"
            found[name] = kind
            continue
        family = Layer if issubclass(cls, Layer) else cls
        kind = OWN_KINDS.get((cls.__name__, name)) or OWN_KINDS.get((family.__name__, name)) or KINDS.get(name)
        assert kind is not None, f"{cls.__name__}({name}=...): say in KINDS what it takes"
        found[name] = kind
    return found


def combinations(kinds: dict[str, Kind]) -> list[dict[str, Any]]:
    """Return each value by itself, and values together so that every pair of two arguments' values occurs."""
    axes = {name: range(len(kind.values)) for name, kind in kinds.items()}
    chosen = [{name: i} for name, numbers in axes.items() for i in numbers]
    chosen += pairing.pairwise(axes) if len(axes) > 1 else []
    return [{name: kinds[name].values[i] for name, i in case.items()} for case in chosen]


def refused(kinds: dict[str, Kind], given: dict[str, Any]) -> Errors:
    """Return the bad ones among the values of arguments, with their exceptions."""
    errors = {name: (kinds[name].error(value), value) for name, value in given.items()}
    return {name: (error, value) for name, (error, value) in errors.items() if error is not None}


#: What messages call an argument that holds several things, of which one is bad.
SHOWN_AS = {
    "metrics": "metrics?",
    "weighted_metrics": "metrics?|weighted_metrics",
    "layer": "add",
    "weights": "door|set_weights",
}


def names_one_of(caught: BaseException, errors: Errors) -> bool:
    """Return whether an exception is that of a bad argument and its message has the argument's name or its value."""
    message = str(caught)
    return any(
        type(caught) is error and (re.search(rf"\b{SHOWN_AS.get(name, name)}\b", message) or repr(value) in message)
        for name, (error, value) in errors.items()
    )


@pytest.mark.parametrize("cls", list(classes()))
def test_constructors(cls: type) -> None:
    kinds = arguments(cls)
    needed = {
        name: kinds[name].good[0]
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.default is inspect.Parameter.empty and parameter.kind is not inspect.Parameter.VAR_KEYWORD
    }
    for chosen in combinations(kinds):
        given = needed | chosen
        errors = refused(kinds, given)
        if given.get("input_shape") is not None and given.get("input_dim") is not None:
            errors["both"] = (ValueError, None)
        if sum(given.get(clip) is not None for clip in ("clipnorm", "global_clipnorm", "clipvalue")) > 1:
            errors["only one way to clip"] = (ValueError, object())
        labels, weights = given.get("num_labels"), given.get("label_weights")
        joint = labels is not None and "num_labels" not in errors
        if joint and (given.get("multi_label", False) is False or np.size(weights) not in (1, int(labels))):
            errors["num_labels"] = (ValueError, None)
        if errors:
            with pytest.raises((TypeError, ValueError)) as caught:
                cls(**given)
            assert names_one_of(caught.value, errors), f"{given}\n{caught.type.__name__}: {caught.value}"
            continue
        instance = cls(**given)
        for name, value in given.items():
            kept = getattr(instance, name, value)
            if name == "num_thresholds" and given.get("thresholds") is not None:
                continue  # those count
            if isinstance(value, (int, float, Fraction, np.number)) and isinstance(kept, (int, float)):
                assert kept == value


# --- fit, evaluate, predict, gradients, compile and the functions -----------------------------------------------------

ROWS = 7
GENERATOR = np.random.default_rng(17)
X = GENERATOR.normal(size=(ROWS, 3)).astype(np.float32)
Y = GENERATOR.integers(0, 2, ROWS)
BATCH_SIZE = Kind(
    [None, 1, 3, 1000, 2**70, np.int32(4)],
    ["1", True, [1], np.array([1, 2]), 1.0, 1.5, NAN, {}],
    [0, -1, -(2**70)],
)
STEPS = Kind([None, 1, np.int64(1)], [1.0, True, "1", [1], np.array([1, 1]), NAN, {}], [0, -1, -(2**70)])
VERBOSE = Kind([0, 2, False, "auto", np.int64(1)], [], [3, -1, "loud", None, 0.0, [0], np.array([0, 1]), {}])
CALLBACKS = Kind(
    [None, [], Callback(), (Callback(), History()), [[Callback()], []]],
    [Callback, "text", 3, [3], {Callback()}, {"a": Callback()}, [None, len], np.zeros(2)],
    [],
)
PAIR = Kind(
    [None, (X, Y), [X, Y], (X[:1], Y[:1]), (X, Y, None), (X, Y, Y)],
    ["ab", 3, {"x": X}, np.zeros((2, ROWS, 3)), X, iter((X, Y))],
    [(), (X,), (X, Y, Y[:2]), (X, Y, None, None)],
)
SAMPLE_WEIGHT = Kind(
    [None, np.ones(ROWS), Y, [0] * ROWS, np.ones((ROWS, 1), bool), np.arange(ROWS, dtype=np.uint8)],
    ["ab", {"a": 1}, np.array(["1"] * ROWS), [None] * ROWS, np.ones(ROWS, complex)],
    [0, 1.5, [], np.ones(ROWS - 1), np.ones((ROWS, 2)), np.ones((1, ROWS)), -np.ones(ROWS), [NAN] * ROWS, [INF] * ROWS],
)
CLASS_WEIGHT = Kind(
    [None, {}, {0: 1}, {1: 0.5, 0: np.float32(2)}, {np.int64(1): 0}, {1.0: 2.0, 7: 3.0}, {False: 1, True: 2}],
    [3, "ab", [1, 2], np.ones(2), {"0": 1}, {None: 1}, {0: "1"}, {0: None}, {0: [1]}, {0: True}],
    [{0: -1}, {1: NAN}, {0: INF}, {0: 1e39}, {0.5: 1}, {NAN: 1}, {INF: 1}],
)
METRICS = Kind(
    [None, [], ["accuracy"], ("mse",), ["mse", "mse"], [metrics.RootMeanSquaredError(name="r"), "mae"]],
    [[3], [len], [["accuracy"]]],
    ["accuracy", 3, {"a": "mse"}, ["no such"], ["sparse_categorical_accuracy"], np.zeros(2)],
)


class OwnLoss(losses.Loss):
    """As Keras would take one."""


class OwnOptimizer(optimizers.Optimizer):
    """As Keras would take one."""


DOORS: dict[str, tuple[Callable[..., Any], dict[str, Kind]]] = {
    "fit": (
        lambda model, **options: model.fit(X, Y, **options),
        {
            "batch_size": BATCH_SIZE,
            "epochs": whole([0, 1, 2, np.int64(2)], [-1]),
            "verbose": VERBOSE,
            "shuffle": FLAG,
            "validation_split": real([0, 0.0, 0.3, np.float32(0.5), Fraction(1, 2)], [1, 1.0, -0.1, 1e-300, 0.999]),
            "validation_data": PAIR,
            "validation_rows": Kind(["last"], [], ["first", "random", "stratified", None, 1, ["last"], np.zeros(2)]),
            "callbacks": CALLBACKS,
            "sample_weight": SAMPLE_WEIGHT,
            "initial_epoch": whole([0, 1, 3, np.int64(2)], [-1]),
            "validation_freq": Kind([1, 2, np.int64(3), [1, 2], (2,), []], [1.0, True, None, "1", [1.5]], [0, -1, [0]]),
            "steps_per_epoch": STEPS,
            "validation_steps": STEPS,
            "validation_batch_size": BATCH_SIZE,
        },
    ),
    "evaluate": (
        lambda model, **options: model.evaluate(X, Y, **options),
        {
            "batch_size": BATCH_SIZE,
            "verbose": VERBOSE,
            "callbacks": CALLBACKS,
            "return_dict": FLAG,
            "sample_weight": SAMPLE_WEIGHT,
            "steps": STEPS,
        },
    ),
    "predict": (
        lambda model, **options: model.predict(X, **options),
        {"batch_size": BATCH_SIZE, "verbose": VERBOSE, "callbacks": CALLBACKS, "steps": STEPS},
    ),
    "predict no rows": (
        lambda model, **options: model.predict(X[:0], **options),
        {"batch_size": BATCH_SIZE, "verbose": VERBOSE, "callbacks": CALLBACKS},
    ),
    "gradients": (
        lambda model, **options: model.gradients(X, Y, **options),
        {"training": FLAG, "sample_weight": SAMPLE_WEIGHT},
    ),
    "train_on_batch": (
        lambda model, **options: model.train_on_batch(X, Y, **options),
        {"class_weight": CLASS_WEIGHT, "return_dict": FLAG},
    ),
    "compile": (
        lambda model, **options: model.compile(**options),
        {
            "optimizer": Kind(
                ["adam", optimizers.SGD(0.1), optimizers.Adam, {"class_name": "SGD", "config": {"momentum": 0.5}}],
                [3, len, ["adam"], optimizers.Optimizer(0.1), OwnOptimizer(0.1), {"class_name": "SGD", "config": 3}],
                [None, "no such", ""],
            ),
            "loss": Kind(
                ["mse", "binary_crossentropy", losses.MeanAbsoluteError()],
                [3, len, ["mse"], OwnLoss, OwnLoss(), np.zeros(2)],
                [None, "no such"],
            ),
            "metrics": METRICS,
            "weighted_metrics": METRICS,
            "jit_compile": Kind(["auto"], [], [True, None]),
        },
    ),
    "Sequential": (
        lambda _, **options: Sequential(**options),
        {
            "layers": Kind([None, [], ()], [3, Dense(1), "ab", [3], [Dense], [None]], []),
            "name": NAME,
            "dtype": Kind([None, "float32", np.float64, np.dtype("f4")], ["no such", 3.5], ["float16", int, "O", []]),
        },
    ),
    "build": (
        lambda _, input_shape: Sequential([Dense(2)]).build(input_shape),
        {
            "input_shape": Kind(
                [(None, 3), [None, 2, 3], (5, 3), (None, np.int64(3))],
                [(None, None), (None, 2.0), ("n", 3), (True, 3), (None, "3")],
                [3, "ab", (), (3,), (None, 0), (None, 3, -1), (0, 3), np.array([1, 3]), None],
            )
        },
    ),
    "add": (
        lambda model, layer: model.add(type(layer)() if isinstance(layer, layers.Flatten) else layer),
        {"layer": Kind([layers.Flatten()], [3, "relu", Dense, None, [Dense(2)]], [layers.Input((3,))])},
    ),
    "summary": (
        lambda model, print_fn: model.summary(print_fn=print_fn),
        {"print_fn": Kind([None, len], [3, "x"], [])},
    ),
    "set_weights": (
        lambda model, weights: model.set_weights(weights),
        {
            "weights": Kind(
                [[np.ones((3, 1)), np.ones(1)], (np.ones((3, 1)), [1])],
                [None, 3, "ab", {"kernel": 1}, iter(()), np.array(3.0), {1, 2}],
                [[], [np.ones((3, 1))], [np.ones((1, 3)), np.ones(1)], np.ones((2, 3, 1))],
            )
        },
    ),
    "to_categorical": (lambda _, num_classes: to_categorical([0, 0], num_classes), {"num_classes": optional(COUNT)}),
    "set_random_seed": (
        lambda _, seed: set_random_seed(seed),
        {"seed": whole([0, 2**32 - 1, np.int8(3)], [-1, 2**32])},
    ),
    "set_num_threads": (lambda _, n: config.set_num_threads(n), {"n": whole([1, np.int64(2)], [0, -1, 2**31])}),
    "set_gemm": (
        lambda _, name: config.set_gemm(name),
        {"name": Kind(["native"], [3, None, b"native", ["native"]], ["", "BLAS", "openblas"])},
    ),
    "activations.get": (lambda _, identifier: activations.get(identifier), {"identifier": FUNCTION}),
    "ActivationFunction": (
        lambda _, name: activations.ActivationFunction(name),
        {"name": Kind(["relu", "swish"], [3, None, ["relu"]], ["no such", ""])},
    ),
    "LambdaCallback": (
        lambda _, **hooks: LambdaCallback(**hooks),
        {
            "on_epoch_end": Kind([None, len], [3, "print", []], []),
            "on_test_begin": Kind([None, print], [0, {}], []),
        },
    ),
}


def make_model() -> Sequential:
    set_random_seed(3)
    model = Sequential([Dense(1, "sigmoid", name="door", input_shape=(3,))])
    model.compile("adam", "binary_crossentropy")
    return model


def state(model: Sequential) -> list[Any]:
    """Return what a refused argument must not change."""
    weights = [w.tobytes() for w in model.get_weights()]
    return [model.optimizer, model.loss, model.layers, model.history, model._network.iterations, *weights]


@pytest.mark.parametrize("door", list(DOORS))
def test_options(door: str, capsys: pytest.CaptureFixture[str]) -> None:
    use, kinds = DOORS[door]
    for chosen in combinations(kinds):
        given = {"optimizer": "sgd", "loss": "mse"} | chosen if door == "compile" else chosen
        errors = refused(kinds, given)
        model = make_model()
        before = state(model)
        if not errors:
            use(model, **given)
            capsys.readouterr()
            continue
        with pytest.raises((TypeError, ValueError)) as caught:
            use(model, **given)
        assert names_one_of(caught.value, errors), f"{given}\n{caught.type.__name__}: {caught.value}"
        assert capsys.readouterr().out == ""  # refused before anything began
        assert state(model) == before


def test_values_are_shown_in_messages_but_not_at_any_length() -> None:
    class Silent:
        def __repr__(self) -> str:
            raise RuntimeError("cannot be shown")

    with pytest.raises(TypeError, match=r"Dense\(units=<Silent>\)"):
        Dense(Silent())
    with pytest.raises(TypeError, match=r"units='aaa") as caught:
        Dense("a" * 10**6)
    assert len(str(caught.value)) < 300
