"""Optimizers: how a gradient changes a weight. The update itself runs in the native core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from . import _check, _registry

_SMALLEST = float(np.finfo(np.float32).tiny)


class Optimizer:
    """The base class of all optimizers.

    An optimizer object holds settings. Moments and the count of steps belong to the model that it
    is compiled into, so one object may serve several models.

    Parameters
    ----------
    learning_rate : float
        The size of a step, at least 0. It may be changed at any time, also while `fit` runs.
    """

    name: ClassVar[str]

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate

    @property
    def learning_rate(self) -> float:
        """The size of a step; a change counts from the next batch that `fit` begins."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._learning_rate = _check.real(
            value, "learning_rate", type(self).__name__, "of at least 0", lambda v: v >= 0
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer."""
        return {"learning_rate": self.learning_rate}

    def spec(self) -> dict[str, Any]:
        """Return what the core is told."""
        return {"name": self.name, **self.get_config()}


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum where it is given.

    With gradient g: w -= learning_rate * g. With momentum: m = momentum * m - learning_rate * g and
    w += m, or, in Nesterov's form, w += momentum * m - learning_rate * g (Sutskever et al., 2013).

    Parameters
    ----------
    learning_rate : float
        At least 0.
    momentum : float
        In [0, 1).
    nesterov : bool
        Whether to take Nesterov's form.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    name = "sgd"

    def __init__(self, learning_rate: float = 0.01, momentum: float = 0.0, nesterov: bool = False) -> None:
        super().__init__(learning_rate)
        self.momentum = _check.real(momentum, "momentum", "SGD", "in [0, 1)", lambda v: 0 <= v < 1)
        self.nesterov = _check.boolean(nesterov, "nesterov", "SGD")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer."""
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "nesterov": self.nesterov,
        }


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015, section 2, in the form just before section 2.1).

    With gradient g at step t: m += (1 - beta_1) * (g - m), v += (1 - beta_2) * (g**2 - v) and
    w -= a * m / (sqrt(v) + epsilon), a = learning_rate * sqrt(1 - beta_2**t) / (1 - beta_1**t).

    Parameters
    ----------
    learning_rate : float
        At least 0.
    beta_1, beta_2 : float
        In [0, 1).
    epsilon : float
        At least the smallest normal float32, about 1.2e-38.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    name = "adam"

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
    ) -> None:
        super().__init__(learning_rate)
        self.beta_1 = _check.real(beta_1, "beta_1", "Adam", "in [0, 1)", lambda v: 0 <= v < 1)
        self.beta_2 = _check.real(beta_2, "beta_2", "Adam", "in [0, 1)", lambda v: 0 <= v < 1)
        self.epsilon = _check.real(epsilon, "epsilon", "Adam", f"of at least {_SMALLEST:.2g}", lambda v: v >= _SMALLEST)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }


_CLASSES: list[type[Optimizer]] = [SGD, Adam]
_NAMES: dict[str, type[Optimizer]] = {cls.name: cls for cls in _CLASSES}


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
    return _registry.resolve(identifier, "optimizer", Optimizer, _NAMES, own=False)
