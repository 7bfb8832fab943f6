"""Constraints on weights, applied to them after every update.

The names, the arguments and the formulas are those of Keras's module of the same name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import _check, _custom, _registry


def _norm(value: float, name: str, where: str) -> float:
    return _check.real(value, name, where, "of at least 0", lambda v: v >= 0)


def _axes(axis: Any, where: str) -> int | list[int] | None:
    """Return the axis, or axes, of a norm; None stands for all."""
    if isinstance(axis, (list, tuple)):
        if not axis:
            raise ValueError(f"{where}(axis={axis!r}): axis must be an integer, or a list of one or more")
        return [_check.integer(entry, "axis", where, -2) for entry in axis]
    return None if axis is None else _check.integer(axis, "axis", where, -2)


class Constraint:
    """The base class: leaves weights as they are. Classes of your own are not supported."""

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal constraint."""
        return {}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Constraint:
        """Return one made with what `get_config` gave, here or in Keras.

        Raises
        ------
        TypeError, ValueError
            For arguments that make no sense.
        """
        return cls(**_registry.arguments(cls, config))

    def core(self) -> dict[str, Any]:
        """Return what the core is told, but for the axes of a norm."""
        return {}


class NonNeg(Constraint):
    """Makes negative weights 0."""


class _OfNorms(Constraint):
    """One on the norms of weights along some axes: w * desired / (1e-7 + norm)."""

    axis: int | list[int] | None


class MaxNorm(_OfNorms):
    """Keeps norms to at most `max_value`.

    Parameters
    ----------
    max_value : float
        The largest norm, at least 0.
    axis : int, list of int or None
        The axes that a norm goes along: of a kernel (inputs, units) 0 for the norm of each unit's weights, 1 for that
        of each input's, None or [0, 1] for one of all. A vector has the axis 0.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    def __init__(self, max_value: float = 2, axis: int | Sequence[int] | None = 0) -> None:
        self.max_value = _norm(max_value, "max_value", "MaxNorm")
        self.axis = _axes(axis, "MaxNorm")

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {"max_value": self.max_value, "axis": self.axis}

    def core(self) -> dict[str, Any]:
        """Return the bounds."""
        return {"low": 0.0, "high": self.max_value, "rate": 1.0}


class UnitNorm(_OfNorms):
    """Makes norms 1.

    Parameters
    ----------
    axis : int, list of int or None
        As for `MaxNorm`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    def __init__(self, axis: int | Sequence[int] | None = 0) -> None:
        self.axis = _axes(axis, "UnitNorm")

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {"axis": self.axis}

    def core(self) -> dict[str, Any]:
        """Return the bounds."""
        return {"low": 1.0, "high": 1.0, "rate": 1.0}


class MinMaxNorm(_OfNorms):
    """Moves norms into [min_value, max_value], or a share of the way.

    Parameters
    ----------
    min_value, max_value : float
        The smallest and the largest norm, at least 0, the first not above the second.
    rate : float
        The share of the way, in [0, 1].
    axis : int, list of int or None
        As for `MaxNorm`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: int | Sequence[int] | None = 0,
    ) -> None:
        self.min_value = _norm(min_value, "min_value", "MinMaxNorm")
        self.max_value = _norm(max_value, "max_value", "MinMaxNorm")
        if self.min_value > self.max_value:
            raise ValueError(
                f"MinMaxNorm(min_value={self.min_value}, max_value={self.max_value}): min_value must not be larger"
            )
        self.rate = _check.real(rate, "rate", "MinMaxNorm", "in [0, 1]", lambda v: 0 <= v <= 1)
        self.axis = _axes(axis, "MinMaxNorm")

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}

    def core(self) -> dict[str, Any]:
        """Return the bounds."""
        return {"low": self.min_value, "high": self.max_value, "rate": self.rate}


# Keras's other names of the classes.
max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm

_NAMES: dict[str, type[Constraint]] = {
    "constraint": Constraint,
    "max_norm": MaxNorm,
    "min_max_norm": MinMaxNorm,
    "non_neg": NonNeg,
    "unit_norm": UnitNorm,
}


def get(identifier: str | Mapping[str, Any] | type[Constraint] | Constraint | None) -> Constraint | None:
    """Return the constraint that a name, a configuration, a class or an instance stands for; None means none.

    Raises
    ------
    ValueError
        For an unknown name.
    TypeError
        For anything else; classes and functions of your own are not supported.
    """
    if identifier is None:
        return None
    found = _registry.resolve(identifier, "constraint", Constraint, _NAMES)
    if type(found) not in _NAMES.values():
        raise TypeError(
            f"constraint {_check.shown(identifier)} is none of this package's, and those of your own are not "
            f"supported. Known: {', '.join(_registry.canonical(_NAMES))}"
        )
    return found


def check(constraint: Constraint | None, axes: int, where: str) -> None:
    """Raise ValueError where a constraint's axes are none of a weight's.

    Parameters
    ----------
    constraint : Constraint or None
        What `get` returned.
    axes : int
        How many axes the weight has.
    where : str
        The weight, for the message.
    """
    chosen = getattr(constraint, "axis", None)
    for axis in chosen if isinstance(chosen, list) else [chosen]:
        if axis is not None and not -axes <= axis < axes:
            known = "0" if axes == 1 else "0 and 1"
            raise ValueError(f"{where}: a norm's axis {axis} is none of the weight's, which are {known}")


def spec(constraint: Constraint | None, axes: int) -> dict[str, Any]:
    """Return what the core is told of the constraint on a weight of so many axes, 1 or 2; see `check`."""
    if constraint is None or type(constraint) is Constraint:
        return {}
    if not isinstance(constraint, _OfNorms):
        return {"constraint": {}}
    axis = constraint.axis
    chosen = {entry % axes for entry in (axis if isinstance(axis, list) else range(axes) if axis is None else [axis])}
    along = "all" if len(chosen) == axes else "inputs" if chosen == {0} else "units"
    return {"constraint": {**constraint.core(), "along": along}}


def serialize(constraint: Constraint | None) -> dict[str, Any] | None:
    """Return what `get` makes an equal constraint from."""
    return None if constraint is None else _registry.serialize(constraint, "keras.constraints")


def deserialize(config: Mapping[str, Any] | None, custom_objects: Mapping[str, Any] | None = None) -> Constraint | None:
    """Return the constraint that `serialize` wrote down, here or in Keras; those among `custom_objects` are refused."""
    with _custom.scope(custom_objects, "deserialize"):
        return get(config)
