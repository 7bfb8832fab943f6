"""What the examples of chapter 10 share: where figures go, where data are, and the medians of random results."""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lamina.utils import set_random_seed


def arguments(title: str, data: str | None = None) -> argparse.Namespace:
    """Return where to save figures, `output`, and, of an example that reads a file, `data`: its path or None.

    The file is the one that --data names, or that of its name in the folder LAMINA_DATA.
    """
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("chapter10-figures"),
        help="the folder for the figures, made where there is none (default: %(default)s)",
    )
    if data is not None:
        help_text = f"where {data} is (default: in the folder that the variable LAMINA_DATA names)"
        parser.add_argument("--data", type=Path, default=None, help=help_text)
    given = parser.parse_args()
    if data is not None and given.data is None:
        beside = Path(os.environ.get("LAMINA_DATA", "")) / data
        if os.environ.get("LAMINA_DATA") and beside.is_file():
            given.data = beside
    return given


def save(drawn: Any, folder: Path, name: str) -> None:
    """Write the figure, that of some axes too, as a PNG file."""
    figure = drawn.figure if hasattr(drawn, "transAxes") else drawn
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / f"{name}.png", dpi=150)
    print(f"[figure] {folder / name}.png")


def of_five_seeds(train: Callable[[], float], title: str) -> float:
    """Return the median of a random result for the seeds 1 to 5, and print them all."""
    results = []
    for seed in range(1, 6):
        set_random_seed(seed)
        results.append(train())
    median = statistics.median(results)
    print(f"{title}: {', '.join(f'{result:.4g}' for result in results)}; median {median:.4g}")
    return median
