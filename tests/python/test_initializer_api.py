"""Initializers by name, object and configuration, their arguments, and their place in a model."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import beginnings
from lamina import initializers
from lamina.initializers import (
    Constant,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Identity,
    Initializer,
    LecunNormal,
    LecunUniform,
    Ones,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
    Zeros,
)
from lamina.layers import Dense
from lamina.models import Sequential
from lamina.utils import set_random_seed
from small import LABELS, X, equal

# What Keras 3.15 lists in keras.src.initializers.ALL_OBJECTS_DICT, without STFT and the base class.
KERAS_NAMES = {
    "Constant": Constant, "constant": Constant,
    "GlorotNormal": GlorotNormal, "glorot_normal": GlorotNormal,
    "GlorotUniform": GlorotUniform, "glorot_uniform": GlorotUniform,
    "HeNormal": HeNormal, "he_normal": HeNormal,
    "HeUniform": HeUniform, "he_uniform": HeUniform,
    "Identity": Identity, "identity": Identity, "IdentityInitializer": Identity,
    "LecunNormal": LecunNormal, "lecun_normal": LecunNormal,
    "LecunUniform": LecunUniform, "lecun_uniform": LecunUniform,
    "Ones": Ones, "ones": Ones, "one": Ones,
    "Orthogonal": Orthogonal, "orthogonal": Orthogonal, "OrthogonalInitializer": Orthogonal,
    "RandomNormal": RandomNormal, "random_normal": RandomNormal, "normal": RandomNormal,
    "RandomUniform": RandomUniform, "random_uniform": RandomUniform, "uniform": RandomUniform,
    "TruncatedNormal": TruncatedNormal, "truncated_normal": TruncatedNormal,
    "VarianceScaling": VarianceScaling, "variance_scaling": VarianceScaling,
    "Zeros": Zeros, "zeros": Zeros, "zero": Zeros,
}  # fmt: skip


# --- names and configurations -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KERAS_NAMES)
def test_get(name: str) -> None:
    """By name, class, object, attribute of the module where Keras has one, and configuration."""
    cls = KERAS_NAMES[name]
    found = initializers.get(name)
    assert type(found) is cls
    assert type(initializers.get(cls)) is cls
    assert initializers.get(found) is found
    assert getattr(initializers, name) is cls
    assert name in dir(initializers)
    config = json.loads(json.dumps({"class_name": name, "config": found.get_config()}))
    copy = initializers.get(config)
    assert type(copy) is cls
    assert copy.get_config() == found.get_config()


SETTINGS = [
    Zeros(),
    Ones(),
    Constant(0.25),
    Constant([[1.0], [2.0]]),
    Identity(3.0),
    RandomUniform(-1.0, 2.0, seed=3),
    RandomNormal(1.0, 0.5, seed=4),
    TruncatedNormal(-1.0, 0.5, seed=5),
    Orthogonal(0.5, seed=6),
    VarianceScaling(0.5, "fan_out", "uniform", 7, [0], (1,)),
    HeNormal(8, [1], [0]),
    *(cls(seed=2**64 - 1) for cls in (GlorotNormal, GlorotUniform, HeNormal, HeUniform, LecunNormal, LecunUniform)),
    *(
        initializers.get({"class_name": name, "config": {"seed": 9} if name in beginnings.RANDOM else {}})
        for name in initializers.known()
    ),
]


@pytest.mark.parametrize("initializer", SETTINGS, ids=lambda made: type(made).__name__)
def test_a_configuration_makes_an_equal_initializer(initializer: Initializer) -> None:
    values = initializer((2, 5), "float64")
    serialized = json.loads(json.dumps(initializers.serialize(initializer)))
    for copy in [
        initializers.get(serialized),
        type(initializer).from_config(initializer.get_config()),
        type(initializer)(**initializer.get_config()),
    ]:
        assert copy.get_config() == initializer.get_config()
        np.testing.assert_array_equal(copy((2, 5), "float64"), values)


@pytest.mark.parametrize("name", beginnings.RANDOM)
def test_a_configuration_has_a_seed_only_where_it_was_given(name: str) -> None:
    """As in Keras: what is made from the configuration of one without a seed draws other numbers."""
    without = initializers.get(name)
    assert without.get_config()["seed"] is None
    copy = initializers.get(initializers.serialize(without))
    assert not np.array_equal(copy((6, 5)), without((6, 5)))


def test_configurations_have_the_keys_of_keras() -> None:
    """As Keras 3.15 writes them; Identity's gain it forgets."""
    axes = {"input_axes": None, "output_axes": None}
    expected: dict[str, dict[str, Any]] = {
        "constant": {"value": 0.0},
        "identity": {"gain": 1.0},
        "ones": {},
        "zeros": {},
        "orthogonal": {"seed": 1, "gain": 1.0},
        "random_normal": {"seed": 1, "mean": 0.0, "stddev": 0.05},
        "random_uniform": {"seed": 1, "minval": -0.05, "maxval": 0.05},
        "truncated_normal": {"seed": 1, "mean": 0.0, "stddev": 0.05},
        "variance_scaling": {
            "seed": 1, "scale": 1.0, "mode": "fan_in", "distribution": "truncated_normal", **axes,
        },
        **{
            f"{author}_{kind}": {"seed": 1, **axes}
            for author in ("glorot", "he", "lecun")
            for kind in ("normal", "uniform")
        },
    }  # fmt: skip
    found = {
        name: initializers.get(
            {"class_name": name, "config": {"seed": 1} if name in beginnings.RANDOM else {}}
        ).get_config()
        for name in initializers.known()
    }
    assert found == expected


