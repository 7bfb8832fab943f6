"""The losses one by one: values by hand, corners, extremes, what they refuse."""

from __future__ import annotations

import math
import re
import warnings
from typing import Any

import numpy as np
import pytest

import cases
import problems
import reference_losses
from lamina import _core, losses
from lamina.layers import Activation, Dense
from lamina.models import Sequential

LN2, LN3 = math.log(2), math.log(3)
SGD = {"name": "sgd", "learning_rate": 0.1, "momentum": 0.0, "nesterov": False}


def judge(spec: dict[str, Any], outputs: Any, y: Any, dtype: str = "float64", head: str = "") -> tuple[float, Any]:
    """The loss of one row of outputs and its gradient by them, or by what stands before `head`."""
    kernel = np.atleast_2d(np.asarray(outputs, dtype))
    layers: list[dict[str, Any]] = [{"type": "dense", "units": kernel.shape[1], "use_bias": False}]
    if head:
        layers.append({"type": "activation", "name": head, "parameters": []})
    network = _core.Network(1, layers, dtype)
    network.set_weights([kernel])
    network.compile(spec, SGD, [])
    labels = spec["name"] in ("sparse_categorical_crossentropy", "categorical_generalized_cross_entropy")
    y = np.atleast_1d(y) if labels else np.atleast_2d(np.asarray(y, dtype))
    x = np.ones((1, 1), dtype)
    value, gradients = network.gradients(x, y, False)
    np.testing.assert_equal(network.evaluate(x, y), [value])
    return value, gradients[0][0]


