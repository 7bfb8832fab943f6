"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lamina import _core


@pytest.fixture(autouse=True)
def native_settings() -> Iterator[None]:
    """Puts the team, the threads and the instruction set back as they were, whatever a test did."""
    isa, threads = _core.isa(), _core.get_num_threads()
    yield
    _core.force_team(0)
    _core.set_isa(isa)
    _core.set_num_threads(threads)
