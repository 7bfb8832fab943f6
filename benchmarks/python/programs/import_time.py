"""The time of importing a library beyond NumPy's, and the space that it takes on disk.

    python import_time.py jax jaxlib

imports the modules named, in turn, and counts the files of the distributions they come from.
"""

from __future__ import annotations

import sys
import time
from importlib import import_module

import numpy as np  # noqa: F401  (not counted)


def installed_mib(modules: list[str]) -> float:
    """Return the size of the modules' distributions, their dependencies not included."""
    from importlib.metadata import files, packages_distributions

    found = packages_distributions()
    distributions = {name for module in modules for name in found[module.partition(".")[0]]}
    paths = {file.locate() for name in distributions for file in files(name) or ()}
    return sum(path.stat().st_size for path in paths if path.is_file()) / 2**20


def main() -> None:
    modules = sys.argv[1:]
    start = time.perf_counter()
    for module in modules:
        import_module(module)
    seconds = time.perf_counter() - start
    print(f'{{"seconds": {seconds}, "installed_mib": {installed_mib(modules)}}}')


if __name__ == "__main__":
    main()
