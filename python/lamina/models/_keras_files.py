"""Keras's own files, both ways: ``.keras``, a zip of two JSON texts and a weights file, and ``.weights.h5``.

Nothing of a file is run: layers come from this package's list, by the names of their classes. The layout is that of
Keras 3 (`saving/saving_lib.py`): the weights of a layer at ``layers/<class>/vars/<number>``, counted by class, those of
a model inside under ``layers/sequential``; the optimizer's at ``optimizer/vars``. What Keras does not keep, the seeds,
stands in the metadata under 'lamina'.
"""

from __future__ import annotations

import datetime
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import _check
from ..layers.base import snake_case
from ._stack import LayerStack
from ._state import State
from ._training import Progress

if TYPE_CHECKING:
    from ._sequential import Sequential

Array = NDArray[Any]

#: Whose format it is.
KERAS_VERSION = "3.15.1"
_METADATA, _CONFIG, _WEIGHTS = "metadata.json", "config.json", "model.weights.h5"


@dataclass
class Group:
    """Where the weights of a layer lie in a file."""

    path: str
    name: str
    count: int


def groups(model: LayerStack, above: str = "") -> Iterator[Group]:
    """Yield the groups of a model's layers, those of models inside behind their own."""
    used: dict[str, int] = {}
    for entry in model.layers:
        stem = snake_case(type(entry).__name__)
        number = used[stem] = used.get(stem, -1) + 1
        path = f"{above}layers/{stem}_{number}" if number else f"{above}layers/{stem}"
        if isinstance(entry, LayerStack):
            yield Group(path, entry.name, 0)
            yield from groups(entry, f"{path}/")
        else:
            yield Group(path, entry.name, len(entry.weight_names))


def _trained(model: LayerStack) -> list[bool]:
    return [here and weight.trainable for layer, here in model._trained() for weight in layer.weights]


def _blocks(optimizer: Mapping[str, Any]) -> list[tuple[int, ...]] | None:
    """Return in which order Keras's optimizer keeps moments: blocks of some moments of each weight; None: unknown."""
    name, config = optimizer["class_name"], optimizer["config"]
    blocks: list[tuple[int, ...]]
    if name in ("Adam", "AdamW"):
        blocks = [(0, 1), (2,)] if config.get("amsgrad") else [(0, 1)]
    elif name in ("Nadam", "Adamax", "Adadelta", "Ftrl"):
        blocks = [(0, 1)]
    elif name == "SGD":
        blocks = [(0,)] if config["momentum"] else []
    elif name == "RMSprop":
        blocks = [(slot,) for slot in range(1 + bool(config["momentum"]) + bool(config["centered"]))]
    elif name in ("Adagrad", "Lion"):
        blocks = [(0,)]
    else:
        return None
    averages = [(sum(map(len, blocks)),)] if config.get("use_ema") else []
    return [*averages, *blocks]


def _scheduled(optimizer: Mapping[str, Any]) -> bool:
    """Return whether the learning rate is none of Keras's variables."""
    return isinstance(optimizer["config"].get("learning_rate"), Mapping)


def _momentum_product(optimizer: Mapping[str, Any], iterations: int) -> np.float32:
    """Return what Keras's Nadam keeps besides moments: the product of its momenta so far."""
    steps = np.arange(1, iterations + 1, dtype=np.float64)
    return np.float32(np.prod(optimizer["config"]["beta_1"] * (1 - 0.5 * 0.96**steps)))


# --- writing --------------------------------------------------------------------------------------


def archive(state: State, model: Sequential) -> bytes:
    """Return the contents of a .keras file.

    Raises
    ------
    ValueError
        For what Keras does not have.
    """
    _refuse_what_keras_has_not(state.config)
    config = {
        "module": "keras",
        "class_name": "Sequential",
        "config": state.config,
        "registered_name": None,
        "build_config": {"input_shape": state.config["build_input_shape"]},
    }
    if state.compiled is not None:
        config["compile_config"] = state.compiled
    saved = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d@%H:%M:%S")
    metadata = {"keras_version": KERAS_VERSION, "date_saved": saved, "lamina": {"seeds": state.seeds}}
    room = io.BytesIO()
    with zipfile.ZipFile(room, "w") as file:
        file.writestr(_METADATA, json.dumps(metadata))
        file.writestr(_CONFIG, json.dumps(config))
        file.writestr(_WEIGHTS, weights_file(state, model))
    return room.getvalue()


def weights_file(state: State, model: Sequential) -> bytes:
    """Return the contents of a .weights.h5 file."""
    h5py = _h5py()
    room = io.BytesIO()
    weights = iter(state.weights)
    with h5py.File(room, "w") as file:
        file.create_group("vars").attrs["name"] = model.name
        for group in groups(model):
            variables = file.create_group(f"{group.path}/vars")
            variables.attrs["name"] = group.name
            for i in range(group.count):
                variables[str(i)] = next(weights)
        if state.compiled is not None and state.progress is not None:
            _write_optimizer(file, state.compiled["optimizer"], state.progress, _trained(model))
    return room.getvalue()


