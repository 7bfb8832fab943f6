"""Metrics that Python computes, in a model: in fit, evaluate and by batches, of one's own, saved, with bad input."""

from __future__ import annotations

import copy
import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lamina
from lamina import metrics
from lamina.callbacks import CSVLogger, EarlyStopping, LambdaCallback
from lamina.layers import Dense, Dropout, Input
from lamina.models import Sequential
from lamina.utils import set_random_seed

GENERATOR = np.random.default_rng(5)
X = GENERATOR.normal(size=(23, 3)).astype(np.float32)
Y = (X[:, :1] + X[:, 1:2] > 0).astype(np.float32)
W = GENERATOR.uniform(0, 2, 23)


def model_of(*chosen: Any, weighted: Any = None, dropout: float = 0.0) -> Sequential:
    set_random_seed(3)
    model = Sequential([Input((3,)), Dense(4, activation="tanh"), Dropout(dropout), Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", list(chosen), weighted)
    return model


def distance(y_true: Any, y_pred: Any) -> Any:
    return np.abs(y_true - y_pred)


class Seen(metrics.Metric):
    """Keeps what it is given, and counts it."""

    def __init__(self, name: str = "seen") -> None:
        super().__init__(name=name)
        self.batches: list[tuple[Any, Any, Any]] = []

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.batches.append((y_true, y_pred, sample_weight))

    def result(self) -> Any:
        return len(self.batches)

    def reset_state(self) -> None:
        self.batches = []


def test_a_function_gives_what_the_core_gives() -> None:
    """The mean absolute error by a function, in fit with validation, evaluate and of single batches; also weighted."""
    model = model_of("mae", distance, weighted=["mae", distance])
    history = model.fit(X, Y, batch_size=5, epochs=3, verbose=0, validation_data=(X[:9], Y[:9], W[:9]), sample_weight=W)
    for prefix in ("", "val_"):
        for kind in ("", "weighted_"):
            own, native = (history.history[f"{prefix}{kind}{key}"] for key in ("distance", "mae"))
            np.testing.assert_allclose(own, native, rtol=1e-6)
    for found in (
        model.evaluate(X, Y, 4, verbose=0, sample_weight=W, return_dict=True),
        model.test_on_batch(X, Y, W, return_dict=True),
        model.train_on_batch(X, Y, W, return_dict=True),
    ):
        assert found["distance"] == pytest.approx(found["mae"], rel=1e-6)
        assert found["weighted_distance"] == pytest.approx(found["weighted_mae"], rel=1e-6)


def test_they_see_the_outputs_of_the_step_with_its_dropout() -> None:
    """Each row once an epoch, in the order of the shuffle, before the update."""
    seen = Seen()
    model = model_of(seen, dropout=0.5)
    before = model.predict(X)
    model.fit(X, Y, batch_size=23, epochs=1, verbose=0, shuffle=False)
    y, p, w = seen.batches[0]
    np.testing.assert_array_equal(y, Y)
    assert w is None
    assert p.shape == (23, 1)
    assert not np.allclose(p, before)
    plain = model_of(seen)
    before = plain.predict(X)
    plain.fit(X, Y, batch_size=23, epochs=1, verbose=0, shuffle=False)
    np.testing.assert_allclose(seen.batches[0][1], before, rtol=1e-6)
    plain.fit(X, Y, batch_size=5, epochs=2, verbose=0)
    assert [len(batch[0]) for batch in seen.batches] == [5, 5, 5, 5, 3]
    np.testing.assert_array_equal(np.sort(np.concatenate([b[0] for b in seen.batches])[:, 0]), np.sort(Y[:, 0]))


def test_training_is_the_same_with_and_without_them() -> None:
    with_them, without = model_of("auc", distance, "accuracy"), model_of("accuracy")
    for model in (with_them, without):
        model.fit(X, Y, batch_size=5, epochs=3, verbose=0)
    for a, b in zip(with_them.get_weights(), without.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    shared = with_them.history.history, without.history.history  # type: ignore[union-attr]
    assert shared[0]["accuracy"] == shared[1]["accuracy"]
    assert shared[0]["loss"] == shared[1]["loss"]


def test_batch_logs_show_running_values() -> None:
    seen, logs = Seen(), []
    model = model_of(seen)
    watch = LambdaCallback(on_train_batch_end=lambda batch, values: logs.append(values["seen"]))
    model.fit(X, Y, batch_size=10, epochs=2, verbose=0, callbacks=[watch])
    assert logs == [1, 2, 3, 1, 2, 3]
    tested: list[Any] = []
    watch = LambdaCallback(on_test_batch_end=lambda batch, values: tested.append(values["seen"]))
    assert model.evaluate(X, Y, 10, verbose=0, callbacks=[watch])[1] == 3  # type: ignore[index]
    assert tested == [1, 2, 3]
    model.reset_metrics()
    assert seen.result() == 0


def test_an_evaluation_in_a_callback_leaves_those_of_the_fit_alone() -> None:
    seen, found = Seen(), []
    model = model_of(seen)
    within = LambdaCallback(
        on_train_batch_end=lambda batch, logs: found.append(model.evaluate(X[:4], Y[:4], 2, verbose=0))
    )
    history = model.fit(X, Y, batch_size=10, epochs=2, verbose=0, callbacks=[within])
    assert history.history["seen"] == [3, 3]
    assert [values[1] for values in found] == [2] * 6


def test_several_values_in_history_files_and_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = model_of(metrics.Precision(thresholds=[0.3, 0.6]), "accuracy")
    history = model.fit(X, Y, epochs=2, verbose=2, callbacks=[CSVLogger(tmp_path / "log.csv")])
    assert all(value.shape == (2,) for value in history.history["precision"])
    assert "precision: " in capsys.readouterr().out
    assert (tmp_path / "log.csv").read_text().count("\n") == 3


def test_early_stopping_knows_which_way_is_better() -> None:
    model = model_of("auc")
    history = model.fit(X, Y, epochs=30, verbose=0, callbacks=[EarlyStopping("auc", patience=2)])
    assert len(history.epoch) <= 30
    with pytest.raises(ValueError, match="seen"):
        model_of(Seen()).fit(X, Y, verbose=0, callbacks=[EarlyStopping("seen")])


# --- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["metrics", "weighted_metrics"])
@pytest.mark.parametrize(
    ("result", "error", "words"),
    [
        (None, TypeError, "the metric 'bad' returned"),
        (math.nan, ValueError, "the metric 'bad' returned nan"),
        (np.zeros(2), ValueError, r"the metric 'bad' returned an array of shape \(2,\)"),
        (ZeroDivisionError("mine"), ZeroDivisionError, "mine"),
    ],
)
def test_what_a_function_does_wrong_ends_the_fit(kind: str, result: Any, error: type[Exception], words: str) -> None:
    """After the first step: its update stands, and the model goes on to work."""

    def bad(y_true: Any, y_pred: Any) -> Any:
        if isinstance(result, Exception):
            raise result
        return result

    model, other = model_of(), model_of()
    model.compile("sgd", "binary_crossentropy", **{kind: [bad]})
    other.compile("sgd", "binary_crossentropy")
    with pytest.raises(error, match=words):
        model.fit(X, Y, batch_size=10, verbose=0, shuffle=False)
    other.train_on_batch(X[:10], Y[:10])
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(error, match=words):
        model.evaluate(X, Y, verbose=0)
    model.compile("sgd", "binary_crossentropy", ["auc"])
    model.fit(X, Y, verbose=0)


class Text(Seen):
    """Its result is no number."""

    def result(self) -> Any:
        return {"a": 1}


@pytest.mark.parametrize(
    ("metric", "loss", "words"),
    [
        (metrics.Precision(class_id=1), "mse", "class_id=1"),
        (metrics.Recall(top_k=2), "mse", "top_k=2"),
        (metrics.AUC(multi_label=True, num_labels=2), "mse", "num_labels"),
        ("sparse_top_k_categorical_accuracy", "mse", "does not fit the loss"),
    ],
)
def test_what_does_not_fit_is_refused_by_compile(metric: Any, loss: str, words: str) -> None:
    model = model_of("mae")
    model.predict(X)
    with pytest.raises(ValueError, match=words):
        model.compile("sgd", loss, [metric])
    assert model.metrics_names == ["loss", "mae"]


def test_targets_that_a_metric_does_not_take_are_refused_before_training() -> None:
    model = Sequential([Input((3,)), Dense(1)])
    model.compile("sgd", "mse", ["bce"])
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"metric 'bce': y\[0, 0\] = 3.0"):
        model.fit(X, np.full((23, 1), 3.0), verbose=0)
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(TypeError, match="the metric 'text' returned as its result"):
        model_of(Text("text")).evaluate(X, Y, verbose=0)


def test_what_keras_writes_of_the_core_s_metrics_stays_with_the_core() -> None:
    for name in ("mse", "mae", "binary_accuracy"):
        config = metrics.serialize(metrics.get(name))
        assert isinstance(config, dict)
        assert metrics.get({**config, "config": {**config["config"], "dtype": "float32"}}).is_native
        assert not metrics.get({**config, "config": {**config["config"], "dtype": "float64"}}).is_native
    assert not metrics.BinaryAccuracy(threshold=0.3).is_native


# --- files and copies -------------------------------------------------------------------------------------------------


def test_a_model_with_metrics_is_saved_with_them(tmp_path: Path) -> None:
    chosen = [metrics.AUC(curve="PR", name="area"), metrics.F1Score("macro", 0.5), "recall", "accuracy"]
    model = model_of(*chosen, weighted=[metrics.mean_absolute_percentage_error])
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "model.safetensors")
    loaded = lamina.load_model(tmp_path / "model.safetensors")
    assert loaded.metrics_names == model.metrics_names
    assert [metric.get_config() for metric in loaded.metrics] == [metric.get_config() for metric in model.metrics]
    for other in (loaded, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert other.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)


@pytest.mark.parametrize("own", [distance, Seen()])
def test_a_file_does_not_keep_metrics_of_ones_own(own: Any, tmp_path: Path) -> None:
    model = model_of(own)
    with pytest.warns(UserWarning, match="the metric '(distance|seen)' is code of your own"):
        model.save(tmp_path / "model.safetensors")
    assert not lamina.load_model(tmp_path / "model.safetensors").compiled
