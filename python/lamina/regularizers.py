"""Penalties on weights, added to the loss in `fit` and in `evaluate`.

A penalty is l1 * sum(abs(w)) + l2 * sum(w**2), without a factor 1/2 and not divided by the batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import _check, _custom, _registry


def _factor(value: float, name: str, where: str) -> float:
    return _check.real(value, name, where, "of at least 0", lambda v: v >= 0)


class Regularizer:
    """The base class: a penalty with both terms.

    Attributes
    ----------
    l1, l2 : float
        The factors of the two terms.
    """

    l1: float = 0.0
    l2: float = 0.0

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal regularizer."""
        return {"l1": self.l1, "l2": self.l2}


class L1(Regularizer):
    """The penalty l1 * sum(abs(w)).

    Parameters
    ----------
    l1 : float
        The factor, at least 0.
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = _factor(l1, "l1", "L1")

    def get_config(self) -> dict[str, Any]:
        """Return the factor."""
        return {"l1": self.l1}


class L2(Regularizer):
    """The penalty l2 * sum(w**2).

    Parameters
    ----------
    l2 : float
        The factor, at least 0.
    """

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = _factor(l2, "l2", "L2")

    def get_config(self) -> dict[str, Any]:
        """Return the factor."""
        return {"l2": self.l2}


class L1L2(Regularizer):
    """The penalty l1 * sum(abs(w)) + l2 * sum(w**2).

    Parameters
    ----------
    l1, l2 : float
        The factors, at least 0.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = _factor(l1, "l1", "L1L2")
        self.l2 = _factor(l2, "l2", "L1L2")


# Keras's other names of the classes.
l1, l2, l1_l2 = L1, L2, L1L2

_NAMES: dict[str, type[Regularizer]] = {"l1": L1, "l2": L2, "l1_l2": L1L2}


def get(
    identifier: str | Mapping[str, Any] | type[Regularizer] | Regularizer | None,
) -> Regularizer | None:
    """Return the regularizer that a name, a configuration, a class or an instance stands for.

    The names 'l1', 'l2' and 'l1_l2' mean factors of 0.01; None means none.

    Raises
    ------
    ValueError
        For an unknown name.
    TypeError
        For anything else; functions of your own are not supported.
    """
    if identifier is None:
        return None
    if isinstance(identifier, str) and identifier == "l1_l2":
        return L1L2(l1=0.01, l2=0.01)  # L1L2() alone has no penalty
    return _registry.resolve(identifier, "regularizer", Regularizer, _NAMES)


def spec(regularizer: Regularizer | None) -> dict[str, float]:
    """Return what the core is told of a weight's penalties."""
    return {} if regularizer is None else {"l1": regularizer.l1, "l2": regularizer.l2}


def serialize(regularizer: Regularizer | None) -> dict[str, Any] | None:
    """Return what `get` makes an equal regularizer from."""
    return None if regularizer is None else _registry.serialize(regularizer, "keras.regularizers")


def deserialize(
    config: str | Mapping[str, Any] | None, custom_objects: Mapping[str, Any] | None = None
) -> Regularizer | None:
    """Return the regularizer that `serialize` wrote down, here or in Keras.

    Parameters
    ----------
    config : mapping, str or None
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
