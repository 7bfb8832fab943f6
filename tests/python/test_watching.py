"""EarlyStopping, ReduceLROnPlateau, LearningRateScheduler, CSVLogger, TerminateOnNaN, and the epochs of `fit`."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import watching
from lamina import callbacks
from lamina.callbacks import (
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ReduceLROnPlateau,
    TerminateOnNaN,
)
from lamina.layers import Dense
from lamina.metrics import MeanAbsoluteError
from lamina.models import Sequential
from lamina.optimizers import SGD

GOLDEN = json.loads((Path(__file__).parent.parent / "golden" / "callbacks.json").read_text())
X, Y = watching.X, watching.Y


def model(*metrics: Any, rate: float = 0.1) -> Sequential:
    made = Sequential([Dense(1, input_shape=(2,))])
    made.compile(SGD(rate), "mse", metrics=list(metrics))
    return made


@pytest.mark.parametrize("seed", range(len(GOLDEN["results"])))
def test_as_keras(seed: int) -> None:
    """The same epochs, keys, restored weights and rates; Keras's rates are float32."""
    case = GOLDEN["results"][seed]
    assert {key: case[key] for key in ("callback", "arguments", "values")} == watching.draw(seed)
    found, expected = watching.train(case, model("mae", "binary_accuracy"), callbacks), case["result"]
    rates, expected_rates = found.pop("learning_rate", []), expected.get("learning_rate", [])
    np.testing.assert_allclose(rates, expected_rates, rtol=1e-6)
    assert found == {key: value for key, value in expected.items() if key != "learning_rate"}


def fit(*given: Any, made: Sequential | None = None, epochs: int = 4, **options: Any) -> Any:
    return (made or model("mae")).fit(X, Y, verbose=0, epochs=epochs, callbacks=list(given), **options)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: EarlyStopping(monitor=3), TypeError, "monitor=3"),
        (lambda: EarlyStopping(mode="less"), ValueError, "mode='less'"),
        (lambda: EarlyStopping(mode=np.zeros(0)), ValueError, "mode=array"),
        (lambda: EarlyStopping(patience=-1), ValueError, "patience=-1"),
        (lambda: EarlyStopping(patience=1.5), TypeError, "patience=1.5"),
        (lambda: EarlyStopping(min_delta=math.nan), ValueError, "min_delta=nan"),
        (lambda: EarlyStopping(baseline="low"), TypeError, "baseline='low'"),
        (lambda: EarlyStopping(restore_best_weights=1), TypeError, "restore_best_weights=1"),
        (lambda: EarlyStopping(start_from_epoch=-2), ValueError, "start_from_epoch=-2"),
        (lambda: EarlyStopping(verbose=2), ValueError, "verbose=2"),
        (lambda: ReduceLROnPlateau(factor=1.0), ValueError, "factor=1.0"),
        (lambda: ReduceLROnPlateau(factor=-0.1), ValueError, "factor=-0.1"),
        (lambda: ReduceLROnPlateau(cooldown=-1), ValueError, "cooldown=-1"),
        (lambda: ReduceLROnPlateau(min_lr=-1), ValueError, "min_lr=-1"),
        (lambda: LearningRateScheduler(0.1), TypeError, "schedule=0.1"),
        (lambda: CSVLogger(3), TypeError, "filename=3"),
        (lambda: CSVLogger("a.csv", separator=""), ValueError, "separator=''"),
        (lambda: CSVLogger("a.csv", append=None), TypeError, "append=None"),
        (lambda: TerminateOnNaN(raise_error=0), TypeError, "raise_error=0"),
    ],
)
def test_bad_arguments_are_refused(make: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        make()
    assert words in str(caught.value)


@pytest.mark.parametrize("make", [EarlyStopping, ReduceLROnPlateau])
def test_a_direction_that_is_not_known_is_refused_before_training(make: Any) -> None:
    made = model("mae")
    before = made.get_weights()
    with pytest.raises(ValueError, match="mode='min' or mode='max'") as caught:
        fit(make(monitor="val_made_up"), made=made)
    assert "loss, mae" in str(caught.value)
    assert all(np.array_equal(a, b) for a, b in zip(before, made.get_weights(), strict=True))


def test_a_metric_of_another_name_has_its_direction():
    stopping = EarlyStopping(monitor="distance", patience=0)
    script = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(distance=float(epoch)))
    history = fit(script, stopping, made=model(MeanAbsoluteError(name="distance")))
    assert history.epoch == [0, 1]


@pytest.mark.parametrize("make", [EarlyStopping, ReduceLROnPlateau])
def test_a_key_that_is_missing_gives_a_warning_an_epoch(make: Any) -> None:
    with pytest.warns(UserWarning, match="the logs have no 'val_loss'") as caught:
        history = fit(make())
    assert history.epoch == [0, 1, 2, 3]
    assert len(caught) == 4


def test_a_value_that_is_no_number_is_never_the_best():
    values = [math.nan, 2.0, 1.0, math.nan, 3.0]
    script = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(loss=values[epoch]))
    stopping = EarlyStopping(monitor="loss", patience=2)
    assert fit(script, stopping, epochs=5).epoch == [0, 1, 2, 3, 4]
    assert stopping.best == 1.0


def test_an_object_serves_several_fits():
    values = iter([3.0, 2.0, 2.0, 9.0, 8.0, 8.0])
    script = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(loss=next(values)))
    stopping = EarlyStopping(monitor="loss", patience=1)
    assert fit(script, stopping).epoch == [0, 1, 2]
    assert fit(script, stopping).epoch == [0, 1, 2]
    assert stopping.best == 8.0


