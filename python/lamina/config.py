"""Settings of the whole process."""

from __future__ import annotations

from . import _check, _core


def set_num_threads(n: int) -> None:
    """Set how many threads a computation may use at most. Results do not depend on it.

    Parameters
    ----------
    n : int
        At least 1. At the start it is what ``OMP_NUM_THREADS``, the CPU affinity and the cgroup's
        quota allow.

    Raises
    ------
    TypeError, ValueError
        For anything else.
    """
    _core.set_num_threads(_check.integer(n, "n", "set_num_threads", 1, 2**31 - 1))


def get_num_threads() -> int:
    """Return how many threads a computation may use at most."""
    return _core.get_num_threads()