BY_HAND = [  # loss, outputs, targets, value, gradient
    (losses.MeanSquaredError(), [1, -2], [0, 1], 5.0, [1, -3]),
    (losses.MeanAbsoluteError(), [1, -2], [0, 1], 2.0, [0.5, -0.5]),
    (losses.MeanAbsolutePercentageError(), [3, -3], [2, -4], 37.5, [25, 12.5]),
    (losses.MeanSquaredLogarithmicError(), [3, -1], [1, 0], LN2**2 / 2, [LN2 / 4, 0]),
    (losses.Huber(), [0.5, 3, -2], [0, 0, 0], (0.125 + 2.5 + 1.5) / 3, [1 / 6, 1 / 3, -1 / 3]),
    (losses.Huber(delta=2), [0.5, 3, -2], [0, 0, 0], (0.125 + 4 + 2) / 3, [1 / 6, 2 / 3, -2 / 3]),
    (losses.LogCosh(), [1, 1 - LN2], [1, 1], math.log(1.25) / 2, [0, -0.3]),
    (losses.Hinge(), [0.25, 0.5, 2], [1, -1, 1], (0.75 + 1.5) / 3, [-1 / 3, 1 / 3, 0]),
    (losses.Hinge(), [0.25, 0.5, 2], [1, 0, 1], (0.75 + 1.5) / 3, [-1 / 3, 1 / 3, 0]),
    (losses.SquaredHinge(), [0.25, 0.5, 2], [1, -1, 1], (0.5625 + 2.25) / 3, [-0.5, 1, 0]),
    (losses.SquaredHinge(), [0.25, 0.5, 2], [1, 0, 1], (0.5625 + 2.25) / 3, [-0.5, 1, 0]),
    (losses.CategoricalHinge(), [0.6, 0.2, -1], [0, 1, 0], 1.4, [1, -1, 0]),
    (losses.CategoricalHinge(), [-0.6, 3, -1], [0, 1, 0], 0.0, [0, 0, 0]),
    (losses.KLDivergence(), [0.25, 0.5], [0.5, 0.5], LN2 / 2, [-2, -1]),
    (losses.Poisson(), [1, 3], [2, 0], 2.0, [-0.5, 0.5]),
    (losses.CosineSimilarity(), [4, 3], [3, 4], -0.96, [0.0336, -0.0448]),
    (losses.CategoricalCrossentropy(), [1, 3], [0.9, 0.1], 2 * LN2 - 0.1 * LN3, [-0.65, 0.65 / 3]),
    (losses.CategoricalCrossentropy(label_smoothing=0.2), [1, 3], [1, 0], 2 * LN2 - 0.1 * LN3, [-0.65, 0.65 / 3]),
    (losses.CategoricalCrossentropy(True, 0.2), [0, LN3], [1, 0], 2 * LN2 - 0.1 * LN3, [-0.65, 0.65]),
    (losses.CategoricalCrossentropy(from_logits=True), [0, LN3], [1, 0], 2 * LN2, [-0.75, 0.75]),
    (losses.SparseCategoricalCrossentropy(), [0.2, 0.6], 0, 2 * LN2, [-3.75, 1.25]),
    (losses.SparseCategoricalCrossentropy(from_logits=True), [0, LN3], 0, 2 * LN2, [-0.75, 0.75]),
    (losses.BinaryCrossentropy(), [0.25, 0.5], [1, 0], 1.5 * LN2, [-2, 1]),
    (losses.BinaryCrossentropy(label_smoothing=0.5), [0.25], [0], 2 * LN2 - 0.75 * LN3, [0]),
    (losses.BinaryCrossentropy(label_smoothing=0.5), [0.5], [1], LN2, [-1]),
    (losses.BinaryCrossentropy(from_logits=True), [LN3], [0], 2 * LN2, [0.75]),
    (losses.BinaryCrossentropy(True, 0.5), [LN3], [0], 2 * LN2 - 0.25 * LN3, [0.5]),
    # Of the wrong share w: w**2 * -log(1 - w), its derivative 2 * w * -log(1 - w) + w**2 / (1 - w), times dw/dp.
    (
        losses.BinaryFocalCrossentropy(),
        [0.25, 0.5],
        [1, 0],
        (1.125 + 0.25) * LN2 / 2,
        [-1.5 * LN2 - 1.125, LN2 / 2 + 0.25],
    ),
    (losses.BinaryFocalCrossentropy(gamma=0), [0.25, 0.5], [1, 0], 1.5 * LN2, [-2, 1]),
    (losses.BinaryFocalCrossentropy(True, 0.75, 1.0), [0.5, 0.5], [1, 0], LN2 / 4, [-(LN2 + 1) * 0.375, (LN2 + 1) / 8]),
    (losses.BinaryFocalCrossentropy(gamma=1, from_logits=True), [LN3], [0], 1.5 * LN2, [0.375 * LN2 + 0.5625]),
    (losses.CategoricalFocalCrossentropy(), [1, 3], [1, 0], 0.28125 * LN2, [-0.140625 * LN2 - 0.10546875, None]),
    (losses.CategoricalFocalCrossentropy([2, 1], 0), [1, 3], [1, 0], 4 * LN2, [-1.5, 0.5]),
    (losses.CategoricalFocalCrossentropy(1, 1, True), [0, LN3], [1, 0], 1.5 * LN2, [-0.375 * LN2 - 0.5625, None]),
    (losses.CategoricalGeneralizedCrossEntropy(), [0.25, 0.5], 0, 1.0, [-2, 0]),
    (losses.CategoricalGeneralizedCrossEntropy(0.25), [0.25, 0.0625], 1, 2.0, [0, -8]),
    (losses.SparseCategoricalCrossentropy(ignore_class=7), [0.2, 0.6], 0, 2 * LN2, [-3.75, 1.25]),
    (losses.SparseCategoricalCrossentropy(ignore_class=1), [0.2, 0.6], 1, 0.0, [0, 0]),
    (losses.Dice(), [0.5, 0.25], [1, 0], 1 - 1 / 1.75, [-2 / 1.75 + 1 / 1.75**2, 1 / 1.75**2]),
    (losses.Dice(axis=-1), [0.5, 0.25], [1, 0], 1 - 1 / 1.75, [-2 / 1.75 + 1 / 1.75**2, 1 / 1.75**2]),
    (losses.Tversky(0.5, 1), [0.5, 0.25], [1, 0], 0.5, [-0.75, 0.5]),
    (losses.Tversky(1, 0, axis=-1), [0.5, 0.25], [1, 0], 0.5, [-1, 0]),
    (losses.MeanSquaredError("sum"), [1, -2], [0, 1], 5.0, [1, -3]),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("loss", "outputs", "y", "value", "gradient"), BY_HAND)
def test_values_by_hand(loss, outputs, y, value, gradient, dtype):
    """A few numbers of each formula; epsilon is what separates some from these."""
    found, slope = judge(loss.spec(), outputs, y, dtype)
    assert found == pytest.approx(value, rel=1e-6, abs=1e-6)
    assert slope.dtype == dtype
    if gradient[-1] is None:  # more of all outputs changes nothing
        along = outputs if isinstance(loss, losses.CategoricalFocalCrossentropy) and not loss.from_logits else [1, 1]
        gradient = [gradient[0], -gradient[0] * along[0] / along[1]]
    np.testing.assert_allclose(slope, gradient, rtol=1e-6, atol=1e-6)


