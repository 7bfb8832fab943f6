"""Initial weights of one seed that must be the same bits everywhere, and their hashes."""

from __future__ import annotations

from typing import Any

from lamina import initializers
from trainings import DTYPES, SEED, digest

SHAPES = [(130, 70), (40, 65), (33,), (3, 4, 5, 6)]
ARGUMENTS: dict[str, dict[str, Any]] = {
    "constant": {"value": 0.1},
    "identity": {"gain": -0.7},
    "orthogonal": {"gain": 1.3},
    "random_normal": {"mean": 0.3, "stddev": 0.7},
    "random_uniform": {"minval": -0.3, "maxval": 0.9},
    "truncated_normal": {"mean": -0.2, "stddev": 1.1},
    "variance_scaling": {"scale": 0.6, "mode": "fan_out", "distribution": "untruncated_normal"},
}
RANDOM = [name for name in initializers.known() if name not in ("constant", "identity", "ones", "zeros")]


def made(name: str, seed: int = SEED) -> initializers.Initializer:
    """An initializer by name, of a seed where it takes one."""
    config = ARGUMENTS.get(name, {}) | ({"seed": seed} if name in RANDOM else {})
    return initializers.get({"class_name": name, "config": config})


def shapes(name: str) -> list[tuple[int, ...]]:
    """Those of SHAPES that an initializer serves."""
    dimensions = {"identity": (2,), "orthogonal": (2, 4)}.get(name, (1, 2, 4))
    return [shape for shape in SHAPES if len(shape) in dimensions]


def hashes(name: str) -> dict[str, str]:
    """What the weights of an initializer hash to, by type."""
    return {dtype: digest([made(name)(shape, dtype) for shape in shapes(name)]) for dtype in DTYPES}


def all_hashes() -> dict[str, dict[str, str]]:
    """Those of all initializers."""
    return {name: hashes(name) for name in initializers.known()}
