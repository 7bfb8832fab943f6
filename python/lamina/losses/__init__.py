"""Losses: what training makes small.

A loss is a number a sample; what is reported is the mean over the samples, plus the penalties of
regularizers. In the formulas below p are a sample's outputs and y its targets. After a last softmax or
sigmoid a cross-entropy is computed from what went into that function, so it stays finite however large
the numbers are.

Formulas, the constant epsilon = 1e-7 in them and the gradients at their corners are those of Keras on
TensorFlow (keras/src/losses/losses.py).

An object is called with targets and outputs, and gives a number; a function, such as `mean_squared_error`, gives a
value a sample. A loss of your own is a class that derives from `Loss`, or a function; see there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import _check, _custom, _registry
from . import _functions
from ._base import FunctionLoss, Loss, TargetKind
from ._classification import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    Dice,
    KLDivergence,
    SparseCategoricalCrossentropy,
    Tversky,
)
from ._functions import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    categorical_hinge,
    cosine_similarity,
    dice,
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
    tversky,
)
from ._margins import CategoricalHinge, Hinge, SquaredHinge
from ._regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
)

_CLASSES: list[type[Loss]] = [
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    MeanSquaredError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError,
    Huber,
    LogCosh,
    Hinge,
    SquaredHinge,
    CategoricalHinge,
    KLDivergence,
    Poisson,
    CosineSimilarity,
    Dice,
    Tversky,
]
_NAMES: dict[str, type[Loss]] = {cls.core_name: cls for cls in _CLASSES} | {
    "bce": BinaryCrossentropy,
    "BCE": BinaryCrossentropy,
    "kld": KLDivergence,
    "KLD": KLDivergence,
    "mae": MeanAbsoluteError,
    "MAE": MeanAbsoluteError,
    "mse": MeanSquaredError,
    "MSE": MeanSquaredError,
    "mape": MeanAbsolutePercentageError,
    "MAPE": MeanAbsolutePercentageError,
    "msle": MeanSquaredLogarithmicError,
    "MSLE": MeanSquaredLogarithmicError,
}
#: What Keras resolves besides, and why it is not here.
_ONLY_IN_KERAS = {
    **dict.fromkeys(
        ("circle", "Circle"),
        "it compares the outputs of all pairs of samples in a batch, to learn similarities, not targets",
    ),
    **dict.fromkeys(("ctc", "CTC"), "it aligns sequences, and there are no layers for sequences"),
    **dict.fromkeys(
        ("Loss", "LossFunctionWrapper"),
        "it is a base class: derive one from lamina.losses.Loss, or give a function",
    ),
}
#: The functions here, and the classes that stand for them in `compile`.
_FUNCTIONS: dict[Any, type[Loss]] = {getattr(_functions, cls.core_name): cls for cls in _CLASSES}
#: The same by their names, as Keras's files have them.
_BY_FUNCTION: dict[str | None, type[Loss]] = {cls.core_name: cls for cls in _CLASSES}

__all__ = [
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "Dice",
    "FunctionLoss",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "TargetKind",
    "Tversky",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "categorical_hinge",
    "cosine_similarity",
    "deserialize",
    "dice",
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
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "tversky",
]


def known() -> list[str]:
    """Return the names of all losses."""
    return _registry.canonical(_NAMES)


def get(identifier: str | Mapping[str, Any] | type[Loss] | Loss | Callable[..., Any]) -> Loss:
    """Return the loss that a name, a configuration, a class, an instance or a function stands for.

    A function of this module stands for the class of its name; one of your own for a `FunctionLoss`.

    Parameters
    ----------
    identifier : str, dict, type, Loss or callable
        A name, ``{"class_name": ..., "config": {...}}``, a class, an instance, or a function.

    Raises
    ------
    ValueError
        For an unknown name, and for a loss that only Keras has.
    TypeError
        For anything else, and for a class of your own without `value_and_gradient`.
    """
    identifier = _custom.made(identifier, "loss", Loss)
    if isinstance(identifier, Loss) or (isinstance(identifier, type) and issubclass(identifier, Loss)):
        loss = identifier() if isinstance(identifier, type) else identifier
        _refuse_unfinished(loss)
        return loss
    if callable(identifier) and not isinstance(identifier, (type, Mapping)):
        for function, cls in _FUNCTIONS.items():
            if function is identifier:
                return cls()
        return FunctionLoss(identifier)
    name = _registry.function_named_in(identifier)
    if name in _BY_FUNCTION:
        return _BY_FUNCTION[name]()
    return _registry.resolve(identifier, "loss", Loss, _NAMES, own=False, only_in_keras=_ONLY_IN_KERAS)


def _refuse_unfinished(loss: Loss) -> None:
    name = type(loss).__name__
    if not (hasattr(loss, "name") and hasattr(loss, "reduction")):
        raise TypeError(f"the loss {name} has no name and reduction: its __init__ must call super().__init__()")
    if not (loss.is_own or isinstance(loss, tuple(_CLASSES))):
        instead = " instead of call" if hasattr(loss, "call") else ""
        raise TypeError(
            f"the loss {name} must have a method value_and_gradient(y_true, y_pred){instead}, which returns a value a "
            "sample and the gradient by y_pred: there is no automatic differentiation"
        )


def serialize(loss: Loss | Callable[..., Any]) -> dict[str, Any] | str:
    """Return what `get` makes an equal loss from: a configuration; of a function of this module its name.

    Of code of your own it is the name alone, which `deserialize` finds among `custom_objects` and what is registered;
    see `lamina.saving`.

    Parameters
    ----------
    loss : Loss or callable
        The loss.

    Raises
    ------
    TypeError
        For anything else.
    """
    if isinstance(loss, FunctionLoss):
        module = "__main__" if loss.name in _BY_FUNCTION else "builtins"  # where Keras, too, looks for its own first
        registered = _custom.registered_name(loss.function) or "function"
        return {"module": module, "class_name": "function", "config": loss.name, "registered_name": registered}
    if isinstance(loss, Loss):
        return _registry.serialize(loss, type(loss).__module__ if loss.is_own else "keras.losses")
    for function, cls in _FUNCTIONS.items():
        if function is loss:
            return cls.core_name
    raise TypeError(
        f"serialize({_check.shown(loss)}): only losses have a configuration; make a function of your own a class that "
        "derives from Loss"
    )


def deserialize(name: str | Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Loss:
    """Return the loss of a configuration or a name.

    Parameters
    ----------
    name : dict or str
        As from `serialize`.
    custom_objects : mapping of str, optional
        Classes and functions of your own, by the names that stand for them in configurations.

    Raises
    ------
    TypeError, ValueError
        As from `get`.
    """
    with _custom.scope(custom_objects, "deserialize"):
        return get(name)


def missing(identifier: Any) -> str | None:
    """Return the name of a user's own loss that a configuration stands for, if it is not at hand."""
    if not isinstance(identifier, Mapping) or _registry.function_named_in(identifier) in _BY_FUNCTION:
        return None
    names = _custom.names_in(identifier)
    module, registered = identifier.get("module"), identifier.get("registered_name")
    by_module = isinstance(module, str) and module.partition(".")[0] != "keras"
    if not by_module and registered in (None, identifier.get("class_name")):
        return None
    return names[-1] if names and _custom.find(identifier) is None else None
