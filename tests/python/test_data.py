"""What `fit`, `evaluate` and `predict` accept as data, and what they say to the rest."""

from __future__ import annotations

import array
import datetime
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from forms import WithArray, WithDlpack, WithInterface, backwards, csr_array, misaligned, read_only, wide
from lamina import _data, activations, losses
from lamina.callbacks import Callback
from lamina.layers import Dense
from lamina.models import Sequential
from lamina.utils import set_random_seed, to_categorical

ROWS, FEATURES, CLASSES = 12, 3, 4


def make_model(loss: str = "sparse_categorical_crossentropy", units: int = CLASSES, **options: Any) -> Sequential:
    set_random_seed(1)
    last = {"mean_squared_error": None, "mean_absolute_error": None, "binary_crossentropy": "sigmoid"}
    model = Sequential([Dense(units, activation=last.get(loss, "softmax"), input_shape=(FEATURES,))], **options)
    model.compile("sgd", loss)
    return model


@pytest.fixture
def values() -> np.ndarray:
    """Return features that float16 and small integers hold exactly."""
    return np.random.default_rng(1).integers(0, 8, (ROWS, FEATURES)).astype(np.float32)


@pytest.fixture
def labels() -> np.ndarray:
    return np.arange(ROWS) % CLASSES


FORMS: dict[str, Callable[[np.ndarray], Any]] = {
    "float64": lambda x: x.astype(np.float64),
    "float16": lambda x: x.astype(np.float16),
    "longdouble": lambda x: x.astype(np.longdouble),
    "int64": lambda x: x.astype(np.int64),
    "int8": lambda x: x.astype(np.int8),
    "uint8": lambda x: x.astype(np.uint8),
    "uint16": lambda x: x.astype(np.uint16),
    "big-endian": lambda x: x.astype(">f4"),
    "big-endian integers": lambda x: x.astype(">i4"),
    "Fortran order": np.asfortranarray,
    "columns strided": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "uint8 columns strided": lambda x: np.repeat(x.astype(np.uint8), 2, axis=1)[:, ::2],
    "rows strided": lambda x: np.repeat(x, 3, axis=0)[::3],
    "backwards": backwards,
    "part of wider rows": wide,
    "uint8 part of wider rows": lambda x: wide(x.astype(np.uint8)),
    "misaligned": misaligned,
    "read-only": read_only,
    "list": lambda x: x.tolist(),
    "tuple of arrays": tuple,
    "matrix": lambda x: x.view(np.matrix),
    "nothing masked": lambda x: np.ma.masked_array(x, mask=False),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_of_x_gives_what_float32_gives(form, values, labels):
    expected, model = make_model(), make_model()
    x = form(values)
    before = np.array(x, copy=True)
    history = expected.fit(values, labels, epochs=2, batch_size=5, verbose=0).history
    assert model.fit(x, labels, epochs=2, batch_size=5, verbose=0).history == history
    for got, want in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(model.predict(x), expected.predict(values))
    assert model.evaluate(x, labels, verbose=0) == expected.evaluate(values, labels, verbose=0)
    np.testing.assert_array_equal(before, x)


def test_booleans_are_zeros_and_ones(values):
    model = make_model()
    np.testing.assert_array_equal(model.predict(values > 3), model.predict((values > 3).astype(np.float32)))


@pytest.mark.parametrize("name", ["float32", "uint8"])
def test_arrays_with_contiguous_rows_are_read_where_they_lie(name, values, tmp_path):
    x = values.astype(name)
    mapped = np.memmap(tmp_path / "x", name, "w+", shape=x.shape)
    mapped[:] = x
    for given in (x, read_only(x), wide(x), x[::2], mapped, np.memmap(tmp_path / "x", name, "r", shape=x.shape)):
        assert np.shares_memory(_data.features(given, (FEATURES,), "float32")[0], given)
    y = np.ones((ROWS, 2), np.float32)
    assert np.shares_memory(_data.targets(y, losses.MeanSquaredError(), ROWS, (2,), "float32"), y)


def test_memory_map_trains_like_an_array(values, labels, tmp_path):
    mapped = np.memmap(tmp_path / "x", np.float32, "w+", shape=values.shape)
    mapped[:] = values
    expected, model = make_model(), make_model()
    expected.fit(values, labels, epochs=2, verbose=0)
    model.fit(mapped, labels, epochs=2, verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], expected.get_weights()[0])


