"""Dense neural networks, trained on the CPU, through the names that Keras users know.

::

    from lamina.models import Sequential
    from lamina.layers import Dense, Dropout

Importing `lamina` costs little more than importing NumPy: its modules are loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _core

if TYPE_CHECKING:
    from . import (
        activations,
        callbacks,
        compat,
        config,
        datasets,
        initializers,
        layers,
        losses,
        metrics,
        models,
        optimizers,
        plot,
        regularizers,
        saving,
        testing,
        utils,
    )
    from .models import load_model

__version__: str = _core.build_info()["version"]

__all__ = [
    "__version__",
    "activations",
    "callbacks",
    "compat",
    "config",
    "constraints",
    "datasets",
    "initializers",
    "layers",
    "load_model",
    "losses",
    "metrics",
    "models",
    "optimizers",
    "plot",
    "regularizers",
    "saving",
    "show_config",
    "testing",
    "utils",
]


def show_config() -> None:
    """Print how this was built and what it uses here.

    The version, the compiler, the instruction set in use and those available, OpenMP, BLAS, who
    computes large matrix products, and how many threads a computation may use.
    """
    rows = {"version": __version__} | _core.build_info()
    rows["instruction set"] = f"{_core.isa()} (available: {', '.join(_core.isas())})"
    rows["matrix products"] = _core.gemm()
    rows["threads"] = str(_core.get_num_threads())
    width = max(map(len, rows))
    for name, value in rows.items():
        print(f"{name:<{width}}  {value}")


def __getattr__(name: str) -> Any:
    if name == "load_model":
        from .models import load_model

        return load_model
    if name in __all__:
        import importlib

        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
