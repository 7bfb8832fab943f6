"""The notebooks of chapter 10: cell by cell, as Jupyter runs them, and the numbers that they come to."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("matplotlib")
import matplotlib
from matplotlib import pyplot as plt

pytestmark = pytest.mark.known_paths

FOLDER = Path(__file__).parents[2] / "examples" / "chapter10" / "notebooks"
# Of each notebook the file in LAMINA_DATA that it must have, and the cells that draw.
NOTEBOOKS = {
    "07_circle": (None, ("points", "training", "boundary")),
    "09_digits": ("mnist", ("images", "training", "mistakes", "confusion")),
    "10_houses": ("Hyderabad.csv", ("residuals", "line", "errors")),
}


def load(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))
    return content


def code(name: str) -> dict[str, str]:
    """Return a notebook's code by the ids of its cells."""
    return {cell["id"]: "".join(cell["source"]) for cell in load(name)["cells"] if cell["cell_type"] == "code"}


def run(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], list[str]]:
    """Run all cells in a folder; return what they leave behind, and the cells that drew a figure."""
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {"__name__": "__main__"}
    drew = []
    with matplotlib.rc_context({"backend": "agg"}):
        plt.close("all")
        for cell, source in code(name).items():
            exec(compile(source, f"{name}[{cell}]", "exec"), names)
            for number in plt.get_fignums():
                drew.append(cell)
                plt.figure(number).savefig(folder / f"{cell}.png")
            plt.close("all")
    return names, drew


@pytest.fixture
def notebook(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what a notebook leaves behind; it has drawn what it is to draw."""
    name: str = request.param
    needed, pictures = NOTEBOOKS[name]
    data = os.environ.get("LAMINA_DATA")
    if needed and not (data and (Path(data) / needed).exists()):
        pytest.skip(f"set LAMINA_DATA to the folder that holds {needed}")
    names, drew = run(name, tmp_path, monkeypatch)
    assert drew == [f"picture-of-{picture}" for picture in pictures]
    return names


def test_every_notebook_is_listed():
    assert {path.stem for path in FOLDER.iterdir()} == {*NOTEBOOKS}


# --- what they come to ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("notebook", ["07_circle"], indirect=True)
def test_circle(notebook):
    assert notebook["model"].count_params() == 8770
    assert notebook["history"].epoch == [*range(100)]
    assert notebook["history"].params["steps"] == -(-len(notebook["x"]) // 10)
    assert {*notebook["test_history"].history} == {"accuracy", "loss", "val_accuracy", "val_loss"}
    assert notebook["accuracy"] >= 0.90
    assert notebook["test_accuracy"] >= 0.85
    assert notebook["sgd_accuracy"] >= 0.85
    assert notebook["predictions"].shape == (len(notebook["x"]), 2)


@pytest.mark.slow
@pytest.mark.parametrize("notebook", ["09_digits"], indirect=True)
def test_digits(notebook):
    assert notebook["model"].count_params() == 109_386
    assert notebook["history"].params["steps"] == 6000
    assert notebook["accuracy"] >= 0.935
    assert notebook["leaky_accuracy"] >= 0.95
    assert (notebook["digits"] == notebook["y_test"]).mean() == pytest.approx(notebook["accuracy"], abs=1e-6)


@pytest.mark.parametrize("notebook", ["10_houses"], indirect=True)
def test_houses(notebook):
    assert notebook["model"].count_params() == 14_795
    assert notebook["history"].params["steps"] == 252
    assert notebook["rmse"] <= 5.6e6
    assert notebook["line_rmse"] == pytest.approx(4.90e6, abs=5e3)
    errors = notebook["test_errors"]
    assert errors["the network, scaled"] < errors["a straight line"] < errors["the network"]


# --- without the files ------------------------------------------------------------------------------------------------


def test_without_its_file_the_circle_is_drawn(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("LAMINA_DATA", raising=False)
    names, _ = run("07_circle", tmp_path, monkeypatch)
    assert "There is no one_circle.csv: these points are drawn like the book's" in capsys.readouterr().out
    assert names["accuracy"] >= 0.85


def test_without_its_file_the_houses_say_where_it_is_from(tmp_path, monkeypatch):
    monkeypatch.setenv("LAMINA_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"Hyderabad\.csv from https://github\.com/luisguiserrano/manning"):
        run("10_houses", tmp_path, monkeypatch)


def test_a_file_beside_the_notebook_is_found(tmp_path, monkeypatch):
    monkeypatch.delenv("LAMINA_DATA", raising=False)
    (tmp_path / "Hyderabad.csv").write_text("Price,Location,Area\n1,Uptown,2\n")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for cell in ("imports", "houses", "features"):
        exec(code("10_houses")[cell], names)
    assert names["features"].columns.tolist() == ["Area"]


# --- the files themselves ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_format(name):
    """What format 4.5 asks for, and no outputs, so that changes can be read."""
    text = (FOLDER / f"{name}.ipynb").read_text(encoding="utf-8")
    content = json.loads(text)
    assert text == json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    assert {*content} == {"cells", "metadata", "nbformat", "nbformat_minor"}
    assert (content["nbformat"], content["nbformat_minor"]) == (4, 5)
    assert content["metadata"]["kernelspec"] == {"display_name": "Python 3", "language": "python", "name": "python3"}
    ids = [cell["id"] for cell in content["cells"]]
    assert len(ids) == len(set(ids))
    for cell in content["cells"]:
        assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", cell["id"])
        assert all(isinstance(line, str) for line in cell["source"])
        assert "".join(cell["source"]).strip()
        if cell["cell_type"] == "code":
            assert {*cell} == {"cell_type", "execution_count", "id", "metadata", "outputs", "source"}
            assert cell["execution_count"] is None
            assert cell["outputs"] == []
        else:
            assert {*cell} == {"cell_type", "id", "metadata", "source"}
            assert cell["cell_type"] == "markdown"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_keras_programs_but_for_their_imports(name):
    """What a program for Keras could not have stands in the import lines, and in cells that it can do without."""
    imports = code(name)["imports"]
    assert re.search(r"^(import|from) lamina\.compat\.tensorflow", imports, re.MULTILINE)
    own = "".join(re.findall(r"^from lamina import (.+)$", imports, re.MULTILINE)).split(", ")
    assert {*own} <= {"datasets", "plot"}
    for cell, source in code(name).items():
        if cell != "imports":
            assert "import lamina" not in source
            assert "from lamina" not in source
            assert not re.search(r"\bplot\.", source) or cell.startswith("picture-of-")
            assert not re.search(r"\bdatasets\.(?!mnist)", source) or cell == "points"
