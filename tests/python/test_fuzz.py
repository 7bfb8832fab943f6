"""Anything at every public entry: hypothesis makes arrays and arguments that nobody would think of.

Whatever it is, the answer is a result, or a TypeError or ValueError whose message says which argument or value is
meant. There are no other exceptions, no warnings but that of a training that diverged, no crash (the suite runs under
AddressSanitizer too), and afterwards the model has finite weights and works.
"""

from __future__ import annotations

import contextlib
import datetime
import decimal
import fractions
import inspect
import io
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import forms
from lamina import (
    _core,
    activations,
    callbacks,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
)
from lamina.layers import Dense, Dropout
from lamina.models import Sequential
from lamina.utils import set_random_seed, to_categorical


def fuzz(examples: int) -> settings:
    """Return settings for the same examples in every run."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=slow)


# --- what may be handed over ------------------------------------------------------------------------------------------


class Hostile:
    """An object that raises whatever it is asked."""

    def __init__(self, error: type[Exception]) -> None:
        self.error = error

    def fail(self, *_: Any, **__: Any) -> Any:
        raise self.error("no")

    __array__ = __len__ = __iter__ = __getitem__ = __index__ = __float__ = __eq__ = __bool__ = fail
    __hash__ = object.__hash__


class Strange:
    """An object that looks like an array and is none."""

    shape, dtype, ndim = "no shape", "no type", -1

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return "no array"


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 12),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.complex_numbers(),
    st.text(max_size=6),
    st.binary(max_size=6),
    st.sampled_from(
        [np.float32(0.5), np.int8(3), np.str_("a"), np.datetime64("2020-01-01"), np.ma.masked, np.bool_(1)]
    ),
    st.sampled_from([decimal.Decimal(1), fractions.Fraction(1, 2), datetime.date(2020, 1, 1), 10**400, ..., type, len]),
    st.sampled_from(["relu", "adam", "mse", "accuracy", "auto", "zeros", "l2", "float64", "O", "no such"]),
    st.sampled_from([Dense, callbacks.History, losses.MeanSquaredError, Strange, np.ndarray, Exception]),
    st.builds(Strange),
    st.builds(Hostile, st.sampled_from([TypeError, ValueError, KeyError, RuntimeError, ZeroDivisionError])),
    st.builds(lambda: (i for i in range(3))),
    st.builds(object),
)
ANYTHING = st.one_of(
    ODD,
    st.lists(ODD, max_size=4),
    st.lists(ODD, max_size=3).map(tuple),
    st.dictionaries(st.sampled_from(["name", "class_name", "config", "alpha", "x"]), ODD, max_size=3),
    st.lists(st.lists(st.one_of(st.floats(), st.integers(), st.none()), max_size=4), max_size=4),
)
FLOATS = hnp.floating_dtypes(sizes=(16, 32, 64), endianness="?")
DTYPES = st.one_of(
    FLOATS,
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.boolean_dtypes(),
    hnp.complex_number_dtypes(),
    hnp.datetime64_dtypes(),
    hnp.timedelta64_dtypes(),
    hnp.unicode_string_dtypes(max_len=4),
    hnp.byte_string_dtypes(max_len=4),
    st.just(np.dtype([("a", "f4"), ("b", "i2")])),
)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6)


@st.composite
def arrays(draw: st.DrawFn, shapes: st.SearchStrategy[Any] = SHAPES, dtypes: st.SearchStrategy[Any] = DTYPES) -> Any:
    """Return an array of any type in any layout."""
    array = draw(hnp.arrays(draw(dtypes), draw(shapes)))
    kind = draw(st.sampled_from(["as it is", "as it is", "as it is", "longdouble", "V3"]))
    if kind == "V3" or (kind == "longdouble" and array.dtype.kind == "f"):
        array = array.astype(kind) if kind == "longdouble" else np.zeros(array.shape, kind)
    layout = draw(st.sampled_from(list(forms.LAYOUTS)))
    fits = array.ndim and array.size and not array.dtype.hasobject
    return forms.LAYOUTS[layout](array) if fits else array


def near(*shape: int) -> st.SearchStrategy[Any]:
    """Return arrays that nearly fit: numbers, of about the right shape."""
    sides = [st.sampled_from(sorted({side, side, max(side - 1, 0), side + 1, 1})) for side in shape]
    shapes = st.one_of(st.just(shape), st.just(shape), st.tuples(*sides))
    numbers = st.one_of(FLOATS, st.just(np.dtype("f4")), hnp.integer_dtypes(), hnp.boolean_dtypes())
    return st.one_of(arrays(shapes, numbers), hnp.arrays("f4", shape, elements=st.floats(-2, 2, width=16)))


# --- what may come of it ----------------------------------------------------------------------------------------------


def attempt(use: Callable[[], Any], *words: str) -> bool:
    """Return whether it works; it may only refuse, with one of the words, which stand for what it was given."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=r"training stopped|train_on_batch\(\): |Your input ran out of data")
        try:
            use()
        except (TypeError, ValueError) as error:
            message = str(error)
            assert any(re.search(rf"\b{re.escape(word)}\b", message) for word in words), f"{words}: {message}"
            return False
        except MemoryError:
            return False  # of sizes that no memory holds
    return True