def test_every_loss_has_values_by_hand():
    assert {loss.core_name for loss, *_ in BY_HAND} == set(losses.known())


CORNERS = [  # loss, outputs, targets, value, gradient as TensorFlow has it
    (losses.MeanAbsoluteError(), [1, 2], [1, 1], 0.5, [0, 0.5]),
    (losses.MeanAbsolutePercentageError(), [2, 1e-6], [2, 0], 500, [0, 5e8]),
    (losses.MeanSquaredLogarithmicError(), [0, 1], [1, 1], LN2**2 / 2, [0, 0]),
    (losses.Huber(), [1, -1, 0], [0, 0, 0], 1 / 3, [1 / 3, -1 / 3, 0]),
    (losses.Hinge(), [1, -1, 2], [1, -1, 1], 0, [-1 / 3, 1 / 3, 0]),
    (losses.SquaredHinge(), [1, -1, 2], [1, -1, 1], 0, [0, 0, 0]),
    (losses.CategoricalHinge(), [0.5, 0.25, 0.25], [1, 0, 0], 0.75, [-1, 0.5, 0.5]),
    (losses.CategoricalHinge(), [0.5, 0, -0.25], [1, 0, 0], 0.5, [-1, 0.5, 0]),
    (losses.CategoricalHinge(), [1.5, 0.5, 0.25], [1, 0, 0], 0, [-1, 1, 0]),
    (losses.CategoricalHinge(), [0.5], [-1], 2.5, [3]),
    (
        losses.KLDivergence(),
        [0, 1, 1.5],
        [0.5, 0.25, 1e-9],
        0.5 * math.log(5e6) - 0.5 * LN2 - 1.61181e-6,
        [0, -0.25, 0],
    ),
    (losses.Poisson(), [0, 1], [0, 1], 0.5, [0.5, 0]),
    (losses.CosineSimilarity(), [0, 0], [3, 4], 0, [-6e6, -8e6]),
    (losses.CosineSimilarity(), [1e-8, 0], [3, 4], -0.06, [-6e6, -8e6]),
    (losses.CosineSimilarity(), [1, 2], [0, 0], 0, [0, 0]),
    (losses.BinaryCrossentropy(), [0, 1.5], [0, 0.5], 0.25 * math.log(1e7), [0, 0]),
    (losses.CategoricalCrossentropy(), [0, 1], [0.5, 0.5], 0.5 * math.log(1e7), [0, 0]),
    (losses.CategoricalCrossentropy(from_logits=True), [0, 0], [1, 1], 2 * LN2, [-0.5, -0.5]),
    (losses.BinaryFocalCrossentropy(), [1, 0], [1, 0], 0, [0, 0]),
    (losses.BinaryFocalCrossentropy(), [1.5, 0], [1, 1], math.log(1e7) / 2, [0, -math.log(1e7)]),
    (losses.BinaryFocalCrossentropy(gamma=3), [1.5], [1], -0.125e-7, [0]),
    (losses.CategoricalFocalCrossentropy(1, 0), [0, 1], [0.5, 0.5], 0.5 * math.log(1e7), [0, 0]),
    (losses.CategoricalGeneralizedCrossEntropy(), [1, 0], 0, 0, [-1, 0]),
    (losses.Dice(), [0, 0], [0, 0], 1, [0, 0]),
    (losses.Dice(), [0, 0], [1, 0], 1, [-2, 0]),
    (losses.Tversky(), [0, 0], [1, 0], 1, [-2, 0]),
]


@pytest.mark.parametrize(("loss", "outputs", "y", "value", "gradient"), CORNERS)
def test_corners(loss, outputs, y, value, gradient):
    """Ties, bounds and zeros, where the derivative jumps or the formula has no value."""
    found, slope = judge(loss.spec(), outputs, y)
    assert found == pytest.approx(value, rel=1e-6, abs=1e-6)
    np.testing.assert_allclose(slope, gradient, rtol=1e-6, atol=1e-6)


