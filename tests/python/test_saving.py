"""Models written down and read again: files of each format, copies, configurations."""

from __future__ import annotations

import copy
import io
import json
import os
import pickle
import stat
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import lamina
from lamina.callbacks import LambdaCallback
from lamina.initializers import Initializer
from lamina.layers import Dense, Dropout, Flatten, LeakyReLU, PReLU, ReLU, Rescaling, Reshape, Softmax
from lamina.models import Sequential, load_model
from lamina.optimizers import SGD, Adagrad, AdamW, RMSprop
from lamina.utils import set_random_seed

X = np.linspace(-1, 1, 240).reshape(48, 5).astype(np.float32)
Y = np.stack([X.sum(axis=1), X[:, 0] * X[:, 1]], axis=1)
WHOLE = ("model.safetensors", "model", "model.keras")
WEIGHTS = ("model.weights.h5", "weights.safetensors", "weights")


def equal(one: Sequential, other: Sequential) -> bool:
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)


def made(optimizer: Any = "adam", dtype: str = "float32") -> Sequential:
    set_random_seed(5)
    inner = Sequential([PReLU(), Dense(4, use_bias=False), LeakyReLU(0.1)], dtype=dtype)
    model = Sequential(
        [Dense(7, activation="relu", kernel_regularizer="l2", input_shape=(5,)), Dropout(0.3), inner, Dense(2)],
        dtype=dtype,
    )
    model.compile(optimizer, "mse", metrics=["mae"])
    return model


def trained(optimizer: Any = "adam", dtype: str = "float32") -> Sequential:
    model = made(optimizer, dtype)
    model.fit(X, Y, epochs=2, batch_size=5, verbose=0)
    return model


def by_file(name: str) -> Callable[[Sequential, Path], Sequential]:
    def again(model: Sequential, folder: Path) -> Sequential:
        model.save(folder / name)
        return load_model(folder / name)

    return again


WAYS: dict[str, Callable[[Sequential, Path], Sequential]] = {
    **{name: by_file(name) for name in WHOLE},
    "copy": lambda model, _: copy.copy(model),
    "deepcopy": lambda model, _: copy.deepcopy(model),
    "pickle": lambda model, _: pickle.loads(pickle.dumps(model)),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("way", WAYS)
def test_training_goes_on_as_if_nothing_had_been_between(way: str, dtype: str, tmp_path: Path) -> None:
    whole = made(dtype=dtype)
    whole.fit(X, Y, epochs=4, batch_size=5, verbose=0)
    first = trained(dtype=dtype)
    again = WAYS[way](first, tmp_path)
    assert again is not first
    assert equal(again, first)
    assert again.dtype == dtype
    history = again.fit(X, Y, initial_epoch=2, epochs=4, batch_size=5, verbose=0)
    assert equal(again, whole)
    assert history.epoch == [2, 3]
    assert not equal(first, again)  # nothing is shared
    first.fit(X, Y, initial_epoch=2, epochs=4, batch_size=5, verbose=0)
    assert equal(first, whole)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "optimizer", [SGD(0.05), SGD(0.02, momentum=0.9), RMSprop(0.01, momentum=0.5, centered=True), Adagrad(0.1), AdamW()]
)
def test_moments_are_kept(way: str, optimizer: Any, tmp_path: Path) -> None:
    whole = made(optimizer)
    whole.fit(X, Y, epochs=3, batch_size=7, verbose=0)
    model = made(optimizer)
    model.fit(X, Y, epochs=1, batch_size=7, verbose=0)
    again = WAYS[way](model, tmp_path)
    again.fit(X, Y, epochs=2, batch_size=7, verbose=0)
    assert equal(again, whole)


def test_a_second_hand_copy_goes_on_too(tmp_path: Path) -> None:
    """A model that was loaded and not used yet is saved again."""
    whole = made()
    whole.fit(X, Y, epochs=4, batch_size=5, verbose=0)
    again = trained()
    for name in WHOLE:
        again = pickle.loads(pickle.dumps(by_file(name)(again, tmp_path)))
    again.fit(X, Y, epochs=2, batch_size=5, verbose=0)
    assert equal(again, whole)


