"""Callbacks that save the model while it is trained, and the one that writes for TensorBoard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lamina.callbacks import BackupAndRestore, Callback, LambdaCallback, ModelCheckpoint, TensorBoard
from lamina.layers import Dense, Dropout
from lamina.models import Sequential, load_model
from lamina.optimizers import SGD
from lamina.utils import set_random_seed

X = np.linspace(-1, 1, 200).reshape(40, 5).astype(np.float32)
Y = np.stack([X.sum(axis=1), X[:, 0] * X[:, 1]], axis=1)


def made(optimizer: Any = "adam", seed: int = 5) -> Sequential:
    set_random_seed(seed)
    model = Sequential([Dense(7, activation="relu", input_shape=(5,)), Dropout(0.3), Dense(2)])
    model.compile(optimizer, "mse", metrics=["mae"])
    return model


def equal(one: Sequential, other: Sequential) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


def fit(model: Sequential, *callbacks: Callback, **options: Any) -> Any:
    given: dict[str, Any] = {"epochs": 4, "batch_size": 8, "verbose": 0, "validation_split": 0.2}
    return model.fit(X, Y, callbacks=list(callbacks), **(given | options))


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


class SetLogs(Callback):
    """Puts given values into the logs of each epoch."""

    def __init__(self, key: str, values: list[float]) -> None:
        self.key, self.values = key, values

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        assert logs is not None
        logs[self.key] = self.values[epoch]


# --- ModelCheckpoint ------------------------------------------------------------------------------


def test_every_epoch_has_its_file(tmp_path: Path) -> None:
    model = made()
    weights: list[list[np.ndarray]] = []
    keep = LambdaCallback(on_epoch_end=lambda epoch, logs: weights.append(model.get_weights()))
    fit(model, ModelCheckpoint(tmp_path / "new" / "{epoch:02d}.safetensors"), keep)
    assert names(tmp_path) == [f"new/{n:02d}.safetensors" for n in (1, 2, 3, 4)]
    for n, expected in enumerate(weights, start=1):
        found = load_model(tmp_path / "new" / f"{n:02d}.safetensors").get_weights()
        assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


def test_names_hold_the_logs(tmp_path: Path) -> None:
    history = fit(made(), ModelCheckpoint(tmp_path / "{epoch}-{val_loss:.3f}-{mae:.2f}.keras")).history
    expected = [f"{n + 1}-{history['val_loss'][n]:.3f}-{history['mae'][n]:.2f}.keras" for n in range(4)]
    assert names(tmp_path) == sorted(expected)


@pytest.mark.parametrize("name", ["w.safetensors", "w.weights.h5", "w"])
def test_weights_only(name: str, tmp_path: Path) -> None:
    model = made()
    fit(model, ModelCheckpoint(tmp_path / name, save_weights_only=True))
    other = made(seed=8)
    other.load_weights(tmp_path / name)
    assert equal(other, model)


@pytest.mark.parametrize(
    ("mode", "threshold", "saved"),
    [("min", None, [1, 3, 5]), ("max", None, [1, 4]), ("min", 1.5, [5]), ("max", 3.5, [4])],
)
def test_the_best_alone(mode: str, threshold: float | None, saved: list[int], tmp_path: Path) -> None:
    values = [3.0, 3.0, 2.0, 4.0, 1.0]
    checkpoint = ModelCheckpoint(
        tmp_path / "{epoch}", monitor="value", save_best_only=True, mode=mode, initial_value_threshold=threshold
    )
    for _ in range(2):  # one object serves twice
        fit(made(), SetLogs("value", values), checkpoint, epochs=5)
        assert names(tmp_path) == list(map(str, saved))
        assert checkpoint.best == values[saved[-1] - 1]
        for path in tmp_path.iterdir():
            path.unlink()


def test_auto_knows_the_metrics(tmp_path: Path) -> None:
    fit(made(), ModelCheckpoint(tmp_path / "best", save_best_only=True))
    with pytest.raises(ValueError, match="mode='min' or mode='max'"):
        fit(made(), ModelCheckpoint(tmp_path / "best", monitor="thing", save_best_only=True))
    fit(made(), ModelCheckpoint(tmp_path / "all", monitor="thing"))
    assert names(tmp_path) == ["all", "best"]


def test_without_the_number_it_saves_and_warns(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="no 'val_loss'"):
        fit(made(), ModelCheckpoint(tmp_path / "{epoch}", save_best_only=True), validation_split=0.0)
    assert names(tmp_path) == ["1", "2", "3", "4"]


def test_every_so_many_batches(tmp_path: Path) -> None:
    """4 batches an epoch; the count goes on from epoch to epoch."""
    iterations: dict[str, int] = {}
    checkpoint = ModelCheckpoint(tmp_path / "{epoch}-{batch}", save_freq=3)
    fit(made(), checkpoint, epochs=3)
    assert names(tmp_path) == ["1-3", "2-2", "3-1", "3-4"]
    for path in tmp_path.iterdir():
        iterations[path.name] = load_model(path).iterations
    assert iterations == {"1-3": 3, "2-2": 6, "3-1": 9, "3-4": 12}


def test_epochs_do_not_cost_a_hook_for_batches(tmp_path: Path) -> None:
    from lamina.callbacks import CallbackList

    for callback in (ModelCheckpoint(tmp_path / "m"), BackupAndRestore(tmp_path), TensorBoard(tmp_path)):
        assert not CallbackList(callback).wants_batches("train")
    for callback in (
        ModelCheckpoint(tmp_path / "m", save_freq=2),
        BackupAndRestore(tmp_path, save_freq=2),
        TensorBoard(tmp_path, update_freq=2),
    ):
        assert CallbackList(callback).wants_batches("train")


def test_it_says_what_it_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "m"
    checkpoint = ModelCheckpoint(path, monitor="value", save_best_only=True, mode="min", verbose=1)
    fit(made(), SetLogs("value", [2.0, 3.0]), checkpoint, epochs=2)
    assert capsys.readouterr().out.strip().split("\n\n") == [
        f"Epoch 1: value improved from None to 2.00000, saving model to {path}",
        f"Epoch 1: finished saving model to {path}",
        "Epoch 2: value did not improve from 2.00000",
    ]
    fit(made(), ModelCheckpoint(path, verbose=1), epochs=1)
    assert f"Epoch 1: saving model to {path}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"filepath": 3}, TypeError, "filepath"),
        ({"filepath": ""}, TypeError, "filepath"),
        ({"filepath": "m.h5"}, ValueError, "must be .safetensors or .keras"),
        ({"filepath": "m.weights.h5"}, ValueError, "must be .safetensors or .keras"),
        ({"filepath": "m.keras", "save_weights_only": True}, ValueError, "must be .safetensors or .weights.h5"),
        ({"monitor": 3}, TypeError, "monitor"),
        ({"mode": "best"}, ValueError, "mode"),
        ({"verbose": 2}, ValueError, "verbose"),
        ({"save_best_only": 1}, TypeError, "save_best_only"),
        ({"save_weights_only": None}, TypeError, "save_weights_only"),
        ({"save_freq": "batch"}, ValueError, "save_freq"),
        ({"save_freq": 0}, ValueError, "save_freq"),
        ({"save_freq": 1.5}, TypeError, "save_freq"),
        ({"save_freq": True}, TypeError, "save_freq"),
        ({"initial_value_threshold": "1"}, TypeError, "initial_value_threshold"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        ModelCheckpoint(**({"filepath": "m"} | arguments))


def test_a_name_that_cannot_be_filled_in(tmp_path: Path) -> None:
    for name in ("{nothing}", "{}", "{epoch:q}"):
        with pytest.raises(ValueError, match="known are epoch"):
            fit(made(), ModelCheckpoint(tmp_path / name))


# --- BackupAndRestore -----------------------------------------------------------------------------


class Cut(Exception):
    """An interruption."""


def cut_at(epoch: int, batch: int = 0) -> Callback:
    place = {"epoch": 0}

    def begin(number: int, logs: Any) -> None:
        place["epoch"] = number

    def stop(number: int, logs: Any) -> None:
        if (place["epoch"], number) == (epoch, batch):
            raise Cut

    return LambdaCallback(on_epoch_begin=begin, on_train_batch_begin=stop)


@pytest.mark.parametrize("optimizer", ["adam", lambda: SGD(0.05, momentum=0.9)])
def test_an_interrupted_training_ends_as_if_it_had_not_been(optimizer: Any, tmp_path: Path) -> None:
    def new(seed: int) -> Sequential:
        return made(optimizer() if callable(optimizer) else optimizer, seed)

    whole = new(5)
    expected = fit(whole, epochs=6)
    first = new(5)
    with pytest.raises(Cut):
        fit(first, BackupAndRestore(tmp_path), cut_at(3, 2), epochs=6)
    assert names(tmp_path) == ["epoch-3.safetensors"]
    again = new(99)  # other weights and other seeds, as in another process
    with pytest.raises(Cut):
        fit(again, BackupAndRestore(tmp_path), cut_at(4), epochs=6)
    history = fit(again, BackupAndRestore(tmp_path), epochs=6)
    assert equal(again, whole)
    assert history.epoch == [4, 5]
    assert history.history["loss"] == expected.history["loss"][4:]
    assert not tmp_path.exists()


def test_a_learning_rate_that_was_lowered_stays(tmp_path: Path) -> None:
    model = made()

    def lower(epoch: int, logs: Any) -> None:
        assert model.optimizer is not None
        model.optimizer.learning_rate *= 0.5

    with pytest.raises(Cut):
        fit(model, LambdaCallback(on_epoch_end=lower), BackupAndRestore(tmp_path), cut_at(2))
    again = made()
    fit(again, BackupAndRestore(tmp_path), epochs=2)
    assert again.optimizer is not None
    assert again.optimizer.learning_rate == 0.00025


def test_a_finished_training_leaves_what_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    fit(made(), BackupAndRestore(tmp_path))
    assert names(tmp_path) == ["mine"]
    fit(made(), BackupAndRestore(tmp_path, delete_checkpoint=False))
    assert names(tmp_path) == ["epoch-4.safetensors", "mine"]


def test_nothing_is_left_to_do(tmp_path: Path) -> None:
    model = made()
    fit(model, BackupAndRestore(tmp_path, delete_checkpoint=False))
    again = made(seed=1)
    history = fit(again, BackupAndRestore(tmp_path))
    assert history.epoch == []
    assert equal(again, model)


def test_the_state_before_the_last(tmp_path: Path) -> None:
    with pytest.raises(Cut):
        fit(made(), BackupAndRestore(tmp_path, double_checkpoint=True), cut_at(3))
    assert names(tmp_path) == ["epoch-2.safetensors", "epoch-3.safetensors"]
    (tmp_path / "epoch-3.safetensors").write_bytes(b"damaged")
    again = made(seed=3)
    assert fit(again, BackupAndRestore(tmp_path, double_checkpoint=True)).epoch == [2, 3]
    whole = made()
    fit(whole)
    assert equal(again, whole)


def test_every_so_many_batches_of_a_backup(tmp_path: Path) -> None:
    with pytest.raises(Cut):
        fit(made(), BackupAndRestore(tmp_path, save_freq=3), cut_at(2, 3))
    assert names(tmp_path) == ["epoch-2.safetensors"]
    assert load_model(tmp_path / "epoch-2.safetensors").iterations == 9
    assert fit(made(), BackupAndRestore(tmp_path, save_freq=3)).epoch == [2, 3]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (lambda: Sequential([Dense(2, input_shape=(5,))]), "weights of other shapes"),
        (lambda: Sequential(made().layers), "optimizer Adam, this one has SGD"),
    ],
)
def test_the_state_of_another_model(other: Callable[[], Sequential], words: str, tmp_path: Path) -> None:
    with pytest.raises(Cut):
        fit(made(), BackupAndRestore(tmp_path), cut_at(2))
    model = other()
    model.compile("sgd", "mse")
    before = model.get_weights()
    with pytest.raises(ValueError, match=words):
        fit(model, BackupAndRestore(tmp_path))
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), before, strict=True))
    assert names(tmp_path) == ["epoch-2.safetensors"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"backup_dir": ""}, TypeError),
        ({"backup_dir": None}, TypeError),
        ({"save_freq": "batch"}, ValueError),
        ({"save_freq": False}, TypeError),
        ({"double_checkpoint": 1}, TypeError),
        ({"delete_checkpoint": "yes"}, TypeError),
    ],
)
def test_bad_arguments_of_a_backup(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match=next(iter(arguments))):
        BackupAndRestore(**({"backup_dir": "b"} | arguments))


# --- TensorBoard ----------------------------------------------------------------------------------


def events(folder: Path) -> dict[tuple[str, int], float]:
    """Return the scalars in a folder, by name and step."""
    from tensorboardX.proto.event_pb2 import Event

    found = {}
    for path in folder.iterdir():
        data = path.read_bytes()
        while data:  # records: length, its checksum, the message, its checksum
            length = int.from_bytes(data[:8], "little")
            event = Event.FromString(data[12 : 12 + length])
            data = data[16 + length :]
            for value in event.summary.value:
                kind = value.WhichOneof("value")
                found[value.tag, event.step] = value.simple_value if kind == "simple_value" else kind
    return found


def test_tensorboard(tmp_path: Path) -> None:
    model = made()
    board = TensorBoard(tmp_path, histogram_freq=2, write_images=True, update_freq=2, write_steps_per_second=True)
    history = fit(model, board, epochs=3).history
    train, validation = events(tmp_path / "train"), events(tmp_path / "validation")
    for epoch in range(3):
        for key in ("loss", "mae"):
            assert train[f"epoch_{key}", epoch] == pytest.approx(history[key][epoch])
            assert validation[f"epoch_{key}", epoch] == pytest.approx(history[f"val_{key}"][epoch])
            place = f"evaluation_{key}_vs_iterations", 4 * (epoch + 1)
            assert validation[place] == pytest.approx(history[f"val_{key}"][epoch])
        assert train["epoch_learning_rate", epoch] == pytest.approx(0.001)
        assert train["epoch_steps_per_second", epoch] > 0
    assert sorted(step for name, step in train if name == "batch_loss") == [2, 4, 6, 8, 10, 12]
    kernel = model.weights[0].path
    assert train[f"{kernel}/histogram", 0] == train[f"{kernel}/histogram", 2] == "histo"
    assert (f"{kernel}/histogram", 1) not in train
    assert train[f"{kernel}/image", 2] == "image"


def test_tensorboard_by_default(tmp_path: Path) -> None:
    fit(made(), TensorBoard(tmp_path), epochs=1)
    assert {name for name, _ in events(tmp_path / "train")} == {"epoch_loss", "epoch_mae", "epoch_learning_rate"}


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"log_dir": 3}, TypeError),
        ({"histogram_freq": -1}, ValueError),
        ({"histogram_freq": None}, TypeError),
        ({"write_graph": 1}, TypeError),
        ({"write_images": "no"}, TypeError),
        ({"write_steps_per_second": None}, TypeError),
        ({"update_freq": "step"}, ValueError),
        ({"update_freq": 0}, ValueError),
        ({"profile_batch": 2}, ValueError),
        ({"embeddings_freq": 1}, ValueError),
        ({"embeddings_metadata": {}}, ValueError),
    ],
)
def test_bad_arguments_of_tensorboard(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match=next(iter(arguments))):
        TensorBoard(**arguments)


def test_without_tensorboardx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tensorboardX", None)
    with pytest.raises(ImportError, match=r"pip install 'lamina\[tensorboard\]'"):
        TensorBoard()
