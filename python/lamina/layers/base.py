"""What all layers share: their names, their place in a model, their shapes and weights."""

from __future__ import annotations

import copy
import itertools
import math
import re
import weakref
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypedDict, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .. import _check, _core, _data, _registry
from .._guard import Guard
from ..initializers import Initializer

if TYPE_CHECKING:
    pass

L = TypeVar("L", bound="Layer")

#: The shape of a sample, without the axis of the samples.
Shape = tuple[int, ...]

_counters: defaultdict[str, itertools.count[int]] = defaultdict(itertools.count)


def snake_case(name: str) -> str:
    """Return a class's name in lower case, parted as Keras does it: LeakyReLU is leaky_re_lu, PReLU is p_re_lu."""
    parted = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", parted).lower()


def unique_name(cls: type) -> str:
    """Return the class's name in lower case, numbered from the second one of the process on."""
    stem = snake_case(cls.__name__)
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


def dtype_of(policy: Any) -> Any:
    """Return the name of the type in a configuration, where Keras has a policy of several types."""
    if isinstance(policy, Mapping) and isinstance(policy.get("config"), Mapping):
        return policy["config"].get("name")
    return policy


class LayerOptions(TypedDict, total=False):
    """The arguments that every layer takes; see `Layer`."""

    input_shape: Shape | None
    input_dim: int | None
    name: str | None
    trainable: bool
    dtype: DTypeLike | None


class WeightMaker(Protocol):
    """What a layer asks of the model it is in."""

    def make_weights(self) -> None:
        """Make the weights of all layers."""


