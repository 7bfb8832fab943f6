"""Tables of numbers and of small images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _check, _data
from ..layers import Dense, Layer
from . import _canvas
from ._canvas import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def digits(
    images: Any,
    labels: Any = None,
    predictions: Any = None,
    ax: Axes | None = None,
    *,
    columns: int = 8,
) -> Axes:
    """Draw images in rows, each with its label above it, and what it was read as where that is given.

    A wrong reading is vermilion, bold and has a frame around its image.

    Parameters
    ----------
    images : array_like
        (n, height, width), or (n, pixels) of square images; larger numbers are darker.
    labels : array_like, optional
        Their classes, (n,), or one-hot (n, classes).
    predictions : array_like, optional
        What they were read as: classes (n,), or what a model predicts, (n, classes). Needs labels.
    ax : matplotlib Axes, optional
        Where to draw; it is filled with small axes, an image each.
    columns : int
        How many images a row has.

    Returns
    -------
    matplotlib Axes
        Where it was drawn.

    Raises
    ------
    TypeError, ValueError
        If they are no images, more than 400, or labels or predictions are not as many.
    ImportError
        If matplotlib is missing.
    """
    where = "digits"
    pictures = _pictures(images, where)
    count = len(pictures)
    columns = min(_check.integer(columns, "columns", where, 1), count)
    if predictions is not None and labels is None:
        raise ValueError(f"{where}(predictions=...): give labels too, to compare them with")
    truth = None if labels is None else _canvas.labels(labels, "labels", where, count)
    read = None if predictions is None else _canvas.labels(predictions, "predictions", where, count)

    rows = math.ceil(count / columns)
    titled = truth is not None
    ax = _canvas.axes(ax, (max(2.0, 0.95 * columns), max(1.0, (1.2 if titled else 1.0) * rows)), where)
    ax.set_axis_off()
    for place, picture in enumerate(pictures):
        wrong = truth is not None and read is not None and truth[place] != read[place]
        inside = _tile(ax, place, rows, columns, 0.76 if titled else 0.96)
        inside.imshow(picture, cmap="Greys", vmin=float(pictures.min()), vmax=float(pictures.max()))
        _frame(inside, _canvas.NEGATIVE if wrong else "#BBBBBB", 2.0 if wrong else 0.6)
        if truth is not None:
            title = str(truth[place]) if read is None else f"{truth[place]} \N{RIGHTWARDS ARROW} {read[place]}"
            weight = "bold" if wrong else "normal"
            inside.set_title(title, fontsize=9, pad=2, color=_canvas.NEGATIVE if wrong else "black", fontweight=weight)
    return ax


def confusion(
    y_true: Any,
    y_pred: Any,
    ax: Axes | None = None,
    *,
    names: Sequence[str] | None = None,
) -> Axes:
    """Draw how often each class, a row, was taken for each class, a column.

    Colours say which share of its row a number is.

    Parameters
    ----------
    y_true : array_like
        The classes, (n,), or one-hot (n, classes).
    y_pred : array_like
        What they were taken for: classes (n,), or what a model predicts, (n, classes).
    ax : matplotlib Axes, optional
        Where to draw.
    names : sequence of str, optional
        What to call the classes, in their order.

    Returns
    -------
    matplotlib Axes
        Where it was drawn.

    Raises
    ------
    TypeError, ValueError
        If they are no classes, not equally many, or of more than 40 kinds.
    ImportError
        If matplotlib is missing.
    """
    where = "confusion"
    truth = _canvas.labels(y_true, "y_true", where)
    taken = _canvas.labels(y_pred, "y_pred", where, len(truth))
    if (truth.dtype.kind == "U") != (taken.dtype.kind == "U"):
        raise ValueError(f"{where}(y_pred=...): it holds {taken.dtype}, y_true {truth.dtype}; give classes of one kind")
    known = np.union1d(truth, taken)
    if len(known) > 40:
        raise ValueError(f"{where}(y_true=...): there are {len(known)} classes; at most 40 can be drawn")
    titles = [str(entry) for entry in known] if names is None else _canvas.names(names, "names", where, len(known))
    table = np.zeros((len(known), len(known)), np.int64)
    np.add.at(table, (np.searchsorted(known, truth), np.searchsorted(known, taken)), 1)
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)

    side = max(3.0, 0.5 * len(known) + 1.4)
    ax = _canvas.axes(ax, (1.12 * side + 1.0, side), where)
    image = ax.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    for (i, j), number in np.ndenumerate(table):
        if number:
            colour = "white" if shares[i, j] > 0.55 else "black"
            ax.text(j, i, str(number), ha="center", va="center", color=colour, fontsize=8)
    ticks = np.arange(len(known))
    ax.set_xticks(ticks, titles)
    ax.set_yticks(ticks, titles)
    ax.set(xlabel="predicted class", ylabel="true class")
    _canvas.bar_beside(ax, image, "share of the true class")
    return ax


def weights(
    layer: Layer,
    ax: Axes | None = None,
    *,
    shape: Sequence[int] | None = None,
    most: int = 32,
) -> Axes:
    """Draw the kernel of a dense layer: blue where a weight is positive, vermilion where it is negative.

    Parameters
    ----------
    layer : Dense
        A layer of a built model.
    ax : matplotlib Axes, optional
        Where to draw.
    shape : sequence of two int, optional
        The height and the width of the images that the layer receives: each unit's weights are drawn
        as such an image, with colours of its own. Without it the kernel is one table, (inputs, units).
    most : int
        How many units to draw as images, the first ones; at least 1.

    Returns
    -------
    matplotlib Axes
        Where it was drawn.

    Raises
    ------
    TypeError, ValueError
        If it is no dense layer, its model is not built, or `shape` is not that of its inputs.
    ImportError
        If matplotlib is missing.
    """
    where = "weights"
    if not isinstance(layer, Dense):
        raise TypeError(f"{where}(layer={_check.shown(layer)}): layer must be a Dense")
    kernel = layer.get_weights()[0]
    most = _check.integer(most, "most", where, 1)
    if shape is not None:
        return _unit_images(kernel, _image_shape(shape, len(kernel), where), ax, most, where)
    ax = _canvas.axes(ax, (5.6, 4.2), where)
    largest = float(np.abs(kernel).max()) or 1.0
    colours = _canvas.diverging()
    image = ax.imshow(kernel, cmap=colours, vmin=-largest, vmax=largest, aspect="auto", interpolation="nearest")
    ax.set(xlabel=f"units of {layer.name}", ylabel="inputs")
    for axis in (ax.xaxis, ax.yaxis):
        _canvas.whole_ticks(axis)
    _canvas.bar_beside(ax, image, "weight")
    return ax


def _image_shape(shape: Any, inputs: int, where: str) -> tuple[int, int]:
    if isinstance(shape, str) or not isinstance(shape, Sequence) or len(shape) != 2:
        raise TypeError(f"{where}(shape={_check.shown(shape)}): shape must be (height, width), such as (28, 28)")
    height, width = (_check.integer(length, "shape", where, 1) for length in shape)
    if height * width != inputs:
        raise ValueError(f"{where}(shape={_check.shown(shape)}): the layer has {inputs} inputs, not {height * width}")
    return height, width


def _unit_images(kernel: Array, shape: tuple[int, int], ax: Axes | None, most: int, where: str) -> Axes:
    count = min(kernel.shape[1], most)
    columns = min(count, 8)
    rows = math.ceil(count / columns)
    ax = _canvas.axes(ax, (max(2.0, 0.95 * columns), max(1.2, 1.0 * rows)), where)
    ax.set_axis_off()
    for unit in range(count):
        picture = kernel[:, unit].reshape(shape)
        largest = float(np.abs(picture).max()) or 1.0
        inside = _tile(ax, unit, rows, columns, 0.94)
        inside.imshow(picture, cmap=_canvas.diverging(), vmin=-largest, vmax=largest)
        _frame(inside, "#BBBBBB", 0.6)
    return ax


def _pictures(images: Any, where: str) -> Array:
    pictures = _data.elements(images, f"{where}: images")
    if pictures.ndim == 2 and math.isqrt(pictures.shape[1]) ** 2 == pictures.shape[1]:
        side = math.isqrt(pictures.shape[1])
        pictures = pictures.reshape(len(pictures), side, side)
    if pictures.ndim != 3 or not pictures.size:
        raise ValueError(
            f"{where}(images=...): its shape is {pictures.shape}; give (n, height, width), n at least 1, or "
            "(n, pixels) of square images"
        )
    if len(pictures) > 400:
        raise ValueError(f"{where}(images=...): {len(pictures)} images are too many to see; give some, as images[:40]")
    return pictures


def _tile(ax: Axes, place: int, rows: int, columns: int, share: float) -> Axes:
    """Return small axes inside others: the place-th of a table, `share` of its row high."""
    row, column = divmod(place, columns)
    return ax.inset_axes(((column + 0.03) / columns, 1 - (row + 0.98) / rows, 0.94 / columns, share / rows))


def _frame(ax: Axes, colour: str, width: float) -> None:
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(color=colour, linewidth=width)
