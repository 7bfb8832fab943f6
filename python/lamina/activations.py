"""Activation functions, by the names that the native core lists.

Every one of them is also an attribute of this module that can be called on an array::

    from lamina import activations
    activations.sigmoid([3.0])            # array([0.95257413], dtype=float32)
    activations.softmax([[0, 3, 1, 1]])   # a row sums to 1

and can be given to a layer, by name or as it is: ``Dense(10, activation='softmax')``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _check, _core, _data

_LISTED = {entry["name"]: entry for entry in _core.activations()}


class ActivationFunction:
    """An activation function: its name in the core, and its parameter where it has one.

    Parameters
    ----------
    name : str
        One of the names of `known`.
    **parameter : float
        The parameter of those that have one, such as ``negative_slope=0.2`` for 'leaky_relu'.

    Attributes
    ----------
    name : str
        The name.
    parameter : float
        The value of the parameter, 0.0 where there is none.
    differentiable : bool
        Whether a model can be trained through it ('step' is for inference only).

    Raises
    ------
    ValueError
        For an unknown name, or a parameter that is negative or not finite.
    TypeError
        For a parameter that the function does not have.
    """

    def __init__(self, name: str, **parameter: float) -> None:
        if name not in _LISTED:
            raise _check.unknown("activation", name, _LISTED)
        entry = _LISTED[name]
        self.name = name
        self.differentiable = entry["differentiable"]
        self._parameter_name: str | None = None
        self.parameter = 0.0
        if entry["parameter"] is not None:
            self._parameter_name, self.parameter = entry["parameter"]
        for key, value in parameter.items():
            if key != self._parameter_name:
                raise TypeError(f"activation {name!r} has no parameter {key!r}")
            self.parameter = _check.real(value, key, name, "of at least 0", lambda number: number >= 0)

    def __call__(self, x: Any) -> NDArray[Any]:
        """Return the function of `x`; softmax is taken over the last axis.

        Parameters
        ----------
        x : array_like
            Numbers, of any shape.

        Returns
        -------
        ndarray
            Of the same shape, float64 for float64 input and float32 for any other.

        Raises
        ------
        TypeError
            If `x` does not hold numbers.
        ValueError
            If it holds NaN or infinity.
        """
        values = _data.numeric(x, "x")
        dtype = "float64" if values.dtype == np.float64 else "float32"
        width = values.shape[-1] if values.ndim else 1
        if self.name == "linear" or values.size == 0:
            return values.astype(dtype)
        rows = _data.features(values.reshape(-1, width), width, dtype)
        network = _core.Network(width, [self.spec()], dtype)
        return network.predict(rows).reshape(values.shape)

    def __repr__(self) -> str:
        return f"<activation {self.name}>"

    def spec(self) -> dict[str, Any]:
        """Return what the core is told."""
        return {"type": "activation", "name": self.name, "parameter": self.parameter}

    def get_config(self) -> str | dict[str, Any]:
        """Return what `get` makes this function from: its name, and its parameter if it has one."""
        if self._parameter_name is None:
            return self.name
        return {"name": self.name, self._parameter_name: self.parameter}


def known() -> list[str]:
    """Return the names of all activation functions."""
    return list(_LISTED)


def get(identifier: str | Mapping[str, Any] | ActivationFunction | None) -> ActivationFunction:
    """Return the activation function that `identifier` stands for.

    Parameters
    ----------
    identifier : str, dict, ActivationFunction or None
        A name, a dictionary with ``"name"`` and a parameter, a function of this module, or None
        for 'linear'.

    Raises
    ------
    ValueError
        For an unknown name.
    TypeError
        For anything else; functions of your own are not supported.
    """
    if identifier is None:
        return ActivationFunction("linear")
    if isinstance(identifier, ActivationFunction):
        return identifier
    if isinstance(identifier, str):
        return ActivationFunction(identifier)
    if isinstance(identifier, Mapping) and isinstance(identifier.get("name"), str):
        return ActivationFunction(**identifier)
    raise TypeError(
        f"activation {identifier!r} must be a name, such as 'relu', "
        f"not {type(identifier).__name__}. Known: {', '.join(_LISTED)}"
    )


def __getattr__(name: str) -> ActivationFunction:
    if name in _LISTED:
        return ActivationFunction(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *_LISTED]
