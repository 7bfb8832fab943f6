"""Optimizers in NumPy, for the reference network: formulas of the files in keras/src/optimizers.

Moments begin at 0 where nothing else is said. What all share, clipping and the decay of weights, comes before.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
CLIPS = ("clipnorm", "global_clipnorm", "clipvalue")


def clipped(gradients: list[Array], limits: dict[str, float]) -> list[Array]:
    """The gradients within the one limit that is given; a norm is taken down by a factor."""
    if "clipvalue" in limits:
        return [np.clip(g, -limits["clipvalue"], limits["clipvalue"]) for g in gradients]
    norms = [np.sqrt((g.astype(np.float64) ** 2).sum()) for g in gradients]
    if "global_clipnorm" in limits:
        norms = [np.sqrt(sum(norm**2 for norm in norms))] * len(norms)
    limit = next(iter(limits.values()), math.inf)
    return [g if n <= limit else (g * (limit / n)).astype(g.dtype) for g, n in zip(gradients, norms, strict=True)]


class Sgd:
    """m = mu m - eta g; w += m, or with Nesterov w += mu m - eta g."""

    def __init__(self, learning_rate: float, momentum: float, nesterov: bool) -> None:
        self.learning_rate, self.momentum, self.nesterov = learning_rate, momentum, nesterov
        self.velocities: dict[int, Array] = {}

    def update(self, index: int, weight: Array, gradient: Array, step: int) -> Array:
        """The new value of weight number `index` in step 1, 2, ..."""
        scaled = self.learning_rate * gradient
        velocity = self.momentum * self.velocities.get(index, np.zeros_like(weight)) - scaled
        self.velocities[index] = velocity
        return weight + (self.momentum * velocity - scaled if self.nesterov else velocity)


class Adam:
    """Kingma and Ba 2015, with the bias corrections folded into the learning rate; amsgrad keeps the largest v."""

    def __init__(
        self, learning_rate: float, beta_1: float, beta_2: float, epsilon: float, amsgrad: bool = False
    ) -> None:
        self.learning_rate, self.epsilon = learning_rate, epsilon
        self.beta_1, self.beta_2, self.amsgrad = beta_1, beta_2, amsgrad
        self.moments: dict[int, tuple[Array, Array]] = {}
        self.largest: dict[int, Array] = {}

    def update(self, index: int, weight: Array, gradient: Array, step: int) -> Array:
        """The new value of weight number `index` in step 1, 2, ..."""
        zero = np.zeros_like(weight)
        m, v = self.moments.get(index, (zero, zero))
        m = self.beta_1 * m + (1 - self.beta_1) * gradient
        v = self.beta_2 * v + (1 - self.beta_2) * gradient * gradient
        self.moments[index] = (m, v)
        if self.amsgrad:
            v = self.largest[index] = np.maximum(v, self.largest.get(index, zero))
        rate = self.learning_rate * math.sqrt(1 - self.beta_2**step) / (1 - self.beta_1**step)
        return weight - rate * m / (np.sqrt(v) + self.epsilon)


class AdamW(Adam):
    """Adam after w -= w * weight_decay * eta, for every weight."""

    def __init__(self, weight_decay: float, **options: Any) -> None:
        super().__init__(**options)
        self.weight_decay = weight_decay

    def update(self, index: int, weight: Array, gradient: Array, step: int) -> Array:
        """The new value of weight number `index` in step 1, 2, ..."""
        decayed = weight - weight * (self.weight_decay * self.learning_rate)
        return super().update(index, decayed, gradient, step)


class RmsProp:
    """Tieleman and Hinton 2012, epsilon under the root."""

    def __init__(self, learning_rate: float, rho: float, momentum: float, epsilon: float, centered: bool) -> None:
        self.learning_rate, self.rho, self.epsilon = learning_rate, rho, epsilon
        self.momentum, self.centered = momentum, centered
        self.moments: dict[int, tuple[Array, Array, Array]] = {}

    def update(self, index: int, weight: Array, gradient: Array, step: int) -> Array:
        """The new value of weight number `index` in step 1, 2, ..."""
        zero = np.zeros_like(weight)
        square, mean, velocity = self.moments.get(index, (zero, zero, zero))
        square = self.rho * square + (1 - self.rho) * gradient * gradient
        mean = self.rho * mean + (1 - self.rho) * gradient
        variance = np.maximum(square - mean * mean, 0) if self.centered else square
        increment = self.learning_rate * gradient / np.sqrt(variance + self.epsilon)
        velocity = self.momentum * velocity + increment
        self.moments[index] = (square, mean, velocity)
        return weight - velocity


class Adagrad:
    """Duchi, Hazan and Singer 2011, epsilon under the root."""

    def __init__(self, learning_rate: float, initial_accumulator_value: float, epsilon: float) -> None:
        self.learning_rate, self.first, self.epsilon = learning_rate, initial_accumulator_value, epsilon
        self.sums: dict[int, Array] = {}

    def update(self, index: int, weight: Array, gradient: Array, step: int) -> Array:
        """The new value of weight number `index` in step 1, 2, ..."""
        total = self.sums.get(index, np.full_like(weight, self.first)) + gradient * gradient
        self.sums[index] = total
        return weight - self.learning_rate * gradient / np.sqrt(total + self.epsilon)


class Nadam(Adam):
    """Dozat 2016: the mean gradient and the gradient, each corrected by the products of momenta."""

    def update(self, index: int, weight: Array, gradient: Array, step: int) -> Array:
        """The new value of weight number `index` in step 1, 2, ..."""
        zero = np.zeros_like(weight)
        m, v = self.moments.get(index, (zero, zero))
        m = self.beta_1 * m + (1 - self.beta_1) * gradient
        v = self.beta_2 * v + (1 - self.beta_2) * gradient * gradient
        self.moments[index] = (m, v)
        momenta = [self.beta_1 * (1 - 0.5 * 0.96**t) for t in range(1, step + 2)]
        ahead, now = math.prod(momenta), math.prod(momenta[:-1])
        mean = momenta[-1] * m / (1 - ahead) + (1 - momenta[-2]) * gradient / (1 - now)
        return weight - self.learning_rate * mean / (np.sqrt(v / (1 - self.beta_2**step)) + self.epsilon)


class Adamax(Adam):
    """Kingma and Ba 2015, section 7.1: the largest gradient, which decays."""

    def update(self, index: int, weight: Array, gradient: Array, step: int) -> Array:
        """The new value of weight number `index` in step 1, 2, ..."""
        zero = np.zeros_like(weight)
        m, u = self.moments.get(index, (zero, zero))
        m = self.beta_1 * m + (1 - self.beta_1) * gradient
        u = np.maximum(self.beta_2 * u, np.abs(gradient))
        self.moments[index] = (m, u)
        return weight - self.learning_rate / (1 - self.beta_1**step) * m / (u + self.epsilon)


class Adadelta:
    """Zeiler 2012."""

    def __init__(self, learning_rate: float, rho: float, epsilon: float) -> None:
        self.learning_rate, self.rho, self.epsilon = learning_rate, rho, epsilon
        self.means: dict[int, tuple[Array, Array]] = {}

    def update(self, index: int, weight: Array, gradient: Array, step: int) -> Array:
        """The new value of weight number `index` in step 1, 2, ..."""
        zero = np.zeros_like(weight)
        square, moved = self.means.get(index, (zero, zero))
        square = self.rho * square + (1 - self.rho) * gradient**2
        delta = gradient * np.sqrt(moved + self.epsilon) / np.sqrt(square + self.epsilon)
        self.means[index] = (square, self.rho * moved + (1 - self.rho) * delta**2)
        return weight - self.learning_rate * delta


class Ftrl:
    """McMahan et al. 2013, in Keras's form."""

    def __init__(
        self,
        learning_rate: float,
        learning_rate_power: float,
        initial_accumulator_value: float,
        l1_regularization_strength: float,
        l2_regularization_strength: float,
        l2_shrinkage_regularization_strength: float,
        beta: float,
    ) -> None:
        self.learning_rate, self.power, self.first = learning_rate, -learning_rate_power, initial_accumulator_value
        self.l1, self.shrinkage = l1_regularization_strength, l2_shrinkage_regularization_strength
        self.l2, self.beta = l2_regularization_strength, beta
        self.sums: dict[int, tuple[Array, Array]] = {}

    def update(self, index: int, weight: Array, gradient: Array, step: int) -> Array:
        """The new value of weight number `index` in step 1, 2, ..."""
        total, linear = self.sums.get(index, (np.full_like(weight, self.first), np.zeros_like(weight)))
        after = total + gradient**2
        sigma = (after**self.power - total**self.power) / self.learning_rate
        linear = linear + gradient + 2 * self.shrinkage * weight - sigma * weight
        self.sums[index] = (after, linear)
        quadratic = (after**self.power + self.beta) / self.learning_rate + 2 * self.l2
        return (np.clip(linear, -self.l1, self.l1) - linear) / quadratic


