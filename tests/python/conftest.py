"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lamina import _core


@pytest.fixture(autouse=True)
def native_settings() -> Iterator[None]:
    """Puts the team, the threads, the instruction set and the backend back as they were, whatever a test did."""
    isa, threads, gemm = _core.isa(), _core.get_num_threads(), _core.gemm()
    yield
    _core.force_team(0)
    _core.set_isa(isa)
    _core.set_num_threads(threads)
    _core.set_gemm(gemm)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips what is marked as a matter of equal bits where a BLAS sums in an order of its own."""
    if _core.gemm() == "native":
        return
    skip = pytest.mark.skip(reason=f"equal bits are not promised with BLAS ({_core.build_info()['blas']})")
    for item in items:
        if item.get_closest_marker("equal_bits"):
            item.add_marker(skip)