def test_a_changed_learning_rate_is_kept(tmp_path: Path) -> None:
    model = trained()
    assert model.optimizer is not None
    model.optimizer.learning_rate = 0.0123
    for name, way in WAYS.items():
        optimizer = way(model, tmp_path).optimizer
        assert optimizer is not None
        assert optimizer.learning_rate == 0.0123, name


def test_an_unbuilt_model_is_copied() -> None:
    set_random_seed(1)
    model = Sequential([Dense(3), Dropout(0.5), Dense(2)])
    model.compile("adam", "mse")
    for again in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert not again.built
        again.fit(X, Y, verbose=0)
        if model.built:
            assert equal(again, model)
        else:
            model.fit(X, Y, verbose=0)
            assert equal(again, model)


def test_copies_share_what_the_copied_share() -> None:
    inner = Sequential([Dense(3, input_shape=(5,))], name="inner")
    outer = Sequential([inner, Dense(2)])
    outer.build((None, 5))
    first, second = copy.deepcopy((inner, outer))
    assert second.layers[0] is first
    first.set_weights([np.ones((5, 3)), np.ones(3)])
    np.testing.assert_array_equal(second.get_weights()[0], np.ones((5, 3)))
    assert not np.array_equal(outer.get_weights()[0], np.ones((5, 3)))
    with pytest.raises(RuntimeError, match="part of the model"):
        first.add(Dense(1))


@pytest.mark.parametrize("name", [*WEIGHTS, *WHOLE])
def test_weights_alone(name: str, tmp_path: Path) -> None:
    model = trained()
    write = model.save_weights if name in WEIGHTS else model.save
    write(tmp_path / name)
    other = made("sgd")
    other.load_weights(tmp_path / name)
    assert equal(other, model)
    assert isinstance(other.optimizer, SGD)


def test_weights_of_another_shape(tmp_path: Path) -> None:
    model = Sequential([Dense(3, input_shape=(5,)), Dense(2)])
    other = Sequential([Dense(3, input_shape=(5,)), Dense(4)])
    for name in WEIGHTS:
        model.save_weights(tmp_path / name)
        before = other.get_weights()
        with pytest.raises(ValueError, match=r"has shape \(3, 4\), not \(3, 2\)"):
            other.load_weights(tmp_path / name)
        assert all(np.array_equal(a, b) for a, b in zip(other.get_weights(), before, strict=True))
        other.load_weights(tmp_path / name, skip_mismatch=True)
        np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])
        np.testing.assert_array_equal(other.get_weights()[2], before[2])
        other.set_weights(before)
        with pytest.raises(ValueError, match=r"weight|arrays"):
            Sequential([Dense(3, input_shape=(5,)), Dense(2), Dense(1)]).load_weights(tmp_path / name)
        with pytest.raises(ValueError, match="weights yet"):
            Sequential([Dense(3)]).load_weights(tmp_path / name)
        with pytest.raises(TypeError, match="skip_mismatch"):
            other.load_weights(tmp_path / name, skip_mismatch=1)  # type: ignore[arg-type]


def test_a_file_of_weights_is_no_model(tmp_path: Path) -> None:
    model = made()
    for name in WEIGHTS:
        model.save_weights(tmp_path / name)
        with pytest.raises(ValueError, match="weights alone"):
            load_model(tmp_path / name)


def test_it_is_compiled_unless_told_otherwise(tmp_path: Path) -> None:
    model = trained()
    for name in WHOLE:
        model.save(tmp_path / name)
        assert load_model(tmp_path / name).evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
        assert not load_model(tmp_path / name, compile=False).compiled
    untrained = Sequential([Dense(3, input_shape=(5,))])
    for name in WHOLE:
        untrained.save(tmp_path / name)
        again = load_model(tmp_path / name)
        assert not again.compiled
        np.testing.assert_array_equal(again.predict(X), untrained.predict(X))


