"""What every callback is, the plainest ones, and several as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from .. import _check

Logs: TypeAlias = "dict[str, float]"

HOOKS = (
    "on_train_begin",
    "on_train_end",
    "on_epoch_begin",
    "on_epoch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_begin",
    "on_test_end",
    "on_test_batch_begin",
    "on_test_batch_end",
    "on_predict_begin",
    "on_predict_end",
    "on_predict_batch_begin",
    "on_predict_batch_end",
)


class Callback:
    """The base class of callbacks: override the hooks you need.

    A hook for batches makes the core return to Python after each batch; without one it runs on.
    `logs` of a hook at the end of something holds the loss and the metrics so far; that of
    `on_epoch_end` holds validation's too, with keys that begin with ``val_``.

    Attributes
    ----------
    model : Sequential or None
        The model at work.
    params : dict or None
        ``verbose``, ``epochs`` and ``steps`` (batches an epoch; None where an iterator's number of them is unknown).
    """

    # On the class, so that a subclass need not call a constructor for them.
    params: dict[str, Any] | None = None
    model: Any = None

    def set_params(self, params: dict[str, Any]) -> None:
        """Take the parameters of the run."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Take the model."""
        self.model = model

    def prepare(self, model: Any, epoch: int) -> int:
        """Run before `fit` makes anything ready; the model may be changed in any way but by its layers.

        Not in Keras.

        Parameters
        ----------
        model : Sequential
            The model.
        epoch : int
            The epoch that `fit` would begin with, from 0.

        Returns
        -------
        int
            The epoch that it is to begin with.
        """
        return epoch

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Run before the first epoch of `fit`."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Run after the last epoch of `fit`, with that epoch's logs."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Run before an epoch; the first is 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Run after an epoch and its validation."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Run before a batch of `fit`; the first of an epoch is 0."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Run after a batch of `fit`, with the results over the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Stand for `on_train_batch_begin`, whose old name this is."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Stand for `on_train_batch_end`, whose old name this is."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Run before `evaluate` and before the validation of an epoch."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Run after `evaluate` and after the validation of an epoch."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Run before a batch of `evaluate` or of validation."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Run after a batch of `evaluate` or of validation, with the results so far."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Run before `predict`."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Run after `predict`."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Run before a batch of `predict`."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Run after a batch of `predict`."""


class History(Callback):
    """Keeps what every epoch gave; `fit` returns one.

    Attributes
    ----------
    history : dict of str to list of float
        For ``loss`` and every metric, and with ``val_`` before them for validation: a value an
        epoch.
    epoch : list of int
        The epochs, from 0.
    """

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin a new list of epochs."""
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Append the epoch."""
        self.epoch.append(epoch)
        for key, value in (logs or {}).items():
            self.history.setdefault(key, []).append(value)


class LambdaCallback(Callback):
    """A callback made of functions.

    Parameters
    ----------
    on_epoch_begin, on_epoch_end : callable, optional
        Called with (epoch, logs).
    on_train_begin, on_train_end : callable, optional
        Called with (logs).
    on_train_batch_begin, on_train_batch_end : callable, optional
        Called with (batch, logs).
    **hooks : callable
        Any other hook of `Callback`, by its name.

    Raises
    ------
    TypeError
        For a name that is no hook, or something that cannot be called.
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **hooks: Callable[..., Any] | None,
    ) -> None:
        hooks.update(
            on_epoch_begin=on_epoch_begin,
            on_epoch_end=on_epoch_end,
            on_train_begin=on_train_begin,
            on_train_end=on_train_end,
            on_train_batch_begin=on_train_batch_begin,
            on_train_batch_end=on_train_batch_end,
        )
        for name, function in hooks.items():
            if name not in HOOKS:
                raise TypeError(f"LambdaCallback has no hook {name!r}: {', '.join(HOOKS)}")
            if function is None:
                continue
            if not callable(function):
                raise TypeError(f"LambdaCallback({name}={_check.shown(function)}): a hook must be callable")
            setattr(self, name, function)


def checked_verbose(value: Any, where: str) -> int:
    """Return 0 or 1, for False and True as well, or raise TypeError or ValueError."""
    return _check.integer(int(value) if isinstance(value, bool) else value, "verbose", where, 0, 1)


def _overridden(callback: Callback, hook: str) -> bool:
    return getattr(getattr(callback, hook), "__func__", None) is not getattr(Callback, hook)


class CallbackList(Callback):
    """Several callbacks as one. A hook that none of them overrides costs nothing.

    Parameters
    ----------
    callbacks : Callback, or iterable of Callback, optional
        The callbacks; lists of them inside are laid out flat.
    add_history : bool
        Whether to append a `History` where there is none.
    model : Sequential, optional
        The model to give to each.
    **params
        The parameters to give to each.

    Raises
    ------
    TypeError
        For anything that is no callback.
    """

    def __init__(
        self,
        callbacks: Callback | Iterable[Any] | None = None,
        add_history: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        add_history = _check.boolean(add_history, "add_history", "CallbackList")
        self.callbacks = _flat(callbacks)
        if add_history and not any(isinstance(c, History) for c in self.callbacks):
            # Last, so that it records what the others add to the logs.
            self.callbacks.append(History())
        self._hooks: dict[str, list[Callable[..., Any]]] = {}
        if model is not None:
            self.set_model(model)
        if params:
            self.set_params(params)
        self._find_hooks()

    def _find_hooks(self) -> None:
        old_names = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}
        for hook in HOOKS:
            self._hooks[hook] = [
                getattr(callback, hook)
                for callback in self.callbacks
                if _overridden(callback, hook) or (hook in old_names and _overridden(callback, old_names[hook]))
            ]

    def append(self, callback: Callback) -> None:
        """Add a callback at the end."""
        self.callbacks.extend(_flat(callback))
        self._find_hooks()

    def wants_batches(self, kind: str) -> bool:
        """Return whether a callback has a hook for the batches of 'train', 'test' or 'predict'."""
        return bool(self._hooks[f"on_{kind}_batch_begin"] or self._hooks[f"on_{kind}_batch_end"])

    @property
    def history(self) -> History | None:
        """The first `History` among them."""
        return next((c for c in self.callbacks if isinstance(c, History)), None)

    def set_params(self, params: dict[str, Any]) -> None:
        """Give the parameters to each."""
        super().set_params(params)
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Give the model to each."""
        super().set_model(model)
        for callback in self.callbacks:
            callback.set_model(model)

    def prepare(self, model: Any, epoch: int) -> int:
        """Ask each."""
        for callback in self.callbacks:
            epoch = callback.prepare(model, epoch)
        return epoch

    def _call(self, hook: str, *arguments: Any) -> None:
        for function in self._hooks[hook]:
            function(*arguments)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Call the hook of each."""
        self._call("on_train_begin", logs or {})

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Call the hook of each."""
        self._call("on_train_end", logs or {})

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Call the hook of each."""
        self._call("on_epoch_begin", epoch, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Call the hook of each."""
        self._call("on_epoch_end", epoch, logs or {})

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Call the hook of each."""
        self._call("on_train_batch_begin", batch, logs or {})

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Call the hook of each."""
        self._call("on_train_batch_end", batch, logs or {})

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Call the hook of each."""
        self._call("on_test_begin", logs or {})

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Call the hook of each."""
        self._call("on_test_end", logs or {})

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Call the hook of each."""
        self._call("on_test_batch_begin", batch, logs or {})

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Call the hook of each."""
        self._call("on_test_batch_end", batch, logs or {})

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Call the hook of each."""
        self._call("on_predict_begin", logs or {})

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Call the hook of each."""
        self._call("on_predict_end", logs or {})

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Call the hook of each."""
        self._call("on_predict_batch_begin", batch, logs or {})

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Call the hook of each."""
        self._call("on_predict_batch_end", batch, logs or {})


def _flat(callbacks: Any) -> list[Callback]:
    if callbacks is None:
        return []
    if isinstance(callbacks, CallbackList):
        return list(callbacks.callbacks)
    if isinstance(callbacks, Callback):
        return [callbacks]
    if isinstance(callbacks, Sequence) and not isinstance(callbacks, str):
        return [callback for entry in callbacks for callback in _flat(entry)]
    what = _check.shown(callbacks)
    if isinstance(callbacks, type):
        what = f"the class {callbacks.__name__} (make an instance of it)"
    raise TypeError(f"callbacks must be lamina.callbacks.Callback objects, not {what}")
