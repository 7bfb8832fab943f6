"""What the README shows and what examples/ holds runs as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.known_paths

ROOT = Path(__file__).parents[2]


def python_blocks(document: str) -> list[str]:
    text = (ROOT / document).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_readme_listing_runs():
    if not os.environ.get("LAMINA_DATA"):
        pytest.skip("the listing trains on MNIST: set LAMINA_DATA to the folder that holds mnist/")
    (listing,) = (block for block in python_blocks("README.md") if "mnist.load_data()" in block)
    short, epochs = re.subn(r"\bepochs=10\b", "epochs=1", listing)
    assert epochs == 1, "the listing no longer says epochs=10"
    namespace: dict[str, object] = {}
    exec(compile(short, "README.md", "exec"), namespace)
    assert namespace["model"].count_params() == 109_386


def test_digits_example_runs_without_mnist(tmp_path):
    """With no MNIST to be found the example trains on the packaged digits, says so, and reads them well."""
    environment = {name: value for name, value in os.environ.items() if name != "LAMINA_DATA"}
    environment |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "KERAS_HOME": str(tmp_path)}
    environment["HTTPS_PROXY"] = "http://127.0.0.1:9"  # no download either, where pooch is installed
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "digits.py")],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "packaged" in done.stdout
    accuracy = re.search(r"Test accuracy: ([\d.]+)", done.stdout)
    assert accuracy, done.stdout
    assert float(accuracy[1]) > 0.85
