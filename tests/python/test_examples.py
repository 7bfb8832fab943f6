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
}


def run(name: str, folder: Path, *arguments: str, data: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run an example in a folder of its own, where no data but those of LAMINA_DATA, if that, are to be found."""
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND", "LAMINA_DATA")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"HOME": str(folder), "XDG_CACHE_HOME": str(folder), "KERAS_HOME": str(folder)}
    environment["HTTPS_PROXY"] = "http://127.0.0.1:9"  # no download either, where pooch is installed
    if data is not None:
        environment["LAMINA_DATA"] = data
    return subprocess.run(
        [sys.executable, str(FOLDER / f"{name}.py"), *arguments],
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
    assert done.stderr == ""
    written = {path.stem: path.read_bytes() for path in (tmp_path / "figures").iterdir()}
    assert {*written} == {*FIGURES[name]}
    assert all(picture.startswith(b"\x89PNG") for picture in written.values())
