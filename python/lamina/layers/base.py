"""What all layers share: their names, their place in a model, their shapes and weights."""

from __future__ import annotations

import itertools
import math
import re
import weakref
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from numpy.typing import NDArray

from .. import _check, _data
from ..initializers import Initializer

L = TypeVar("L", bound="Layer")

#: The shape of a sample, without the axis of the samples.
Shape = tuple[int, ...]

_counters: defaultdict[str, itertools.count[int]] = defaultdict(itertools.count)


def unique_name(cls: type) -> str:
    """Return the class's name in lower case, numbered from the second one of the process on.

    Words are parted as Keras does it: LeakyReLU is leaky_re_lu, PReLU is p_re_lu.
    """
    stem = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", cls.__name__)
    stem = re.sub("([a-z])([A-Z])", r"\1_\2", stem).lower()
    number = next(_counters[stem])
    return f"{stem}_{number}" if number else stem


def checked_name(name: str | None, cls: type) -> str:
    """Return `name`, or a new one where it is None."""
    if name is None:
        return unique_name(cls)
    if not isinstance(name, str) or not name:
        raise TypeError(f"{cls.__name__}(name={_check.shown(name)}): name must be a string with characters")
    return name


def checked_shape(shape: Any, name: str, where: str) -> Shape:
    """Return the shape of a sample, such as (784,) or (28, 28).

    Raises
    ------
    TypeError, ValueError
        For anything but a tuple or list of positive integers.
    """
    if not isinstance(shape, (tuple, list)):
        raise TypeError(
            f"{where}({name}={_check.shown(shape)}): {name} must be a tuple of positive integers, such as (784,)"
        )
    if not shape:
        raise ValueError(f"{where}({name}={shape!r}): a sample needs at least one axis, such as (784,)")
    return tuple(_check.integer(length, name, where, 1) for length in shape)


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Put `what` before the message of a ValueError."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from error


class WeightOwner(Protocol):
    """What a layer asks of the model it is in."""

    @property
    def name(self) -> str:
        """The model's name."""

    def layer_weights(self, layer: Layer) -> list[NDArray[Any]]:
        """Return copies of a layer's weights."""

    def set_layer_weights(self, layer: Layer, values: Sequence[Any]) -> None:
        """Replace a layer's weights."""


