"""Files of models: which format a file has, and writing one so that nothing is ever lost."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from .. import _check
from . import _keras_files, _safetensors
from ._state import model_from, state_of, take

if TYPE_CHECKING:
    from ._sequential import Sequential

    M = TypeVar("M", bound=Sequential)

_OWN = ("", ".safetensors")


def save(model: Any, filepath: Any, overwrite: Any) -> None:
    """Write a whole model; see `Sequential.save`."""
    path = _path(filepath, "save")
    if path.name.endswith(".weights.h5"):
        raise ValueError(
            f"save({str(path)!r}): .weights.h5 holds weights alone; use save_weights, or .safetensors here"
        )
    if path.suffix not in (*_OWN, ".keras"):
        raise ValueError(f"save({str(path)!r}): the extension must be .safetensors, or .keras for Keras's format")
    _refuse_existing(path, overwrite, "save")
    state = state_of(model)
    _write(path, _keras_files.archive(state, model) if path.suffix == ".keras" else _safetensors.packed(state))


def save_weights(model: Any, filepath: Any, overwrite: Any) -> None:
    """Write weights alone; see `Sequential.save_weights`."""
    path = _path(filepath, "save_weights")
    keras = path.name.endswith(".weights.h5")
    if not keras and path.suffix not in _OWN:
        raise ValueError(
            f"save_weights({str(path)!r}): the extension must be .safetensors, or .weights.h5 for Keras's format"
        )
    _refuse_existing(path, overwrite, "save_weights")
    state = state_of(model)
    _write(path, _keras_files.weights_file(state, model) if keras else _safetensors.packed(state, weights_only=True))


def load(cls: type[M], filepath: Any, compile: bool) -> M:
    """Return the model in a file; see `lamina.models.load_model`."""
    path = _path(filepath, "load_model")
    kind = _kind(path)
    if kind == "hdf5":
        _keras_files.refuse_old(path)
        raise ValueError(f"{str(path)!r} holds weights alone: make the model and use its load_weights")
    state = _safetensors.state_in(path) if kind == "own" else _keras_files.state_in(cls, path)
    return model_from(cls, state, compile)


def go_on_from(model: Any, filepath: Any) -> None:
    """Put a model into the state of a file; see `Sequential.go_on_from`."""
    path = _path(filepath, "go_on_from")
    take(model, _safetensors.state_in(path), str(path))


def load_weights(model: Any, filepath: Any, skip_mismatch: Any) -> None:
    """Replace a model's weights; see `Sequential.load_weights`."""
    path = _path(filepath, "load_weights")
    skip = _check.boolean(skip_mismatch, "skip_mismatch", "load_weights")
    current = model.get_weights()
    kind = _kind(path)
    found: Sequence[Any]
    if kind == "hdf5":
        found = _keras_files.weights_in(model, path, skip)
    else:
        found = _safetensors.weights_in(path) if kind == "own" else _keras_files.state_in(type(model), path).weights
    if skip:
        pairs = zip_longest(found[: len(current)], current)
        found = [new if new is not None and new.shape == old.shape else old for new, old in pairs]
    model.set_weights(found)


def _kind(path: Path) -> str:
    """Return what a file begins like, whatever it is called."""
    if path.is_dir():
        raise IsADirectoryError(
            f"{str(path)!r} is a folder, such as TensorFlow's SavedModel, and no file: have Keras save it as .keras"
        )
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"PK\x03\x04"):
        return "keras"
    if start.startswith(b"\x89HDF\r\n\x1a\n"):
        return "hdf5"
    return "own"


def _path(filepath: Any, where: str) -> Path:
    try:
        text = os.fspath(filepath)
    except TypeError:
        text = None
    if not isinstance(text, str) or not text:
        raise TypeError(f"{where}(filepath={_check.shown(filepath)}): give a path, such as 'model.safetensors'")
    return Path(text)


def _refuse_existing(path: Path, overwrite: Any, where: str) -> None:
    if not _check.boolean(overwrite, "overwrite", where) and path.exists():
        raise FileExistsError(f"{where}({str(path)!r}): the file exists, and overwrite is False")


def _write(path: Path, data: bytes) -> None:
    """Write a file that is whole or not there: under another name first, to the disk, then under its own."""
    path = path.resolve()  # of a link, what it points to is replaced
    beside = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
