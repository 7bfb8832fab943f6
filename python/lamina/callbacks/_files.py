"""Callbacks that save the model while it is trained."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from .. import _check
from ._base import Callback, Logs, checked_verbose
from ._monitors import Monitor


class _BatchCount:
    """Tells when so many batches have been trained on since it last did."""

    def __init__(self, every: int) -> None:
        self.every = every
        self.seen = 0

    def is_due(self) -> bool:
        """Count a batch."""
        self.seen = (self.seen + 1) % self.every
        return self.seen == 0


def _checked_frequency(value: Any, where: str) -> int | None:
    """Return after how many batches to save; None for the end of an epoch."""
    if isinstance(value, str):
        if value == "epoch":
            return None
        raise ValueError(f"{where}(save_freq={value!r}): save_freq must be 'epoch' or a number of batches")
    return _check.integer(value, "save_freq", where, 1)


def _checked_path(value: Any, name: str, where: str) -> str:
    path = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not (isinstance(path, str) and path):
        raise TypeError(f"{where}({name}={_check.shown(value)}): {name} must be a path")
    return path


class ModelCheckpoint(Monitor):
    """Saves the model, or its weights, after each epoch or every so many batches.

    Parameters
    ----------
    filepath : str or path
        The file. ``{epoch}``, from 1 on, ``{batch}``, and the keys of the logs stand for their values, formatted as
        `str.format` does it: ``'{epoch:02d}-{val_loss:.2f}.safetensors'``. Its extension is one that `Sequential.save`,
        or `save_weights`, takes. Folders are made.
    monitor : str
        The key in the logs that `save_best_only` looks at.
    verbose : {0, 1}
        1 prints a line at each saving.
    save_best_only : bool
        Whether to save only where the number is better than ever. Where the logs have none, a warning is given and
        the model saved.
    save_weights_only : bool
        Whether to save the weights alone.
    mode : {'auto', 'min', 'max'}
        Whether less or more is better; 'auto' knows it of the loss and of the model's metrics.
    save_freq : 'epoch' or int
        After how many batches to save, counted on from epoch to epoch.
    initial_value_threshold : float, optional
        What the first value must be better than.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range; in `fit`, for a key that the logs do not have.
    OSError
        In `fit`, if a file cannot be written.
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: Literal["epoch"] | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        where = "ModelCheckpoint"
        super().__init__(monitor, mode, 0.0)
        self.filepath = _checked_path(filepath, "filepath", where)
        self.verbose = checked_verbose(verbose, where)
        self.save_best_only = _check.boolean(save_best_only, "save_best_only", where)
        self.save_weights_only = _check.boolean(save_weights_only, "save_weights_only", where)
        extensions = (".safetensors", ".weights.h5") if self.save_weights_only else (".safetensors", ".keras")
        if Path(self.filepath).suffix and not self.filepath.endswith(extensions):
            raise ValueError(
                f"{where}(filepath={self.filepath!r}): with save_weights_only={self.save_weights_only} the extension "
                f"must be {' or '.join(extensions)}"
            )
        self.initial_value_threshold = initial_value_threshold
        if initial_value_threshold is not None:
            self.initial_value_threshold = _check.real(
                initial_value_threshold, "initial_value_threshold", where, "or None", lambda _: True
            )
        self.save_freq = save_freq
        every = _checked_frequency(save_freq, where)
        self._count = None if every is None else _BatchCount(every)
        if self._count is not None:  # the hook costs a return to Python at every batch
            self.on_train_batch_end = self._after_batch  # type: ignore[method-assign]
        self._epoch = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin anew."""
        if self.save_best_only:
            super().on_train_begin(logs)
        self.best = self.initial_value_threshold

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Take the epoch's number."""
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save, where that is due after epochs."""
        if self._count is None:
            self._save(logs or {}, {"epoch": epoch + 1})

    def _after_batch(self, batch: int, logs: Logs | None = None) -> None:
        if self._count is not None and self._count.is_due():
            self._save(logs or {}, {"epoch": self._epoch + 1, "batch": batch + 1})

    def _save(self, logs: Logs, place: dict[str, int]) -> None:
        path = self._path(logs, place)
        if self.save_best_only and not self._is_best(logs, place["epoch"], path):
            return
        if self.verbose and not self.save_best_only:
            print(f"\nEpoch {place['epoch']}: saving model to {path}")
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save(path)
        if self.verbose:
            print(f"\nEpoch {place['epoch']}: finished saving model to {path}")

    def _path(self, logs: Logs, place: dict[str, int]) -> str:
        try:
            return self.filepath.format(**{**logs, **place})
        except (KeyError, IndexError, ValueError) as error:
            known = ", ".join([*place, *logs])
            raise ValueError(
                f"ModelCheckpoint(filepath={self.filepath!r}): it cannot be filled in ({error!r}); known are {known}"
            ) from None

    def _is_best(self, logs: Logs, epoch: int, path: str) -> bool:
        value = self._value(logs)
        if value is None:
            return True  # nothing is lost that way
        best = "None" if self.best is None else f"{self.best:.5f}"
        if not self._improves(value, self.best):
            if self.verbose:
                print(f"\nEpoch {epoch}: {self.monitor} did not improve from {best}")
            return False
        if self.verbose:
            print(f"\nEpoch {epoch}: {self.monitor} improved from {best} to {value:.5f}, saving model to {path}")
        self.best = value
        return True


class BackupAndRestore(Callback):
    """Saves the state of `fit`, so that a program that was interrupted and runs again goes on where it was.

    If its folder holds a state when `fit` begins, the model goes on from there: its weights, the optimizer's state,
    the seeds and the epoch. With ``save_freq='epoch'`` the result is the one that there would have been without the
    interruption, bit for bit; a state from within an epoch begins that epoch again.

    Parameters
    ----------
    backup_dir : str or path
        The folder, for this callback alone; made where it does not exist.
    save_freq : 'epoch' or int
        After how many batches to save, counted on from epoch to epoch.
    double_checkpoint : bool
        Whether to keep the state before the last one too, for the case that the last one cannot be read.
    delete_checkpoint : bool
        Whether to delete the states when `fit` has come to its end.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range; from `fit`, if the folder holds the state of another model.
    OSError
        From `fit`, if a file cannot be read or written.
    """

    _FILE = re.compile(r"epoch-(\d+)\.safetensors")

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: Literal["epoch"] | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        where = "BackupAndRestore"
        self.backup_dir = _checked_path(backup_dir, "backup_dir", where)
        self.save_freq = save_freq
        self.double_checkpoint = _check.boolean(double_checkpoint, "double_checkpoint", where)
        self.delete_checkpoint = _check.boolean(delete_checkpoint, "delete_checkpoint", where)
        every = _checked_frequency(save_freq, where)
        self._count = None if every is None else _BatchCount(every)
        if self._count is not None:  # the hook costs a return to Python at every batch
            self.on_train_batch_end = self._after_batch  # type: ignore[method-assign]
        self._epoch = 0  # that a state saved now goes on with

    def _states(self) -> Iterator[tuple[int, Path]]:
        """Yield the states in the folder, the last one first, with the epoch that each goes on with."""
        folder = Path(self.backup_dir)
        found = ((self._FILE.fullmatch(path.name), path) for path in (folder.iterdir() if folder.is_dir() else ()))
        yield from sorted(((int(match[1]), path) for match, path in found if match is not None), reverse=True)

    def prepare(self, model: Any, epoch: int) -> int:
        """Go on from the last state that can be read."""
        states = list(self._states())
        for number, (begun, path) in enumerate(states):
            try:
                model.go_on_from(path)
                return begun
            except ValueError:
                if number + 1 == len(states):
                    raise
        return epoch

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Take the epoch's number."""
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save, where that is due after epochs."""
        self._epoch = epoch + 1
        if self._count is None:
            self._save()

    def _after_batch(self, batch: int, logs: Logs | None = None) -> None:
        if self._count is not None and self._count.is_due():
            self._save()

    def _save(self) -> None:
        path = Path(self.backup_dir) / f"epoch-{self._epoch}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.model.save(path)
        for _, old in list(self._states())[2 if self.double_checkpoint else 1 :]:
            old.unlink()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Delete the states, where that was asked for, and the folder if it holds nothing else."""
        if not self.delete_checkpoint:
            return
        for _, path in self._states():
            path.unlink()
        folder = Path(self.backup_dir)
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
