"""Activation functions, by the names that the native core lists.

Every one of them is also an attribute of this module that can be called on an array::

    from lamina import activations
    activations.sigmoid([3.0])            # array([0.95257413])
    activations.softmax([[0, 3, 1, 1]])   # a row sums to 1

and can be given to a layer, by name, with parameters as a dictionary, or as it is: ``Dense(10, activation='softmax')``.

=============  ==========================================================================================
linear         z
relu           z above ``threshold`` (0), at most ``max_value`` (None), below it ``negative_slope`` (0)
               times z - threshold
relu6          min(max(z, 0), 6) (Krizhevsky, 2010)
leaky_relu     z where z > 0, else ``negative_slope`` (0.2) z (Maas, Hannun and Ng, 2013)
elu            z where z > 0, else ``alpha`` (1) (exp(z) - 1) (Clevert, Unterthiner and Hochreiter, 2016)
selu           1.0507 times elu with alpha 1.6733 (Klambauer, Unterthiner, Mayr and Hochreiter, 2017)
gelu           z times the normal distribution function of z; ``approximate`` (False): its approximation by
               tanh (Hendrycks and Gimpel, 2016)
silu           z sigmoid(z), also called swish (Elfwing, Uchibe and Doya, 2018)
mish           z tanh(softplus(z)) (Misra, 2020)
softplus       log(1 + exp(z)) (Dugas et al., 2001)
softsign       z / (1 + abs(z)) (Bergstra et al., 2009)
sigmoid        1 / (1 + exp(-z))
hard_sigmoid   relu6(z + 3) / 6
tanh           the hyperbolic tangent
exponential    exp(z)
softmax        exp(z) divided by its sum over the last axis
log_softmax    the logarithm of softmax, finite for every finite z
step           1 where z >= 0, else 0: the discrete perceptron, for prediction only
=============  ==========================================================================================
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from . import _check, _core, _data

_LISTED = {entry["name"]: entry for entry in _core.activations()}
_ALIASES = {"swish": "silu"}
_LONGEST_ROW = 1024


class ActivationFunction:
    """An activation function: its name in the core, and its parameters where it has some.

    Parameters
    ----------
    name : str
        One of the names of `known`.
    **parameters
        The parameters of those that have some, such as ``negative_slope=0.2`` for 'leaky_relu'. Numbers are at least 0;
        ``approximate`` of 'gelu' is True or False; ``max_value`` of 'relu' may be None.

    Attributes
    ----------
    name : str
        The name.
    parameters : dict
        The value of each parameter.
    differentiable : bool
        Whether a model can be trained through it ('step' is for inference only).
    rowwise : bool
        Whether it is taken over the whole last axis, as softmax is.

    Raises
    ------
    ValueError
        For an unknown name, or a parameter that is negative or not finite.
    TypeError
        For a parameter that the function does not have, or one of another type.
    """

    def __init__(self, name: str, **parameters: Any) -> None:
        if not isinstance(name, str):
            raise TypeError(f"ActivationFunction(name={_check.shown(name)}): name must be a string, such as 'relu'")
        name = _ALIASES.get(name, name)
        if name not in _LISTED:
            raise _check.unknown("activation", name, _LISTED)
        entry = _LISTED[name]
        self.name = name
        self.differentiable = entry["differentiable"]
        self.rowwise = entry["rowwise"]
        self.parameters = dict(entry["parameters"])
        for key, value in parameters.items():
            if key not in self.parameters:
                raise TypeError(f"activation {name!r} has no parameter {key!r}")
            self.parameters[key] = _checked_parameter(value, key, name, entry["parameters"][key])

    def __call__(self, x: Any, **parameters: Any) -> NDArray[Any]:
        """Return the function of `x`; softmax and log_softmax are taken over the last axis.

        Parameters
        ----------
        x : array_like
            Numbers, of any shape.
        **parameters
            Those of the function, for this call: ``activations.elu(x, alpha=0.5)``.

        Returns
        -------
        ndarray
            Of the same shape, float64 for float64 input, lists of floats among it, and float32 for any other.

        Raises
        ------
        TypeError
            If `x` does not hold numbers, or for a parameter that the function does not have.
        ValueError
            If it holds NaN or infinity, or for a parameter out of range.
        """
        if parameters:
            return ActivationFunction(self.name, **{**self.parameters, **parameters})(x)
        values = _data.elements(x, "x")
        if self.name == "linear" or values.size == 0:
            return values.copy()
        # The core works on dozens of rows at a time, which must not be long where they need not.
        width = values.shape[-1] if self.rowwise and values.ndim else math.gcd(values.size, _LONGEST_ROW)
        network = _core.Network(width, self.specs(), values.dtype.name)
        return network.predict(values.reshape(-1, width)).reshape(values.shape)

    def __repr__(self) -> str:
        return f"<activation {self.name}>"

    def specs(self) -> list[dict[str, Any]]:
        """Return what the core is told: one entry, or none where there is nothing to do."""
        if self.name == "linear":
            return []
        values = [math.inf if value is None else float(value) for value in self.parameters.values()]
        return [{"type": "activation", "name": self.name, "parameters": values}]

    def get_config(self) -> str | dict[str, Any]:
        """Return what `get` makes this function from: its name, with its parameters where they are not the defaults."""
        default = self.parameters == _LISTED[self.name]["parameters"]
        return self.name if default else {"name": self.name, **self.parameters}


def _checked_parameter(value: Any, key: str, name: str, default: float | bool | None) -> float | bool | None:
    if isinstance(default, bool):
        return _check.boolean(value, key, name)
    if value is None and default is None:
        return None
    return _check.real(value, key, name, "of at least 0", lambda number: number >= 0)


def known() -> list[str]:
    """Return the names of all activation functions."""
    return list(_LISTED)


def get(identifier: str | Mapping[str, Any] | ActivationFunction | None) -> ActivationFunction:
    """Return the activation function that `identifier` stands for.

    Parameters
    ----------
    identifier : str, dict, ActivationFunction or None
        A name, a dictionary with ``"name"`` and parameters, a function of this module, or None
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
        f"activation {_check.shown(identifier)} must be a name, such as 'relu', "
        f"not {type(identifier).__name__}. Known: {', '.join(_LISTED)}"
    )


def __getattr__(name: str) -> ActivationFunction:
    if name in _LISTED or name in _ALIASES:
        return ActivationFunction(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *_LISTED, *_ALIASES]