def test_float64_model_keeps_what_float32_cannot_hold():
    model = make_model("mean_squared_error", 1, dtype="float64")
    model.set_weights([np.ones((FEATURES, 1)), np.zeros(1)])
    outputs = model.predict(np.array([[1e300, 1.0, -1e300 + 1e284], [1.0, 2.0**-40, 0.0]]))
    assert outputs.dtype == np.float64
    assert outputs[1, 0] == 1 + 2.0**-40


@pytest.mark.parametrize(
    ("loss", "units", "y"),
    [
        ("sparse_categorical_crossentropy", 4, np.arange(ROWS, dtype=np.uint8) % 4),
        ("sparse_categorical_crossentropy", 4, (np.arange(ROWS) % 4).astype(">i2")),
        ("sparse_categorical_crossentropy", 4, np.arange(ROWS, dtype=np.float64) % 4),
        ("sparse_categorical_crossentropy", 4, np.arange(ROWS, dtype=np.uint64)[:, None] % 4),
        ("sparse_categorical_crossentropy", 4, [int(i) % 4 for i in range(ROWS)]),
        ("sparse_categorical_crossentropy", 2, np.arange(ROWS) % 2 == 1),
        ("categorical_crossentropy", 4, np.eye(4)[np.arange(ROWS) % 4]),
        ("categorical_crossentropy", 4, np.eye(4, dtype=bool)[np.arange(ROWS) % 4]),
        ("categorical_crossentropy", 4, np.full((ROWS, 4), 0.25)),
        ("binary_crossentropy", 1, np.arange(ROWS) % 2),
        ("binary_crossentropy", 1, (np.arange(ROWS) % 2)[:, None]),
        ("binary_crossentropy", 2, np.full((ROWS, 2), 0.3)),
        ("mean_squared_error", 1, np.arange(ROWS)),
        ("mean_absolute_error", 1, [[float(i)] for i in range(ROWS)]),
        ("mean_squared_error", 2, np.asfortranarray(np.ones((ROWS, 2), np.float32))),
    ],
)
def test_targets_that_fit(loss, units, y, values):
    model = make_model(loss, units)
    history = model.fit(values, y, epochs=1, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_one_column_of_targets_is_aligned_and_not_broadcast(values):
    y = np.random.default_rng(2).normal(size=ROWS).astype(np.float32)
    model = make_model("mean_squared_error", 1)
    expected = np.mean((model.predict(values)[:, 0] - y) ** 2, dtype=np.float64)
    assert model.evaluate(values, y, verbose=0) == pytest.approx(expected, rel=1e-5)
    assert model.evaluate(values, y[:, None], verbose=0) == model.evaluate(values, y, verbose=0)


def test_one_dimension_is_one_feature():
    set_random_seed(1)
    model = Sequential([Dense(1, input_shape=(1,))])
    x = np.arange(5, dtype=np.float32)
    np.testing.assert_array_equal(model.predict(x), model.predict(x[:, None]))


def test_predict_on_no_rows():
    for x in (np.empty((0, FEATURES), np.float32), np.empty((0, FEATURES))):
        outputs = make_model().predict(x)
        assert outputs.shape == (0, CLASSES)
        assert outputs.dtype == np.float32


# --- pandas -----------------------------------------------------------------------------------------------------------


def test_data_frame_and_series(values, labels):
    pandas = pytest.importorskip("pandas")
    expected, model = make_model(), make_model()
    frame = pandas.DataFrame(values.astype(np.int64), columns=list("abc"))
    series = pandas.Series(labels, index=range(5, 5 + ROWS), name="label")
    expected.fit(values, labels, epochs=2, verbose=0)
    model.fit(frame, series, epochs=2, verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], expected.get_weights()[0])
    np.testing.assert_array_equal(model.predict(frame), expected.predict(values))
    assert model.evaluate(frame, pandas.DataFrame(series), verbose=0) == model.evaluate(values, labels, verbose=0)


