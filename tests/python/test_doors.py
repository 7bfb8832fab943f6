"""Arrays of every type, layout, rank, value and size at every public entry: every pair of two such things occurs.

An oracle, written from the documented rules and not from the package, says what must happen: the array is taken, and
gives the bits that the same numbers give as a plain array of the model's type; or it is refused, with the type of
exception and the words that name one of its faults, and nothing has changed. The caller's memory is never written.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import cases
import forms
import pairing
from lamina import activations
from lamina.layers import Dense
from lamina.models import Sequential
from lamina.utils import set_random_seed, to_categorical

Array = np.ndarray
Fault = tuple[type[Exception], list[str]]

ROWS = 7
SAMPLES: dict[str, tuple[int, ...]] = {"vector": (3,), "single": (1,), "matrix": (2, 3)}
LOSSES = {  # the activation before it, its units and the kind of its targets
    "sparse_categorical_crossentropy": ("softmax", 4, "labels"),
    "categorical_crossentropy": ("softmax", 4, "at least 0"),
    "binary_crossentropy": ("sigmoid", 1, "from 0 to 1"),
    "mean_squared_error": (None, 2, "any"),
}
ENTRIES = {  # what each calls its argument in messages
    "fit x": "x",
    "fit y": "y",
    "evaluate x": "x",
    "evaluate y": "y",
    "gradients x": "x",
    "gradients y": "y",
    "validation x": "validation_data x",
    "validation y": "validation_data y",
    "predict x": "x",
    "model weights": "door kernel",
    "layer weights": "door kernel",
    "to_categorical": "x",
    "activation": "x",
}
NUMBERS = {
    **{name: np.dtype(name) for name in ("float32", "float64", "float16", "longdouble", "int8", "int64", "uint8")},
    **{name: np.dtype(name) for name in ("uint64", "bool")},
    **{name: np.dtype(name) for name in (">f4", ">f8", ">i4")},
}
OTHERS = {name: np.dtype(name) for name in ("complex64", "object", "U2", "S2", "datetime64[D]", "timedelta64[s]")}
DTYPES = NUMBERS | OTHERS
SIZES = {  # of the first axis, and what is added to the last one
    "right": (ROWS, 0),
    "one row": (1, 0),
    "no rows": (0, 0),
    "a row more": (ROWS + 1, 0),
    "a column more": (ROWS, 1),
    "a column less": (ROWS, -1),
}
VALUES = {
    "finite": None,
    "nan": np.nan,
    "inf": np.inf,
    "-inf": -np.inf,
    "1e39": 1e39,
    "1e300": 1e300,
    "-1": -1,
    "4": 4,
    "0.5": 0.5,
    "None": None,
}
WITHOUT_WRITING = ("read-only", "repeated")
CONTAINERS: dict[str, Callable[[Array], Any]] = {
    "array": lambda x: x,
    "list": lambda x: x.tolist(),
    "tuple": lambda x: tuple(x) if x.ndim else x[()],
    "object": forms.WithArray,
    "DLPack": forms.WithDlpack,
    "pandas": lambda x: pytest.importorskip("pandas").__dict__["DataFrame" if x.ndim == 2 else "Series"](x),
}
AXES = {
    "entry": list(ENTRIES),
    "dtype": list(DTYPES),
    "layout": list(forms.LAYOUTS),
    "container": list(CONTAINERS),
    "rank": ["right", 0, 1, 2, 3, 4],
    "size": list(SIZES),
    "value": list(VALUES),
    "loss": list(LOSSES),
    "sample": list(SAMPLES),
    "model": ["float32", "float64"],
}


def sensible(case: cases.Case) -> bool:
    """Return False for what cannot be made: a value that a type does not have, a container without the type."""
    if "dtype" not in case:
        return any(sensible({**case, "dtype": dtype}) for dtype in DTYPES)
    dtype, value = DTYPES[case["dtype"]], case.get("value", "finite")
    layout, container = case.get("layout"), case.get("container")
    if value != "finite" and (not holds(dtype, value) or case.get("size") == "no rows"):
        return False
    if layout == "misaligned" and (dtype.kind == "O" or dtype.itemsize == 1):
        return False
    if container == "DLPack":
        return dtype.kind in "biufc" and dtype.isnative and dtype.itemsize <= 8 and layout not in WITHOUT_WRITING
    if container == "pandas":
        known = dtype.kind in "biufOM" and dtype.isnative and dtype.itemsize <= 8
        return known and case.get("rank", 1) in (1, 2, "right") and flat(case)
    return True


def holds(dtype: np.dtype, value: str) -> bool:
    """Return whether a type has a value."""
    if value == "None":
        return dtype.kind == "O"
    if value in ("-1", "4"):
        return dtype.kind in ("fi" if value == "-1" else "fiu")
    return dtype.kind == "f" and (dtype.itemsize >= 8 or value not in ("1e39", "1e300"))


def flat(case: cases.Case) -> bool:
    """Return whether the case's array of the right rank has one or two axes, where that is decided."""
    return case.get("rank", "right") != "right" or case.get("sample") != "matrix" or "weights" in case.get("entry", "")


