"""Ctrl-C in `fit`: it ends, and the model is whole."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = r"""
import signal, sys
import numpy as np
from lamina.callbacks import Callback
from lamina.layers import Dense, Dropout
from lamina.models import Sequential
from lamina.utils import set_random_seed

signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job may have it ignored
generator = np.random.default_rng(1)
x = generator.integers(0, 256, (20000, 300), dtype=np.uint8)
y = generator.integers(0, 10, 20000)


def make_model():
    set_random_seed(7)
    model = Sequential([Dense(256, activation="relu", input_shape=(300,)), Dropout(0.2),
                        Dense(128, activation="tanh"), Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class Ready(Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 0:
            print("ready", flush=True)


class Batches(Callback):
    def on_train_batch_end(self, batch, logs=None):
        pass


class StopAfter(Callback):
    def __init__(self, batches):
        super().__init__()
        self.left = batches

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            self.model.stop_training = True


model = make_model()
callbacks = [Ready(), Batches()] if "batches" in sys.argv else [Ready()]
try:
    model.fit(x, y, epochs=10**6, batch_size=10, verbose=0, callbacks=callbacks)
except KeyboardInterrupt:
    print("caught", flush=True)
steps = model._network.iterations
assert steps > 0
interrupted = model.get_weights()

# The weights are those of the last finished batch: the same number of batches gives the same.
again = make_model()
again.fit(x, y, epochs=10**6, batch_size=10, verbose=0, callbacks=[StopAfter(steps)])
assert again._network.iterations == steps
assert all(np.array_equal(a, b) for a, b in zip(interrupted, again.get_weights()))

# And the model goes on: predicting, evaluating, training.
predicted = model.predict(x[:50], verbose=0)
assert predicted.shape == (50, 10) and np.isfinite(predicted).all()
np.testing.assert_array_equal(predicted, again.predict(x[:50], verbose=0))
assert np.isfinite(model.evaluate(x[:500], y[:500], verbose=0)).all()
history = model.fit(x[:500], y[:500], epochs=2, batch_size=50, verbose=0)
assert len(history.history["loss"]) == 2 and np.isfinite(history.history["loss"]).all()
assert model._network.iterations == steps + 20
assert not np.array_equal(model.get_weights()[0], interrupted[0])
print("usable", steps, flush=True)
"""


@pytest.mark.parametrize("arguments", [[], ["batches"]], ids=["plain", "batch callbacks"])
def test_interrupted_fit(tmp_path: Path, arguments: list[str], record_property: Callable[[str, object], None]) -> None:
    """KeyboardInterrupt reaches the script; weights are the last batch's; training goes on."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(script), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    guard = threading.Timer(120, process.kill)  # only against a hang
    guard.start()
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate()
        time.sleep(0.3)  # into the middle of an epoch
        sent = time.perf_counter()
        process.send_signal(signal.SIGINT)
        line = process.stdout.readline()
        latency = time.perf_counter() - sent
        out, err = process.communicate()
    finally:
        guard.cancel()
        process.kill()
        process.wait()
    assert line == "caught\n", err
    assert process.returncode == 0, err
    assert out.startswith("usable "), err
    record_property("latency_seconds", latency)
    print(f"Ctrl-C ended fit after {1000 * latency:.0f} ms, {out.split()[1]} batches done")
