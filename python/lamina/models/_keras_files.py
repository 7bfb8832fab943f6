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
import zlib
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
    import zipfile

    from ._sequential import Sequential

Array = NDArray[Any]

#: Whose format it is.
KERAS_VERSION = "3.15.1"
_METADATA, _CONFIG, _WEIGHTS = "metadata.json", "config.json", "model.weights.h5"
#: How many times its size on disk a part of an archive may be, which Keras does not compress.
_MOST_INFLATED, _SMALL = 100, 2**16


@dataclass
class Group:
    """Where the weights of a layer lie in a file."""

    path: str
    name: str
    count: int


def groups_with_shapes(model: LayerStack) -> Iterator[tuple[Group, list[tuple[int, ...] | None]]]:
    """Yield the groups of a model's layers, each with the shapes of its weights, None before the model is built."""
    leaves = model._leaves() if model.built else ()
    weights = iter([shape for layer in leaves for shape in layer.built_weight_shapes()])
    for group in groups(model):
        yield group, [next(weights, None) for _ in range(group.count)]


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
    steps = np.arange(1, min(iterations, 1024) + 1, dtype=np.float64)  # the factors of later ones are 1
    return np.float32(optimizer["config"]["beta_1"] ** iterations * np.prod(1 - 0.5 * 0.96**steps))


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
    import zipfile  # here: it would take 3 ms of every import of the package

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
    import zipfile

    try:
        with zipfile.ZipFile(path) as file:
            description = json.loads(_member(file, _CONFIG))
            metadata = json.loads(_member(file, _METADATA))
            contents = _member(file, _WEIGHTS)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, ValueError, RuntimeError) as error:
        raise ValueError(f"{str(path)!r} is no .keras file, or is damaged: {error}") from None
    if not isinstance(description, Mapping) or description.get("class_name") != "Sequential":
        kind = description.get("class_name") if isinstance(description, Mapping) else None
        raise ValueError(f"{str(path)!r} holds a model of the class {_check.shown(kind)}: only Sequential is supported")
    config = description.get("config", {})
    model = cls.from_config(config)
    seeds = _seeds(metadata, model)
    compiled = _compiled(description.get("compile_config") or {})
    with _opened(io.BytesIO(contents), path) as file:
        weights = list(_read_weights(file, model, path))
        progress, unfit = None, False
        if compiled is not None:
            shapes = [weight.shape for weight in weights]
            progress = _read_progress(file, compiled["optimizer"], model, shapes, path)
            unfit = progress is None and "optimizer/vars/2" in file  # behind steps and learning rate
    return State(config, weights, compiled, seeds, progress, unfit)


def _seeds(metadata: Any, model: LayerStack) -> dict[str, Any]:
    """Return the seeds in the metadata, none of which are in Keras's own files."""
    own = metadata.get("lamina", {}) if isinstance(metadata, Mapping) else {}
    seeds = own.get("seeds") if isinstance(own, Mapping) else None
    if not isinstance(seeds, Mapping) or not seeds:
        return {}
    found, last = seeds.get("layers"), 2**64 - 1
    if not isinstance(found, list) or len(found) != sum(1 for _ in model._leaves()):
        raise ValueError(f"the seeds of a .keras file are damaged: {_check.shown(seeds)}")
    fit = _check.integer(seeds.get("fit"), "fit", "seeds", 0, last)
    layers = [None if seed is None else _check.integer(seed, "layers", "seeds", 0, last) for seed in found]
    return {"fit": fit, "layers": layers}


def _member(file: zipfile.ZipFile, name: str) -> bytes:
    """Return a part of an archive, unless it would take far more memory than the archive takes on disk."""
    entry = file.getinfo(name)
    if entry.file_size > _MOST_INFLATED * max(entry.compress_size, _SMALL):
        raise ValueError(f"{name} would be {entry.file_size} bytes of {entry.compress_size}")
    return file.read(entry)


def _compiled(config: Any) -> dict[str, Any] | None:
    """Return what `compile` takes of Keras's compile_config."""
    if not isinstance(config, Mapping):
        raise ValueError(f"the compile_config of a .keras file must be a dictionary, not {_check.shown(config)}")
    if config.get("optimizer") is None or config.get("loss") is None:
        return None
    more = {} if config.get("loss_weights") is None else {"loss_weights": config["loss_weights"]}  # refused by compile
    return {name: config.get(name) for name in ("optimizer", "loss", "metrics", "weighted_metrics")} | more