# --- what a case hands over -------------------------------------------------------------------------------------------


@dataclass
class Given:
    """An array in its container, the memory behind it, and what is right for its entry."""

    value: Any
    array: Array  # as NumPy sees the value
    memory: Array
    partner: int  # rows of what goes with it


def right_shape(case: cases.Case) -> tuple[int, ...]:
    """Return the shape that the entry wants, with ROWS rows."""
    sample, entry = SAMPLES[case["sample"]], case["entry"]
    _, units, kind = LOSSES[case["loss"]]
    if entry.endswith("weights"):
        return (sample[-1], units)
    if entry.endswith("y"):
        return (ROWS, *sample[:-1]) if kind == "labels" else (ROWS, *sample[:-1], units)
    return (ROWS,) if entry == "to_categorical" else (ROWS, *sample)


def make(case: cases.Case) -> Given:
    """Return what the case hands over."""
    shape = right_shape(case)
    rows, columns = SIZES[case["size"]]
    first = shape[0] + rows - ROWS if rows > 1 else rows
    if columns and len(shape) == 1:
        shape = (*shape, 2 + columns)
    else:
        shape = (first, *shape[1:-1], shape[-1] + columns) if len(shape) > 1 else (first,)
    if case["rank"] != "right":
        shape = (*shape, 1, 1, 1, 1)[: case["rank"]]
    dtype = DTYPES[case["dtype"]]
    # Zeros and ones, which are right for every type and every loss.
    array = (np.arange(np.prod(shape, dtype=int)) % 2).reshape(shape).astype(np.int64).astype(dtype)
    if case["value"] != "finite" and array.size:
        array[tuple(length - 1 for length in shape)] = VALUES[case["value"]]
    if not (array.ndim == 0 or array.size == 0):
        array = forms.LAYOUTS[case["layout"]](array)
    value = CONTAINERS[case["container"]](array)
    seen = array
    if case["container"] in ("list", "tuple"):
        seen = np.asarray(value)
    base = array
    while isinstance(base.base, np.ndarray):
        base = base.base
    return Given(value, seen, base, ROWS if rows > 1 else rows)


# --- what must happen -------------------------------------------------------------------------------------------------


def faults(case: cases.Case, given: Given) -> list[Fault]:
    """Return all that is wrong with the array at this entry: any one of them may be what the error names."""
    what, entry, array = ENTRIES[case["entry"]], case["entry"], given.array
    found: list[Fault] = []
    if array.dtype.kind not in "biuf":
        return [(TypeError, [what, "None" if given.value is None else "dtype"]), *wrong_shape(case, given)]
    if entry.endswith(("x", "y")):
        found += wrong_shape(case, given)
    elif entry.endswith("weights") and array.shape != right_shape(case):
        found.append((ValueError, [what, str(array.shape), str(right_shape(case))]))
    return found + wrong_values(case, array)


