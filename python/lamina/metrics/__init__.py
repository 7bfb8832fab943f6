"""Metrics: what `fit` and `evaluate` report beside the loss. None of them counts penalties.

Each runs over all samples of an epoch; it is never a mean of what the batches gave. Stand-alone a metric is given
batches by `update_state`, and `result` returns its value for all of them; `reset_state` begins anew.

Formulas and corner cases are those of Keras on TensorFlow (keras/src/metrics). Sums are float64 where Keras's are
float32. Metrics of one class in a model are told apart by '_1', '_2', ..., not by a count of all that were ever made.

In a model the accuracies and the mean, root mean squared and mean absolute errors are computed by the core. The others,
and those of your own, see each batch's outputs in Python, which takes time after each step. A metric of your own is a
class that derives from `Metric`, or a function; see there and `MeanMetricWrapper`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import _check, _custom, _registry
from ..losses import (
    Loss,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from ._accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    ShapedAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from ._auc import AUC
from ._base import Metric, snake_case
from ._confusion import (
    FalseNegatives,
    FalsePositives,
    Precision,
    PrecisionAtRecall,
    Recall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
    TrueNegatives,
    TruePositives,
)
from ._f_scores import F1Score, FBetaScore
from ._losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    Hinge,
    KLDivergence,
    LogCoshError,
    MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError,
    Poisson,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from ._reductions import Mean, MeanMetricWrapper, Sum, name_of
from ._regression import (
    ConcordanceCorrelation,
    CosineSimilarity,
    MeanAbsoluteError,
    MeanSquaredError,
    PearsonCorrelation,
    R2Score,
    RootMeanSquaredError,
)

_CLASSES: list[type[Metric]] = [
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    BinaryAccuracy,
    TopKCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    RootMeanSquaredError,
    MeanSquaredError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError,
    LogCoshError,
    CosineSimilarity,
    PearsonCorrelation,
    ConcordanceCorrelation,
    R2Score,
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    KLDivergence,
    Poisson,
    Hinge,
    SquaredHinge,
    CategoricalHinge,
    AUC,
    Precision,
    Recall,
    F1Score,
    FBetaScore,
    TruePositives,
    TrueNegatives,
    FalsePositives,
    FalseNegatives,
    PrecisionAtRecall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
    Accuracy,
]
_NAMES: dict[str, type[Metric]] = {snake_case(cls.__name__): cls for cls in _CLASSES if cls is not Accuracy} | {
    "accuracy": ShapedAccuracy,
    "acc": ShapedAccuracy,
    "Accuracy": Accuracy,  # of configurations; see _named
    "bce": BinaryCrossentropy,
    "BCE": BinaryCrossentropy,
    "mse": MeanSquaredError,
    "MSE": MeanSquaredError,
    "mae": MeanAbsoluteError,
    "MAE": MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError,
    "MAPE": MeanAbsolutePercentageError,
    "msle": MeanSquaredLogarithmicError,
    "MSLE": MeanSquaredLogarithmicError,
}
#: What no name alone stands for.
_NEED_MORE = (Accuracy, PrecisionAtRecall, RecallAtPrecision, SensitivityAtSpecificity, SpecificityAtSensitivity)
_IOU = ("IoU", "BinaryIoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU")
#: What Keras resolves besides, and why it is not here.
_ONLY_IN_KERAS = {
    **dict.fromkeys((*_IOU, *map(snake_case, _IOU)), "it compares the areas of images, and there are no such outputs"),
    **dict.fromkeys(("Metric", "metric"), "it is a base class: derive one from lamina.metrics.Metric"),
    **dict.fromkeys(
        ("Mean", "mean", "Sum", "sum"), "it takes values, not targets and outputs: call it in a metric of your own"
    ),
    **dict.fromkeys(
        ("MeanMetricWrapper", "mean_metric_wrapper"), "it stands for a function: give that, or MeanMetricWrapper(fn)"
    ),
}
#: The functions here that are the values of a metric.
_FUNCTIONS: dict[Any, type[Metric]] = {
    binary_accuracy: BinaryAccuracy,
    categorical_accuracy: CategoricalAccuracy,
    sparse_categorical_accuracy: SparseCategoricalAccuracy,
    top_k_categorical_accuracy: TopKCategoricalAccuracy,
    sparse_top_k_categorical_accuracy: SparseTopKCategoricalAccuracy,
    binary_crossentropy: BinaryCrossentropy,
    categorical_crossentropy: CategoricalCrossentropy,
    sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
    categorical_hinge: CategoricalHinge,
    hinge: Hinge,
    squared_hinge: SquaredHinge,
    kl_divergence: KLDivergence,
    log_cosh: LogCoshError,
    mean_absolute_error: MeanAbsoluteError,
    mean_absolute_percentage_error: MeanAbsolutePercentageError,
    mean_squared_error: MeanSquaredError,
    mean_squared_logarithmic_error: MeanSquaredLogarithmicError,
    poisson: Poisson,
}

__all__ = [
    "AUC",
    "Accuracy",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "ConcordanceCorrelation",
    "CosineSimilarity",
    "F1Score",
    "FBetaScore",
    "FalseNegatives",
    "FalsePositives",
    "Hinge",
    "KLDivergence",
    "LogCoshError",
    "Mean",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Metric",
    "PearsonCorrelation",
    "Poisson",
    "Precision",
    "PrecisionAtRecall",
    "R2Score",
    "Recall",
    "RecallAtPrecision",
    "RootMeanSquaredError",
    "SensitivityAtSpecificity",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "SpecificityAtSensitivity",
    "SquaredHinge",
    "Sum",
    "TopKCategoricalAccuracy",
    "TrueNegatives",
    "TruePositives",
    "binary_accuracy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_accuracy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "deserialize",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "known",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "poisson",
    "serialize",
    "sparse_categorical_accuracy",
    "sparse_categorical_crossentropy",
    "sparse_top_k_categorical_accuracy",
    "squared_hinge",
    "top_k_categorical_accuracy",
]


def known() -> list[str]:
    """Return the names of all metrics that a name alone stands for."""
    return _registry.canonical({name: cls for name, cls in _NAMES.items() if cls not in _NEED_MORE})


def get(identifier: str | Mapping[str, Any] | type[Metric] | Metric | Callable[..., Any]) -> Metric:
    """Return the metric that a name, a configuration, a class, an instance or a function stands for.

    A metric made from a name is called by that name: 'mae' reports as 'mae'. 'accuracy' and 'acc', in any case, take
    the form that fits: binary for one output, sparse for integer labels, else categorical. A function of this module
    stands for its metric, one of your own for a `MeanMetricWrapper`; both are called by the function's name.

    Parameters
    ----------
    identifier : str, dict, type, Metric or callable
        A name, ``{"class_name": ..., "config": {...}}``, a class, an instance, or a function of (y_true, y_pred).

    Raises
    ------
    ValueError
        For an unknown name, and for a metric that only Keras has.
    TypeError
        For anything else.
    """
    identifier = _custom.made(identifier, "metric", Metric)
    function = _registry.function_named_in(identifier)
    if function is not None:
        identifier = {name_of(own): own for own in _FUNCTIONS}.get(function, function)
    if isinstance(identifier, str):
        return _named(identifier)
    if isinstance(identifier, (type, Metric)) and _is_metric(identifier):
        metric = identifier() if isinstance(identifier, type) else identifier
        _refuse_unfinished(metric)
        return metric
    if callable(identifier) and not isinstance(identifier, (type, Mapping, Loss)):
        for function, cls in _FUNCTIONS.items():
            if function is identifier:
                return cls(name=name_of(function))
        return MeanMetricWrapper(identifier, name_of(identifier))
    return _registry.resolve(identifier, "metric", Metric, _NAMES, only_in_keras=_ONLY_IN_KERAS)


def _named(name: str) -> Metric:
    if name.lower() in ("accuracy", "acc"):
        return ShapedAccuracy(name=name)
    for cls in _NEED_MORE:
        if name in (cls.__name__, snake_case(cls.__name__)):
            raise ValueError(f"metric {name!r} needs more than its name: give {cls.__name__}(...)")
    metric = _registry.resolve(name, "metric", Metric, _NAMES, only_in_keras=_ONLY_IN_KERAS)
    metric.name = name
    return metric


def _is_metric(identifier: Any) -> bool:
    return issubclass(identifier if isinstance(identifier, type) else type(identifier), Metric)


def _refuse_unfinished(metric: Metric) -> None:
    name = type(metric).__name__
    if not (hasattr(metric, "name") and hasattr(metric, "_variables")):
        raise TypeError(f"the metric {name} has no name: its __init__ must call super().__init__()")
    takes_values = isinstance(metric, (Mean, Sum)) and type(metric).update_state in (
        Mean.update_state,
        Sum.update_state,
    )
    if takes_values:
        raise TypeError(f"the metric {name} takes values, not targets and outputs: call it in a metric of your own")
    for method in ("update_state", "result"):
        if getattr(type(metric), method) is getattr(Metric, method) and not metric.is_native:
            raise TypeError(f"the metric {name} must have a method {method}: see lamina.metrics.Metric")


def is_own(metric: Metric) -> bool:
    """Return whether a metric is code of a user's own.

    Parameters
    ----------
    metric : Metric
        The metric.
    """
    return type(metric) not in _NAMES.values()


def serialize(metric: Metric | Callable[..., Any]) -> str | dict[str, Any]:
    """Return what `get` makes an equal metric from: a configuration, or a name.

    Parameters
    ----------
    metric : Metric or callable
        The metric, or a function of this module.

    Raises
    ------
    TypeError
        For anything else, and for a function of your own, which no configuration holds.
    """
    if isinstance(metric, ShapedAccuracy):
        return metric.name
    if isinstance(metric, Metric) and not isinstance(metric, MeanMetricWrapper):
        return _registry.serialize(metric, type(metric).__module__ if is_own(metric) else "keras.metrics")
    for function in _FUNCTIONS:
        if function is metric:
            return name_of(function)
    raise TypeError(
        f"serialize({_check.shown(metric)}): only metrics have a configuration; make a function of your own a class "
        "that derives from Metric"
    )


def deserialize(config: str | Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Metric:
    """Return the metric of a configuration or a name.

    Parameters
    ----------
    config : dict or str
        As from `serialize`.
    custom_objects : mapping of str, optional
        Classes and functions of your own, by the names that stand for them in configurations.

    Raises
    ------
    TypeError, ValueError
        As from `get`.
    """
    with _custom.scope(custom_objects, "deserialize"):
        return get(config)
