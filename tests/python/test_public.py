"""Every public name is documented and typed, and every part can be stored as JSON and made again."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

import lamina
from lamina import activations, constraints, initializers, layers, losses, metrics, optimizers, regularizers


def public_modules() -> list[str]:
    found = ["lamina"]
    for module in pkgutil.walk_packages(lamina.__path__, "lamina."):
        if not any(part.startswith("_") for part in module.name.split(".")):
            found.append(module.name)
    return found


def public_names(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Yield the classes and functions that a module offers and that are the package's own."""
    names = getattr(module, "__all__", [name for name in vars(module) if not name.startswith("_")])
    for name in names:
        value = getattr(module, name)
        own = str(getattr(value, "__module__", "")).startswith("lamina")
        if own and (inspect.isclass(value) or inspect.isfunction(value)):
            yield f"{module.__name__}.{name}", value


def public_members(cls: type) -> Iterator[tuple[str, Any]]:
    for name, value in vars(cls).items():
        if name.startswith("_") and name not in ("__init__", "__call__"):
            continue
        if name == "__init__" and getattr(cls, "_is_protocol", False):  # Python's own
            continue
        function = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        if inspect.isfunction(function):
            yield name, function


def complaints(name: str, function: Any, documented: bool) -> Iterator[str]:
    if documented and not (function.__doc__ or "").strip():
        yield f"{name} has no docstring"
    signature = inspect.signature(function)
    for parameter in signature.parameters.values():
        if parameter.annotation is parameter.empty and parameter.name not in ("self", "cls"):
            yield f"{name}({parameter.name}) has no type"
    if signature.return_annotation is signature.empty:
        yield f"{name} has no return type"


@pytest.mark.parametrize("module", public_modules())
def test_documented_and_typed(module: str) -> None:
    """Modules, classes, functions, methods and properties; an __init__ is documented by its class."""
    loaded = importlib.import_module(module)
    found = [] if (loaded.__doc__ or "").strip() else [f"{module} has no docstring"]
    for name, value in public_names(loaded):
        if inspect.isfunction(value):
            found += complaints(name, value, documented=True)
            continue
        if not (value.__dict__.get("__doc__") or "").strip():
            found.append(f"{name} has no docstring")
        for member, function in public_members(value):
            found += complaints(f"{name}.{member}", function, documented=member != "__init__")
    assert found == []


def test_activations_are_documented() -> None:
    """The module's table has a row for each, with its parameters."""
    table = activations.__doc__ or ""
    rows = {line.split()[0] for line in table.splitlines() if line[:1].strip()}
    assert set(activations.known()) <= rows
    for name in activations.known():
        for parameter in activations.get(name).parameters:
            assert f"``{parameter}``" in table


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(value, allow_nan=False))


FAMILIES = {
    "loss": (losses.get, losses.known()),
    "metric": (metrics.get, metrics.known()),
    "optimizer": (optimizers.get, optimizers.known()),
    "initializer": (initializers.get, initializers.known()),
    "regularizer": (regularizers.get, ["l1", "l2", "l1_l2"]),
    "constraint": (constraints.get, list(constraints._NAMES)),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stored_configuration_makes_an_equal_part(family: str) -> None:
    """For every member of the family, by JSON; what the core is told is equal too."""
    get, names = FAMILIES[family]
    assert names
    for name in names:
        part = get(name)
        stored = as_json({"class_name": type(part).__name__, "config": part.get_config()})
        again = get(stored)
        assert type(again) is type(part)
        assert as_json(again.get_config()) == as_json(part.get_config())
        if hasattr(part, "spec"):
            assert again.spec() == part.spec()


def test_a_stored_activation_makes_an_equal_one() -> None:
    """With its default parameters and with others."""
    for name in activations.known():
        function = activations.get(name)
        changed = {key: True if value is False else 0.5 for key, value in function.parameters.items()}
        for one in (function, activations.ActivationFunction(name, **changed)):
            again = activations.get(as_json(one.get_config()))
            assert again.specs() == one.specs()


LAYERS = {
    "ActivityRegularization": {"l1": 0.5},
    "AlphaDropout": {"rate": 0.25, "seed": 5},
    "BatchNormalization": {"momentum": 0.5, "center": False, "gamma_constraint": "non_neg"},
    "ELU": {"alpha": 0.5},
    "Activation": {"activation": {"name": "gelu", "approximate": True}},
    "Dense": {"units": 3, "activation": "mish", "kernel_initializer": "he_normal", "kernel_regularizer": "l2"},
    "Dropout": {"rate": 0.25, "seed": 3},
    "Flatten": {},
    "GaussianDropout": {"rate": 0.5, "seed": 1},
    "GaussianNoise": {"stddev": 0.5, "seed": 0},
    "LayerNormalization": {"epsilon": 0.5, "beta_regularizer": "l1"},
    "LeakyReLU": {"negative_slope": 0.05},
    "Normalization": {"mean": 0.5, "variance": 2.0, "invert": True},
    "PReLU": {"alpha_regularizer": "l1"},
    "ReLU": {"max_value": 2.0, "threshold": 0.5},
    "Rescaling": {"scale": 0.5, "offset": 1.0},
    "Reshape": {"target_shape": (3, 2)},
    "Softmax": {"axis": -1},
}


def test_every_layer_is_listed() -> None:
    """Here, so that a new one is stored and made again too."""
    assert {*LAYERS, "Input", "InputLayer", "Layer", "deserialize", "serialize"} == set(layers.__all__)


@pytest.mark.parametrize("name", LAYERS)
def test_a_stored_layer_makes_an_equal_one(name: str) -> None:
    """By JSON, with an input_shape."""
    cls = getattr(layers, name)
    layer = cls(**LAYERS[name], input_shape=(2, 3))
    again = cls.from_config(as_json(layer.get_config()))
    assert as_json(again.get_config()) == as_json(layer.get_config())
    assert again.spec() == layer.spec()
    assert again.declared_shape == layer.declared_shape == (2, 3)