def wrong_shape(case: cases.Case, given: Given) -> list[Fault]:
    """Return the faults in the shape of inputs or targets, and in how many there are."""
    what, array, sample = ENTRIES[case["entry"]], given.array, SAMPLES[case["sample"]]
    if case["entry"].endswith("weights") or case["entry"] in ("to_categorical", "activation"):
        return []
    found: list[Fault] = []
    named = [what, "(0," if array.shape[:1] == (0,) else str(array.shape)]
    if case["entry"].endswith("y"):
        right = right_shape(case)[1:]
        labels, one = LOSSES[case["loss"]][2] == "labels", LOSSES[case["loss"]][1] == 1
        fits = array.shape[1:] == right or (labels and array.shape[1:] == (*right, 1))
        fits = array.ndim > 0 and (fits or (one and array.shape[1:] == right[:-1]))
        if given.partner == 0:
            found.append((ValueError, [what[:-1] + "x", "(0, "]))
        if array.ndim == 0 or len(array) != given.partner:
            found.append((ValueError, [*named, f"x has {given.partner}"]))
    else:
        fits = array.shape[1:] == sample or (array.ndim == 1 and sample == (1,))
        if array.ndim > 0 and len(array) == 0 and case["entry"] != "predict x":
            found.append((ValueError, named))
        if array.ndim > 0 and len(array) != given.partner and case["entry"] != "predict x":
            found.append((ValueError, [what[:-1] + "y", f"x has {len(array)}"]))
    if not fits:
        found.append((ValueError, named))
    return found


def wrong_values(case: cases.Case, array: Array) -> list[Fault]:
    """Return the faults of the case's odd value, which stands last, or everywhere."""
    value, what, kind = case["value"], ENTRIES[case["entry"]], "any"
    if case["entry"].endswith("y"):
        kind = LOSSES[case["loss"]][2]
    elif case["entry"] == "to_categorical":
        kind = "labels"
    if value == "finite" or array.size == 0:
        return []
    number = np.float64(VALUES[value])
    last = array.reshape(-1)[-1]
    place = [0 if case["layout"] == "repeated" else length - 1 for length in array.shape]
    begun = f"{what}[{place[0]}" if place else what
    if kind == "labels":
        if not np.isfinite(number) or number != np.trunc(number):
            return [(ValueError, [begun, f"= {last}: ", "whole"])]
        return [(ValueError, [begun, f"= {last}: ", "0 to 3"])] if not 0 <= number < 4 else []
    limit = np.finfo(case["model"]).max
    if case["entry"] == "activation" and array.dtype.itemsize >= 8:
        limit = np.finfo("float64").max
    if not abs(number) <= limit:
        exact = "row {}, column {}".format(*place) if len(place) == 2 else str(place) if place else ""
        return [(ValueError, [f"{what} holds", f"{exact}: {last!s}", "not a finite float"])]
    wrong = (kind == "at least 0" and number < 0) or (kind == "from 0 to 1" and not 0 <= number <= 1)
    return [(ValueError, [begun, kind])] if wrong else []


def plain(case: cases.Case, array: Array) -> Array:
    """Return the same numbers as nobody could misunderstand them: of the model's type, C-contiguous, fresh."""
    entry = case["entry"]
    if entry == "to_categorical" or (entry.endswith("y") and LOSSES[case["loss"]][2] == "labels"):
        return np.array(array, dtype=np.int64, order="C")
    if entry == "activation":
        wide = array.dtype.kind == "f" and array.dtype.itemsize >= 8
        return np.array(array, dtype="float64" if wide else "float32", order="C")
    return np.array(array, dtype=case["model"], order="C")


# --- the models and what is done with them ----------------------------------------------------------------------------


def make_model(loss: str, sample: str, dtype: str) -> Sequential:
    """Return a model that was trained a little, so that its optimizer has moments."""
    set_random_seed(5)
    activation, units, _ = LOSSES[loss]
    model = Sequential([Dense(units, activation, name="door", input_shape=SAMPLES[sample])], dtype=dtype)
    model.compile("adam", loss)
    model.fit(*good_data(loss, sample), batch_size=4, verbose=0)
    return model


def good_data(loss: str, sample: str, rows: int = ROWS) -> tuple[Array, Array]:
    generator = np.random.default_rng(11)
    x = generator.normal(size=(ROWS, *SAMPLES[sample])).astype(np.float32)
    _, units, kind = LOSSES[loss]
    y = generator.integers(0, 2, (ROWS, *SAMPLES[sample][:-1], *([] if kind == "labels" else [units])))
    return x[:rows], y[:rows]


def state(model: Sequential) -> list[Any]:
    return [model.history, model._network.iterations, *(w.tobytes() for w in model.get_weights())]


