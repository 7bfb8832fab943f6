"""Models as data: their configuration, copies of them, and how files are written and read."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Mapping
from typing import Any, TypeVar

from .. import _check, _custom
from ..layers import Layer, deserialize, serialize
from ..layers.base import InputLayer, checked_shape, dtype_of
from . import _files
from ._predictor import Predictor
from ._stack import Entry

S = TypeVar("S", bound="Storable")


class Storable(Predictor):
    """What `lamina.models.Sequential` is without its training, with what writes it down and reads it again.

    Parameters
    ----------
    layers, name, dtype
        See `lamina.models.Sequential`.
    """

    # --- configuration --------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes another model like it from, without weights, in Keras's form."""
        layers: list[dict[str, Any]] = []
        shape = self._shape
        if shape is not None:
            layers.append(serialize(InputLayer(shape, name="input_layer")))
        for entry in self._layers:
            layer = description(entry, self.dtype)
            if shape is not None:
                layer["build_config"] = {"input_shape": (None, *shape)}
                shape = entry.shape_after(shape)
            layers.append(layer)
        config = {"name": self.name, "trainable": self.trainable, "dtype": self.dtype, "layers": layers}
        if self._shape is not None:
            config["build_input_shape"] = (None, *self._shape)
        return config

    @classmethod
    def from_config(cls: type[S], config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> S:
        """Return a model made with what `get_config` gave, here or in Keras: its weights are new ones.

        Parameters
        ----------
        config : mapping
            The configuration.
        custom_objects : mapping of str, optional
            As of `lamina.models.load_model`.

        Raises
        ------
        TypeError, ValueError
            For what is no configuration, and for layers and arguments that are not supported.
        """
        if not isinstance(config, Mapping):
            raise TypeError(f"from_config(config={_check.shown(config)}): give a dictionary, as get_config() does")
        entries = config.get("layers")
        if not isinstance(entries, (list, tuple)):
            raise ValueError(f"from_config(): its 'layers' must be a list, not {_check.shown(entries)}")
        with _custom.scope(custom_objects, "from_config"):
            layers = [cls._entry(entry) for entry in entries]
        types = [dtype_of(config.get("dtype")), *(layer.dtype for layer in layers)]
        model = cls(layers, config.get("name"), next((dtype for dtype in types if dtype is not None), None))
        model._trainable = _check.boolean(config.get("trainable", True), "trainable", "Sequential")
        built = config.get("build_input_shape")
        if built is not None and model._shape is None and layers:
            shape = checked_shape(tuple(built)[1:], "build_input_shape", "from_config")
            model.shape_after(shape)
            model._shape = shape
            model._tell_shapes()
        return model

    @classmethod
    def _entry(cls, config: Any) -> Entry:
        if isinstance(config, Mapping) and isinstance(config.get("config"), Mapping):
            name = config.get("class_name")
            if isinstance(name, str) and name == "Sequential":
                return cls.from_config(config["config"])
        return deserialize(config)

    def to_json(self, **options: Any) -> str:
        """Return the configuration as text, for `lamina.models.model_from_json`.

        Parameters
        ----------
        **options
            For `json.dumps`.
        """
        return json.dumps(description(self, self.dtype), **options)

    # --- copies ---------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        token = self.guard.enter("copying a model")
        try:
            state = {name: value for name, value in self.__dict__.items() if name not in ("guard", "_around")}
            return state | {"_network": None, "_progress": self._training_progress(), "_layers": list(self._layers)}
        finally:
            self.guard.leave(token)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._begin_ties()

    def __copy__(self: S) -> S:
        # A copy that shared its layers would change with the first.
        return copy.deepcopy(self)

    # --- files ----------------------------------------------------------------------------------

    def save(self, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Write the whole model to a file: layers, weights, what `compile` was given, and how far training came.

        `lamina.models.load_model` reads it again, and training goes on as if nothing had been between. The file is
        written under another name beside it, and takes its own when all of it is on disk.

        Parameters
        ----------
        filepath : path
            ``.safetensors``, or no extension, for the project's own format; ``.keras`` for Keras's, which needs h5py.
        overwrite : bool
            Whether a file of that name may be replaced.

        Raises
        ------
        TypeError, ValueError
            For another extension, a model that is not built, and, in Keras's format, what Keras does not have.
        FileExistsError
            If the file exists and `overwrite` is False.
        ImportError
            If h5py is needed and missing.
        RuntimeError
            While another thread trains the model.

        Warns
        -----
        UserWarning
            If something is left out: an initializer of your own, or a loss of your own with odd settings.
        """
        _files.save(self, filepath, overwrite)

    def save_weights(self, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Write the weights alone to a file, as `save` does.

        Parameters
        ----------
        filepath : path
            ``.safetensors``, or no extension, for the project's own format; ``.weights.h5`` for Keras's, which needs
            h5py.
        overwrite : bool
            Whether a file of that name may be replaced.

        Raises
        ------
        TypeError, ValueError, FileExistsError, ImportError, RuntimeError
            As from `save`.
        """
        _files.save_weights(self, filepath, overwrite)

    def go_on_from(self, filepath: str | os.PathLike[str]) -> None:
        """Take weights, seeds, the learning rate, and how far training came from a file of the same model.

        Parameters
        ----------
        filepath : path
            A file that `save` wrote, in the project's own format.

        Raises
        ------
        TypeError, ValueError
            If the file is damaged or of another model, or the optimizer is another; nothing has changed then.
        OSError
            If the file cannot be read.
        RuntimeError
            While another thread uses the model.
        """
        claimed = self.guard.claim("go_on_from()", nested=True)
        try:
            _files.go_on_from(self, filepath)
        finally:
            self.guard.release(claimed)

    def load_weights(self, filepath: str | os.PathLike[str], skip_mismatch: bool = False) -> None:
        """Replace all weights by those of a file, in any format, of weights alone or of a whole model.

        Parameters
        ----------
        filepath : path
            The file, whose contents decide what it is.
        skip_mismatch : bool
            Whether to leave a weight as it is where the file has one of another shape, or none.

        Raises
        ------
        TypeError, ValueError
            If the file is damaged or none of a model, the model is not built, or a weight has another shape; nothing
            has changed then.
        OSError, ImportError
            If the file cannot be read, or h5py is needed and missing.
        RuntimeError
            While another thread uses the model.
        """
        _files.load_weights(self, filepath, skip_mismatch)


def description(entry: Entry, dtype: str) -> dict[str, Any]:
    """Return what a layer, or a model inside a model, is made from again; its type is the model's."""
    if isinstance(entry, Layer):
        found = serialize(entry)
        found["config"] = {name: value for name, value in found["config"].items() if name != "input_shape"}
        found["config"]["dtype"] = dtype
        return found
    assert isinstance(entry, Storable)
    return {"module": "keras", "class_name": "Sequential", "config": entry.get_config(), "registered_name": None}
