"""The data of *Grokking Machine Learning* (Luis Serrano, Manning, 2021), chapter 10, besides MNIST.

The table is a matter of eight lines. The two CSV files belong to the book's companion repository,
which states no licence, so they are read from where the reader has them and are not part of the
package.
"""

from __future__ import annotations

import contextlib
import csv
import math
import os

import numpy as np
from numpy.typing import NDArray

_REPOSITORY = "https://github.com/luisguiserrano/manning"
_LARGEST = float(np.finfo(np.float32).max)

_CIRCLE_COLUMNS = ("", "x_1", "x_2", "y")

HYDERABAD_FEATURES: tuple[str, ...] = (
    *("Area", "No. of Bedrooms", "Resale", "MaintenanceStaff", "Gymnasium", "SwimmingPool", "LandscapedGardens"),
    *("JoggingTrack", "RainWaterHarvesting", "IndoorGames", "ShoppingMall", "Intercom", "SportsFacility", "ATM"),
    *("ClubHouse", "School", "24X7Security", "PowerBackup", "CarParking", "StaffQuarter", "Cafeteria"),
    *("MultipurposeRoom", "Hospital", "WashingMachine", "Gasconnection", "AC", "Wifi", "Children'splayarea"),
    *("LiftAvailable", "BED", "VaastuCompliant", "Microwave", "GolfCourse", "TV", "DiningTable", "Sofa"),
    *("Wardrobe", "Refrigerator"),
)
"""The names of the 38 columns of `read_hyderabad`'s x, in order and as the file spells them."""

_HYDERABAD_COLUMNS = ("Price", HYDERABAD_FEATURES[0], "Location", *HYDERABAD_FEATURES[1:])


def aliens() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return eight sentences of aliens: how often they say aack and beep, and whether they are happy.

    An alien is happy where it says both words. No line separates the moods, but two do: with a for
    aack and b for beep, it is happy where 6a + 10b - 15 and 10a + 6b - 15 are both positive, which
    three perceptrons can say: one a line, and one for the AND. From *Grokking Machine Learning*,
    chapter 10.

    Returns
    -------
    x : ndarray
        The counts of aack and of beep, float32 (8, 2).
    y : ndarray
        The moods, 1 happy and 0 sad, int64 (8,). The sad ones come first.
    """
    x = np.array([[1, 0], [2, 0], [0, 1], [0, 2], [1, 1], [1, 2], [2, 1], [2, 2]], np.float32)
    y = np.array([0, 0, 0, 0, 1, 1, 1, 1], np.int64)
    return x, y


def read_circle(path: str | os.PathLike[str]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Read the book's ``one_circle.csv``: 110 points of a square, those in its middle of class 1.

    The file is part of the companion repository of *Grokking Machine Learning*,
    https://github.com/luisguiserrano/manning, and not of this package. `circle` draws a set like it.

    Parameters
    ----------
    path : str or os.PathLike
        Where the file is: UTF-8 text, comma-separated, with the header ``,x_1,x_2,y``. The first
        column numbers the rows and is not looked at.

    Returns
    -------
    x : ndarray
        The features x_1 and x_2, float32 (n, 2).
    y : ndarray
        The labels, 0 or 1, int64 (n,). The rows are as in the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file; the message says where it comes from.
    TypeError
        If `path` is neither a str nor an os.PathLike.
    OSError
        If it cannot be read.
    ValueError
        If the file is empty or no UTF-8 text, has another header, a row with another number of
        fields, a cell that is no finite number or a label that is neither 0 nor 1; the message names
        file, line, column and value.
    """
    where = _Place("read_circle", "one_circle.csv", "lamina.datasets.circle draws a set like it", path)
    rows: list[list[float]] = []
    for line, fields in _rows(where, _CIRCLE_COLUMNS):
        row = [_number(where, line, name, fields[name]) for name in _CIRCLE_COLUMNS[1:]]
        if row[-1] not in (0.0, 1.0):
            raise where.wrong(f"line {line}, column 'y': the label {fields['y']!r} is neither 0 nor 1")
        rows.append(row)
    data = np.array(rows)
    return data[:, :2].astype(np.float32), data[:, 2].astype(np.int64)


