"""Losses written in Python: what they see, what they may return, their names, and what is no loss."""

from __future__ import annotations

import copy
import pickle
import re
import threading
from typing import Any

import numpy as np
import pytest

import reference
from lamina import _core, layers, losses, optimizers
from lamina.callbacks import LambdaCallback
from lamina.models import Sequential, load_model
from lamina.testing import check_gradients
from own_losses import LABELS, Softmax, Squared, X, Y, model_of, squared


def everything(model: Sequential, y: Any) -> list[Any]:
    """A fit with validation and a partial batch, an evaluation, a step, gradients, the weights."""
    fit = model.fit(X, y, 5, 4, shuffle=False, validation_split=0.3, verbose=0)
    found = [*fit.history.values(), model.evaluate(X, y, verbose=0), model.train_on_batch(X, y)]
    loss, gradients = model.gradients(X, y, training=True)
    return [*found, loss, *gradients, *model.get_weights()]


# --- the same numbers as the built-in -------------------------------------------------------------


@pytest.mark.parametrize("team", [1, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("own", "built_in", "head", "y"),
    [
        (squared, "mean_squared_error", "sigmoid", Y),
        (Squared(), "mse", None, Y),
        (Squared, "mse", "softmax", Y),
        (Squared(reduction="sum"), losses.MeanSquaredError("sum"), "tanh", Y),
        (Softmax(), losses.SparseCategoricalCrossentropy(from_logits=True), None, LABELS),
        (Softmax("mine", "sum"), losses.SparseCategoricalCrossentropy(True, reduction="sum"), None, LABELS),
    ],
)
def test_equal_to_the_built_in(own, built_in, head, y, dtype, team):
    """Training, validation, evaluation, steps, gradients; dropout and a penalty take part."""
    _core.force_team(team)
    expected = everything(model_of(built_in, head, dtype), y)
    found = everything(model_of(own, head, dtype), y)
    precision = 1e-12 if dtype == "float64" else 2e-5
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=precision, atol=precision)


@pytest.mark.parametrize("loss", [squared, Softmax()])
def test_gradients(loss):
    y = LABELS if isinstance(loss, Softmax) else Y
    assert check_gradients(model_of(loss), X, y, training=True) <= 1e-6
    assert check_gradients(model_of(loss, dtype="float32"), X, y) <= 1e-6


def test_a_loss_of_pairs_of_samples():
    """Values may depend on other samples of the batch: the gradient is that of their sum."""

    def spread(y_true: Any, y_pred: Any) -> Any:
        centred = y_pred - y_pred.mean(axis=0)
        return (centred**2).sum(axis=1), 2 * centred

    model = model_of(spread)
    assert check_gradients(model, X, Y) <= 1e-6
    p = model.predict(X)
    penalty = model.evaluate(X, Y, 23, verbose=0) - (p - p.mean(axis=0)).var(axis=0).sum()
    batches = [(p[i : i + 5] - p[i : i + 5].mean(axis=0)) ** 2 for i in range(0, 23, 5)]
    assert model.evaluate(X, Y, 5, verbose=0) == pytest.approx(np.concatenate(batches).sum() / 23 + penalty)


def test_a_built_in_is_a_part_of_ones_own():
    """A class that derives from one of the package's may call its formula."""

    class Twice(losses.MeanSquaredError):
        def value_and_gradient(self, y_true: Any, y_pred: Any) -> Any:
            values, gradient = super().value_and_gradient(y_true, y_pred)
            other = losses.Huber(0.5).value_and_gradient(y_true, y_pred)
            return values + other[0], gradient + other[1]

    model = model_of(Twice())
    parts = [model_of(loss).gradients(X, Y) for loss in ("mse", losses.Huber(0.5))]
    penalty = parts[0][0] - losses.MeanSquaredError()(Y, model.predict(X))
    assert model.gradients(X, Y)[0] == pytest.approx(parts[0][0] + parts[1][0] - penalty)
    assert Twice()(Y, Y + 1) == pytest.approx(1 + 0.375)
    assert check_gradients(model, X, Y) <= 1e-6


