"""Runs of `fit`, `evaluate` and `predict` on batches handed over and on numbers of steps, for Keras and lamina.

A case is plain data. `run` takes the library's own names, so that both do the very same.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

ROWS, COLUMNS = 23, 4
GENERATOR = np.random.default_rng(29)
X = GENERATOR.normal(size=(ROWS, COLUMNS))
Y = GENERATOR.normal(size=(ROWS, 2))
CLASSES = GENERATOR.integers(0, 2, ROWS)
W = GENERATOR.uniform(0, 2, ROWS)
KERNELS = [GENERATOR.normal(size=(COLUMNS, 3)), GENERATOR.normal(size=3), GENERATOR.normal(size=(3, 2)), np.zeros(2)]
# Numbers that float32 holds, in which Keras keeps them. No Adam: Keras counts the step that finds no batch as well.
SGD = {"learning_rate": 2**-4, "momentum": 0.75}
SIZES = [5, 5, 5, 5, 3]
UNEQUAL = [2, 7, 1, 9, 4]
RAN_OUT = "Your input ran out of data"

Case = dict[str, Any]


def feed(**options: Any) -> Case:
    """Batches of x: a kind, and its options."""
    return {"kind": "generator", "sizes": SIZES, "weighted": False, **options}


ARRAYS = feed(kind="arrays")
ENDLESS = feed(kind="endless")
DATA_SET = feed(kind="data set")

CASES: dict[str, Case] = {
    "generator": {"x": feed()},
    "generator, unequal": {"x": feed(sizes=UNEQUAL)},
    "generator, weighted": {"x": feed(sizes=UNEQUAL, weighted=True)},
    "generator, one batch, three epochs": {"x": feed(sizes=[23]), "epochs": 3},
    "generator, runs out": {"x": feed(sizes=UNEQUAL), "epochs": 3},
    "generator, weighted, runs out": {"x": feed(weighted=True), "epochs": 2},
    "generator, steps": {"x": feed(), "epochs": 2, "steps_per_epoch": 2},
    "generator, steps, runs out": {"x": feed(), "epochs": 6, "steps_per_epoch": 2},
    "generator, too many steps": {"x": feed(), "epochs": 3, "steps_per_epoch": 9},
    "endless, steps": {"x": ENDLESS, "epochs": 4, "steps_per_epoch": 3},
    "endless, initial epoch": {"x": ENDLESS, "epochs": 4, "initial_epoch": 2, "steps_per_epoch": 7},
    "endless, stopped": {"x": ENDLESS, "epochs": 4, "steps_per_epoch": 7, "stop_after": 10},
    "endless without steps, stopped": {"x": ENDLESS, "epochs": 4, "stop_after": 12},
    "arrays, steps": {"x": ARRAYS, "batch_size": 5, "epochs": 5, "steps_per_epoch": 2},
    "arrays, steps of a pass": {"x": ARRAYS, "batch_size": 4, "epochs": 4, "steps_per_epoch": 3},
    "arrays, too many steps": {"x": ARRAYS, "batch_size": 5, "epochs": 2, "steps_per_epoch": 7},
    "arrays, steps say the size": {"x": ARRAYS, "epochs": 2, "steps_per_epoch": 4},
    "arrays, weighted, steps": {"x": feed(kind="arrays", weighted=True), "epochs": 3, "steps_per_epoch": 4},
    "arrays, steps, class weights": {
        "x": feed(kind="arrays", classes=True),
        "epochs": 3,
        "batch_size": 5,
        "steps_per_epoch": 3,
        "class_weight": {0: 0.5, 1: 3.0},
    },
    "data set": {"x": DATA_SET, "epochs": 2},
    "data set, weighted, unequal": {"x": feed(kind="data set", sizes=UNEQUAL, weighted=True), "epochs": 2},
    "data set, steps": {"x": DATA_SET, "epochs": 5, "steps_per_epoch": 2},
    "data set, too many steps": {"x": DATA_SET, "epochs": 2, "steps_per_epoch": 6},
    "data set, class weights": {
        "x": feed(kind="data set", classes=True),
        "epochs": 2,
        "class_weight": {0: 0.5, 1: 3.0},
    },
    "data set that changes between epochs": {"x": feed(kind="data set", turns=True), "epochs": 3},
    "data set without end": {"x": feed(kind="data set", endless=True), "epochs": 3, "steps_per_epoch": 4},
    "validation on a generator that runs out": {"x": ARRAYS, "epochs": 3, "validation_data": feed(sizes=UNEQUAL)},
    "validation on a generator, steps": {
        "x": ENDLESS,
        "epochs": 3,
        "steps_per_epoch": 2,
        "validation_data": ENDLESS,
        "validation_steps": 2,
    },
    "validation on a data set": {
        "x": feed(),
        "validation_data": feed(kind="data set", sizes=UNEQUAL, weighted=True),
    },
    "validation on a data set that changes": {
        "x": ARRAYS,
        "epochs": 3,
        "validation_data": feed(kind="data set", turns=True),
    },
    "validation on a data set, steps, every second epoch": {
        "x": DATA_SET,
        "epochs": 4,
        "validation_data": DATA_SET,
        "validation_steps": 3,
        "validation_freq": 2,
    },
    "validation on arrays, steps": {
        "x": DATA_SET,
        "epochs": 2,
        "validation_data": ARRAYS,
        "validation_steps": 3,
        "validation_batch_size": 4,
    },
    "validation on arrays, steps say the size": {
        "x": ARRAYS,
        "epochs": 2,
        "validation_data": feed(kind="arrays", weighted=True),
        "validation_steps": 3,
    },
    "validation on arrays, too many steps": {
        "x": ARRAYS,
        "epochs": 2,
        "batch_size": 6,
        "validation_data": ARRAYS,
        "validation_steps": 9,
    },
    "a share for validation, steps": {
        "x": ARRAYS,
        "epochs": 3,
        "batch_size": 4,
        "steps_per_epoch": 2,
        "validation_split": 0.4,
        "validation_steps": 2,
    },
}
# Of evaluate and predict: x, then their arguments.
JUDGED: dict[str, Case] = {
    "generator": {"x": feed(sizes=UNEQUAL)},
    "generator, weighted": {"x": feed(sizes=UNEQUAL, weighted=True)},
    "generator, steps": {"x": feed(), "steps": 3},
    "generator, too many steps": {"x": feed(), "steps": 8},
    "endless, steps": {"x": ENDLESS, "steps": 7},
    "data set": {"x": feed(kind="data set", sizes=UNEQUAL)},
    "data set, weighted, steps": {"x": feed(kind="data set", weighted=True), "steps": 3},
    "data set, too many steps": {"x": DATA_SET, "steps": 8},
    "arrays, steps": {"x": ARRAYS, "batch_size": 4, "steps": 3},
    "arrays, steps say the size": {"x": ARRAYS, "steps": 5},
    "arrays, too many steps": {"x": ARRAYS, "batch_size": 4, "steps": 8},
}


def batch(case: Case, rows: Any) -> tuple[Any, ...]:
    """Return a batch of these rows."""
    y = CLASSES[rows] if case.get("classes") else Y[rows]
    return (X[rows], y, W[rows]) if case["weighted"] else (X[rows], y)


def slices(sizes: list[int]) -> list[slice]:
    """Return the rows of batches of these sizes."""
    ends = np.cumsum(sizes).tolist()
    return [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]


def generate(case: Case) -> Iterator[tuple[Any, ...]]:
    """Hand over the batches, once or for ever."""
    while True:
        for rows in slices(case["sizes"]):
            yield batch(case, rows)
        if case["kind"] != "endless":
            return


def data_set(case: Case, base: type) -> Any:
    """Return the batches as a data set of that base class, whose rows may turn at the end of an epoch."""

    class Batches(base):  # type: ignore[misc, valid-type]
        turn = 0

        @property
        def num_batches(self) -> int | None:
            return None if case.get("endless") else len(case["sizes"])

        def __getitem__(self, index: int) -> tuple[Any, ...]:
            rows = np.arange(ROWS)[slices(case["sizes"])[index % len(case["sizes"])]]
            return batch(case, (rows + self.turn) % ROWS)

        def on_epoch_end(self) -> None:
            self.turn += 3 if case.get("turns") else 0

    return Batches()


def made(case: Case, base: type) -> Any:
    """Return the generator, the data set, or the tuple of arrays."""
    if case["kind"] == "arrays":
        return batch(case, slice(None))
    return data_set(case, base) if case["kind"] == "data set" else generate(case)


def parts(case: Case, base: type) -> dict[str, Any]:
    """Return x, and y and sample_weight where x is an array."""
    given = made(case, base)
    return dict(zip(("x", "y", "sample_weight"), given, strict=False)) if isinstance(given, tuple) else {"x": given}


def recorder(base: type, stop_after: int | None) -> Any:
    """Return a callback that notes what it is called for, and stops training after so many batches."""

    class Recorder(base):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[Any] = []
            self.batches = 0

        def on_train_begin(self, logs: Any = None) -> None:
            self.seen.append(self.params["steps"])

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.seen.append(batch)
            self.batches += 1
            if self.batches == stop_after:
                self.model.stop_training = True

        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            self.seen.append(-1 - batch)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.seen.append("epoch")

    return Recorder()


def counted(use: Callable[[], Any]) -> tuple[Any, int]:
    """Return what it returns, and how often it warned that data ran out."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = use()
    return result, sum(RAN_OUT in str(warning.message) for warning in caught)


