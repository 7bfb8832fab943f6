"""Metrics alone: what Keras was asked for (tests/golden/make_metrics.py) and what lamina is."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

ROWS = (7, 5, 1)  # of each batch


class Case(NamedTuple):
    """A metric with its arguments, the kind of its data, and its weights: a name in `batches`."""

    metric: str
    arguments: dict[str, Any]
    data: str
    weights: str | None


class Batch(NamedTuple):
    """What one call of `update_state` is given."""

    y_true: Any
    y_pred: Any
    sample_weight: Any


def batches(case: Case) -> list[Batch]:
    """Return the batches of a case: the same on every machine."""
    generator = np.random.default_rng(list(f"{case.data} {case.weights}".encode()))
    return [Batch(*_pair(case.data, rows, generator), _weights(case.weights, rows, generator)) for rows in ROWS]


def _pair(data: str, rows: int, generator: np.random.Generator) -> tuple[Any, Any]:
    """Return targets and outputs of a kind."""
    classes = 4
    scores = generator.uniform(0.01, 1, (rows, classes))
    shares = scores / scores.sum(axis=1, keepdims=True)
    labels = generator.integers(0, classes, rows)
    number = {
        "numbers": lambda: (generator.normal(size=(rows, 3)), generator.normal(size=(rows, 3))),
        "one number": lambda: (generator.normal(size=(rows, 1)), generator.normal(size=(rows, 1))),
        "flat numbers": lambda: (generator.normal(size=rows), generator.normal(size=(rows, 1))),
        "constant": lambda: (np.full((rows, 2), 3.0), generator.normal(size=(rows, 2))),
        "positive": lambda: (generator.uniform(0, 3, (rows, 3)), generator.uniform(-0.5, 3, (rows, 3))),
        "equal": lambda: (np.round(generator.normal(size=(rows, 2))), np.round(generator.normal(size=(rows, 2)))),
        "signs": lambda: (generator.choice([-1.0, 1.0], (rows, 3)), generator.normal(size=(rows, 3))),
        "logits": lambda: (np.eye(classes)[labels], generator.normal(size=(rows, classes))),
        "binary logits": lambda: (generator.integers(0, 2, (rows, 1)).astype(float), generator.normal(size=(rows, 1))),
        "labels of logits": lambda: (labels, generator.normal(size=(rows, classes))),
        "one-hot": lambda: (np.eye(classes)[labels], shares),
        "labels": lambda: (labels, shares),
        "column of labels": lambda: (labels[:, None], shares),
        "ids": lambda: (labels, np.argsort(-scores, axis=1).astype(float)),
        "ties": lambda: (np.eye(classes)[labels], np.round(scores * 3) / 4),
        "labels of ties": lambda: (labels, np.round(scores * 3) / 4),
        "binary": lambda: (generator.integers(0, 2, (rows, 1)), generator.uniform(size=(rows, 1))),
        "flat binary": lambda: (generator.integers(0, 2, rows), generator.uniform(size=rows)),
        "on thresholds": lambda: (generator.integers(0, 2, (rows, 2)), generator.integers(0, 5, (rows, 2)) / 4),
        "several": lambda: (generator.integers(0, 2, (rows, 3)), generator.uniform(size=(rows, 3))),
        "no positives": lambda: (np.zeros((rows, 2)), generator.uniform(size=(rows, 2))),
        "no negatives": lambda: (np.ones((rows, 2)), generator.uniform(size=(rows, 2))),
        "nothing predicted": lambda: (generator.integers(0, 2, (rows, 3)), np.zeros((rows, 3))),
        "places": lambda: (generator.normal(size=(rows, 2, 3)), generator.normal(size=(rows, 2, 3))),
    }
    return number[data]()


def _weights(kind: str | None, rows: int, generator: np.random.Generator) -> Any:
    if kind is None:
        return None
    weights = generator.uniform(0.2, 2, rows)
    return {"rows": weights, "column": weights[:, None], "zero": np.zeros(rows), "some": weights * (weights > 1)}[kind]


def _of(
    metric: str, data: str, *options: dict[str, Any], weights: tuple[str | None, ...] = (None, "rows")
) -> list[Case]:
    return [Case(metric, o, data, w) for o in (options or ({},)) for w in weights]


def _cases() -> list[Case]:
    cases = []
    for metric in ("MeanSquaredError", "MeanAbsoluteError", "RootMeanSquaredError"):
        for data in ("numbers", "flat numbers"):
            cases += _of(metric, data, weights=(None, "rows", "zero"))
        cases += _of(metric, "places")
    for metric in ("MeanAbsolutePercentageError", "LogCoshError", "CosineSimilarity"):
        cases += _of(metric, "numbers", weights=(None, "rows", "zero"))
    cases += _of("CosineSimilarity", "numbers", {"axis": 0}, weights=(None,))
    cases += _of("MeanSquaredLogarithmicError", "positive") + _of("Poisson", "positive")
    cases += _of("KLDivergence", "one-hot") + _of("Accuracy", "equal", weights=(None, "rows", "column"))
    for metric in ("Hinge", "SquaredHinge"):
        cases += _of(metric, "signs") + _of(metric, "binary", weights=(None,))
    cases += _of("CategoricalHinge", "one-hot")
    for metric in ("PearsonCorrelation", "ConcordanceCorrelation"):
        cases += _of(metric, "several") + _of(metric, "numbers", {"axis": 0}, weights=(None,))
    cases += _of("BinaryCrossentropy", "several", {}, {"label_smoothing": 0.2})
    cases += _of("BinaryCrossentropy", "binary logits", {"from_logits": True})
    cases += _of("CategoricalCrossentropy", "one-hot", {}, {"label_smoothing": 0.2})
    cases += _of("CategoricalCrossentropy", "logits", {"from_logits": True})
    cases += _of("SparseCategoricalCrossentropy", "labels", {}, {"ignore_class": 1})
    cases += _of("SparseCategoricalCrossentropy", "labels of logits", {"from_logits": True})
    cases += _of("BinaryAccuracy", "several", {}, {"threshold": 0.3}) + _of("BinaryAccuracy", "flat binary")
    cases += _of("BinaryAccuracy", "on thresholds", weights=(None,))
    for data in ("one-hot", "ties"):
        cases += _of("CategoricalAccuracy", data) + _of("TopKCategoricalAccuracy", data, {"k": 2}, {})
    for data in ("labels", "labels of ties", "column of labels"):
        cases += _of("SparseCategoricalAccuracy", data) + _of("SparseTopKCategoricalAccuracy", data, {"k": 2})
    cases += _of("SparseTopKCategoricalAccuracy", "ids", {"k": 3, "from_sorted_ids": True})
    return cases + _counts() + _curves() + _scores()


def _counts() -> list[Case]:
    cases = []
    lists: list[dict[str, Any]] = [
        {},
        {"thresholds": 0.3},
        {"thresholds": [0.75, 0.25]},
        {"thresholds": [0.0, 0.5, 1.0]},
    ]
    for metric in ("TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives", "Precision", "Recall"):
        cases += _of(metric, "several", *lists)
        cases += _of(metric, "on thresholds", {}, *lists[2:], weights=(None, "column"))
        cases += _of(metric, "flat binary") + _of(metric, "binary", weights=("zero", "some"))
        cases += [case for data in ("no positives", "no negatives") for case in _of(metric, data, weights=(None,))]
    for metric in ("Precision", "Recall"):
        options = [{"top_k": 2}, {"class_id": 1}, {"top_k": 1, "class_id": 2}, {"top_k": 2, "thresholds": [0.2, 0.6]}]
        cases += _of(metric, "several", *options) + _of(metric, "ties", *options[::2])
    for metric, option in (
        ("PrecisionAtRecall", "recall"),
        ("RecallAtPrecision", "precision"),
        ("SensitivityAtSpecificity", "specificity"),
        ("SpecificityAtSensitivity", "sensitivity"),
    ):
        values: list[dict[str, Any]] = [{option: 0.5}, {option: 0.9, "num_thresholds": 7}, {option: 0}, {option: 1.0}]
        cases += _of(metric, "several", *values, {option: 0.6, "class_id": 1}, {option: 0.5, "num_thresholds": 1})
        cases += _of(
            metric, "on thresholds", {option: 0.375, "num_thresholds": 5}, {option: 0.375, "num_thresholds": 2}
        )
        cases += [c for data in ("no positives", "no negatives") for c in _of(metric, data, values[0], weights=(None,))]
    return cases


def _curves() -> list[Case]:
    cases = []
    for curve in ("ROC", "PR", "PRGAIN"):
        for method in ("interpolation", "majoring", "minoring"):
            options = {"curve": curve, "summation_method": method}
            cases += _of("AUC", "several", options, {**options, "multi_label": True})
            cases += _of("AUC", "binary", {**options, "num_thresholds": 5}, weights=("some",))
            cases += _of("AUC", "on thresholds", {**options, "thresholds": [0.3, 0.9, 0.25]}, weights=(None,))
        for data in ("no positives", "no negatives"):
            cases += _of("AUC", data, {"curve": curve}, weights=(None, "zero"))
    cases += _of(
        "AUC", "on thresholds", {"thresholds": [0.25, 0.5, 0.75]}, {"num_thresholds": 2}, {"num_thresholds": 3}
    )
    cases += _of("AUC", "several", {"multi_label": True, "num_labels": 3, "label_weights": [0.5, 0, 2.0]})
    cases += _of("AUC", "several", {"label_weights": [0.5, 1, 2.0]}, {"multi_label": True, "thresholds": [0.2, 0.7]})
    return cases + _of("AUC", "binary logits", {"from_logits": True}) + _of("AUC", "flat binary")


def _scores() -> list[Case]:
    cases = []
    for average in (None, "micro", "macro", "weighted"):
        cases += _of("F1Score", "one-hot", {"average": average}) + _of("F1Score", "ties", {"average": average})
        cases += _of("F1Score", "several", {"average": average, "threshold": 0.4})
        cases += _of("F1Score", "nothing predicted", {"average": average}, weights=(None,))
        cases += _of("FBetaScore", "several", {"average": average, "beta": 2.0}, {"average": average, "beta": 0.5})
        cases += _of("FBetaScore", "no positives", {"average": average}, weights=(None, "zero"))
    for aggregation in (None, "uniform_average", "variance_weighted_average"):
        cases += _of("R2Score", "numbers", {"class_aggregation": aggregation})
        cases += _of("R2Score", "constant", {"class_aggregation": aggregation}, weights=(None,))
        cases += _of("R2Score", "one number", {"class_aggregation": aggregation, "num_regressors": 2})
    return cases


def name_of(case: Case) -> str:
    """Return a name for a case."""
    options = ", ".join(f"{name}={value!r}" for name, value in case.arguments.items())
    return f"{case.metric}({options}) of {case.data}" + (f", weights: {case.weights}" if case.weights else "")


CASES = {name_of(case): case for case in _cases()}
