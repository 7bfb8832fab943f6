"""Files made to do harm: whatever is in them, nothing of it is run, read from elsewhere, or given room at length."""

from __future__ import annotations

import copy
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lamina.layers import Dense
from lamina.models import Sequential, load_model, model_from_json
from lamina.utils import set_random_seed

h5py = pytest.importorskip("h5py")
PLACE = "layers/dense/vars/0"


def made() -> Sequential:
    set_random_seed(3)
    model = Sequential([Dense(3, "tanh", input_shape=(4,)), Dense(2)])
    model.compile("adam", "mse")
    model.fit(np.ones((6, 4)), np.ones((6, 2)), verbose=0)
    return model


class Bomb:
    """Says so when it is unpickled."""

    def __reduce__(self) -> Any:
        return (pytest.fail, ("something of a file was run",))


def refused(path: Path, words: str, *, weights: bool = False) -> None:
    """Assert that a file is refused, as a model or as weights, with a model as it was."""
    model = made()
    before = copy.deepcopy(model)
    for use in [model.load_weights] if weights else [load_model, model.load_weights]:
        with pytest.raises((ValueError, TypeError), match=words):
            use(path)
    for one, other in zip(model.get_weights(), before.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert model._network.iterations == before._network.iterations == 1


def replaced(file: Any, make: Callable[[Any, str], None]) -> None:
    """Put something in the place of the first kernel."""
    del file[PLACE]
    make(file, PLACE)


def external(file: Any, place: str) -> None:
    file.create_dataset(place, (4, 3), "f4", external=[("/proc/self/environ", 0, 48)])


def virtual(file: Any, place: str) -> None:
    layout = h5py.VirtualLayout((4, 3), "f4")
    layout[:] = h5py.VirtualSource("/tmp/other.h5", "secret", (4, 3))
    file.create_virtual_dataset(place, layout)


def huge(file: Any, place: str) -> None:
    file.create_dataset(place, (2**40, 2**20), "f4", chunks=(1024, 1024))


def pickled(file: Any, place: str) -> None:
    file[place] = np.void(pickle.dumps(Bomb()))


def texts(file: Any, place: str) -> None:
    file.create_dataset(place, data=[["a"] * 3] * 4, dtype=h5py.string_dtype())


def linked(link: Any) -> Callable[[Any, str], None]:
    def make(file: Any, place: str) -> None:
        file[place] = link

    return make


WEIGHTS: list[tuple[str, Callable[[Any, str], None], str]] = [
    ("numbers in another file", external, "stand in another file"),
    ("numbers of another dataset", virtual, "stand in another file"),
    ("a link to another file", linked(h5py.ExternalLink("other.h5", "x")), "a link to elsewhere"),
    ("a link to itself", linked(h5py.SoftLink("/layers")), "a link to elsewhere"),
    ("a pickle", pickled, "holds no numbers"),
    ("texts", texts, "holds no numbers"),
    ("complex numbers", lambda f, place: f.create_dataset(place, data=np.ones((4, 3), complex)), "holds no numbers"),
    ("a group", lambda f, place: f.create_group(place), "holds no numbers"),
    ("more than any memory holds", huge, "has shape"),
    ("nothing", lambda f, place: None, "has no weight"),
    ("NaN", lambda f, place: f.create_dataset(place, data=np.full((4, 3), np.nan)), "nan|NaN|finite"),
]


@pytest.mark.parametrize(("make", "words"), [pytest.param(make, words, id=name) for name, make, words in WEIGHTS])
@pytest.mark.parametrize("name", ["model.keras", "model.weights.h5"])
def test_weights(name: str, make: Callable[[Any, str], None], words: str, tmp_path: Path) -> None:
    path = tmp_path / name
    model = made()
    if name.endswith(".h5"):
        model.save_weights(path)
        with h5py.File(path, "a") as file:
            replaced(file, make)
        refused(path, words, weights=True)
        return
    model.save(path)
    room = io.BytesIO(members(path)["model.weights.h5"])
    with h5py.File(room, "a") as file:
        replaced(file, make)
    rewritten(path, {"model.weights.h5": room.getvalue()})
    refused(path, words)


@pytest.mark.parametrize("place", ["optimizer/vars/0", "optimizer/vars/2"])
@pytest.mark.parametrize("make", [external, huge, pickled])
def test_the_optimizers_state(place: str, make: Callable[[Any, str], None], tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    made().save(path)
    room = io.BytesIO(members(path)["model.weights.h5"])
    with h5py.File(room, "a") as file:
        del file[place]
        make(file, place)
    rewritten(path, {"model.weights.h5": room.getvalue()})
    refused(path, "another file|no numbers|does not fit")


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(path: Path, changes: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> None:
    contents = members(path) | changes
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)


@pytest.mark.parametrize("name", ["config.json", "metadata.json", "model.weights.h5"])
def test_a_part_that_would_fill_the_memory(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    made().save(path)
    rewritten(path, {name: bytes(2**26)}, zipfile.ZIP_DEFLATED)
    refused(path, f"{name} would be {2**26} bytes")


def test_nothing_is_unpacked(tmp_path: Path) -> None:
    """Other members are left alone, wherever their names lead."""
    folder = tmp_path / "inside"
    folder.mkdir()
    path = folder / "model.keras"
    model = made()
    model.save(path)
    rewritten(path, {"../outside": b"here", "/tmp/lamina-outside": b"here", "assets/x.pkl": pickle.dumps(Bomb())})
    np.testing.assert_array_equal(load_model(path).get_weights()[0], model.get_weights()[0])
    assert [entry.name for entry in tmp_path.rglob("*")] == ["inside", "model.keras"]
    assert not Path("/tmp/lamina-outside").exists()


def first(config: Any) -> Any:
    """Return the description of the first layer behind the input."""
    return config["config"]["layers"][1]


CONFIGS: list[Callable[[Any], Any]] = [
    lambda c: [],
    lambda c: None,
    lambda c: 3,
    lambda c: {"class_name": "Sequential"},
    lambda c: c | {"config": None},
    lambda c: c | {"config": [1]},
    lambda c: c | {"config": {"layers": {}}},
    lambda c: c | {"config": {"layers": [None]}},
    lambda c: c | {"config": {"layers": [{"class_name": ["Dense"], "config": {}}]}},
    lambda c: c | {"config": {"layers": [{"class_name": "Dense", "config": []}]}},
    lambda c: c | {"config": c["config"] | {"name": 3}},
    lambda c: c | {"config": c["config"] | {"trainable": "yes"}},
    lambda c: c | {"config": c["config"] | {"dtype": {"class_name": "os.system", "config": {"name": "ls"}}}},
    lambda c: c | {"config": c["config"] | {"layers": c["config"]["layers"][1:], "build_input_shape": 3}},
    lambda c: c | {"config": c["config"] | {"layers": c["config"]["layers"][1:], "build_input_shape": [None, "4"]}},
    lambda c: c | {"config": c["config"] | {"layers": c["config"]["layers"] * 2}},
    lambda c: c | {"compile_config": [3]},
    lambda c: c | {"compile_config": {"optimizer": 3, "loss": "mse"}},
    lambda c: c | {"compile_config": {"optimizer": {"class_name": "eval", "config": "1"}, "loss": "mse"}},
    lambda c: c | {"compile_config": {"optimizer": "adam", "loss": {"class_name": "function", "config": "print"}}},
    lambda c: first(c).update(class_name="os.system") or c,
    lambda c: first(c).update(module="os", class_name="system", config={"command": "touch /tmp/lamina-run"}) or c,
    lambda c: first(c)["config"].update(units=10**9) or c,
    lambda c: first(c)["config"].update(units=2**62) or c,
    lambda c: first(c)["config"].update(units=[3]) or c,
    lambda c: first(c)["config"].update(activation={"class_name": "function", "config": "__import__"}) or c,
    lambda c: first(c)["config"].update(activation={"class_name": "__lambda__", "config": {"value": "gASVAA=="}}) or c,
    lambda c: first(c)["config"].update(kernel_initializer={"class_name": "exec", "config": {}}) or c,
    lambda c: first(c)["config"].update(kernel_regularizer={"class_name": "L2", "config": {"l2": "1"}}) or c,
]


@pytest.mark.parametrize("number", range(len(CONFIGS)))
def test_configurations(number: int, tmp_path: Path) -> None:
    """Of wrong types, or that name code: refused with what is wrong, by every way in."""
    path = tmp_path / "model.keras"
    made().save(path)
    config = CONFIGS[number](json.loads(members(path)["config.json"]))
    rewritten(path, {"config.json": json.dumps(config).encode()})
    with pytest.raises((ValueError, TypeError, MemoryError)) as caught:
        load_model(path)
    assert str(caught.value)
    assert not Path("/tmp/lamina-run").exists()
    if not (isinstance(config, dict) and "compile_config" in config and config["config"]):
        with pytest.raises((ValueError, TypeError)):
            model_from_json(json.dumps(config))


@pytest.mark.parametrize(
    "seeds",
    [
        {"fit": "3", "layers": [None, None]},
        {"fit": -1, "layers": [None, None]},
        {"fit": 2**64, "layers": [None, None]},
        {"layers": [None, None]},
        {"fit": 1},
        {"fit": 1, "layers": [None]},
        {"fit": 1, "layers": ["x", None]},
        {"fit": 1, "layers": {}},
    ],
)
def test_seeds(seeds: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    made().save(path)
    rewritten(path, {"metadata.json": json.dumps({"lamina": {"seeds": seeds}}).encode()})
    refused(path, "seeds")


@pytest.mark.parametrize("metadata", [[], None, {"lamina": 3}, {"lamina": {"seeds": [1]}}, {}])
def test_without_seeds(metadata: Any, tmp_path: Path) -> None:
    """As in Keras's own files."""
    path = tmp_path / "model.keras"
    model = made()
    model.save(path)
    rewritten(path, {"metadata.json": json.dumps(metadata).encode()})
    np.testing.assert_array_equal(load_model(path).get_weights()[0], model.get_weights()[0])


@pytest.mark.parametrize(
    "contents",
    [b"", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", b"\x80\x04\x95", b"x" * 100, b"\xff" * 16, b"[" * 100_000],
    ids=["nothing", "zip", "hdf5", "pickle", "text", "long", "brackets"],
)
def test_foreign_contents(contents: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(contents)
    refused(path, "model")
    path.write_bytes(contents + pickle.dumps(Bomb()))
    refused(path, "model")
    path = tmp_path / "model.keras"
    made().save(path)
    for name in ("config.json", "metadata.json", "model.weights.h5"):
        rewritten(path, {name: contents})
        with pytest.raises(ValueError, match=r"model\.keras"):
            load_model(path)