X = np.random.default_rng(2).normal(size=(6, 3)).astype(np.float32)
TARGETS = {
    "sparse_categorical_crossentropy": np.arange(6) % 2,
    "categorical_crossentropy": np.eye(2)[np.arange(6) % 2],
    "binary_crossentropy": np.arange(12).reshape(6, 2) % 2,
    "mean_squared_error": np.arange(12.0).reshape(6, 2) / 4 - 1,
}


def make_model(loss: str, dtype: str = "float32") -> Sequential:
    set_random_seed(8)
    model = Sequential(
        [Dense(2, "tanh", name="door", input_shape=(3,)), Dropout(0.5), Dense(2, "softmax")], dtype=dtype
    )
    model.compile("adam", loss)
    return model


def works(model: Sequential, loss: str) -> bool:
    """Return whether a model has finite weights and can be used."""
    finite = all(np.isfinite(w).all() for w in model.get_weights())
    return finite and bool(np.isfinite(model.predict(X)).all()) and np.isfinite(model.gradients(X, TARGETS[loss])[0])


LOSS = st.sampled_from(list(TARGETS))
DTYPE = st.sampled_from(["float32", "float64"])


@fuzz(400)
@given(LOSS, DTYPE, st.sampled_from(["fit", "evaluate", "gradients", "validation"]), st.data())
def test_training_data(loss: str, dtype: str, entry: str, data: st.DataObject) -> None:
    model = make_model(loss, dtype)
    before = model.get_weights()
    x = data.draw(st.one_of(near(6, 3), arrays(), ANYTHING, st.just(X)), "x")
    y = data.draw(st.one_of(near(*TARGETS[loss].shape), arrays(), ANYTHING, st.just(TARGETS[loss])), "y")
    if entry == "gradients":
        taken = attempt(lambda: model.gradients(x, y), "x", "y")
    elif entry == "evaluate":
        taken = attempt(lambda: model.evaluate(x, y, verbose=0), "x", "y")
    elif entry == "fit":
        taken = attempt(lambda: model.fit(x, y, verbose=0, batch_size=2, epochs=2), "x", "y")
    else:
        good = TARGETS[loss]
        taken = attempt(lambda: model.fit(X, good, validation_data=(x, y), verbose=0), "validation_data x", "y")
    if not taken or entry in ("gradients", "evaluate"):
        for got, want in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(got, want)
    assert works(model, loss)


OPTIONS = {
    "fit": ["batch_size", "epochs", "verbose", "callbacks", "validation_split", "validation_data", "shuffle", "steps"],
    "evaluate": ["batch_size", "verbose", "callbacks", "return_dict", "sample_weight"],
    "predict": ["batch_size", "verbose", "callbacks", "steps"],
}


@fuzz(400)
@given(st.sampled_from(list(OPTIONS)), st.data())
def test_options(method: str, data: st.DataObject) -> None:
    model = make_model("mean_squared_error")
    options = data.draw(st.dictionaries(st.sampled_from(OPTIONS[method]), ANYTHING | arrays(), max_size=3), "options")
    epochs = options.get("epochs")
    if isinstance(epochs, int) and epochs > 20:
        options["epochs"] = 20  # more would be right, and last
    given_data = (X,) if method == "predict" else (X, TARGETS["mean_squared_error"])
    before = model.get_weights()
    if not attempt(lambda: getattr(model, method)(*given_data, **options), *options):
        for got, want in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(got, want)
    assert works(model, "mean_squared_error")


