"""Keras's call forms as a reader of its documentation writes them, and what each must give.

Nothing here is lamina's: `tests/check_call_forms.py` asks Keras the same. A program stands without its import lines,
since there are two ways to write those; its last line is what counts. An exception is expected by its type.
"""

from __future__ import annotations

import ast
import io
import math
import re
import zipfile
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from call_form_parts import LAYERS, LOSSES, METRICS, OPTIMIZERS
from call_form_runs import CALLBACKS, DATA, PRINTED, RUNNING, SAVING

# Where Keras has the names that the programs use.
HOMES = {
    "models": ("Sequential", "load_model"),
    "layers": ("Activation", "Dense", "Dropout", "Input", "LeakyReLU"),
    "optimizers": ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Nadam", "Adamax", "Adadelta", "Ftrl", "Lion"),
    "optimizers.schedules": (
        *("ExponentialDecay", "CosineDecay", "CosineDecayRestarts", "PolynomialDecay", "InverseTimeDecay"),
        "PiecewiseConstantDecay",
    ),
    "losses": (
        *("MeanSquaredError", "MeanAbsoluteError", "BinaryCrossentropy", "CategoricalCrossentropy"),
        *("SparseCategoricalCrossentropy", "Huber"),
    ),
    "metrics": (
        *("RootMeanSquaredError", "AUC", "Precision", "Recall", "F1Score", "TopKCategoricalAccuracy"),
        *("BinaryAccuracy", "CategoricalAccuracy", "SparseCategoricalAccuracy"),
    ),
    "regularizers": ("L1", "L2", "L1L2"),
    "callbacks": (
        *("Callback", "EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau", "LearningRateScheduler", "CSVLogger"),
        *("TensorBoard", "TerminateOnNaN", "LambdaCallback", "BackupAndRestore"),
    ),
    "utils": ("to_categorical", "set_random_seed"),
}

FORMS = {
    f"{section}: {title}": form
    for section, forms in {
        "layers": LAYERS,
        "optimizers": OPTIMIZERS,
        "losses": LOSSES,
        "metrics": METRICS,
        "running": RUNNING,
        "data": DATA,
        "callbacks": CALLBACKS,
        "printed": PRINTED,
        "saving": SAVING,
    }.items()
    for title, form in forms.items()
}

STYLES = ("from", "tf")
TOOLS = {
    **{"np": np, "pd": pd, "h5py": h5py, "re": re, "zipfile": zipfile, "Path": Path},
    **{"redirect_stdout": redirect_stdout, "StringIO": io.StringIO, "BytesIO": io.BytesIO},
}


def written(program: str, style: str, package: str) -> str:
    """Return a program with its import lines: of each name, or of `tf`, whose names are then spelt out."""
    homes = {name: module for module, names in HOMES.items() for name in names}
    used = [name for name in homes if re.search(rf"\b{name}\b", program)]
    if style == "from":
        return "".join(f"from {package}.keras.{homes[name]} import {name}\n" for name in used) + program
    for name in used:
        program = re.sub(rf"\b{name}\b", f"tf.keras.{homes[name]}.{name}", program)
    return f"import {package} as tf\n{program}"


def result(program: str, style: str, package: str) -> Any:
    """Return what the last line of a program gives, or the type of what it raises."""
    tree = ast.parse(written(program, style, package))
    last = tree.body.pop()
    assert isinstance(last, ast.Expr)
    names = dict(TOOLS)
    try:
        exec(compile(tree, "program", "exec"), names)
        return plain(eval(compile(ast.Expression(last.value), "program", "eval"), names))
    except ValueError as error:
        return type(error)


def plain(value: Any) -> Any:
    """Return arrays and tuples as lists, and NumPy's numbers as Python's."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    return [plain(entry) for entry in value] if isinstance(value, list | tuple) else value


def matches(found: Any, expected: Any) -> bool:
    """Whether they are the same, numbers to what float32 holds."""
    if isinstance(expected, float):
        return isinstance(found, float | int) and math.isclose(found, expected, rel_tol=1e-5, abs_tol=1e-7)
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(matches(found[key], expected[key]) for key in expected)
    if isinstance(expected, list):
        return (
            isinstance(found, list)
            and len(found) == len(expected)
            and all(matches(a, b) for a, b in zip(found, expected, strict=True))
        )
    return bool(found == expected)