EXTREMES = [
    (losses.CategoricalCrossentropy(True), [1e4, -1e4], [1, 0], 0, [0, 0]),
    (losses.CategoricalCrossentropy(True), [1e4, -1e4], [0, 1], 2e4, [1, -1]),
    (losses.CategoricalCrossentropy(True, 0.5), [1e4, -1e4], [1, 0], 5e3, [0.25, -0.25]),
    (losses.SparseCategoricalCrossentropy(True), [1e4, -1e4], 1, 2e4, [1, -1]),
    (losses.BinaryCrossentropy(True), [1e4, -1e4, 1e4, -1e4], [1, 0, 0, 1], 5e3, [0, 0, 0.25, -0.25]),
    (losses.BinaryCrossentropy(True, 0.5), [1e4, -1e4], [1, 0], 2.5e3, [0.125, -0.125]),
    (losses.LogCosh(), [1e4, -1e4], [0, 0], 1e4 - LN2, [0.5, -0.5]),
    (losses.Huber(), [1e4, -1e4], [0, 0], 1e4 - 0.5, [0.5, -0.5]),
    (losses.Hinge(), [1e4, 1e4], [1, -1], 5000.5, [0, 0.5]),
    (losses.MeanSquaredLogarithmicError(), [1e30, 1e30], [1e30, 0], math.log(1e30) ** 2 / 2, [0, 0]),
    (losses.BinaryFocalCrossentropy(from_logits=True), [1e4, -1e4], [0, 0], 5e3, [0.5, 0]),
    (losses.CategoricalFocalCrossentropy(1, from_logits=True), [1e4, -1e4], [1, 0], 0, [0, 0]),
    (losses.CategoricalFocalCrossentropy(1, from_logits=True), [1e4, -1e4], [0, 1], math.log(1e7), [0, 0]),
    (losses.Dice(), [1e10, 1e10], [1, 0], 0, [0, 0]),
    (losses.CosineSimilarity(), [1e15, 0], [1, 0], -1, [0, 0]),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("loss", "outputs", "y", "value", "gradient"), EXTREMES)
def test_extremes_stay_finite(loss, outputs, y, value, gradient, dtype):
    found, slope = judge(loss.spec(), outputs, y, dtype)
    assert found == pytest.approx(value, rel=1e-6, abs=1e-6)
    np.testing.assert_allclose(slope, gradient, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("key", cases.LOSSES)
def test_not_a_number_is_not_hidden(key):
    """A maximum or a comparison could make a number of it, and training would go on."""
    loss = cases.LOSSES[key]
    y = 2 if loss.targets == "labels" else problems.make_targets(loss.targets, 1, 3, seed=4)[0]
    spec = {"name": loss.name, **loss.options}
    for place in range(3):
        outputs = [0.2, 0.3, 0.4]
        assert math.isfinite(judge(spec, outputs, y)[0])
        outputs[place] = np.nan
        assert math.isnan(judge(spec, outputs, y)[0])


@pytest.mark.parametrize("key", cases.LOSSES)
@pytest.mark.parametrize("outputs", [2, 3, 16, 17, 33])
def test_widths_and_instruction_sets(key, outputs):
    """Rows of all sorts of lengths: the reference's numbers in float64, the same bits at every level."""
    loss = cases.LOSSES[key]
    spec = {"name": loss.name, **loss.options}
    rows = np.random.default_rng(outputs).uniform(0.05, 0.95, (4, outputs))
    targets = problems.make_targets(loss.targets, 4, outputs, seed=outputs)
    for row, y in zip(rows, targets, strict=True):
        y_row = np.array([y])
        value, gradient = reference_losses.values_of(spec, y_row, row[None])
        for dtype in ("float64", "float32"):
            found = []
            for isa in _core.isas():
                _core.set_isa(isa)
                found.append(judge(spec, row, y, dtype))
                assert found[-1][0] == found[0][0]
                np.testing.assert_array_equal(found[-1][1], found[0][1])
            precision = 1e-13 if dtype == "float64" else 1e-5
            assert found[0][0] == pytest.approx(value[0], rel=precision, abs=precision)
            np.testing.assert_allclose(found[0][1], gradient[0], rtol=precision, atol=precision)


@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
@pytest.mark.parametrize(
    ("name", "y"),
    [
        ("categorical_crossentropy", [0.0, 1.0, 0.0]),
        ("sparse_categorical_crossentropy", 1),
        ("binary_crossentropy", [0.0, 1.0, 0.25]),
    ],
)
def test_a_link_at_the_end_is_taken_off(head, name, y):
    """After a softmax or sigmoid its argument is the logits, whether or not from_logits says so, as in Keras."""
    z = [0.3, -1.2, 2.5]
    options = {} if name.startswith("sparse") else {"label_smoothing": 0.1}
    plain = judge({"name": name, "from_logits": True, **options}, z, y)
    for logits in (False, True):
        value, gradient = judge({"name": name, "from_logits": logits, **options}, z, y, head=head)
        assert value == plain[0]
        np.testing.assert_array_equal(gradient, plain[1])


def test_metrics_see_logits_as_they_are():
    model = Sequential([Dense(1, use_bias=False, input_shape=(1,))])
    model.compile("sgd", losses.BinaryCrossentropy(from_logits=True), ["accuracy", "mae"])
    model.set_weights([np.array([[1.0]])])
    # 0.4 as a logit is a probability above 1/2, but the accuracy looks at the number itself.
    assert model.evaluate(np.array([[0.4], [0.6]]), [1, 1], verbose=0)[1:] == [0.5, pytest.approx(0.5)]


# --- names, options, configurations ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "cls"),
    [
        (["mse", "MSE", "mean_squared_error"], losses.MeanSquaredError),
        (["mae", "MAE", "mean_absolute_error"], losses.MeanAbsoluteError),
        (["mape", "MAPE", "mean_absolute_percentage_error"], losses.MeanAbsolutePercentageError),
        (["msle", "MSLE", "mean_squared_logarithmic_error"], losses.MeanSquaredLogarithmicError),
        (["bce", "BCE", "binary_crossentropy"], losses.BinaryCrossentropy),
        (["kld", "KLD", "kl_divergence"], losses.KLDivergence),
        (["huber"], losses.Huber),
        (["log_cosh"], losses.LogCosh),
        (["hinge"], losses.Hinge),
        (["squared_hinge"], losses.SquaredHinge),
        (["categorical_hinge"], losses.CategoricalHinge),
        (["poisson"], losses.Poisson),
        (["cosine_similarity"], losses.CosineSimilarity),
        (["binary_focal_crossentropy"], losses.BinaryFocalCrossentropy),
        (["categorical_focal_crossentropy"], losses.CategoricalFocalCrossentropy),
        (["categorical_generalized_cross_entropy"], losses.CategoricalGeneralizedCrossEntropy),
        (["dice"], losses.Dice),
        (["tversky"], losses.Tversky),
    ],
)
def test_names(names, cls):
    for name in [*names, cls.__name__]:
        assert type(losses.get(name)) is cls
        assert type(losses.get({"class_name": name, "config": {}})) is cls


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ctc", "it aligns sequences"),
        ("CTC", "it aligns sequences"),
        ("Circle", "it compares the outputs of all pairs"),
        ("LossFunctionWrapper", "it is a base class: derive one"),
    ],
)
def test_what_only_keras_has_is_named_as_such(name, reason):
    for identifier in (name, {"class_name": name, "config": {"alpha": 0.5}}):
        with pytest.raises(ValueError, match=f"loss '{name}' is not supported, though Keras has it: {reason}"):
            losses.get(identifier)


