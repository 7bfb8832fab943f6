"""What `fit`, `evaluate` and `predict` print while they run.

rich is imported for verbose=1 only, when the first line is drawn.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .. import _check

if TYPE_CHECKING:
    from rich.text import Text

_BAR_WIDTH = 20
_REDRAW_SECONDS = 0.05


def in_notebook() -> bool:
    """Return whether standard output is a notebook's."""
    return type(sys.stdout).__module__.startswith("ipykernel")


def in_terminal() -> bool:
    """Return whether standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def level(verbose: Any, where: str) -> Literal[0, 1, 2]:
    """Return 0, 1 or 2 for what a user gave as `verbose`.

    'auto' is 1 in a terminal or a notebook and 2 elsewhere.

    Raises
    ------
    ValueError
        For anything else.
    """
    if isinstance(verbose, str) and verbose == "auto":
        if sys.stdout is None:
            return 0
        return 1 if in_terminal() or in_notebook() else 2
    if isinstance(verbose, (int, np.integer, np.bool_)) and verbose in (0, 1, 2):
        return 0 if verbose == 0 else 1 if verbose == 1 else 2
    raise ValueError(f"{where}(verbose={_check.shown(verbose)}): verbose must be 'auto', 0, 1 or 2")


def ordered(logs: dict[str, Any]) -> dict[str, Any]:
    """Return logs in the order in which Keras shows them: by name, validation last."""
    return {key: logs[key] for key in sorted(logs, key=lambda k: (k.startswith("val_"), k))}


def _values(logs: dict[str, Any]) -> str:
    # Four decimals, or the exponential form where they would show next to nothing; of several values the mean.
    shown = {key: float(np.mean(value)) for key, value in logs.items()}
    return "".join(
        f" - {key}: {value:.4f}" if not abs(value) <= 1e-3 else f" - {key}: {value:.4e}" for key, value in shown.items()
    )


def _step_time(seconds: float) -> str:
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s/step"
    return f"{seconds * 1e3:.0f}ms/step" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us/step"


def _remaining(seconds: float) -> str:
    whole = int(seconds)
    if whole > 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    return f"{whole // 60}:{whole % 60:02d}" if whole > 60 else f"{whole}s"


class Progress:
    """A line an epoch, printed when it is over: verbose=2.

    Parameters
    ----------
    steps : int or None
        The batches of an epoch; None where they are unknown: then as many as the first one had.
    epochs : int
        The epochs; 0 where there are none, in `evaluate` and `predict`.
    """

    def __init__(self, steps: int | None, epochs: int = 0) -> None:
        self.steps = steps
        self.epochs = epochs
        self._title = ""
        self._start = self._trained = 0.0

    def begin(self, epoch: int = 0) -> None:
        """Begin an epoch."""
        self._title = f"Epoch {epoch + 1}/{self.epochs}" if self.epochs > 1 else ""
        self._start = time.perf_counter()
        self._trained = 0.0

    def update(self, done: int, results: Callable[[], dict[str, Any]]) -> None:
        """Show that `done` batches are done; `results` is called only if they are shown."""

    def batches_done(self) -> None:
        """Take the time: what follows is validation, which counts for the epoch, not for a step."""
        self._trained = time.perf_counter() - self._start

    def end(self, done: int, logs: dict[str, Any]) -> None:
        """End an epoch."""
        self.steps = done if self.steps is None else self.steps
        title = f"{self._title} - " if self._title else ""
        elapsed, step = self._times(done)
        print(f"{title}{done}/{self.steps} - {elapsed} - {step}{_values(logs)}", flush=True)

    def abort(self) -> None:
        """Leave the line as it is: an exception is on its way."""

    def _times(self, done: int) -> tuple[str, str]:
        elapsed = time.perf_counter() - self._start
        trained = self._trained or elapsed
        return f"{elapsed:.0f}s", _step_time(trained / done if done else 0.0)


class ProgressBar(Progress):
    """One line an epoch, redrawn in a terminal or notebook while it runs: verbose=1.

    Parameters
    ----------
    steps : int or None
        The batches of an epoch; None where they are unknown: then as many as the first one had.
    epochs : int
        The epochs; 0 where there are none, in `evaluate` and `predict`.
    """

    def __init__(self, steps: int | None, epochs: int = 0) -> None:
        super().__init__(steps, epochs)
        from rich.console import Console

        notebook = in_notebook()
        self._live = notebook or in_terminal()
        # A notebook shows carriage returns and colours in text, but rich would send it HTML.
        self._console = Console(
            highlight=False,
            force_jupyter=False,
            force_terminal=True if notebook else None if self._live else False,
            color_system="auto" if self._live else None,
        )
        self._mark = "=" if self._console.options.ascii_only else "━"
        self._drawn_width = 0
        self._drawn_at = 0.0

    def begin(self, epoch: int = 0) -> None:
        """Begin an epoch."""
        super().begin(epoch)
        self._drawn_at = self._start
        if self._title:
            self._console.print(self._title, soft_wrap=True)

    def update(self, done: int, results: Callable[[], dict[str, Any]]) -> None:
        """Redraw the line, at most 20 times a second."""
        now = time.perf_counter()
        if not self._live or done == 0 or now - self._drawn_at < _REDRAW_SECONDS:
            return
        self._drawn_at = now
        step = (now - self._start) / done
        left = _remaining(now - self._start if self.steps is None else step * (self.steps - done))
        line = self._line(done, left, _step_time(step), results())
        line.truncate(self._console.width - 1)  # a line that wraps cannot be drawn over
        self._draw(line, end="")

    def end(self, done: int, logs: dict[str, Any]) -> None:
        """Draw the line for the last time."""
        self.steps = done if self.steps is None else self.steps
        self._draw(self._line(done, *self._times(done), logs), end="\n")
        self._drawn_width = 0

    def abort(self) -> None:
        """Leave the line as it is: an exception is on its way."""
        if self._drawn_width:
            self._console.print()
            self._drawn_width = 0

    def _line(self, done: int, duration: str, step: str, logs: dict[str, Any]) -> Text:
        from rich.text import Text

        if self.steps is None:
            return Text.assemble((f"{done:7d}/Unknown", "bold"), " ", (duration, "bold"), f" {step}{_values(logs)}")
        filled = _BAR_WIDTH * done // self.steps if self.steps else _BAR_WIDTH
        return Text.assemble(
            (f"{done:>{len(str(self.steps))}}/{self.steps}", "bold"),
            " ",
            (self._mark * filled, "green"),
            (self._mark * (_BAR_WIDTH - filled), "white"),
            " ",
            (duration, "bold"),
            f" {step}{_values(logs)}",
        )

    def _draw(self, line: Text, end: str) -> None:
        width = line.cell_len
        if self._drawn_width:
            self._console.file.write("\r")
            line.pad_right(max(self._drawn_width - width, 0))
        self._console.print(line, end=end, soft_wrap=True)
        self._console.file.flush()
        self._drawn_width = width


def make(verbose: Literal[0, 1, 2], steps: int | None, epochs: int = 0) -> Progress | None:
    """Return what shows the progress, None for verbose=0."""
    if verbose == 0:
        return None
    return ProgressBar(steps, epochs) if verbose == 1 else Progress(steps, epochs)
