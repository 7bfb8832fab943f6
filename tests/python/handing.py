"""What hands over the small classifier's data in batches: iterators, data sets and loaders, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from lamina.models import Sequential
from lamina.utils import PyDataset
from small import LABELS, X

ROWS = len(X)
WEIGHTS = np.linspace(0, 2, ROWS)
RAN_OUT = "Your input ran out of data; interrupting training"
quiet = pytest.mark.filterwarnings(f"ignore:{RAN_OUT}")


def cut(sizes: list[int]) -> list[slice]:
    ends = np.cumsum(sizes).tolist()
    return [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]


def equal_sizes(size: int) -> list[int]:
    return [min(size, ROWS - start) for start in range(0, ROWS, size)]


def batches(sizes: list[int], *more: Any) -> Iterator[tuple[Any, ...]]:
    """Hand over x, labels and more in batches of these sizes."""
    for rows in cut(sizes):
        yield (X[rows], LABELS[rows], *(values[rows] for values in more))


class Batches(PyDataset):
    """The same as a data set, which notes what it is asked for."""

    def __init__(self, sizes: list[int], *more: Any) -> None:
        super().__init__()
        self.sizes, self.more, self.asked = sizes, more, []

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, index: int) -> Any:
        self.asked.append(index)
        return list(batches(self.sizes, *self.more))[index]


class Loader:
    """What can be iterated over again and again, as a loader of another library."""

    def __init__(self, sizes: list[int], *more: Any) -> None:
        self.sizes, self.more = sizes, more

    def __iter__(self) -> Iterator[Any]:
        return (list(batch) for batch in batches(self.sizes, *self.more))

    def __len__(self) -> int:
        return len(self.sizes)


def unknown(source: Any) -> Any:
    """The same without a length."""

    class Unknown:
        def __iter__(self) -> Iterator[Any]:
            return iter(source)

    return Unknown()


def fit(model: Sequential, x: Any, **options: Any) -> Any:
    return model.fit(x, **{"shuffle": False, "verbose": 0, **options})