@fuzz(400)
@given(
    st.sampled_from(["fit", "evaluate", "gradients", "train_on_batch", "class", "validation"]), LOSS, DTYPE, st.data()
)
def test_sample_weights(entry: str, loss: str, dtype: str, data: st.DataObject) -> None:
    model, y = make_model(loss, dtype), TARGETS[loss]
    labels = st.one_of(st.integers(-2, 3), st.floats(), st.text(max_size=2), st.booleans(), st.none())
    by_class = st.dictionaries(labels, st.one_of(st.floats(0, 9), st.floats(), st.integers(), st.text(max_size=2)))
    weights = data.draw(
        st.one_of(by_class, by_class, ANYTHING) if entry == "class" else st.one_of(arrays(), near(6), ANYTHING)
    )
    before, word = model.get_weights(), "class_weight" if entry == "class" else "sample_weight"
    uses: dict[str, Callable[[], Any]] = {
        "fit": lambda: model.fit(X, y, sample_weight=weights, verbose=0),
        "evaluate": lambda: model.evaluate(X, y, sample_weight=weights, verbose=0),
        "gradients": lambda: model.gradients(X, y, False, weights),
        "train_on_batch": lambda: model.train_on_batch(X, y, weights),
        "class": lambda: model.fit(X, y, class_weight=weights, verbose=0),
        "validation": lambda: model.fit(X, y, validation_data=(X, y, weights), verbose=0),
    }
    if not attempt(uses[entry], word) or entry in ("evaluate", "gradients"):
        for got, want in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(got, want)
    assert works(model, loss)


@fuzz(300)
@given(DTYPE, st.data())
def test_weights(dtype: str, data: st.DataObject) -> None:
    model = make_model("mean_squared_error", dtype)
    shapes = [w.shape for w in model.get_weights()]
    near_ones = st.tuples(*(st.one_of(near(*shape), st.just(np.ones(shape))) for shape in shapes)).map(list)
    weights = data.draw(st.one_of(near_ones, near_ones, ANYTHING, arrays()), "weights")
    before = model.get_weights()
    if not attempt(
        lambda: model.set_weights(weights), "weights", "door", "dense", *(layer.name for layer in model.layers)
    ):
        for got, want in zip(model.get_weights(), before, strict=True):
            np.testing.assert_array_equal(got, want)
    assert all(np.isfinite(w).all() for w in model.get_weights())


@fuzz(300)
@given(st.one_of(arrays(), near(6, 3), ANYTHING), st.data())
def test_inputs_of_any_shape(x: Any, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(activations.known()))
    attempt(lambda: activations.get(name)(x), "x")
    attempt(lambda: to_categorical(x, data.draw(ANYTHING)), "x", "num_classes")
    attempt(lambda: make_model("mean_squared_error").predict(x), "x")
    attempt(lambda: Sequential([Dense(3)]).predict(x), "x")
    attempt(lambda: Sequential([layers.Flatten(), Dense(3), layers.Softmax()]).predict(x), "x")


# --- arguments of everything that can be constructed ------------------------------------------------------------------

FAMILIES = (layers, optimizers, regularizers, constraints, initializers, losses, metrics, callbacks)
CLASSES = [
    cls
    for module in FAMILIES
    for name, cls in vars(module).items()
    if inspect.isclass(cls) and cls.__module__.startswith("lamina") and not name.startswith("_")
]


@fuzz(1500)
@given(st.sampled_from(CLASSES), st.data())
def test_constructors(cls: type, data: st.DataObject) -> None:
    parameters = inspect.signature(cls).parameters
    names = [name for name in parameters if name not in ("params", "hooks", "parameters")]
    chosen = data.draw(st.sets(st.sampled_from([*names, "no_such"]), max_size=3)) if names else set()
    needed = {name for name in names if parameters[name].default is inspect.Parameter.empty}
    arguments = {name: data.draw(ANYTHING | arrays(), name) for name in sorted(chosen | needed)}
    kinds = ("activation", "initializer", "regularizer", "constraint", "loss")
    if attempt(lambda: cls(**arguments), *arguments, cls.__name__, *kinds):
        instance = cls(**arguments)
        if isinstance(instance, layers.Layer) and not isinstance(instance, layers.InputLayer):
            attempt(lambda: Sequential([instance]).predict(X), *arguments, cls.__name__, "layer", "x")


GETTERS = {
    "activation": activations.get,
    "initializer": initializers.get,
    "regularizer": regularizers.get,
    "constraint": constraints.get,
    "loss": losses.get,
    "metric": metrics.get,
    "optimizer": optimizers.get,
}