@functools.cache
def trained_on(loss: str, sample: str, dtype: str) -> list[Array]:
    """Return what weights an undisturbed model has after one more epoch."""
    model = make_model(loss, sample, dtype)
    model.fit(*good_data(loss, sample), batch_size=4, verbose=0)
    return model.get_weights()


def use(case: cases.Case, model: Sequential, value: Any, partner: int) -> list[Array]:
    """Hand a value to the case's entry; return all that comes of it."""
    entry = case["entry"]
    x, y = good_data(case["loss"], case["sample"], partner)
    method = entry.split()[0]
    if entry.endswith(" x"):
        x = value
    elif entry.endswith(" y"):
        y = value
    if method == "fit":
        return [model.fit(x, y, batch_size=4, verbose=0).history["loss"], *model.get_weights()]
    if method == "validation":
        good = good_data(case["loss"], case["sample"])
        return [model.fit(*good, validation_data=(x, y), verbose=0).history["val_loss"]]
    if method == "evaluate":
        return [np.array(model.evaluate(x, y, verbose=0))]
    if method == "gradients":
        loss, gradients = model.gradients(x, y)
        return [np.array(loss), *gradients]
    if method == "predict":
        return [model.predict(x)]
    if method == "to_categorical":
        return [to_categorical(value, 4)]
    if method == "activation":
        return [activations.softmax(value), activations.relu(value), activations.linear(value)]
    owner = model if method == "model" else model.layers[0]
    owner.set_weights([value, owner.get_weights()[1]])
    return model.get_weights()


def one_fault_at_most(case: cases.Case) -> bool:
    """Return whether at most one axis has a value that is wrong by itself."""
    wrong = [
        case.get("dtype") in OTHERS and case.get("value") != "None",
        case.get("rank", "right") != "right",
        case.get("size", "right") not in ("right", "one row"),
        case.get("value", "finite") != "finite",
    ]
    return sensible(case) and sum(wrong) <= 1


# All pairs; then those pairs without another fault beside them, so that each fault is found by itself.
CASES = [case for allowed in (sensible, one_fault_at_most) for case in pairing.pairwise(AXES, allowed)]


@pytest.mark.filterwarnings("ignore:training stopped")  # as 1e300 makes it
@pytest.mark.parametrize("case", CASES, ids=cases.case_id)
def test_arrays_at_every_door(case: cases.Case) -> None:
    given = make(case)
    before, listed = given.memory.tobytes(), repr(given.value) if isinstance(given.value, (list, tuple)) else ""
    model = make_model(case["loss"], case["sample"], case["model"])
    wrong = faults(case, given)
    if wrong:
        model_before = state(model)
        with pytest.raises((TypeError, ValueError)) as caught:
            use(case, model, given.value, given.partner)
        message = str(caught.value)
        kind = type(caught.value)
        assert any(kind is error and all(word in message for word in words) for error, words in wrong), (
            f"{kind.__name__}: {message}\nexpected one of {wrong}"
        )
        assert state(model) == model_before
        model.fit(*good_data(case["loss"], case["sample"]), batch_size=4, verbose=0)
        expected = trained_on(case["loss"], case["sample"], case["model"])
        found = model.get_weights()
    else:
        twin = make_model(case["loss"], case["sample"], case["model"])
        expected = use(case, twin, plain(case, given.array), given.partner)
        found = use(case, model, given.value, given.partner)
    for got, want in zip(found, expected, strict=True):
        np.testing.assert_array_equal(got, want, strict=True)
    assert given.memory.tobytes() == before
    if listed:
        assert repr(given.value) == listed


def test_the_cases_hold_every_pair_and_both_outcomes() -> None:
    found = set().union(*(pairing.pairs_of(case) for case in CASES))
    names = list(AXES)
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            for u in AXES[a]:
                for v in AXES[b]:
                    assert ((a, u), (b, v)) in found or not sensible({a: u, b: v})
    accepted = [case for case in CASES if not faults(case, make(case))]
    assert len(accepted) > 100
    assert {case["entry"] for case in accepted} == set(ENTRIES)
    assert {case["entry"] for case in CASES if case not in accepted} == set(ENTRIES)
