"""What all pictures share: matplotlib, where it is, colours, and the checks of what is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import _check, _data

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap

Array = NDArray[Any]

# Okabe and Ito, Color Universal Design (2008): blue, vermilion, green, purple, orange, sky blue.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "^", "s", "D", "v", "P")
POSITIVE, NEGATIVE = COLOURS[0], COLOURS[1]
GREY = "#7F7F7F"


def axes(ax: Axes | None, size: tuple[float, float], where: str) -> Axes:
    """Return the axes to draw on: those given, or of a new figure of so many inches.

    Raises
    ------
    ImportError
        If there is no matplotlib.
    TypeError
        If `ax` are no axes.
    """
    try:
        from matplotlib import pyplot
        from matplotlib.axes import Axes as Known
    except ImportError as error:
        raise ImportError(f"{where}() needs matplotlib: pip install 'lamina[plot]'") from error
    if ax is None:
        return pyplot.subplots(figsize=size, layout="constrained")[1]
    if not isinstance(ax, Known):
        raise TypeError(
            f"{where}(ax={_check.shown(ax)}): ax must be one matplotlib Axes, such as fig.add_subplot() gives"
        )
    return ax


def legend_beside(ax: Axes) -> None:
    """Draw a legend to the right of what is drawn."""
    ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0), frameon=False, borderaxespad=0.0)


def plain(ax: Axes) -> None:
    """Leave the axes' frame open above and to the right."""
    ax.spines[["top", "right"]].set_visible(False)


def whole_ticks(axis: Axis) -> None:
    """Put ticks at whole numbers alone."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True))


def bar_beside(ax: Axes, image: ScalarMappable, title: str) -> None:
    """Draw a bar to the right, as high as what is drawn, that says which colour is which value."""
    ax.figure.colorbar(image, cax=ax.inset_axes((1.04, 0.0, 0.05, 1.0))).set_label(title)


def bar_below(ax: Axes, image: ScalarMappable, title: str) -> None:
    """Draw a bar below that says which colour is which value."""
    ax.figure.colorbar(image, ax=ax, location="bottom", fraction=0.06, pad=0.04, aspect=30).set_label(title)


def diverging(share: float = 1.0) -> LinearSegmentedColormap:
    """Return colours from vermilion for negative values, over white, to blue for positive ones.

    `share` is that of the colours at the ends; the rest is white.
    """
    from matplotlib.colors import LinearSegmentedColormap

    colours = [tint(NEGATIVE, share), tint(NEGATIVE, 0.0), tint(POSITIVE, share)]
    return LinearSegmentedColormap.from_list("lamina", colours)


def tint(colour: str, share: float) -> tuple[float, float, float]:
    """Return a colour mixed with white; `share` is that of the colour."""
    from matplotlib.colors import to_rgb

    red, green, blue = (1 - share + share * part for part in to_rgb(colour))
    return red, green, blue


def matrix(value: Any, name: str, where: str) -> Array:
    """Return finite numbers (n, columns) of one row or more.

    Raises
    ------
    TypeError, ValueError
        For anything else.
    """
    rows = _data.elements(value, f"{where}: {name}")
    if rows.ndim != 2 or not rows.size:
        raise ValueError(f"{where}({name}=...): its shape is {rows.shape}; give numbers (n, columns), n at least 1")
    return rows


def plane(x: Any, where: str) -> Array:
    """Return points of two features as float32 (n, 2).

    Raises
    ------
    TypeError, ValueError
        For anything else; the message says how many features there are.
    """
    points = matrix(x, "x", where)
    if points.shape[1] != 2:
        raise ValueError(
            f"{where}(x=...): a plane has two features, x has {points.shape[1]}; give two of its columns, such as "
            "x[:, :2], and a model of these two"
        )
    return points.astype(np.float32, copy=False)


def numbers(value: Any, name: str, where: str, count: int | None = None) -> Array:
    """Return finite numbers (n,), given so or as (n, 1), n at least 1 and equal to `count` where that is given.

    Raises
    ------
    TypeError, ValueError
        For anything else.
    """
    row = _data.elements(value, f"{where}: {name}")
    if row.ndim == 2 and row.shape[1] == 1:
        row = row[:, 0]
    if row.ndim != 1 or not row.size:
        raise ValueError(f"{where}({name}=...): its shape is {row.shape}; give one number a sample, (n,)")
    refuse_count(len(row), count, name, where)
    return row


def labels(value: Any, name: str, where: str, count: int | None = None) -> Array:
    """Return a class a sample, (n,): as it was given, or, of (n, classes), the place of the largest in each row.

    Raises
    ------
    TypeError, ValueError
        For anything else.
    """
    try:
        given = np.asarray(value)
    except Exception:  # NumPy raises many kinds for what is no array
        raise TypeError(f"{where}({name}={_check.shown(value)}): give a class a sample, (n,)") from None
    if given.dtype.kind not in "biufU":
        raise TypeError(f"{where}({name}=...): it holds {given.dtype}; give whole numbers or strings, a class a sample")
    if given.ndim == 2 and given.shape[1] == 1:
        given = given[:, 0]
    if given.ndim == 2 and given.size and given.dtype.kind != "U":
        given = given.argmax(axis=1)
    if given.ndim != 1 or not given.size:
        raise ValueError(f"{where}({name}=...): its shape is {given.shape}; give a class a sample, (n,), n at least 1")
    if given.dtype.kind == "f":
        whole = np.isfinite(given) & (given == np.rint(given))
        if not whole.all():
            raise ValueError(f"{where}({name}=...): {given[~whole][0]!r} is no class; give whole numbers or strings")
    refuse_count(len(given), count, name, where)
    return given if given.dtype.kind == "U" else given.astype(np.int64)


def text(value: Any, name: str, where: str) -> str:
    """Return a string, or raise TypeError."""
    if not isinstance(value, str):
        raise TypeError(f"{where}({name}={_check.shown(value)}): {name} must be a string")
    return value


def names(value: Any, name: str, where: str, count: int) -> list[str]:
    """Return so many names, given as a list or a tuple, or raise ValueError."""
    if not isinstance(value, (list, tuple)) or len(value) != count:
        raise ValueError(f"{where}({name}={_check.shown(value)}): give a list of {count} names")
    return [text(entry, name, where) for entry in value]


def refuse_count(found: int, count: int | None, name: str, where: str) -> None:
    """Raise ValueError if there are not as many of something as there are samples."""
    if count is not None and found != count:
        raise ValueError(f"{where}({name}=...): there are {found} of them for {count} samples")
