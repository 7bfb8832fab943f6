"""A network as nodes and edges."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import _check, _data
from ..layers import Dense, Dropout, Layer
from ..models import Sequential
from . import _canvas, _masks
from ._canvas import Array
from ._units import activation_behind, layers_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FEW = 24  # edges that can carry their numbers
_WIDEST = 3.0  # of a line, in points


class _Column(NamedTuple):
    """The units of a layer, or the features, from top to bottom."""

    size: int
    shown: list[int]
    heights: dict[int, float]  # of those shown
    dropped: NDArray[np.bool_]
    bias: bool  # whether the next layer has one
    title: str


def network(
    model: Sequential,
    ax: Axes | None = None,
    *,
    step: int | None = None,
    row: int = 0,
    most: int = 10,
    weights: Sequence[Any] | None = None,
    numbers: bool | None = None,
    features: Sequence[str] | None = None,
    signs: Sequence[str] = ("positive weight", "negative weight"),
    legend: bool = True,
) -> Axes:
    """Draw a model of dense layers: features and units as nodes, weights as edges, biases as edges from squares.

    An edge is as wide as its weight is large beside the largest of its layer, blue and solid where it
    is positive, vermilion and dashed where it is negative.

    Parameters
    ----------
    model : Sequential
        Built, for samples of one axis.
    ax : matplotlib Axes, optional
        Where to draw.
    step : int, optional
        Shows which units dropout takes out in a step of training, from 0: crossed out, without
        edges. Every step, and every sample of its batch, has units of its own.
    row : int
        Which sample of the batch `step` is about, from 0.
    most : int
        How many nodes of a layer to draw, at least 2; of a larger one the first and the last.
    weights : sequence of array_like, optional
        Other numbers in the place of the weights, in the order and the shapes of
        ``model.get_weights()``: gradients, or what a step added.
    numbers : bool, optional
        Whether to write its number at each edge; where it is None, if they are few.
    features : sequence of str, optional
        What to call the features.
    signs : sequence of two str
        What the legend calls the two kinds of edges.
    legend : bool
        Whether to draw a legend.

    Returns
    -------
    matplotlib Axes
        Where it was drawn.

    Raises
    ------
    TypeError, ValueError
        If it is no model, not built, has no dense layer or takes samples of several axes, and for
        other values out of range.
    ImportError
        If matplotlib is missing.
    """
    where = "network"
    leaves = layers_of(model, where)
    dense = _dense(leaves, where)
    step = None if step is None else _check.integer(step, "step", where, 0, 2**63 - 1)
    row = _check.integer(row, "row", where, 0, 2**20)
    most = _check.integer(most, "most", where, 2)
    values = _values(leaves, dense, weights, where)
    inputs = values[0][0].shape[0]
    names = _names(features, inputs, where)
    legend = _check.boolean(legend, "legend", where)
    kinds = _canvas.names(signs, "signs", where, 2)
    dropped = _dropped(leaves, dense, inputs, step, row)
    columns = _columns(leaves, dense, most, dropped)
    if numbers is None:
        edges = sum(len(a.shown) * len(b.shown) for a, b in itertools.pairwise(columns))
        numbers = edges <= _FEW
    numbers = _check.boolean(numbers, "numbers", where)

    tallest = max(map(_slots, columns))
    width = 1.4 + 1.9 * len(dense)
    ax = _canvas.axes(ax, (width, min(6.0, 1.5 + (0.8 if numbers else 0.45) * tallest)), where)
    ax.set_axis_off()
    for place, (kernel, bias) in enumerate(values):
        _draw_edges(ax, place, columns, kernel, bias, numbers)
    for place, column in enumerate(columns):
        _draw_nodes(ax, place, column, tallest, names if place == 0 else None)
    ax.set(xlim=(-0.45, len(dense) + 0.45), ylim=(-0.62 * tallest - 0.2, tallest / 2 + 0.1))
    if legend:
        _draw_legend(ax, kinds, step is not None, any(column.bias for column in columns))
    return ax


# --- what is to be drawn ----------------------------------------------------------------------------------------------


def _dense(leaves: list[Layer], where: str) -> list[int]:
    """Return the places of the dense layers."""
    places = [place for place, layer in enumerate(leaves) if isinstance(layer, Dense)]
    for place in places:
        shape = leaves[place].input_shape
        if len(shape) != 2:
            raise ValueError(
                f"{where}(model=...): layer {leaves[place].name!r} receives samples of shape {shape[1:]}; only rows "
                "of features can be drawn: put a Flatten before it"
            )
    return places


def _values(leaves: list[Layer], dense: list[int], given: Any, where: str) -> list[tuple[Array, Array | None]]:
    """Return kernel and bias of each dense layer, or what is given in their place."""
    own = [layer.get_weights() for layer in leaves]
    if given is not None:
        names = [f"{layer.name} {name}" for layer in leaves for name in layer.weight_names]
        shapes = [value.shape for layer in own for value in layer]
        try:
            replaced = _data.weights(given, shapes, names, "float64")
        except (TypeError, ValueError) as error:
            raise type(error)(f"{where}(weights=...): {error}") from None
        own = [[replaced.pop(0) for _ in layer] for layer in own]
    return [(own[place][0], own[place][1] if len(own[place]) > 1 else None) for place in dense]


def _names(features: Any, inputs: int, where: str) -> list[str]:
    if features is None:
        return [f"$x_{{{number + 1}}}$" for number in range(inputs)]
    return _canvas.names(features, "features", where, inputs)


def _dropped(leaves: list[Layer], dense: list[int], inputs: int, step: int | None, row: int) -> list[NDArray[np.bool_]]:
    """Return, of the features and of each dense layer, which units are taken out."""
    sizes = [inputs, *(leaves[place].output_shape[-1] or 0 for place in dense)]
    found = [np.zeros(size, np.bool_) for size in sizes]
    if step is None:
        return found
    position = column = 0
    for layer in leaves:
        if isinstance(layer, Dense):
            column += 1
        if isinstance(layer, Dropout):
            found[column] |= ~_masks.kept(layer, position, sizes[column], step, row)
        position += _masks.entries(layer)
    return found


def _columns(leaves: list[Layer], dense: list[int], most: int, dropped: list[NDArray[np.bool_]]) -> list[_Column]:
    columns = []
    for place, taken in enumerate(dropped):
        count = len(taken)
        shown = list(range(count))
        if count > most:
            last = most // 2
            shown = [*shown[: most - last], *shown[-last:]]
        bias = place < len(dense) and "bias" in leaves[dense[place]].weight_names
        slots = len(shown) + bias + (count > most)
        free = iter(np.linspace((slots - 1) / 2, -(slots - 1) / 2, slots)[int(bias) :])
        heights = {}
        for unit in shown:
            if count > most and unit == shown[-(most // 2)]:
                next(free)  # where the dots are
            heights[unit] = float(next(free))
        if place == 0:
            title = f"{count} feature{'s' * (count > 1)}"
        else:
            title = f"{count} unit{'s' * (count > 1)}\n{activation_behind(leaves, dense[place - 1])}"
        columns.append(_Column(count, shown, heights, taken, bias, title))
    return columns


# --- drawing ----------------------------------------------------------------------------------------------------------


def _draw_edges(ax: Axes, place: int, columns: list[_Column], kernel: Array, bias: Array | None, numbers: bool) -> None:
    """Draw the weights between two columns."""
    before, after = columns[place], columns[place + 1]
    largest = max(float(np.abs(kernel).max()), float(np.abs(bias).max()) if bias is not None else 0.0) or 1.0
    top = _bias_height(before)
    for j, unit in enumerate(after.shown):
        if after.dropped[unit]:
            continue
        sources = [(before.heights[i], float(kernel[i, unit])) for i in before.shown if not before.dropped[i]]
        if bias is not None:
            sources.insert(0, (top, float(bias[unit])))
        for i, (height, value) in enumerate(sources):
            _draw_edge(ax, (place, height), (place + 1, after.heights[unit]), value, largest)
            if numbers:
                _write(ax, (place, height), (place + 1, after.heights[unit]), value, 0.3 + 0.36 * ((i + j) % 2))


def _draw_edge(ax: Axes, begin: tuple[float, float], end: tuple[float, float], value: float, largest: float) -> None:
    width = _WIDEST * abs(value) / largest
    colour = _canvas.POSITIVE if value >= 0 else _canvas.NEGATIVE
    dashes = "solid" if value >= 0 else (0, (4.0, 1.5))
    alpha = 0.25 + 0.65 * abs(value) / largest
    xs, ys = zip(begin, end, strict=True)
    ax.plot(xs, ys, color=colour, linewidth=max(width, 0.25), linestyle=dashes, alpha=alpha, zorder=1)


def _write(ax: Axes, begin: tuple[float, float], end: tuple[float, float], value: float, share: float) -> None:
    x, y = (a + share * (b - a) for a, b in zip(begin, end, strict=True))
    box = {"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.9}
    ax.text(
        x, y, f"{value:.3g}".replace("-", "\N{MINUS SIGN}"), ha="center", va="center", fontsize=8, bbox=box, zorder=2
    )


def _slots(column: _Column) -> int:
    """Return how many places a column takes, with the bias's square and the dots that stand for units left out."""
    return len(column.shown) + column.bias + (column.size > len(column.shown))


