"""Making models and layers: shapes, names, configurations, arguments, and the package itself."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest

import lamina
from lamina import (
    _core,
    activations,
    config,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
)
from lamina.layers import (
    ELU,
    Activation,
    Dense,
    Dropout,
    Flatten,
    Input,
    InputLayer,
    LeakyReLU,
    PReLU,
    ReLU,
    Rescaling,
    Reshape,
    Softmax,
)
from lamina.models import Sequential
from lamina.optimizers import SGD, Adagrad, Adam, AdamW, RMSprop
from lamina.utils import set_random_seed
from small import LABELS, X, classifier, equal, run_python

# --- building ---------------------------------------------------------------------------------------------------------


def test_shapes_and_counts():
    model = classifier()
    assert model.built
    assert (model.input_shape, model.output_shape) == ((None, 5), (None, 3))
    assert [layer.output_shape for layer in model.layers] == [(None, 8), (None, 8), (None, 3), (None, 3)]
    assert [layer.count_params() for layer in model.layers] == [48, 0, 27, 0]
    assert model.count_params() == 75
    assert [w.shape for w in model.get_weights()] == [(5, 8), (8,), (8, 3), (3,)]
    assert all(w.dtype == np.float32 for w in model.get_weights())


def test_the_circle_network_has_8770_parameters():
    model = Sequential()
    model.add(Dense(128, activation="relu", input_shape=(2,)))
    model.add(Dropout(0.2))
    model.add(Dense(64, activation="relu"))
    model.add(Dropout(0.2))
    model.add(Dense(2, activation="softmax"))
    assert model.count_params() == 8770


@pytest.mark.parametrize(
    "make",
    [
        lambda: Sequential([Dense(4, input_shape=(5,))]),
        lambda: Sequential([Dense(4, input_shape=[5])]),
        lambda: Sequential([Dense(4, input_dim=5)]),
        lambda: Sequential([Input((5,)), Dense(4)]),
        lambda: Sequential([Input(shape=(5,)), Dense(4, input_shape=(5,))]),
        lambda: Sequential([InputLayer((5,)), Dense(4)]),
        lambda: Sequential([Dropout(0.5, input_shape=(5,)), Dense(4)]),
        lambda: Sequential([Activation("relu", input_dim=5), Dense(4)]),
    ],
)
def test_ways_to_say_the_number_of_features(make):
    model = make()
    assert model.built
    assert model.get_weights()[0].shape == (5, 4)
    assert not any(isinstance(layer, InputLayer) for layer in model.layers)


def test_built_by_build_or_by_the_first_data():
    def unbuilt() -> Sequential:
        set_random_seed(1)
        model = Sequential([Dense(8, "relu"), Dense(3, "softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        assert not model.built
        return model

    expected = unbuilt()
    expected.build((None, 5))
    assert expected.built
    begun = expected.get_weights()
    for use in (
        lambda model: model.predict(X),
        lambda model: model.evaluate(X, LABELS, verbose=0),
        lambda model: model.gradients(X, LABELS),
        lambda model: model.fit(X, LABELS, epochs=0, verbose=0),
        lambda model: model.build((None, 5)),
    ):
        model = unbuilt()
        use(model)
        assert model.built
        assert equal(model.get_weights(), begun)


def test_nothing_to_see_before_it_is_built():
    model = Sequential([Dense(3)])
    for use in (model.get_weights, model.count_params, model.layers[0].get_weights, model.layers[0].count_params):
        with pytest.raises(ValueError, match="input_shape"):
            use()
    with pytest.raises(AttributeError, match="input_shape"):
        _ = model.output_shape
    with pytest.raises(ValueError, match="no layers"):
        Sequential().predict(X)


def test_data_that_do_not_fit_leave_a_model_unbuilt():
    model = Sequential([Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match=r"y\[0\]"):
        model.fit(X, LABELS + 3, verbose=0)
    assert not model.built
    model.fit(X[:, :2], LABELS, verbose=0)
    assert model.input_shape == (None, 2)


def test_add_after_building_keeps_the_weights():
    model = classifier()
    model.fit(X, LABELS, epochs=1, verbose=0)
    before = model.get_weights()
    model.add(Dense(2, "softmax"))
    model.add(Dense(4, "softmax"))
    assert equal(model.get_weights()[:4], before)
    assert [w.shape for w in model.get_weights()[4:]] == [(3, 2), (2,), (2, 4), (4,)]
    assert model.fit(X, LABELS, epochs=1, verbose=0).epoch == [0]  # compiled as it was


def test_use_between_adding_layers():
    model = Sequential([Dense(4, input_shape=(5,))])
    first = model.get_weights()
    for units in (3, 2):
        model.add(Dense(units))
        assert model.predict(X).shape == (40, units)
    assert equal(model.get_weights()[:2], first)


@pytest.mark.parametrize(
    ("use", "error", "words"),
    [
        (lambda m: m.add("relu"), TypeError, "Dense"),
        (lambda m: m.add(Dense), TypeError, "the class Dense"),
        (lambda m: m.add(None), TypeError, "only layers"),
        (lambda m: m.add(Input((5,))), ValueError, "must come first"),
        (lambda m: m.add(Dense(3, input_shape=(7,))), ValueError, r"shape \(7,\) but receives \(3,\)"),
        (lambda m: m.add(Dense(3, name=m.layers[0].name)), ValueError, "already"),
        (lambda m: m.add(m.layers[0]), ValueError, "already"),
        (lambda m: m.add(m), ValueError, "part of itself"),
        (lambda m: m.add(Sequential([Sequential(m.layers[:1], name="inner")])), ValueError, "at two places"),
        (lambda m: m.add(Dense(2, dtype="float64")), ValueError, "float64, the model's are float32"),
        (lambda m: m.build((None, 6)), ValueError, r"samples of shape \(5,\) already"),
        (lambda m: m.build((5,)), ValueError, r"\(None, features\)"),
        (lambda m: m.build(5), ValueError, r"\(None, features\)"),
        (lambda m: m.build((None, None)), TypeError, "positive integer"),
    ],
)
def test_refused_while_building(use, error, words):
    model = classifier()
    before = model.get_weights()
    with pytest.raises(error, match=words):
        use(model)
    assert len(model.layers) == 4
    assert equal(model.get_weights(), before)


def test_layers_of_a_model_that_could_not_be_made_are_free():
    layer = Dense(3, input_shape=(5,))
    with pytest.raises(TypeError, match="only layers"):
        Sequential([layer, "softmax"])
    assert Sequential([layer]).predict(X).shape == (40, 3)


def test_deferred_mismatch_is_found_when_the_model_is_built():
    model = Sequential([Dense(4), Dense(3, input_shape=(7,))])
    with pytest.raises(ValueError, match=r"made for samples of shape \(7,\) but receives \(4,\)"):
        model.predict(X)


# --- names and configurations -----------------------------------------------------------------------------------------


def test_names_are_numbered_by_class():
    out = run_python(
        "from lamina.layers import *\n"
        "from lamina.layers import Dense, Dropout, Activation\n"
        "from lamina.models import Sequential\n"
        "made = [Dense(1), Dropout(.1), Dense(2), Activation('relu'), Dropout(.5), Dense(1, name='mine'), Dense(3)]\n"
        "made += [ReLU(), LeakyReLU(), PReLU(), ELU(), Softmax(), Flatten(), ReLU()]\n"
        "print(*(layer.name for layer in made), Sequential().name, Sequential().name)"
    )
    assert out == (
        "dense dropout dense_1 activation dropout_1 mine dense_2 "
        "re_lu leaky_re_lu p_re_lu elu softmax flatten re_lu_1 sequential sequential_1\n"
    )


@pytest.mark.parametrize(
    "layer",
    [
        Dense(4),
        Dense(4, "tanh", use_bias=False, kernel_regularizer="l2", input_shape=(5,)),
        Dense(4, {"name": "leaky_relu", "negative_slope": 0.01}, bias_regularizer=regularizers.L1L2(0.1, 0.2)),
        Dense(4, kernel_initializer="zeros", bias_initializer=initializers.GlorotUniform(5)),
        Dropout(0.3, seed=4, input_dim=5),
        Activation("sigmoid", name="last"),
        Activation({"name": "relu", "max_value": 2.0}),
        ReLU(),
        ReLU(6, 0.1, 0.5, input_shape=(2, 6)),
        LeakyReLU(alpha=0.01),
        LeakyReLU(0.2),
        ELU(0.5),
        Softmax(),
        Softmax(axis=2),
        PReLU(),
        PReLU("he_normal", regularizers.L2(0.1), name="slopes"),
        Flatten(),
        Reshape((3, -1)),
        Rescaling(1 / 255, offset=-0.5),
    ],
)
def test_a_configuration_makes_an_equal_layer(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.spec() == layer.spec()
    assert again.shape_after((2, 6)) == layer.shape_after((2, 6))


def test_python_lists_what_the_core_lists():
    assert sorted(losses.known()) == sorted(_core.losses())
    native = {name for name in metrics.known() if metrics.get(name).is_native}
    assert native == {*_core.metrics(), "accuracy"}
    assert sorted(optimizers.known()) == sorted(_core.optimizers())
    assert activations.known() == [entry["name"] for entry in _core.activations()]


@pytest.mark.parametrize(
    ("module", "name", "cls"),
    [
        (losses, "mse", losses.MeanSquaredError),
        (losses, "MeanAbsoluteError", losses.MeanAbsoluteError),
        (metrics, "mae", metrics.MeanAbsoluteError),
        (metrics, "RootMeanSquaredError", metrics.RootMeanSquaredError),
        (optimizers, "SGD", SGD),
        (optimizers, "adamw", AdamW),
        (optimizers, "rmsprop", RMSprop),
        (optimizers, "Adagrad", Adagrad),
        (regularizers, "l1", regularizers.L1),
        (initializers, "glorot_uniform", initializers.GlorotUniform),
        (initializers, "Zeros", initializers.Zeros),
    ],
)
def test_get_takes_a_name_a_class_an_instance_or_a_configuration(module, name, cls):
    assert type(module.get(name)) is cls
    assert type(module.get(cls)) is cls
    instance = cls()
    assert module.get(instance) is instance
    copy = module.get({"class_name": cls.__name__, "config": instance.get_config()})
    assert copy.get_config() == instance.get_config()


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (lambda: Dense(3, activation="rleu"), "unknown activation 'rleu'. Did you mean 'relu'? Known: linear, relu"),
        (lambda: Activation("swoosh"), "unknown activation 'swoosh'. Known:"),
        (lambda: Dense(3, kernel_initializer="glorot"), "unknown initializer 'glorot'"),
        (lambda: Dense(3, kernel_regularizer="l3"), "unknown regularizer 'l3'"),
        (lambda: Sequential().compile("Adamm", "mse"), "unknown optimizer 'Adamm'"),
        (lambda: Sequential().compile("adam", "mean_square_error"), "Did you mean 'mean_squared_error'?"),
        (lambda: Sequential().compile("adam", "mse", ["acuracy"]), "Did you mean 'accuracy'?"),
        (lambda: Sequential(dtype="float16"), "'float32' or 'float64'"),
    ],
)
def test_unknown_names(use, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        use()


@pytest.mark.parametrize(
    "use",
    [
        lambda: Dense(3, activation=np.tanh),
        lambda: Dense(3, activation=3),
        lambda: Dense(3, kernel_regularizer=0.01),
        lambda: Dense(3, kernel_initializer=np.zeros),
        lambda: Sequential().compile(0.01, "mse"),
        lambda: Sequential().compile("adam", lambda y: 0),
        lambda: Sequential().compile("adam", "mse", [len]),
        lambda: Sequential(dtype="no such type"),
        lambda: activations.leaky_relu(X, slope=0.1),
        lambda: activations.elu(X, alpha="1"),
        lambda: activations.gelu(X, approximate=1),
        lambda: activations.get({"name": "relu", "slope": 1}),
    ],
)
def test_what_is_no_name(use):
    with pytest.raises(TypeError):
        use()


@pytest.mark.parametrize(
    ("use", "error", "words"),
    [
        (lambda: Dense(-3), ValueError, "Dense(units=-3): units must be a positive integer"),
        (lambda: Dense(0), ValueError, "units=0"),
        (lambda: Dense(2.5), TypeError, "units=2.5"),
        (lambda: Dense(True), TypeError, "units=True"),
        (lambda: Dense("3"), TypeError, "units='3'"),
        (lambda: Dense(None), TypeError, "units=None"),
        (lambda: Dense(3, use_bias="yes"), TypeError, "use_bias='yes'"),
        (lambda: Dense(3, kernel_constraint="nonneg"), ValueError, "nonneg"),
        (lambda: Dense(3, kernel_constraint=constraints.MaxNorm(axis=2)), ValueError, "kernel_constraint"),
        (lambda: Dense(3, input_shape=5), TypeError, "(784,)"),
        (lambda: Dense(3, input_shape=()), ValueError, "at least one axis"),
        (lambda: Dense(3, input_shape=(28, 0)), ValueError, "input_shape=0"),
        (lambda: Dense(3, input_shape=(0,)), ValueError, "input_shape=0"),
        (lambda: Dense(3, input_shape=(None,)), TypeError, "positive integer"),
        (lambda: Dense(3, input_dim=-1), ValueError, "input_dim=-1"),
        (lambda: Dense(3, input_dim=5, input_shape=(5,)), ValueError, "not both"),
        (lambda: Dense(3, name=""), TypeError, "name"),
        (lambda: Input(5), TypeError, "(784,)"),
        (lambda: ReLU(max_value=-1), ValueError, "max_value=-1"),
        (lambda: ReLU(negative_slope=None), TypeError, "negative_slope=None"),
        (lambda: ReLU(threshold=-0.5), ValueError, "threshold=-0.5"),
        (lambda: LeakyReLU(-0.1), ValueError, "negative_slope=-0.1"),
        (lambda: LeakyReLU(alpha="a"), TypeError, "alpha='a'"),
        (lambda: ELU(np.nan), ValueError, "alpha=nan"),
        (lambda: Softmax(axis=0.5), TypeError, "axis=0.5"),
        (lambda: Softmax(axis=1, input_shape=(2, 3)).shape_after((2, 3)), ValueError, "only the last axis"),
        (lambda: PReLU(shared_axes=[1]), ValueError, "PReLU(shared_axes=...) is not supported"),
        (lambda: PReLU(alpha_constraint="positive"), ValueError, "constraint"),
        (lambda: PReLU(alpha_initializer="zero one"), ValueError, "unknown initializer 'zero one'"),
        (lambda: Flatten("channels_first"), ValueError, "data_format='channels_first'"),
        (lambda: Reshape(4), TypeError, "target_shape=4"),
        (lambda: Reshape(()), ValueError, "at least one axis"),
        (lambda: Reshape((2, 0)), ValueError, "target_shape=(2, 0)"),
        (lambda: Reshape((-1, -1)), ValueError, "at most one of them -1"),
        (lambda: Reshape((2.0, 3)), TypeError, "target_shape=2.0"),
        (lambda: Reshape((4, -1)).shape_after((2, 3)), ValueError, "6 elements"),
        (lambda: Reshape((2, 2)).shape_after((2, 3)), ValueError, "6 elements"),
        (lambda: Rescaling("1"), TypeError, "scale='1'"),
        (lambda: Rescaling(1, np.inf), ValueError, "offset=inf"),
        (lambda: Rescaling([1, 2]), TypeError, "scale=[1, 2]"),
        (lambda: AdamW(weight_decay=-1), ValueError, "AdamW(weight_decay=-1)"),
        (lambda: AdamW(beta_1=1), ValueError, "AdamW(beta_1=1)"),
        (lambda: RMSprop(rho=1.5), ValueError, "rho=1.5"),
        (lambda: RMSprop(momentum=-1), ValueError, "momentum=-1"),
        (lambda: RMSprop(centered=1), TypeError, "centered=1"),
        (lambda: RMSprop(epsilon=0), ValueError, "RMSprop(epsilon=0)"),
        (lambda: Adagrad(initial_accumulator_value=-0.1), ValueError, "initial_accumulator_value=-0.1"),
        (lambda: Adagrad(epsilon="a"), TypeError, "epsilon='a'"),
        (lambda: Dropout(1), ValueError, "Dropout(rate=1): rate must be a number in [0, 1)"),
        (lambda: Dropout(-0.1), ValueError, "rate=-0.1"),
        (lambda: Dropout(float("nan")), ValueError, "rate=nan"),
        (lambda: Dropout("0.1"), TypeError, "rate='0.1'"),
        (lambda: Dropout(True), TypeError, "rate=True"),
        (lambda: Dropout(10**400), ValueError, "in [0, 1)"),
        (lambda: Dropout(0.5, seed=-1), ValueError, "seed=-1"),
        (lambda: Dropout(0.5, seed=2**64), ValueError, "seed"),
        (lambda: initializers.GlorotUniform(1.5), TypeError, "seed=1.5"),
        (lambda: regularizers.L1(-1), ValueError, "L1(l1=-1)"),
        (lambda: regularizers.L2(float("inf")), ValueError, "L2(l2=inf)"),
        (lambda: SGD(learning_rate=-1.0), ValueError, "SGD(learning_rate=-1.0)"),
        (lambda: SGD(momentum=1), ValueError, "momentum=1"),
        (lambda: SGD(nesterov=1), TypeError, "nesterov=1"),
        (lambda: Adam("fast"), TypeError, "learning_rate='fast'"),
        (lambda: Adam(beta_1=1.0), ValueError, "beta_1=1.0"),
        (lambda: Adam(beta_2=-0.1), ValueError, "beta_2=-0.1"),
        (lambda: Adam(epsilon=0), ValueError, "epsilon=0"),
        (lambda: Adam(amsgrad=1), TypeError, "amsgrad=1"),
        (lambda: set_random_seed(-1), ValueError, "seed=-1"),
        (lambda: set_random_seed(None), TypeError, "seed=None"),
        (lambda: set_random_seed(True), TypeError, "seed=True"),
        (lambda: config.set_num_threads(0), ValueError, "n=0"),
        (lambda: config.set_num_threads(1.0), TypeError, "n=1.0"),
        (lambda: activations.get({"name": "leaky_relu", "negative_slope": np.nan}), ValueError, "negative_slope=nan"),
        (lambda: activations.get({"name": "leaky_relu", "negative_slope": -0.5}), ValueError, "negative_slope=-0.5"),
    ],
)
def test_bad_arguments_are_named(use, error, words):
    with pytest.raises(error) as caught:
        use()
    assert words in str(caught.value)


def test_numbers_of_other_types_are_numbers():
    assert Dense(np.int64(3)).units == 3
    assert Dropout(np.float32(0.5)).rate == 0.5
    assert Adam(learning_rate=np.float32(0.5)).learning_rate == 0.5


# --- the package ------------------------------------------------------------------------------------------------------


def test_importing_costs_numpy_and_the_core():
    out = run_python(
        "import sys, numpy\n"
        "before = set(sys.modules)\n"
        "import lamina\n"
        "print(*(name for name in set(sys.modules) - before if name.startswith('lamina')))\n"
        "print(*(name for name in ('rich', 'pandas', 'importlib.metadata') if name in sys.modules))"
    )
    loaded, heavy = out.split("\n")[:2]
    assert set(loaded.split()) <= {"lamina", "lamina._core"}
    assert heavy == ""


def test_training_in_silence_does_not_import_rich_or_pandas():
    out = run_python(
        "import sys\n"
        "from lamina.models import Sequential\n"
        "from lamina.layers import Dense\n"
        "model = Sequential([Dense(1, input_shape=(1,))])\n"
        "model.compile('sgd', 'mse', ['mae'])\n"
        "model.fit([1.0, 2.0], [1.0, 2.0], verbose=0, epochs=2, validation_split=.5)\n"
        "model.evaluate([1.0], [1.0], verbose=0)\n"
        "model.predict([1.0])\n"
        "print('rich' in sys.modules, 'pandas' in sys.modules)"
    )
    assert out == "False False\n"


def test_the_package_names_its_modules():
    assert lamina.layers is layers
    assert lamina.datasets.digits.load_data
    assert {"models", "layers", "show_config"} <= set(dir(lamina))
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", lamina.__version__)
    with pytest.raises(AttributeError, match="no_such"):
        _ = lamina.no_such


def test_show_config(capsys):
    lamina.show_config()
    out = capsys.readouterr().out
    for word in ("version", "compiler", "openmp", "blas", "instruction set", "threads", _core.isa()):
        assert word in out.lower()


def test_number_of_threads():
    config.set_num_threads(1)
    assert config.get_num_threads() == 1


def test_no_warnings_in_ordinary_use():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = classifier()
        model.fit(X.astype(np.float64), LABELS.astype(np.int8), epochs=1, verbose=0, validation_split=0.1)
        model.evaluate(X, LABELS, verbose=0)
        model.predict(X.astype(np.float16))


def test_get_layer():
    model = Sequential([Dense(3, input_shape=(2,)), Dropout(0.5, name="forgets"), Dense(1)])
    assert model.get_layer("forgets") is model.layers[1]
    assert model.get_layer(index=-1) is model.get_layer(index=2) is model.layers[2]
    for arguments in (
        {},
        {"name": "forgets", "index": 1},
        {"index": 3},
        {"index": -4},
        {"name": "no_such"},
        {"name": 3},
    ):
        with pytest.raises(ValueError, match="get_layer"):
            model.get_layer(**arguments)
    with pytest.raises(TypeError, match="get_layer"):
        model.get_layer(index=1.0)
    with pytest.raises(ValueError, match="no layers"):
        Sequential().get_layer("dense")
