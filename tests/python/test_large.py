"""More rows than 32 bits count, and sums that float32 could not hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lamina.layers import Dense
from lamina.models import Sequential
from lamina.optimizers import SGD

pytestmark = pytest.mark.slow

MANY = 2**31 + 64
GIBI = 2**30


def need_memory(gibibytes: float) -> None:
    """Skip the test where less memory is free."""
    lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
    free = int(lines["MemAvailable"].split()[0]) * 1024 / GIBI
    if free < gibibytes:
        pytest.skip(f"needs {gibibytes:g} GiB of free memory, there are {free:.1f}")


def line_through(slope: float, offset: float, loss: str = "mean_absolute_error", metrics: list[str] | None = None):
    """Return a model of one feature that computes slope * x + offset."""
    model = Sequential([Dense(1, input_shape=(1,))])
    model.set_weights([[[slope]], [offset]])
    model.compile(SGD(0.0), loss, metrics)
    return model


def test_more_rows_than_32_bits_count_are_predicted() -> None:
    need_memory(14)
    x = np.zeros((MANY, 1), np.uint8)  # pages that nobody writes take no memory
    odd = [0, 1, 63, 64, 2**31 - 1, 2**31, 2**31 + 1, MANY - 1]
    x[odd, 0] = range(1, len(odd) + 1)
    outputs = line_through(2, 0.5).predict(x)
    assert outputs.shape == (MANY, 1)
    np.testing.assert_array_equal(outputs[odd, 0], 2.5 + 2 * np.arange(len(odd)))
    outputs[odd] = 0.5
    assert outputs.min() == outputs.max() == 0.5


def test_more_targets_than_32_bits_count_are_evaluated() -> None:
    need_memory(4)
    outputs = 64
    rows = MANY // outputs
    model = Sequential([Dense(outputs, kernel_initializer="zeros", input_shape=(1,))])
    model.compile("sgd", "mean_absolute_error")
    y = np.zeros((rows, outputs), np.float32)
    y[-1, -1] = 2.0**31
    assert model.evaluate(np.broadcast_to(np.uint8(1), (rows, 1)), y, verbose=0) == 2.0**31 / MANY


def test_sums_are_as_exact_as_double() -> None:
    rows = 20_000_000
    x = np.zeros((rows, 1), np.uint8)
    y = np.full((rows, 1), 0.1, np.float32)
    exact = float(np.float32(0.1))
    assert abs(float(np.add.accumulate(y[:, 0])[-1]) / rows - exact) > 1e-3  # what a float32 sum makes of it
    model = line_through(0, 0, metrics=["mse", "binary_accuracy"])
    results = model.evaluate(x, y, verbose=0, return_dict=True)
    history = model.fit(x, y, batch_size=512, shuffle=False, verbose=0).history
    for found in (results, {name: values[0] for name, values in history.items()}):
        assert found["loss"] == pytest.approx(exact, rel=1e-9)
        assert found["mse"] == pytest.approx(float(np.float32(0.1) ** 2), rel=1e-7)
        assert found["binary_accuracy"] == 0  # 0.1 is no class
    counted = line_through(0, 0, metrics=["binary_accuracy"])
    y[:] = 0
    assert counted.evaluate(x, y, verbose=0)[1] == 1  # a float32 count stops at 16,777,216
    assert counted.fit(x, y, batch_size=512, shuffle=False, verbose=0).history["binary_accuracy"] == [1]
