"""Options that do not fit: what each is told, and that neither weights nor moments nor what comes after know of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lamina import losses, metrics, optimizers
from lamina.callbacks import (
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
)
from lamina.layers import Dense, Dropout
from lamina.models import Sequential, load_model
from lamina.utils import set_random_seed

ROWS, INPUTS, OUTPUTS = 12, 3, 4
X = np.random.RandomState(1).uniform(-1, 1, (ROWS, INPUTS))
LABELS = np.arange(ROWS) % OUTPUTS
ONES = np.ones(ROWS)
Use = Callable[[Sequential, Path], Any]
Row = tuple[str, Use, Any, str]
EITHER = (TypeError, ValueError)


def made() -> Sequential:
    """A model in the middle of its training, so that it has moments to lose."""
    set_random_seed(2)
    model = Sequential([Dense(5, "tanh", input_shape=(INPUTS,)), Dropout(0.2), Dense(OUTPUTS, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, LABELS, batch_size=5, epochs=2, verbose=0)
    return model


def fit(*data: Any, **options: Any) -> Use:
    given = data or (X, LABELS)
    return lambda model, folder: model.fit(*given, **({"verbose": 0, "epochs": 2} | options))


def evaluate(*data: Any, **options: Any) -> Use:
    return lambda model, folder: model.evaluate(*(data or (X, LABELS)), **({"verbose": 0} | options))


def predict(x: Any = X, **options: Any) -> Use:
    return lambda model, folder: model.predict(x, **({"verbose": 0} | options))


def batch(*data: Any, **options: Any) -> Use:
    return lambda model, folder: model.train_on_batch(*(data or (X, LABELS)), **options)


def compiled(*arguments: Any, **options: Any) -> Use:
    return lambda model, folder: model.compile(*arguments, **options)


def damaged(name: str, change: Callable[[bytes], bytes], load: Callable[[Sequential, Path], Any]) -> Use:
    """Save the model, change the file, and load that."""

    def use(model: Sequential, folder: Path) -> Any:
        path = folder / name
        (model.save_weights if "weights" in name else model.save)(path)
        path.write_bytes(change(path.read_bytes()))
        return load(model, path)

    return use


def weights_of(other: Sequential, name: str) -> Use:
    def use(model: Sequential, folder: Path) -> Any:
        other.save_weights(folder / name)
        return model.load_weights(folder / name)

    return use


def other(units: int = 7) -> Sequential:
    return Sequential([Dense(units, input_shape=(INPUTS,)), Dense(OUTPUTS)])


def nan(shape: Any) -> np.ndarray:
    values = np.zeros(shape)
    values.flat[-1] = np.nan
    return values


def scheduler(result: Any) -> Use:
    """A schedule of the learning rate that gives no rate."""
    return fit(callbacks=[LearningRateScheduler(lambda epoch, rate: result)])


def divide(epoch: int, logs: Any) -> None:
    raise ZeroDivisionError("in a callback")


#: Of the name that the loss has among the results.
TWICE = metrics.MeanSquaredError(name="loss")
FIT: list[Row] = [
    ("both weights", fit(class_weight={0: 2.0}, sample_weight=ONES), ValueError, "only one may be given"),
    ("class_weight: list", fit(class_weight=[1.0, 2.0]), EITHER, "class_weight"),
    ("class_weight: text", fit(class_weight="balanced"), EITHER, "class_weight"),
    ("class_weight: no such class", fit(class_weight={9: 1.0}), ValueError, "class_weight.*9"),
    ("class_weight: text for a class", fit(class_weight={"a": 1.0}), EITHER, "class_weight"),
    ("class_weight: half a class", fit(class_weight={0.5: 1.0}), EITHER, "class_weight"),
    ("class_weight: negative", fit(class_weight={0: -1.0}), ValueError, "class_weight"),
    ("class_weight: NaN", fit(class_weight={0: float("nan")}), ValueError, "class_weight"),
    ("class_weight: None", fit(class_weight={0: None}), EITHER, "class_weight"),
    ("sample_weight: too few", fit(sample_weight=ONES[:5]), ValueError, "sample_weight.*5"),
    ("sample_weight: a number", fit(sample_weight=2.0), EITHER, "sample_weight"),
    ("sample_weight: one a class", fit(sample_weight=np.ones((ROWS, OUTPUTS))), ValueError, "sample_weight"),
    ("sample_weight: negative", fit(sample_weight=-ONES), ValueError, "sample_weight"),
    ("sample_weight: NaN", fit(sample_weight=nan(ROWS)), ValueError, "sample_weight"),
    ("sample_weight: text", fit(sample_weight=["a"] * ROWS), EITHER, "sample_weight"),
    ("sample_weight: dates", fit(sample_weight=np.zeros(ROWS, "M8[s]")), TypeError, "sample_weight.*datetime64"),
    ("x: None", fit(None, LABELS), EITHER, "x"),
    ("x: too narrow", fit(X[:, :2], LABELS), ValueError, r"\(12, 2\)|2 features|features"),
    ("x: too many axes", fit(X[:, :, None], LABELS), ValueError, "shape"),
    ("x: no rows", fit(X[:0], LABELS[:0]), ValueError, "without a single row"),
    ("x: infinite", fit(np.full_like(X, np.inf), LABELS), ValueError, "inf"),
    ("x: text", fit(X.astype(str), LABELS), TypeError, "dtype|text"),
    ("x: beyond float32", fit(X * 1e300, LABELS), ValueError, "float32"),
    ("y: None", fit(X, None), EITHER, "y"),
    ("y: too few", fit(X, LABELS[:5]), ValueError, "12.*5|5.*12"),
    ("y: one-hot", fit(X, np.eye(OUTPUTS)[LABELS]), ValueError, "categorical_crossentropy"),
    ("y: no such label", fit(X, LABELS + 1), ValueError, "= 4"),
    ("y: half a label", fit(X, LABELS + 0.5), EITHER, "label"),
    ("validation_data: another width", fit(validation_data=(X[:, :2], LABELS)), ValueError, "validation_data"),
    ("validation_data: other labels", fit(validation_data=(X, LABELS + 1)), ValueError, "validation_data"),
    ("validation_data: other rows", fit(validation_data=(X, LABELS[:3])), ValueError, "validation_data"),
    ("validation_data: x alone", fit(validation_data=(X,)), EITHER, "validation_data"),
    ("validation_data: four", fit(validation_data=(X, LABELS, ONES, ONES)), EITHER, "validation_data"),
    ("validation_data: a number", fit(validation_data=3), EITHER, "validation_data"),
    ("validation_data: NaN", fit(validation_data=(nan(X.shape), LABELS)), ValueError, "validation_data"),
    ("validation_data: weights", fit(validation_data=(X, LABELS, ONES[:3])), ValueError, "validation_data"),
    ("validation_split: 1", fit(validation_split=1.0), ValueError, "validation_split"),
    ("validation_split: negative", fit(validation_split=-0.1), ValueError, "validation_split"),
    ("validation_split: text", fit(validation_split="0.1"), TypeError, "validation_split"),
    ("validation_split: nothing is left", fit(X[:1], LABELS[:1], validation_split=0.5), ValueError, "validation_split"),
    ("validation_freq: 0", fit(validation_freq=0, validation_split=0.5), ValueError, "validation_freq"),
    ("validation_freq: half", fit(validation_freq=0.5, validation_split=0.5), TypeError, "validation_freq"),
    ("validation_rows", fit(validation_rows="first", validation_split=0.5), ValueError, "validation_rows"),
    ("batch_size: 0", fit(batch_size=0), ValueError, "batch_size"),
    ("batch_size: negative", fit(batch_size=-5), ValueError, "batch_size"),
    ("batch_size: float", fit(batch_size=5.0), TypeError, "batch_size"),
    ("batch_size: True", fit(batch_size=True), TypeError, "batch_size"),
    ("epochs: negative", fit(epochs=-1), ValueError, "epochs"),
    ("epochs: float", fit(epochs=2.0), TypeError, "epochs"),
    ("initial_epoch: negative", fit(initial_epoch=-1), ValueError, "initial_epoch"),
    ("initial_epoch: text", fit(initial_epoch="1"), TypeError, "initial_epoch"),
    ("verbose: 3", fit(verbose=3), ValueError, "verbose"),
    ("shuffle: text", fit(shuffle="batch"), EITHER, "shuffle"),
    ("callbacks: text", fit(callbacks="EarlyStopping"), EITHER, "callbacks"),
    ("callbacks: a class", fit(callbacks=[EarlyStopping]), EITHER, "callbacks"),
    ("no such option", fit(epoch=3), TypeError, "epoch"),
    ("a schedule gives None", scheduler(None), ValueError, "schedule returned None"),
    ("a schedule gives an integer", scheduler(1), ValueError, "schedule returned 1"),
    ("a schedule gives NaN", scheduler(float("nan")), ValueError, "nan"),
    ("a schedule gives less than 0", scheduler(-0.1), ValueError, r"-0\.1"),
    ("a schedule gives an array", scheduler(np.ones(2)), ValueError, "schedule returned"),
    ("a log in no folder", lambda m, f: fit(callbacks=[CSVLogger(f / "a" / "log.csv")])(m, f), OSError, "log.csv"),
    (
        "a callback fails",
        fit(callbacks=[LambdaCallback(on_epoch_begin=lambda epoch, logs: 1 / 0)]),
        ZeroDivisionError,
        "",
    ),
]
OTHERS: list[Row] = [
    ("evaluate: too narrow", evaluate(X[:, :2], LABELS), ValueError, "features|shape"),
    ("evaluate: no y", evaluate(X), EITHER, "y"),
    ("evaluate: too few", evaluate(X, LABELS[:4]), ValueError, "4"),
    ("evaluate: NaN", evaluate(nan(X.shape), LABELS), ValueError, "nan|NaN"),
    ("evaluate: batch_size", evaluate(batch_size=0), ValueError, "batch_size"),
    ("evaluate: sample_weight", evaluate(sample_weight=ONES[:2]), ValueError, "sample_weight"),
    ("evaluate: return_dict", evaluate(return_dict="yes"), TypeError, "return_dict"),
    ("evaluate: verbose", evaluate(verbose="loud"), ValueError, "verbose"),
    ("evaluate: no such option", evaluate(batch=3), TypeError, "batch"),
    ("predict: too narrow", predict(X[:, :2]), ValueError, "features|shape"),
    ("predict: None", predict(None), EITHER, "x"),
    ("predict: NaN", predict(nan(X.shape)), ValueError, "nan|NaN"),
    ("predict: batch_size", predict(batch_size=-1), ValueError, "batch_size"),
    ("predict: callbacks", predict(callbacks=3), EITHER, "callbacks"),
    ("a batch: both weights", batch(sample_weight=ONES, class_weight={0: 1.0}), ValueError, "only one"),
    ("a batch: too narrow", batch(X[:, :2], LABELS), ValueError, "features|shape"),
    ("a batch: no rows", batch(X[:0], LABELS[:0]), ValueError, "without a single row"),
    ("a batch: return_dict", batch(return_dict=3), TypeError, "return_dict"),
    ("weights: too few", lambda m, f: m.set_weights(m.get_weights()[:3]), ValueError, "4|weights"),
    ("weights: NaN", lambda m, f: m.set_weights([nan(w.shape) for w in m.get_weights()]), ValueError, "nan|NaN"),
    ("weights: transposed", lambda m, f: m.set_weights([w.T for w in m.get_weights()]), ValueError, "shape"),
    ("rate: negative", lambda m, f: setattr(m.optimizer, "learning_rate", -1.0), ValueError, "learning_rate"),
    ("rate: NaN", lambda m, f: setattr(m.optimizer, "learning_rate", float("nan")), ValueError, "learning_rate"),
    ("rate: text", lambda m, f: setattr(m.optimizer, "learning_rate", "0.1"), TypeError, "learning_rate"),
    ("rate: None", lambda m, f: setattr(m.optimizer, "learning_rate", None), TypeError, "learning_rate"),
]
COMPILE: list[Row] = [
    ("no optimizer", compiled(None, "mse"), ValueError, "optimizer"),
    ("no loss", compiled("adam", None), ValueError, "loss"),
    ("no such optimizer", compiled("adem", "mse"), ValueError, "Did you mean 'adam'"),
    ("no such loss", compiled("adam", "msee"), ValueError, "Did you mean 'mse'|loss"),
    ("no such metric", compiled("adam", "mse", metrics=["acuracy"]), ValueError, "Did you mean"),
    ("metrics: text", compiled("adam", "mse", metrics="accuracy"), ValueError, "metrics.*list"),
    ("weighted_metrics: text", compiled("adam", "mse", weighted_metrics="mae"), ValueError, "weighted_metrics"),
    ("metrics: a number", compiled("adam", "mse", metrics=[3]), EITHER, "metric"),
    (
        "metrics: a name twice",
        compiled("adam", "mse", metrics=[TWICE]),
        ValueError,
        "loss",
    ),
    ("optimizer: a number", compiled(0.01, "mse"), TypeError, "optimizer"),
    ("optimizer: a loss", compiled(losses.MeanSquaredError(), "mse"), TypeError, "optimizer"),
    ("loss: a number", compiled("adam", 3), TypeError, "loss"),
    ("loss: an optimizer", compiled("adam", optimizers.SGD()), TypeError, "loss"),
    ("loss: a list", compiled("adam", ["mse", "mae"]), TypeError, "loss"),
    ("loss: a dictionary", compiled("adam", {"out": "mse"}), EITHER, "loss"),
    ("loss_weights", compiled("adam", "mse", loss_weights=[0.5]), ValueError, "loss_weights"),
    ("run_eagerly", compiled("adam", "mse", run_eagerly=True), ValueError, "run_eagerly"),
    ("steps_per_execution", compiled("adam", "mse", steps_per_execution=4), ValueError, "steps_per_execution"),
    ("no such option", compiled("adam", "mse", learning_rate=0.1), TypeError, "learning_rate"),
    ("optimizer of a dictionary", compiled({"class_name": "Adam", "config": {"rate": 3}}, "mse"), ValueError, "rate"),
]
FILES: list[Row] = [
    ("save: another extension", lambda m, f: m.save(f / "model.h5"), ValueError, "extension"),
    ("save: weights", lambda m, f: m.save(f / "model.weights.h5"), ValueError, "save_weights"),
    ("save: no path", lambda m, f: m.save(None), TypeError, "filepath"),
    ("save: no folder", lambda m, f: m.save(f / "no" / "model"), OSError, "no"),
    ("save: a folder", lambda m, f: m.save(f), (*EITHER, OSError), ""),
    ("save: overwrite", lambda m, f: m.save(f / "model", overwrite="no"), TypeError, "overwrite"),
    ("save_weights: a model", lambda m, f: m.save_weights(f / "model.keras"), ValueError, "extension"),
    ("load_weights: nothing there", lambda m, f: m.load_weights(f / "none"), FileNotFoundError, "none"),
    (
        "load_weights: skip_mismatch",
        lambda m, f: m.load_weights(f / "none", skip_mismatch=1),
        TypeError,
        "skip_mismatch",
    ),
    ("load_weights: other shapes", weights_of(other(), "w"), ValueError, "shape"),
    ("load_weights: other shapes, HDF5", weights_of(other(), "w.weights.h5"), ValueError, "shape"),
    ("load_weights: another depth", weights_of(Sequential([Dense(5, input_shape=(INPUTS,))]), "w"), ValueError, ""),
    ("load_model: nothing there", lambda m, f: load_model(f / "none"), FileNotFoundError, "none"),
    ("load_model: a folder", lambda m, f: load_model(f), OSError, ""),
    ("load_model: a number", lambda m, f: load_model(3), TypeError, "filepath"),
    ("load_model: compile", lambda m, f: load_model(f / "none", compile="yes"), TypeError, "compile"),
    ("load_model: safe_mode", lambda m, f: load_model(f / "none", safe_mode=False), ValueError, "safe_mode"),
]
for name in ("model", "model.keras", "model.weights.h5", "weights"):
    takes = (lambda m, p: m.load_weights(p)) if "weights" in name else (lambda m, p: load_model(p))
    FILES += [
        (f"{name}: cut", damaged(name, lambda b: b[: len(b) // 2], takes), EITHER, ""),
        (f"{name}: empty", damaged(name, lambda b: b"", takes), EITHER, ""),
        (f"{name}: foreign", damaged(name, lambda b: b"GIF89a" + b, takes), EITHER, ""),
    ]


def state(model: Sequential) -> list[Any]:
    """Return all that a refused option must leave as it was."""
    progress = model._training_progress()
    assert progress is not None
    arrays = [*model.get_weights(), *(moment for slot in progress.moments for moment in slot)]
    settings = [model.optimizer, model.loss, model._settings, model._seed, [layer.trainable for layer in model.layers]]
    return [progress.iterations, model.optimizer.learning_rate, settings, *(array.tobytes() for array in arrays)]


TABLE = [
    pytest.param(use, error, words, id=f"{group}: {name}")
    for group, rows in (("fit", FIT), ("use", OTHERS), ("compile", COMPILE), ("files", FILES))
    for name, use, error, words in rows
]


@pytest.mark.parametrize(("use", "error", "words"), TABLE)
def test_nothing_is_trained_and_nothing_lost(use: Use, error: Any, words: str, tmp_path: Path) -> None:
    """The error says what is wrong; training goes on as that of a model that never met it."""
    model, twin = made(), made()
    before = state(model)
    with pytest.raises(error, match=words or None) as caught:
        use(model, tmp_path)
    assert str(caught.value)
    assert state(model) == before
    for one in (model, twin):
        one.fit(X, LABELS, batch_size=5, epochs=2, verbose=0)
    assert [w.tobytes() for w in model.get_weights()] == [w.tobytes() for w in twin.get_weights()]
    assert model.predict(X).tobytes() == twin.predict(X).tobytes()