def test_an_unknown_name_gets_a_hint():
    with pytest.raises(ValueError, match=r"unknown loss 'logcosh'\. Did you mean 'log_cosh'"):
        losses.get("logcosh")


EVERY_OPTION = [
    losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.25, name="mine"),
    losses.SparseCategoricalCrossentropy(from_logits=True),
    losses.BinaryCrossentropy(True, 1, -1, "mean", "mine", None),
    losses.Huber(0.5, "sum_over_batch_size", "mine"),
    losses.CosineSimilarity(-1),
    losses.Hinge("mean", "mine"),
    losses.Hinge("sum", "mine"),
    losses.SparseCategoricalCrossentropy(ignore_class=-1, reduction="sum"),
    losses.BinaryFocalCrossentropy(True, 0.5, 1.5, True, 0.25, -1, "sum", "mine", None),
    losses.CategoricalFocalCrossentropy((0.5, 1), 1.5, True, 0.25, -1, "sum", "mine", None),
    losses.CategoricalGeneralizedCrossEntropy(0.25, "sum", "mine", None),
    losses.Dice("sum", "mine", -1, None),
    losses.Tversky(0.25, 1.5, "sum", "mine", -1, None),
    *(losses.get(name) for name in losses.known()),
]


@pytest.mark.parametrize("loss", EVERY_OPTION, ids=lambda loss: type(loss).__name__)
def test_a_configuration_makes_an_equal_loss(loss):
    for copy in (
        losses.get({"class_name": type(loss).__name__, "config": loss.get_config()}),
        losses.deserialize(losses.serialize(loss)),
        type(loss).from_config(loss.get_config()),
    ):
        assert type(copy) is type(loss)
        assert copy.get_config() == loss.get_config()
        assert copy.spec() == loss.spec()


