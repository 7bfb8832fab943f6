"""Inference written in NumPy."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from workload import parse_arguments, random_rows, report, time_calls


def main() -> None:
    work = parse_arguments(__doc__)
    generator = np.random.default_rng(2)
    *hidden, (last_kernel, last_bias) = [
        (generator.uniform(-0.1, 0.1, shape).astype("float32"), np.zeros(shape[1], np.float32))
        for shape in pairwise(work.sizes)
    ]

    def predict(x: np.ndarray) -> np.ndarray:
        for kernel, bias in hidden:
            x = np.dot(x, kernel)
            x += bias
            np.maximum(x, 0, out=x)
        x = np.dot(x, last_kernel)
        x += last_bias
        x -= np.maximum.reduce(x, axis=1, keepdims=True)
        np.exp(x, out=x)
        x /= np.add.reduce(x, axis=1, keepdims=True)
        return x

    x = random_rows(work, work.batch)
    report(time_calls(work, lambda: predict(x)), work.flop_per_call)


if __name__ == "__main__":
    main()