class Lion:
    """Chen et al. 2023."""

    def __init__(self, learning_rate: float, beta_1: float, beta_2: float) -> None:
        self.learning_rate, self.beta_1, self.beta_2 = learning_rate, beta_1, beta_2
        self.means: dict[int, Array] = {}

    def update(self, index: int, weight: Array, gradient: Array, step: int) -> Array:
        """The new value of weight number `index` in step 1, 2, ..."""
        mean = self.means.get(index, np.zeros_like(weight))
        self.means[index] = self.beta_2 * mean + (1 - self.beta_2) * gradient
        return weight - self.learning_rate * np.sign(self.beta_1 * mean + (1 - self.beta_1) * gradient)


class Decaying:
    """An optimizer after w -= w * weight_decay * eta, for every weight."""

    def __init__(self, optimizer: Any, weight_decay: float) -> None:
        self.optimizer, self.weight_decay = optimizer, weight_decay

    def update(self, index: int, weight: Array, gradient: Array, step: int) -> Array:
        """The new value of weight number `index` in step 1, 2, ..."""
        decayed = weight - weight * (self.weight_decay * self.optimizer.learning_rate)
        return self.optimizer.update(index, decayed, gradient, step)


OPTIMIZERS: dict[str, Callable[..., Any]] = {
    "sgd": Sgd,
    "adam": Adam,
    "adamw": AdamW,
    "rmsprop": RmsProp,
    "adagrad": Adagrad,
    "nadam": Nadam,
    "adamax": Adamax,
    "adadelta": Adadelta,
    "ftrl": Ftrl,
    "lion": Lion,
}


def make_optimizer(name: str, options: dict[str, Any]) -> tuple[Any, dict[str, float]]:
    """The optimizer with these options, and the limit of gradients, if there is one."""
    limits = {key: value for key, value in options.items() if key in CLIPS}
    own = {key: value for key, value in options.items() if key not in limits}
    if name == "adamw" or "weight_decay" not in own:
        return OPTIMIZERS[name](**own), limits
    decay = own.pop("weight_decay")
    return Decaying(OPTIMIZERS[name](**own), decay), limits
