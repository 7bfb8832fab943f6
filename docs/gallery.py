"""How the gallery calls the examples."""

from __future__ import annotations

from typing import Any


def arguments(gallery_conf: dict[str, Any], script_vars: dict[str, Any]) -> list[str]:
    """Return the arguments of an example: what it saves goes into the build, seen from its folder, where it is run."""
    return ["--output", "../../docs/build/figures"]
