"""Layers without weights that give samples another shape or scale."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .. import _check
from .base import Layer, LayerOptions, Shape

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Flatten(Layer):
    """Makes one row of a sample, its elements in their order: of (28, 28) it makes (784,).

    Parameters
    ----------
    data_format : None or 'channels_last'
        Keras's argument; 'channels_first' is not supported.
    **options
        See `Layer`.

    Raises
    ------
    TypeError, ValueError
        For another `data_format`.
    """

    def __init__(
        self,
        data_format: str | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        if not (data_format is None or (isinstance(data_format, str) and data_format == "channels_last")):
            raise ValueError(f"Flatten(data_format={_check.shown(data_format)}): only 'channels_last' is supported")
        super().__init__(**options)

    def shape_after(self, shape: Shape) -> Shape:
        """Return the number of elements."""
        return (math.prod(shape),)


class Reshape(Layer):
    """Gives a sample another shape, its elements in their order.

    Parameters
    ----------
    target_shape : tuple of int
        The new shape of a sample; one entry may be -1, which stands for what is left.
    **options
        See `Layer`.

    Raises
    ------
    TypeError, ValueError
        For a shape that is none, and, once the shape before is known, one of another size.
    """

    def __init__(
        self,
        target_shape: tuple[int, ...],
        **options: Unpack[LayerOptions],
    ) -> None:
        where = f"Reshape(target_shape={_check.shown(target_shape)})"
        if not isinstance(target_shape, (tuple, list)):
            raise TypeError(f"{where}: target_shape must be a tuple of integers, such as (28, 28)")
        if not target_shape:
            raise ValueError(f"{where}: a sample needs at least one axis")
        lengths = [_check.integer(length, "target_shape", "Reshape", -1) for length in target_shape]
        if 0 in lengths or lengths.count(-1) > 1:
            raise ValueError(f"{where}: entries must be positive integers, at most one of them -1")
        self.target_shape = tuple(lengths)
        super().__init__(**options)

    def shape_after(self, shape: Shape) -> Shape:
        """Return the new shape."""
        size, known = math.prod(shape), math.prod(length for length in self.target_shape if length != -1)
        if size % known or (-1 not in self.target_shape and size != known):
            raise ValueError(
                f"Reshape(target_shape={self.target_shape}): samples have the shape {shape}, "
                f"{size} elements, which do not fit"
            )
        return tuple(size // known if length == -1 else length for length in self.target_shape)

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {**super().get_config(), "target_shape": self.target_shape}


class Rescaling(Layer):
    """x * scale + offset: ``Rescaling(1 / 255)`` makes numbers from 0 to 1 of bytes.

    Parameters
    ----------
    scale, offset : float
        Numbers, the same for all features.
    **options
        See `Layer`.

    Raises
    ------
    TypeError, ValueError
        For anything but finite numbers.
    """

    def __init__(
        self,
        scale: float,
        offset: float = 0.0,
        **options: Unpack[LayerOptions],
    ) -> None:
        self.scale = _check.real(scale, "scale", "Rescaling", "that is finite", lambda v: True)
        self.offset = _check.real(offset, "offset", "Rescaling", "that is finite", lambda v: True)
        super().__init__(**options)

    def spec(self) -> list[dict[str, Any]]:
        """Return the layer."""
        return [{"type": "rescaling", "scale": self.scale, "offset": self.offset}]

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {**super().get_config(), "scale": self.scale, "offset": self.offset}