def test_data_frame_of_mixed_and_nullable_types(values, labels):
    pandas = pytest.importorskip("pandas")
    model = make_model()
    frame = pandas.DataFrame(
        {
            "a": pandas.array(values[:, 0].astype(int), dtype="Int64"),
            "b": values[:, 1] > 3,
            "c": values[:, 2].astype(np.float32),
        }
    )
    x = np.column_stack([values[:, 0], values[:, 1] > 3, values[:, 2]]).astype(np.float32)
    np.testing.assert_array_equal(model.predict(frame), model.predict(x))
    integers = pandas.Series(labels, dtype="Int64")
    assert model.evaluate(x, integers, verbose=0) == model.evaluate(x, labels, verbose=0)
    frame.loc[3, "a"] = pandas.NA
    with pytest.raises(ValueError, match=r"1 value .* row 3, column 0: nan"):
        model.predict(frame)


@pytest.mark.parametrize(
    "column", [["x", "y"], [1 + 2j, 3j], np.array(["2020-01-01", "2020-01-02"], "datetime64[s]"), [1, None, "a"][1:]]
)
def test_data_frame_column_without_numbers_is_named(column):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"good": [1.0, 2.0], "bad": column, "last": [0.0, 1.0]})
    with pytest.raises(TypeError, match=rf"column 'bad' has dtype {re.escape(str(frame['bad'].dtype))}"):
        make_model().predict(frame)


# --- other libraries --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [WithArray, WithDlpack, WithInterface, memoryview])
def test_objects_that_hand_out_an_array(form, values, labels):
    expected, model = make_model(), make_model()
    expected.fit(values, labels, epochs=2, verbose=0)
    model.fit(form(values), form(labels), validation_data=(form(values), form(labels)), epochs=2, verbose=0)
    for got, want in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(got, want)
    model.set_weights([form(w) for w in expected.get_weights()])
    np.testing.assert_array_equal(model.predict(form(values)), expected.predict(values))
    np.testing.assert_array_equal(to_categorical(form(labels)), to_categorical(labels))
    np.testing.assert_array_equal(activations.relu(form(values)), values)


def test_buffers_of_the_standard_library(values, labels):
    y = array.array("i", labels.tolist())
    assert make_model().evaluate(values, y, verbose=0) == make_model().evaluate(values, labels, verbose=0)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        # What PyTorch says of a tensor with a gradient, and CuPy of any array.
        (lambda x: WithArray(x, RuntimeError("Can't call numpy() on Tensor that requires grad")), "requires grad"),
        (lambda x: WithArray(x, TypeError("Implicit conversion to a NumPy array is not allowed")), "Implicit"),
        (lambda x: WithArray(x, KeyError("gone")), "KeyError"),
        (lambda x: WithArray([1, 2]), "producing an array"),
        (lambda x: WithDlpack(x, (2, 0)), "Error"),
        (lambda x: [WithArray(x, RuntimeError("in a list"))], "in a list"),
        (lambda x: csr_array(), "toarray()"),
    ],
)
def test_objects_that_do_not(make, words, values, labels):
    message = unchanged(make_model(), make(values), labels, TypeError, words)
    assert message.startswith("x ")
    unchanged(make_model(), values, make(labels), TypeError, words)
    with pytest.raises(TypeError, match="dense"):
        make_model().set_weights([make(values), values[0]])


def test_memory_errors_are_none_of_ours(values, labels):
    unchanged(make_model(), WithArray(values, MemoryError("full")), labels, MemoryError, "full")