def run(case: Case, make_model: Callable[[str], Any], data_set_base: type, callback_base: type) -> dict[str, Any]:
    """Return what `fit` leaves; `make_model` takes the loss and returns a compiled float64 model with `KERNELS`."""
    options = {name: value for name, value in case.items() if name not in ("x", "validation_data", "stop_after")}
    if "validation_data" in case:
        options["validation_data"] = made(case["validation_data"], data_set_base)
    model = make_model("sparse_categorical_crossentropy" if case["x"].get("classes") else "mse")
    notes = recorder(callback_base, case.get("stop_after"))
    given = parts(case["x"], data_set_base)
    history, warned = counted(lambda: model.fit(**given, **options, shuffle=False, verbose=0, callbacks=[notes]))
    return {
        "history": history.history,
        "epochs": history.epoch,
        "seen": notes.seen,
        "warnings": warned,
        "weights": [w.ravel().tolist() for w in model.get_weights()],
    }


def judge(case: Case, make_model: Callable[[str], Any], data_set_base: type, callback_base: type) -> dict[str, Any]:
    """Return what `evaluate` and `predict` give."""
    options = {name: value for name, value in case.items() if name != "x"}
    model = make_model("mse")
    notes = recorder(callback_base, None)
    given = parts(case["x"], data_set_base)
    results, warned = counted(lambda: model.evaluate(**given, **options, verbose=0, callbacks=[notes]))
    given = {"x": parts(case["x"], data_set_base)["x"]}
    predictions, also = counted(lambda: model.predict(**given, **options, verbose=0))
    return {
        "results": results,
        "seen": notes.seen,
        "warnings": [warned, also],
        "predictions": np.asarray(predictions).ravel().tolist(),
    }
