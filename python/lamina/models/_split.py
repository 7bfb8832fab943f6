"""Which rows `fit` takes for validation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _check, _core

Array = NDArray[Any]

_WAYS = ("last", "random", "stratified")


def way(value: Any, fraction: float, other_data: bool) -> str:
    """Return the checked `validation_rows` of `fit`, which needs a fraction and no data of their own.

    Raises
    ------
    ValueError
        If it is unknown, or would have no effect.
    """
    where = f"fit(validation_rows={_check.shown(value)})"
    if not isinstance(value, str) or value not in _WAYS:
        raise ValueError(f"{where}: validation_rows must be 'last', 'random' or 'stratified'")
    if value != "last" and (fraction == 0 or other_data):
        raise ValueError(f"{where}: it says which rows validation_split takes; give that, and no validation_data")
    return value


def rows(how: str, y: Array, fraction: float, seed: int) -> tuple[Any, Any]:
    """Return what selects the rows to train on, in their order, and those to validate on.

    Parameters
    ----------
    how : {'last', 'random', 'stratified'}
        The last rows; any; or any, of each class its share.
    y : ndarray
        The targets as the core reads them.
    fraction : float
        The share of the rows to validate on, in (0, 1).
    seed : int
        What random rows follow from.

    Returns
    -------
    tuple of slice, or of ndarray of int64
        Two slices for the last rows, else the rows' numbers.

    Raises
    ------
    ValueError
        If one of the two parts would be empty, or, for 'stratified', the targets are no classes, or a class has
        but one row.
    """
    total = len(y)
    at = int(total * (1.0 - fraction))
    if at == 0 or at == total:
        raise ValueError(f"fit(validation_split={fraction}): {total} rows cannot be split so that both parts have some")
    if how == "last":
        return slice(None, at), slice(at, None)
    order = np.argsort(_core.random_uniform(seed, (total,), 0.0, 1.0), kind="stable")
    taken = np.zeros(total, bool)
    taken[order[at:] if how == "random" else _of_each_class(_classes(y), order, total - at)] = True
    return np.flatnonzero(~taken), np.flatnonzero(taken)


def _classes(y: Array) -> NDArray[np.int64]:
    """Return the class of every row, from 0 on."""
    if y.ndim == 1 and y.dtype == np.int64:
        labels = y
    elif y.ndim == 2 and y.shape[1] > 1 and np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all():
        labels = y.argmax(axis=1)
    elif y.ndim == 2 and y.shape[1] == 1 and np.isin(y, (-1, 0, 1)).all():
        labels = y[:, 0]
    else:
        raise ValueError(
            "fit(validation_rows='stratified'): the targets must be classes: integer labels, one-hot rows, or 0 and 1 "
            "(-1 and 1) for one output"
        )
    found, classes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if counts.min() < 2:
        alone = found[counts.argmin()]
        raise ValueError(f"fit(validation_rows='stratified'): class {alone:g} has one row only; it needs two at least")
    return classes


def _of_each_class(classes: NDArray[np.int64], order: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return `count` rows: of each class its share, rounded down, and one more of those that lost most by that."""
    sizes = np.bincount(classes)
    shares = sizes * (count / len(classes))
    takes = np.floor(shares).astype(np.int64)
    lost_most = np.argsort(takes - shares, kind="stable")
    takes[lost_most[: count - takes.sum()]] += 1
    by_class = order[np.argsort(classes[order], kind="stable")]
    begins = np.cumsum(sizes) - sizes
    return np.concatenate([by_class[begin : begin + take] for begin, take in zip(begins, takes, strict=True)])
