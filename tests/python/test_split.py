"""Which rows are validated on: the last, any, or of each class its share."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.callbacks import LambdaCallback
from lamina.layers import Dense
from lamina.models import Sequential, _split
from lamina.utils import set_random_seed, to_categorical


def parts(how: str, y: Any, fraction: float, seed: int = 1) -> tuple[Any, Any]:
    numbers = np.arange(len(y))
    train, validate = _split.rows(how, y, fraction, seed)
    return numbers[train], numbers[validate]


@given(st.integers(2, 200), st.floats(0.01, 0.99), st.integers(0, 2**64 - 1), st.sampled_from(["last", "random"]))
def test_every_row_is_in_one_part(rows: int, fraction: float, seed: int, how: str) -> None:
    y = np.zeros((rows, 1))
    at = int(rows * (1.0 - fraction))
    if at in (0, rows):
        with pytest.raises(ValueError, match="cannot be split"):
            parts(how, y, fraction, seed)
        return
    train, validate = parts(how, y, fraction, seed)
    assert len(train) == at
    assert sorted([*train, *validate]) == list(range(rows))
    assert list(train) == sorted(train)
    assert list(validate) == sorted(validate)


@given(st.lists(st.integers(0, 4), min_size=4, max_size=150), st.floats(0.05, 0.95), st.integers(0, 2**64 - 1))
def test_each_class_has_its_share(labels: list[int], fraction: float, seed: int) -> None:
    y = np.array([*labels, *labels], np.int64)  # at least two of each
    at = int(len(y) * (1.0 - fraction))
    if at in (0, len(y)):
        return
    train, validate = parts("stratified", y, fraction, seed)
    assert sorted([*train, *validate]) == list(range(len(y)))
    assert len(train) == at
    for label in set(labels):
        share = (y == label).sum() * (len(y) - at) / len(y)
        assert abs((y[validate] == label).sum() - share) < 1


@pytest.mark.parametrize(
    "form", [lambda y: y, lambda y: to_categorical(y, 5), lambda y: (y == 3).astype("float32")[:, None]]
)
def test_classes_in_every_form(form: Any) -> None:
    labels = np.repeat(np.arange(5), [10, 20, 30, 20, 20])
    _, validate = parts("stratified", form(labels), 0.3)
    assert (labels[validate] == 3).sum() == 6


def test_seeds_differ_and_repeat():
    y = np.repeat(np.arange(4), 25)
    for how in ("random", "stratified"):
        assert np.array_equal(parts(how, y, 0.2, 5)[1], parts(how, y, 0.2, 5)[1])
        assert not np.array_equal(parts(how, y, 0.2, 5)[1], parts(how, y, 0.2, 6)[1])


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.linspace(0, 1, 10)[:, None], "must be classes"),
        (np.full((10, 2), 0.5), "must be classes"),
        (np.ones((10, 2)), "must be classes"),
        (np.zeros((10, 3), np.int64), "must be classes"),
        (np.array([0, 0, 0, 1, 1, 7]), "class 7 has one row"),
    ],
)
def test_what_cannot_be_stratified(y: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parts("stratified", y, 0.5)


def classifier() -> Sequential:
    set_random_seed(2)
    model = Sequential([Dense(3, activation="softmax", input_shape=(2,))])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


X = np.random.default_rng(3).normal(size=(60, 2)).astype("float32")
Y = np.repeat(np.arange(3), 20)  # in order: the last rows are of one class


@pytest.mark.parametrize("how", ["last", "random", "stratified"])
def test_fit_trains_and_validates_on_these_rows(how: str) -> None:
    split = classifier()
    history = split.fit(X, Y, validation_split=0.25, validation_rows=how, verbose=0, epochs=2).history
    by_hand = classifier()
    train, validate = _split.rows(how, Y, 0.25, by_hand._seed)
    data = (X[validate], Y[validate])
    assert by_hand.fit(X[train], Y[train], validation_data=data, verbose=0, epochs=2).history == history
    if how != "random":
        assert np.bincount(Y[validate]).tolist() == ([0, 0, 15] if how == "last" else [5, 5, 5])


def test_a_second_fit_validates_on_the_same_rows():
    model = classifier()
    model.optimizer.learning_rate = 0.0
    seen: list[float] = []
    watch = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs["val_loss"]))
    for _ in range(2):
        model.fit(X, Y, validation_split=0.25, validation_rows="random", verbose=0, callbacks=[watch])
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    "arguments",
    [
        {"validation_rows": "first"},
        {"validation_rows": None},
        {"validation_rows": "random"},
        {"validation_rows": "stratified", "validation_split": 0.2, "validation_data": (X, Y)},
    ],
)
def test_what_has_no_effect_is_refused(arguments: dict[str, Any]) -> None:
    model = classifier()
    before = model.get_weights()
    with pytest.raises(ValueError, match="validation_rows="):
        model.fit(X, Y, verbose=0, **arguments)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
