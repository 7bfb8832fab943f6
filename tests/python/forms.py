"""The forms in which users hand over numbers: memory layouts, containers, other libraries' objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray


# --- layouts: the same values in other memory -------------------------------------------------------------------------


def misaligned(x: Array) -> Array:
    """Return `x` at an odd address."""
    buffer = np.zeros(x.nbytes + 1, np.uint8)
    result = buffer[1:].view(x.dtype).reshape(x.shape)
    result[...] = x
    return result


def read_only(x: Array) -> Array:
    """Return a copy that cannot be written."""
    result = x.copy()
    result.flags.writeable = False
    return result


def wide(x: Array) -> Array:
    """Return `x` as part of a wider array: its rows are contiguous, but not next to one another."""
    result = np.empty((*x.shape[:-1], x.shape[-1] + 5), x.dtype)
    result[...] = x.flat[0] if x.size else 0
    result[..., 2 : 2 + x.shape[-1]] = x
    return result[..., 2 : 2 + x.shape[-1]]


def strided(x: Array) -> Array:
    """Return `x` as every second entry, along every axis, of a larger array."""
    every_second = tuple(slice(None, None, 2) for _ in x.shape)
    result = np.zeros(tuple(2 * length for length in x.shape), x.dtype)
    result[every_second] = x
    return result[every_second]


def backwards(x: Array) -> Array:
    """Return `x` with negative strides along every axis."""
    turned = tuple(slice(None, None, -1) for _ in x.shape)
    return x[turned].copy()[turned]


def repeated(x: Array) -> Array:
    """Return one value in all places, with strides of 0: the last of `x`."""
    return np.broadcast_to(x.flat[-1], x.shape)


LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "C": np.ascontiguousarray,
    "Fortran": np.asfortranarray,
    "strided": strided,
    "backwards": backwards,
    "wide": wide,
    "misaligned": misaligned,
    "read-only": read_only,
    "repeated": repeated,
}


# --- other libraries --------------------------------------------------------------------------------------------------


class WithArray:
    """An object that NumPy asks for an array; given an error, it raises that instead."""

    def __init__(self, values: Any, error: Exception | None = None) -> None:
        self.values, self.error = values, error

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if self.error is not None:
            raise self.error
        return self.values


class WithDlpack:
    """An object that knows DLPack and nothing else, on a CPU or elsewhere."""

    def __init__(self, values: Array, device: tuple[int, int] = (1, 0)) -> None:
        self.values, self.device = values, device

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device

    def __dlpack__(self, **options: Any) -> Any:
        if self.device[0] != 1:
            raise BufferError("cannot export a tensor of a GPU to a CPU")
        return self.values.__dlpack__(**options)


class WithInterface:
    """An object with NumPy's array interface."""

    def __init__(self, values: Array) -> None:
        self.values = values
        self.__array_interface__ = values.__array_interface__


class csr_array:
    """As scipy.sparse has one: NumPy takes it for a single object."""

    __module__ = "scipy.sparse._csr"