# --- what it sees ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("labels", [False, True])
def test_what_it_is_called_with(dtype, labels):
    """Arrays of its own, of the model's type, batch by batch, in the calling thread; labels as int64."""
    seen: list[tuple[Any, Any, int]] = []

    class Watching(losses.Loss):
        target = "labels" if labels else "number"

        def value_and_gradient(self, y_true: Any, y_pred: Any) -> Any:
            seen.append((y_true, y_pred.copy(), threading.get_ident()))
            y_pred[:] = np.nan  # its own
            return np.zeros(len(y_pred)), np.zeros_like(y_pred)

    _core.force_team(3)
    model = model_of(Watching(), dtype=dtype, optimizer=optimizers.SGD(0.0))
    given = LABELS.astype("u1") if labels else Y
    model.fit(X, given, batch_size=10, shuffle=False, verbose=0)
    assert [len(y) for y, _, _ in seen] == [10, 10, 3]
    assert {thread for *_, thread in seen} == {threading.get_ident()}
    y = np.concatenate([y for y, _, _ in seen])
    assert y.dtype == (np.int64 if labels else dtype)
    np.testing.assert_array_equal(y, LABELS if labels else Y.astype(dtype))
    assert all(p.dtype == dtype and p.shape == (len(y), 3) for y, p, _ in seen)
    seen.clear()
    model.evaluate(X, given, batch_size=9, verbose=0)
    np.testing.assert_array_equal(np.concatenate([p for _, p, _ in seen]), model.predict(X))
    assert [len(y) for y, _, _ in seen] == [9, 9, 5]


def test_several_rows_a_sample():
    shapes = []

    def watching(y_true: Any, y_pred: Any) -> Any:
        shapes.append((y_true.shape, y_pred.shape))
        return squared(y_true, y_pred)

    found = []
    for loss in (watching, "mse"):
        model = Sequential([layers.Reshape((2, 2), input_shape=(4,)), layers.Dense(3)], dtype="float64")
        model.build((None, 4))
        model.set_weights([np.full((2, 3), 0.5), np.zeros(3)])
        model.compile("sgd", loss)
        model.fit(X, np.stack([Y, Y], axis=1), batch_size=23, verbose=0)
        found.append(model.get_weights()[0])
    assert shapes == [((46, 3), (46, 3))]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-13)


def test_small_numbers_are_there():
    """The core flushes denormals; what a loss computes is NumPy's business."""
    found = []

    def watching(y_true: Any, y_pred: Any) -> Any:
        found.append(float(np.float64(1e-300) * np.float64(1e-10)) > 0)
        return squared(y_true, y_pred)

    model_of(watching).fit(X, Y, verbose=0)
    assert found == [True]


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum"])
def test_sample_weights(reduction):
    """As with the built-in: they multiply values and gradients."""
    weights = reference.random_uniform(9, (23,), 0.0, 2.0)
    weights[::4] = 0
    found = []
    for loss in (Squared(reduction=reduction), losses.MeanSquaredError(reduction)):
        model = model_of(loss)
        fit = model.fit(X, Y, 5, 3, shuffle=False, verbose=0, sample_weight=weights)
        evaluated = model.evaluate(X, Y, 5, verbose=0, sample_weight=weights)
        found.append([fit.history["loss"], evaluated, *model.get_weights()])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_metrics_and_callbacks_work_beside_it():
    model = model_of(squared, "softmax", metrics=["accuracy", "mse"])
    fit = model.fit(X, Y, 5, 2, callbacks=[LambdaCallback(on_train_batch_end=lambda batch, logs: None)], verbose=0)
    assert sorted(fit.history) == ["accuracy", "loss", "mse"]


# --- what it returns ------------------------------------------------------------------------------

