"""Callbacks that watch a number from epoch to epoch."""

from __future__ import annotations

import math
import warnings
from typing import Any

from .. import _check
from ._base import Callback, Logs, checked_verbose

_MODES = ("auto", "min", "max")


class Monitor(Callback):
    """What the callbacks share that compare a number with its best so far.

    Parameters
    ----------
    monitor : str
        The key in the logs.
    mode : {'auto', 'min', 'max'}
        Whether less or more is better; 'auto' knows it of the loss and of the model's metrics.
    min_delta : float
        What does not pass the best by more than this is no improvement; its sign does not count.

    Attributes
    ----------
    best : float or None
        The best value so far.
    """

    def __init__(self, monitor: str, mode: str, min_delta: float) -> None:
        where = type(self).__name__
        if not (isinstance(monitor, str) and monitor):
            raise TypeError(
                f"{where}(monitor={_check.shown(monitor)}): monitor must be a key of the logs, such as 'val_loss'"
            )
        if not isinstance(mode, str) or mode not in _MODES:
            raise ValueError(f"{where}(mode={_check.shown(mode)}): mode must be 'auto', 'min' or 'max'")
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(_check.real(min_delta, "min_delta", where, "that is finite", lambda _: True))
        self.best: float | None = None
        self._sign = 1.0  # -1 where less is better

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin anew, and find out which direction is better.

        Raises
        ------
        ValueError
            If mode is 'auto' and `monitor` is neither the loss nor a metric of the model.
        """
        self.best = None
        self._sign = 1.0 if self._larger_is_better() else -1.0

    def _larger_is_better(self) -> bool:
        if self.mode != "auto":
            return self.mode == "max"
        key = self.monitor.removeprefix("val_")
        if key == "loss":
            return False
        names = self.model.metrics_names
        for name, metric in zip(names[1:], self.model.metrics, strict=True):
            if name == key and metric.larger_is_better is not None:
                return bool(metric.larger_is_better)
        known = ", ".join(names)
        raise ValueError(
            f"{type(self).__name__}(monitor={self.monitor!r}): whether more of it is better is not known; give "
            f"mode='min' or mode='max', or monitor one of {known}, with or without val_ before it"
        )

    def _value(self, logs: Logs) -> float | None:
        """Return the value of the epoch, or None, with a warning, where there is none."""
        value = logs.get(self.monitor)
        if value is None:
            warnings.warn(
                f"{type(self).__name__}: the logs have no {self.monitor!r}, so nothing is done; they have "
                f"{', '.join(logs) or 'nothing'}",
                UserWarning,
                stacklevel=2,
            )
        return value

    def _improves(self, value: float, on: float | None) -> bool:
        return not math.isnan(value) and (on is None or self._sign * (value - on) > self.min_delta)


class EarlyStopping(Monitor):
    """Ends training when a number has not improved for a while.

    Parameters
    ----------
    monitor : str
        The key in the logs: 'loss', 'accuracy', ..., with ``'val_'`` before it for validation.
    min_delta : float
        What does not pass the best by more than this is no improvement; its sign does not count.
    patience : int
        Training ends after so many epochs without improvement.
    verbose : {0, 1}
        1 prints a line when training ends early and when weights are restored.
    mode : {'auto', 'min', 'max'}
        Whether less or more is better; 'auto' knows it of the loss and of the model's metrics.
    baseline : float, optional
        A value to pass: only an improvement beyond it begins a new count of epochs.
    restore_best_weights : bool
        Whether the model has the weights of the best epoch in the end, rather than the last one's.
    start_from_epoch : int
        Epochs before this one are not looked at.

    Attributes
    ----------
    best : float or None
        The best value so far.
    best_epoch : int
        Its epoch, from 0.
    stopped_epoch : int
        The epoch in which it ended training; 0 if it did not.
    wait : int
        Epochs since the last improvement.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range. At the beginning of `fit`, if mode is 'auto' and `monitor`
        is neither the loss nor a metric of the model.

    Warns
    -----
    UserWarning
        In an epoch whose logs have no such key.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        where = "EarlyStopping"
        self.patience = _check.integer(patience, "patience", where, 0)
        self.verbose = checked_verbose(verbose, where)
        self.baseline = baseline
        if baseline is not None:
            self.baseline = _check.real(baseline, "baseline", where, "or None", lambda _: True)
        self.restore_best_weights = _check.boolean(restore_best_weights, "restore_best_weights", where)
        self.start_from_epoch = _check.integer(start_from_epoch, "start_from_epoch", where, 0)
        self._begin()

    def _begin(self) -> None:
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self._best_weights: list[Any] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin anew, so that one object may serve several calls of `fit`."""
        super().on_train_begin(logs)
        self._begin()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Compare the epoch with the best one."""
        value = self._value(logs or {})
        if value is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self._improves(value, self.best):
            self.best, self.best_epoch = value, epoch
            self._keep_weights()
            if self._improves(value, self.baseline):
                self.wait = 0
            return
        if self.restore_best_weights and self._best_weights is None:  # the first value was no number
            self.best_epoch = epoch
            self._keep_weights()
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _keep_weights(self) -> None:
        if self.restore_best_weights:
            self._best_weights = self.model.get_weights()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Put the best weights back, where that was asked for."""
        if self.verbose and self.stopped_epoch > 0:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self._best_weights is not None:
            if self.verbose:
                print(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self._best_weights)


class ReduceLROnPlateau(Monitor):
    """Lowers the learning rate when a number has not improved for a while.

    The logs get a ``learning_rate``: that of the epoch, before it is lowered.

    Parameters
    ----------
    monitor : str
        The key in the logs: 'loss', 'accuracy', ..., with ``'val_'`` before it for validation.
    factor : float
        What the rate is multiplied with, in [0, 1).
    patience : int
        The rate is lowered after so many epochs without improvement.
    verbose : {0, 1}
        1 prints a line when the rate is lowered.
    mode : {'auto', 'min', 'max'}
        Whether less or more is better; 'auto' knows it of the loss and of the model's metrics.
    min_delta : float
        What does not pass the best by more than this is no improvement; its sign does not count.
    cooldown : int
        Epochs after a reduction during which none counts as without improvement.
    min_lr : float
        What the rate is not lowered below.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range. At the beginning of `fit`, if mode is 'auto' and `monitor`
        is neither the loss nor a metric of the model.

    Warns
    -----
    UserWarning
        In an epoch whose logs have no such key.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        where = "ReduceLROnPlateau"
        self.factor = _check.real(factor, "factor", where, "in [0, 1)", lambda v: 0 <= v < 1)
        self.patience = _check.integer(patience, "patience", where, 0)
        self.verbose = checked_verbose(verbose, where)
        self.cooldown = _check.integer(cooldown, "cooldown", where, 0)
        self.min_lr = _check.real(min_lr, "min_lr", where, "of at least 0", lambda v: v >= 0)
        self.cooldown_counter = self.wait = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin anew, so that one object may serve several calls of `fit`."""
        super().on_train_begin(logs)
        self.cooldown_counter = self.wait = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Compare the epoch with the best one."""
        optimizer = self.model.optimizer
        logs = {} if logs is None else logs
        logs["learning_rate"] = optimizer.learning_rate
        value = self._value(logs)
        if value is None:
            return
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        if self._improves(value, self.best):
            self.best, self.wait = value, 0
            return
        if self.cooldown_counter > 0:
            return
        self.wait += 1
        if self.wait >= self.patience and optimizer.learning_rate > self.min_lr:
            optimizer.learning_rate = max(optimizer.learning_rate * self.factor, self.min_lr)
            self.cooldown_counter, self.wait = self.cooldown, 0
            if self.verbose:
                print(f"\nEpoch {epoch + 1}: ReduceLROnPlateau lowers the learning rate to {optimizer.learning_rate}.")


class TerminateOnNaN(Callback):
    """Ends training when the loss is not finite.

    `fit` does so on its own, before such a batch is applied; this callback is there for Keras's programs, and for
    its `raise_error`. It looks at whole epochs, so it does not slow training down.

    Parameters
    ----------
    raise_error : bool
        Whether to raise instead of ending training in order.

    Raises
    ------
    TypeError
        If `raise_error` is no bool.
    RuntimeError
        At the end of an epoch whose loss is not finite, with `raise_error`.
    """

    def __init__(self, raise_error: bool = False) -> None:
        self.raise_error = _check.boolean(raise_error, "raise_error", "TerminateOnNaN")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Look at the loss."""
        loss = (logs or {}).get("loss", 0.0)
        if math.isfinite(loss):
            return
        self.model.stop_training = True
        if self.raise_error:
            raise RuntimeError(f"the loss of epoch {epoch + 1} is {loss}: scale the data or lower the learning rate")
