"""Trainings in which a callback watches a number that is written beforehand; for Keras's callbacks and for lamina's."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

EPOCHS = 12
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
    arguments: dict[str, Any] = {
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
    watcher = getattr(callbacks, case["callback"])(**case["arguments"])

    def script(epoch: int, logs: dict[str, float]) -> None:
        model.set_weights([np.zeros((2, 1)), np.full(1, epoch + 1.0)])
        logs[watcher.monitor] = case["values"][epoch]

    scripted = callbacks.LambdaCallback(on_epoch_end=script)
    history = model.fit(X, Y, epochs=EPOCHS, verbose=0, validation_data=(X, Y), callbacks=[scripted, watcher])
    found: dict[str, Any] = {"epochs": len(history.epoch), "keys": sorted(history.history)}
    if case["callback"] == "EarlyStopping":
        found["stopped_epoch"], found["best_epoch"] = watcher.stopped_epoch, watcher.best_epoch
        found["bias"] = float(model.get_weights()[1][0])
    else:
        found["learning_rate"] = [float(rate) for rate in history.history["learning_rate"]]
    return found
