"""Using models: compiling, training, weights, activations, gradients."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from lamina import activations, metrics, regularizers
from lamina.callbacks import LambdaCallback
from lamina.layers import Activation, Dense, Dropout
from lamina.losses import MeanSquaredError
from lamina.metrics import RootMeanSquaredError
from lamina.models import Sequential
from lamina.optimizers import SGD, Adam
from lamina.testing import check_gradients
from lamina.utils import set_random_seed
from small import LABELS, ONE_HOT, X, classifier, equal

# --- compile ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"loss": "mse"}, ValueError, "needs an optimizer: optimizer='sgd' or 'adam'"),
        ({"optimizer": "adam"}, ValueError, "needs a loss"),
        ({"optimizer": "adam", "loss": "mse", "metrics": "mae"}, ValueError, "give a list"),
        (
            {"optimizer": "adam", "loss": "mse", "metrics": [metrics.MeanAbsoluteError(name="loss")]},
            ValueError,
            "'loss'",
        ),
        ({"optimizer": "adam", "loss": "mse", "metrics": [MeanSquaredError()]}, TypeError, "metric"),
        (
            {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["mse"]},
            ValueError,
            "'mse' does not fit the loss 'sparse_categorical_crossentropy'",
        ),
        (
            {"optimizer": "adam", "loss": "mse", "metrics": ["sparse_categorical_accuracy"]},
            ValueError,
            "does not fit",
        ),
        ({"optimizer": "adam", "loss": "mse", "loss_weights": [1]}, ValueError, "compile(loss_weights=...)"),
        ({"optimizer": "adam", "loss": "mse", "run_eagerly": True}, ValueError, "compile(run_eagerly=...)"),
        ({"optimizer": "adam", "loss": "mse", "metric": ["mae"]}, TypeError, "no argument 'metric'"),
    ],
)
def test_compile_refuses_and_leaves_things_as_they_were(arguments, error, words):
    model = classifier()
    model.fit(X, LABELS, epochs=1, verbose=0)
    optimizer, steps = model.optimizer, model._network.iterations
    with pytest.raises(error) as caught:
        model.compile(**arguments)
    assert words in str(caught.value)
    assert model.optimizer is optimizer
    assert model._network.iterations == steps
    model.fit(X, LABELS, epochs=1, verbose=0)


def test_what_only_keras_has_is_taken_where_it_asks_for_nothing():
    model = classifier(compiled=False)
    model.compile("adam", "mse", jit_compile="auto", weighted_metrics=None)
    model.fit(X, ONE_HOT, verbose=0, class_weight=None, steps_per_epoch=None)
    model.predict(X, steps=None)


def test_compiling_again_keeps_weights_and_begins_the_optimizer_anew():
    once, twice = classifier(), classifier()
    once.fit(X, LABELS, epochs=2, verbose=0)
    twice.fit(X, LABELS, epochs=2, verbose=0)
    weights = twice.get_weights()
    twice.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    assert equal(twice.get_weights(), weights)
    assert twice._network.iterations == 0
    once.fit(X, LABELS, epochs=1, verbose=0, shuffle=False)
    twice.fit(X, LABELS, epochs=1, verbose=0, shuffle=False)
    assert not equal(once.get_weights(), twice.get_weights())  # Adam with moments, and without


@pytest.mark.parametrize(
    ("units", "loss", "y", "expected"),
    [
        (3, "sparse_categorical_crossentropy", LABELS, "sparse_categorical_accuracy"),
        (3, "categorical_crossentropy", ONE_HOT, "categorical_accuracy"),
        (3, "mse", ONE_HOT, "categorical_accuracy"),
        (3, "binary_crossentropy", ONE_HOT, "categorical_accuracy"),
        (1, "binary_crossentropy", LABELS == 1, "binary_accuracy"),
        (1, "mse", LABELS == 1, "binary_accuracy"),
    ],
)
def test_accuracy_takes_the_form_that_fits(units, loss, y, expected):
    set_random_seed(1)
    model = Sequential([Dense(units, "sigmoid", input_shape=(5,))])
    model.compile("sgd", loss, [expected])
    _, wanted = model.evaluate(X, y, verbose=0)
    for name in ("accuracy", "acc"):
        model.compile("sgd", loss, [name])
        assert model.metrics_names == ["loss", name]
        assert model.evaluate(X, y, verbose=0)[1] == wanted


def test_names_of_results():
    model = classifier(compiled=False)
    model.compile("sgd", "mse", ["mae", RootMeanSquaredError(), metrics.MeanSquaredError(name="squares"), "accuracy"])
    expected = ["loss", "mae", "root_mean_squared_error", "squares", "accuracy"]
    assert model.metrics_names == expected
    history = model.fit(X, ONE_HOT, epochs=2, verbose=0, validation_split=0.25).history
    assert set(history) == {*expected, *(f"val_{name}" for name in expected)}
    assert all(len(values) == 2 for values in history.values())


def test_results_of_evaluate():
    model = classifier(compiled=False)
    model.compile("sgd", "mse")
    loss = model.evaluate(X, ONE_HOT, verbose=0)
    assert isinstance(loss, float)
    model.compile("sgd", "mse", ["mse", "mae"])
    values = model.evaluate(X, ONE_HOT, verbose=0)
    assert values[0] == loss
    assert values[1] == pytest.approx(loss, rel=1e-6)
    assert model.evaluate(X, ONE_HOT, verbose=0, return_dict=True) == dict(
        zip(["loss", "mse", "mae"], values, strict=True)
    )
    assert model.evaluate(X, ONE_HOT, 7, 0) == values  # whatever the batch


def test_penalties_count_in_evaluate():
    set_random_seed(1)
    model = Sequential([Dense(3, input_shape=(5,), kernel_regularizer="l1_l2", bias_regularizer=regularizers.L2(2))])
    model.compile("sgd", "mse", ["mse"])
    kernel = model.get_weights()[0].astype(np.float64)
    model.set_weights([kernel, [1, 2, 3]])
    loss, error = model.evaluate(X, ONE_HOT, verbose=0)
    penalty = 0.01 * np.abs(kernel).sum() + 0.01 * (kernel**2).sum() + 2 * 14
    assert loss - error == pytest.approx(penalty, rel=1e-5)


def test_before_compile():
    model = classifier(compiled=False)
    for use in (model.fit, model.evaluate, model.gradients):
        with pytest.raises(ValueError, match=r"compile\(\) first"):
            use(X, LABELS)
    assert model.predict(X).shape == (40, 3)
    assert model.optimizer is None
    assert model.loss is None


# --- fit --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"epochs": -1}, ValueError, "fit(epochs=-1)"),
        ({"epochs": 1.0}, TypeError, "fit(epochs=1.0)"),
        ({"epochs": True}, TypeError, "fit(epochs=True)"),
        ({"batch_size": 0}, ValueError, "fit(batch_size=0): batch_size must be a positive integer"),
        ({"batch_size": "8"}, TypeError, "batch_size='8'"),
        ({"verbose": 3}, ValueError, "verbose=3"),
        ({"verbose": "loud"}, ValueError, "verbose='loud'"),
        ({"shuffle": "batch"}, TypeError, "shuffle='batch'"),
        ({"validation_split": 1.0}, ValueError, "validation_split=1.0"),
        ({"validation_split": -0.5}, ValueError, "validation_split=-0.5"),
        ({"validation_split": 0.999}, ValueError, "validation_split=0.999"),
        ({"callbacks": "early"}, TypeError, "callbacks"),
        ({"callbacks": [LambdaCallback]}, TypeError, "make an instance"),
        ({"callbacks": [print]}, TypeError, "Callback objects"),
        ({"steps_per_epoch": 0}, ValueError, "fit(steps_per_epoch=0): steps_per_epoch must be a positive integer"),
        ({"initial_epoch": -1}, ValueError, "fit(initial_epoch=-1)"),
        ({"validation_freq": [1, 0]}, ValueError, "fit(validation_freq=0)"),
        ({"epoch": 2}, TypeError, "argument 'epoch'"),
    ],
)
def test_fit_refuses_bad_arguments(arguments, error, words):
    model = classifier()
    before = model.get_weights()
    with pytest.raises(error) as caught:
        model.fit(X, LABELS, **{"verbose": 0, **arguments})
    assert words in str(caught.value)
    assert equal(model.get_weights(), before)
    assert model.history is None


def test_fit_returns_a_history():
    model = classifier()
    history = model.fit(X, LABELS, epochs=3, batch_size=16, verbose=0)
    assert history is model.history
    assert history.model is model
    assert history.epoch == [0, 1, 2]
    assert history.params == {"verbose": 0, "epochs": 3, "steps": 3}
    assert set(history.history) == {"loss", "accuracy"}
    assert all(isinstance(value, float) for values in history.history.values() for value in values)
    assert model.fit(X, LABELS, epochs=0, verbose=0).history == {}


def test_default_batch_is_32():
    assert classifier().fit(X, LABELS, verbose=0).params["steps"] == 2


def test_validation_split_takes_the_last_rows():
    first, second = classifier(), classifier()
    split = first.fit(X, LABELS, epochs=2, batch_size=8, verbose=0, validation_split=0.25)
    given = second.fit(X[:30], LABELS[:30], epochs=2, batch_size=8, verbose=0, validation_data=(X[30:], LABELS[30:]))
    assert split.history == given.history
    assert equal(first.get_weights(), second.get_weights())
    assert split.history["val_loss"][-1] == first.evaluate(X[30:], LABELS[30:], verbose=0)[0]


def test_validation_data_takes_the_place_of_the_split():
    first, second = classifier(), classifier()
    data = (X[:7], LABELS[:7])
    one = first.fit(X, LABELS, verbose=0, validation_split=0.25, validation_data=data)
    two = second.fit(X, LABELS, verbose=0, validation_data=list(data))
    assert one.history == two.history


def test_the_same_seed_gives_the_same_training():
    def train(seed: int) -> list[np.ndarray]:
        model = classifier(seed=seed)
        model.fit(X, LABELS, epochs=2, batch_size=8, verbose=0)
        return model.get_weights()

    assert equal(train(1), train(1))
    assert not equal(train(1), train(2))


def test_a_model_is_a_function_of_the_seed_it_was_made_with():
    first, second = classifier(), classifier()
    check_gradients(first, X[:4], LABELS[:4])  # makes a copy of its own, which takes no seeds
    second.fit(X, LABELS, epochs=1, batch_size=8, verbose=0)
    first.fit(X, LABELS, epochs=1, batch_size=8, verbose=0)
    assert equal(first.get_weights(), second.get_weights())
    after = [Dropout(0.5).seed]
    classifier()
    assert [Dropout(0.5).seed] == after


def test_set_random_seed_sets_the_seeds_of_numpy_and_python():
    import random

    set_random_seed(5)
    first = (random.random(), np.random.rand())  # noqa: NPY002
    set_random_seed(5)
    assert (random.random(), np.random.rand()) == first  # noqa: NPY002


def test_learning_rate_can_be_changed():
    model = classifier(compiled=False)
    model.compile(SGD(0.5), "mse")
    before = model.get_weights()
    model.optimizer.learning_rate = 0.0
    model.fit(X, ONE_HOT, verbose=0)
    assert equal(model.get_weights(), before)
    model.optimizer.learning_rate = 0.25
    model.fit(X, ONE_HOT, verbose=0)
    assert not equal(model.get_weights(), before)
    assert model.optimizer.learning_rate == model._network.learning_rate == 0.25
    with pytest.raises(ValueError, match=r"learning_rate=-1\.0"):
        model.optimizer.learning_rate = -1.0
    assert model.optimizer.learning_rate == 0.25


def test_one_optimizer_may_serve_two_models():
    optimizer = Adam(0.01)
    shared, own = classifier(compiled=False), classifier(compiled=False)
    other = classifier(compiled=False, seed=2)
    for model in (shared, other):
        model.compile(optimizer, "mse")
    own.compile(Adam(0.01), "mse")
    other.fit(X, ONE_HOT, epochs=2, verbose=0)
    for model in (shared, own):
        model.fit(X, ONE_HOT, epochs=2, verbose=0)
    assert equal(shared.get_weights(), own.get_weights())


def test_an_exploding_loss_ends_training_with_a_warning():
    set_random_seed(1)
    model = Sequential([Dense(8, input_shape=(5,)), Dense(1)])
    model.compile(SGD(1e18), "mse")
    with pytest.warns(RuntimeWarning, match="loss of a batch was not finite") as caught:
        history = model.fit(X, X[:, 0], epochs=5, batch_size=8, verbose=0, validation_split=0.2)
    assert caught[0].filename == __file__
    losses_seen = history.history["loss"]
    assert len(losses_seen) < 5
    assert len(losses_seen) == len(history.epoch) == len(history.history["val_loss"])
    assert not np.isfinite(losses_seen[-1])
    assert np.isfinite(losses_seen[:-1]).all()


# --- weights ----------------------------------------------------------------------------------------------------------


def test_weights_can_be_read_and_replaced():
    model = classifier()
    new = [np.full(w.shape, i, np.float64) for i, w in enumerate(model.get_weights())]
    model.set_weights(new)
    assert equal(model.get_weights(), [w.astype(np.float32) for w in new])
    first = model.layers[0]
    kernel, bias = first.get_weights()
    first.set_weights([kernel + 1, (bias + 2).tolist()])
    assert equal(model.get_weights()[:2], [kernel + 1, bias + 2])
    assert equal(model.get_weights()[2:], [w.astype(np.float32) for w in new[2:]])
    assert model.layers[1].get_weights() == []
    model.get_weights()[0][:] = 99  # a copy
    assert equal(model.get_weights()[:1], [kernel + 1])


@pytest.mark.parametrize(
    ("weights", "error", "words"),
    [
        ([], ValueError, "got 0 arrays, there are 4"),
        (
            [np.zeros((8, 5)), np.zeros(8), np.zeros((8, 3)), np.zeros(3)],
            ValueError,
            "kernel has shape (5, 8), not (8,",
        ),
        ([np.zeros((5, 8)), np.zeros((8, 1)), np.zeros((8, 3)), np.zeros(3)], ValueError, "bias has shape (8,)"),
        ([np.zeros((5, 8)), np.full(8, np.nan), np.zeros((8, 3)), np.zeros(3)], ValueError, "bias holds 8 values"),
        ([np.zeros((5, 8)), np.zeros(8), np.full((8, 3), 1e99), np.zeros(3)], ValueError, "too large for float32"),
        ([np.zeros((5, 8)), np.full(8, "a"), np.zeros((8, 3)), np.zeros(3)], TypeError, "bias has dtype <U1"),
    ],
)
def test_weights_that_do_not_fit(weights, error, words):
    model = classifier()
    before = model.get_weights()
    with pytest.raises(error) as caught:
        model.set_weights(weights)
    assert words in str(caught.value)
    assert equal(model.get_weights(), before)


def test_a_layer_refuses_weights_too():
    model = classifier()
    with pytest.raises(ValueError, match=r"kernel has shape \(5, 8\)"):
        model.layers[0].set_weights([np.zeros((5, 5)), np.zeros(8)])
    with pytest.raises(ValueError, match="got 1 arrays, there are 0"):
        model.layers[1].set_weights([np.zeros(3)])


def test_a_layer_without_its_model_has_no_weights():
    layer = Dense(3, input_shape=(5,))
    with pytest.raises(ValueError, match="input_shape"):
        layer.get_weights()
    orphan = Sequential([layer]).layers[0]
    with pytest.raises(ValueError, match="does not exist"):
        orphan.get_weights()


def test_weights_begin_between_the_limits_of_glorot():
    set_random_seed(1)
    model = Sequential([Dense(200, input_shape=(100,)), Dense(200)])
    kernel, bias, second, _ = model.get_weights()
    limit = np.sqrt(6 / 300)
    assert np.abs(kernel).max() <= limit
    assert np.abs(kernel).max() > 0.99 * limit
    assert kernel.std() == pytest.approx(limit / np.sqrt(3), rel=0.02)
    assert not bias.any()
    assert not np.array_equal(kernel, second[:100])


def test_float64_models():
    model = classifier(dtype="float64")
    assert model.dtype == "float64"
    assert all(w.dtype == np.float64 for w in model.get_weights())
    model.fit(X, LABELS, epochs=1, verbose=0)
    assert model.predict(X).dtype == np.float64
    assert Sequential(dtype=np.float64).dtype == "float64"


# --- activations ------------------------------------------------------------------------------------------------------


def test_values_of_activations():
    np.testing.assert_allclose(activations.sigmoid([3.0]), [0.953], atol=5e-4)
    np.testing.assert_allclose(activations.softmax([[0, 3, 1, 1]]), [[0.0377, 0.7573, 0.1025, 0.1025]], atol=5e-5)
    np.testing.assert_array_equal(activations.step([-0.5, 0, 2]), [0, 1, 1])
    np.testing.assert_array_equal(activations.relu(np.array([[-1.0, 2.0]])), [[0, 2]])
    slope = activations.get({"name": "leaky_relu", "negative_slope": 0.5})
    np.testing.assert_array_equal(slope([-2, 4]), [-1, 4])
    assert activations.tanh(np.float64(1)).dtype == np.float64
    assert activations.tanh(np.zeros((2, 3, 4))).shape == (2, 3, 4)
    assert activations.linear([1, 2]).dtype == np.float32
    assert activations.relu([]).shape == (0,)
    np.testing.assert_array_equal(activations.swish([1.5, -2]), activations.silu([1.5, -2]))
    np.testing.assert_array_equal(activations.leaky_relu([-2, 4], negative_slope=0.25), [-0.5, 4])
    np.testing.assert_array_equal(activations.relu([-2, 1, 4], negative_slope=0.5, max_value=3.0), [-1, 1, 3])
    np.testing.assert_allclose(activations.gelu([1.0], approximate=True), [0.841192], atol=1e-6)
    np.testing.assert_allclose(activations.gelu([1.0]), [0.841345], atol=1e-6)
    np.testing.assert_allclose(np.exp(activations.log_softmax([[0.0, 3, 1, 1]])).sum(), 1, rtol=1e-6)
    with pytest.raises(AttributeError, match="swoosh"):
        _ = activations.swoosh


def test_every_activation_can_be_given_by_name_or_as_it_is():
    for name in activations.known():
        by_name = Dense(3, name)
        assert by_name.spec() == Dense(3, getattr(activations, name)).spec()
        model = Sequential([Dense(4, input_shape=(5,)), Activation(name)])
        plain = Sequential([Dense(4, input_shape=(5,))])
        plain.set_weights(model.get_weights())
        np.testing.assert_allclose(model.predict(X), activations.get(name)(plain.predict(X)), rtol=1e-6, atol=1e-7)


def test_step_predicts_but_is_not_trained():
    model = Sequential([Dense(1, "step", input_shape=(5,), name="perceptron")])
    assert set(np.unique(model.predict(X))) <= {0, 1}
    with pytest.raises(ValueError, match=r"compile\(\): layer 'perceptron' has the activation 'step'"):
        model.compile("sgd", "mse")
    late = Sequential([Dense(3, "sigmoid", input_shape=(5,))])
    late.compile("sgd", "mse")
    late.add(Activation("step"))
    for use in (late.fit, late.gradients, late.evaluate):
        with pytest.raises(ValueError, match="'step', which has no gradient"):
            use(X, ONE_HOT)
    assert late.predict(X).shape == (40, 3)


def test_a_model_without_weights_predicts_but_is_not_trained():
    model = Sequential([Activation("softmax", input_shape=(3,))])
    np.testing.assert_allclose(model.predict(ONE_HOT).sum(axis=1), 1, rtol=1e-6)
    model.compile("sgd", "mse")
    for use in (model.fit, model.gradients):
        with pytest.raises(ValueError, match="nothing to train"):
            use(ONE_HOT, ONE_HOT)


# --- gradients --------------------------------------------------------------------------------------------------------


def test_gradients_are_those_of_the_loss():
    model = classifier()
    before = model.get_weights()
    loss, gradients = model.gradients(X, LABELS)
    assert loss == pytest.approx(model.evaluate(X, LABELS, verbose=0)[0], rel=1e-6)
    assert [g.shape for g in gradients] == [w.shape for w in before]
    assert equal(model.get_weights(), before)
    again, _ = model.gradients(X, LABELS, training=True)
    assert again != loss  # dropout is on
    assert model.gradients(X, LABELS, training=True)[0] == again  # with the same mask


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_check_gradients_passes(dtype, training):
    set_random_seed(1)
    model = Sequential(
        [Dense(4, "tanh", input_shape=(5,), kernel_regularizer="l2"), Dropout(0.4), Dense(3, "softmax")], dtype=dtype
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = model.get_weights()
    worst = check_gradients(model, X[:6].astype(np.float64), LABELS[:6], training=training)
    assert 0 < worst <= 1e-6
    assert equal(model.get_weights(), before)


def test_check_gradients_names_what_is_wrong(monkeypatch):
    model = classifier()
    right = Sequential.gradients

    def wrong(self: Sequential, *arguments: Any) -> tuple[float, list[np.ndarray]]:
        loss, gradients = right(self, *arguments)
        gradients[2][1, 2] *= 1.001
        return loss, gradients

    monkeypatch.setattr(Sequential, "gradients", wrong)
    name = re.escape(model.layers[2].name)
    with pytest.raises(AssertionError, match=rf"^{name}/kernel\[1, 2\]: the gradient is .* relative error"):
        check_gradients(model, X[:6].astype(np.float64), LABELS[:6])