def test_what_is_kept_of_the_arguments():
    loss = losses.CategoricalCrossentropy(from_logits=np.True_, label_smoothing=np.float32(0.25), name="mine")
    assert loss.get_config() == {
        "name": "mine",
        "reduction": "sum_over_batch_size",
        "from_logits": True,
        "label_smoothing": 0.25,
        "axis": -1,
    }
    assert loss.spec() == {"name": "categorical_crossentropy", "from_logits": True, "label_smoothing": 0.25}
    assert losses.Huber().name == "huber_loss"
    assert losses.Huber(0.5).spec() == {"name": "huber", "delta": 0.5}
    assert losses.LogCosh().get_config() == {"name": "log_cosh", "reduction": "sum_over_batch_size"}


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: losses.CategoricalCrossentropy(from_logits=1), TypeError, "CategoricalCrossentropy(from_logits=1)"),
        (lambda: losses.CategoricalCrossentropy(label_smoothing=1.1), ValueError, "label_smoothing=1.1): label"),
        (lambda: losses.BinaryCrossentropy(label_smoothing=-0.1), ValueError, "a number in [0, 1]"),
        (
            lambda: losses.BinaryCrossentropy(label_smoothing=True),
            TypeError,
            "BinaryCrossentropy(label_smoothing=True)",
        ),
        (lambda: losses.BinaryCrossentropy(label_smoothing="0.1"), TypeError, "label_smoothing must be a number"),
        (lambda: losses.BinaryCrossentropy(axis=0), ValueError, "BinaryCrossentropy(axis=...) is not supported"),
        (lambda: losses.CategoricalCrossentropy(axis=1), ValueError, "axis"),
        (lambda: losses.SparseCategoricalCrossentropy(axis=1), ValueError, "axis"),
        (lambda: losses.SparseCategoricalCrossentropy(ignore_class=0.5), TypeError, "ignore_class=0.5): ignore_class"),
        (lambda: losses.SparseCategoricalCrossentropy(ignore_class=2**60), ValueError, "ignore_class must be"),
        (lambda: losses.BinaryFocalCrossentropy(gamma=-1), ValueError, "BinaryFocalCrossentropy(gamma=-1): gamma must"),
        (lambda: losses.BinaryFocalCrossentropy(alpha=2), ValueError, "alpha must be a number in [0, 1]"),
        (lambda: losses.CategoricalFocalCrossentropy(alpha=[]), ValueError, "give a weight for each class"),
        (lambda: losses.CategoricalFocalCrossentropy([1, -1]), ValueError, "alpha[1]=-1"),
        (lambda: losses.CategoricalGeneralizedCrossEntropy(1), ValueError, "q must be a number in (0, 1)"),
        (lambda: losses.Dice(axis=1), ValueError, "None: a batch as a whole; -1: each sample"),
        (lambda: losses.Tversky(beta=-1), ValueError, "Tversky(beta=-1)"),
        (lambda: losses.CosineSimilarity(axis=0), ValueError, "CosineSimilarity(axis=...) is not supported"),
        (lambda: losses.Huber(delta=0), ValueError, "Huber(delta=0): delta must be a number above 0"),
        (lambda: losses.Huber(delta=float("nan")), ValueError, "above 0"),
        (lambda: losses.Huber(delta=None), TypeError, "delta"),
        (lambda: losses.Huber(reduction="no such"), ValueError, "Huber(reduction='no such'): reduction must be one of"),
        (lambda: losses.Hinge(reduction=3), TypeError, "'mean_with_sample_weight', 'none', None"),
        (lambda: losses.MeanSquaredError(dtype="float32"), ValueError, "MeanSquaredError(dtype=...) is not supported"),
        (lambda: losses.MeanSquaredError(name=3), TypeError, "MeanSquaredError(name=3): name must be a string"),
        (lambda: losses.MeanSquaredError(name=""), TypeError, "name"),
        (lambda: losses.get({"class_name": "Huber", "config": {"delta": -1}}), ValueError, "delta"),
        (lambda: losses.Hinge(delta=1), TypeError, "delta"),
    ],
)
def test_arguments_that_are_refused(make, error, words):
    with pytest.raises(error, match=re.escape(words)):
        make()


@pytest.mark.parametrize("reduction", ["none", None, "mean_with_sample_weight"])
def test_reductions_that_make_no_training(reduction):
    model = Sequential([Dense(1, input_shape=(3,))])
    with pytest.raises(ValueError, match=rf"Huber\(reduction={reduction!r}\) is not supported in compile"):
        model.compile("sgd", losses.Huber(reduction=reduction))
    assert not model.compiled