@fuzz(400)
@given(st.sampled_from(list(GETTERS)), st.one_of(ANYTHING, arrays()))
def test_identifiers(kind: str, identifier: Any) -> None:
    attempt(lambda: GETTERS[kind](identifier), kind, "Initializer", "argument", "name")


@fuzz(300)
@given(st.dictionaries(st.sampled_from(["optimizer", "loss", "metrics", "loss_weights", "no_such"]), ANYTHING))
def test_compile(arguments: dict[str, Any]) -> None:
    model = make_model("mean_squared_error")
    arguments = {"optimizer": "sgd", "loss": "mse"} | arguments
    attempt(lambda: model.compile(**arguments), *arguments, "metric")
    assert works(model, "mean_squared_error")


@fuzz(300)
@given(st.sampled_from(["build", "add", "layers", "name", "dtype", "print_fn"]), st.one_of(ANYTHING, arrays()))
def test_models(entry: str, argument: Any) -> None:
    model = make_model("mean_squared_error")
    uses = {
        "build": lambda: Sequential([Dense(2)]).build(argument),
        "add": lambda: model.add(argument),
        "layers": lambda: Sequential(list(argument) if isinstance(argument, (list, tuple)) else [argument]),
        "name": lambda: Sequential(name=argument),
        "dtype": lambda: Sequential(dtype=argument),
        "print_fn": lambda: model.summary(print_fn=None if callable(argument) else argument),
    }
    attempt(uses[entry], entry, "add", "layer")


# --- learning rates and data that overflow ----------------------------------------------------------------------------

MAGNITUDES = st.floats(allow_nan=False, allow_infinity=False)


@fuzz(200)
@given(
    st.sampled_from(optimizers.known()),
    MAGNITUDES.map(abs),
    st.sampled_from([1.0, 1e10, 1e19, 1e30, 3e38]),
    DTYPE,
    st.booleans(),
)
def test_weights_stay_finite(name: str, rate: float, size: float, dtype: str, by_batch: bool) -> None:
    model = make_model("mean_squared_error", dtype)
    optimizer = optimizers.get(name)
    optimizer.learning_rate = rate or float(name == "ftrl")  # which divides by it
    model.compile(optimizer, "mse")
    listener = [callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)] if by_batch else []
    x = X / np.abs(X).max() * np.float32(size)
    fit = lambda: model.fit(x, TARGETS["mean_squared_error"], 2, 3, verbose=0, callbacks=listener)  # noqa: E731
    assert attempt(fit)
    assert all(np.isfinite(w).all() for w in model.get_weights())
    history = model.history
    assert len(history.epoch) == 3 or not np.isfinite(history.history["loss"][-1])


# --- the core itself --------------------------------------------------------------------------------------------------


def core_attempt(use: Callable[[], Any]) -> bool:
    """Return whether it works: the core may raise, since the package checks before it, but must not crash."""
    try:
        use()
    except (TypeError, ValueError, RuntimeError, KeyError, MemoryError):
        return False
    return True


CORE_ARRAYS = st.one_of(
    arrays(),
    near(6, 3),
    near(6, 2),
    near(6),
    hnp.arrays("f4", st.sampled_from([(6, 3), (6, 2), (0, 3), (6, 0), (3,), (2, 3)])),
    hnp.arrays("i8", 6, elements=st.integers(-2, 4)),
    hnp.arrays(object, 3),
    ANYTHING,
)


@fuzz(600)
@given(DTYPE, LOSS, st.data())
def test_core_with_odd_arrays(dtype: str, loss: str, data: st.DataObject) -> None:
    network = _core.Network(
        3,
        [{"type": "dense", "units": 2}, {"type": "activation", "name": "softmax"}, {"type": "dropout", "rate": 0.5}],
        dtype,
    )
    network.set_weights([np.ones((3, 2), dtype), np.zeros(2, dtype)])
    network.compile({"name": loss}, {"name": "sgd", "learning_rate": 0.1, "momentum": 0.0, "nesterov": False}, [])
    x, y = data.draw(CORE_ARRAYS, "x"), data.draw(CORE_ARRAYS, "y")
    w = data.draw(st.one_of(st.none(), st.just(np.ones(6, dtype)), CORE_ARRAYS), "w")
    core_attempt(lambda: network.predict(x))
    core_attempt(lambda: network.evaluate(x, y, w))
    core_attempt(lambda: network.gradients(x, y, True, w))
    core_attempt(lambda: network.set_weights([x, y]))
    core_attempt(lambda: _core.nonfinite(x))

    def train() -> None:
        trainer = _core.Trainer(network, x, y, data.draw(st.integers(-1, 10)), data.draw(st.booleans()), 1, w)
        for _ in range(data.draw(st.integers(0, 2))):
            trainer.begin_epoch()
            trainer.advance(data.draw(st.integers(-(2**63), 2**63 - 1)), data.draw(st.floats()))
        trainer.results()

    core_attempt(train)
    good = X.astype(dtype)
    assert network.predict(good).shape == (6, 2)