def test_series_whose_labels_are_names_of_attributes(values, labels):
    pandas = pytest.importorskip("pandas")
    names = ["columns", "dtypes", "ndim", "shape", *map(str, range(ROWS - 4))]
    series = pandas.Series(labels, index=names)
    assert make_model().evaluate(values, series, verbose=0) == make_model().evaluate(values, labels, verbose=0)


def test_subclass_and_array_of_pandas(values, labels):
    pandas = pytest.importorskip("pandas")

    class Frame(pandas.DataFrame):
        """As geopandas makes one."""

    x = Frame({"a": values[:, 0], "b": values[:, 1], "c": ["text"] * ROWS})
    unchanged(make_model(), x, labels, TypeError, "column 'c'")
    y = pandas.array([*labels[1:].tolist(), None], dtype="Int64")
    unchanged(make_model(), values, y, ValueError, f"y[{ROWS - 1}] = nan")
    assert make_model().evaluate(values[1:], y[:-1], verbose=0) == make_model().evaluate(
        values[1:], labels[1:], verbose=0
    )


def test_labels_changed_during_fit_do_no_harm(values, labels):
    labels = labels.astype(np.int64)

    class Spoiler(Callback):
        def on_train_begin(self, logs=None):
            labels[:] = 2**62

    expected, model = make_model(), make_model()
    expected.fit(values, labels.copy(), epochs=2, verbose=0)
    model.fit(values, labels, epochs=2, verbose=0, callbacks=[Spoiler()])
    np.testing.assert_array_equal(model.get_weights()[0], expected.get_weights()[0])


# --- what is refused --------------------------------------------------------------------------------------------------


def unchanged(model: Sequential, x: Any, y: Any, error: type[Exception], *words: str) -> str:
    """Check that `fit` refuses the data with all of the words, and has changed nothing; return the message."""
    before, history = model.get_weights(), model.history
    with pytest.raises(error) as caught:
        model.fit(x, y, verbose=0)
    for word in words:
        assert word in str(caught.value), str(caught.value)
    for got, want in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(got, want)
    assert model.history is history
    assert model._network.iterations == 0
    return str(caught.value)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.full((ROWS, FEATURES), "1"), ["dtype <U1"]),
        (np.full((ROWS, FEATURES), b"1"), ["dtype |S1"]),
        (np.ones((ROWS, FEATURES), complex), ["dtype complex128"]),
        (np.zeros((ROWS, FEATURES), "datetime64[s]"), ["dtype datetime64[s]"]),
        (np.zeros((ROWS, FEATURES), "timedelta64[D]"), ["dtype timedelta64[D]", "numpy.timedelta64(1, 's')"]),
        (np.zeros(ROWS, [("a", "f4"), ("b", "f4")]), ["fields", "numpy.column_stack"]),
        (np.zeros((ROWS, FEATURES), "V2"), ["dtype |V2", ".astype('float32')"]),  # ml_dtypes' bfloat16 is such a type
        (np.ones((ROWS, FEATURES), object), ["dtype object", "nothing but numbers", "dtype='float32'"]),
        ([[2**70, 1, 2]], ["dtype object", "nothing but numbers"]),
        ([[10**400, 1.0, 2.0]], ["dtype object", "nothing but numbers"]),
        ([[1.0, 2.0, 3.0], [4.0, None, 6.0]], ["dtype object", "None at [1, 1]", "missing values"]),
        ([[1, 2, Decimal("0.1")]], ["Decimal('0.1')", "[0, 2]", "dtype='float32'"]),
        ([[1, Fraction(1, 3), 2]], ["Fraction(1, 3)", "[0, 1]"]),
        (np.array([[1, "2", 3]], object), ["'2' (str) at [0, 1]"]),
        ([[1, 2j, 3]], ["dtype complex128"]),
        ([[datetime.date(2020, 1, 1)] * 3], ["datetime.date(2020, 1, 1)"]),
        ([["a", "b", "c"]], ["dtype <U1"]),
        ("abc", ["dtype <U3"]),
        (b"abc", ["dtype |S3"]),
        (None, ["x is None"]),
        ({"a": 1}, ["type dict", "numpy.asarray(list(values)"]),
        ({1.0, 2.0}, ["type set"]),
        (object(), ["type object", "numpy.asarray(values"]),
        (np.ndarray, ["type type"]),
        (len, ["type builtin_function_or_method"]),
    ],
)
def test_x_that_holds_no_numbers(x, words, labels):
    unchanged(make_model(), x, labels, TypeError, *words)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_x_not_finite(bad, dtype, values, labels):
    x = values.astype(dtype)
    x[5, 2] = x[5, 1] = x[9, 0] = bad
    unchanged(make_model(), x, labels, ValueError, "x holds 3 values", "row 5, column 1", str(bad))
    with pytest.raises(ValueError, match="row 5, column 1"):
        make_model().predict(x)
    with pytest.raises(ValueError, match="row 5, column 1"):
        make_model().evaluate(x, labels, verbose=0)


