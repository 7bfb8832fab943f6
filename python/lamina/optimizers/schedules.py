"""Learning rates that change from step to step; formulas and names are those of `keras.optimizers.schedules`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _check, _custom, _registry

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "get",
    "serialize",
]

Steps = NDArray[np.float64]


class LearningRateSchedule:
    """The base class of schedules; derive from it for one of your own.

    A schedule is called with the number of steps made so far and returns the learning rate of the
    next. Give it to an optimizer: ``Adam(ExponentialDecay(0.01, 1000, 0.9))``. It is asked for some
    steps in advance, so what it returns should depend on the step alone.
    """

    def __call__(self, step: int) -> float:
        """Return the learning rate of the step after `step` others.

        Raises
        ------
        NotImplementedError
            In this base class.
        """
        raise NotImplementedError(f"{type(self).__name__} must have __call__(self, step)")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal schedule.

        Raises
        ------
        NotImplementedError
            In this base class.
        """
        raise NotImplementedError(f"{type(self).__name__} must have get_config(self) to be written down")

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> LearningRateSchedule:
        """Return a schedule made with the arguments in a configuration."""
        return cls(**config)

    def rate(self, step: int) -> float:
        """Return the learning rate of a step, checked to be a number.

        Raises
        ------
        ValueError
            If the schedule returns something else, or what is negative or not finite.
        """
        found: Any = self(step)
        try:
            rate = float(found)
        except (TypeError, ValueError, OverflowError):
            rate = math.nan
        if not (math.isfinite(rate) and rate >= 0):
            raise ValueError(
                f"{type(self).__name__}()({step}) is {_check.shown(found)}: a schedule must return a learning rate, "
                "a finite number of at least 0"
            )
        return rate

    def rates(self, first: int, count: int) -> list[float]:
        """Return the learning rates of so many steps, the first of which comes after `first` others.

        Raises
        ------
        ValueError
            As for `rate`.
        """
        return [self.rate(step) for step in range(first, first + count)]


class _Formula(LearningRateSchedule):
    """What computes many steps at once, in float64."""

    name: str

    def __call__(self, step: int) -> float:
        return float(self._at(np.asarray(step, np.float64)))

    def rates(self, first: int, count: int) -> list[float]:
        with np.errstate(all="ignore"):
            found = np.broadcast_to(self._at(np.arange(first, first + count, dtype=np.float64)), count)
        if count and not (np.isfinite(found).all() and found.min() >= 0):
            return super().rates(first, count)  # which names the step
        return [float(rate) for rate in found]

    def _at(self, steps: Steps) -> Steps:
        raise NotImplementedError


def _rate(value: Any, name: str, where: str) -> float:
    return _check.real(value, name, where, "of at least 0", lambda v: v >= 0)


def _number(value: Any, name: str, where: str) -> float:
    return _check.real(value, name, where, "that is finite", lambda v: True)


def _positive(value: Any, name: str, where: str) -> float:
    return _check.real(value, name, where, "of more than 0", lambda v: v > 0)


def _name(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{where}(name={_check.shown(value)}): name must be a string")
    return value


class _Decay(_Formula):
    """What begins at a learning rate and has decayed by some share after some steps."""

    def __init__(
        self, initial_learning_rate: float, decay_steps: float, decay_rate: float, staircase: bool, name: str
    ) -> None:
        where = type(self).__name__
        self.initial_learning_rate = _rate(initial_learning_rate, "initial_learning_rate", where)
        self.decay_steps = _positive(decay_steps, "decay_steps", where)
        self.decay_rate = _rate(decay_rate, "decay_rate", where)
        self.staircase = _check.boolean(staircase, "staircase", where)
        self.name = _name(name, where)

    def _decays(self, steps: Steps) -> Steps:
        decays = steps / self.decay_steps
        return np.floor(decays) if self.staircase else decays

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal schedule."""
        names = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name")
        return {name: getattr(self, name) for name in names}


class ExponentialDecay(_Decay):
    """The rate falls by a factor: initial_learning_rate * decay_rate ** (step / decay_steps).

    Parameters
    ----------
    initial_learning_rate : float
        At least 0.
    decay_steps : float
        After how many steps the factor is `decay_rate`; more than 0.
    decay_rate : float
        At least 0.
    staircase : bool
        Whether the exponent is rounded down.
    name : str
        Of no consequence.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase, name)

    def _at(self, steps: Steps) -> Steps:
        return self.initial_learning_rate * np.power(self.decay_rate, self._decays(steps))


