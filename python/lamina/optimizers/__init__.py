"""Optimizers: how a gradient changes a weight. The update itself runs in the native core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import _check, _custom, _registry
from . import _base, schedules
from ._adam import Adam, Adamax, AdamW, Nadam
from ._base import Optimizer
from ._descent import SGD, Adadelta, Adagrad, Ftrl, Lion, RMSprop

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lion",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "known",
    "schedules",
    "serialize",
]

_CLASSES: list[type[Optimizer]] = [SGD, Adam, AdamW, RMSprop, Adagrad, Nadam, Adamax, Adadelta, Ftrl, Lion]
_NAMES: dict[str, type[Optimizer]] = {cls.rule: cls for cls in _CLASSES}


def known() -> list[str]:
    """Return the names of all optimizers."""
    return _registry.canonical(_NAMES)


def get(identifier: str | Mapping[str, Any] | type[Optimizer] | Optimizer) -> Optimizer:
    """Return the optimizer that a name, a configuration, a class or an instance stands for.

    Raises
    ------
    ValueError
        For an unknown name.
    TypeError
        For anything else.
    """
    more = _base.OptimizerOptions.__annotations__
    return _registry.resolve(identifier, "optimizer", Optimizer, _NAMES, own=False, more=more)


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """Return what `deserialize` makes an equal optimizer from, without its state, in the form of Keras's files.

    Raises
    ------
    TypeError
        If it is no optimizer.
    """
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"serialize(optimizer={_check.shown(optimizer)}): give an optimizer")
    return _registry.serialize(optimizer, "keras.optimizers")


def deserialize(config: str | Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Optimizer:
    """Return the optimizer that `serialize` wrote down, here or in Keras.

    Parameters
    ----------
    config : mapping or str
        What was written.
    custom_objects : mapping of str, optional
        Classes of your own by the names that stand for them; see `lamina.saving`.

    Raises
    ------
    TypeError, ValueError
        As from `get`.
    """
    with _custom.scope(custom_objects, "deserialize"):
        return get(config)