def test_every_layer_and_shape_is_kept(tmp_path: Path) -> None:
    model = Sequential(
        [
            Rescaling(1 / 255, 0.5, input_shape=(2, 6)),
            PReLU(alpha_initializer="ones"),
            Dense(
                4,
                activation="gelu",
                kernel_initializer="he_normal",
                bias_regularizer=lamina.regularizers.L1L2(0.1, 0.2),
            ),
            ReLU(max_value=3.0, threshold=0.1),
            Flatten(),
            Reshape((4, 2)),
            Flatten(),
            Dense(3, trainable=False, name="frozen"),
            Softmax(),
        ],
        name="mine",
    )
    x = np.linspace(-3, 3, 36).reshape(3, 2, 6)
    for name in WHOLE:
        model.save(tmp_path / name)
        again = load_model(tmp_path / name)
        np.testing.assert_array_equal(again.predict(x), model.predict(x))
        assert json.dumps(again.get_config()) == json.dumps(model.get_config())
        assert again.name == "mine"
        assert len(again.trainable_weights) == len(model.trainable_weights) == 3


def test_saving_from_a_callback(tmp_path: Path) -> None:
    whole = made()
    whole.fit(X, Y, epochs=4, batch_size=5, verbose=0)
    model = made()
    save = LambdaCallback(on_epoch_end=lambda epoch, logs: model.save(tmp_path / f"{epoch}.safetensors"))
    model.fit(X, Y, epochs=3, batch_size=5, verbose=0, callbacks=save)
    again = load_model(tmp_path / "1.safetensors")
    again.fit(X, Y, epochs=2, batch_size=5, verbose=0)
    assert equal(again, whole)


def test_a_file_is_whole_or_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.safetensors"
    model = trained()
    model.save(path)
    before = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~_umask()

    def full(_: int) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(os, "fsync", full)
    model.fit(X, Y, verbose=0)
    with pytest.raises(OSError, match="no space"):
        model.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]


def _umask() -> int:
    value = os.umask(0)
    os.umask(value)
    return value


def test_a_link_stays_one(tmp_path: Path) -> None:
    target, link = tmp_path / "target.safetensors", tmp_path / "link.safetensors"
    made().save(target)
    link.symlink_to(target)
    model = trained()
    model.save(link)
    assert link.is_symlink()
    assert equal(load_model(target), model)


def test_overwrite(tmp_path: Path) -> None:
    model = made()
    for name in (*WHOLE, *WEIGHTS):
        write = model.save_weights if name in WEIGHTS else model.save
        write(tmp_path / name, overwrite=False)
        with pytest.raises(FileExistsError, match="exists"):
            write(tmp_path / name, overwrite=False)
        write(tmp_path / name)
    with pytest.raises(TypeError, match="overwrite"):
        model.save(tmp_path / "model", overwrite=1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "words"),
    [("model.h5", "extension must be"), ("model.pb", "extension must be"), ("model.weights.h5", "use save_weights")],
)
def test_another_extension(name: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=words):
        made().save(tmp_path / name)
    assert not list(tmp_path.iterdir())
    if "weights" not in name:
        with pytest.raises(ValueError, match=words):
            made().save_weights(tmp_path / name)


@pytest.mark.parametrize("path", [3, None, b"model", "", ["model"]])
def test_no_path(path: Any) -> None:
    model = made()
    for use in (model.save, model.save_weights, model.load_weights, load_model):
        with pytest.raises(TypeError, match="filepath"):
            use(path)


