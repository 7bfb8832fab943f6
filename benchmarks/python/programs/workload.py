"""What the programs of the comparison share: the arguments, the data, the clock and the report.

Imported from each rival's own interpreter, so it needs NumPy and the standard library only.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

DROPOUT = 0.2
LEARNING_RATE = 1e-3
CALIBRATION_SECONDS = 0.3
PARTS = 100


@dataclass(frozen=True)
class Workload:
    """A network (features, hidden units, outputs) and what is done with it.

    Every hidden layer is a ReLU, in training followed by dropout of ``DROPOUT``. One output means
    regression with mean squared error, more mean softmax with cross-entropy. The optimizer is Adam at
    its usual defaults. In training an epoch has ``steps`` batches; in inference a call takes ``batch``
    rows, and what is timed are blocks of at most ``steps`` calls.
    """

    sizes: tuple[int, ...]
    batch: int
    steps: int
    data: str
    epochs: int
    threads: int
    variant: str

    @property
    def rows(self) -> int:
        return self.batch * self.steps

    @property
    def regression(self) -> bool:
        return self.sizes[-1] == 1

    @property
    def inference_threads(self) -> int:
        """For libraries that do not choose themselves: one row is as fast on one, and a second may be kept from it."""
        return 1 if self.batch == 1 else self.threads

    @property
    def flop_per_call(self) -> int:
        """Of inference; a multiply-add counts two."""
        return 2 * self.batch * sum(rows * columns for rows, columns in pairwise(self.sizes))

    @property
    def flop_per_step(self) -> int:
        """Of training: forward, weight gradient, input gradient; the first layer needs no input gradient."""
        return 3 * self.flop_per_call - 2 * self.batch * self.sizes[0] * self.sizes[1]


def parse_arguments(description: str | None, variants: Sequence[str] = ("",)) -> Workload:
    """Read ``SIZES BATCH STEPS`` and the options from the command line; the first variant is the default."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("sizes", help="features, units of each layer: 784,128,64,10")
    parser.add_argument("batch", type=int, help="rows of a training step, or of a call of predict")
    parser.add_argument("steps", type=int, help="steps of an epoch, or the most calls of a block")
    parser.add_argument("--data", choices=("random", "mnist"), default="random")
    parser.add_argument("--epochs", type=int, default=3, help="timed epochs or blocks, after one to warm up")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--variant", choices=variants, default=variants[0])
    given = parser.parse_args()
    sizes = tuple(int(size) for size in given.sizes.split(","))
    return Workload(sizes, given.batch, given.steps, given.data, given.epochs, given.threads, given.variant)


def read_idx(path: Path, most: int) -> np.ndarray:
    """Read one IDX file of unsigned bytes, gzipped or plain, straight into its array: the first ``most`` items."""
    packed = path.with_name(path.name + ".gz")
    with gzip.open(packed) if packed.exists() else path.open("rb") as file:
        rank = file.read(4)[3]
        shape = np.frombuffer(file.read(4 * rank), ">u4")
        array = np.empty((min(shape[0], most), *shape[1:]), np.uint8)
        rest = memoryview(array).cast("B")
        while rest:
            done = file.readinto(rest[: 1 << 20])
            if not done:
                raise SystemExit(f"{path}: {len(rest)} bytes are missing")
            rest = rest[done:]
    return array


def load_mnist(most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return MNIST's first training images ``(rows, 784)`` and labels ``(rows,)``, at most so many, both uint8."""
    root = os.environ.get("LAMINA_DATA")
    if not root:
        raise SystemExit("LAMINA_DATA is not set: name the folder that holds mnist/")
    folder = Path(root) / "mnist"
    images = read_idx(folder / "train-images-idx3-ubyte", most)
    return images.reshape(len(images), -1), read_idx(folder / "train-labels-idx1-ubyte", most)


def random_rows(work: Workload, rows: int) -> np.ndarray:
    """Return ``(rows, features)`` of dense float32 numbers, the same in every program."""
    return np.random.default_rng(0).standard_normal((rows, work.sizes[0]), dtype=np.float32)


def load_data(work: Workload) -> tuple[np.ndarray, np.ndarray]:
    """Return ``x`` (rows, features) and ``y`` (rows,): MNIST, uint8, or random rows, float32.

    MNIST is repeated where an epoch is longer.
    """
    if work.data == "mnist":
        images, labels = load_mnist(work.rows)
        if work.rows == len(images):
            return images, labels
        rows = np.arange(work.rows) % len(images)
        return images[rows], labels[rows]
    y = np.random.default_rng(1).integers(0, max(work.sizes[-1], 2), work.rows).astype(np.uint8)
    return random_rows(work, work.rows), y


def time_epochs(work: Workload, epoch: Callable[[], object]) -> list[float]:
    """Run one epoch to warm up, then ``work.epochs``; return the seconds of a step in each timed one."""
    epoch()
    seconds = []
    for _ in range(work.epochs):
        start = time.perf_counter()
        epoch()
        seconds.append((time.perf_counter() - start) / work.steps)
    return seconds


def time_calls(work: Workload, call: Callable[[], object]) -> list[float]:
    """Time ``work.epochs`` blocks of calls; return the seconds of a call in each.

    A block has as many calls as the warm-up did in ``CALIBRATION_SECONDS``, but at most ``work.steps``. Its
    figure is the median over a hundred parts: calls are so short that another process's turn would count.
    """
    call()
    calls = 0
    start = time.perf_counter()
    while calls == 0 or (calls < work.steps and time.perf_counter() - start < CALIBRATION_SECONDS):
        call()
        calls += 1
    part = max(1, calls // PARTS)

    def time_part() -> float:
        start = time.perf_counter()
        for _ in range(part):
            call()
        return (time.perf_counter() - start) / part

    return [statistics.median(time_part() for _ in range(calls // part)) for _ in range(work.epochs)]


def peak_memory_mib() -> float:
    """Return the most memory this process has had. The kernel's getrusage would count its parent's in."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


def report(seconds: list[float], flop: int, **more: object) -> None:
    """Print one line of JSON: the figure that counts is the fastest epoch's or block's."""
    line = {
        "seconds": min(seconds),
        "median_seconds": statistics.median(seconds),
        "gflop_per_second": flop / min(seconds) / 1e9,
        "peak_memory_mib": peak_memory_mib(),
        **more,
    }
    print(json.dumps(line))
