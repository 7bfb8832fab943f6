"""Callbacks that write down how training goes."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import _check
from ._base import Callback, Logs


class CSVLogger(Callback):
    """Writes a line an epoch to a CSV file: its number, from 0, and the logs.

    Lines end with a carriage return and a line feed, as CSV files do. Each is in the file before the next epoch
    begins, so an interrupted training leaves all its epochs.

    Parameters
    ----------
    filename : str or path
        The file. Its folder must exist.
    separator : str
        One character between the columns.
    append : bool
        Whether to add to a file that exists, rather than to begin it anew.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    OSError
        At the beginning of `fit`, if the file cannot be written.
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        if not isinstance(filename, (str, os.PathLike)):
            raise TypeError(f"CSVLogger(filename={_check.shown(filename)}): filename must be a path")
        if not (isinstance(separator, str) and len(separator) == 1 and separator not in '"\r\n'):
            raise ValueError(
                f"CSVLogger(separator={_check.shown(separator)}): separator must be one character, such as ','"
            )
        self.filename = Path(filename)
        self.separator = separator
        self.append = _check.boolean(append, "append", "CSVLogger")
        self._columns: list[str] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin the file, or see that it can be added to."""
        self._columns = None
        with self.filename.open("a" if self.append else "w", encoding="utf-8"):
            pass

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write the epoch's line, and before the first one the names of the columns."""
        logs = logs or {}
        begins = self._columns is None and self.filename.stat().st_size == 0
        if self._columns is None:
            self._columns = self._columns_of(logs)
        with self.filename.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=self.separator)
            if begins:
                writer.writerow(["epoch", *self._columns])
            writer.writerow([epoch, *(logs.get(key, "NA") for key in self._columns)])

    @staticmethod
    def _columns_of(logs: Mapping[str, Any]) -> list[str]:
        """Return the columns; where the first epoch was not validated, a later one may be."""
        keys = sorted(logs)
        if not any(key.startswith("val_") for key in keys):
            keys += [f"val_{key}" for key in keys]
        return keys
