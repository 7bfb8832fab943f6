"""Optimizers: how a gradient changes a weight. The update itself runs in the native core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from . import _check, _registry

_SMALLEST = float(np.finfo(np.float32).tiny)


def _share(value: float, name: str, where: str) -> float:
    return _check.real(value, name, where, "in [0, 1)", lambda v: 0 <= v < 1)


def _not_negative(value: float, name: str, where: str) -> float:
    return _check.real(value, name, where, "of at least 0", lambda v: v >= 0)


def _epsilon(value: float, where: str) -> float:
    return _check.real(value, "epsilon", where, f"of at least {_SMALLEST:.2g}", lambda v: v >= _SMALLEST)


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
        self._learning_rate = _not_negative(value, "learning_rate", type(self).__name__)

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
        self.momentum = _share(momentum, "momentum", "SGD")
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
        where = type(self).__name__
        self.beta_1 = _share(beta_1, "beta_1", where)
        self.beta_2 = _share(beta_2, "beta_2", where)
        self.epsilon = _epsilon(epsilon, where)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }


class AdamW(Adam):
    """Adam with a decay of the weights that does not go through the gradient (Loshchilov and Hutter, 2019).

    Before each step of `Adam`, w -= w * weight_decay * learning_rate, for all weights, biases too.

    Parameters
    ----------
    learning_rate, weight_decay : float
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

    name = "adamw"

    def __init__(
        self,
        learning_rate: float = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon)
        self.weight_decay = _not_negative(weight_decay, "weight_decay", "AdamW")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer."""
        return {**super().get_config(), "weight_decay": self.weight_decay}


class RMSprop(Optimizer):
    """RMSprop (Tieleman and Hinton, 2012), as Keras has it: epsilon stands under the root.

    With gradient g: v += (1 - rho) * (g**2 - v) and w -= learning_rate * g / sqrt(v + epsilon). With
    momentum that step s gives m = momentum * m + s and w -= m. Centered, the square of the running
    mean of g is taken from v under the root, at least 0 being left.

    Parameters
    ----------
    learning_rate : float
        At least 0.
    rho, momentum : float
        In [0, 1).
    epsilon : float
        At least the smallest normal float32, about 1.2e-38.
    centered : bool
        Whether to divide by the root of the variance in the place of the mean square.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    name = "rmsprop"

    def __init__(
        self,
        learning_rate: float = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
    ) -> None:
        super().__init__(learning_rate)
        self.rho = _share(rho, "rho", "RMSprop")
        self.momentum = _share(momentum, "momentum", "RMSprop")
        self.epsilon = _epsilon(epsilon, "RMSprop")
        self.centered = _check.boolean(centered, "centered", "RMSprop")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer."""
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }


class Adagrad(Optimizer):
    """Adagrad (Duchi, Hazan and Singer, 2011), as Keras has it: epsilon stands under the root.

    With gradient g: a += g**2 and w -= learning_rate * g / sqrt(a + epsilon).

    Parameters
    ----------
    learning_rate : float
        At least 0.
    initial_accumulator_value : float
        What a begins with, at least 0.
    epsilon : float
        At least the smallest normal float32, about 1.2e-38.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    name = "adagrad"

    def __init__(
        self,
        learning_rate: float = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
    ) -> None:
        super().__init__(learning_rate)
        self.initial_accumulator_value = _not_negative(
            initial_accumulator_value, "initial_accumulator_value", "Adagrad"
        )
        self.epsilon = _epsilon(epsilon, "Adagrad")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer."""
        return {
            **super().get_config(),
            "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }


_CLASSES: list[type[Optimizer]] = [SGD, Adam, AdamW, RMSprop, Adagrad]
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