class Layer:
    """The base class of all layers.

    Parameters
    ----------
    input_shape : tuple of int, optional
        The shape of a sample, for the first layer of a model; otherwise it is read from the data.
    input_dim : int, optional
        The same as ``input_shape=(input_dim,)``.
    name : str, optional
        A name that no other layer of the model has; the class gives one.

    Attributes
    ----------
    name : str
        The name.
    declared_shape : tuple of int or None
        The shape of a sample that was given, None if none was.
    shape : tuple of int or None
        The shape of what it receives of a sample, known once the model is built.
    """

    #: What the layer's weights are called, in their order.
    weight_names: tuple[str, ...] = ()

    def __init__(
        self,
        *,
        input_shape: Shape | None = None,
        input_dim: int | None = None,
        name: str | None = None,
    ) -> None:
        where = type(self).__name__
        self.declared_shape: Shape | None = None
        if input_shape is not None and input_dim is not None:
            raise ValueError(f"{where}(): give input_shape or input_dim, not both")
        if input_shape is not None:
            self.declared_shape = checked_shape(input_shape, "input_shape", where)
        if input_dim is not None:
            self.declared_shape = (_check.integer(input_dim, "input_dim", where, 1),)
        self.name = checked_name(name, type(self))
        self.shape: Shape | None = None
        self._owner: weakref.ref[WeightOwner] | None = None

    # --- its place in a model ---

    def attach(self, owner: WeightOwner | None) -> None:
        """Make the layer part of a model, or, with None, of none again."""
        self._owner = None if owner is None else weakref.ref(owner)
        self.shape = None

    @property
    def used(self) -> bool:
        """Whether the layer was added to a model."""
        return self._owner is not None

    @property
    def built(self) -> bool:
        """Whether the shape of what it receives is known."""
        return self.shape is not None

    def shape_after(self, shape: Shape) -> Shape:
        """Return the shape of what it gives of a sample of a shape.

        Raises
        ------
        ValueError
            If it cannot take that shape.
        """
        return shape

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """The shape of what it receives, such as (None, features); None stands for the samples.

        Raises
        ------
        AttributeError
            If the model is not built.
        """
        return (None, *self._built_shape("input_shape", AttributeError))

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """The shape of what it gives, such as (None, units); None stands for the samples.

        Raises
        ------
        AttributeError
            If the model is not built.
        """
        return (None, *self.shape_after(self._built_shape("output_shape", AttributeError)))

    def _built_shape(self, what: str, error: type[Exception]) -> Shape:
        if self.shape is None:
            raise error(
                f"layer {self.name!r} has no {what} before its model knows the shape of a sample: "
                "give the first layer input_shape=(features,), or call build or fit"
            )
        return self.shape

    # --- its weights ---

    def weight_shapes(self, shape: Shape) -> list[tuple[int, ...]]:
        """Return the shapes of its weights for samples of a shape."""
        return []

    def weight_initializers(self) -> Sequence[Initializer]:
        """Return what its weights begin with, in the order of `weight_names`."""
        return ()

    def initial_weights(self, shape: Shape, dtype: str) -> list[NDArray[Any]]:
        """Return what the initializers give for samples of a shape.

        Raises
        ------
        TypeError, ValueError
            If an initializer does not serve the shape of a weight, or one of your own gives something
            else than finite numbers of that shape.
        """
        names = [f"{self.name} {name}" for name in self.weight_names]
        shapes = self.weight_shapes(shape)
        values = []
        for name, initializer, weight in zip(names, self.weight_initializers(), shapes, strict=True):
            with naming(name):
                values.append(initializer(weight, dtype))
        return _data.weights(values, shapes, names, dtype)

    def check_shape(self, shape: Shape) -> None:
        """Raise ValueError if an initializer does not serve a weight for samples of a shape."""
        shapes = self.weight_shapes(shape)
        for name, initializer, weight in zip(self.weight_names, self.weight_initializers(), shapes, strict=True):
            with naming(f"{self.name} {name}"):
                initializer.check_shape(weight)

    def count_params(self) -> int:
        """Return the number of its weights, counted one by one.

        Raises
        ------
        ValueError
            If the model is not built.
        """
        return sum(math.prod(weight) for weight in self.built_weight_shapes())

    def built_weight_shapes(self) -> list[tuple[int, ...]]:
        """Return the shapes of its weights, or raise ValueError where the model is not built."""
        return self.weight_shapes(self._built_shape("weights", ValueError))

    def get_weights(self) -> list[NDArray[Any]]:
        """Return copies of its weights: for a Dense layer [kernel, bias].

        Raises
        ------
        ValueError
            If the model is not built.
        """
        self._built_shape("weights", ValueError)
        return self._model().layer_weights(self)

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replace its weights by arrays of the same shapes.

        Raises
        ------
        TypeError, ValueError
            If a shape differs, or a value is not finite, or the model is not built.
        """
        self._built_shape("weights", ValueError)
        self._model().set_layer_weights(self, weights)

    def _model(self) -> WeightOwner:
        model = self._owner() if self._owner is not None else None
        if model is None:
            raise ValueError(f"layer {self.name!r} has no weights: its model does not exist")
        return model

    # --- what it is ---

    # The core knows rows of columns. A sample of several axes is one long row, or, for a layer that works on the last
    # axis, a row for each place of the others.

    def columns(self, shape: Shape) -> int | None:
        """Return how long the core's rows must be before the layer, None where any length will do."""
        return None

    def columns_after(self, columns: int) -> int:
        """Return how long the core's rows are after the layer."""
        return columns

    def spec(self) -> list[dict[str, Any]]:
        """Return what the core is told: a list, since an activation is an entry of its own."""
        return []

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer: seeds too, but no weights."""
        config: dict[str, Any] = {"name": self.name}
        if self.declared_shape is not None:
            config["input_shape"] = self.declared_shape
        return config

    @classmethod
    def from_config(cls: type[L], config: Mapping[str, Any]) -> L:
        """Return a layer made with the arguments that `get_config` gave."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


class InputLayer(Layer):
    """Says what shape a sample has; as first entry of a model. It is not in `model.layers`.

    Parameters
    ----------
    shape : tuple of int
        The shape of a sample, such as (784,) or (28, 28).
    name : str, optional
        Its name.

    Raises
    ------
    TypeError, ValueError
        For any other shape.
    """

    def __init__(self, shape: tuple[int, ...], name: str | None = None) -> None:
        super().__init__(name=name)
        self.declared_shape = checked_shape(shape, "shape", "Input")

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {"shape": self.declared_shape, "name": self.name}


def Input(shape: tuple[int, ...], name: str | None = None) -> InputLayer:
    """Return an `InputLayer`, as the first entry of a model.

    Parameters
    ----------
    shape : tuple of int
        The shape of a sample, such as (784,) or (28, 28).
    name : str, optional
        Its name.
    """
    return InputLayer(shape, name)