def test_x_too_large_for_float32(values, labels):
    x = values.astype(np.float64)
    x[7, 1] = 1e300
    unchanged(make_model(), x, labels, ValueError, "x holds 1 value", "row 7, column 1", "1e+300", "float64")
    assert np.isfinite(make_model(dtype="float64").predict(x)).all()


def test_more_than_float64_holds(values, labels):
    x = values.astype(np.longdouble)
    x[7, 1] = np.longdouble("1e400")
    model = make_model(dtype="float64")
    message = unchanged(model, x, labels, ValueError, "x holds 1 value", "row 7, column 1", "1e+400", "scale the data")
    assert "use dtype" not in message


@pytest.mark.parametrize("form", [lambda x: x, list, lambda x: [list(row) for row in x]])
def test_masked_values(form, values, labels):
    x = np.ma.masked_array(values, mask=values == values[0, 0])
    unchanged(make_model(), form(x), labels, ValueError, "masked")
    assert make_model().predict(form(np.ma.masked_array(values, mask=False))).shape == (ROWS, CLASSES)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.ones((ROWS, FEATURES + 1)), [f"({ROWS}, 4)", "(n, 3)"]),
        (np.ones((ROWS, 3, 1)), [f"({ROWS}, 3, 1)", "(n, 3)", "reshape(len(x), -1)"]),
        (np.ones(FEATURES), ["(3,)", "(n, 3)", "reshape(1, -1)"]),
        (np.ones(ROWS), [f"({ROWS},)", "(n, 3)"]),
        (np.float32(1), ["()", "(n, 3)"]),
        ([], ["(0,)", "(n, 3)"]),
        ([[1.0, 2.0, 3.0], [4.0]], ["rows differ in length"]),
        (7, ["()", "(n, 3)"]),
        (np.ones((ROWS, 0)), [f"({ROWS}, 0)", "(n, 3)"]),
        (np.ones((ROWS - 1, FEATURES)), [str(ROWS), str(ROWS - 1)]),
        (np.ones((0, FEATURES)), ["(0, 3)", "no data"]),
    ],
)
def test_x_of_wrong_shape(x, words, labels):
    unchanged(make_model(), x, labels, ValueError, *words)


NUMBERS = np.arange(ROWS * 4).reshape(ROWS, 4)
ONE_HOT = np.eye(4)[np.arange(ROWS) % 4]


def with_value(y: np.ndarray, place: Any, value: Any) -> np.ndarray:
    result = np.array(y)
    result[place] = value
    return result


