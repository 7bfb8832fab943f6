"""The losses as functions that give a value a sample, as Keras has them; each is that of the class of its name.

All take targets and outputs as the call of such a class does, (..., outputs), refuse what it refuses, and return values
of the shape (...): numbers for one sample, and for what is one number for a whole batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _classification, _margins, _regression
from ._base import Loss

Array = NDArray[Any]


def _values(loss: Loss, y_true: Any, y_pred: Any) -> Array | np.floating[Any]:
    return loss.values(y_true, y_pred)[()]


def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array | np.floating[Any]:
    """Return the values of `lamina.losses.BinaryCrossentropy`.

    Parameters
    ----------
    y_true, y_pred : array_like
        As for `lamina.losses.BinaryCrossentropy`.
    from_logits, label_smoothing, axis
        As there.

    Returns
    -------
    ndarray
        A value a sample, (...).
    """
    loss = _classification.BinaryCrossentropy(
        from_logits=from_logits,
        label_smoothing=label_smoothing,
        axis=axis,
    )
    return _values(loss, y_true, y_pred)


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array | np.floating[Any]:
    """Return the values of `lamina.losses.BinaryFocalCrossentropy`.

    Parameters
    ----------
    y_true, y_pred : array_like
        As for `lamina.losses.BinaryFocalCrossentropy`.
    apply_class_balancing, alpha, gamma, from_logits, label_smoothing, axis
        As there.

    Returns
    -------
    ndarray
        A value a sample, (...).
    """
    loss = _classification.BinaryFocalCrossentropy(
        apply_class_balancing=apply_class_balancing,
        alpha=alpha,
        gamma=gamma,
        from_logits=from_logits,
        label_smoothing=label_smoothing,
        axis=axis,
    )
    return _values(loss, y_true, y_pred)


def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array | np.floating[Any]:
    """Return the values of `lamina.losses.CategoricalCrossentropy`.

    Parameters
    ----------
    y_true, y_pred : array_like
        As for `lamina.losses.CategoricalCrossentropy`.
    from_logits, label_smoothing, axis
        As there.

    Returns
    -------
    ndarray
        A value a sample, (...).
    """
    loss = _classification.CategoricalCrossentropy(
        from_logits=from_logits,
        label_smoothing=label_smoothing,
        axis=axis,
    )
    return _values(loss, y_true, y_pred)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float | Sequence[float] = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array | np.floating[Any]:
    """Return the values of `lamina.losses.CategoricalFocalCrossentropy`.

    Parameters
    ----------
    y_true, y_pred : array_like
        As for `lamina.losses.CategoricalFocalCrossentropy`.
    alpha, gamma, from_logits, label_smoothing, axis
        As there.

    Returns
    -------
    ndarray
        A value a sample, (...).
    """
    loss = _classification.CategoricalFocalCrossentropy(
        alpha=alpha,
        gamma=gamma,
        from_logits=from_logits,
        label_smoothing=label_smoothing,
        axis=axis,
    )
    return _values(loss, y_true, y_pred)


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Array | np.floating[Any]:
    """Return the values of `lamina.losses.CategoricalGeneralizedCrossEntropy`.

    Parameters
    ----------
    y_true, y_pred : array_like
        As for `lamina.losses.CategoricalGeneralizedCrossEntropy`.
    q
        As there.

    Returns
    -------
    ndarray
        A value a sample, (...).
    """
    return _values(_classification.CategoricalGeneralizedCrossEntropy(q=q), y_true, y_pred)


def categorical_hinge(y_true: Any, y_pred: Any) -> Array | np.floating[Any]:
    """Return the values of `lamina.losses.CategoricalHinge`.

    Parameters
    ----------
    y_true, y_pred : array_like
        As for `lamina.losses.CategoricalHinge`.

    Returns
    -------
    ndarray
        A value a sample, (...).
    """
    return _values(_margins.CategoricalHinge(), y_true, y_pred)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Array | np.floating[Any]:
    """Return the values of `lamina.losses.CosineSimilarity`.

    Parameters
    ----------
    y_true, y_pred : array_like
        As for `lamina.losses.CosineSimilarity`.
    axis
        As there.

    Returns
    -------
    ndarray
        A value a sample, (...).
    """
    return _values(_regression.CosineSimilarity(axis=axis), y_true, y_pred)


def dice(y_true: Any, y_pred: Any, axis: int | None = None) -> Array | np.floating[Any]:
    """Return the values of `lamina.losses.Dice`.

    Parameters
    ----------
    y_true, y_pred : array_like
        As for `lamina.losses.Dice`.
    axis
        As there.

    Returns
    -------
    ndarray
        One number with axis=None, else a value a sample.
    """
    return _values(_classification.Dice(axis=axis), y_true, y_pred)


def hinge(y_true: Any, y_pred: Any) -> Array | np.floating[Any]:
    """Return the values of `lamina.losses.Hinge`.

    Parameters
    ----------
    y_true, y_pred : array_like
        As for `lamina.losses.Hinge`.

    Returns
    -------
    ndarray
        A value a sample, (...).
    """
    return _values(_margins.Hinge(), y_true, y_pred)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Array | np.floating[Any]:
    """Return the values of `lamina.losses.Huber`.

    Parameters
    ----------
    y_true, y_pred : array_like
        As for `lamina.losses.Huber`.
    delta
        As there.

    Returns
    -------
    ndarray
        A value a sample, (...).
    """
    return _values(_regression.Huber(delta=delta), y_true, y_pred)


def kl_divergence(y_true: Any, y_pred: Any) -> Array | np.floating[Any]:
    """Return the values of `lamina.losses.KLDivergence`.

    Parameters
    ----------
    y_true, y_pred : array_like
        As for `lamina.losses.KLDivergence`.

    Returns
    -------
    ndarray
        A value a sample, (...).
    """
    return _values(_classification.KLDivergence(), y_true, y_pred)


def log_cosh(y_true: Any, y_pred: Any) -> Array | np.floating[Any]:
    """Return the values of `lamina.losses.LogCosh`.

    Parameters
    ----------
    y_true, y_pred : array_like
        As for `lamina.losses.LogCosh`.

    Returns
    -------
    ndarray
        A value a sample, (...).
    """
    return _values(_regression.LogCosh(), y_true, y_pred)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Array | np.floating[Any]:
    """Return the values of `lamina.losses.MeanAbsoluteError`.

    Parameters
    ----------
    y_true, y_pred : array_like
        As for `lamina.losses.MeanAbsoluteError`.

    Returns
    -------
    ndarray
        A value a sample, (...).
    """
    return _values(_regression.MeanAbsoluteError(), y_true, y_pred)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Array | np.floating[Any]:
    """Return the values of `lamina.losses.MeanAbsolutePercentageError`.

    Parameters
    ----------
    y_true, y_pred : array_like
        As for `lamina.losses.MeanAbsolutePercentageError`.

    Returns
    -------
    ndarray
        A value a sample, (...).
    """
    return _values(_regression.MeanAbsolutePercentageError(), y_true, y_pred)


def mean_squared_error(y_true: Any, y_pred: Any) -> Array | np.floating[Any]:
    """Return the values of `lamina.losses.MeanSquaredError`.

    Parameters
    ----------
    y_true, y_pred : array_like
        As for `lamina.losses.MeanSquaredError`.

    Returns
    -------
    ndarray
        A value a sample, (...).
    """
    return _values(_regression.MeanSquaredError(), y_true, y_pred)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Array | np.floating[Any]:
    """Return the values of `lamina.losses.MeanSquaredLogarithmicError`.

    Parameters
    ----------
    y_true, y_pred : array_like
        As for `lamina.losses.MeanSquaredLogarithmicError`.

    Returns
    -------
    ndarray
        A value a sample, (...).
    """
    return _values(_regression.MeanSquaredLogarithmicError(), y_true, y_pred)


def poisson(y_true: Any, y_pred: Any) -> Array | np.floating[Any]:
    """Return the values of `lamina.losses.Poisson`.

    Parameters
    ----------
    y_true, y_pred : array_like
        As for `lamina.losses.Poisson`.

    Returns
    -------
    ndarray
        A value a sample, (...).
    """
    return _values(_regression.Poisson(), y_true, y_pred)


def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Array | np.floating[Any]:
    """Return the values of `lamina.losses.SparseCategoricalCrossentropy`.

    Parameters
    ----------
    y_true, y_pred : array_like
        As for `lamina.losses.SparseCategoricalCrossentropy`.
    from_logits, ignore_class, axis
        As there.

    Returns
    -------
    ndarray
        A value a sample, (...).
    """
    loss = _classification.SparseCategoricalCrossentropy(
        from_logits=from_logits,
        ignore_class=ignore_class,
        axis=axis,
    )
    return _values(loss, y_true, y_pred)


def squared_hinge(y_true: Any, y_pred: Any) -> Array | np.floating[Any]:
    """Return the values of `lamina.losses.SquaredHinge`.

    Parameters
    ----------
    y_true, y_pred : array_like
        As for `lamina.losses.SquaredHinge`.

    Returns
    -------
    ndarray
        A value a sample, (...).
    """
    return _values(_margins.SquaredHinge(), y_true, y_pred)


def tversky(
    y_true: Any,
    y_pred: Any,
    alpha: float = 0.5,
    beta: float = 0.5,
    axis: int | None = None,
) -> Array | np.floating[Any]:
    """Return the values of `lamina.losses.Tversky`.

    Parameters
    ----------
    y_true, y_pred : array_like
        As for `lamina.losses.Tversky`.
    alpha, beta, axis
        As there.

    Returns
    -------
    ndarray
        One number with axis=None, else a value a sample.
    """
    return _values(_classification.Tversky(alpha=alpha, beta=beta, axis=axis), y_true, y_pred)
