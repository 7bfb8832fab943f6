"""Models: layers one after another, with the methods that train and use them, and files of them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from .. import _check, _custom
from ..initializers import Initializer
from ..layers import Layer
from ..regularizers import Regularizer
from . import _files
from ._sequential import Sequential

__all__ = ["Sequential", "clone_model", "load_model", "model_from_json", "save_model"]


def save_model(model: Sequential, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Write a whole model to a file; the same as its method `Sequential.save`.

    Parameters
    ----------
    model : Sequential
        The model.
    filepath, overwrite
        See `Sequential.save`.

    Raises
    ------
    TypeError
        If it is no model.
    ValueError, FileExistsError, ImportError, RuntimeError
        As from `Sequential.save`.
    """
    _checked(model, "save_model").save(filepath, overwrite)


def load_model(
    filepath: str | os.PathLike[str],
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Sequential:
    """Return the model in a file that `Sequential.save`, or Keras, wrote. Nothing in a file is ever run.

    Parameters
    ----------
    filepath : path
        The file, whose contents decide what it is: the project's own format, or Keras's, which needs h5py.
    custom_objects : mapping of str, optional
        Code of your own, classes and functions, by the names that stand for it in the file, which are its own; what is
        registered need not be given: see `lamina.saving`. Layers and activations of your own are not supported.
    compile : bool
        Whether to compile it as it was, and to go on where its training was.
    safe_mode : True
        Keras's argument; there is no other mode.

    Returns
    -------
    Sequential
        The model.

    Raises
    ------
    TypeError, ValueError
        If the file is damaged or none of a model, or holds what is not supported.
    OSError, ImportError
        If it cannot be read, or h5py is needed and missing.

    Warns
    -----
    UserWarning
        If its loss is one of your own that is not at hand: the model is not compiled then. If the
        optimizer's state in it is that of other weights than those that are trained: training begins anew then.
    """
    _check.refuse("load_model", {"safe_mode": safe_mode}, {"safe_mode": True}, {})
    with _custom.scope(custom_objects, "load_model"):
        return _files.load(Sequential, filepath, _check.boolean(compile, "compile", "load_model"))


def clone_model(model: Any, clone_function: Callable[[Layer], Layer] | None = None) -> Sequential:
    """Return a model like another, with new weights, that is not compiled.

    Parameters
    ----------
    model : Sequential
        The model.
    clone_function : callable, optional
        Makes the layer for each layer, those of models inside among them; without it, one of the same configuration.

    Raises
    ------
    TypeError
        If it is no model, or the function is none or gives no layers.
    """
    _checked(model, "clone_model")
    if clone_function is None:
        with _custom.scope(_own_classes(model), "clone_model"):
            return Sequential.from_config(model.get_config())
    if not callable(clone_function):
        raise TypeError(
            f"clone_model(clone_function={_check.shown(clone_function)}): it must take a layer and return one"
        )
    twin = _cloned(model, clone_function)
    if model.built and not twin.built:
        twin.build(model.input_shape)
    return twin


def _own_classes(model: Sequential) -> dict[str, type]:
    """Return the classes of a model's initializers and regularizers that are a user's own."""
    arguments = (value for layer in model._leaves() for value in vars(layer).values())
    classes = (type(value) for value in arguments if isinstance(value, (Initializer, Regularizer)))
    return {cls.__name__: cls for cls in classes if cls.__module__.partition(".")[0] != "lamina"}


def _cloned(model: Any, make: Callable[[Layer], Layer]) -> Sequential:
    layers: list[Any] = []
    for entry in model.layers:
        layers.append(make(entry) if isinstance(entry, Layer) else _cloned(entry, make))
    return Sequential(layers, model.name, model.dtype)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Sequential:
    """Return the model that `Sequential.to_json`, here or in Keras, wrote down: its weights are new ones.

    Parameters
    ----------
    json_string : str
        The text.
    custom_objects : mapping of str, optional
        As of `load_model`.

    Raises
    ------
    TypeError, ValueError
        If it is no description of a model, or of one with what is not supported.
    """
    if not isinstance(json_string, str):
        raise TypeError(f"model_from_json(json_string={_check.shown(json_string)}): give text, as to_json() does")
    try:
        description = json.loads(json_string)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"model_from_json(json_string={_check.shown(json_string)}): it is no JSON: {error}") from None
    if not (isinstance(description, dict) and description.get("class_name") == "Sequential"):
        raise ValueError("model_from_json(json_string=...): it does not describe a Sequential, as to_json() does")
    with _custom.scope(custom_objects, "model_from_json"):
        return Sequential.from_config(description.get("config", {}))


def _checked(model: Any, where: str) -> Sequential:
    if not isinstance(model, Sequential):
        raise TypeError(f"{where}(model={_check.shown(model)}): model must be a Sequential")
    return model