class InverseTimeDecay(_Decay):
    """The rate is divided: initial_learning_rate / (1 + decay_rate * step / decay_steps).

    Parameters
    ----------
    initial_learning_rate : float
        At least 0.
    decay_steps : float
        After how many steps the divisor is 1 + `decay_rate`; more than 0.
    decay_rate : float
        At least 0.
    staircase : bool
        Whether step / decay_steps is rounded down.
    name : str
        Of no consequence.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase, name)

    def _at(self, steps: Steps) -> Steps:
        return self.initial_learning_rate / (1 + self.decay_rate * self._decays(steps))


class PiecewiseConstantDecay(_Formula):
    """A value up to each boundary: values[i] for boundaries[i - 1] < step <= boundaries[i].

    Parameters
    ----------
    boundaries : sequence of float
        Steps, growing; one at least.
    values : sequence of float
        One more than boundaries, each at least 0.
    name : str
        Of no consequence.

    Raises
    ------
    TypeError, ValueError
        For values of another type, number, order or range.
    """

    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant") -> None:
        where = "PiecewiseConstantDecay"
        for given, what in ((boundaries, "boundaries"), (values, "values")):
            if not isinstance(given, (list, tuple)):
                raise TypeError(f"{where}({what}={_check.shown(given)}): {what} must be a list of numbers")
        self.boundaries = [_number(boundary, "boundaries", where) for boundary in boundaries]
        self.values = [_rate(value, "values", where) for value in values]
        self.name = _name(name, where)
        if not self.boundaries or len(self.values) != len(self.boundaries) + 1:
            raise ValueError(
                f"{where}: {len(self.boundaries)} boundaries and {len(self.values)} values: give one boundary at "
                "least, and one value more than boundaries"
            )
        if any(low >= high for low, high in zip(self.boundaries, self.boundaries[1:], strict=False)):
            raise ValueError(f"{where}(boundaries={_check.shown(boundaries)}): boundaries must grow")

    def _at(self, steps: Steps) -> Steps:
        return np.asarray(self.values)[np.searchsorted(self.boundaries, steps, side="left")]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal schedule."""
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}


class PolynomialDecay(_Formula):
    """The rate falls to an end: (initial - end) * (1 - step / decay_steps) ** power + end, and stays there.

    Parameters
    ----------
    initial_learning_rate : float
        At least 0.
    decay_steps : float
        After how many steps the end is reached; more than 0.
    end_learning_rate : float
        At least 0.
    power : float
        At least 0.
    cycle : bool
        Whether, where the end is reached, decay_steps grows to its next multiple beyond the step.
    name : str
        Of no consequence.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        where = "PolynomialDecay"
        self.initial_learning_rate = _rate(initial_learning_rate, "initial_learning_rate", where)
        self.decay_steps = _positive(decay_steps, "decay_steps", where)
        self.end_learning_rate = _rate(end_learning_rate, "end_learning_rate", where)
        self.power = _rate(power, "power", where)
        self.cycle = _check.boolean(cycle, "cycle", where)
        self.name = _name(name, where)

    def _at(self, steps: Steps) -> Steps:
        length: Any = self.decay_steps
        if self.cycle:
            length = length * np.maximum(1, np.ceil(steps / self.decay_steps))
        done = np.minimum(steps / length, 1)
        span = self.initial_learning_rate - self.end_learning_rate
        return np.asarray(span * (1 - done) ** self.power + self.end_learning_rate)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal schedule."""
        names = ("initial_learning_rate", "decay_steps", "end_learning_rate", "power", "cycle", "name")
        return {name: getattr(self, name) for name in names}