def test_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    values = [3.0, 2.0, 2.5, 2.5]
    script = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(loss=values[epoch]))
    stopping = EarlyStopping(monitor="loss", patience=2, verbose=1, restore_best_weights=True)
    fit(script, stopping, ReduceLROnPlateau(monitor="loss", patience=1, factor=0.5, verbose=True))
    assert capsys.readouterr().out.split("\n") == [
        "",
        "Epoch 3: ReduceLROnPlateau lowers the learning rate to 0.05.",
        "",
        "Epoch 4: ReduceLROnPlateau lowers the learning rate to 0.025.",
        "Epoch 4: early stopping",
        "Restoring model weights from the end of the best epoch: 2.",
        "",
    ]


@pytest.mark.parametrize(
    "schedule",
    [
        lambda epoch, rate: rate if epoch == 0 else rate / 2,
        lambda epoch: 0.1 * 0.5**epoch,
        lambda *given: np.float32(0.1 * 0.5 ** given[0]),
    ],
)
def test_schedule(schedule: Any) -> None:
    made = model()
    history = fit(LearningRateScheduler(schedule), made=made)
    np.testing.assert_allclose(history.history["learning_rate"], [0.1, 0.05, 0.025, 0.0125], rtol=1e-6)
    assert made.optimizer is not None
    assert made.optimizer.learning_rate == pytest.approx(0.0125)


@pytest.mark.parametrize("rate", [None, 1, "0.1", True, -0.5, math.nan, math.inf])
def test_a_schedule_that_gives_no_rate_stops_before_the_epoch(rate: Any) -> None:
    made = model()
    before = made.get_weights()
    with pytest.raises(ValueError, match=r"schedule returned|learning_rate="):
        fit(LearningRateScheduler(lambda epoch: rate), made=made)
    assert all(np.array_equal(a, b) for a, b in zip(before, made.get_weights(), strict=True))


def test_errors_of_a_schedule_are_its_own():
    def schedule(epoch: int, rate: float) -> float:
        raise TypeError("of my own")

    with pytest.raises(TypeError, match="of my own"):
        fit(LearningRateScheduler(schedule))


def rows(path: Path, separator: str = ",") -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file, delimiter=separator))


def test_csv(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    history = fit(CSVLogger(path), epochs=3)
    assert path.read_bytes().startswith(b"epoch,loss,mae,val_loss,val_mae\r\n0,")
    table = rows(path)
    assert [row[0] for row in table] == ["epoch", "0", "1", "2"]
    assert [float(row[1]) for row in table[1:]] == history.history["loss"]
    assert {row[3] for row in table[1:]} == {"NA"}
    fit(CSVLogger(path, append=True), epochs=5, initial_epoch=3)
    assert [row[0] for row in rows(path)] == ["epoch", "0", "1", "2", "3", "4"]
    fit(CSVLogger(str(path), separator=";"), epochs=1, validation_data=(X, Y))
    assert [len(row) for row in rows(path, ";")] == [5, 5]
    assert "NA" not in path.read_text()


def test_csv_of_an_interrupted_training_has_its_epochs(tmp_path: Path) -> None:
    def interrupt(epoch: int, logs: Any) -> None:
        if epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(CSVLogger(tmp_path / "log.csv"), LambdaCallback(on_epoch_end=interrupt))
    assert len(rows(tmp_path / "log.csv")) == 4


def test_csv_that_cannot_be_written_is_refused_before_training(tmp_path: Path) -> None:
    made = model()
    before = made.get_weights()
    with pytest.raises(FileNotFoundError):
        fit(CSVLogger(tmp_path / "no" / "folder.csv"), made=made)
    assert all(np.array_equal(a, b) for a, b in zip(before, made.get_weights(), strict=True))


def test_terminate_on_nan():
    made = model(rate=1e30)
    made.set_weights([np.full((2, 1), 1e30), np.ones(1)])
    x = np.ones((4, 2), "float32")
    with pytest.warns(RuntimeWarning, match="training stopped"):
        history = made.fit(x, Y, epochs=3, verbose=0, callbacks=[TerminateOnNaN()])
    assert history.epoch == [0]
    made.set_weights([np.full((2, 1), 1e30), np.ones(1)])
    with pytest.raises(RuntimeError, match="the loss of epoch 1 is"):
        made.fit(x, Y, epochs=3, verbose=0, callbacks=[TerminateOnNaN(raise_error=True)])


def test_initial_epoch():
    made = model()
    epochs: list[int] = []
    history = fit(LambdaCallback(on_epoch_begin=lambda e, logs: epochs.append(e)), made=made, epochs=5, initial_epoch=3)
    assert history.epoch == epochs == [3, 4]
    assert fit(made=made, epochs=3, initial_epoch=3).epoch == []


@pytest.mark.parametrize(
    ("frequency", "validated"), [(1, [0, 1, 2, 3, 4]), (2, [1, 3]), (9, []), ([1, 4], [0, 3]), ({2}, [1]), ([], [])]
)
def test_validation_freq(frequency: Any, validated: list[int]) -> None:
    epochs: list[int] = []
    watch = LambdaCallback(on_epoch_end=lambda e, logs: epochs.append(e) if "val_loss" in logs else None)
    history = fit(watch, epochs=5, validation_data=(X, Y), validation_freq=frequency)
    assert epochs == validated
    assert len(history.history.get("val_loss", [])) == len(validated)