def read_hyderabad(path: str | os.PathLike[str]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Read the book's ``Hyderabad.csv``: 2,518 houses of that city and their prices.

    The file is part of the companion repository of *Grokking Machine Learning*,
    https://github.com/luisguiserrano/manning, and not of this package.

    Parameters
    ----------
    path : str or os.PathLike
        Where the file is: UTF-8 text, comma-separated, with a header of 40 columns: Price, Area,
        Location, and the others of `HYDERABAD_FEATURES`.

    Returns
    -------
    x : ndarray
        The columns that `HYDERABAD_FEATURES` names, float32 (n, 38): all but the price and the
        location, which is text. The area is in square feet, the number of bedrooms a count, the
        others tell whether there is a thing, 1 or 0. A 9 marks what is not known of a house, and
        stays a 9.
    y : ndarray
        The prices in rupees, float32 (n,), which rounds whole numbers above 2**24. The rows are as in
        the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file; the message says where it comes from.
    TypeError
        If `path` is neither a str nor an os.PathLike.
    OSError
        If it cannot be read.
    ValueError
        If the file is empty or no UTF-8 text, has another header, a row with another number of
        fields or a cell that is no finite number; the message names file, line, column and value.
    """
    where = _Place("read_hyderabad", "Hyderabad.csv", "", path)
    columns = ("Price", *HYDERABAD_FEATURES)
    rows = [
        [_number(where, line, name, fields[name]) for name in columns]
        for line, fields in _rows(where, _HYDERABAD_COLUMNS)
    ]
    data = np.array(rows, np.float32)
    return data[:, 1:].copy(), data[:, 0].copy()


# --- reading CSV ------------------------------------------------------------------------------------------------------


class _Place:
    """The file that a reader reads, for its errors."""

    def __init__(self, reader: str, original: str, instead: str, path: object) -> None:
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(f"{reader}(path={path!r}): path must be a str or an os.PathLike")
        self.path = os.fsdecode(path)
        self._reader, self._original, self._instead = reader, original, instead

    def missing(self) -> FileNotFoundError:
        instead = f"; {self._instead}" if self._instead else ""
        return FileNotFoundError(
            f"{self._reader}: there is no file {self.path!r}. {self._original} belongs to the companion repository "
            f"of Grokking Machine Learning ({_REPOSITORY}, chapter 10) and does not come with lamina: get it there "
            f"and give the path to it{instead}"
        )

    def wrong(self, why: str) -> ValueError:
        return ValueError(f"{self._reader}: {self.path}: {why}; the original is {self._original} of {_REPOSITORY}")


def _rows(where: _Place, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """Return of each row below the header the number of its first line, and its fields by column."""
    rows = []
    try:
        # utf-8-sig: spreadsheets put a byte order mark before the text.
        with open(where.path, encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True)
            _check_header(where, next(lines, None), columns)
            line = lines.line_num + 1
            for row in lines:
                if len(row) != len(columns):
                    raise where.wrong(f"line {line}: the number of fields is {len(row)}, not {len(columns)}")
                rows.append((line, dict(zip(columns, row, strict=True))))
                line = lines.line_num + 1
    except FileNotFoundError:
        raise where.missing() from None
    except UnicodeDecodeError as error:
        raise where.wrong(f"it is not text in UTF-8 ({error})") from error
    except csv.Error as error:
        raise where.wrong(f"line {lines.line_num} is not comma-separated text ({error})") from error
    if not rows:
        raise where.wrong("there is no row below the header")
    return rows


def _check_header(where: _Place, header: list[str] | None, columns: tuple[str, ...]) -> None:
    if header is None:
        raise where.wrong("the file is empty")
    for number, (found, column) in enumerate(zip(header, columns, strict=False), 1):
        if found != column:
            raise where.wrong(f"column {number} of the header is {found!r}, not {column!r}")
    if len(header) != len(columns):
        raise where.wrong(f"the number of columns in the header is {len(header)}, not {len(columns)}")


def _number(where: _Place, line: int, column: str, cell: str) -> float:
    """Return a finite number that float32 holds; what only Python takes for one ('1_0', other digits) is none."""
    value = math.nan
    if cell.isascii() and "_" not in cell:
        with contextlib.suppress(ValueError):
            value = float(cell)
    if not abs(value) <= _LARGEST:
        raise where.wrong(f"line {line}, column {column!r}: {cell!r} is not a finite number (of float32)")
    return value