NEED = r"return a pair: the values of the samples, \(5,\), and their gradient by y_pred, \(5, 3\)"
ZEROS = np.zeros((5, 3))


def with_one(value: Any, shape: Any) -> Any:
    """Zeros but for one number."""
    array = np.zeros(shape)
    array.flat[-1] = value
    return array


@pytest.mark.parametrize(
    ("result", "error", "words"),
    [
        (np.zeros(5), TypeError, rf"the loss 'fixed' returned an array of shape \(5,\): {NEED}"),
        (np.zeros((2, 5)), TypeError, rf"an array of shape \(2, 5\): {NEED}"),
        (0.5, TypeError, rf"returned 0.5: {NEED}\. There is no automatic differentiation"),
        (None, TypeError, rf"returned None: {NEED}"),
        ((np.zeros(5),), TypeError, NEED),
        ((np.zeros(5), ZEROS, ZEROS), TypeError, NEED),
        ((np.zeros(4), ZEROS), ValueError, rf"returned values of shape \(4,\): {NEED}"),
        ((np.zeros((5, 1)), ZEROS), ValueError, rf"returned values of shape \(5, 1\): {NEED}"),
        ((0.0, ZEROS), ValueError, r"returned values of shape \(\)"),
        ((np.zeros(5), ZEROS[:, :2]), ValueError, rf"returned a gradient of shape \(5, 2\): {NEED}"),
        ((np.zeros(5), ZEROS[0]), ValueError, r"returned a gradient of shape \(3,\)"),
        ((np.zeros(5, "M8[s]"), ZEROS), TypeError, "what the loss 'fixed' returned as values has dtype datetime64"),
        (
            (np.zeros(5), ZEROS.astype(complex)),
            TypeError,
            "what the loss 'fixed' returned as gradient has dtype complex",
        ),
        ((None, ZEROS), TypeError, "what the loss 'fixed' returned as values is None"),
        ((np.zeros(5), [["a"] * 3] * 5), TypeError, "text is no numbers"),
        (
            (with_one(np.nan, 5), ZEROS),
            ValueError,
            r"the loss 'fixed' returned values with nan at \[4\], though y_pred is",
        ),
        ((np.zeros(5), with_one(-np.inf, (5, 3))), ValueError, r"returned a gradient with -inf at \[4, 2\]"),
    ],
)
def test_results_that_are_refused(result, error, words):
    """Before anything changes, and in every method."""

    def fixed(y_true: Any, y_pred: Any) -> Any:
        return result

    model = model_of(fixed)
    before = model.get_weights()
    for use in (model.train_on_batch, model.evaluate, model.gradients, model.fit):
        with pytest.raises(error, match=words):
            use(X[:5], Y[:5], **({"verbose": 0} if use in (model.fit, model.evaluate) else {}))
    assert model._network.iterations == 0
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_gradient_beyond_float32():
    model = model_of(lambda y, p: (np.zeros(len(p)), np.full(p.shape, 1e300)), dtype="float32")
    with pytest.raises(ValueError, match="a gradient that is too large for float32"):
        model.fit(X, Y, verbose=0)