def weights_in(model: Sequential, path: Path, skip: bool = False) -> list[Array | None]:
    """Return the weights in a .weights.h5 file for a model; with `skip`, None for those that are absent or do not fit.

    Raises
    ------
    ValueError
        If it is no such file, is damaged, or has not all of them.
    """
    with _opened(path, path) as file:
        _refuse_old(file, path)
        return list(_read_weights(file, model, path, skip))


def refuse_old(path: Path) -> None:
    """Raise ValueError for an HDF5 file of the format that Keras had before version 3."""
    with _opened(path, path) as file:
        _refuse_old(file, path)


def _refuse_old(file: Any, path: Path) -> None:
    if "model_config" in file.attrs or "layer_names" in file.attrs:
        raise ValueError(
            f"{str(path)!r} has the .h5 format from before Keras 3, which is not supported: load it in Keras, and save "
            "it as .keras, or its weights as .weights.h5"
        )


def _read_weights(file: Any, model: LayerStack, path: Path, skip: bool = False) -> Iterator[Any]:
    """Yield the weights of a model, none of which is read before its shape is known to be right."""
    for group, shapes in groups_with_shapes(model):
        for i, shape in enumerate(shapes):
            place = f"{group.path}/vars/{i}"
            found = _dataset(file, place, path)
            if found is not None and (shape is None or found.shape == shape):
                yield np.asarray(found)
            elif skip:
                yield None
            elif found is None and shape is None:
                raise ValueError(f"{str(path)!r} has no weights: its model was not built when it was saved")
            elif found is None:
                raise ValueError(f"{str(path)!r} has no weight {place!r}, which layer {group.name!r} needs")
            else:
                there = f"{place!r} in layer {group.name!r}"
                raise ValueError(f"{str(path)!r} does not fit: {there} has shape {shape}, not {found.shape}")


def _dataset(file: Any, place: str, path: Path) -> Any:
    """Return an array of numbers in a file, None where there is none.

    Raises
    ------
    ValueError
        If what stands there is something else, or would be read from another file.
    """
    h5py = _h5py()
    node = file
    for name in place.split("/"):
        if not isinstance(node, h5py.Group) or node.get(name, getlink=True) is None:
            return None
        if not isinstance(node.get(name, getlink=True), h5py.HardLink):
            raise ValueError(f"{str(path)!r} is refused: {place!r} is a link to elsewhere")
        node = node[name]
    if not isinstance(node, h5py.Dataset) or node.dtype.kind not in "fiu":
        raise ValueError(f"{str(path)!r} is damaged: {place!r} holds no numbers")
    if node.external or node.is_virtual:
        raise ValueError(f"{str(path)!r} is refused: the numbers of {place!r} stand in another file")
    return node


def _read_progress(
    file: Any, optimizer: Mapping[str, Any], model: LayerStack, weights: list[tuple[int, ...]], path: Path
) -> Progress | None:
    blocks = _blocks(optimizer) if isinstance(optimizer, Mapping) else None
    if blocks is None or "optimizer/vars/0" not in file:
        return None
    slots = sum(len(block) for block in blocks)
    # Of the model's type: a count of Normalization, say, is an integer in Keras's files.
    moments = [[np.zeros(shape, model.dtype) for shape in weights] for _ in range(slots)]
    kept = [i for i, changes in enumerate(_trained(model)) if changes]
    places = [(slot, i) for block in blocks for i in kept for slot in block]
    first = 1 if _scheduled(optimizer) else 2
    last = first + len(places)
    if len(file["optimizer/vars"]) != last + (optimizer["class_name"] == "Nadam"):
        return None
    found = [_dataset(file, f"optimizer/vars/{number}", path) for number in (0, *range(first, last))]
    shapes = [(), *(moments[slot][i].shape for slot, i in places)]
    if [None if array is None else array.shape for array in found] != shapes:
        raise ValueError(f"{str(path)!r} is damaged: its optimizer's state does not fit the weights")
    for (slot, i), array in zip(places, found[1:], strict=True):
        moments[slot][i] = np.asarray(array, model.dtype)
    return Progress(int(found[0][()]), moments)


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
