"""What every program of the comparison shares: the arguments, the data, the clock and the report.

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
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

MNIST_FEATURES = 28 * 28
DROPOUT = 0.2


@dataclass(frozen=True)
class Workload:
    """A network (features, hidden units, outputs) and how it is trained.

    Every hidden layer is a ReLU followed by dropout of ``DROPOUT``. One output means regression
    with mean squared error, more mean softmax with cross-entropy. The optimizer is Adam at its
    usual defaults.
    """

    sizes: tuple[int, ...]
    batch: int
    steps: int
    epochs: int
    threads: int

    @property
    def rows(self) -> int:
        return self.batch * self.steps

    @property
    def regression(self) -> bool:
        return self.sizes[-1] == 1

    @property
    def flop_per_step(self) -> int:
        """Multiply-adds count two; the first layer needs no input gradient."""
        products = [rows * columns for rows, columns in pairwise(self.sizes)]
        return 2 * self.batch * (3 * sum(products) - products[0])


def parse_arguments(description: str) -> Workload:
    """Read ``SIZES BATCH STEPS`` and the options from the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("sizes", help="features, units of each layer: 784,128,64,10")
    parser.add_argument("batch", type=int)
    parser.add_argument("steps", type=int, help="steps in an epoch")
    parser.add_argument("--epochs", type=int, default=3, help="timed epochs, after one to warm up")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    sizes = tuple(int(size) for size in given.sizes.split(","))
    return Workload(sizes, given.batch, given.steps, given.epochs, given.threads)


def read_idx(path: Path) -> np.ndarray:
    """Read one IDX file of unsigned bytes, gzipped or plain, straight into its array."""
    packed = path.with_name(path.name + ".gz")
    with gzip.open(packed) if packed.exists() else path.open("rb") as file:
        rank = file.read(4)[3]
        shape = np.frombuffer(file.read(4 * rank), ">u4")
        array = np.empty(shape, np.uint8)
        rest = memoryview(array).cast("B")
        while rest:
            done = file.readinto(rest[: 1 << 20])
            if not done:
                raise SystemExit(f"{path}: {len(rest)} bytes are missing")
            rest = rest[done:]
    return array


def load_mnist() -> tuple[np.ndarray, np.ndarray]:
    """Return MNIST's training images ``(60000, 784)`` and labels ``(60000,)``, both uint8."""
    root = os.environ.get("LAMINA_DATA")
    if not root:
        raise SystemExit("LAMINA_DATA is not set: name the folder that holds mnist/")
    folder = Path(root) / "mnist"
    images = read_idx(folder / "train-images-idx3-ubyte")
    return images.reshape(-1, MNIST_FEATURES), read_idx(folder / "train-labels-idx1-ubyte")


def load_data(work: Workload) -> tuple[np.ndarray, np.ndarray]:
    """Return ``x`` (rows, features) and ``y`` (rows,): MNIST, uint8, or random rows, float32.

    MNIST is taken where the network has its 784 features; it is repeated where an epoch is longer.
    """
    if work.sizes[0] == MNIST_FEATURES:
        images, labels = load_mnist()
        if work.rows <= len(images):
            return images[: work.rows], labels[: work.rows]
        rows = np.arange(work.rows) % len(images)
        return images[rows], labels[rows]
    generator = np.random.default_rng(0)
    x = generator.standard_normal((work.rows, work.sizes[0]), dtype=np.float32)
    y = generator.integers(0, max(work.sizes[-1], 2), work.rows).astype(np.uint8)
    return x, y


def time_epochs(work: Workload, epoch: Callable[[], object]) -> list[float]:
    """Run one epoch to warm up, then ``work.epochs``; return the seconds of each timed one."""
    epoch()
    seconds = []
    for _ in range(work.epochs):
        start = time.perf_counter()
        epoch()
        seconds.append(time.perf_counter() - start)
    return seconds


def peak_memory_mib() -> float:
    """Return the most memory this process has had. The kernel's getrusage would count its parent's in."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


def report(work: Workload, seconds: list[float], versions: dict[str, str], **more: object) -> None:
    """Print one line of JSON; the figure that counts is the fastest epoch's."""
    best = min(seconds)
    line = {
        "us_per_step": best / work.steps * 1e6,
        "us_per_step_median": statistics.median(seconds) / work.steps * 1e6,
        "gflop_per_second": work.flop_per_step * work.steps / best / 1e9,
        "peak_memory_mib": peak_memory_mib(),
        "threads": work.threads,
        "versions": {**versions, "numpy": np.__version__},
        **more,
    }
    print(json.dumps(line))
