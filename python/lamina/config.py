"""Settings of the whole process."""

from __future__ import annotations

from typing import Literal

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


def set_gemm(name: Literal["native", "blas"]) -> None:
    """Choose who computes large matrix products, from the next batch on.

    Parameters
    ----------
    name : {'native', 'blas'}
        ``'native'``: lamina's own kernels. ``'blas'``: the BLAS that lamina was built with, for the
        products of dense layers that are large enough; it uses one thread for each of lamina's. At the
        start it is what ``LAMINA_GEMM`` says, else ``'native'``.

    Raises
    ------
    TypeError
        If it is no string.
    ValueError
        If it is another name.
    RuntimeError
        For ``'blas'`` where lamina was built without one.

    Notes
    -----
    A BLAS sums in an order of its own. What a seed gives then depends on the library, on the CPU and
    on how the rows are batched, and columns that are zero in a whole batch are not skipped.
    """
    if not isinstance(name, str):
        raise TypeError(f"set_gemm(name={_check.shown(name)}): name must be 'native' or 'blas'")
    _core.set_gemm(name)


def get_gemm() -> Literal["native", "blas"]:
    """Return who computes large matrix products: ``'native'`` or ``'blas'``."""
    return _core.gemm()
