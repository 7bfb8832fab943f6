"""Curves and points: how training went, what a regression misses, and what an activation function is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _check, activations
from ..callbacks import History
from . import _canvas
from ._canvas import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DASHES = ("solid", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)), (0, (8, 3)), (0, (3, 1, 1, 1, 1, 1)))


def history(
    history: History | Mapping[str, Any],
    ax: Axes | None = None,
    *,
    key: str = "loss",
    log: bool = False,
    legend: bool = True,
) -> Axes:
    """Draw a result of every epoch: of one training, with its validation, or of several side by side.

    Parameters
    ----------
    history : History or mapping
        What `fit` returned, or its ``history``; or a mapping from names to several of them.
    ax : matplotlib Axes, optional
        Where to draw.
    key : str
        Which result: 'loss', 'accuracy', and so on. The one of that name with ``'val_'`` before it is
        drawn too where there is one.
    log : bool
        Whether the axis is logarithmic.
    legend : bool
        Whether to draw a legend, to the right of the curves.

    Returns
    -------
    matplotlib Axes
        Where it was drawn.

    Raises
    ------
    TypeError, ValueError
        If no epoch was trained or there is no such result.
    ImportError
        If matplotlib is missing.
    """
    where = "history"
    runs = _runs(history, where)
    key = _canvas.text(key, "key", where)
    log = _check.boolean(log, "log", where)
    legend = _check.boolean(legend, "legend", where)
    curves: list[tuple[str, int, bool, Array]] = []
    for number, (name, results) in enumerate(runs.items()):
        if not any(len(values) for values in results.values()):
            raise ValueError(f"{where}(history=...): {name or 'it'} is empty: no epoch was trained")
        if key not in results:
            raise _check.unknown("key of the history", key, results)
        curves.append((name or "training", number, False, _results(results[key], key, where)))
        if f"val_{key}" in results:
            title = f"{name}, validation" if name else "validation"
            curves.append((title, number, True, _results(results[f"val_{key}"], f"val_{key}", where)))

    ax = _canvas.axes(ax, (6.0, 3.6), where)
    for title, number, validation, values in curves:
        colour = _canvas.COLOURS[number % 6]
        if len(runs) == 1:
            colour, dashes = _canvas.COLOURS[int(validation)], _DASHES[int(validation)]
        else:
            dashes = _DASHES[1 if validation else 0] if _validated(curves) else _DASHES[number % 6]
        dot = "o" if len(values) == 1 else None
        epochs = np.arange(1, len(values) + 1)
        ax.plot(epochs, values, color=colour, linestyle=dashes, marker=dot, linewidth=1.6, label=title)
    ax.set(xlabel="epoch", ylabel=key.replace("_", " "))
    _canvas.whole_ticks(ax.xaxis)
    if log:
        ax.set_yscale("log")
    _canvas.plain(ax)
    if legend:
        _canvas.legend_beside(ax)
    return ax


def _validated(curves: Sequence[tuple[str, int, bool, Array]]) -> bool:
    return any(validation for _, _, validation, _ in curves)


def _runs(given: Any, where: str) -> dict[str, Mapping[str, Any]]:
    """Return the results of each training by its name; one alone has no name."""
    if isinstance(given, History):
        return {"": given.history}
    if not isinstance(given, Mapping):
        raise TypeError(
            f"{where}(history={_check.shown(given)}): give what fit returned, or a dictionary of names and several"
        )
    if not given:
        raise ValueError(f"{where}(history=...): it is empty: no epoch was trained")
    if any(isinstance(value, (History, Mapping)) for value in given.values()):
        runs = {}
        for name, value in given.items():
            if not isinstance(value, (History, Mapping)):
                raise TypeError(f"{where}(history=...): {name!r} is {_check.shown(value)}, the others are histories")
            runs[str(name)] = value.history if isinstance(value, History) else value
        return runs
    return {"": given}


def _results(values: Any, key: str, where: str) -> Array:
    try:
        found = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        found = np.empty((0, 0))
    if found.ndim != 1 or not len(found):
        raise ValueError(f"{where}(history=...): {key!r} is {_check.shown(values)}; it must be a number an epoch")
    return found


def residuals(
    y_true: Any,
    y_pred: Any,
    ax: Axes | None = None,
    *,
    unit: str = "",
) -> Axes:
    """Draw what a regression misses, y_true - y_pred, against what it predicts.

    Parameters
    ----------
    y_true, y_pred : array_like
        Numbers, (n,) or (n, 1).
    ax : matplotlib Axes, optional
        Where to draw.
    unit : str
        What they are measured in, for the axes.

    Returns
    -------
    matplotlib Axes
        Where it was drawn.

    Raises
    ------
    TypeError, ValueError
        If they are no finite numbers or not equally many.
    ImportError
        If matplotlib is missing.
    """
    where = "residuals"
    truth = _canvas.numbers(y_true, "y_true", where).astype(np.float64)
    predicted = _canvas.numbers(y_pred, "y_pred", where, len(truth)).astype(np.float64)
    missed = truth - predicted
    error = float(np.sqrt(np.mean(missed**2)))
    of = f" [{unit}]" if _canvas.text(unit, "unit", where) else ""

    ax = _canvas.axes(ax, (6.0, 3.8), where)
    ax.axhline(0.0, color="black", linewidth=1.0)
    ax.axhspan(-error, error, color=_canvas.tint(_canvas.COLOURS[4], 0.3), zorder=0, label=f"RMSE: {error:.4g}")
    ax.scatter(predicted, missed, s=10, color=_canvas.COLOURS[0], alpha=0.5, linewidths=0, label="a sample")
    ax.set(xlabel=f"prediction{of}", ylabel=f"truth \N{MINUS SIGN} prediction{of}")
    _canvas.plain(ax)
    _canvas.legend_beside(ax)
    return ax


def activation(
    name: str | Mapping[str, Any] | activations.ActivationFunction,
    ax: Axes | None = None,
    *,
    low: float = -5.0,
    high: float = 5.0,
    legend: bool = True,
) -> Axes:
    """Draw an activation function and its derivative.

    Those that are taken over a row are drawn for a row (z, 0): its first output.

    Parameters
    ----------
    name : str, dict or ActivationFunction
        See `lamina.activations.get`.
    ax : matplotlib Axes, optional
        Where to draw.
    low, high : float
        From where to where.
    legend : bool
        Whether to draw a legend, to the right of the curves.

    Returns
    -------
    matplotlib Axes
        Where it was drawn.

    Raises
    ------
    TypeError, ValueError
        For an unknown name, or where `low` is not below `high`.
    ImportError
        If matplotlib is missing.
    """
    where = "activation"
    function = activations.get(name)
    low = _check.real(low, "low", where, "from -1e4 to 1e4", lambda value: abs(value) <= 1e4)
    high = _check.real(high, "high", where, "above low, up to 1e4", lambda value: low < value <= 1e4)
    legend = _check.boolean(legend, "legend", where)
    z = np.linspace(low, high, 1001)
    values = _of(function, z)
    if function.differentiable:
        h = 1e-5
        slopes = (_of(function, z + h) - _of(function, z - h)) / (2 * h)
    else:  # a step: it jumps, and has no slope there
        jump = np.flatnonzero(np.diff(values)) + 1
        slopes = np.insert(np.zeros_like(z), jump, np.nan)
        values, z = np.insert(values, jump, np.nan), np.insert(z, jump, np.nan)

    ax = _canvas.axes(ax, (5.0, 3.2), where)
    ax.axhline(0.0, color=_canvas.GREY, linewidth=0.6)
    ax.axvline(0.0, color=_canvas.GREY, linewidth=0.6)
    ax.plot(z, values, color=_canvas.COLOURS[0], linewidth=1.8, label="f(z)")
    ax.plot(z, slopes, color=_canvas.COLOURS[1], linewidth=1.5, linestyle=_DASHES[1], label="f\N{PRIME}(z)")
    row = "(z, 0)" if function.rowwise else ""
    ax.set(xlabel="z", title=f"{function.name}{row}", xlim=(low, high))
    _canvas.plain(ax)
    if legend:
        _canvas.legend_beside(ax)
    return ax


def _of(function: activations.ActivationFunction, z: Array) -> Array:
    if not function.rowwise:
        return function(z)
    return function(np.stack([z, np.zeros_like(z)], axis=1))[:, 0]
