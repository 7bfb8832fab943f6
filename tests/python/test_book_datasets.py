"""The chapter's data: its table, and its two CSV files, read from small ones written here and from the real ones."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from lamina.datasets import HYDERABAD_FEATURES, aliens, read_circle, read_hyderabad

CIRCLE_HEADER = ",x_1,x_2,y"
CIRCLE = f"{CIRCLE_HEADER}\n0,-0.5,2.75,0\n1,1e-1,+.25,1\n2,-3,3.,0\n"
HYDERABAD_HEADER = ",".join(["Price", "Area", "Location", *HYDERABAD_FEATURES[1:]])
HOUSE = ",".join(["4321000", "1234", "Uptown", "2", *("0", "1", "9") * 12])
HYDERABAD = f"{HYDERABAD_HEADER}\n{HOUSE}\n{HOUSE.replace('Uptown', chr(34) + 'Hill, upper' + chr(34))}\n"
READERS = {
    "read_circle": (read_circle, "one_circle.csv", CIRCLE),
    "read_hyderabad": (read_hyderabad, "Hyderabad.csv", HYDERABAD),
}


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "a file.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def message(use, error: type[Exception]) -> str:
    with pytest.raises(error) as caught:
        use()
    return str(caught.value)


# --- the table --------------------------------------------------------------------------------------------------------


def test_aliens():
    x, y = aliens()
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((8, 2), np.float32, (8,), np.int64)
    moods = dict(zip(map(tuple, x.tolist()), y.tolist(), strict=True))
    assert moods == {(a, b): int(a > 0 and b > 0) for a in (0, 1, 2) for b in (0, 1, 2) if a or b}
    a, b = x.T
    np.testing.assert_array_equal(y, (6 * a + 10 * b - 15 > 0) & (10 * a + 6 * b - 15 > 0))
    x[:] = 7
    assert aliens()[0].max() == 2  # a new array each time


# --- what is read -----------------------------------------------------------------------------------------------------


def test_circle(tmp_path):
    path = write(tmp_path, CIRCLE)
    for given in (path, str(path)):
        x, y = read_circle(given)
        assert (x.dtype, y.dtype) == (np.float32, np.int64)
        np.testing.assert_array_equal(x, np.array([[-0.5, 2.75], [0.1, 0.25], [-3, 3]], np.float32))
        assert y.tolist() == [0, 1, 0]
        assert x.flags.c_contiguous
        assert x.flags.writeable


def test_hyderabad(tmp_path):
    x, y = read_hyderabad(write(tmp_path, HYDERABAD))
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((2, 38), np.float32, (2,), np.float32)
    assert y.tolist() == [4321000, 4321000]
    assert x[0].tolist() == x[1].tolist() == [1234, 2, *(0, 1, 9) * 12]
    assert x.flags.c_contiguous
    assert y.flags.c_contiguous
    assert y.base is None  # it does not keep the rest of the table


def test_names_of_features():
    assert len(HYDERABAD_FEATURES) == len(set(HYDERABAD_FEATURES)) == 38
    assert HYDERABAD_FEATURES[:3] == ("Area", "No. of Bedrooms", "Resale")
    assert HYDERABAD_FEATURES[-1] == "Refrigerator"
    assert not {"Price", "Location"} & set(HYDERABAD_FEATURES)


@pytest.mark.parametrize("name", READERS)
def test_how_lines_end_and_the_text_begins_is_free(name, tmp_path):
    read, _, text = READERS[name]
    expected = [data.tobytes() for data in read(write(tmp_path, text))]
    variants = [text.replace("\n", "\r\n"), text.replace("\n", "\r"), text[:-1], "\ufeff" + text]
    variants.append("\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in CIRCLE.split("\n")[:-1]))
    for variant in variants if name == "read_circle" else variants[:-1]:
        assert [data.tobytes() for data in read(write(tmp_path, variant))] == expected


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", READERS)
def test_a_missing_file_is_explained(name, tmp_path):
    read, original, _ = READERS[name]
    path = tmp_path / "nowhere" / "x.csv"
    text = message(lambda: read(path), FileNotFoundError)
    assert text.startswith(f"{name}: there is no file {str(path)!r}. {original} belongs to the companion repository")
    for words in ("Grokking Machine Learning", "https://github.com/luisguiserrano/manning", "path"):
        assert words in text
    assert ("lamina.datasets.circle" in text) == (name == "read_circle")


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("path", [None, 3, b"x.csv", ["x.csv"]])
def test_a_path_is_a_path(name, path):
    text = message(lambda: READERS[name][0](path), TypeError)
    assert text == f"{name}(path={path!r}): path must be a str or an os.PathLike"


def test_a_folder_is_not_a_file(tmp_path):
    with pytest.raises(IsADirectoryError):
        read_circle(tmp_path)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: "", "the file is empty"),
        (lambda text: "\ufeff", "the file is empty"),
        (lambda text: text.split("\n")[0], "there is no row below the header"),
        (lambda text: text.split("\n")[0] + "\n", "there is no row below the header"),
        (lambda text: "\n" + text, "the number of columns in the header is 0, not "),
        (lambda text: text.replace("\n", ",more\n", 1), "the number of columns in the header is "),
        (lambda text: text.split("\n", 1)[1], "column 1 of the header is "),
        (lambda text: text.replace(",", ";"), "column 1 of the header is "),
        (lambda text: text + "\n", "the number of fields is 0, not "),
        (lambda text: text.replace("\n", "\n\n", 2), "line 2: the number of fields is 0, not "),
        (lambda text: text[:-1] + ",1\n", "the number of fields is "),
        (lambda text: text[: text.rindex(",")], "the number of fields is "),
        (lambda text: text + '"', "unexpected end of data"),
        (lambda text: text.encode("utf-16"), "it is not text in UTF-8 ("),
        (lambda text: text.encode() + "Hyd\u00e9rabad".encode("latin-1"), "it is not text in UTF-8 ("),
        (lambda text: text + "1" * 200_000, "field larger than field limit"),
    ],
)
def test_a_wrong_file_is_named(name, change, words, tmp_path):
    read, original, text = READERS[name]
    path = write(tmp_path, change(text))
    found = message(lambda: read(path), ValueError)
    assert found.startswith(f"{name}: {path}: ")
    assert words in found
    assert original in found


def test_one_file_for_the_other(tmp_path):
    found = message(lambda: read_circle(write(tmp_path, HYDERABAD)), ValueError)
    assert "column 1 of the header is 'Price', not ''" in found
    found = message(lambda: read_hyderabad(write(tmp_path, CIRCLE)), ValueError)
    assert "column 1 of the header is '', not 'Price'" in found


def test_a_renamed_column_is_named(tmp_path):
    found = message(lambda: read_hyderabad(write(tmp_path, HYDERABAD.replace("Wifi", "WiFi"))), ValueError)
    assert "column 29 of the header is 'WiFi', not 'Wifi'" in found
    found = message(lambda: read_circle(write(tmp_path, CIRCLE.replace("x_1,x_2", "x_2,x_1"))), ValueError)
    assert "column 2 of the header is 'x_2', not 'x_1'" in found


@pytest.mark.parametrize(
    "cell", ["", " ", "abc", "nan", "inf", "-Infinity", "1e999", "1e39", "1_0", "0x1", "1 2", "\u0663"]
)
def test_a_cell_that_is_no_number_is_named(cell, tmp_path):
    found = message(lambda: read_circle(write(tmp_path, CIRCLE.replace("2.75", cell))), ValueError)
    assert f"a file.csv: line 2, column 'x_2': {cell!r} is not a finite number" in found
    last = HYDERABAD[: HYDERABAD.rindex(",") + 1] + cell
    found = message(lambda: read_hyderabad(write(tmp_path, last)), ValueError)
    assert f"a file.csv: line 3, column 'Refrigerator': {cell!r} is not a finite number" in found


def test_lines_are_those_of_the_file(tmp_path):
    """A cell may go over several lines; a row has the number of its first."""
    text = CIRCLE.replace("\n0,", '\n"a\nb",').replace("3.,0", "3.,2")
    found = message(lambda: read_circle(write(tmp_path, text)), ValueError)
    assert "line 5, column 'y': the label '2' is neither 0 nor 1" in found


@pytest.mark.parametrize("label", ["2", "-1", "0.5"])
def test_a_label_is_0_or_1(label, tmp_path):
    found = message(lambda: read_circle(write(tmp_path, CIRCLE.replace("2.75,0", f"2.75,{label}"))), ValueError)
    assert f"line 2, column 'y': the label {label!r} is neither 0 nor 1" in found


# --- the real files ---------------------------------------------------------------------------------------------------


@pytest.fixture
def real():
    """Return where a real file is, or skip."""

    def find(name: str) -> Path:
        folder = os.environ.get("LAMINA_DATA")
        if not folder or not (Path(folder) / name).is_file():
            pytest.skip(f"set LAMINA_DATA to a folder with {name} of the book's companion repository")
        return Path(folder) / name

    return find


def test_the_real_circle(real):
    x, y = read_circle(real("one_circle.csv"))
    assert (x.shape, y.shape) == ((110, 2), (110,))
    assert np.bincount(y).tolist() == [84, 26]
    assert np.abs(x).max() < 3
    radius = np.hypot(*x.T)
    # What lamina.datasets.circle says of this file.
    wrong = y != (radius <= 1.65)
    assert wrong.mean() < 0.08
    assert abs((radius <= 1.65).mean() - 0.2) < 0.02


def test_the_real_houses(real):
    x, y = read_hyderabad(real("Hyderabad.csv"))
    assert (x.shape, y.shape) == ((2518, 38), (2518,))
    area, bedrooms, *amenities = x.T
    assert y.min() > 1e6
    assert area.min() > 100
    assert set(bedrooms.tolist()) <= set(range(1, 9))
    assert set(amenities[0].tolist()) == {0, 1}
    for column in amenities[1:]:
        assert set(column.tolist()) == {0, 1, 9}
    assert len({int((column == 9).sum()) for column in amenities[1:]}) == 1