def test_as_many_class_weights_as_outputs():
    model = Sequential([Dense(3, "softmax", input_shape=(3,))])
    model.compile("sgd", losses.CategoricalFocalCrossentropy([1, 2]))
    with pytest.raises(ValueError, match=r"alpha=\[1.0, 2.0\]\): 2 weights for 3 classes"):
        model.build((None, 3))
    model = model_for(losses.CategoricalFocalCrossentropy([1, 2, 0.5]), 3)
    model.fit(X, np.eye(3)[[0, 1, 2, 0]], verbose=0)
    with pytest.raises(ValueError, match="2 weights for 3 classes"):
        model.compile("sgd", losses.CategoricalFocalCrossentropy([1, 2]))


# --- targets --------------------------------------------------------------------------------------

X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)


def model_for(loss: Any, units: int) -> Sequential:
    model = Sequential([Dense(units, "softplus", input_shape=(3,))])
    model.compile("sgd", loss)
    return model


@pytest.mark.parametrize(
    ("loss", "units", "y"),
    [
        ("hinge", 1, [0, 1, 1, 0]),
        ("hinge", 1, [-1, 1, 1, -1]),
        ("hinge", 1, [1, 1, 1, 1]),
        ("hinge", 1, [0, 0, 0, 0]),
        ("squared_hinge", 2, [[True, False]] * 4),
        ("categorical_hinge", 3, np.eye(3)[[0, 1, 2, 0]]),
        ("categorical_hinge", 3, 2 * np.eye(3)[[0, 1, 2, 0]] - 1),
        ("categorical_hinge", 1, [0, 1, 0.5, -1]),
        ("kl_divergence", 3, np.full((4, 3), 1 / 3)),
        ("kl_divergence", 1, [0, 1, 0.5, 0.1]),
        ("poisson", 1, [0, 3, 100, 0.5]),
        ("poisson", 2, [[0, 3]] * 4),
        ("msle", 1, [0, 3, 1e6, 0.5]),
        ("mape", 1, [-3, 3, 1e6, 0.5]),
        ("huber", 2, [[-3, 1e6]] * 4),
        ("log_cosh", 2, [[-3, 1e6]] * 4),
        ("cosine_similarity", 2, [[-3, 0]] * 4),
        ("dice", 1, [0, 1, 0.5, 1]),
        ("binary_focal_crossentropy", 1, [0, 1, 0.5, 1]),
        ("categorical_generalized_cross_entropy", 3, [0, 1, 2, 0]),
        ("categorical_generalized_cross_entropy", 3, [[0], [1], [2], [0]]),
        (losses.SparseCategoricalCrossentropy(ignore_class=-1), 3, [0, -1, 2, 0]),
        (losses.SparseCategoricalCrossentropy(ignore_class=-1), 3, np.array([0, -1, 2, 0], "f4")),
        (losses.SparseCategoricalCrossentropy(ignore_class=255), 3, np.array([[0], [255], [2], [0]], "u1")),
        (losses.SparseCategoricalCrossentropy(ignore_class=9), 3, [9, 9, 9, 9]),
    ],
)
def test_targets_that_fit(loss, units, y):
    history = model_for(loss, units).fit(X, np.asarray(y), epochs=1, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


@pytest.mark.parametrize(
    ("loss", "units", "y", "words"),
    [
        ("hinge", 1, [0, 1, 1, 0.5], "y[3, 0] = 0.5: targets of 'hinge' must be all 0 and 1, or all -1 and 1"),
        ("hinge", 1, [1, 1, 0, -1], "y[2, 0] = 0.0: targets of 'hinge' must be all 0 and 1, or all -1 and 1"),
        ("hinge", 1, [0, 1, 2, 0], "y[2, 0] = 2.0"),
        ("squared_hinge", 2, [[1, 1], [1, 1], [1, 3], [1, 1]], "y[2, 1] = 3.0: targets of 'squared_hinge'"),
        ("categorical_hinge", 1, [0, 1, 2, 0], "y[2, 0] = 2.0: targets of 'categorical_hinge' must be from -1 to 1"),
        ("categorical_hinge", 3, [0, 1, 2, 0], "make them one-hot"),
        ("kl_divergence", 1, [0, 1, 1.5, 0], "y[2, 0] = 1.5: targets of 'kl_divergence' must be from 0 to 1"),
        ("kl_divergence", 1, [0, -0.5, 1, 0], "y[1, 0] = -0.5"),
        ("poisson", 1, [0, 1, -1, 0], "y[2, 0] = -1.0: targets of 'poisson' must be at least 0"),
        ("poisson", 3, [0, 1, 1, 0], "one column for each unit"),
        ("msle", 1, [0, 1, -0.5, 0], "y[2, 0] = -0.5: targets of 'mean_squared_logarithmic_error' must be at least 0"),
        (losses.Hinge(name="mine"), 1, [0, 1, 2, 0], "targets of 'mine'"),
        ("dice", 1, [0, 1, 2, 0], "y[2, 0] = 2.0: targets of 'dice' must be from 0 to 1"),
        ("categorical_generalized_cross_entropy", 3, [0, 1, 3, 0], "y[2] = 3: for 3 classes the labels"),
        (losses.SparseCategoricalCrossentropy(ignore_class=-1), 3, [0, -1, -2, 0], "y[2] = -2: for 3 classes"),
        ("categorical_focal_crossentropy", 3, [0, 1, 2, 0], "make them one-hot"),
    ],
)
def test_targets_that_do_not_fit(loss, units, y, words):
    model = model_for(loss, units)
    before = model.get_weights()
    with pytest.raises(ValueError, match=re.escape(words)):
        model.fit(X, np.asarray(y), verbose=0)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_both_ways_to_write_signs_give_the_same_training():
    """Metrics see the targets as they are given."""
    found = []
    for y in ([0, 1, 1, 0], [-1, 1, 1, -1]):
        model = Sequential([Dense(1, kernel_initializer="zeros", input_shape=(3,))])
        model.compile("sgd", "hinge", ["mae"])
        history = model.fit(X, y, epochs=3, batch_size=2, shuffle=False, verbose=0).history
        found.append((model.get_weights(), history["loss"], history["mae"]))
    for a, b in zip(found[0][0], found[1][0], strict=True):
        np.testing.assert_array_equal(a, b)
    assert found[0][1] == found[1][1]
    assert found[0][2] != found[1][2]


# --- logits that are none -------------------------------------------------------------------------

WARNING = r"SparseCategoricalCrossentropy\(from_logits=True\): the outputs are no logits.*'softmax'"


@pytest.mark.parametrize("last", [[Dense(3, "softmax")], [Dense(3), Activation("softmax")]])
def test_logits_after_a_softmax_are_warned_of_once(last):
    model = Sequential([type(layer).from_config(layer.get_config()) for layer in last])
    model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True))  # nothing to see yet
    with pytest.warns(UserWarning, match=WARNING) as caught:
        model.fit(X, [0, 1, 2, 0], verbose=0)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(X, [0, 1, 2, 0], verbose=0)
        model.evaluate(X, [0, 1, 2, 0], verbose=0)


