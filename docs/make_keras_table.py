"""Writes keras.md: what of Keras 3's names for a Sequential is here.

    python docs/make_keras_table.py            # after a change of lamina
    python docs/make_keras_table.py --names    # lists Keras's names anew; needs keras and a backend of it

A name is supported if lamina has it. Of the others PLANNED is said to come; the rest is refused.
"""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
MODULES = (
    *("layers", "activations", "losses", "metrics", "optimizers", "optimizers.schedules", "callbacks", "initializers"),
    *("regularizers", "constraints", "models", "saving", "utils"),
)
METHODS = ("fit", "evaluate", "predict", "compile", "train_on_batch", "test_on_batch")
# What else a module or a Sequential has: machinery of its backends, and what dense networks have no use for.
UTILS = (
    *("PyDataset", "Sequence", "normalize", "plot_model", "set_random_seed", "to_categorical"),
    *("CustomObjectScope", "custom_object_scope", "get_custom_objects", "get_registered_name"),
    *("get_registered_object", "register_keras_serializable"),
)
MACHINERY = (
    *("add_", "input", "quantiz", "_state", "stateless", "own_variables", "_function", "_step", "dtype", "symbolic"),
    *("compute_", "compiled_", "distribute", "rematerialized", "call", "mask", "build_", "outputs", "path", "compile_"),
    *("metrics_var", "_eagerly", "jit_", "losses", "variables", "get_compile"),
)
PLANNED = {}
INTRODUCTION = """\
# Keras's names

What of the names that Keras {keras} has for a `Sequential` is in lamina: supported, with Keras's arguments and
semantics; planned; or refused. An import of a name that is not supported is an `ImportError`; a string, such as
`loss='circle'`, is a `ValueError` that lists what is known; an argument is a `ValueError` that names it, unless it has
Keras's default. `docs/make_keras_table.py` writes this page.
"""


def keras_names() -> dict[str, Any]:
    """List Keras's names: classes of modules, activations, and a Sequential's methods and their arguments."""
    import keras

    names: dict[str, Any] = {"keras": keras.__version__}
    for module in MODULES:
        found = importlib.import_module(f"keras.{module}")
        public = [name for name in dir(found) if not name.startswith("_")]
        if module == "activations":
            public = [name for name in public if name not in ("get", "serialize", "deserialize")]
        elif module == "utils":
            public = [name for name in public if name in UTILS]
        elif module not in ("models", "saving"):
            public = [name for name in public if inspect.isclass(getattr(found, name)) or name == "Input"]
        names[module] = public
    methods = [name for name in dir(keras.Sequential) if not name.startswith("_")]
    names["Sequential"] = [name for name in methods if not any(word in name for word in MACHINERY)]
    for method in METHODS:
        arguments = inspect.signature(getattr(keras.Sequential, method)).parameters
        names[method] = [name for name in arguments if name not in ("self", "kwargs")]
    return names


def is_supported(group: str, name: str) -> bool:
    """Whether lamina has a name of a group."""
    from lamina import activations
    from lamina.models import Sequential

    if group in METHODS:
        return name in inspect.signature(getattr(Sequential, group)).parameters
    if group == "Sequential":
        return hasattr(Sequential, name)
    try:
        if group == "activations":
            return bool(activations.get(name))
        return hasattr(importlib.import_module(f"lamina.{group}"), name)
    except (ModuleNotFoundError, ValueError):
        return False


def page(names: dict[str, Any]) -> str:
    """Return the whole page."""
    parts = [INTRODUCTION.format(keras=names["keras"])]
    titles = {module: f"`keras.{module}`" for module in MODULES} | {"Sequential": "A `Sequential`"}
    titles |= {method: f"Arguments of `{method}`" for method in METHODS}
    for group, title in titles.items():
        rows: dict[str, list[str]] = {"supported": [], "planned": [], "refused": []}
        for name in names[group]:
            otherwise = "planned" if name in PLANNED.get(group, ()) else "refused"
            rows["supported" if is_supported(group, name) else otherwise].append(f"`{name}`")
        table = [f"| {kind} | {', '.join(found)} |" for kind, found in rows.items() if found]
        parts.append("\n".join([f"## {title}\n", "| | |", "| --- | --- |", *table, ""]))
    return "\n".join(parts)


if __name__ == "__main__":
    listed = HERE / "keras_names.json"
    if "--names" in sys.argv:
        lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in keras_names().items()]
        listed.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    else:
        (HERE / "keras.md").write_text(page(json.loads(listed.read_text())))
