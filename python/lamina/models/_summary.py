"""The table that `Sequential.summary` prints."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from typing import Any


def _size(count: int, item: int) -> str:
    size = float(count * item)
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} TB"


def show(
    name: str,
    rows: Sequence[tuple[str, str, str]],
    total: int,
    trained: int,
    item: int,
    print_fn: Callable[[str], object] | None,
) -> None:
    """Print the table: to standard output, or, line by line, with `print_fn`.

    Parameters
    ----------
    name : str
        The model's name.
    rows : sequence of tuple
        Of each layer its name, its output shape, and how many weights it has.
    total, trained : int
        How many weights there are, and how many training changes.
    item : int
        Bytes a weight.
    print_fn : callable or None
        Takes a line.
    """
    from rich.console import Console, Group
    from rich.table import Table
    from rich.text import Text

    table = Table(show_lines=True)
    table.add_column("Layer (type)", no_wrap=True)
    table.add_column("Output Shape", no_wrap=True)
    table.add_column("Param #", justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    summary = Group(
        Text(f'Model: "{name}"', style="bold"),
        table,
        Text(f" Total params: {total:,} ({_size(total, item)})"),
        Text(f" Trainable params: {trained:,} ({_size(trained, item)})"),
        Text(f" Non-trainable params: {total - trained:,} ({_size(total - trained, item)})"),
    )
    terminal = print_fn is None and sys.stdout is not None and sys.stdout.isatty()
    target = io.StringIO() if print_fn is not None else None
    plain: dict[str, Any] = {} if terminal else {"force_terminal": False, "color_system": None}
    console = Console(file=target, highlight=False, **plain)
    # As wide as the table needs: a narrow window or a pipe must not cut names or numbers.
    needed = console.measure(summary, options=console.options.update(width=10_000)).maximum
    console.width = max(console.width, needed)
    console.print(summary)
    if print_fn is not None and target is not None:
        for line in target.getvalue().splitlines():
            print_fn(line)