class CosineDecay(_Formula):
    """The rate falls along half a cosine (Loshchilov and Hutter, 2017), after a linear rise where asked for.

    initial * ((1 - alpha) * (1 + cos(pi * step / decay_steps)) / 2 + alpha), and then stays there. With `warmup_target`
    the rate first goes from `initial_learning_rate` to it in `warmup_steps`, and falls from it.

    Parameters
    ----------
    initial_learning_rate : float
        At least 0.
    decay_steps : float
        How many steps the fall takes; more than 0.
    alpha : float
        What is left in the end, as a share; at least 0.
    name : str
        Of no consequence.
    warmup_target : float, optional
        Where the fall begins, at least 0.
    warmup_steps : float
        How many steps the rise takes, at least 0.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        where = "CosineDecay"
        self.initial_learning_rate = _rate(initial_learning_rate, "initial_learning_rate", where)
        self.decay_steps = _positive(decay_steps, "decay_steps", where)
        self.alpha = _rate(alpha, "alpha", where)
        self.name = _name(name, where)
        self.warmup_target = None if warmup_target is None else _rate(warmup_target, "warmup_target", where)
        self.warmup_steps = _rate(warmup_steps, "warmup_steps", where)

    def _at(self, steps: Steps) -> Steps:
        if self.warmup_target is None:
            return self._fall(self.initial_learning_rate, steps)
        fall = self._fall(self.warmup_target, steps - self.warmup_steps)
        if self.warmup_steps == 0:
            return fall
        rise = (self.warmup_target - self.initial_learning_rate) * (steps / self.warmup_steps)
        return np.where(steps < self.warmup_steps, rise + self.initial_learning_rate, fall)

    def _fall(self, begin: float, steps: Steps) -> Steps:
        done = np.minimum(steps, self.decay_steps) / self.decay_steps
        return np.asarray(begin * ((1 - self.alpha) * (0.5 * (1 + np.cos(math.pi * done))) + self.alpha))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal schedule."""
        names = ("initial_learning_rate", "decay_steps", "alpha", "name", "warmup_target", "warmup_steps")
        return {name: getattr(self, name) for name in names}


class CosineDecayRestarts(_Formula):
    """Falls along half a cosine, one after the other (Loshchilov and Hutter, 2017).

    Parameters
    ----------
    initial_learning_rate : float
        Where the first begins, at least 0.
    first_decay_steps : float
        How many steps it takes; more than 0.
    t_mul : float
        How much longer each is than the one before, at least 1.
    m_mul : float
        By which factor it begins higher, at least 0.
    alpha : float
        What is left at the end of each, as a share of `initial_learning_rate`; at least 0.
    name : str
        Of no consequence.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        where = "CosineDecayRestarts"
        self.initial_learning_rate = _rate(initial_learning_rate, "initial_learning_rate", where)
        self.first_decay_steps = _positive(first_decay_steps, "first_decay_steps", where)
        self.t_mul = _check.real(t_mul, "t_mul", where, "of at least 1", lambda v: v >= 1)
        self.m_mul = _rate(m_mul, "m_mul", where)
        self.alpha = _rate(alpha, "alpha", where)
        self.name = _name(name, where)

    def _at(self, steps: Steps) -> Steps:
        done = steps / self.first_decay_steps
        if self.t_mul == 1:
            restarts = np.floor(done)
            done = done - restarts
        else:
            restarts = np.floor(np.log(1 - done * (1 - self.t_mul)) / np.log(self.t_mul))
            longer = self.t_mul**restarts
            done = (done - (1 - longer) / (1 - self.t_mul)) / longer
        fall = 0.5 * self.m_mul**restarts * (1 + np.cos(math.pi * done))
        return np.asarray(self.initial_learning_rate * ((1 - self.alpha) * fall + self.alpha))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal schedule."""
        names = ("initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha", "name")
        return {name: getattr(self, name) for name in names}


_CLASSES: list[type[LearningRateSchedule]] = [
    *(ExponentialDecay, PiecewiseConstantDecay, PolynomialDecay, InverseTimeDecay, CosineDecay, CosineDecayRestarts),
]
_NAMES: dict[str, type[LearningRateSchedule]] = {cls.__name__: cls for cls in _CLASSES}


def get(identifier: Mapping[str, Any] | LearningRateSchedule) -> LearningRateSchedule:
    """Return the schedule that a configuration or an instance stands for.

    Raises
    ------
    TypeError, ValueError
        For anything else, and for an unknown name.
    """
    return _registry.resolve(identifier, "schedule", LearningRateSchedule, _NAMES)


def is_known(schedule: LearningRateSchedule) -> bool:
    """Return whether a schedule is one of this package's, which a file can name."""
    return type(schedule) in _CLASSES


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """Return what `deserialize` makes an equal schedule from, in the form of Keras's files."""
    return _registry.serialize(learning_rate_schedule, "keras.optimizers.schedules")


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> LearningRateSchedule:
    """Return the schedule that `serialize` has written down.

    Parameters
    ----------
    config : mapping
        What was written.
    custom_objects : mapping of str, optional
        Classes of your own by the names that stand for them; see `lamina.saving`.

    Raises
    ------
    TypeError, ValueError
        For anything else, and for an unknown name.
    """
    with _custom.scope(custom_objects, "deserialize"):
        return get(config)