@pytest.mark.parametrize(
    "result",
    [
        ([0.5] * 5, ZEROS.tolist()),
        [np.full(5, 0.5, "f2"), np.zeros((5, 3), "i1")],
        (np.full(10, 0.5)[::2], np.zeros((3, 5)).T),
        (np.full(5, 0.5, ">f8"), np.zeros((5, 3), ">f4")),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_results_of_other_forms(result, dtype):
    model = model_of(lambda y, p: result, dtype=dtype)
    before = model.get_weights()
    assert model.gradients(X[:5], Y[:5])[0] == pytest.approx(0.5 + 0.01 * (before[0] ** 2).sum())


def test_outputs_that_are_not_finite_end_training():
    """As with any loss: the batch is not applied, and the loss is not even asked."""
    calls = []

    def counting(y_true: Any, y_pred: Any) -> Any:
        calls.append(0)
        return squared(y_true, y_pred)

    model = model_of(counting, dtype="float32")
    weights = [np.full(w.shape, 3e38, np.float32) for w in model.get_weights()]
    model.set_weights(weights)
    with pytest.warns(RuntimeWarning, match="the loss of a batch was not finite; that batch was not applied"):
        fit = model.fit(np.ones((4, 4)), np.ones((4, 3)), verbose=0)
    assert np.isnan(fit.history["loss"]).all()
    assert calls == []
    np.testing.assert_array_equal(model.get_weights()[0], weights[0])


# --- names, configurations, what is no loss -------------------------------------------------------


def test_names_and_configurations():
    assert losses.get(squared).name == "squared"
    assert losses.get(lambda y, p: 0).name == "<lambda>"
    assert Softmax().name == "softmax"
    assert type(losses.get(losses.mean_squared_error)) is losses.MeanSquaredError
    assert type(losses.get(losses.dice)) is losses.Dice
    stored = losses.serialize(Softmax("mine", "sum"))
    assert (stored["module"], stored["class_name"]) == ("own_losses", "Softmax")
    assert stored["config"] == {"name": "mine", "reduction": "sum"}
    again = losses.deserialize(stored, custom_objects={"Softmax": Softmax})
    assert type(again) is Softmax
    assert again.get_config() == stored["config"]
    assert losses.deserialize("squared", {"squared": squared}).function is squared
    assert losses.serialize(losses.hinge) == "hinge"
    with pytest.raises(ValueError, match="unknown loss 'Softmax'"):
        losses.deserialize(stored)
    assert losses.serialize(losses.get(squared))["config"] == "squared"
    assert losses.deserialize(losses.serialize(losses.get(squared)), {"squared": squared}).function is squared
    with pytest.raises(TypeError, match="only losses have a configuration"):
        losses.serialize(3)
    with pytest.raises(TypeError, match=r"custom_objects=\[\]"):
        losses.deserialize("mse", [])


class AsInKeras(losses.Loss):
    """With the method that Keras asks for."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return (y_true - y_pred) ** 2


class Unfinished(losses.Loss):
    """Without any."""


class Forgetful(Squared):
    """Without a call of its base class."""

    def __init__(self) -> None:
        pass


class Misnamed(Squared):
    """With targets that there are not."""

    target = "label"  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("loss", "error", "words"),
    [
        (
            AsInKeras,
            TypeError,
            "the loss AsInKeras must have a method value_and_gradient(y_true, y_pred) instead of call",
        ),
        (Unfinished(), TypeError, "the loss Unfinished must have a method value_and_gradient(y_true, y_pred), which"),
        (losses.Loss, TypeError, "the loss Loss must have a method value_and_gradient"),
        (Forgetful, TypeError, "its __init__ must call super().__init__()"),
        (Misnamed, ValueError, "Misnamed: its class attribute target is 'label'; it must be one of 'labels'"),
        (len, TypeError, "must take two arguments, y_true and y_pred"),
        (lambda y_true: 0, TypeError, "must take two arguments"),
        (lambda y_true, y_pred, weight: 0, TypeError, "missing a required argument: 'weight'"),
    ],
)
def test_what_is_no_loss(loss, error, words):
    model = model_of("mse")
    with pytest.raises(error, match=re.escape(words)):
        model.compile("sgd", loss)
    assert model.loss.name == "mean_squared_error"


def test_its_targets_are_checked():
    class Share(Squared):
        target = "probability"

    with pytest.raises(ValueError, match=r"y\[0, 0\] = 2.0: targets of 'share' must be from 0 to 1"):
        model_of(Share()).fit(X, 2 * np.ones_like(Y), verbose=0)
    with pytest.raises(ValueError, match=r"y\[0\] = 3: for 3 classes the labels of 'softmax'"):
        model_of(Softmax()).fit(X, np.full(23, 3), verbose=0)


def test_a_call():
    """Without a model."""
    loss = Squared()
    assert loss(Y, Y + 1) == 1.0
    assert loss([0.0, 1.0], [1.0, 1.0]) == 0.5
    assert Squared(reduction="sum")(Y, Y + 1, np.arange(23)) == 253.0
    np.testing.assert_array_equal(Squared(reduction=None)(Y, Y + 1), np.ones(23))
    assert Softmax()(LABELS, Y) == pytest.approx(losses.SparseCategoricalCrossentropy(from_logits=True)(LABELS, Y))
    with pytest.raises(NotImplementedError, match="Unfinished must have a method value_and_gradient"):
        Unfinished().value_and_gradient(Y, Y)


@pytest.mark.parametrize("name", ["model", "model.keras"])
@pytest.mark.parametrize("loss", [squared, Softmax("mine", "sum")])
def test_a_file_keeps_its_name(loss, name, tmp_path):
    """Given the code, the model trains on; without, it is not compiled. Copies keep the code too."""
    model = model_of(loss)
    y = LABELS if isinstance(loss, Softmax) else Y
    model.fit(X, y, verbose=0)
    model.save(tmp_path / name)
    with pytest.warns(UserWarning, match=r"is code of your own.*load_model\(custom_objects=") as caught:
        bare = load_model(tmp_path / name, custom_objects={"another": squared})
    assert caught[0].filename == __file__
    assert not bare.compiled
    np.testing.assert_array_equal(bare.predict(X), model.predict(X))
    again = load_model(tmp_path / name, {"squared": squared, "Softmax": Softmax})
    assert (again.loss.name, again.loss.reduction) == (model.loss.name, model.loss.reduction)
    for copied in (again, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        copied.fit(X, y, verbose=0)
    model.fit(X, y, verbose=0)
    for one in (again, copied):
        np.testing.assert_array_equal(one.get_weights()[0], model.get_weights()[0])


@pytest.mark.parametrize("name", ["model", "model.keras"])
def test_a_function_that_is_called_like_one_of_keras(name, tmp_path):
    def huber(y_true: Any, y_pred: Any) -> Any:
        return squared(y_true, y_pred)

    model_of(huber).save(tmp_path / name)
    with pytest.warns(UserWarning, match="'huber' is code of your own"):
        assert not load_model(tmp_path / name).compiled
    assert isinstance(load_model(tmp_path / name, {"huber": huber}).loss, losses.FunctionLoss)


def test_custom_objects_that_do_not_fit(tmp_path):
    path = tmp_path / "model"
    model_of(squared).save(path)
    for given in ([squared], 3, "squared"):
        with pytest.raises(TypeError, match="custom_objects"):
            load_model(path, given)
    for given in (3, "no such", len, None, AsInKeras, Forgetful):
        with pytest.raises((TypeError, ValueError)):
            load_model(path, {"squared": given})


def test_a_configuration_that_is_no_plain_data(tmp_path):
    class Odd(Squared):
        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "table": X}

    with pytest.warns(UserWarning, match="the configuration of the loss 'odd' is not of numbers") as caught:
        model_of(Odd()).save(tmp_path / "model")
    assert caught[0].filename == __file__
    assert not load_model(tmp_path / "model").compiled


@pytest.mark.parametrize("extension", ["safetensors", "keras"])
@pytest.mark.parametrize(
    "loss",
    [
        losses.Dice("sum", axis=-1),
        losses.CategoricalFocalCrossentropy([0.5, 1, 2], 1.5, reduction="sum"),
        losses.BinaryFocalCrossentropy(True, 0.5),
    ],
)
def test_a_file_keeps_the_packages_own(loss, extension, tmp_path):
    if extension == "keras":
        pytest.importorskip("h5py")
    model = model_of(loss, "sigmoid")
    model.save(tmp_path / f"model.{extension}")
    again = load_model(tmp_path / f"model.{extension}")
    assert type(again.loss) is type(loss)
    assert again.loss.get_config() == loss.get_config()
    assert again.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