@pytest.mark.parametrize(
    ("loss", "units", "y", "words"),
    [
        ("sparse_categorical_crossentropy", 4, with_value(np.arange(ROWS) % 4, 6, 4), ["y[6] = 4", "4 classes"]),
        ("sparse_categorical_crossentropy", 4, with_value(np.arange(ROWS) % 4, 6, -1), ["y[6] = -1", "0 to 3"]),
        ("sparse_categorical_crossentropy", 4, with_value(np.arange(ROWS) % 4, 6, 2**32 + 1), ["y[6] = 4294967297"]),
        ("sparse_categorical_crossentropy", 4, np.full(ROWS, 2**63, np.uint64), ["y[0] = 9223372036854775808"]),
        ("sparse_categorical_crossentropy", 4, np.full(ROWS, 1e30), ["y[0] = 1e+30", "4 classes"]),
        ("sparse_categorical_crossentropy", 4, np.full(ROWS, 1e300), ["y[0] = 1e+300", "4 classes"]),
        ("sparse_categorical_crossentropy", 4, np.full(ROWS, -1e300), ["y[0] = -1e+300", "4 classes"]),
        ("sparse_categorical_crossentropy", 4, np.full(ROWS, -(2**63)), ["y[0] = -9223372036854775808", "4 classes"]),
        ("sparse_categorical_crossentropy", 2**12, np.full(ROWS, 2049, np.float16), ["y[0] = 2048.0", "integers"]),
        ("sparse_categorical_crossentropy", 4, with_value(np.arange(ROWS) % 4.0, 3, -np.inf), ["y[3] = -inf"]),
        (
            "sparse_categorical_crossentropy",
            4,
            with_value(np.arange(ROWS) % 4.0, 3, 1.5),
            ["y[3] = 1.5", "mean_squared_error"],
        ),
        ("sparse_categorical_crossentropy", 4, with_value(np.arange(ROWS) % 4.0, 3, np.nan), ["y[3] = nan"]),
        ("sparse_categorical_crossentropy", 4, ONE_HOT, ["(12, 4)", "'categorical_crossentropy'"]),
        ("sparse_categorical_crossentropy", 1, np.zeros(ROWS, int), ["'binary_crossentropy'"]),
        ("categorical_crossentropy", 4, np.arange(ROWS) % 4, ["(12,)", "(12, 4)", "'sparse_categorical_crossentropy'"]),
        ("categorical_crossentropy", 4, np.zeros((ROWS, 1)), ["(12, 1)", "'sparse_categorical_crossentropy'"]),
        ("categorical_crossentropy", 4, ONE_HOT[:, :3], ["(12, 3)", "(12, 4)"]),
        ("categorical_crossentropy", 4, with_value(ONE_HOT, (2, 3), -0.5), ["y[2, 3] = -0.5", "at least 0"]),
        ("categorical_crossentropy", 4, with_value(ONE_HOT, (2, 3), np.inf), ["row 2, column 3"]),
        ("categorical_crossentropy", 1, np.ones(ROWS), ["'binary_crossentropy'"]),
        ("binary_crossentropy", 1, with_value(np.zeros(ROWS), 4, 2), ["y[4, 0] = 2", "from 0 to 1"]),
        ("binary_crossentropy", 1, np.full(ROWS, -1), ["y[0, 0] = -1"]),
        (
            "binary_crossentropy",
            1,
            np.eye(2)[np.arange(ROWS) % 2],
            ["(12, 2)", "(12, 1)", "'categorical_crossentropy'"],
        ),
        ("binary_crossentropy", 4, np.arange(ROWS) % 4, ["(12,)", "'sparse_categorical_crossentropy'"]),
        ("mean_squared_error", 4, np.arange(ROWS), ["(12,)", "(12, 4)"]),
        ("mean_squared_error", 1, NUMBERS, ["(12, 4)", "(12, 1)"]),
        ("mean_squared_error", 4, NUMBERS[:, :, None], ["(12, 4, 1)", "(12, 4)"]),
        ("mean_squared_error", 4, with_value(NUMBERS * 1.0, (3, 1), 1e39), ["row 3, column 1", "too large"]),
        ("mean_absolute_error", 1, NUMBERS[1:, 0], ["11 rows", "x has 12"]),
        ("mean_absolute_error", 1, 3.0, ["no rows"]),
    ],
)
def test_targets_that_do_not_fit(loss, units, y, words, values):
    unchanged(make_model(loss, units), values, y, ValueError, *words)


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.full(ROWS, "a"), ["y has dtype <U1"]),
        (np.full(ROWS, 1j), ["y has dtype complex128"]),
        ([None] * ROWS, ["y has dtype object", "None at [0]"]),
        ([1] * (ROWS - 1) + [2**64], ["y has dtype object", "nothing but numbers"]),
        (np.zeros(ROWS, "datetime64[D]"), ["y has dtype datetime64[D]"]),
        (None, ["y is None"]),
    ],
)
def test_targets_that_hold_no_numbers(y, words, values):
    unchanged(make_model(), values, y, TypeError, *words)


