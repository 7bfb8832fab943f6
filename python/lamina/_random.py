"""Where seeds come from: one root, and a count of how many were taken from it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager

from . import _check, _core

# One tuple, replaced as a whole: no lock that a fork could copy in its locked state.
_source: tuple[int, itertools.count[int]] = (
    int.from_bytes(os.urandom(8), "little"),
    itertools.count(),
)


def restart(root: int) -> None:
    """Let the next seeds follow from `root` alone."""
    global _source
    _source = (root, itertools.count())


@contextmanager
def aside() -> Iterator[None]:
    """Take seeds from elsewhere inside the block, so that those after it are as if it were not there."""
    global _source
    before, _source = _source, (0, itertools.count())
    try:
        yield
    finally:
        _source = before


def next_seed() -> int:
    """Return a 64-bit seed that was not given out before."""
    root, count = _source
    return _core.derive_seed(root, next(count))


def given_or_next(seed: int | None, where: str) -> int:
    """Return the checked `seed`, or the next one where it is None."""
    return next_seed() if seed is None else _check.integer(seed, "seed", where, 0, 2**64 - 1)
