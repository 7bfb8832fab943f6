"""Every check and conversion of what users pass as data, in one place.

What the core reads where it lies goes through untouched: two-dimensional float32 or uint8 arrays
(float64 too for a float64 model) whose rows are contiguous, memory-mapped files among them.
Everything else is converted once. The caller's array is never written.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import _check, _core

if TYPE_CHECKING:
    from .losses import Loss

Array = NDArray[Any]
Shape = tuple[int, ...]

_NUMERIC = "biuf"
_TARGET_BOUNDS = {
    "distribution": (0.0, np.inf, "at least 0"),
    "probability": (0.0, 1.0, "from 0 to 1"),
    "indicator": (-1.0, 1.0, "from -1 to 1"),
    "non-negative": (0.0, np.inf, "at least 0"),
}
_IN_PLACE = {
    "float32": (np.dtype(np.float32), np.dtype(np.uint8)),
    "float64": (np.dtype(np.float64), np.dtype(np.float32), np.dtype(np.uint8)),
}


# --- from anything to an array of numbers ---------------------------------------------------------


def numeric(x: Any, what: str) -> Array:
    """Return `x` as an array of booleans, integers or floats, without a copy where it is one.

    Taken are arrays, numbers, lists and tuples of them, pandas, and whatever hands out its numbers by the buffer
    protocol, ``__array__`` or DLPack.

    Raises
    ------
    TypeError
        If it holds anything else (objects, strings, complex numbers, dates, None), or cannot become an array.
    ValueError
        If its rows differ in length, or some of its values are masked.
    """
    if type(x) is not np.ndarray:
        x = _from_other(x, what)
    if x.dtype.kind not in _NUMERIC:
        raise _wrong_dtype(x, what)
    return x  # type: ignore[no-any-return]


def _from_other(x: Any, what: str) -> Array:
    if x is None:
        raise TypeError(f"{what} is None: give an array of numbers")
    makers = [cls.__module__ for cls in type(x).__mro__]  # known without importing them
    if any(name.partition(".")[0] == "pandas" for name in makers) and hasattr(x, "to_numpy"):
        return _from_pandas(x, what)
    if any(name.startswith("scipy.sparse") for name in makers):
        raise TypeError(f"{what} is sparse ({type(x).__name__}): make it dense with its method toarray()")
    if _has_masked(x):
        raise ValueError(f"{what} has masked values: fill them, for example with the method filled(0)")
    try:
        if hasattr(type(x), "__dlpack__") and not hasattr(type(x), "__array__"):
            found = np.from_dlpack(x)
        else:
            found = np.asarray(x)
    except MemoryError:
        raise
    except Exception as error:
        raise _no_array(x, what, error) from error
    if found.dtype == object and found.ndim == 0:
        values = "list(values)" if hasattr(type(x), "__iter__") else "values"
        raise TypeError(
            f"{what} is of type {type(x).__name__}, which is no array: make one of numbers of it, "
            f"for example with numpy.asarray({values}, dtype='float32')"
        )
    return found


def _has_masked(x: Any, depth: int = 2) -> bool:
    """Return whether values are masked, in lists and lists of lists too: NumPy would show what is under the mask."""
    if isinstance(x, np.ma.MaskedArray):
        return bool(np.ma.is_masked(x))
    if depth == 0 or not isinstance(x, (list, tuple)):
        return False
    inside = {kind for kind in set(map(type, x)) if issubclass(kind, (np.ma.MaskedArray, list, tuple))}
    return bool(inside) and any(_has_masked(entry, depth - 1) for entry in x if type(entry) in inside)


def _no_array(x: Any, what: str, error: Exception) -> TypeError | ValueError:
    if isinstance(x, (list, tuple)) and isinstance(error, ValueError):
        return ValueError(f"{what} cannot become an array, its rows differ in length or depth: {error}")
    reason = f"{type(error).__name__}: {error}".partition("\n")[0]
    remedy = "convert it first, a tensor with tensor.detach().cpu().numpy()"
    if hasattr(type(x), "__getitem__") and hasattr(type(x), "__len__") and not isinstance(x, (list, tuple)):
        remedy += "; a data set of batches is to be derived from lamina.utils.PyDataset"
    return TypeError(
        f"{what} ({type(x).__module__}.{type(x).__name__}) cannot become a NumPy array ({reason}): {remedy}"
    )


def _from_pandas(x: Any, what: str) -> Array:
    """Convert a DataFrame or a Series by way of its own dtypes, which an array does not show."""
    # A Series shows its labels as attributes, so only what all of them have may be asked for.
    columns, dtypes = (list(x.columns), list(x.dtypes)) if x.ndim == 2 else ([getattr(x, "name", None)], [x.dtype])
    for column, dtype in zip(columns, dtypes, strict=True):
        if dtype.kind not in _NUMERIC:
            raise TypeError(
                f"{what}: column {column!r} has dtype {dtype}, which does not hold real numbers: "
                "encode it (pandas.get_dummies, .astype('float32')) or leave it out"
            )
    if len(set(dtypes)) == 1 and isinstance(dtypes[0], np.dtype):
        return np.asarray(x)
    # Columns of several types, or pandas' own types with their own missing value.
    return np.asarray(x.to_numpy(dtype=np.float64, na_value=np.nan))


#: By kind of dtype: why it is refused, and what to do.
_REFUSED_KINDS = {
    "c": "complex numbers are not supported: give the real parts, or both parts as features of their own",
    "M": "dates are no numbers: subtract a date and divide, as in (x - x.min()) / numpy.timedelta64(1, 's')",
    "m": "durations are no numbers: divide them, as in x / numpy.timedelta64(1, 's')",
    "U": "text is no numbers: encode it, or convert numerals with .astype('float32')",
    "S": "bytes are no numbers: encode them, or convert numerals with .astype('float32')",
    "T": "text is no numbers: encode it, or convert numerals with .astype('float32')",
    "V": "NumPy alone does not know it: convert it with .astype('float32')",
}


def _wrong_dtype(x: Array, what: str) -> TypeError:
    message = f"{what} has dtype {x.dtype}"
    if x.dtype.names is not None:
        return TypeError(f"{message}, which has fields: make a column of each with numpy.column_stack")
    if x.dtype.kind != "O":
        return TypeError(f"{message}; {_REFUSED_KINDS.get(x.dtype.kind, _REFUSED_KINDS['V'])}")
    for place, value in zip(np.ndindex(x.shape), x.flat, strict=True):
        if isinstance(value, (int, float, np.integer, np.floating, np.bool_)):
            continue
        missing = value is None or type(value).__name__ in ("NAType", "NaTType")
        remedy = "fill or remove missing values" if missing else "give numbers"
        kind = "" if value is None else f" ({type(value).__name__})"
        return TypeError(f"{message} and {_check.shown(value)}{kind} at {_place(place)}: {remedy}, {_AS_NUMBERS}")
    return TypeError(f"{message}, though it holds nothing but numbers: give them a type, {_AS_NUMBERS}")


_AS_NUMBERS = "for example with numpy.asarray(values, dtype='float32')"


def _place(index: Sequence[Any]) -> str:
    return f"[{', '.join(map(str, index))}]" if index else ""


# --- from an array of numbers to what the core reads ----------------------------------------------


def _convert(x: Array, dtype: str) -> Array:
    """Return `x` as numbers of `dtype`, C-contiguous and aligned, itself where it is that."""
    if x.dtype == dtype and x.flags.c_contiguous and x.flags.aligned:
        return x
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return x.astype(dtype, order="C")


def _refuse_nonfinite(converted: Array, source: Array, what: str) -> None:
    """Refuse numbers that are not finite in the rows that `source` was converted to, of the same elements."""
    found = _core.nonfinite(converted) if converted.size and source.dtype.kind == "f" else None
    if found is None:
        return
    count, row, column = found
    place = np.unravel_index(row * converted.shape[1] + column, source.shape)
    value = source[place]
    reason = "remove or replace such values"
    if np.isfinite(value):
        wider = ", or use dtype='float64'" if converted.dtype == np.float32 else ""
        reason = f"too large for {converted.dtype}: scale the data{wider}"
    numbers = "1 value that is" if count == 1 else f"{count} values that are"
    where = f"row {row}, column {column}" if source.ndim == 2 else _place(place)
    where = f", the first at {where}" if place else ""
    raise ValueError(f"{what} holds {numbers} not a finite {converted.dtype}{where}: {value!s} ({reason})")


def features(
    x: Any, expected: Shape | None, dtype: str, what: str = "x", *, finite: bool = True
) -> tuple[Array, Shape]:
    """Return inputs as the core reads them: (rows, features), rows contiguous, all finite.

    Parameters
    ----------
    x : array_like
        (n, features), or (n, ...) for samples of several axes. One dimension stands for (n, 1) where
        one feature is expected, as in Keras.
    expected : tuple of int or None
        The shape of a sample, None where any will do.
    dtype : {'float32', 'float64'}
        The model's type.
    what : str
        What to call it in messages.
    finite : bool
        Whether to make sure that all numbers are finite; False where the core will.

    Returns
    -------
    rows : ndarray
        The samples, each one row.
    shape : tuple of int
        The shape that a sample had.

    Raises
    ------
    TypeError, ValueError
        If `x` does not hold finite numbers, or its samples have another shape.
    """
    source = given = numeric(x, what)
    if given.ndim == 1 and expected == (1,):
        given = given.reshape(-1, 1)
    shape = given.shape[1:]
    if not shape or 0 in shape or expected not in (None, shape):
        raise _wrong_features(given, expected, what)
    rows = given
    if len(shape) > 1:
        if len(given) and not given[0].flags.c_contiguous:  # converted now, or the rows would be copied twice
            rows = given.astype(dtype if given.dtype != np.uint8 else given.dtype, order="C")
        rows = rows.reshape(len(given), math.prod(shape))
    in_rows = rows.shape[1] == 1 or rows.strides[1] == rows.itemsize
    if not (in_rows and rows.dtype in _IN_PLACE[dtype] and rows.flags.aligned):
        rows = _convert(rows, "uint8" if rows.dtype == np.uint8 else dtype)
    if finite:
        _refuse_nonfinite(rows, source, what)
    return rows, shape


def _wrong_features(x: Array, expected: Shape | None, what: str) -> ValueError:
    need = "(n, features)" if expected is None else f"(n, {', '.join(map(str, expected))})"
    message = f"{what} has shape {x.shape}, the model takes {need}"
    if x.ndim > 2 and expected is not None and len(expected) == 1:
        return ValueError(
            f"{message}: flatten each sample, {what}.reshape(len({what}), -1), or begin the model with a Flatten layer"
        )
    if x.ndim == 1 and expected in (None, x.shape):
        return ValueError(
            f"{message}: a single sample is {what}.reshape(1, -1), a single feature is {what}.reshape(-1, 1)"
        )
    return ValueError(f"{message}: the first axis counts the samples, the others are the shape of one")


def targets(y: Any, loss: Loss, rows: int, outputs: Shape, dtype: str, what: str = "y") -> Array:
    """Return targets as the core reads them for a loss.

    Parameters
    ----------
    y : array_like
        (rows, *outputs); the last axis may be missing where it has length 1; it is missing, or has length 1, for a loss
        whose targets are labels. Labels may come as floats with integral values.
    loss : Loss
        The loss, which says what its targets are.
    rows : int
        The number of samples.
    outputs : tuple of int
        The shape of the model's outputs for a sample, such as (10,).
    dtype : {'float32', 'float64'}
        The model's type.
    what : str
        What to call it in messages.

    Returns
    -------
    ndarray
        C-contiguous: int64 (rows,) for labels, or (rows, labels of a sample) where there are several; otherwise
        `dtype`, (rows, outputs of a sample).

    Raises
    ------
    TypeError, ValueError
        If `y` does not hold finite numbers, or does not fit the samples, the outputs or the loss.
    """
    source = given = numeric(y, what)
    units = outputs[-1]
    if units == 1 and loss.target in ("labels", "distribution"):
        raise ValueError(
            f"the loss {loss.name!r} needs an output for each class, but the model has only one: "
            "loss='binary_crossentropy' fits one output"
        )
    if given.ndim == 0 or len(given) != rows:
        length = "no rows" if given.ndim == 0 else f"{len(given)} rows"
        raise ValueError(
            f"{what} has {length} (shape {given.shape}) but x has {rows}: every sample needs exactly one target"
        )
    if loss.target == "labels":
        return _class_labels(given, loss, (rows, *outputs[:-1]), units, what)
    if units == 1 and given.shape == (rows, *outputs[:-1]):
        given = given[..., np.newaxis]
    if given.shape != (rows, *outputs):
        raise _wrong_targets(given, loss, outputs, what)
    converted = _convert(given, dtype)
    flat = converted.reshape(rows, math.prod(outputs))
    _refuse_nonfinite(flat, source, what)
    _refuse_outside(converted, loss, what)
    return flat


def sample_weights(given: Any, rows: int, outputs: Shape, dtype: str, what: str = "sample_weight") -> Array:
    """Return what each target counts, as the core reads it.

    Parameters
    ----------
    given : array_like
        (rows,), a weight for each sample, or a weight for each of its targets: (rows, ...), the model's outputs without
        their last axis or with one of length 1, where an axis of length 1 stands for any length.
    rows : int
        The number of samples.
    outputs : tuple of int
        The shape of the model's outputs for a sample.
    dtype : {'float32', 'float64'}
        The model's type.
    what : str
        What to call it in messages.

    Returns
    -------
    ndarray
        C-contiguous, of `dtype`: (rows,), or (rows, targets of a sample) where a sample has several.

    Raises
    ------
    TypeError, ValueError
        If it does not hold finite numbers of at least 0, or does not fit the samples.
    """
    source = array = numeric(given, what)
    full = (rows, *outputs[:-1])
    if array.ndim == 0 or len(array) != rows:
        length = "no rows" if array.ndim == 0 else f"{len(array)} rows"
        raise ValueError(f"{what} has {length} (shape {array.shape}) but x has {rows}: every sample needs one weight")
    if array.ndim == len(full) + 1 and array.shape[-1] == 1:
        array = array[..., 0]
    elif array.ndim == 1:
        array = array.reshape(rows, *(1 for _ in full[1:]))
    if array.ndim != len(full) or any(n not in (1, m) for n, m in zip(array.shape, full, strict=True)):
        takes = (
            f"({rows},)" if len(full) == 1 else f"({rows},), a weight for each sample, or {full}, one for each target"
        )
        raise ValueError(f"{what} has shape {source.shape}, with outputs of shape {(rows, *outputs)} it is {takes}")
    converted = _convert(array, dtype)
    _refuse_nonfinite(converted.reshape(rows, -1), source, what)
    if converted.min() < 0:
        place = tuple(np.argwhere(source < 0)[0])
        raise ValueError(f"{what}{_place(place)} = {source[place]}: a weight must not be negative")
    if len(full) == 1:
        return converted
    return np.ascontiguousarray(np.broadcast_to(converted, full)).reshape(rows, -1)


def _refuse_outside(y: Array, loss: Loss, what: str) -> None:
    if loss.target == "sign":
        # Keras looks at each batch for whether 0 stands for -1; here all of the data must agree.
        need, other = "all 0 and 1, or all -1 and 1", -1.0 if (y == -1).any() else 0.0
        outside = (y != 1) & (y != other)
    else:
        low, high, need = _TARGET_BOUNDS.get(loss.target, (-np.inf, np.inf, ""))
        if y.min() >= low and y.max() <= high:
            return
        outside = (y < low) | (y > high)
    if not outside.any():
        return
    place = tuple(np.argwhere(outside)[0])
    raise ValueError(
        f"{what}{_place(place)} = {y[place]}: targets of {loss.name!r} must be {need}; "
        "loss='mean_squared_error' takes any numbers"
    )


def _wrong_targets(y: Array, loss: Loss, outputs: Shape, what: str) -> ValueError:
    message = f"{what} has shape {y.shape}, the loss {loss.name!r} takes {(len(y), *outputs)}"
    columns = y.shape[-1] if y.ndim == 1 + len(outputs) else 1
    of_classes = loss.target not in ("number", "non-negative")
    if of_classes and outputs[-1] > 1 and y.ndim <= 1 + len(outputs) and columns == 1:
        return ValueError(
            f"{message}: integer labels go with loss='sparse_categorical_crossentropy', "
            "or make them one-hot with lamina.utils.to_categorical"
        )
    if loss.target == "probability" and outputs[-1] == 1 and columns > 1:
        return ValueError(
            f"{message}: one-hot targets go with loss='categorical_crossentropy' and "
            f"a last Dense layer of {columns} units"
        )
    return ValueError(f"{message}: one column for each unit of the last layer")


def _class_labels(y: Array, loss: Loss, shape: Shape, classes: int, what: str) -> Array:
    if y.shape not in (shape, (*shape, 1)):
        raise ValueError(
            f"{what} has shape {y.shape}, but the loss {loss.name!r} takes integer labels "
            f"of shape {shape}: one-hot targets go with loss='categorical_crossentropy'"
        )
    remedy = (
        f"for {classes} classes the labels of {loss.name!r} are 0 to {classes - 1}. Give the last layer a unit for "
        "each class; for numbers instead of classes use loss='mean_squared_error'"
    )
    given = y.reshape(shape)
    ignored = getattr(loss, "ignore_class", None)
    nothing = np.zeros(shape, bool) if ignored is None else given == ignored
    labels = _labels(np.where(nothing, 0, given) if nothing.any() else given, classes, what, remedy)
    if ignored is not None:
        labels[nothing] = ignored
    return labels if len(shape) == 1 else labels.reshape(len(labels), -1)


def _labels(given: Array, classes: int, what: str, remedy: str) -> Array:
    """Return labels from 0 to classes - 1: int64, C-contiguous, and a copy, since the core trusts what was checked.

    Floats and booleans are taken where they are whole numbers that their type tells from the next one.
    """
    if given.dtype.kind == "f":
        wrong = np.argwhere(~(np.isfinite(given) & (given == np.trunc(given))))
        if wrong.size:
            place = tuple(wrong[0])
            raise ValueError(
                f"{what}{_place(place)} = {given[place]}: labels must be whole numbers; "
                "for numbers instead of classes use loss='mean_squared_error'"
            )
    if given.size == 0:
        return np.empty(given.shape, np.int64)
    # What no int64 holds is out of range for any number of classes.
    fits = int(given.min()) >= -(2**63) and int(given.max()) < 2**63
    values = given.astype(np.int64, order="C") if fits else given
    if values.min() < 0 or values.max() >= classes:
        place = tuple(np.argwhere((values < 0) | (values >= classes))[0])
        raise ValueError(f"{what}{_place(place)} = {given[place]}: {remedy}")
    if given.dtype.kind == "f":
        _refuse_inexact(given, values, what)
    return values


def _refuse_inexact(given: Array, labels: Array, what: str) -> None:
    """Refuse labels from a size on where their float type skips whole numbers: 2049 becomes 2048 in a float16."""
    exact = 2 ** (np.finfo(given.dtype).nmant + 1)
    place = tuple(np.unravel_index(labels.argmax(), labels.shape))
    if labels[place] >= exact:
        raise ValueError(
            f"{what}{_place(place)} = {given[place]}: {given.dtype} does not hold every whole number from {exact} on, "
            "so labels may have run together: give them as integers"
        )


def one_hot(x: Any, classes: int | None) -> NDArray[np.float32]:
    """Return labels as one-hot rows; see `lamina.utils.to_categorical`."""
    given = numeric(x, "x")
    if given.ndim > 1 and given.shape[-1] == 1:
        given = given.reshape(given.shape[:-1])
    if classes is not None:
        classes = _check.integer(classes, "num_classes", "to_categorical", 1)
    elif given.size == 0:
        raise ValueError("to_categorical of no labels needs num_classes")
    most = classes or _check.MOST_NUMBERS
    if most > _check.MOST_NUMBERS:
        raise MemoryError(f"to_categorical(num_classes={_check.shown(classes)}) is more than any memory holds")
    remedy = f"for {classes} classes the labels are 0 to {classes - 1}" if classes else f"labels are 0 to {most - 1}"
    labels = _labels(given, most, "x", remedy)
    classes = classes or int(labels.max()) + 1
    if labels.size * classes > _check.MOST_NUMBERS:
        raise MemoryError(f"to_categorical(): {labels.size} rows of {classes} classes are more than any memory holds")
    rows = np.zeros((labels.size, classes), np.float32)
    rows[np.arange(labels.size), labels.reshape(-1)] = 1.0
    return rows.reshape(*labels.shape, classes)


def elements(x: Any, what: str) -> Array:
    """Return numbers of any shape, all finite and C-contiguous: float64 where they are, or are longer, else float32.

    Raises
    ------
    TypeError, ValueError
        If `x` does not hold finite numbers.
    """
    given = numeric(x, what)
    converted = _convert(given, "float64" if given.dtype.kind == "f" and given.dtype.itemsize >= 8 else "float32")
    width = given.shape[-1] if given.size and given.ndim else 1
    _refuse_nonfinite(converted.reshape(-1, width), given, what)
    return converted


# --- whole data sets ------------------------------------------------------------------------------


def refuse_empty(rows: Array, shape: Shape, what: str) -> None:
    """Raise ValueError if there are no rows, of samples of a shape."""
    if len(rows) == 0:
        raise ValueError(f"{what} has shape {(0, *shape)}, without a single row: there is no data")


def parts(data: Any, what: str) -> tuple[Any, Any, Any]:
    """Return the parts of (x, y) or (x, y, sample_weight), the last one None where it is missing.

    Raises
    ------
    TypeError
        If it is no tuple or list.
    ValueError
        If it has another number of parts.
    """
    if not isinstance(data, (tuple, list)):
        raise TypeError(f"{what} must be a tuple (x, y) or (x, y, sample_weight), not {type(data).__name__}")
    if len(data) not in (2, 3):
        raise ValueError(f"{what} must be a tuple (x, y) or (x, y, sample_weight), not {len(data)} parts")
    return data[0], data[1], data[2] if len(data) == 3 else None


def weights(values: Any, shapes: Sequence[tuple[int, ...]], names: Sequence[str], dtype: str) -> list[Array]:
    """Return checked weights as the core takes them.

    Parameters
    ----------
    values : sequence of array_like
        The weights, one array for each shape.
    shapes : sequence of tuple
        Their shapes.
    names : sequence of str
        What they are called, for messages.
    dtype : {'float32', 'float64'}
        The model's type.

    Raises
    ------
    TypeError, ValueError
        If there are more or fewer, or one has another shape or does not hold finite numbers.
    """
    if not isinstance(values, (list, tuple)) and not (isinstance(values, np.ndarray) and values.ndim):
        raise TypeError(
            f"set_weights(weights={_check.shown(values)}): give a list of arrays, as get_weights() returns it"
        )
    if len(values) != len(shapes):
        need = ", ".join(f"{name} {shape}" for name, shape in zip(names, shapes, strict=True))
        raise ValueError(f"set_weights() got {len(values)} arrays, there are {len(shapes)} weights: {need or 'none'}")
    result = []
    for value, shape, name in zip(values, shapes, names, strict=True):
        array = numeric(value, name)
        if array.shape != shape:
            hint = "; is it stored the other way round? Then give its transpose" if array.T.shape == shape else ""
            raise ValueError(f"{name} has shape {shape}, not {array.shape}{hint}")
        converted = _convert(array, dtype)
        _refuse_nonfinite(converted.reshape(shape[0] if shape else 1, -1), array, name)
        result.append(converted)
    return result