@pytest.mark.parametrize(
    ("validation", "error", "word"),
    [
        ((np.ones((3, 2)), np.zeros(3)), ValueError, "validation_data x has shape (3, 2)"),
        ((np.ones((3, FEATURES)), np.full(3, 9)), ValueError, "validation_data y[0] = 9"),
        ((np.full((3, FEATURES), np.nan), np.zeros(3)), ValueError, "validation_data x holds 9"),
        ((np.ones((0, FEATURES)), np.zeros(0)), ValueError, "validation_data x"),
        ((np.ones((3, FEATURES)), np.zeros(3), np.ones(2)), ValueError, "validation_data sample_weight has 2 rows"),
        ((np.ones((3, FEATURES)), np.zeros(3), None, 1), ValueError, "not 4 parts"),
        ((np.ones((3, FEATURES)),), ValueError, "(x, y)"),
        ("ab", TypeError, "(x, y)"),
    ],
)
def test_validation_data_is_checked_before_training(validation, error, word, values, labels):
    model = make_model()
    before = model.get_weights()
    with pytest.raises(error, match=re.escape(word)):
        model.fit(values, labels, validation_data=validation, verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


def test_gradients_checks_as_fit_does(values, labels):
    with pytest.raises(ValueError, match=r"y\[0\] = 9"):
        make_model().gradients(values, labels + 9)


# --- to_categorical ---------------------------------------------------------------------------------------------------


def test_to_categorical():
    expected = np.array([[1, 0, 0], [0, 0, 1], [0, 1, 0]], np.float32)
    for labels in ([0, 2, 1], np.array([0, 2, 1], np.uint8), np.array([[0.0], [2.0], [1.0]])):
        result = to_categorical(labels)
        assert result.dtype == np.float32
        np.testing.assert_array_equal(result, expected)
    assert to_categorical([[0, 1], [2, 3]], 5).shape == (2, 2, 5)
    assert to_categorical([], 4).shape == (0, 4)
    np.testing.assert_array_equal(to_categorical([True, False]), [[0, 1], [1, 0]])


@pytest.mark.parametrize(
    ("labels", "classes", "error", "words"),
    [
        ([0, 3], 3, ValueError, r"x\[1\] = 3: for 3 classes"),
        ([0, -1], None, ValueError, r"x\[1\] = -1"),
        ([0.5], None, ValueError, r"x\[0\] = 0.5"),
        ([np.nan], None, ValueError, r"x\[0\] = nan"),
        (["a"], None, TypeError, "dtype <U1"),
        ([None], None, TypeError, "None at"),
        ([0], 0, ValueError, "num_classes=0"),
        ([0], 2.0, TypeError, "num_classes=2.0"),
        ([], None, ValueError, "num_classes"),
        (np.array([2**63], np.uint64), None, ValueError, r"x\[0\] = 9223372036854775808"),
        ([0, 2**45, 3], None, MemoryError, "35184372088833 classes"),
        ([0] * 4, 2**45, MemoryError, "35184372088832 classes"),
        ([1e300], 10**400, MemoryError, "num_classes=10000"),
        ([-1e300], None, ValueError, r"x\[0\] = -1e\+300"),
        (np.array([3.0, 4096.0], np.float16), None, ValueError, r"x\[1\] = 4096.0: float16 .* 2048"),
    ],
)
def test_to_categorical_refuses(labels, classes, error, words):
    with pytest.raises(error, match=words):
        to_categorical(labels, classes)