def _bias_height(column: _Column) -> float:
    return (_slots(column) - 1) / 2


def _draw_nodes(ax: Axes, place: int, column: _Column, tallest: int, names: list[str] | None) -> None:
    """Draw a column: features or units, and the square of the next layer's bias."""
    for unit in column.shown:
        here = (place, column.heights[unit])
        if column.dropped[unit]:
            ax.scatter(*here, s=150, color="white", edgecolors=_canvas.GREY, linewidths=1.0, zorder=3)
            ax.scatter(*here, s=60, color=_canvas.GREY, marker="x", linewidths=1.4, zorder=4)
        else:
            ax.scatter(*here, s=150, color="#EFEFEF", edgecolors="black", linewidths=1.0, zorder=3)
        if names is not None:
            ax.text(place - 0.12, here[1], names[unit], ha="right", va="center", fontsize=9)
    if column.size > len(column.shown):
        above, below = (
            column.shown[len(column.shown) - len(column.shown) // 2 - 1],
            column.shown[-(len(column.shown) // 2)],
        )
        middle = (column.heights[above] + column.heights[below]) / 2
        ax.text(place, middle, "\N{VERTICAL ELLIPSIS}", ha="center", va="center", fontsize=14, zorder=4)
    if column.bias:
        here = (place, _bias_height(column))
        ax.scatter(*here, s=150, color="white", marker="s", edgecolors="black", linewidths=1.0, zorder=3)
        ax.text(*here, "1", ha="center", va="center", fontsize=8, zorder=4)
    ax.text(place, -tallest / 2 - 0.1, column.title, ha="center", va="top", fontsize=9)


def _draw_legend(ax: Axes, signs: Sequence[str], dropped: bool, biased: bool) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=_canvas.POSITIVE, linewidth=2, label=signs[0]),
        Line2D([], [], color=_canvas.NEGATIVE, linewidth=2, linestyle=(0, (3.0, 1.0)), label=signs[1]),
    ]
    node: dict[str, Any] = {"linestyle": "none", "markersize": 8}
    if biased:
        handles.append(Line2D([], [], marker="s", color="black", markerfacecolor="white", label="bias", **node))
    if dropped:
        handles.append(Line2D([], [], marker="x", color=_canvas.GREY, label="dropped in this step", **node))
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=2, frameon=False, fontsize=9)