def test_logits_after_a_softmax_are_warned_of_in_compile():
    model = Sequential([Dense(3, "softmax", input_shape=(3,))])
    model.build((None, 3))
    with pytest.warns(UserWarning, match=WARNING) as caught:
        model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True))
    assert len(caught) == 1
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    "loss",
    [
        losses.BinaryFocalCrossentropy(from_logits=True),
        losses.CategoricalFocalCrossentropy(from_logits=True),
        losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1),
    ],
)
@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
def test_some_take_any_outputs_for_logits(loss, head):
    """As in Keras, these apply their own function to what a softmax or sigmoid gives, and say so."""
    y = np.array([1]) if loss.target == "labels" else np.array([[0.0, 1.0, 0.0]])
    model = Sequential([Dense(3, head, input_shape=(3,))], dtype="float64")
    model.build((None, 3))
    with pytest.warns(UserWarning, match="taken for logits all the same"):
        model.compile("sgd", loss)
    p = model.predict(X[:1])
    assert model.evaluate(X[:1], y, verbose=0) == pytest.approx(loss(y, p), rel=1e-13)
    assert model.gradients(X[:1], y)[0] == pytest.approx(loss(y, p), rel=1e-13)


@pytest.mark.parametrize(
    ("last", "loss"),
    [
        ("linear", losses.SparseCategoricalCrossentropy(from_logits=True)),
        ("tanh", losses.SparseCategoricalCrossentropy(from_logits=True)),
        ("softmax", losses.SparseCategoricalCrossentropy()),
        ("softmax", "mse"),
    ],
)
def test_nothing_else_is_warned_of(last, loss):
    model = Sequential([Dense(3, last, input_shape=(3,))])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.build((None, 3))
        model.compile("sgd", loss)
        model.predict(X, verbose=0)
