"""The data of the whole-process programs: 110 points, inside a circle or outside.

Loads NumPy and nothing more, because what it loaded would count.
"""

from __future__ import annotations

import numpy as np

EPOCHS = 100
BATCH = 10
HIDDEN = (128, 64)
DROPOUT = 0.2


def load_circle() -> tuple[np.ndarray, np.ndarray]:
    """Return ``x`` (110, 2), float32, and the classes ``y`` (110,), int64."""
    x = np.random.default_rng(0).uniform(-3, 3, (110, 2)).astype(np.float32)
    return x, (np.hypot(x[:, 0], x[:, 1]) < 2.4).astype(np.int64)


def report(classes: np.ndarray, y: np.ndarray) -> None:
    """Print one line of JSON: the share of rows that the trained network takes for what they are."""
    print(f'{{"accuracy": {np.mean(classes == y):.3f}}}')
