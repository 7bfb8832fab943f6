"""Sample weights, class weights and weighted metrics by the public names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamina import metrics
from lamina.callbacks import EarlyStopping, LambdaCallback
from lamina.layers import Dense, Dropout
from lamina.models import Sequential
from lamina.optimizers import SGD
from lamina.utils import set_random_seed
from small import LABELS, ONE_HOT, X, classifier, equal

ROWS = len(X)
W = np.random.default_rng(5).uniform(0, 3, ROWS).astype(np.float32)
W[::7] = 0
TIMES = 3
SEQUENCES = np.random.default_rng(6).normal(size=(ROWS, TIMES, 2))


def regression(outputs: int = 1, *, loss: str = "mse", dtype: str = "float64", **options: Any) -> Sequential:
    """A small network, the same every time."""
    set_random_seed(4)
    model = Sequential([Dense(6, "tanh", input_shape=(5,)), Dropout(0.25), Dense(outputs)], dtype=dtype)
    model.compile(SGD(0.1), loss, **options)
    return model


def sequences() -> Sequential:
    """A network with TIMES outputs of two units for each sample."""
    set_random_seed(4)
    model = Sequential([Dense(2, "tanh", input_shape=(TIMES, 2))], dtype="float64")
    model.compile("sgd", "mse", weighted_metrics=["mae", metrics.RootMeanSquaredError()])
    return model


# --- losses and steps -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_of_1_change_no_bit(dtype: str) -> None:
    plain, weighted = classifier(dtype=dtype), classifier(dtype=dtype)
    history = plain.fit(X, LABELS, epochs=2, batch_size=9, verbose=0).history
    assert weighted.fit(X, LABELS, epochs=2, batch_size=9, verbose=0, sample_weight=np.ones(ROWS)).history == history
    assert equal(plain.get_weights(), weighted.get_weights())
    assert weighted.evaluate(X, LABELS, verbose=0, sample_weight=[1] * ROWS) == plain.evaluate(X, LABELS, verbose=0)


def test_the_divisor_is_the_number_of_rows() -> None:
    """Twice the weights are twice the loss; a row without weight counts in the divisor and nowhere else."""
    model = regression()
    loss, gradients = model.gradients(X, LABELS, False, W)
    twice, doubled = model.gradients(X, LABELS, False, 2 * W)
    assert twice == 2 * loss
    assert equal([2 * g for g in gradients], doubled)
    kept = W > 0
    assert 0 < kept.sum() < ROWS
    part, of_part = model.gradients(X[kept], LABELS[kept], False, W[kept])
    share = kept.sum() / ROWS
    assert part * share == pytest.approx(loss, rel=1e-12)
    for a, b in zip(of_part, gradients, strict=True):
        np.testing.assert_allclose(a * share, b, rtol=1e-10, atol=1e-14)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0, 100, width=32), min_size=ROWS, max_size=ROWS))
def test_any_weights(weights: list[float]) -> None:
    """Loss and metrics from those of single rows."""
    model = regression(2, metrics=["mae"], weighted_metrics=["mae", "root_mean_squared_error"])
    y = np.stack([LABELS, -LABELS], axis=1)
    singles = np.array([model.evaluate(X[i : i + 1], y[i : i + 1], verbose=0) for i in range(ROWS)])
    found = model.evaluate(X, y, verbose=0, sample_weight=weights)
    loss, mae, weighted, root = singles.T
    total = sum(weights)
    expected = [
        np.dot(weights, loss) / ROWS,
        mae.mean(),
        np.dot(weights, weighted) / total if total else 0,
        np.sqrt(np.dot(weights, root**2) / total) if total else 0,
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_steps_are_those_of_fit() -> None:
    fitted, stepped = regression(weighted_metrics=["mae"]), regression(weighted_metrics=["mae"])
    fitted.fit(X, LABELS, 9, verbose=0, shuffle=False, sample_weight=W)
    for start in range(0, ROWS, 9):
        rows = slice(start, start + 9)
        loss, mae = stepped.train_on_batch(X[rows], LABELS[rows], W[rows])
        assert np.isfinite([loss, mae]).all()
    assert equal(fitted.get_weights(), stepped.get_weights())


def test_on_batch_and_evaluate_agree() -> None:
    model = regression(weighted_metrics=["mae"])
    expected = model.evaluate(X, LABELS, verbose=0, sample_weight=W)
    assert model.test_on_batch(X, LABELS, W) == expected
    assert model.test_on_batch(X, LABELS, sample_weight=W, return_dict=True) == dict(
        zip(["loss", "mae"], expected, strict=True)
    )


def test_shuffled_rows_keep_their_weights() -> None:
    """The shuffled epoch of what does not learn and has no dropout is an evaluation."""
    model = Sequential([Dense(1, input_shape=(5,))], dtype="float64")
    model.compile(SGD(0.0), "mse", weighted_metrics=["mae"])
    expected = model.evaluate(X, LABELS, verbose=0, sample_weight=W)
    for size in (1, 9, ROWS):
        history = model.fit(X, LABELS, size, verbose=0, sample_weight=W).history
        assert [history["loss"][0], history["mae"][0]] == pytest.approx(expected, rel=1e-12)


# --- metrics ----------------------------------------------------------------------------------------------------------


def test_metrics_ignore_weights_and_weighted_metrics_use_them() -> None:
    model = classifier(compiled=False)
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"], ["accuracy"])
    right = model.predict(X).argmax(axis=1) == LABELS
    found = model.evaluate(X, LABELS, verbose=0, sample_weight=W, return_dict=True)
    assert list(found) == ["loss", "accuracy", "weighted_accuracy"]
    assert found["accuracy"] == pytest.approx(right.mean(), rel=1e-12)
    assert found["weighted_accuracy"] == pytest.approx(np.dot(W.astype(float), right) / W.sum(dtype=float), rel=1e-12)
    without = model.evaluate(X, LABELS, verbose=0, return_dict=True)
    assert without["accuracy"] == without["weighted_accuracy"] == found["accuracy"]


def test_an_epoch_weighs_all_of_its_rows_together() -> None:
    """Not the mean of what the batches gave: they differ in their weights."""
    model = regression(weighted_metrics=["mae", "root_mean_squared_error"])
    model.optimizer.learning_rate = 0.0
    sums = np.zeros(3)
    for start in range(0, ROWS, 9):
        rows = slice(start, start + 9)
        _, mae, root = model.train_on_batch(X[rows], LABELS[rows], W[rows])
        total = W[rows].sum(dtype=float)
        sums += [total, total * mae, total * root**2]
    again = regression(weighted_metrics=["mae", "root_mean_squared_error"])
    again.optimizer.learning_rate = 0.0
    history = again.fit(X, LABELS, 9, verbose=0, shuffle=False, sample_weight=W).history
    assert history["mae"][0] == pytest.approx(sums[1] / sums[0], rel=1e-12)
    assert history["root_mean_squared_error"][0] == pytest.approx(np.sqrt(sums[2] / sums[0]), rel=1e-12)


def test_no_weight_at_all_is_0() -> None:
    model = regression(metrics=["mae"], weighted_metrics=["mae", "root_mean_squared_error"])
    before = model.get_weights()
    history = model.fit(X, LABELS, verbose=0, sample_weight=np.zeros(ROWS)).history
    assert history["loss"] == history["weighted_mae"] == history["root_mean_squared_error"] == [0.0]
    assert history["mae"][0] > 0
    assert equal(before, model.get_weights())


@pytest.mark.parametrize(
    ("plain", "weighted", "names"),
    [  # as Keras 3 has them
        (["mse", "mse", "mse"], None, ["mse", "mse_1", "mse_2"]),
        (None, ["mse"], ["mse"]),
        (["mse"], ["mse"], ["mse", "weighted_mse"]),
        (None, ["mse", "mse", "mse"], ["mse", "weighted_mse", "weighted_mse_1"]),
        (["mse", "mse"], ["mse", "mae", "mse"], ["mse", "mse_1", "weighted_mse", "mae", "weighted_mse_1"]),
        (["mae"], ["mse"], ["mae", "mse"]),
    ],
)
def test_names_of_results(plain: Any, weighted: Any, names: list[str]) -> None:
    model = regression(metrics=plain, weighted_metrics=weighted)
    assert model.metrics_names == ["loss", *names]
    assert len(model.metrics) == len(names)
    assert list(model.evaluate(X, LABELS, verbose=0, return_dict=True)) == ["loss", *names]


def test_what_callbacks_see() -> None:
    """Test batches show the results so far, and a monitor knows the direction of a weighted metric."""
    model = classifier(compiled=False)
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"], ["accuracy"])
    seen: list[dict[str, float]] = []
    watch = LambdaCallback(on_test_batch_end=lambda batch, logs: seen.append(dict(logs)))
    expected = model.evaluate(X, LABELS, 9, 0, W, callbacks=[watch], return_dict=True)
    assert len(seen) == 5
    first = model.evaluate(X[:9], LABELS[:9], verbose=0, sample_weight=W[:9], return_dict=True)
    assert seen[0] == pytest.approx(first, rel=1e-6)
    assert seen[-1] == pytest.approx(expected, rel=1e-6)
    stop = EarlyStopping("val_weighted_accuracy", patience=0, min_delta=1.0)
    history = model.fit(X, LABELS, epochs=5, verbose=0, callbacks=[stop], validation_split=0.5, sample_weight=W)
    assert len(history.epoch) == 2
    assert stop.best == history.history["val_weighted_accuracy"][0]


# --- validation -------------------------------------------------------------------------------------------------------


def test_validation_uses_weights() -> None:
    model = regression(weighted_metrics=["mae"])
    rest = (X[30:], LABELS[30:], W[30:])
    history = model.fit(X[:30], LABELS[:30], verbose=0, sample_weight=W[:30], validation_data=rest).history
    expected = model.evaluate(*rest[:2], verbose=0, sample_weight=rest[2])
    assert [history["val_loss"][0], history["val_mae"][0]] == expected
    split = regression(weighted_metrics=["mae"])
    assert split.fit(X, LABELS, verbose=0, sample_weight=W, validation_split=0.25).history == history
    unweighted = regression(weighted_metrics=["mae"])
    unweighted.fit(X[:30], LABELS[:30], verbose=0, sample_weight=W[:30], validation_data=(*rest[:2], None))
    assert equal(unweighted.get_weights(), model.get_weights())
    assert unweighted.history.history["val_loss"] != history["val_loss"]


@pytest.mark.parametrize("rows", ["last", "random", "stratified"])
def test_class_weights_do_not_count_in_validation(rows: str) -> None:
    weights = {0: 3.0, 2: 0.25}
    plain, by_class = classifier(), classifier()
    options: dict[str, Any] = {"verbose": 0, "validation_split": 0.25, "validation_rows": rows, "batch_size": 8}
    for model in (plain, by_class):
        model.optimizer.learning_rate = 0.0
    expected = plain.fit(X, LABELS, **options).history
    found = by_class.fit(X, LABELS, class_weight=weights, **options).history
    assert found["val_loss"] == expected["val_loss"]
    assert found["loss"] != expected["loss"]


# --- class weights ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outputs", "loss", "y", "classes"),
    [
        (3, "sparse_categorical_crossentropy", LABELS, LABELS),
        (3, "sparse_categorical_crossentropy", LABELS.astype(float).reshape(-1, 1), LABELS),
        (3, "categorical_crossentropy", ONE_HOT, LABELS),
        (3, "categorical_crossentropy", 0.6 * ONE_HOT + 0.4 / 3, LABELS),
        (3, "mse", 5 * ONE_HOT - 7, LABELS),
        (1, "binary_crossentropy", LABELS == 1, LABELS == 1),
        (1, "binary_crossentropy", (LABELS == 1).reshape(-1, 1), LABELS == 1),
        (1, "hinge", np.where(LABELS == 1, 1, -1), np.where(LABELS == 1, 1, -1)),
        (1, "mse", LABELS + 0.3, LABELS),
    ],
)
def test_class_weights_are_sample_weights(outputs: int, loss: str, y: Any, classes: np.ndarray) -> None:
    """By fit and by train_on_batch; a class that is absent counts 1."""
    weights = {1: 2.5, -1: 0.5, 7: 9.0} if outputs == 1 else {0: 0.5, 2: 2.0}
    samples = [weights.get(int(label), 1.0) for label in classes]
    assert len(set(samples)) > 1
    fitted, by_class = (regression(outputs, loss=loss, weighted_metrics=["accuracy"]) for _ in range(2))
    expected = fitted.fit(X, y, 9, verbose=0, sample_weight=samples).history
    assert by_class.fit(X, y, 9, verbose=0, class_weight=weights).history == expected
    expected_results = fitted.train_on_batch(X, y, samples)
    assert by_class.train_on_batch(X, y, class_weight=weights) == expected_results
    assert equal(fitted.get_weights(), by_class.get_weights())


def test_no_class_weights_is_weights_of_1() -> None:
    plain, empty = classifier(), classifier()
    assert plain.fit(X, LABELS, verbose=0).history == empty.fit(X, LABELS, verbose=0, class_weight={}).history
    assert equal(plain.get_weights(), empty.get_weights())


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"class_weight": {0: 1.0}, "sample_weight": W}, ValueError, "fit(class_weight=..., sample_weight=...)"),
        ({"class_weight": {3: 1.0}}, ValueError, "there is no class 3, the model's 3 outputs stand for 0 to 2"),
        ({"class_weight": {-1: 1.0}}, ValueError, "there is no class -1"),
        ({"class_weight": {"a": 1.0}}, TypeError, "'a' is no class"),
        ({"class_weight": {0.5: 1.0}}, ValueError, "0.5 is no class"),
        ({"class_weight": {0: -1.0}}, ValueError, "fit(class_weight[0]=-1.0): class_weight[0] must be"),
        ({"class_weight": {0: "1"}}, TypeError, "class_weight[0]='1'"),
        ({"class_weight": [1.0, 2.0, 3.0]}, TypeError, "give a dictionary"),
        ({"class_weight": "balanced"}, TypeError, "give a dictionary"),
        ({"sample_weight": W[:-1]}, ValueError, "sample_weight has 39 rows (shape (39,)) but x has 40"),
        ({"sample_weight": 1.0}, ValueError, "sample_weight has no rows"),
        ({"sample_weight": np.ones((ROWS, 3))}, ValueError, "sample_weight has shape (40, 3)"),
        ({"sample_weight": np.where(W == 0, -1, W)}, ValueError, "sample_weight[0] = -1.0: a weight must not be"),
        ({"sample_weight": np.where(np.arange(ROWS) == 6, np.nan, W)}, ValueError, "the first at [6]: nan"),
        ({"sample_weight": np.full(ROWS, 1e300)}, ValueError, "too large for float32"),
        ({"sample_weight": np.array(["1"] * ROWS)}, TypeError, "sample_weight has dtype <U1"),
        ({"validation_data": (X, LABELS, -W)}, ValueError, "validation_data sample_weight[1] = -"),
    ],
)
def test_what_is_refused(arguments: dict[str, Any], error: type[Exception], words: str) -> None:
    model = classifier()
    before = model.get_weights()
    with pytest.raises(error) as caught:
        model.fit(X, LABELS, **{"verbose": 0, **arguments})
    assert words in str(caught.value)
    assert equal(before, model.get_weights())
    assert model.history is None


# --- outputs of several axes ------------------------------------------------------------------------------------------


def test_shapes_of_weights() -> None:
    """A weight for each sample, or for each of its targets; as Keras takes them, and (n,) besides."""
    model = sequences()
    y = np.roll(SEQUENCES, 1, axis=0)
    errors = model.predict(SEQUENCES) - y
    each = np.random.default_rng(8).uniform(0, 2, (ROWS, TIMES))
    sample = each[:, 0]
    for weights, full in [
        (each, each),
        (each[..., np.newaxis], each),
        (sample, np.repeat(sample[:, np.newaxis], TIMES, axis=1)),
        (sample[:, np.newaxis], np.repeat(sample[:, np.newaxis], TIMES, axis=1)),
        (sample[:, np.newaxis, np.newaxis], np.repeat(sample[:, np.newaxis], TIMES, axis=1)),
    ]:
        found = model.evaluate(SEQUENCES, y, verbose=0, sample_weight=weights)
        squares, absolute = (errors**2).mean(axis=-1), np.abs(errors).mean(axis=-1)
        expected = [
            (full * squares).mean(),
            (full * absolute).sum() / full.sum(),
            np.sqrt((full * squares).sum() / full.sum()),
        ]
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        np.testing.assert_allclose(model.gradients(SEQUENCES, y, False, weights)[0], expected[0], rtol=1e-12)


@pytest.mark.parametrize("shape", [(ROWS, TIMES, 2), (ROWS, 2), (ROWS, TIMES, 1, 1), (ROWS, 1, TIMES), (TIMES, ROWS)])
def test_shapes_that_are_refused(shape: tuple[int, ...]) -> None:
    model = sequences()
    with pytest.raises(ValueError, match=r"^sample_weight has"):
        model.evaluate(SEQUENCES, SEQUENCES, verbose=0, sample_weight=np.ones(shape))


def test_class_weights_need_one_class_for_a_sample() -> None:
    with pytest.raises(ValueError, match=r"fit\(class_weight=...\): a sample must have one class"):
        sequences().fit(SEQUENCES, SEQUENCES, verbose=0, class_weight={0: 2.0})


def test_arrays_are_left_alone() -> None:
    """Weights of any type and layout count the same, and stay what they are."""
    model = regression(dtype="float32")
    expected = model.evaluate(X, LABELS, verbose=0, sample_weight=W)
    wide = np.zeros((ROWS, 2))
    wide[:, 1] = W
    backwards = W[::-1].copy()[::-1]
    for weights in (W.astype(np.float64), list(W), W.reshape(-1, 1), wide[:, 1], backwards):
        kept = np.array(weights)
        assert model.evaluate(X, LABELS, verbose=0, sample_weight=weights) == expected
        np.testing.assert_array_equal(kept, weights)
