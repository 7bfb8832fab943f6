"""Where data sets are found, and what is said of damaged or missing ones."""

from __future__ import annotations

import gzip
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from lamina.datasets import digits, mnist

FILES = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
]


def test_digits():
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert x_train.shape == (1437, 8, 8)
    assert x_test.shape == (360, 8, 8)
    assert (y_train.shape, y_test.shape) == ((1437,), (360,))
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    assert (x_train.min(), x_train.max()) == (0, 16)
    assert x_train.flags.writeable
    counts = np.bincount(y_train, minlength=10) + np.bincount(y_test, minlength=10)
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    # The first image is a 0: ink around an empty middle.
    assert y_train[:5].tolist() == [0, 1, 2, 3, 4]
    assert x_train[0, 3:5, 3:5].max() == 0
    assert x_train[0].sum() == 294


def test_digits_are_attributed():
    folder = Path(digits.__file__).parent
    text = (folder / "digits.README.md").read_text()
    for word in ("Alpaydin", "Kaynak", "UCI", "CC BY 4.0"):
        assert word in text
        assert word in digits.__doc__


@pytest.fixture
def empty(monkeypatch, tmp_path) -> Path:
    """Leave nothing to be found: no LAMINA_DATA, no cache, no pooch; return a folder for LAMINA_DATA."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setitem(sys.modules, "pooch", None)
    folder = tmp_path / "data"
    (folder / "mnist").mkdir(parents=True)
    monkeypatch.setenv("LAMINA_DATA", str(folder))
    return folder


@pytest.fixture
def real() -> Path:
    """Return the folder that holds the real files."""
    if not os.environ.get("LAMINA_DATA"):
        pytest.skip("set LAMINA_DATA to the folder that holds mnist/ with the four IDX files")
    return Path(os.environ["LAMINA_DATA"]) / "mnist"


def check_mnist(data: mnist.Pair) -> None:
    (x_train, y_train), (x_test, y_test) = data
    assert (x_train.shape, x_test.shape) == ((60000, 28, 28), (10000, 28, 28))
    assert (y_train.shape, y_test.shape) == ((60000,), (10000,))
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    assert all(a.flags.c_contiguous and a.flags.writeable for a in (x_train, y_train, x_test, y_test))
    assert y_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert y_test[:5].tolist() == [7, 2, 1, 0, 4]


def test_mnist_as_it_is_given(real):
    check_mnist(mnist.load_data())


def test_mnist_plain_and_gzipped(real, empty):
    folder = empty / "mnist"
    for name in FILES:
        if name.startswith("t10k"):
            shutil.copy(real / f"{name}.gz", folder)
        else:
            (folder / name).write_bytes(gzip.decompress((real / f"{name}.gz").read_bytes()))
    check_mnist(mnist.load_data())


def broken(data: bytes) -> dict[str, bytes]:
    flipped = bytearray(data)
    flipped[5000] ^= 1
    return {
        "a flipped bit": bytes(flipped),
        "cut short": data[:-1],
        "too long": data + b"\0",
        "nothing": b"",
        "another file": b"<html>" + data[6:],
    }


@pytest.mark.parametrize("how", broken(bytes(6000)))
def test_a_damaged_file_is_named(how, real, empty):
    folder = empty / "mnist"
    for name in FILES:
        (folder / f"{name}.gz").symlink_to(real / f"{name}.gz")
    name = FILES[3]
    data = gzip.decompress((real / f"{name}.gz").read_bytes())
    (folder / f"{name}.gz").unlink()
    (folder / name).write_bytes(broken(data)[how])
    with pytest.raises(ValueError, match=rf"{name} is damaged .* replace or remove it"):
        mnist.load_data()


@pytest.mark.parametrize("content", [b"not gzip at all", gzip.compress(bytes(100), mtime=0)[:20], b""])
def test_a_damaged_archive_is_named(content, empty):
    for name in FILES:
        (empty / "mnist" / f"{name}.gz").write_bytes(content)
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte.gz is damaged"):
        mnist.load_data()


def test_a_missing_file_among_others_is_named(empty):
    for name in FILES[:3]:
        (empty / "mnist" / name).write_bytes(b"")
    with pytest.raises(FileNotFoundError, match=r"lacks t10k-labels-idx1-ubyte \(.gz or plain\)"):
        mnist.load_data()


@pytest.mark.parametrize("download", [True, False])
def test_where_there_is_none_the_error_says_how_to_get_it(download, empty, monkeypatch):
    for given in (True, False):
        if not given:
            monkeypatch.delenv("LAMINA_DATA")
        with pytest.raises(FileNotFoundError) as caught:
            mnist.load_data(download=download)
        message = str(caught.value)
        for word in ("LAMINA_DATA", "pip install 'lamina[data]'", "mnist.npz", "t10k-labels-idx1-ubyte.gz", "digits"):
            assert word in message
        assert ("pooch" in message) == download


def test_a_damaged_cache_of_keras_is_named(empty, monkeypatch, tmp_path):
    cache = tmp_path / "keras" / "datasets" / "mnist.npz"
    cache.parent.mkdir(parents=True)
    cache.write_bytes(b"PK\x03\x04")
    with pytest.raises(ValueError, match=r"mnist.npz is damaged .*checksum"):
        mnist.load_data()


class FakePooch:
    """Stands for pooch, and keeps what it was asked for."""

    def __init__(self, result: Path | Exception) -> None:
        self.result = result
        self.asked: dict[str, object] = {}

    def os_cache(self, name: str) -> str:
        return f"/cache/{name}"

    def retrieve(self, url: str, **options: object) -> str:
        self.asked = {"url": url, **options}
        if isinstance(self.result, Exception):
            raise self.result
        return str(self.result)


def test_the_download_has_a_checksum(empty, monkeypatch, tmp_path):
    (tmp_path / "mnist.npz").write_bytes(b"something else")
    pooch = FakePooch(tmp_path / "mnist.npz")
    monkeypatch.setitem(sys.modules, "pooch", pooch)
    with pytest.raises(ValueError, match="is damaged"):
        mnist.load_data()
    assert str(pooch.asked["url"]).startswith("https://")
    assert len(str(pooch.asked["known_hash"])) == len("sha256:") + 64


def test_a_failing_download_is_told(empty, monkeypatch):
    pooch = FakePooch(OSError("no route to host"))
    monkeypatch.setitem(sys.modules, "pooch", pooch)
    with pytest.raises(FileNotFoundError, match=r"no route to host.*pip install"):
        mnist.load_data()
    pooch.asked = {}
    with pytest.raises(FileNotFoundError):
        mnist.load_data(download=False)
    assert pooch.asked == {}
