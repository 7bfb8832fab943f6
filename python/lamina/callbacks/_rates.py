"""Callbacks that set the learning rate."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np

from .. import _check
from ._base import Callback, Logs, checked_verbose


def _takes_rate(schedule: Callable[..., float]) -> bool:
    """Whether a schedule takes the rate beside the epoch; what says nothing of itself is taken to."""
    try:
        parameters = inspect.signature(schedule).parameters.values()
    except Exception:  # NumPy's and C's functions have none, others' may raise anything
        return True
    places = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    kinds = [p.kind for p in parameters]
    return sum(kind in places for kind in kinds) >= 2 or inspect.Parameter.VAR_POSITIONAL in kinds


class LearningRateScheduler(Callback):
    """Sets the learning rate before every epoch.

    The logs get a ``learning_rate``: that of the epoch.

    Parameters
    ----------
    schedule : callable
        Called with the epoch, from 0, and the learning rate, or with the epoch alone if it takes no more; returns
        the rate of the epoch, a float.
    verbose : {0, 1}
        1 prints a line an epoch.

    Raises
    ------
    TypeError, ValueError
        For a schedule that cannot be called, at once; for one that returns no float, or one that is negative or
        not finite, before that epoch begins.
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        if not callable(schedule):
            raise TypeError(
                f"LearningRateScheduler(schedule={_check.shown(schedule)}): schedule must be a function of the epoch "
                "and the learning rate"
            )
        self.schedule = schedule
        self.verbose = checked_verbose(verbose, "LearningRateScheduler")
        self._with_rate = _takes_rate(schedule)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Set the rate."""
        optimizer = self.model.optimizer
        rate = self.schedule(epoch, optimizer.learning_rate) if self._with_rate else self.schedule(epoch)
        if not isinstance(rate, (float, np.floating)):
            raise ValueError(
                f"LearningRateScheduler: the schedule returned {_check.shown(rate)} for epoch {epoch}; it must return "
                "a float"
            )
        optimizer.learning_rate = rate
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: LearningRateScheduler sets the learning rate to {optimizer.learning_rate}.")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Add the rate to the logs."""
        if logs is not None:
            logs["learning_rate"] = self.model.optimizer.learning_rate
