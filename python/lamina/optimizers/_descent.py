"""Gradient descent with momentum, and what divides by the size of earlier gradients or takes their sign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import _check
from ._base import Optimizer, OptimizerOptions, not_negative, rate, share, small

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .schedules import LearningRateSchedule


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum where it is given.

    With gradient g: w -= learning_rate * g. With momentum: m = momentum * m - learning_rate * g and
    w += m, or, in Nesterov's form, w += momentum * m - learning_rate * g (Sutskever et al., 2013).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        At least 0.
    momentum : float
        In [0, 1).
    nesterov : bool
        Whether to take Nesterov's form.
    **options
        Those of `Optimizer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    rule = "sgd"

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **options: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **options)
        self.momentum = share(momentum, "momentum", "SGD")
        self.nesterov = _check.boolean(nesterov, "nesterov", "SGD")

    def _arguments(self) -> dict[str, Any]:
        return {"momentum": self.momentum, "nesterov": self.nesterov}


class RMSprop(Optimizer):
    """RMSprop (Tieleman and Hinton, 2012), as Keras has it: epsilon stands under the root.

    With gradient g: v += (1 - rho) * (g**2 - v) and w -= learning_rate * g / sqrt(v + epsilon). With
    momentum that step s gives m = momentum * m + s and w -= m. Centered, the square of the running
    mean of g is taken from v under the root, at least 0 being left.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        At least 0.
    rho, momentum : float
        In [0, 1).
    epsilon : float
        At least the smallest normal float32, about 1.2e-38.
    centered : bool
        Whether to divide by the root of the variance in the place of the mean square.
    **options
        Those of `Optimizer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    rule = "rmsprop"

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **options: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **options)
        self.rho = share(rho, "rho", "RMSprop")
        self.momentum = share(momentum, "momentum", "RMSprop")
        self.epsilon = small(epsilon, "RMSprop")
        self.centered = _check.boolean(centered, "centered", "RMSprop")

    def _arguments(self) -> dict[str, Any]:
        return {"rho": self.rho, "momentum": self.momentum, "epsilon": self.epsilon, "centered": self.centered}


class Adagrad(Optimizer):
    """Adagrad (Duchi, Hazan and Singer, 2011), as Keras has it: epsilon stands under the root.

    With gradient g: a += g**2 and w -= learning_rate * g / sqrt(a + epsilon).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        At least 0.
    initial_accumulator_value : float
        What a begins with, at least 0.
    epsilon : float
        At least the smallest normal float32, about 1.2e-38.
    **options
        Those of `Optimizer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    rule = "adagrad"

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **options: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **options)
        first = not_negative(initial_accumulator_value, "initial_accumulator_value", "Adagrad")
        self.initial_accumulator_value = first
        self.epsilon = small(epsilon, "Adagrad")

    def _arguments(self) -> dict[str, Any]:
        return {"initial_accumulator_value": self.initial_accumulator_value, "epsilon": self.epsilon}


class Adadelta(Optimizer):
    """Adadelta (Zeiler, 2012): steps in the units of the weights.

    With gradient g: a += (1 - rho) * (g**2 - a), s = g * sqrt(b + epsilon) / sqrt(a + epsilon),
    b += (1 - rho) * (s**2 - b) and w -= learning_rate * s. The paper's learning rate is 1.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        At least 0.
    rho : float
        In [0, 1).
    epsilon : float
        At least the smallest normal float32, about 1.2e-38.
    **options
        Those of `Optimizer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    rule = "adadelta"

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        **options: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **options)
        self.rho = share(rho, "rho", "Adadelta")
        self.epsilon = small(epsilon, "Adadelta")

    def _arguments(self) -> dict[str, Any]:
        return {"rho": self.rho, "epsilon": self.epsilon}


class Ftrl(Optimizer):
    """FTRL-Proximal (McMahan et al., 2013), with the shrinkage that Keras adds: weights that l1 sets to 0.

    With gradient g and p = -learning_rate_power: A = a + g**2, z += g + 2 * l2_shrinkage * w - (A**p - a**p) * w /
    learning_rate, w = (clip(z, -l1, l1) - z) / (A**p / learning_rate + 2 * l2 + beta / learning_rate) and a = A.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        More than 0.
    learning_rate_power : float
        At most 0; -0.5 takes the root of the sum of squares, 0 leaves steps of one size.
    initial_accumulator_value : float
        What a begins with, at least 0.
    l1_regularization_strength, l2_regularization_strength, l2_shrinkage_regularization_strength : float
        At least 0; the last acts on the gradient.
    beta : float
        At least 0.
    **options
        Those of `Optimizer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    rule = "ftrl"

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **options: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **options)
        self.learning_rate_power = _check.real(
            learning_rate_power, "learning_rate_power", "Ftrl", "of at most 0", lambda v: v <= 0
        )
        first = not_negative(initial_accumulator_value, "initial_accumulator_value", "Ftrl")
        self.initial_accumulator_value = first
        self.l1_regularization_strength = not_negative(l1_regularization_strength, "l1_regularization_strength", "Ftrl")
        self.l2_regularization_strength = not_negative(l2_regularization_strength, "l2_regularization_strength", "Ftrl")
        self.l2_shrinkage_regularization_strength = not_negative(
            l2_shrinkage_regularization_strength, "l2_shrinkage_regularization_strength", "Ftrl"
        )
        self.beta = not_negative(beta, "beta", "Ftrl")

    def _checked_rate(self, value: Any) -> float:
        return rate(value, "Ftrl", "of more than 0, since it is divided by", lambda v: v > 0)

    def _arguments(self) -> dict[str, Any]:
        return {
            "learning_rate_power": self.learning_rate_power,
            "initial_accumulator_value": self.initial_accumulator_value,
            "l1_regularization_strength": self.l1_regularization_strength,
            "l2_regularization_strength": self.l2_regularization_strength,
            "l2_shrinkage_regularization_strength": self.l2_shrinkage_regularization_strength,
            "beta": self.beta,
        }


class Lion(Optimizer):
    """Lion (Chen et al., 2023): steps of one size, in the direction of a mean gradient's sign.

    With gradient g: w -= learning_rate * sign(beta_1 * m + (1 - beta_1) * g) and m = beta_2 * m + (1 - beta_2) * g.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        At least 0.
    beta_1 : float
        In (0, 1].
    beta_2 : float
        In [0, 1).
    **options
        Those of `Optimizer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    rule = "lion"

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        **options: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1 = _check.real(beta_1, "beta_1", "Lion", "in (0, 1]", lambda v: 0 < v <= 1)
        self.beta_2 = share(beta_2, "beta_2", "Lion")

    def _arguments(self) -> dict[str, Any]:
        return {"beta_1": self.beta_1, "beta_2": self.beta_2}