def _write_optimizer(file: Any, optimizer: Mapping[str, Any], progress: Progress, trained: list[bool]) -> None:
    blocks = _blocks(optimizer)
    if blocks is None:
        return
    variables = file.create_group("optimizer/vars")
    variables.attrs["name"] = optimizer["config"].get("name", snake_case(optimizer["class_name"]))
    moments = [
        progress.moments[slot][i] for block in blocks for i, kept in enumerate(trained) if kept for slot in block
    ]
    rate = [] if _scheduled(optimizer) else [np.float32(optimizer["config"]["learning_rate"])]
    product = [_momentum_product(optimizer, progress.iterations)] if optimizer["class_name"] == "Nadam" else []
    for i, value in enumerate([np.int64(progress.iterations), *rate, *moments, *product]):
        variables[str(i)] = value


def _refuse_what_keras_has_not(config: Mapping[str, Any]) -> None:
    for layer in config["layers"]:
        inside = layer["config"]
        if "layers" in inside:
            _refuse_what_keras_has_not(inside)
        function = inside.get("activation")
        if isinstance(function, Mapping) or function == "step":
            raise ValueError(
                f"layer {inside['name']!r}: Keras has no activation {_check.shown(function)}; make it a layer of its "
                "own, such as LeakyReLU, or save as .safetensors"
            )


# --- reading --------------------------------------------------------------------------------------


def state_in(cls: type[Sequential], path: Path) -> State:
    """Return the state in a .keras file.

    Raises
    ------
    TypeError, ValueError
        If it is no such file, is damaged, or holds what is not supported.
    """
    try:
        with zipfile.ZipFile(path) as file:
            description = json.loads(file.read(_CONFIG))
            metadata = json.loads(file.read(_METADATA))
            contents = file.read(_WEIGHTS)
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, ValueError) as error:
        raise ValueError(f"{str(path)!r} is no .keras file, or is damaged: {error}") from None
    if not isinstance(description, Mapping) or description.get("class_name") != "Sequential":
        kind = description.get("class_name") if isinstance(description, Mapping) else None
        raise ValueError(f"{str(path)!r} holds a model of the class {_check.shown(kind)}: only Sequential is supported")
    config = description["config"]
    model = cls.from_config(config)
    seeds = metadata.get("lamina", {}).get("seeds", {}) if isinstance(metadata, Mapping) else {}
    compiled = _compiled(description.get("compile_config") or {})
    with _opened(io.BytesIO(contents), path) as file:
        weights = _read_weights(file, model, path)
        progress = None if compiled is None else _read_progress(file, compiled["optimizer"], weights, _trained(model))
    return State(config, weights, compiled, seeds, progress)


def _compiled(config: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what `compile` takes of Keras's compile_config."""
    if config.get("optimizer") is None or config.get("loss") is None:
        return None
    return {name: config.get(name) for name in ("optimizer", "loss", "metrics", "weighted_metrics")}


def weights_in(model: Sequential, path: Path) -> list[Array]:
    """Return the weights in a .weights.h5 file for a model.

    Raises
    ------
    ValueError
        If it is no such file, is damaged, or has not all of them.
    """
    with _opened(path, path) as file:
        return _read_weights(file, model, path)


def _read_weights(file: Any, model: LayerStack, path: Path) -> list[Array]:
    found = []
    for group in groups(model):
        for i in range(group.count):
            place = f"{group.path}/vars/{i}"
            if place not in file:
                raise ValueError(f"{str(path)!r} has no weight {place!r}, which layer {group.name!r} needs")
            found.append(np.asarray(file[place]))
    return found


def _read_progress(
    file: Any, optimizer: Mapping[str, Any], weights: list[Array], trained: list[bool]
) -> Progress | None:
    blocks = _blocks(optimizer) if isinstance(optimizer, Mapping) else None
    if blocks is None or "optimizer/vars/0" not in file:
        return None
    variables = file["optimizer/vars"]
    slots = sum(len(block) for block in blocks)
    moments = [[np.zeros_like(weight) for weight in weights] for _ in range(slots)]
    places = [(slot, i) for block in blocks for i, kept in enumerate(trained) if kept for slot in block]
    first = 1 if _scheduled(optimizer) else 2
    if len(variables) != first + len(places) + (optimizer["class_name"] == "Nadam"):
        return None
    for number, (slot, i) in enumerate(places, start=first):
        moments[slot][i] = np.asarray(variables[str(number)])
    return Progress(int(variables["0"][()]), moments)


@contextmanager
def _opened(source: Any, path: Path) -> Iterator[Any]:
    h5py = _h5py()
    try:
        with h5py.File(source, "r") as file:
            yield file
    except (OSError, RuntimeError, KeyError, AttributeError, TypeError, OverflowError) as error:
        raise ValueError(f"{str(path)!r} is damaged, or holds no weights: {error}") from None


def _h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise ImportError("Keras's files need h5py: pip install 'lamina[keras]', or use .safetensors") from error
    return h5py
