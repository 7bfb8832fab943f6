"""The project's own format: a safetensors file, of arrays and one text, with nothing in it that is ever executed.

Its metadata hold ``format`` ('lamina'), ``version``, ``model`` (JSON) and ``checksum``. The arrays are ``weights/0``,
``weights/1``, ... in the order of `get_weights`, and ``moments/0/0``, ... the optimizer's moment before the weight.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._state import State
from ._training import Progress

Array = NDArray[Any]

#: Raised when a file of this version would be misread by what came before it.
VERSION = 1


def packed(state: State, weights_only: bool = False) -> bytes:
    """Return the contents of a file."""
    from safetensors.numpy import save

    arrays = {f"weights/{i}": np.asarray(weight, order="C") for i, weight in enumerate(state.weights)}
    model: dict[str, Any] = {"kind": "weights"}
    if not weights_only:
        model = {"kind": "model", "config": state.config, "compiled": state.compiled, "seeds": state.seeds}
        if state.progress is not None:
            model["iterations"] = state.progress.iterations
            for name, moments in state.progress.arrays():
                arrays[f"moments/{name}"] = moments
    text = json.dumps(model)
    metadata = {"format": "lamina", "version": str(VERSION), "model": text, "checksum": _checksum(text, arrays)}
    contents: bytes = save(arrays, metadata)
    return contents


def _checksum(text: str, arrays: dict[str, Array]) -> str:
    import hashlib  # here: it would take 3 ms of every import of the package

    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode())
        digest.update(arrays[name].tobytes())
    return digest.hexdigest()


def state_in(path: Path) -> State:
    """Return the state in a file of a whole model.

    Raises
    ------
    ValueError
        If it is no such file, or is damaged.
    """
    model, arrays = _read(path)
    if model.get("kind") != "model":
        raise ValueError(f"{str(path)!r} holds weights alone: make the model and use its load_weights")
    progress = None
    if "iterations" in model:
        moments = {name.removeprefix("moments/"): a for name, a in arrays.items() if name.startswith("moments/")}
        progress = Progress.of(model["iterations"], moments)
    return State(model["config"], _weights(arrays), model["compiled"], model["seeds"], progress)


def weights_in(path: Path) -> list[Array]:
    """Return the weights in a file, of a whole model or of weights alone.

    Raises
    ------
    ValueError
        If it is no such file, or is damaged.
    """
    return _weights(_read(path)[1])


def _weights(arrays: dict[str, Array]) -> list[Array]:
    count = sum(name.startswith("weights/") for name in arrays)
    return [arrays[f"weights/{i}"] for i in range(count)]


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    except SafetensorError as error:
        raise ValueError(f"{str(path)!r} is no file of a model, or is damaged: {error}") from None
    if metadata.get("format") != "lamina":
        raise ValueError(f"{str(path)!r} is a safetensors file, but none that this package wrote")
    if metadata.get("version") != str(VERSION):
        raise ValueError(
            f"{str(path)!r} has version {metadata.get('version')} of the format, this package knows {VERSION}: "
            "read it with a newer one"
        )
    text = metadata.get("model", "")
    if metadata.get("checksum") != _checksum(text, arrays):
        raise ValueError(f"{str(path)!r} is damaged: its contents do not have the checksum that was written with them")
    model: dict[str, Any] = json.loads(text)
    return model, arrays
