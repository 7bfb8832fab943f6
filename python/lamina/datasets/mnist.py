"""MNIST: 70,000 handwritten digits of 28 by 28 pixels (LeCun, Cortes and Burges, CC BY-SA 3.0)."""

from __future__ import annotations

import gzip
import hashlib
import importlib
import os
import zlib
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

Pair = tuple[NDArray[np.uint8], NDArray[np.uint8]]


class _Part(NamedTuple):
    file: str
    shape: tuple[int, ...]
    sha256: str  # of the file, unzipped


_PARTS = (
    _Part(
        "train-images-idx3-ubyte",
        (60000, 28, 28),
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    _Part(
        "train-labels-idx1-ubyte",
        (60000,),
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    _Part(
        "t10k-images-idx3-ubyte",
        (10000, 28, 28),
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    _Part(
        "t10k-labels-idx1-ubyte",
        (10000,),
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
)

# The file that Keras loads, and keeps in its own cache.
_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
_NPZ_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_data(*, download: bool = True) -> tuple[Pair, Pair]:
    """Return MNIST: 60,000 images to train on and 10,000 to test on.

    They are looked for in the folder ``mnist`` of the folder that the environment variable
    ``LAMINA_DATA`` names (the four original IDX files, gzipped or plain), then in Keras's cache
    (``~/.keras/datasets/mnist.npz``), and then downloaded (with ``pip install 'lamina[data]'``).
    Wherever they come from, a checksum says that they are the real ones.

    Parameters
    ----------
    download : bool
        Whether to download them where they are not at hand.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Images as uint8 (n, 28, 28), from 0 to 255; labels as uint8 (n,), from 0 to 9.

    Raises
    ------
    FileNotFoundError
        If they are nowhere; the message says how to get them.
    ValueError
        If a file that was found is damaged; the message names it.
    """
    tried: list[str] = []
    arrays = _from_folder(tried) or _from_keras(tried)
    if arrays is None and download:
        arrays = _from_download(tried)
    if arrays is None:
        raise FileNotFoundError(
            "MNIST was not found: "
            + "; ".join(tried)
            + ". To get it: pip install 'lamina[data]' and load it again, which downloads it; or "
            "put the four files train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, "
            "t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz into a folder mnist/ and set "
            "LAMINA_DATA to the folder that holds it. lamina.datasets.digits has real digits "
            "without either"
        )
    x_train, y_train, x_test, y_test = arrays
    return (x_train, y_train), (x_test, y_test)


def _damaged(path: object, why: str) -> ValueError:
    return ValueError(f"{path} is damaged ({why}): replace or remove it")


# --- the original files ---------------------------------------------------------------------------


def _from_folder(tried: list[str]) -> list[NDArray[np.uint8]] | None:
    root = os.environ.get("LAMINA_DATA")
    if not root:
        tried.append("LAMINA_DATA is not set")
        return None
    folder = Path(root) / "mnist"
    paths = [_find(folder, part) for part in _PARTS]
    missing = [part.file for part, path in zip(_PARTS, paths, strict=True) if path is None]
    if len(missing) == len(_PARTS):
        tried.append(f"{folder} (from LAMINA_DATA) has none of its files")
        return None
    if missing:
        raise FileNotFoundError(f"{folder} lacks {', '.join(missing)} (.gz or plain)")
    return [_read_idx(path, part) for path, part in zip(paths, _PARTS, strict=True) if path]


def _find(folder: Path, part: _Part) -> Path | None:
    for name in (part.file + ".gz", part.file):
        if (folder / name).is_file():
            return folder / name
    return None


def _read_idx(path: Path, part: _Part) -> NDArray[np.uint8]:
    """Read one IDX file into an array of its own, which is all the memory that takes."""
    # Two zero bytes, 8 for unsigned bytes, the rank; then each length, big-endian.
    header = bytes((0, 0, 8, len(part.shape)))
    header += b"".join(length.to_bytes(4, "big") for length in part.shape)
    data = np.empty(part.shape, np.uint8)
    try:
        with _open(path) as file:
            found = file.read(len(header))
            if found != header:
                raise _damaged(path, f"it does not begin as {part.file} does")
            if not _fill(file, data.reshape(-1).data) or file.read(1):
                raise _damaged(path, f"its length is not {len(header) + data.size} bytes, unzipped")
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _damaged(path, str(error)) from error
    digest = hashlib.sha256(header)
    digest.update(data.reshape(-1).data)
    if digest.hexdigest() != part.sha256:
        raise _damaged(path, "its checksum is not that of the original file")
    return data


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _fill(file: BinaryIO, buffer: memoryview) -> bool:
    """Read until the buffer is full; return whether it is."""
    while len(buffer):
        count = file.readinto(buffer)  # type: ignore[attr-defined]
        if not count:
            return False
        buffer = buffer[count:]
    return True


# --- Keras's file ---------------------------------------------------------------------------------


def _from_keras(tried: list[str]) -> list[NDArray[np.uint8]] | None:
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    path = home / "datasets" / "mnist.npz"
    if not path.is_file():
        tried.append(f"{path} (Keras's cache) does not exist")
        return None
    return _read_npz(path)


def _read_npz(path: Path) -> list[NDArray[np.uint8]]:
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    if digest.hexdigest() != _NPZ_SHA256:
        raise _damaged(path, "its checksum is not that of the file that Keras loads")
    with np.load(path, allow_pickle=False) as data:
        return [data[name] for name in ("x_train", "y_train", "x_test", "y_test")]


def _from_download(tried: list[str]) -> list[NDArray[np.uint8]] | None:
    try:
        pooch: Any = importlib.import_module("pooch")
    except ImportError:
        tried.append("pooch, which would download it, is not installed")
        return None
    try:
        path = pooch.retrieve(
            _URL,
            known_hash=f"sha256:{_NPZ_SHA256}",
            fname="mnist.npz",
            path=pooch.os_cache("lamina"),
        )
    except (OSError, ValueError) as error:  # no network, or a file that is not the right one
        tried.append(f"the download of {_URL} failed ({error})")
        return None
    return _read_npz(Path(path))
