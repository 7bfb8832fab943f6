"""Fits with weights: what Keras was asked for (tests/golden/make_metrics.py) and what lamina is."""

from __future__ import annotations

from typing import Any, NamedTuple

import problems

ROWS, BATCH, EPOCHS = 23, 5, 3
PLAIN = {
    "loss": "mean_squared_error", "head": ("linear",), "depth": 2, "hidden": ("tanh",), "optimizer": "momentum",
    "penalty": "none", "layers": "none", "use_bias": True, "inputs": 4, "units": 5, "outputs": 3, "dropout": "none",
    "form": "argument", "weighted": True,
}  # fmt: skip
LABELS = {"loss": "sparse_categorical_crossentropy", "head": ("softmax",)}
ONE_HOT = {"loss": "categorical_crossentropy", "head": ("softmax",)}
BINARY = {"loss": "binary_crossentropy", "head": ("sigmoid",), "outputs": 1}
ERRORS = ["mse", "mae", "root_mean_squared_error"]


class Fit(NamedTuple):
    """One call of fit: what differs from PLAIN, the metrics, and where weights come from.

    `weights` is 'samples', 'first' (of the targets of a sample, as (n, 1)), 'zero', or a dictionary by class; None is
    none. `validation` is None, 'split', or 'data' with or without 'weights'. A metric is a name, or a class's name with
    arguments; see `made`.
    """

    case: dict[str, Any]
    metrics: list[Any] | None
    weighted_metrics: list[Any] | None
    weights: Any = "samples"
    validation: str | None = None


FITS: dict[str, Fit] = {
    "errors": Fit({}, ["mse", "mae"], ERRORS, validation="data weights"),
    "adam and penalties": Fit({"optimizer": "adam", "penalty": "all"}, None, ERRORS, validation="data"),
    "split": Fit({"outputs": 1}, ["mae"], ["mae"], validation="split"),
    "labels": Fit(LABELS, ["accuracy"], ["accuracy"], validation="data weights"),
    "one-hot": Fit(ONE_HOT, ["accuracy", "mse"], ["mse", "accuracy"], validation="split"),
    "binary": Fit(BINARY, None, ["accuracy", "mae"], validation="data weights"),
    "hinge": Fit({"loss": "hinge", "outputs": 2}, ["mse"], ["mse"]),
    "logits": Fit({"loss": "categorical_both"}, ["accuracy"], ["accuracy"]),
    "classes of labels": Fit(LABELS, ["accuracy"], ["accuracy"], {0: 0.5, 2: 3.0}, "split"),
    "classes of one-hot": Fit(ONE_HOT, ["accuracy"], ["accuracy", "mse"], {1: 2.0, 2: 0.0}, "data weights"),
    "classes of one output": Fit(BINARY, ["accuracy"], ["accuracy"], {0: 0.25, 1: 4.0}, "split"),
    "classes of numbers": Fit({"outputs": 1}, ["mse"], ["mse"], {-1: 0.5, 1: 2.0}, "data"),
    "classes of rows": Fit({"outputs": 2}, None, ["mae"], {0: 0.5}),
    "targets": Fit({"layers": "rows"}, ["mae"], ERRORS, validation="data weights"),
    "targets of labels": Fit({**LABELS, "layers": "rows"}, ["accuracy"], ["accuracy"], validation="split"),
    "samples of targets": Fit({"layers": "rows"}, ["mae"], ERRORS, "first"),
    "one unit of targets": Fit({"layers": "rows", "outputs": 1}, ["mae"], ERRORS, "first"),
    "zero": Fit({}, ERRORS, ERRORS, "zero"),
    "none": Fit({}, ["mae"], ERRORS, None, "data weights"),
    "names": Fit({}, ["mse", "mse", "mae", "mse"], ["mse", "mae", "mse", "mean_squared_error"]),
    "weighted names": Fit({}, None, ["mse", "mse", "mse"]),
    "judged one-hot": Fit(
        ONE_HOT,
        ["accuracy", ("AUC", {}), "precision", ("F1Score", {"average": "macro"}), "categorical_crossentropy"],
        [("AUC", {"name": "area", "multi_label": True}), "recall", "mse", ("FBetaScore", {"beta": 2.0})],
        validation="data weights",
    ),
    "judged labels": Fit(
        LABELS, ["sparse_categorical_crossentropy"], ["accuracy", "sparse_categorical_crossentropy"], validation="split"
    ),
    "judged binary": Fit(
        BINARY,
        ["auc", ("Precision", {"thresholds": [0.3, 0.6]}), "bce", "TruePositives"],
        ["auc", ("RecallAtPrecision", {"precision": 0.5}), ("BinaryAccuracy", {"threshold": 0.4, "name": "binary"})],
        {0: 0.25, 1: 4.0},
        "split",
    ),
    "judged numbers": Fit(
        {}, ["r2_score", "cosine_similarity", "mape"], ["r2_score", "mape", "mae"], validation="data weights"
    ),
    "judged targets": Fit({"layers": "rows"}, ["mae", "cosine_similarity"], ["cosine_similarity", "mape"]),
    "judged samples of targets": Fit({"layers": "rows"}, ["cosine_similarity"], ["cosine_similarity", "mape"], "first"),
    "judged zero": Fit({}, ["mape"], ["mape", "cosine_similarity"], "zero"),
}


def made(entries: list[Any] | None, module: Any) -> list[Any] | None:
    """Return what to give to `compile`, with metrics of a module."""
    if entries is None:
        return None
    return [entry if isinstance(entry, str) else getattr(module, entry[0])(**entry[1]) for entry in entries]


def arguments(fit: Fit) -> tuple[problems.Problem, dict[str, Any]]:
    """The problem, and the arguments of fit."""
    problem = problems.golden_problem({**PLAIN, **fit.case}, ROWS)
    y, w = problem.public_targets(), problem.weights_of_samples("float64")
    found: dict[str, Any] = {"x": problem.x, "y": y, "batch_size": BATCH, "epochs": EPOCHS, "shuffle": False}
    if isinstance(fit.weights, dict):
        found["class_weight"] = fit.weights
    elif fit.weights is not None:
        found["sample_weight"] = {"samples": w, "first": w.reshape(ROWS, -1)[:, :1], "zero": 0 * w}[fit.weights]
    if fit.validation == "split":
        found["validation_split"] = 0.3
    elif fit.validation is not None:
        rows = slice(None, None, -2)
        data = (problem.x[rows], y[rows], w[rows])
        found["validation_data"] = data if fit.validation == "data weights" else data[:2]
    return problem, {**found, "verbose": 0}
