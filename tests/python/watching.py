"""Trainings in which a callback watches a number that is written beforehand; for Keras's callbacks and for lamina's."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

EPOCHS = 12
#: The seeds from which on checkpoints are drawn.
CHECKPOINTS = 160
X = np.zeros((4, 2), "float32")
Y = np.zeros((4, 1), "float32")


def draw(seed: int) -> dict[str, Any]:
    """A callback's name and arguments, the key that it watches, and what that is from epoch to epoch."""
    chance = random.Random(seed)
    value, values = chance.randint(8, 24), []
    for _ in range(EPOCHS):
        value += chance.choice([-3, -2, -1, -1, 0, 0, 1, 2])
        values.append(value / 8)  # eighths, so that differences are exact
    monitor = chance.choice(["loss", "val_loss", "mae", "val_binary_accuracy", "made_up"])
    mode = chance.choice(["min", "max"] if monitor == "made_up" else ["auto", "auto", "min", "max"])
    if seed >= CHECKPOINTS:
        best = chance.random() < 0.75
        arguments: dict[str, Any] = {"monitor": monitor, "mode": mode, "save_best_only": best}
        arguments["initial_value_threshold"] = chance.choice([None, None, 1.0, 2.0])
        arguments["save_freq"] = "epoch" if best else chance.choice(["epoch", 2, 5])
        return {"callback": "ModelCheckpoint", "arguments": arguments, "values": values}
    arguments = {
        "monitor": monitor,
        "mode": mode,
        "min_delta": chance.choice([0, 0.125, -0.25]),
        "patience": chance.choice([0, 1, 2, 4]),
    }
    if seed % 2 == 0:
        arguments["baseline"] = chance.choice([None, None, 1.0, 2.0])
        arguments["restore_best_weights"] = chance.random() < 0.7
        arguments["start_from_epoch"] = chance.choice([0, 0, 1, 3])
        return {"callback": "EarlyStopping", "arguments": arguments, "values": values}
    arguments["factor"] = chance.choice([0.5, 0.1, 0.0])
    arguments["cooldown"] = chance.choice([0, 0, 1, 3])
    arguments["min_lr"] = chance.choice([0.0, 0.0, 0.02])
    return {"callback": "ReduceLROnPlateau", "arguments": arguments, "values": values}


def train(case: dict[str, Any], model: Any, callbacks: Any) -> dict[str, Any]:
    """Fit a compiled model of one unit and say what came of it; its bias tells the epoch that left it."""
    if case["callback"] != "ModelCheckpoint":
        return _train(case, case["arguments"], model, callbacks)
    with tempfile.TemporaryDirectory() as folder:
        arguments = {"filepath": f"{folder}/{{epoch:02d}}.weights.h5", "save_weights_only": True, **case["arguments"]}
        found = _train(case, arguments, model, callbacks)
        return found | {"saved": sorted(path.name for path in Path(folder).iterdir())}


def _train(case: dict[str, Any], arguments: dict[str, Any], model: Any, callbacks: Any) -> dict[str, Any]:
    watcher = getattr(callbacks, case["callback"])(**arguments)

    def script(epoch: int, logs: dict[str, float]) -> None:
        model.set_weights([np.zeros((2, 1)), np.full(1, epoch + 1.0)])
        logs[case["arguments"]["monitor"]] = case["values"][epoch]

    scripted = callbacks.LambdaCallback(on_epoch_end=script)
    history = model.fit(X, Y, epochs=EPOCHS, verbose=0, validation_data=(X, Y), callbacks=[scripted, watcher])
    found: dict[str, Any] = {"epochs": len(history.epoch), "keys": sorted(history.history)}
    if case["callback"] == "EarlyStopping":
        found["stopped_epoch"], found["best_epoch"] = watcher.stopped_epoch, watcher.best_epoch
        found["bias"] = float(model.get_weights()[1][0])
    elif case["callback"] == "ReduceLROnPlateau":
        found["learning_rate"] = [float(rate) for rate in history.history["learning_rate"]]
    return found
