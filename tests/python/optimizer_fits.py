"""The optimizers, options and schedules that are compared with Keras, and the training that each is tried on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROWS, BATCH, EPOCHS = 23, 5, 10
PENALTY = 0.0078125
#: Where schedules are asked: about their boundaries, and far behind.
STEPS = [0, 1, 2, 5, 9, 10, 11, 19, 20, 21, 25, 30, 39, 40, 41, 60, 70, 71, 99, 100, 150, 1000]


def exact(value: Any) -> Any:
    """The same with every number rounded to float32, which Keras does with some even in float64."""
    if isinstance(value, dict):
        return {key: exact(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [exact(entry) for entry in value]
    return float(np.float32(value)) if isinstance(value, float) else value


@dataclass(frozen=True)
class Case:
    """An optimizer by the name of its class, its arguments, and its schedule where it has one."""

    name: str
    config: dict[str, Any] = field(default_factory=dict)
    schedule: str | None = None

    @property
    def id(self) -> str:
        """What the file calls it."""
        parts = [f"{key}={value}" for key, value in self.config.items()]
        return " ".join([self.name, *parts, *([self.schedule] if self.schedule else [])])


SCHEDULES: dict[str, tuple[str, dict[str, Any]]] = {
    "exponential": ("ExponentialDecay", {"initial_learning_rate": 0.05, "decay_steps": 10, "decay_rate": 0.75}),
    "staircase": (
        "ExponentialDecay",
        {"initial_learning_rate": 0.05, "decay_steps": 10, "decay_rate": 0.75, "staircase": True},
    ),
    "inverse": ("InverseTimeDecay", {"initial_learning_rate": 0.05, "decay_steps": 20, "decay_rate": 2.0}),
    "inverse_staircase": (
        "InverseTimeDecay",
        {"initial_learning_rate": 0.05, "decay_steps": 20, "decay_rate": 2.0, "staircase": True},
    ),
    "pieces": ("PiecewiseConstantDecay", {"boundaries": [10, 25, 40], "values": [0.05, 0.02, 0.01, 0.005]}),
    "polynomial": (
        "PolynomialDecay",
        {"initial_learning_rate": 0.05, "decay_steps": 30, "end_learning_rate": 0.01, "power": 2.0},
    ),
    "cycle": (
        "PolynomialDecay",
        {"initial_learning_rate": 0.05, "decay_steps": 20, "end_learning_rate": 0.005, "cycle": True},
    ),
    "cosine": ("CosineDecay", {"initial_learning_rate": 0.05, "decay_steps": 40, "alpha": 0.125}),
    "warmup": (
        "CosineDecay",
        {"initial_learning_rate": 0.0, "decay_steps": 40, "warmup_target": 0.05, "warmup_steps": 10},
    ),
    "restarts": (
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.05, "first_decay_steps": 10, "m_mul": 0.75, "alpha": 0.125},
    ),
    "restarts_even": ("CosineDecayRestarts", {"initial_learning_rate": 0.05, "first_decay_steps": 20, "t_mul": 1.0}),
}
_RATES = {
    **{"SGD": 0.05, "Adam": 0.02, "AdamW": 0.02, "Nadam": 0.02, "Adamax": 0.02, "RMSprop": 0.01, "Adagrad": 0.05},
    **{"Adadelta": 1.0, "Ftrl": 0.1, "Lion": 0.01},
}
_MEANS = {"beta_1": 0.9, "beta_2": 0.999}
_DEFAULTS: dict[str, dict[str, Any]] = {  # what has no exact float32 among them
    **{name: _MEANS for name in ("Adam", "AdamW", "Nadam", "Adamax")},
    "Lion": {"beta_1": 0.9, "beta_2": 0.99},
    **{name: {"initial_accumulator_value": 0.1} for name in ("Adagrad", "Ftrl")},
}
_OWN: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"momentum": 0.75}),
    ("SGD", {"momentum": 0.75, "nesterov": True}),
    ("Adam", {"amsgrad": True, "beta_1": 0.5, "beta_2": 0.75}),
    ("AdamW", {"amsgrad": True, "beta_2": 0.75, "weight_decay": 0.25}),
    ("Nadam", {"beta_1": 0.75, "beta_2": 0.875, "epsilon": 0.001}),
    ("Adamax", {"beta_1": 0.75, "beta_2": 0.875, "epsilon": 0.001}),
    ("RMSprop", {"centered": True, "epsilon": 0.001}),
    ("RMSprop", {"momentum": 0.5, "epsilon": 0.001}),
    ("RMSprop", {"centered": True, "momentum": 0.5, "epsilon": 0.01}),
    ("Adadelta", {"rho": 0.75, "epsilon": 0.001}),
    ("Ftrl", {"l1_regularization_strength": 0.03125, "l2_regularization_strength": 0.0625, "beta": 0.125}),
    ("Ftrl", {"learning_rate_power": -0.75, "l2_shrinkage_regularization_strength": 0.0625}),
    ("Ftrl", {"learning_rate_power": 0.0, "initial_accumulator_value": 0.0}),
    ("Lion", {"beta_1": 0.75, "beta_2": 0.875}),
]
_SHARED: list[dict[str, Any]] = [
    {"weight_decay": 0.25},
    {"clipnorm": 0.125},
    {"global_clipnorm": 0.25},
    {"clipvalue": 0.03125},
    {"use_ema": True, "ema_momentum": 0.75},
    {"use_ema": True, "ema_momentum": 0.875, "ema_overwrite_frequency": 7},
    {"clipvalue": 0.0625, "weight_decay": 0.125, "use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 3},
]
CASES = [
    *(Case(name) for name in _RATES),
    *(Case(name, config) for name, config in _OWN),
    *(Case(name, config) for name in _RATES for config in _SHARED),
    *(Case("SGD", {}, schedule) for schedule in SCHEDULES),
    *(Case(name, {}, "exponential") for name in _RATES if name != "SGD"),
    Case("Adam", {"weight_decay": 0.25, "clipnorm": 0.25}, "restarts"),
]


def arguments(case: Case) -> dict[str, Any]:
    """What the class is made with, but for a schedule."""
    rate = {} if case.schedule else {"learning_rate": _RATES[case.name]}
    found: dict[str, Any] = exact({**rate, **_DEFAULTS.get(case.name, {}), **case.config})
    return found


def schedule(name: str) -> tuple[str, dict[str, Any]]:
    """The class and the arguments of a schedule."""
    cls, config = SCHEDULES[name]
    return cls, exact(config)


@dataclass
class Training:
    """Data, and the weights that both libraries begin with: 4 inputs, 5 tanh, 2 outputs, mean squared error."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    weights: list[NDArray[np.float64]]


def training() -> Training:
    """The one training."""
    rng = np.random.default_rng(77)
    x = rng.normal(size=(ROWS, 4))
    y = np.tanh(x @ rng.normal(size=(4, 2))) + 0.1 * rng.normal(size=(ROWS, 2))
    shapes = [(4, 5), (5,), (5, 2), (2,)]
    return Training(x, y, [rng.normal(size=shape) * 0.5 for shape in shapes])