NUMBERS = st.one_of(
    st.integers(-2, 70), st.integers(-(2**64), 2**64), st.floats(), st.booleans(), st.none(), st.text(max_size=3)
)
LAYER = st.fixed_dictionaries(
    {"type": st.sampled_from(["dense", "activation", "dropout", "reshape", "rescaling", "prelu", "no such"])},
    optional={
        "units": NUMBERS,
        "use_bias": NUMBERS,
        "weights": st.lists(st.dictionaries(st.sampled_from(["l1", "l2"]), NUMBERS), max_size=3),
        "trainable": NUMBERS,
        "name": st.sampled_from([*activations.known(), "no such", 3]),
        "parameters": st.lists(NUMBERS, max_size=4),
        "rate": NUMBERS,
        "seed": NUMBERS,
        "scale": NUMBERS,
        "offset": NUMBERS,
    },
)


@fuzz(500)
@given(NUMBERS, st.lists(LAYER, max_size=4), DTYPE, st.data())
def test_core_with_odd_layers(inputs: Any, specs: list[dict[str, Any]], dtype: str, data: st.DataObject) -> None:
    made: list[_core.Network] = []
    if not core_attempt(lambda: made.append(_core.Network(inputs, specs, dtype))):
        return
    network = made[0]
    if network.inputs > 100 or sum(int(np.prod(shape)) for shape in network.weight_shapes()) > 10**6:
        return  # right, and large
    x = np.ones((5, network.inputs), dtype)
    core_attempt(lambda: network.predict(x))
    options = {"learning_rate": 0.1, "momentum": 0.0, "nesterov": False, "beta_1": 0.9, "beta_2": 0.9, "epsilon": 1e-7}
    dropped = data.draw(st.sets(st.sampled_from(list(options)), max_size=1))
    optimizer = {"name": data.draw(st.sampled_from(["sgd", "adam", "no such"]))}
    optimizer |= {name: value for name, value in options.items() if name not in dropped}
    loss = data.draw(st.sampled_from(["mean_squared_error", "categorical_crossentropy", "no such"]))
    metric = data.draw(st.lists(st.sampled_from([*_core.metrics(), "no such"]), max_size=2))
    if core_attempt(lambda: network.compile({"name": loss}, optimizer, metric)):
        y = np.ones((5, network.times * network.outputs), dtype)
        core_attempt(lambda: network.gradients(x, y, True))
        core_attempt(lambda: _core.Trainer(network, x, y, 2, True, 1).begin_epoch())


@fuzz(200)
@given(NUMBERS, st.lists(NUMBERS, max_size=3), st.floats(), st.floats())
def test_random_numbers_of_odd_shapes(seed: Any, shape: list[Any], low: float, high: float) -> None:
    if np.prod([float(side) for side in shape if isinstance(side, int)]) < 1e6:
        core_attempt(lambda: _core.random_uniform(seed, tuple(shape), low, high))
    core_attempt(lambda: _core.derive_seed(seed, 3))


def test_the_examples_hold_what_is_taken_and_what_is_refused() -> None:
    """A fuzz test that never gets through a door, or always does, would show nothing."""
    outcomes: list[bool] = []

    @fuzz(200)
    @given(near(6, 3), near(6, 2))
    def look(x: Any, y: Any) -> None:
        outcomes.append(attempt(lambda: make_model("mean_squared_error").evaluate(x, y, verbose=0), "x", "y"))

    look()
    assert sum(outcomes) > 20
    assert len(outcomes) - sum(outcomes) > 20


def test_a_message_that_names_nothing_would_be_found() -> None:
    def refuse() -> None:
        raise ValueError("something is wrong")

    with pytest.raises(AssertionError, match="something"):
        attempt(refuse, "x", "y")