def test_no_file(tmp_path: Path) -> None:
    for use in (load_model, made().load_weights):
        with pytest.raises(FileNotFoundError):
            use(tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        made().save(tmp_path / "no folder" / "model")


@pytest.mark.parametrize("name", [*WHOLE, *WEIGHTS])
def test_damaged_files(name: str, tmp_path: Path) -> None:
    """Cut off anywhere, or with any byte changed, a file is refused, or gives the same model; nothing else happens."""
    model = trained()
    path, bad = tmp_path / name, tmp_path / "bad"
    (model.save_weights if name in WEIGHTS else model.save)(path)
    data = path.read_bytes()
    chance = np.random.default_rng(0)
    damaged = [data[:cut] for cut in (0, 1, 7, 8, 9, 100, len(data) // 2, len(data) - 1)]
    for place in chance.integers(0, len(data), 60):
        damaged.append(data[:place] + bytes([data[place] ^ int(chance.integers(1, 256))]) + data[place + 1 :])
    other = made()
    before = copy.deepcopy(other)
    for contents in damaged:
        bad.write_bytes(contents)
        try:
            if name in WHOLE:
                load_model(bad)
            else:
                other.load_weights(bad)
                other.set_weights(before.get_weights())
        except (ValueError, TypeError, OSError):
            pass
        assert equal(other, before)


def test_a_changed_number_has_another_checksum(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    trained().save(path)
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ValueError, match="damaged"):
        load_model(path)


def test_foreign_files(tmp_path: Path) -> None:
    path = tmp_path / "file"
    save_file({"a": np.zeros(3)}, path)
    with pytest.raises(ValueError, match="none that this package wrote"):
        load_model(path)
    path.write_text("hello")
    with pytest.raises(ValueError, match="no file of a model"):
        load_model(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("something", "else")
    with pytest.raises(ValueError, match=r"no \.keras file"):
        load_model(path)
    with pytest.raises(IsADirectoryError):
        load_model(tmp_path)


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    made().save(path)
    save_file(load_file(path), path, {"format": "lamina", "version": "2", "model": "{}"})
    with pytest.raises(ValueError, match="version 2"):
        load_model(path)


def test_the_file_says_what_it_holds(tmp_path: Path) -> None:
    """So that others can read it: arrays by name, and one JSON text."""
    model = trained()
    model.save(tmp_path / "model")
    arrays = load_file(tmp_path / "model")
    weights = model.get_weights()
    for i, weight in enumerate(weights):
        np.testing.assert_array_equal(arrays[f"weights/{i}"], weight)
    assert {name for name in arrays if name.startswith("moments/")} == {
        f"moments/{slot}/{i}" for slot in (0, 1) for i in range(len(weights))
    }


def altered(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the configuration in a .keras file."""
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(contents["config.json"])
    change(config)
    contents["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in contents.items():
            archive.writestr(name, data)


def set_class(config: dict[str, Any], name: str) -> None:
    config["config"]["layers"][1]["class_name"] = name


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: set_class(c, "Conv2D"), "Conv2D"),
        (lambda c: set_class(c, "Lambda"), "Lambda"),
        (lambda c: set_class(c, "__import__"), "unknown layer"),
        (lambda c: c.update(class_name="Functional"), "Functional"),
        (lambda c: c["config"]["layers"][1]["config"].update(lora_rank=4), r"Dense\(lora_rank=4\)"),
        (lambda c: c["config"]["layers"][1].update(registered_name="mine>Dense"), "mine>Dense"),
        (lambda c: c["config"]["layers"][1]["config"].update(activation="celu"), "celu"),
        (lambda c: c["config"]["layers"][1]["config"].update(dtype="mixed_float16"), "dtype"),
        (lambda c: c["config"].update(layers=3), "must be a list"),
    ],
)
def test_what_keras_has_and_this_has_not_is_refused_by_name(
    change: Callable[[dict[str, Any]], None], words: str, tmp_path: Path
) -> None:
    path = tmp_path / "model.keras"
    made().save(path)
    altered(path, change)
    with pytest.raises((ValueError, TypeError), match=words):
        load_model(path)


def test_what_keras_has_not_is_not_written(tmp_path: Path) -> None:
    for activation in ("step", {"name": "elu", "alpha": 0.5}):
        model = Sequential([Dense(3, activation=activation, input_shape=(5,), name="odd")])
        with pytest.raises(ValueError, match="'odd': Keras has no activation"):
            model.save(tmp_path / "model.keras")
        assert not list(tmp_path.iterdir())
        model.save(tmp_path / "model")
        np.testing.assert_array_equal(load_model(tmp_path / "model").predict(X), model.predict(X))
        (tmp_path / "model").unlink()


class Own(Initializer):
    """One of a user's own."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return np.full(shape, 0.5)


def test_code_of_a_users_own_is_left_out_with_a_warning(tmp_path: Path) -> None:
    model = Sequential([Dense(3, kernel_initializer=Own(), input_shape=(5,))])
    for name in WHOLE:
        with pytest.warns(UserWarning, match="initializer 'Own' is code of your own"):
            model.save(tmp_path / name)
        np.testing.assert_array_equal(load_model(tmp_path / name).predict(X), model.predict(X))
    assert isinstance(pickle.loads(pickle.dumps(model)).layers[0].kernel_initializer, Own)


def test_layout_of_keras(tmp_path: Path) -> None:
    """The names that Keras 3.15 gives: by class and number, models inside too."""
    model = Sequential([Dense(3, input_shape=(5,)), PReLU(), Sequential([Dense(2), Dense(2)]), Dense(1)])
    model.compile("adam", "mse")
    model.fit(X, Y[:, :1], verbose=0)
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        weights = io.BytesIO(archive.read("model.weights.h5"))
    names: dict[str, tuple[int, ...]] = {}
    with h5py.File(weights) as file:
        file.visititems(lambda name, node: names.update({name: node.shape}) if hasattr(node, "shape") else None)
        assert file["layers/dense_1/vars"].attrs["name"] == model.layers[3].name
        assert file["optimizer/vars/0"][()] == 2
    layers = {name: shape for name, shape in names.items() if name.startswith("layers")}
    assert layers == {
        "layers/dense/vars/0": (5, 3),
        "layers/dense/vars/1": (3,),
        "layers/p_re_lu/vars/0": (3,),
        "layers/sequential/layers/dense/vars/0": (3, 2),
        "layers/sequential/layers/dense/vars/1": (2,),
        "layers/sequential/layers/dense_1/vars/0": (2, 2),
        "layers/sequential/layers/dense_1/vars/1": (2,),
        "layers/dense_1/vars/0": (2, 1),
        "layers/dense_1/vars/1": (1,),
    }
    assert len(names) - len(layers) == 2 + 2 * 9


def test_without_h5py(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = made()
    model.save(tmp_path / "model.keras")
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    uses = (
        lambda: model.save(tmp_path / "other.keras"),
        lambda: model.save_weights(tmp_path / "w.weights.h5"),
        lambda: load_model(tmp_path / "model.keras"),
    )
    for use in uses:
        with pytest.raises(ImportError, match=r"pip install 'lamina\[keras\]'"):
            use()


def test_an_unbuilt_model_has_nothing_to_save(tmp_path: Path) -> None:
    model = Sequential([Dense(3)])
    for use in (model.save, model.save_weights):
        with pytest.raises(ValueError, match="no weights yet"):
            use(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_not_while_another_thread_trains(tmp_path: Path) -> None:
    model = made()
    begun, go_on = threading.Event(), threading.Event()

    def wait(batch: int, logs: Any) -> None:
        begun.set()
        go_on.wait(10)

    fit = threading.Thread(
        target=lambda: model.fit(X, Y, verbose=0, callbacks=LambdaCallback(on_train_batch_begin=wait))
    )
    fit.start()
    assert begun.wait(10)
    uses: list[Callable[[], Any]] = [
        lambda: model.save(tmp_path / "model"),
        lambda: copy.deepcopy(model),
        lambda: pickle.dumps(model),
        lambda: model.layers[0].get_weights(),
    ]
    try:
        for use in uses:
            with pytest.raises(RuntimeError, match="another thread"):
                use()
    finally:
        go_on.set()
        fit.join()
    assert not list(tmp_path.iterdir())
