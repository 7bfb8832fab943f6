"""What all optimizers share: the learning rate, clipping, the decay and the averages of weights."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

import numpy as np

from .. import _check, _registry
from . import schedules
from .schedules import LearningRateSchedule

if TYPE_CHECKING:
    from typing_extensions import Unpack

_SMALLEST = float(np.finfo(np.float32).tiny)
_CLIPS = ("clipnorm", "global_clipnorm", "clipvalue")


class DecayingOptions(TypedDict, total=False):
    """The arguments that every optimizer takes, but for the decay of weights; see `Optimizer`."""

    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: None
    gradient_accumulation_steps: None
    name: str | None


class OptimizerOptions(DecayingOptions, total=False):
    """The arguments that every optimizer takes; see `Optimizer`."""

    weight_decay: float | None


def share(value: float, name: str, where: str) -> float:
    """Return a number in [0, 1)."""
    return _check.real(value, name, where, "in [0, 1)", lambda v: 0 <= v < 1)


def rate(value: Any, where: str, need: str, allowed: Callable[[float], bool]) -> float:
    """Return a learning rate; integers, which more often are a slip than meant, are refused as Keras does."""
    if isinstance(value, numbers.Integral) and not isinstance(value, (bool, np.bool_)):
        shown = _check.shown(value)
        raise TypeError(f"{where}(learning_rate={shown}): learning_rate must be a float; {shown}.0 if it is meant")
    return _check.real(value, "learning_rate", where, need, allowed)


def not_negative(value: float, name: str, where: str) -> float:
    """Return a number of at least 0."""
    return _check.real(value, name, where, "of at least 0", lambda v: v >= 0)


def small(value: float, where: str) -> float:
    """Return an epsilon that float32 does not take for 0."""
    return _check.real(value, "epsilon", where, f"of at least {_SMALLEST:.2g}", lambda v: v >= _SMALLEST)


class Optimizer:
    """The base class of all optimizers.

    An optimizer object holds settings. Moments and the count of steps belong to the model that it
    is compiled into, so one object may serve several models. A step goes: gradients are clipped,
    weights decay, the optimizer's formula changes them, the averages follow.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        The size of a step, at least 0, or what gives it for each; see `lamina.optimizers.schedules`.
        A number may be changed at any time, also while `fit` runs.
    weight_decay : float, optional
        At least 0: before each step w -= w * weight_decay * learning_rate, for all weights, biases too.
    clipnorm : float, optional
        More than 0: the gradient of a weight tensor with a larger Euclidean norm is scaled down to this one.
    global_clipnorm : float, optional
        The same by the norm of all gradients together.
    clipvalue : float, optional
        More than 0: each element of a gradient is cut to [-clipvalue, clipvalue]. Only one of the three may be given.
    use_ema : bool
        Whether to keep an exponential moving average of the weights, which takes their place when `fit` ends.
    ema_momentum : float
        In [0, 1]: average = ema_momentum * average + (1 - ema_momentum) * w after each step; the first step's
        average is w.
    ema_overwrite_frequency : int, optional
        After how many steps, each time, the average takes the place of the weights during `fit` too.
    loss_scale_factor, gradient_accumulation_steps : None
        Keras's; anything but None is refused.
    name : str, optional
        What configurations and files call it; by default the name of its class, in small letters.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range, and for two ways to clip.
    """

    rule: ClassVar[str]
    """What the core calls it."""

    def __init__(self, learning_rate: float | LearningRateSchedule, **options: Unpack[OptimizerOptions]) -> None:
        where = type(self).__name__
        for name in options:
            if name not in OptimizerOptions.__annotations__:
                raise TypeError(f"{where}() has no argument {name!r}")
        for name in ("loss_scale_factor", "gradient_accumulation_steps"):
            if (value := options.get(name)) is not None:
                raise ValueError(f"{where}({name}={_check.shown(value)}) is not supported")
        self.name = _named(options.get("name"), where)
        decay = options.get("weight_decay")
        self.weight_decay = None if decay is None else not_negative(decay, "weight_decay", where)
        self.clipnorm, self.global_clipnorm, self.clipvalue = _clips(options, where)
        self.use_ema = _check.boolean(options.get("use_ema", False), "use_ema", where)
        momentum = options.get("ema_momentum", 0.99)
        self.ema_momentum = _check.real(momentum, "ema_momentum", where, "in [0, 1]", lambda v: 0 <= v <= 1)
        every = options.get("ema_overwrite_frequency")
        self.ema_overwrite_frequency = (
            None if every is None else _check.integer(every, "ema_overwrite_frequency", where, 1, 2**53)
        )
        self._iterations = 0
        self._schedule: LearningRateSchedule | None = None
        described = isinstance(learning_rate, Mapping) and "class_name" in learning_rate
        if isinstance(learning_rate, LearningRateSchedule) or described:
            self.learning_rate = schedules.get(learning_rate)  # type: ignore[arg-type]
        elif callable(learning_rate):
            raise TypeError(
                f"{where}(learning_rate={_check.shown(learning_rate)}): functions are not supported; derive a class "
                "from lamina.optimizers.schedules.LearningRateSchedule, or give the callback LearningRateScheduler"
            )
        else:
            self._learning_rate = self._checked_rate(learning_rate)

    @property
    def learning_rate(self) -> float:
        """The size of a step; a change counts from the next batch that `fit` begins.

        With a schedule this is what it gives for `iterations`; it can be replaced by another schedule only.

        Raises
        ------
        TypeError
            If it is set to a number while there is a schedule.
        """
        return self._learning_rate if self._schedule is None else self._schedule.rate(self._iterations)

    @learning_rate.setter
    def learning_rate(self, value: float | LearningRateSchedule) -> None:
        if isinstance(value, LearningRateSchedule):
            self._schedule = value
        elif self._schedule is not None:
            raise TypeError(
                f"{type(self).__name__}.learning_rate = {_check.shown(value)}: it follows a schedule, "
                f"{type(self._schedule).__name__}; make the optimizer with a number to set it"
            )
        else:
            self._learning_rate = self._checked_rate(value)

    @property
    def schedule(self) -> LearningRateSchedule | None:
        """The schedule that gives the learning rate, if there is one."""
        return self._schedule

    @property
    def iterations(self) -> int:
        """The steps that the model made which trained with it last."""
        return self._iterations

    def came_to(self, iterations: int) -> None:
        """Note how many steps the model has made; models call this."""
        self._iterations = iterations

    def _checked_rate(self, value: Any) -> float:
        return rate(value, type(self).__name__, "of at least 0", lambda v: v >= 0)

    def rates(self, iterations: int, count: int) -> list[float]:
        """Return the learning rates that the schedule gives for so many steps, at least one, after `iterations`.

        Raises
        ------
        ValueError
            If the schedule gives what is no learning rate.
        """
        assert self._schedule is not None
        found = self._schedule.rates(iterations, count)
        self._checked_rate(min(found))
        return found

    def _arguments(self) -> dict[str, Any]:
        """Return the numbers of its own."""
        return {}

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer."""
        rate: Any = self._learning_rate if self._schedule is None else schedules.serialize(self._schedule)
        return {
            "name": self.name,
            "learning_rate": rate,
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": None,
            "gradient_accumulation_steps": None,
            **self._arguments(),
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Optimizer:
        """Return an optimizer made with the arguments in a configuration, from here or from Keras.

        Raises
        ------
        TypeError, ValueError
            For arguments that do not fit.
        """
        return cls(**_registry.arguments(cls, config, OptimizerOptions.__annotations__))

    def spec(self) -> dict[str, Any]:
        """Return what the core is told."""
        averages = {"ema_momentum": self.ema_momentum, "ema_overwrite_frequency": self.ema_overwrite_frequency}
        options = {
            "weight_decay": self.weight_decay,
            **{clip: getattr(self, clip) for clip in _CLIPS},
            **(averages if self.use_ema else {}),
        }
        given = {name: value for name, value in options.items() if value is not None}
        rate = self._learning_rate if self._schedule is None else 0.0  # told before each step
        return {"name": self.rule, "learning_rate": rate, **self._arguments(), **given}


def _named(name: Any, where: str) -> str:
    if name is None:
        return where.lower()
    if not isinstance(name, str) or not name:
        raise TypeError(f"{where}(name={_check.shown(name)}): name must be a string")
    return name


def _clips(options: OptimizerOptions, where: str) -> list[float | None]:
    values: Mapping[str, Any] = options
    found = [
        None if values.get(name) is None else _check.real(values[name], name, where, "of more than 0", lambda v: v > 0)
        for name in _CLIPS
    ]
    given = [name for name, value in zip(_CLIPS, found, strict=True) if value is not None]
    if len(given) > 1:
        raise ValueError(f"{where}({given[0]}=..., {given[1]}=...): only one way to clip may be given")
    return found
