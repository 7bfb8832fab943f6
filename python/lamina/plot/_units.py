"""What each unit of a model makes of a plane of two features."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import _check, activations
from ..layers import Activation, Dense, Layer, PReLU
from ..models import Sequential
from . import _canvas, _plane
from ._canvas import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PER_ROW = 8


class _Units(NamedTuple):
    """A dense layer's units in the plane."""

    title: str
    outputs: Array  # (n, units), what the layer gives, activations behind it taken along
    scores: Array  # (n, units), positive on one side of each unit's boundary


def neurons(
    model: Sequential,
    x: Any,
    y: Any,
    ax: Axes | None = None,
    *,
    most: int = 16,
) -> Axes:
    """Draw what each unit of each dense layer makes of a plane, and its boundary, layer by layer.

    A unit's boundary is where the sum before its activation is 0, and with softmax where the unit's
    share is a half. Colours go from the smallest output of the unit, or 0, to its largest, or 1.

    Parameters
    ----------
    model : Sequential
        Takes two features.
    x : array_like
        The points, (n, 2).
    y : array_like
        The class of each, (n,), integers or strings, or one-hot (n, classes).
    ax : matplotlib Axes, optional
        Where to draw; it is filled with small axes, a unit each.
    most : int
        How many units of a layer to draw, the first ones; at least 1.

    Returns
    -------
    matplotlib Axes
        Where it was drawn.

    Raises
    ------
    TypeError, ValueError
        If it is no model, does not take two features or has no dense layer, `x` has not two
        features or `y` not as many rows.
    ImportError
        If matplotlib is missing.
    """
    where = "neurons"
    points = _canvas.plane(x, where)
    classes = _canvas.labels(y, "y", where, len(points))
    most = _check.integer(most, "most", where, 1)
    leaves = layers_of(model, where)
    if model.declared_shape != (2,):
        raise ValueError(f"{where}(model=...): it takes samples of shape {model.declared_shape}, not of two features")
    across, up = _plane.extent(points, 0.15)
    layers = list(_layers_in(leaves, _plane.grid_of(across, up), where))

    rows = [
        (layer, range(first, min(first + _PER_ROW, layer.outputs.shape[1], most)))
        for layer in layers
        for first in range(0, min(layer.outputs.shape[1], most), _PER_ROW)
    ]
    columns = max(len(units) for _, units in rows)
    ax = _canvas.axes(ax, (max(4.0, 1.45 * columns + 0.4), 1.75 * len(rows) + 0.2), where)
    ax.set_axis_off()
    height = 1 / len(rows)
    for number, (layer, units) in enumerate(rows):
        top = 1 - number * height
        if units[0] == 0:
            ax.text(0.0, top - 0.02 * height, _row_title(layer, most), transform=ax.transAxes, va="top", fontsize=9)
        for column, unit in enumerate(units):
            place = (column / columns, top - 0.97 * height, 0.94 / columns, 0.78 * height)
            inside = ax.inset_axes(place)
            _draw_unit(inside, across, up, layer.outputs[:, unit], layer.scores[:, unit])
            _draw_points(inside, points, classes)
            inside.set(xlim=(across[0], across[-1]), ylim=(up[0], up[-1]), xticks=[], yticks=[])
    return ax


def layers_of(model: Any, where: str) -> list[Layer]:
    """Return the layers of a built model, those of the models inside in their places.

    Raises
    ------
    TypeError, ValueError
        If it is no model, not built, or has no dense layer.
    """
    if not isinstance(model, Sequential):
        raise TypeError(f"{where}(model={_check.shown(model)}): model must be a Sequential")
    if not model.built:
        raise ValueError(
            f"{where}(model=...): the model is not built: give its first layer input_shape=(features,), or call build"
        )
    found: list[Layer] = []
    for entry in model.layers:
        found += [entry] if isinstance(entry, Layer) else layers_of(entry, where)
    if not any(isinstance(layer, Dense) for layer in found):
        raise ValueError(f"{where}(model=...): none of its layers is a Dense, so it has no units to draw")
    return found


def activation_behind(leaves: list[Layer], place: int) -> str:
    """Return the name of the activation of a dense layer, its own or that of a layer before the next one."""
    for layer in leaves[place:]:
        if isinstance(layer, Dense) and layer is not leaves[place]:
            break
        if isinstance(layer, PReLU):
            return "prelu"
        if isinstance(layer, (Dense, Activation)) and layer.activation.name != "linear":
            return layer.activation.name
    return "linear"


def _layers_in(leaves: list[Layer], grid: Array, where: str) -> Iterator[_Units]:
    places = [place for place, layer in enumerate(leaves) if isinstance(layer, Dense)]
    for number, place in enumerate(places):
        end = places[number + 1] if number + 1 < len(places) else len(leaves)
        sums = _predict(leaves[: place + 1], grid, last_linear=True)
        outputs = _predict(leaves[:end], grid)
        if outputs.shape != sums.shape:
            raise ValueError(f"{where}(model=...): layer {leaves[place].name!r} has no row of units behind it")
        name = activation_behind(leaves, place)
        count = sums.shape[1]
        title = f"layer {number + 1}: {count} unit{'s' * (count > 1)}, {name}"
        yield _Units(title, outputs, outputs - 0.5 if name == "softmax" else sums)


def _predict(leaves: list[Layer], grid: Array, last_linear: bool = False) -> Array:
    """Return what the first layers of a model give, from copies, so that the model stays as it is."""
    twins: list[Any] = [layer.unbuilt_copy() for layer in leaves]
    last = twins[-1]
    if last_linear and isinstance(last, Dense):
        last.activation = activations.get(None)
    part = Sequential(twins)
    part.build((None, 2))
    part.set_weights([weight for layer in leaves for weight in layer.get_weights()])
    return part.predict(grid)


def _row_title(layer: _Units, most: int) -> str:
    count = layer.outputs.shape[1]
    return layer.title + (f" (the first {most})" if count > most else "")


def _draw_unit(ax: Axes, across: Array, up: Array, outputs: Array, scores: Array) -> None:
    square = (len(up), len(across))
    _plane.colour_by(ax, across, up, outputs.reshape(square), None)
    _plane.edge(ax, across, up, [scores.reshape(square)])


def _draw_points(ax: Axes, points: Array, classes: Array) -> None:
    size = 22 if len(points) <= 30 else 7
    for place, entry in enumerate(np.unique(classes)):
        here = points[classes == entry]
        colour, marker = _canvas.COLOURS[place % 6], _canvas.MARKERS[place % 6]
        ax.scatter(here[:, 0], here[:, 1], s=size, color=colour, marker=marker, edgecolors="black", linewidths=0.3)
