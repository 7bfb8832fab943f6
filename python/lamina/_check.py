"""Checks of single arguments. Every message names the place, the value and the remedy."""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

#: More numbers than any machine holds, while their size in bytes fits 64 bits; the core has the same limit.
MOST_NUMBERS = 2**46
_LONGEST_SHOWN = 200


def shown(value: Any) -> str:
    """Return what a message shows of a value: its representation, shortened where it is long."""
    try:
        text = repr(value)
    except Exception:  # a value that cannot even be shown is still to be refused by name
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


def _is_bool(value: Any) -> bool:
    return isinstance(value, (bool, np.bool_))


def integer(value: Any, name: str, where: str, minimum: int, maximum: int | None = None) -> int:
    """Return `value` as an int within [minimum, maximum].

    Raises
    ------
    TypeError
        If it is not an integer (a bool is not one).
    ValueError
        If it is out of range.
    """
    need = {0: "a non-negative integer", 1: "a positive integer"}.get(minimum, f"an integer of at least {minimum}")
    if maximum is not None:
        need = f"an integer from {minimum} to {maximum}"
    message = f"{where}({name}={shown(value)}): {name} must be {need}"
    try:
        number = None if _is_bool(value) else operator.index(value)
    except Exception:  # most have no __index__, a few have one that raises
        number = None
    if number is None:
        raise TypeError(message)
    if number < minimum or (maximum is not None and number > maximum):
        raise ValueError(message)
    return number


def real(value: Any, name: str, where: str, need: str, allowed: Callable[[float], bool]) -> float:
    """Return `value` as a finite float for which `allowed` holds; `need` says what that is.

    Raises
    ------
    TypeError
        If it is not a real number (a bool is not one).
    ValueError
        If it is not finite or not allowed.
    """
    message = f"{where}({name}={shown(value)}): {name} must be a number {need}"
    if _is_bool(value) or not isinstance(value, numbers.Real):
        raise TypeError(message)
    try:
        number = float(value)
    except OverflowError:
        raise ValueError(message) from None
    if not math.isfinite(number) or not allowed(number):
        raise ValueError(message)
    return number


def one_of(value: Any, name: str, where: str, allowed: Sequence[str | None]) -> Any:
    """Return `value` if it is one of the allowed strings, or None where that is.

    Raises
    ------
    TypeError
        If it is neither.
    ValueError
        If it is another string, or None where that is not allowed.
    """
    message = f"{where}({name}={shown(value)}): {name} must be one of {', '.join(map(repr, allowed))}"
    if not (value is None or isinstance(value, str)):
        raise TypeError(message)
    if value not in allowed:
        raise ValueError(message)
    return value


def boolean(value: Any, name: str, where: str) -> bool:
    """Return `value` as a bool, or raise TypeError."""
    if not _is_bool(value):
        raise TypeError(f"{where}({name}={shown(value)}): {name} must be True or False")
    return bool(value)


def float_type(value: Any, where: str) -> Literal["float32", "float64"]:
    """Return the name of a type that a model can have; None means 'float32'.

    Raises
    ------
    TypeError
        If it is no type.
    ValueError
        If it is another type.
    """
    message = f"{where}(dtype={shown(value)}): dtype must be 'float32' or 'float64'"
    try:
        name = "float32" if value is None else np.dtype(value).name
    except Exception:  # NumPy raises many kinds for what is no type
        raise TypeError(message) from None
    if name == "float32":
        return "float32"
    if name == "float64":
        return "float64"
    raise ValueError(message)


def unknown(kind: str, value: Any, known: Iterable[str]) -> ValueError:
    """Return the error for a name that is not known, with the nearest one that is."""
    import difflib  # an error's cost, not an import's

    names = list(known)
    near = difflib.get_close_matches(str(value), names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return ValueError(f"unknown {kind} {shown(value)}.{hint} Known: {', '.join(names)}")


def refuse(where: str, given: Mapping[str, Any], defaults: Mapping[str, Any], instead: Mapping[str, str]) -> None:
    """Refuse keyword arguments that Keras has and lamina has not, unless they hold Keras's default.

    Parameters
    ----------
    where : str
        The method, for the message.
    given : mapping
        The keyword arguments that the method did not name.
    defaults : mapping
        Keras's arguments and their defaults.
    instead : mapping
        What to use instead, for those where there is something.

    Raises
    ------
    TypeError
        For a name that Keras has not either.
    ValueError
        For one that only Keras has.
    """
    for name, value in given.items():
        if name not in defaults:
            raise TypeError(f"{where}() has no argument {name!r}")
        default = defaults[name]
        if type(value) is not type(default) or value != default:
            hint = f"; {instead[name]}" if name in instead else ""
            raise ValueError(f"{where}({name}=...) is not supported{hint}")
