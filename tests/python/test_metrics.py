"""Metrics by themselves: against definitions by hand, batch by batch, of one's own, and with bad input."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamina import metrics

# --- by hand --------------------------------------------------------------------------------------------------------


def pairs_in_order(y: Any, p: Any, w: Any) -> float:
    """Return the weight of pairs of a positive and a negative whose outputs stand in their order, equal ones half."""
    pairs = [
        (wi * wj, (pi > pj) + (pi == pj) / 2)
        for yi, pi, wi in zip(y, p, w, strict=True)
        for yj, pj, wj in zip(y, p, w, strict=True)
        if yi and not yj
    ]
    return sum(weight * right for weight, right in pairs) / sum(weight for weight, _ in pairs)


rows = st.lists(st.tuples(st.booleans(), st.integers(0, 20), st.integers(1, 3)), min_size=2, max_size=25)


@settings(max_examples=60, deadline=None)
@given(rows)
def test_auc_counts_pairs_in_order(given_rows: list[tuple[bool, int, int]]) -> None:
    """With a threshold between any two outputs the area is the share of pairs in order."""
    given_rows = [(True, 7, 1), (False, 7, 2), *given_rows]
    y, p, w = (np.array(column, float) for column in zip(*given_rows, strict=True))
    metric = metrics.AUC(thresholds=[(k + 0.5) / 21 for k in range(21)])
    for half in (slice(None, None, 2), slice(1, None, 2)):
        metric.update_state(y[half], p[half] / 21, w[half])
    assert metric.result() == pytest.approx(pairs_in_order(y, p, w), abs=1e-12)


def test_average_precision_by_hand() -> None:
    """Precision over recall with steps of the smaller height: of positives at ranks 1 and 3."""
    metric = metrics.AUC(curve="PR", summation_method="majoring", thresholds=[0.15, 0.25, 0.35, 0.45])
    metric.update_state([1, 0, 1, 0], [0.5, 0.4, 0.3, 0.2])
    assert metric.result() == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


def test_counts_and_what_is_made_of_them() -> None:
    y, p, w = [1, 1, 0, 0, 1], [0.9, 0.4, 0.6, 0.1, 0.5], [1, 2, 3, 4, 5]
    counts = [metrics.TruePositives(), metrics.FalsePositives(), metrics.TrueNegatives(), metrics.FalseNegatives()]
    assert [metric(y, p) for metric in counts] == [1, 1, 1, 2]  # 0.5 is not above 0.5
    for metric in counts:
        metric.reset_state()
    assert [metric(y, p, w) for metric in counts] == [1, 3, 4, 7]
    assert metrics.Precision()(y, p) == 0.5
    assert metrics.Recall()(y, p) == pytest.approx(1 / 3)
    np.testing.assert_allclose(metrics.Recall(thresholds=[0.95, 0.45, 0])(y, p), [0, 2 / 3, 1])
    precision, recall = 2 / 3, 2 / 3
    two = np.array([[1, 0], [1, 0], [0, 1]]), np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    first = metrics.F1Score()(*two)
    assert isinstance(first, np.ndarray)
    assert first == pytest.approx([0.5, 0.0], abs=1e-6)
    beta = metrics.FBetaScore(beta=2.0, average="micro", threshold=0.5)(
        [[1], [1], [1], [0]], [[0.9], [0.6], [0.1], [0.8]]
    )
    assert beta == pytest.approx(5 * precision * recall / (4 * precision + recall), abs=1e-6)


def test_top_k_counts_ties_as_right() -> None:
    p = [[0.1, 0.3, 0.3, 0.3], [0.4, 0.3, 0.2, 0.1]]
    assert metrics.SparseTopKCategoricalAccuracy(2)([1, 2], p) == 0.5
    assert metrics.TopKCategoricalAccuracy(3)(np.eye(4)[[3, 2]], p) == 1
    assert metrics.Precision(top_k=2)([[0, 0, 1, 0]], p[:1]) == 0.5  # of equal outputs the first ones


def test_regression_scores() -> None:
    generator = np.random.default_rng(3)
    y, p = generator.normal(size=(40, 2)), generator.normal(size=(40, 2))
    residual, total = ((y - p) ** 2).sum(axis=0), ((y - y.mean(axis=0)) ** 2).sum(axis=0)
    np.testing.assert_allclose(metrics.R2Score(class_aggregation=None)(y, p), 1 - residual / total)
    adjusted = 1 - (1 - (1 - residual / total).mean()) * 79 / (80 - 1 - 3)
    assert metrics.R2Score(num_regressors=3)(y, p) == pytest.approx(adjusted)
    with pytest.warns(UserWarning, match="num_regressors=7"):
        metrics.R2Score(num_regressors=7)(y[:3], p[:3])
    by_column = [np.corrcoef(y[:, c], p[:, c])[0, 1] for c in range(2)]
    assert metrics.PearsonCorrelation(axis=0)(y, p) == pytest.approx(np.mean(by_column))
    assert metrics.ConcordanceCorrelation(axis=0)(y, y) == pytest.approx(1, abs=1e-6)
    assert metrics.CosineSimilarity()([[1.0, 0.0]], [[2.0, 0.0]]) == pytest.approx(1)


def test_sums_and_means_of_values() -> None:
    assert metrics.Sum()([1, 3, 5, 7], [1, 1, 0, 0]) == 4
    mean = metrics.Mean()
    assert mean.result() == 0
    assert mean([1, 3, 5, 7], [1, 1, 0, 0]) == 2
    assert mean([[10.0, 20.0]]) == pytest.approx(19 / 3)
    assert mean(5) == pytest.approx(24 / 4)
    wrapped = metrics.MeanMetricWrapper(lambda y, p, power: abs(y - p) ** power, name="power", power=3)
    assert wrapped([0, 0], [1.0, 2.0]) == 4.5
    assert wrapped.name == "power"


# --- state ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", metrics.known())
def test_a_copy_has_the_state_and_goes_its_own_way(name: str) -> None:
    labels = metrics.get(name).takes == "labels"
    if name == "accuracy":
        return
    y = np.array([0, 1, 1]) if labels else np.eye(2)[[0, 1, 1]]
    p = np.array([[0.75, 0.25], [0.5, 0.5], [0.125, 0.875]])
    metric = metrics.get(name)
    metric.update_state(y, p)
    before = np.array(metric.result())
    for made in (copy.deepcopy(metric), pickle.loads(pickle.dumps(metric))):
        np.testing.assert_array_equal(made.result(), before)
        made.update_state(y, p[::-1])
        made.reset_state()
        made.update_state(y, p)
        np.testing.assert_array_equal(made.result(), before)
    np.testing.assert_array_equal(metric.result(), before)


def test_sums_keep_what_float32_loses() -> None:
    metric = metrics.TruePositives()
    metric.accumulator.assign(2**24)
    metric.update_state(np.ones(1, np.float32), np.ones(1, np.float32))
    assert metric.result() == 2**24 + 1


class WithinOne(metrics.Metric):
    """That of the documentation."""

    def __init__(self, name: str = "within_one") -> None:
        super().__init__(name=name)
        self.right = self.add_variable(name="right")
        self.all = self.add_weight(name="all")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        right = (np.abs(np.asarray(y_true) - y_pred) < 1).mean(axis=1)
        weights = np.ones(len(right)) if sample_weight is None else sample_weight
        self.right.assign_add((weights * right).sum())
        self.all.assign_add(weights.sum())

    def result(self) -> Any:
        return self.right / self.all if self.all else 0.0


def test_a_metric_of_ones_own() -> None:
    metric = WithinOne()
    assert metric([[1.0], [2.0]], np.array([[1.5], [9.0]])) == 0.5
    assert [variable.shape for variable in metric.variables] == [(), ()]
    metric.reset_state()
    assert metric.result() == 0
    metric.right.assign_sub(-3)
    assert metric.right == 3
    assert metrics.get(WithinOne).name == "within_one"
    assert metrics.is_own(metric)


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("identifier", "cls", "name"),
    [
        ("auc", metrics.AUC, "auc"),
        ("AUC", metrics.AUC, "AUC"),
        (metrics.AUC, metrics.AUC, "auc"),
        ("bce", metrics.BinaryCrossentropy, "bce"),
        ("log_cosh_error", metrics.LogCoshError, "log_cosh_error"),
        (metrics.LogCoshError, metrics.LogCoshError, "logcosh"),
        ("f_beta_score", metrics.FBetaScore, "f_beta_score"),
        (metrics.FBetaScore, metrics.FBetaScore, "fbeta_score"),
        (metrics.mean_squared_error, metrics.MeanSquaredError, "mean_squared_error"),
        (metrics.log_cosh, metrics.LogCoshError, "log_cosh"),
        (metrics.huber, metrics.MeanMetricWrapper, "huber"),
        (lambda y, p: y, metrics.MeanMetricWrapper, "lambda"),
        ({"class_name": "Accuracy", "config": {"name": "a"}}, metrics.Accuracy, "a"),
        ({"class_name": "AUC", "config": {"name": "a", "dtype": "float32"}}, metrics.AUC, "a"),
    ],
)
def test_names_are_keras_names(identifier: Any, cls: type, name: str) -> None:
    metric = metrics.get(identifier)
    assert type(metric) is cls
    assert metric.name == name


@pytest.mark.parametrize(
    ("identifier", "error", "words"),
    [
        ("MeanIoU", ValueError, "Keras has it: it compares the areas"),
        ("mean", ValueError, "takes values"),
        (metrics.Mean, TypeError, "takes values"),
        (metrics.Metric, TypeError, "must have a method update_state"),
        ("precision_at_recall", ValueError, r"give PrecisionAtRecall\("),
        ("aucc", ValueError, "Did you mean 'auc'"),
        (lambda y: y, TypeError, "two arguments"),
        (3, TypeError, "metric 3"),
        (None, TypeError, "metric None"),
    ],
)
def test_what_is_no_metric_is_refused(identifier: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        metrics.get(identifier)


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", metrics.known())
@pytest.mark.parametrize(
    ("y", "p", "w"),
    [
        (None, [[0.5, 0.5]], None),
        ([[1.0, 0.0]], [[math.nan, 0.5]], None),
        ([[1.0, math.inf]], [[0.5, 0.5]], None),
        ([[1.0, 0.0]], "text", None),
        ([[1.0, 0.0]], [[0.5, 0.25, 0.25]], None),
        ([[1.0, 0.0]] * 3, [[0.5, 0.5]] * 2, None),
        ([[1.0, 0.0]], [[0.5, 0.5]], [math.nan]),
        ([[1.0, 0.0]] * 3, [[0.5, 0.5]] * 3, [1.0, 2.0]),
        ([[1.0, 0.0]], [[0.5, 0.5]], "text"),
        ([[1.0, 0.0]], 0.5, None),
    ],
)
def test_bad_batches_are_refused_and_not_counted(name: str, y: Any, p: Any, w: Any) -> None:
    metric = metrics.get(name)
    if name == "accuracy":
        return
    if metric.takes == "labels" and y is not None:
        y = np.asarray(y)[:, 0]
        if np.isfinite(y).all() and np.shape(p) == (1, 3):
            p = [[0.5, 0.5]] * 2
        y = y if (np.isfinite(y).all() and np.shape(p) != (1, 2)) or w is not None else [math.inf]
    before = [variable.copy() for variable in metric.variables]
    with pytest.raises((TypeError, ValueError), match=r"y_true|y_pred|sample_weight"):
        metric.update_state(y, p, w)
    for variable, old in zip(metric.variables, before, strict=False):
        np.testing.assert_array_equal(variable, old)
        assert not variable.any()


@pytest.mark.parametrize(
    ("function", "error", "words"),
    [
        (lambda y, p: None, TypeError, "the metric 'f' returned"),
        (lambda y, p: "text", TypeError, "the metric 'f' returned"),
        (lambda y, p: math.nan, ValueError, "the metric 'f' returned nan"),
        (lambda y, p: np.array([0, math.inf, 0]), ValueError, r"the metric 'f' returned inf at \[1\]"),
        (lambda y, p: np.zeros(2), ValueError, r"the metric 'f' returned an array of shape \(2,\)"),
        (lambda y, p: np.zeros((3, 0)), ValueError, "the metric 'f' returned an array of shape"),
    ],
)
def test_what_a_function_returns_is_checked(function: Any, error: type[Exception], words: str) -> None:
    metric = metrics.MeanMetricWrapper(function, name="f")
    with pytest.raises(error, match=words):
        metric.update_state(np.zeros((3, 2)), np.zeros((3, 2)))
    assert metric.result() == 0


@pytest.mark.parametrize(
    ("made", "y", "p", "words"),
    [
        (metrics.Precision(class_id=2), [[1, 0]], [[0.5, 0.5]], "class_id=2"),
        (metrics.Recall(top_k=3), [[1, 0]], [[0.5, 0.5]], "top_k=3"),
        (metrics.Recall(top_k=1), [1, 0], [0.5, 0.5], "no classes"),
        (metrics.AUC(multi_label=True), [1, 0], [0.5, 0.5], "multi_label"),
        (metrics.AUC(multi_label=True, num_labels=3), [[1, 0]], [[0.5, 0.5]], "num_labels"),
        (metrics.AUC(label_weights=[1, 2, 3]), [[1, 0]], [[0.5, 0.5]], "label_weights"),
        (metrics.F1Score(), [1, 0], [0.5, 0.5], "must be"),
        (metrics.R2Score(), [1, 0], [0.5, 0.5], "must be"),
        (metrics.CosineSimilarity(axis=2), [[1, 0]], [[0.5, 0.5]], "axis 2"),
        (metrics.SparseTopKCategoricalAccuracy(), [2], [[0.5, 0.5]], "labels of 2 classes are 0 to 1"),
    ],
)
def test_options_that_the_data_do_not_fit(made: metrics.Metric, y: Any, p: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        made.update_state(y, p)


@pytest.mark.parametrize(
    "arguments", [{"shape": 3}, {"shape": (-1,)}, {"dtype": "int32"}, {"name": 3}, {"initializer": 3}]
)
def test_bad_variables_are_refused(arguments: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=f"{next(iter(arguments))}"):
        WithinOne().add_variable(**arguments)
