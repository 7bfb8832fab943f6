"""The examples of chapter 10 run as a reader runs them, without a display, and save the figures they are to save."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

pytestmark = pytest.mark.known_paths

FOLDER = Path(__file__).parents[2] / "examples" / "chapter10"
SLOW = {"07_circle", "08_optimizers", "09_digits", "10_houses", "11_hyperparameters", "12_transfer"}
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
    "09_digits": ("09-first-digits", "09-training", "09-right-and-wrong", "09-confusion", "09-weights"),
    "10_houses": ("10-training", "10-residuals", "10-area-and-price", "10-test-errors"),
    "11_hyperparameters": ("11-grid", "11-best-and-worst"),
    "12_transfer": ("12-transfer", "12-digits"),
}


def run(name: str, folder: Path, *arguments: str, data: str | None) -> subprocess.CompletedProcess[str]:
    """Run an example in a folder, without a display, with the data of LAMINA_DATA or none.

    Warnings of numbers are errors, those of what other packages will change one day are not.
    """
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND", "LAMINA_DATA")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    if data is not None:
        environment["LAMINA_DATA"] = data
    else:  # no cache of Keras's either, and no download where pooch is installed
        environment |= {"KERAS_HOME": str(folder), "HTTPS_PROXY": "http://127.0.0.1:9"}
    return subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", str(FOLDER / f"{name}.py"), *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        timeout=600,
    )


def test_every_example_is_listed() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} - {"_common"} == {*FIGURES}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow, pytest.mark.in_gallery]) if name in SLOW else name
        for name in FIGURES
    ],
)
def test_example(name: str, tmp_path: Path) -> None:
    """It asserts its numbers itself."""
    data = os.environ.get("LAMINA_DATA")
    if name == "10_houses" and not (data and (Path(data) / "Hyderabad.csv").is_file()):
        pytest.skip("needs the book's Hyderabad.csv: set LAMINA_DATA to the folder that holds it")
    done = run(name, tmp_path, "--output", "figures", data=data)
    assert done.returncode == 0, done.stderr
    written = {path.stem: path.read_bytes() for path in (tmp_path / "figures").iterdir()}
    assert {*written} == {*FIGURES[name]}
    assert all(picture.startswith(b"\x89PNG") for picture in written.values())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("07_circle", "--data one_circle.csv gives the book's own"),
        ("09_digits", "these are the digits packaged with lamina"),
    ],
)
def test_without_data_others_take_their_place(name: str, says: str, tmp_path: Path) -> None:
    """The example says so, and its results hold; figures go where the reader stands."""
    done = run(name, tmp_path, data=None)
    assert done.returncode == 0, done.stderr
    assert says in done.stdout
    assert {path.stem for path in (tmp_path / "chapter10-figures").iterdir()} == {*FIGURES[name]}


def test_without_the_houses_the_example_says_what_to_give(tmp_path: Path) -> None:
    done = run("10_houses", tmp_path, data=None)
    assert done.returncode != 0
    assert "give its path with --data, or its folder in the variable LAMINA_DATA" in done.stderr
    done = run("10_houses", tmp_path, "--data", "nowhere.csv", data=None)
    assert "nowhere.csv" in done.stderr
    assert not (tmp_path / "chapter10-figures").exists()
