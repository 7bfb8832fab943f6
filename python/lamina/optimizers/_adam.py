"""Adam and its kin: a mean of gradients, divided by a measure of their size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import _check
from ._base import DecayingOptions, Optimizer, OptimizerOptions, not_negative, share, small

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .schedules import LearningRateSchedule


class _Moments(Optimizer):
    """What has two shares of decay and an epsilon."""

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule,
        beta_1: float,
        beta_2: float,
        epsilon: float,
        **options: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **options)
        where = type(self).__name__
        self.beta_1 = share(beta_1, "beta_1", where)
        self.beta_2 = share(beta_2, "beta_2", where)
        self.epsilon = small(epsilon, where)

    def _arguments(self) -> dict[str, Any]:
        return {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}


class Adam(_Moments):
    """Adam (Kingma and Ba, 2015, section 2, in the form just before section 2.1).

    With gradient g at step t: m += (1 - beta_1) * (g - m), v += (1 - beta_2) * (g**2 - v) and
    w -= a * m / (sqrt(v) + epsilon), a = learning_rate * sqrt(1 - beta_2**t) / (1 - beta_1**t). With
    `amsgrad` the largest v so far takes its place (Reddi, Kale and Kumar, 2018).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        At least 0.
    beta_1, beta_2 : float
        In [0, 1).
    epsilon : float
        At least the smallest normal float32, about 1.2e-38.
    amsgrad : bool
        Whether v never falls.
    **options
        Those of `Optimizer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    rule = "adam"

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **options)
        self.amsgrad = _check.boolean(amsgrad, "amsgrad", type(self).__name__)

    def _arguments(self) -> dict[str, Any]:
        return {**super()._arguments(), "amsgrad": self.amsgrad}


class AdamW(Adam):
    """Adam with a decay of the weights that does not go through the gradient (Loshchilov and Hutter, 2019).

    Before each step of `Adam`, w -= w * weight_decay * learning_rate, for all weights, biases too.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        At least 0.
    weight_decay : float
        At least 0.
    beta_1, beta_2 : float
        In [0, 1).
    epsilon : float
        At least the smallest normal float32, about 1.2e-38.
    amsgrad : bool
        Whether v never falls; see `Adam`.
    **options
        Those of `Optimizer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    rule = "adamw"

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Unpack[DecayingOptions],
    ) -> None:
        decay = not_negative(weight_decay, "weight_decay", "AdamW")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=decay, **options)


class Nadam(_Moments):
    """Nadam (Dozat, 2016): Adam with Nesterov's momentum.

    With gradient g at step t, u_t = beta_1 * (1 - 0.96**t / 2) and U_t the product of u_1 to u_t: m and v as in
    `Adam`, and w -= learning_rate * (u_(t+1) * m / (1 - U_(t+1)) + (1 - u_t) * g / (1 - U_t)) / (sqrt(v / (1 -
    beta_2**t)) + epsilon).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        At least 0.
    beta_1, beta_2 : float
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

    rule = "nadam"

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **options)


class Adamax(_Moments):
    """Adamax (Kingma and Ba, 2015, section 7.1): Adam by the largest gradient in the place of their mean square.

    With gradient g at step t: m += (1 - beta_1) * (g - m), u = max(beta_2 * u, abs(g)) and
    w -= learning_rate * m / ((1 - beta_1**t) * (u + epsilon)).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        At least 0.
    beta_1, beta_2 : float
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

    rule = "adamax"

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **options)
