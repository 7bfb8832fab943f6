"""The examples of chapter 10 run as a reader runs them, without a display, and save the figures they are to save."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

FOLDER = Path(__file__).parents[2] / "examples" / "chapter10"
# Of each example its figures.
FIGURES = {
    "01_perceptron": ("01-perceptron", "01-discrete-and-continuous", "01-surfaces"),
    "02_aliens": ("02-network", "02-four-boundaries", "02-mended", "02-learned-neurons"),
    "03_xor": ("03-network", "03-xor-network", "03-xor-neurons", "03-xor-learned"),
    "04_activations": ("04-activations", "04-vanishing-gradients"),
    "05_error": ("05-log-loss", "05-regularization", "05-softmax"),
    "06_backpropagation": ("06-gradients", "06-one-step"),
    "07_circle": ("07-boundary", "07-neurons", "07-side-by-side", "07-dropout-masks"),
    "08_optimizers": ("08-paths", "08-optimizers", "08-batches"),
}


def run(name: str, folder: Path, *arguments: str, data: str | None) -> subprocess.CompletedProcess[str]:
    """Run an example in a folder, without a display, warnings as errors, with the data of LAMINA_DATA or none."""
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND", "LAMINA_DATA")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    if data is not None:
        environment["LAMINA_DATA"] = data
    else:  # no cache of Keras's either, and no download where pooch is installed
        environment |= {"KERAS_HOME": str(folder), "HTTPS_PROXY": "http://127.0.0.1:9"}
    return subprocess.run(
        [sys.executable, "-W", "error", str(FOLDER / f"{name}.py"), *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        timeout=300,
    )


def test_every_example_is_listed() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} - {"_common"} == {*FIGURES}


@pytest.mark.parametrize("name", FIGURES)
def test_example(name: str, tmp_path: Path) -> None:
    """It asserts its numbers itself."""
    done = run(name, tmp_path, "--output", "figures", data=os.environ.get("LAMINA_DATA"))
    assert done.returncode == 0, done.stderr
    written = {path.stem: path.read_bytes() for path in (tmp_path / "figures").iterdir()}
    assert {*written} == {*FIGURES[name]}
    assert all(picture.startswith(b"\x89PNG") for picture in written.values())


def test_without_the_books_file_the_circle_is_drawn(tmp_path: Path) -> None:
    done = run("07_circle", tmp_path, data=None)
    assert done.returncode == 0, done.stderr
    assert "--data one_circle.csv gives the book's own" in done.stdout
    assert {path.stem for path in (tmp_path / "chapter10-figures").iterdir()} == {*FIGURES["07_circle"]}
