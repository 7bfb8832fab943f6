"""What a model makes of a plane of two features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _check
from . import _canvas
from ._canvas import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SURFACES = ("classes", "probability")
_SIDE = 241  # points of the grid in each direction


def boundary(
    model: Any,
    x: Any,
    y: Any,
    ax: Axes | None = None,
    *,
    surface: str = "classes",
    threshold: float = 0.5,
    margin: float = 0.15,
    names: Sequence[str] | None = None,
    legend: bool = True,
) -> Axes:
    """Draw the classes that a model sees in a plane, and the points it was given.

    Parameters
    ----------
    model : object with predict
        Takes (n, 2). It may give classes as integers or strings (n,), one number a sample, which
        means the second of two classes where it is above `threshold`, or (n, classes), of which
        the largest counts.
    x : array_like
        The points, (n, 2).
    y : array_like
        The class of each, (n,), integers or strings, or one-hot (n, classes).
    ax : matplotlib Axes, optional
        Where to draw.
    surface : {'classes', 'probability'}
        What to colour the plane by: the class, or the output that stands for the second of two
        classes, with a bar that says which colour is which value. For outputs, of a regression say,
        that leave [0, 1], the bar goes from the smallest to the largest.
    threshold : float
        Where the boundary is, for one number a sample.
    margin : float
        How much of the plane to show around the points, as a share of their extent; at least 0.
    names : sequence of str, optional
        What to call the classes, in their order.
    legend : bool
        Whether to draw a legend, to the right of the plane.

    Returns
    -------
    matplotlib Axes
        Where it was drawn.

    Raises
    ------
    TypeError, ValueError
        If `x` has not two features, `y` not as many rows, or the model gives something else; for a
        probability of more than two classes.
    ImportError
        If matplotlib is missing.
    """
    where = "boundary"
    points = _canvas.plane(x, where)
    classes = _canvas.labels(y, "y", where, len(points))
    if not callable(getattr(model, "predict", None)):
        raise TypeError(f"{where}(model={_check.shown(model)}): model must have a method predict")
    if _canvas.text(surface, "surface", where) not in _SURFACES:
        raise _check.unknown("surface", surface, _SURFACES)
    threshold = _check.real(threshold, "threshold", where, "that is finite", lambda value: True)
    margin = _check.real(margin, "margin", where, "of at least 0", lambda value: value >= 0)
    legend = _check.boolean(legend, "legend", where)
    across, up = extent(points, margin)
    outputs = _outputs(model, grid_of(across, up), where)
    seen, score = _seen(outputs, threshold)
    if (classes.dtype.kind == "U") != (seen.dtype.kind == "U"):
        raise ValueError(
            f"{where}(y=...): the model gives {seen.dtype}, y is {classes.dtype}; give classes of one kind"
        )
    value = _value(outputs)
    if surface == "probability" and value is None:
        raise ValueError(f"{where}(surface='probability'): the model must give one or two numbers a sample")
    known = _known(classes, seen, outputs, where)
    titles = _titles(names, known, where)

    ax = _canvas.axes(ax, (5.6, 4.0), where)
    places = np.searchsorted(known, seen).reshape(_SIDE, _SIDE)
    if surface == "classes" or value is None:
        _colour_classes(ax, across, up, places, len(known))
    else:
        title = f"probability of {titles[1]}" if _within_one(value) else "output"
        colour_by(ax, across, up, value.reshape(_SIDE, _SIDE), title)
    edge(ax, across, up, [score.reshape(_SIDE, _SIDE)] if score is not None else _each(places))
    for i, entry in enumerate(known):
        here = points[classes == entry]
        style: dict[str, Any] = {"color": _canvas.COLOURS[i], "marker": _canvas.MARKERS[i], "edgecolors": "black"}
        ax.scatter(here[:, 0], here[:, 1], s=28, linewidths=0.6, zorder=3, label=titles[i], **style)
    ax.set(xlim=(across[0], across[-1]), ylim=(up[0], up[-1]), xlabel="$x_1$", ylabel="$x_2$")
    if legend:
        _canvas.legend_beside(ax)
    return ax


def extent(points: Array, margin: float) -> tuple[Array, Array]:
    """Return the coordinates, left to right and bottom to top, of a grid around points."""
    low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
    size = np.where(high > low, high - low, np.maximum(1.0, np.abs(high)))
    low, high = low - margin * size, high + margin * size
    flat = high <= low  # one point, no margin
    return (
        np.linspace(low[0] - flat[0], high[0] + flat[0], _SIDE),
        np.linspace(low[1] - flat[1], high[1] + flat[1], _SIDE),
    )


def grid_of(across: Array, up: Array) -> Array:
    """Return the points of a grid, row by row, as float32 (n, 2)."""
    return np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2).astype(np.float32)


def edge(ax: Axes, across: Array, up: Array, scores: list[Array], style: str = "solid") -> None:
    """Draw where scores change their sign."""
    for score in scores:
        if score.min() < 0 < score.max():
            ax.contour(across, up, score, [0.0], colors="black", linewidths=1.3, linestyles=style)


def colour_by(ax: Axes, across: Array, up: Array, value: Array, title: str | None) -> None:
    """Colour the plane by a value, from the first class's colour to the second's, with a bar where it has a title."""
    low, high = (0.0, 1.0) if _within_one(value) else (float(value.min()), float(value.max()))
    if not low < high:
        low, high = low - 0.5, high + 0.5
    colours = _canvas.diverging(0.6).reversed()
    image = ax.pcolormesh(across, up, value, cmap=colours, vmin=low, vmax=high, rasterized=True)
    if title is not None:
        _canvas.bar_below(ax, image, title)


def _colour_classes(ax: Axes, across: Array, up: Array, places: Array, count: int) -> None:
    from matplotlib.colors import ListedColormap

    colours = ListedColormap([_canvas.tint(colour, 0.25) for colour in _canvas.COLOURS[:count]])
    ax.pcolormesh(across, up, places, cmap=colours, vmin=-0.5, vmax=count - 0.5, rasterized=True)


def _each(places: Array) -> list[Array]:
    """Return, for each class but the last, a score that is positive in it."""
    return [(places == place) - 0.5 for place in np.unique(places)[:-1]]


def _within_one(value: Array) -> bool:
    return float(value.min()) >= 0.0 and float(value.max()) <= 1.0


def _outputs(model: Any, grid: Array, where: str) -> Array:
    """Return what the model gives, (n,) or (n, classes)."""
    outputs = np.asarray(model.predict(grid))
    if outputs.ndim == 2 and outputs.shape[1] == 1:
        outputs = outputs[:, 0]
    known = outputs.ndim == 1 or (outputs.ndim == 2 and outputs.dtype.kind == "f")
    if outputs.shape[:1] != (len(grid),) or not known or outputs.dtype.kind not in "biufU":
        raise ValueError(
            f"{where}(model={_check.shown(model)}): of {len(grid)} points predict gave {outputs.dtype} of shape "
            f"{outputs.shape}; it must give a class or a number a point, or a number a class"
        )
    if outputs.dtype.kind == "f" and not np.isfinite(outputs).all():
        raise ValueError(f"{where}(model={_check.shown(model)}): what it predicts is not finite")
    return outputs


def _seen(outputs: Array, threshold: float) -> tuple[Array, Array | None]:
    """Return the class of each point, and a score that is positive in the second of two."""
    if outputs.dtype.kind != "f":
        return outputs if outputs.dtype.kind == "U" else outputs.astype(np.int64), None
    if outputs.ndim == 1:
        return (outputs > threshold).astype(np.int64), outputs - threshold
    return outputs.argmax(axis=1), outputs[:, 1] - outputs[:, 0] if outputs.shape[1] == 2 else None


def _known(classes: Array, seen: Array, outputs: Array, where: str) -> Array:
    """Return all classes in their order: those that occur, or, of a model that gives numbers, from 0 on."""
    found = np.union1d(classes, seen)
    most = len(_canvas.COLOURS)
    if outputs.dtype.kind == "f":
        if found[0] < 0:
            raise ValueError(f"{where}(y=...): {found[0]} is no class of the model's; they count from 0")
        found = np.arange(max(int(found[-1]), 1) + 1) if found[-1] < most else found
    if len(found) > most or (outputs.dtype.kind == "f" and found[-1] >= most):
        raise ValueError(
            f"{where}(y=...): at most {most} classes can be told apart, not those from {found[0]} to {found[-1]}"
        )
    return found


def _value(outputs: Array) -> Array | None:
    """Return the number that stands for the second of two classes, where there is one."""
    if outputs.dtype.kind != "f":
        return None
    if outputs.ndim == 1:
        return outputs
    return outputs[:, 1] if outputs.shape[1] == 2 else None


def _titles(names: Sequence[str] | None, known: Array, where: str) -> list[str]:
    if names is None:
        return [str(entry) if known.dtype.kind == "U" else f"class {entry}" for entry in known]
    return _canvas.names(names, "names", where, len(known))
