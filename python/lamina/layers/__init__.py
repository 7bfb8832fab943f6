"""Layers: what a model is made of. They hold settings; the weights lie in the native core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import _check, _custom, _registry
from .activation import ELU, Activation, LeakyReLU, PReLU, ReLU, Softmax
from .base import Input, InputLayer, Layer
from .dense import Dense
from .normalization import BatchNormalization, LayerNormalization, Normalization
from .regularization import ActivityRegularization, AlphaDropout, Dropout, GaussianDropout, GaussianNoise
from .shaping import Flatten, Rescaling, Reshape

__all__ = [
    "ELU",
    "Activation",
    "ActivityRegularization",
    "AlphaDropout",
    "BatchNormalization",
    "Dense",
    "Dropout",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "Input",
    "InputLayer",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Normalization",
    "PReLU",
    "ReLU",
    "Rescaling",
    "Reshape",
    "Softmax",
    "deserialize",
    "serialize",
]


def serialize(layer: Layer) -> dict[str, Any]:
    """Return what `deserialize` makes another layer like it from, without weights."""
    return _registry.serialize(layer, "keras.layers")


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Layer:
    """Return the layer that `serialize` wrote down, here or in Keras.

    Parameters
    ----------
    config : mapping
        What was written.
    custom_objects : mapping of str, optional
        Code of your own in its arguments, by the names that stand for it; see `lamina.saving`.

    Raises
    ------
    TypeError
        For anything that is no such description.
    ValueError
        For a layer or an argument that is not supported.
    """
    if not (isinstance(config, Mapping) and isinstance(config.get("config"), Mapping)):
        raise TypeError(f"layer {_check.shown(config)} must be a dictionary with 'class_name' and 'config'")
    name = config.get("class_name")
    classes = {name: value for name in __all__ if isinstance(value := globals()[name], type)}
    cls: type[Layer] | None = classes.get(name) if isinstance(name, str) else None
    with _custom.scope(custom_objects, "deserialize"):
        own = _custom.find(config)
        if own is not None or (cls is not None and config.get("registered_name") not in (None, name)):
            shown = config.get("registered_name") or name
            raise ValueError(f"layer {shown!r} is one of a user's own, which is not supported: layers are the core's")
        if cls is None:
            raise _check.unknown("layer", name, classes)
        return cls.from_config(config["config"])