def test_what_keras_serializes_is_read() -> None:
    """Its further keys are ignored, and a seed of None draws one."""
    made = initializers.get(
        {
            "module": "keras.initializers",
            "class_name": "HeNormal",
            "config": {"seed": None, "input_axes": None, "output_axes": None},
            "registered_name": None,
        }
    )
    assert isinstance(made, HeNormal)
    assert isinstance(made.seed, int)


def test_normal_is_another_name_of_the_truncated_distribution() -> None:
    assert VarianceScaling(distribution="normal").get_config()["distribution"] == "truncated_normal"
    assert isinstance(GlorotUniform(1), VarianceScaling)


def test_known_names_are_the_first_of_each_class() -> None:
    assert [KERAS_NAMES[name] for name in initializers.known()] == [*dict.fromkeys(KERAS_NAMES.values())]


# --- arguments --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("use", "error", "words"),
    [
        (lambda: RandomNormal(stddev=-1), ValueError, "RandomNormal(stddev=-1): stddev must be a number of at least 0"),
        (lambda: RandomNormal(mean=math.inf), ValueError, "RandomNormal(mean=inf): mean must be a number that is"),
        (lambda: RandomNormal("0"), TypeError, "RandomNormal(mean='0')"),
        (lambda: TruncatedNormal(stddev=math.nan), ValueError, "TruncatedNormal(stddev=nan)"),
        (lambda: TruncatedNormal(stddev=None), TypeError, "TruncatedNormal(stddev=None)"),
        (lambda: RandomUniform(1, 0.5), ValueError, "RandomUniform(maxval=0.5): maxval must be a number of at least"),
        (lambda: RandomUniform(True), TypeError, "RandomUniform(minval=True)"),
        (lambda: RandomUniform(0, math.inf), ValueError, "maxval=inf"),
        (lambda: RandomUniform(seed=-1), ValueError, "RandomUniform(seed=-1): seed must be an integer from 0 to"),
        (lambda: HeNormal(seed=2**64), ValueError, "HeNormal(seed=18446744073709551616)"),
        (lambda: LecunUniform("7"), TypeError, "LecunUniform(seed='7')"),
        (lambda: GlorotUniform(1.5), TypeError, "GlorotUniform(seed=1.5)"),
        (lambda: Orthogonal(seed=True), TypeError, "Orthogonal(seed=True)"),
        (lambda: Orthogonal(gain=math.nan), ValueError, "Orthogonal(gain=nan)"),
        (lambda: Identity(gain="2"), TypeError, "Identity(gain='2')"),
        (lambda: VarianceScaling(0), ValueError, "VarianceScaling(scale=0): scale must be a number above 0"),
        (lambda: VarianceScaling(-2.0), ValueError, "scale=-2.0"),
        (lambda: VarianceScaling(mode="fan_inn"), ValueError, "VarianceScaling mode 'fan_inn'. Did you mean 'fan_in'"),
        (lambda: VarianceScaling(mode=None), TypeError, "VarianceScaling(mode=None): mode must be one of fan_in"),
        (lambda: VarianceScaling(distribution="unifrom"), ValueError, "Did you mean 'uniform'?"),
        (lambda: VarianceScaling(distribution=3), TypeError, "VarianceScaling(distribution=3)"),
        (lambda: VarianceScaling(input_axes=[0]), ValueError, "both input_axes and output_axes, or neither"),
        (lambda: HeNormal(output_axes=[0]), ValueError, "HeNormal(): give both"),
        (lambda: HeNormal(input_axes=0, output_axes=[1]), TypeError, "HeNormal(input_axes=0): input_axes must be"),
        (lambda: HeNormal(input_axes=[0.5], output_axes=[1]), TypeError, "input_axes=[0.5]"),
        (lambda: HeNormal(input_axes=[0], output_axes=[99]), ValueError, "output_axes=[99]"),
        (lambda: Constant(math.nan), ValueError, "Constant(value=nan): value must be a number that is finite"),
        (lambda: Constant(True), TypeError, "Constant(value=True)"),
        (lambda: Constant(np.True_), TypeError, "value must be a number"),
        (lambda: Constant(None), TypeError, "not NoneType"),
        (lambda: Constant("ones"), TypeError, "must be a number or an array of numbers, not str"),
        (lambda: Constant({"value": 1}), TypeError, "not dict"),
        (lambda: Constant([True, False]), TypeError, "not list of bool"),
        (lambda: Constant([1, 1j]), TypeError, "not list of complex128"),
        (lambda: Constant([[1, 2], [3]]), ValueError, "the rows of value differ in length or depth"),
        (lambda: Constant([[1.0, 2.0], [3.0, -math.inf]]), ValueError, "value[1, 1] is -inf; all values must be"),
        (lambda: HeNormal(1)(5), TypeError, "HeNormal()(shape=5): shape must be a tuple of non-negative integers"),
        (lambda: HeNormal(1)((3, 2.0)), TypeError, "HeNormal()(shape=(3, 2.0))"),
        (lambda: Zeros()((3, -1)), ValueError, "Zeros()(shape=(3, -1))"),
        (lambda: Zeros()((None, 4)), TypeError, "Zeros()(shape=(None, 4))"),
        (lambda: Zeros()((3,), "float16"), ValueError, "Zeros()(dtype='float16'): dtype must be 'float32'"),
        (lambda: Zeros()((3,), "real"), TypeError, "Zeros()(dtype='real')"),
        (lambda: Ones()((3,), int), ValueError, "Ones()(dtype=<class 'int'>)"),
        (lambda: Identity()((3,)), ValueError, "Identity()(shape=(3,)): the shape must be that of a matrix"),
        (lambda: Identity()((3, 3, 3)), ValueError, "Identity()(shape=(3, 3, 3))"),
        (lambda: Orthogonal(seed=1)((3,)), ValueError, "Orthogonal()(shape=(3,)): the shape must have two"),
        (lambda: Orthogonal(seed=1)(()), ValueError, "Orthogonal()(shape=())"),
        (lambda: Constant([1, 2])((3,)), ValueError, "Constant()(shape=(3,)): the value of shape (2,) does not"),
        (lambda: Constant([[1, 2]])((2,)), ValueError, "the value of shape (1, 2) does not broadcast"),
        (lambda: HeNormal(1, [2], [0])((3, 4)), ValueError, "HeNormal()(shape=(3, 4)): the shape has no axis 2"),
        (lambda: HeNormal(1, [0], [-3])((3, 4)), ValueError, "no axis -3"),
        (lambda: Constant(1e39)((2,)), ValueError, "Constant()(shape=(2,), dtype='float32'): some values are"),
        (lambda: RandomNormal(0, 1e200)((9,)), ValueError, "beyond the range of float32"),
        (lambda: RandomUniform(-1e308, 1e308)((9,), "float64"), ValueError, "beyond the range of float64"),
        (lambda: Initializer()((3,)), NotImplementedError, "Initializer must define __call__(self, shape, dtype)"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(use: Callable[[], object], error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        use()
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("identifier", "error", "words"),
    [
        ("he_norml", ValueError, "initializer 'he_norml'. Did you mean 'he_normal'? Known: constant, glorot"),
        ("HE_NORMAL", ValueError, "unknown initializer 'HE_NORMAL'"),
        ("Initializer", ValueError, "unknown initializer 'Initializer'"),
        ({"class_name": "Heormal", "config": {}}, ValueError, "unknown initializer 'Heormal'"),
        ("stft", ValueError, "initializer 'stft' is not supported: it makes the kernels of convolutions"),
        ("STFT", ValueError, "initializer 'STFT' is not supported"),
        ({"class_name": "STFTInitializer", "config": {"side": "real"}}, ValueError, "'STFTInitializer' is not"),
        (None, TypeError, "initializer None must be a name or"),
        (0.5, TypeError, "initializer 0.5 must be a name or"),
        ({"config": {}}, TypeError, "initializer {'config': {}} must be a name or"),
        (np.ones((2, 3)), TypeError, "is an array: give it as Constant(array)"),
        (np.zeros, TypeError, "must be a name or"),
        (Dense, TypeError, "must be a name or"),
        ({"class_name": "HeNormal", "config": {"sed": 1}}, ValueError, r"sed=1"),
        ({"class_name": "HeNormal", "config": {"seed": -1}}, ValueError, "HeNormal(seed=-1)"),
    ],
)  # fmt: skip
def test_what_get_refuses(identifier: Any, error: type[Exception], words: str) -> None:
    for use in (initializers.get, lambda it: Dense(3, kernel_initializer=it), lambda it: Dense(3, bias_initializer=it)):
        with pytest.raises(error) as caught:
            use(identifier)
        assert words in str(caught.value)


def test_numbers_of_other_types_are_numbers() -> None:
    assert RandomNormal(np.float32(0.5), 1).get_config().items() >= {"mean": 0.5, "stddev": 1.0}.items()
    assert HeNormal(np.uint64(2**64 - 1)).seed == 2**64 - 1
    assert HeNormal(1)([np.int64(3), 4]).shape == (3, 4)
    assert (RandomUniform(0.5, 0.5)((3,)) == 0.5).all()
    assert (RandomNormal(0.5, 0)((3,)) == 0.5).all()
    with pytest.raises(AttributeError, match="he_norml"):
        _ = initializers.he_norml


# --- in a model -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", initializers.known())
def test_a_layer_begins_with_what_its_initializers_give(name: str, dtype: str) -> None:
    kernel, bias = beginnings.made(name, 3), beginnings.made("random_normal" if name == "identity" else name, 4)
    bias = Zeros() if name == "orthogonal" else bias
    model = Sequential([Dense(7, kernel_initializer=kernel, bias_initializer=bias, input_shape=(5,))], dtype=dtype)
    assert equal(model.get_weights(), [kernel((5, 7), dtype), bias((7,), dtype)])
    assert all(w.dtype == dtype for w in model.get_weights())


@pytest.mark.parametrize("name", KERAS_NAMES)
def test_names_serve_a_layer(name: str) -> None:
    set_random_seed(8)
    model = Sequential([Dense(40, kernel_initializer=name), Dense(3, "softmax", bias_initializer="ones")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.build((None, 5))
    kernel, _, _, ones = model.get_weights()
    made = model.layers[0].kernel_initializer
    np.testing.assert_array_equal(kernel, made((5, 40)))
    np.testing.assert_array_equal(ones, [1, 1, 1])
    history = model.fit(X, LABELS, epochs=2, verbose=0).history
    assert all(map(math.isfinite, history["loss"]))


def test_layers_of_one_name_begin_differently_and_of_one_object_alike() -> None:
    shared = HeNormal(1)
    model = Sequential(
        [Dense(5, kernel_initializer="he_normal", input_shape=(5,)), Dense(5, kernel_initializer="he_normal")]
    )
    first, _, second, _ = model.get_weights()
    assert not np.array_equal(first, second)
    model = Sequential([Dense(5, kernel_initializer=shared, input_shape=(5,)), Dense(5, kernel_initializer=shared)])
    first, _, second, _ = model.get_weights()
    np.testing.assert_array_equal(first, second)


def test_constant_of_an_array_gives_a_kernel() -> None:
    kernel = np.arange(15.0).reshape(5, 3)
    model = Sequential([Dense(3, kernel_initializer=Constant(kernel), bias_initializer=Constant([1, 2, 3]))])
    np.testing.assert_allclose(model.predict(X), X @ kernel + [1, 2, 3], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("bias", "words"),
    [
        ("identity", "Identity()(shape=(3,)): the shape must be that of a matrix"),
        ("orthogonal", "Orthogonal()(shape=(3,))"),
        (Constant([1, 2]), "the value of shape (2,) does not broadcast"),
        (HeNormal(1, [1], [0]), "the shape has no axis 1"),
    ],
)
def test_a_bias_is_refused_where_its_layer_is_made(bias: Any, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)) as caught:
        Dense(3, bias_initializer=bias)
    assert str(caught.value).startswith("Dense(bias_initializer=...): ")
    Dense(3, use_bias=False, bias_initializer=bias)  # there is none


def test_a_kernel_is_refused_before_a_model_changes() -> None:
    model = Sequential([Dense(4, input_shape=(5,))])
    model.compile("sgd", "mse")
    before = model.get_weights()
    bad = Dense(2, kernel_initializer=Constant(np.ones((3, 2))), name="bad")
    with pytest.raises(ValueError, match=r"bad kernel: Constant\(\)\(shape=\(4, 2\)\)"):
        model.add(bad)
    assert len(model.layers) == 1
    assert not bad.built
    assert equal(model.get_weights(), before)
    empty = Sequential()
    with pytest.raises(ValueError, match="bad kernel"):
        empty.add(Dense(2, kernel_initializer=Constant(np.ones((3, 2))), name="bad", input_shape=(4,)))
    assert not empty.built
    empty.add(Dense(2, input_shape=(7,)))
    assert empty.input_shape == (None, 7)


def test_a_kernel_is_refused_before_a_model_is_built() -> None:
    model = Sequential([Dense(4), Dense(2, kernel_initializer=Constant(np.ones((3, 2))), name="bad")])
    for use in (lambda: model.build((None, 5)), lambda: model.predict(X)):
        with pytest.raises(ValueError, match=r"bad kernel: Constant\(\)\(shape=\(4, 2\)\)"):
            use()
        assert not model.built
        assert model.layers[0].shape is None


class Halves(Initializer):
    """One of a user's own, in Keras's form."""

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        return np.full(shape, 0.5)


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        (lambda shape: np.zeros(3), ValueError, r"mine kernel has shape \(5, 2\), not \(3,\)"),
        (lambda shape: np.full(shape, np.nan), ValueError, "mine kernel"),
        (lambda shape: None, TypeError, "mine kernel is None"),
    ],
)
def test_initializers_of_ones_own(values: Callable[[Any], Any], error: type[Exception], words: str) -> None:
    model = Sequential([Dense(2, kernel_initializer=Halves(), bias_initializer=Halves, input_shape=(5,))])
    assert equal(model.get_weights(), [np.full((5, 2), 0.5), np.full(2, 0.5)])

    class Mine(Halves):
        def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
            return values(shape)

    model = Sequential([Dense(2, kernel_initializer=Mine(), name="mine")])
    with pytest.raises(error, match=words):
        model.build((None, 5))
    assert not model.built