class Weight:
    """A weight tensor of a layer, shared by all models that the layer is in.

    Attributes
    ----------
    name : str
        What the layer calls it, such as 'kernel'.
    path : str
        The layer's name and its own, such as 'dense/kernel'.
    """

    def __init__(self, layer: Layer, index: int) -> None:
        self._layer = layer
        self._index = index
        self.name = layer.weight_names[index]
        self.path = f"{layer.name}/{self.name}"

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""
        return self._layer.built_weight_shapes()[self._index]

    @property
    def dtype(self) -> str:
        """Its type, 'float32' or 'float64'."""
        return self._layer.handles[self._index].dtype

    @property
    def trainable(self) -> bool:
        """Whether training may change it."""
        return self._layer.trainable and self.name not in self._layer.untrained_names

    def numpy(self) -> NDArray[Any]:
        """Return a copy of it.

        Raises
        ------
        RuntimeError
            While another thread trains a model with it.
        """
        return self._layer.get_weights()[self._index]

    def assign(self, value: Any) -> None:
        """Replace it by an array of its shape.

        Raises
        ------
        TypeError, ValueError
            If the shape differs, or a value is not finite.
        RuntimeError
            While another thread uses a model with it.
        """
        values: list[Any] = list(self._layer.get_weights())
        values[self._index] = value
        self._layer.set_weights(values)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self.numpy(), dtype)

    def __repr__(self) -> str:
        return f"<Weight {self.path}, shape {self.shape}>"


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
    trainable : bool
        Whether training changes its weights; see there.
    dtype : {'float32', 'float64'}, optional
        The type of its weights, which must be that of its models; None leaves it to them.

    Attributes
    ----------
    name : str
        The name.
    declared_shape : tuple of int or None
        The shape of a sample that was given, None if none was.
    shape : tuple of int or None
        The shape of what it receives of a sample, known once a model with it is built.
    model : weakref to Sequential, or None
        The model that it was added to last.
    """

    #: What the layer's weights are called, in their order.
    weight_names: tuple[str, ...] = ()
    #: Those of them that gradients do not change.
    untrained_names: tuple[str, ...] = ()

    def __init__(
        self,
        *,
        input_shape: Shape | None = None,
        input_dim: int | None = None,
        name: str | None = None,
        trainable: bool = True,
        dtype: DTypeLike | None = None,
        **other: Any,
    ) -> None:
        where = type(self).__name__
        for argument in other:
            raise TypeError(f"{where}() has no argument {argument!r}")
        self.declared_shape: Shape | None = None
        if input_shape is not None and input_dim is not None:
            raise ValueError(f"{where}(): give input_shape or input_dim, not both")
        if input_shape is not None:
            self.declared_shape = checked_shape(input_shape, "input_shape", where)
        if input_dim is not None:
            self.declared_shape = (_check.integer(input_dim, "input_dim", where, 1),)
        self.dtype = None if dtype is None else _check.float_type(dtype, where)
        self.trainable = trainable
        self.name = checked_name(name, type(self))
        self.shape: Shape | None = None
        self.guard = Guard()
        self.model: weakref.ref[WeightMaker] | None = None
        self._handles: dict[str, list[_core.Weight]] = {}  # its method setdefault is atomic

    @property
    def trainable(self) -> bool:
        """Whether training changes its weights: True, unless it is set otherwise.

        A change counts from the next `compile` on. What is not trained has no penalties either.
        """
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = _check.boolean(value, "trainable", type(self).__name__)

    # --- its place in a model ---

    @property
    def built(self) -> bool:
        """Whether the shape of what it receives is known."""
        return self.shape is not None

    def unbuilt_copy(self: L) -> L:
        """Return a copy without weights for a model of its own, with the same seeds."""
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.shape, twin.dtype, twin.model = None, None, None
        twin.guard, twin._handles = Guard(), {}
        return twin

    def __getstate__(self) -> dict[str, Any]:
        token = self.guard.enter("copying a layer")
        try:
            values = [handle.read() for handle in self.handles] if self.handles else None
        finally:
            self.guard.leave(token)
        state = {name: value for name, value in self.__dict__.items() if name not in ("guard", "model", "_handles")}
        return state | {"_values": values}

    def __setstate__(self, state: dict[str, Any]) -> None:
        values = state.pop("_values")
        self.__dict__.update(state)
        self.guard, self.model, self._handles = Guard(), None, {}
        if values is not None:
            self.adopt([_core.Weight(value) for value in values])

    def __copy__(self: L) -> L:
        return copy.deepcopy(self)

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

    @property
    def handles(self) -> list[_core.Weight]:
        """Its weights as the core holds them; an empty list before they were made."""
        return self._handles.get("made", [])

    def adopt(self, handles: list[_core.Weight]) -> list[_core.Weight]:
        """Take weights that were made for it, unless it has some already; return those that it has now."""
        return self._handles.setdefault("made", handles)

    def _ready(self) -> list[_core.Weight]:
        """Return its weights as the core holds them; a model makes them when the first of its layers is asked."""
        if self.shape is not None and self.weight_names and not self.handles:
            model = self.model() if self.model is not None else None
            if model is None:
                raise ValueError(f"layer {self.name!r} has no weights: its model does not exist any more")
            model.make_weights()
        return self.handles

    @property
    def weights(self) -> list[Weight]:
        """Its weights; an empty list before a model with it is built."""
        return [Weight(self, index) for index in range(len(self._ready()))]

    @property
    def trainable_weights(self) -> list[Weight]:
        """Those of its weights that training may change."""
        return [weight for weight in self.weights if weight.trainable]

    @property
    def non_trainable_weights(self) -> list[Weight]:
        """Those of its weights that training leaves alone."""
        return [weight for weight in self.weights if not weight.trainable]

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
        """Raise ValueError if weights, or what they begin with, do not serve samples of a shape."""
        shapes = self.weight_shapes(shape)
        if self.handles and shapes != self.built_weight_shapes():
            raise ValueError(
                f"layer {self.name!r} has weights for samples of shape {self.shape} but receives {shape}: "
                "use another layer there"
            )
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
            If no model with it is built.
        RuntimeError
            While another thread trains a model with it.
        """
        shapes = self.built_weight_shapes()
        token = self.guard.enter("get_weights()")
        try:
            return [handle.read().reshape(shape) for handle, shape in zip(self._ready(), shapes, strict=True)]
        finally:
            self.guard.leave(token)

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replace its weights by arrays of the same shapes.

        Raises
        ------
        TypeError, ValueError
            If a shape differs, or a value is not finite, or no model with it is built.
        RuntimeError
            While another thread uses a model with it.
        """
        shapes = self.built_weight_shapes()
        claimed = self.guard.claim("set_weights()", nested=True)
        try:
            names = [f"{self.name} {name}" for name in self.weight_names]
            dtype = next((handle.dtype for handle in self._ready()), "float32")
            self.write(_data.weights(weights, shapes, names, dtype))
        finally:
            self.guard.release(claimed)

    def write(self, values: Sequence[NDArray[Any]]) -> None:
        """Hand checked weights to the core; the caller holds the layer."""
        for handle, value in zip(self.handles, values, strict=True):
            handle.write(value.reshape(handle.shape))

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
        """Return the arguments that make another layer like it, without weights, and with seeds only where given."""
        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable, "dtype": self.dtype}
        if self.declared_shape is not None:
            config["input_shape"] = self.declared_shape
        return config

    @classmethod
    def from_config(cls: type[L], config: Mapping[str, Any]) -> L:
        """Return a layer made with the arguments that `get_config` gave, here or in Keras.

        Raises
        ------
        TypeError, ValueError
            For arguments that make no sense, and those of Keras's that are not supported.
        """
        given = dict(config)
        if "dtype" in given:
            given["dtype"] = dtype_of(given["dtype"])
        return cls(**_registry.arguments(cls, given, LayerOptions.__annotations__))

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
        """Return its arguments in Keras's form."""
        return {"batch_shape": (None, *(self.declared_shape or ())), "name": self.name}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> InputLayer:
        """Return one made with what `get_config` gave, here or in Keras."""
        given = {name: value for name, value in config.items() if name not in ("batch_shape", "dtype")}
        if "batch_shape" in config:
            batch_shape = config["batch_shape"]
            if not isinstance(batch_shape, (tuple, list)) or len(batch_shape) < 2:
                raise ValueError(f"Input(batch_shape={_check.shown(batch_shape)}): it must be (None, features)")
            given["shape"] = tuple(batch_shape[1:])
        return cls(**_registry.arguments(cls, given))


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
