"""A small classifier and its data, for tests that ask how models behave and not how well."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np

from lamina.layers import Activation, Dense, Dropout
from lamina.models import Sequential
from lamina.utils import set_random_seed

GENERATOR = np.random.default_rng(3)
X = GENERATOR.normal(size=(40, 5)).astype(np.float32)
LABELS = GENERATOR.integers(0, 3, 40)
ONE_HOT = np.eye(3, dtype=np.float32)[LABELS]


def classifier(*, seed: int = 1, compiled: bool = True, **options: Any) -> Sequential:
    """Return a network from 5 features to 3 classes, the same for the same seed."""
    set_random_seed(seed)
    model = Sequential([Dense(8, "relu", input_shape=(5,)), Dropout(0.25), Dense(3), Activation("softmax")], **options)
    if compiled:
        model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    return model


def equal(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    """Return whether two lists of weights are the same."""
    return len(first) == len(second) and all(map(np.array_equal, first, second))


def run_python(code: str) -> str:
    """Return what a program prints."""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout
