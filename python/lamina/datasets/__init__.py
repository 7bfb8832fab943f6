"""Data sets: images, sets drawn at random, and those of *Grokking Machine Learning*, chapter 10.

- `mnist`, found on this machine or downloaded, and `digits`, part of the package: modules, each with
  a `load_data`.
- `circle`, `xor`, `gauss`, `spiral` and `moons` (two classes) and `plane` (regression): functions
  that draw points of two features from the package's own generator.
- `aliens`, the chapter's table; `read_circle` and `read_hyderabad` read its two CSV files, and
  `HYDERABAD_FEATURES` names the columns of the second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import digits, mnist
    from ._book import HYDERABAD_FEATURES, aliens, read_circle, read_hyderabad
    from ._drawn import circle, gauss, moons, plane, spiral, xor

__all__ = [
    "HYDERABAD_FEATURES",
    "aliens",
    "circle",
    "digits",
    "gauss",
    "mnist",
    "moons",
    "plane",
    "read_circle",
    "read_hyderabad",
    "spiral",
    "xor",
]

# Where the names that are no modules themselves come from.
_HOMES = {
    **dict.fromkeys(("HYDERABAD_FEATURES", "aliens", "read_circle", "read_hyderabad"), "_book"),
    **dict.fromkeys(("circle", "gauss", "moons", "plane", "spiral", "xor"), "_drawn"),
}


def __getattr__(name: str) -> Any:
    if name in __all__:
        import importlib

        module = importlib.import_module(f".{_HOMES.get(name, name)}", __name__)
        return getattr(module, name) if name in _HOMES else module
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
