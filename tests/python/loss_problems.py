"""Losses with options and reductions, each with a small problem: what losses.json is made of and compared with."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import problems
import reference

Array = np.ndarray

ROWS, BATCH, EPOCHS = 18, 5, 5  # 20 steps
RATE, PENALTY = 0.0625, 0.015625
BATCHES = (32, 4)
REDUCTIONS = ("sum_over_batch_size", "sum", "mean_with_sample_weight", "none", None)
LOGITS = ("linear",)


class LossCase(NamedTuple):
    """A class of Keras's and lamina's, its arguments, the activation before it, the kind of its targets."""

    name: str
    config: dict[str, Any]
    head: str
    targets: str


class LossProblem(NamedTuple):
    """Data and weights of a network with five hidden units, and outputs to call the loss with."""

    x: Array
    y: Array
    weights: list[Array]
    units: int
    outputs: Array
    sample_weight: Array


_BALANCED = {"apply_class_balancing": True, "alpha": 0.375, "gamma": 1.5, "label_smoothing": 0.125}
_BY_CLASS = {"alpha": [0.5, 1.0, 0.25], "gamma": 1.5, "label_smoothing": 0.125}
CASES = [
    *(LossCase("BinaryFocalCrossentropy", {}, head, "fraction") for head in ("sigmoid", "softmax", "softplus")),
    *(LossCase("BinaryFocalCrossentropy", _BALANCED, head, "fraction") for head in ("sigmoid", "softmax")),
    LossCase("BinaryFocalCrossentropy", {"gamma": 0.0}, "sigmoid", "fraction"),
    LossCase("BinaryFocalCrossentropy", {"from_logits": True, "gamma": 3.0}, "linear", "fraction"),
    LossCase("CategoricalFocalCrossentropy", {}, "softmax", "distribution"),
    LossCase("CategoricalFocalCrossentropy", {}, "sigmoid", "distribution"),
    LossCase("CategoricalFocalCrossentropy", _BY_CLASS, "softmax", "distribution"),
    LossCase("CategoricalFocalCrossentropy", {**_BY_CLASS, "from_logits": True}, "linear", "distribution"),
    LossCase("CategoricalGeneralizedCrossEntropy", {"q": 0.5}, "softmax", "labels"),
    LossCase("CategoricalGeneralizedCrossEntropy", {"q": 0.125, "reduction": "sum"}, "sigmoid", "labels"),
    LossCase("Dice", {}, "sigmoid", "fraction"),
    LossCase("Dice", {"reduction": "sum"}, "sigmoid", "fraction"),
    LossCase("Dice", {"axis": -1}, "sigmoid", "fraction"),
    LossCase("Dice", {"axis": -1, "reduction": "sum"}, "softmax", "fraction"),
    LossCase("Tversky", {"alpha": 0.75, "beta": 0.25}, "sigmoid", "fraction"),
    LossCase("Tversky", {"alpha": 0.25, "beta": 0.5, "axis": -1}, "sigmoid", "fraction"),
    LossCase("SparseCategoricalCrossentropy", {"ignore_class": 1}, "softmax", "labels"),
    LossCase("SparseCategoricalCrossentropy", {"ignore_class": -1}, "softmax", "some labels"),
    LossCase("SparseCategoricalCrossentropy", {"ignore_class": -1, "reduction": "sum"}, "sigmoid", "some labels"),
    LossCase("SparseCategoricalCrossentropy", {"ignore_class": -1, "from_logits": True}, "linear", "some labels"),
    *(
        LossCase(name, {"reduction": "sum"}, head, kind)
        for name, head, kind in (
            ("BinaryCrossentropy", "sigmoid", "fraction"),
            ("CategoricalCrossentropy", "softmax", "distribution"),
            ("SparseCategoricalCrossentropy", "softmax", "labels"),
            ("MeanSquaredError", "tanh", "real"),
            ("MeanAbsoluteError", "tanh", "real"),
            ("MeanAbsolutePercentageError", "tanh", "large"),
            ("MeanSquaredLogarithmicError", "softplus", "positive"),
            ("Huber", "tanh", "real"),
            ("Hinge", "tanh", "sign"),
            ("SquaredHinge", "tanh", "sign"),
            ("CategoricalHinge", "softmax", "distribution"),
            ("KLDivergence", "softmax", "distribution"),
            ("Poisson", "softplus", "positive"),
            ("CosineSimilarity", "tanh", "real"),
        )
    ),
]


def case_id(case: LossCase) -> str:
    """The case as a name."""
    options = [f"{key}={value}" for key, value in case.config.items()]
    return "-".join([case.name, *options, case.head, case.targets])


def function_name(case: LossCase) -> str:
    """The function that stands beside the class."""
    from lamina import losses

    return str(getattr(losses, case.name).core_name)


def make(case: LossCase) -> LossProblem:
    """Three outputs; half of some labels are -1, and there is a batch of five without any other."""
    units = 3
    x = reference.random_uniform(1, (ROWS, 4), -1.0, 1.0)
    y = problems.make_targets(case.targets.removeprefix("some "), ROWS, units, seed=2)
    if case.targets == "some labels":
        y = np.where((np.arange(ROWS) % 3 == 1) | (np.arange(ROWS) // BATCH == 1), -1, y)
    shapes = [(4, 5), (5,), (5, units), (units,)]
    weights = [reference.random_uniform(3 + i, shape, -1.0, 1.0) for i, shape in enumerate(shapes)]
    outputs = reference.random_uniform(9, (ROWS, units), 0.0625, 0.9375)
    return LossProblem(x, y, weights, units, outputs, reference.random_uniform(8, (ROWS,), 0.0, 2.0))
