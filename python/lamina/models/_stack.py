"""Layers one after another and the native network behind them: a model without its training."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .. import _check, _core, _data, _random
from .._guard import Guard
from ..layers.base import InputLayer, Layer, Shape, Weight, checked_name, checked_shape
from . import _training

Array = NDArray[Any]

#: What a model is made of.
Entry: TypeAlias = "Layer | LayerStack"
S = TypeVar("S", bound="LayerStack")


class LayerStack:
    """What `lamina.models.Sequential` is before training: layers, weights and their network.

    Parameters
    ----------
    layers, name, dtype
        See `lamina.models.Sequential`.
    """

    def __init__(
        self,
        layers: Iterable[Entry] | None = None,
        name: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        self.dtype: Literal["float32", "float64"] = _check.float_type(dtype, "Sequential")
        self._trainable = True
        self.name = checked_name(name, type(self))
        self._layers: list[Entry] = []
        self._around: weakref.WeakSet[LayerStack] = weakref.WeakSet()  # models that this one is part of
        self._shape: Shape | None = None  # of a sample
        self._network: _core.Network | None = None
        self._gives: Shape = ()  # of a sample, the network's outputs
        self._settings: _training.Settings | None = None
        self._progress: _training.Progress | None = None  # what the next network goes on from
        self.guard = Guard()
        if layers is None:
            layers = ()
        if not isinstance(layers, Iterable):
            raise TypeError(f"Sequential(layers={_check.shown(layers)}): layers must be a list of layers")
        for layer in layers:
            self.add(layer)

    def __repr__(self) -> str:
        return f"<Sequential {self.name}, {len(self._layers)} layers>"

    # --- layers and weights ---------------------------------------------------------------------

    @property
    def layers(self) -> list[Entry]:
        """The layers, without `Input`; a model inside this one is one of them."""
        return list(self._layers)

    @property
    def built(self) -> bool:
        """Whether the shape of a sample is known."""
        return self._shape is not None and bool(self._layers)

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """The shape of the inputs, such as (None, features); None stands for the samples.

        Raises
        ------
        AttributeError
            If the model is not built.
        """
        return (None, *self._known_shape("input_shape", AttributeError))

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """The shape of the outputs, such as (None, units); None stands for the samples.

        Raises
        ------
        AttributeError
            If the model is not built.
        """
        return (None, *self.shape_after(self._known_shape("output_shape", AttributeError)))

    @property
    def declared_shape(self) -> Shape | None:
        """The shape of a sample, None before it is known."""
        return self._shape

    @property
    def trainable(self) -> bool:
        """Whether training changes its weights; to set it sets it of every layer.

        A change counts from the next `compile` on.
        """
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = _check.boolean(value, "trainable", "Sequential")
        for entry in self._layers:
            entry.trainable = self._trainable

    @property
    def weights(self) -> list[Weight]:
        """All weights in the order of the layers; an empty list before the model is built."""
        return [weight for layer in self._leaves() for weight in layer.weights]

    @property
    def trainable_weights(self) -> list[Weight]:
        """The weights that training changes."""
        trained = self._trained()
        return [weight for layer, here in trained for weight in layer.weights if here and weight.trainable]

    @property
    def non_trainable_weights(self) -> list[Weight]:
        """The weights that training leaves alone."""
        trained = self._trained()
        return [weight for layer, here in trained for weight in layer.weights if not (here and weight.trainable)]

    def add(self, layer: Entry) -> None:
        """Add a layer at the end. The weights before it stay; an optimizer begins anew.

        A layer, or a whole model, that is part of another model already is shared: training one changes both.

        Parameters
        ----------
        layer : Layer or Sequential
            What to add; first of all there may be an `Input`.

        Raises
        ------
        TypeError
            For anything else.
        ValueError
            For a layer that the model has already, or that has the name of another of its layers, one that expects
            samples of another shape, whose initializers do not serve that shape, or whose weights are of another
            shape or type.
        RuntimeError
            While `fit` runs, or if the model is part of another.
        """
        claimed = self.guard.claim("add()")
        try:
            self._refuse_entry(layer)
            if isinstance(layer, InputLayer):
                self._shape = layer.declared_shape
                return
            sample = self._shape
            if not self._layers and sample is None:
                sample = layer.declared_shape
            if sample is not None:
                shape = self.shape_after(sample)
                self._refuse_shape(layer, shape)
                layer.shape_after(shape)
                layer.check_shape(shape)
            self.guard.join(layer.guard)
            if isinstance(layer, LayerStack):
                layer._around.add(self)
            self._network = self._progress = None
            self._shape = sample
            self._layers.append(layer)
            for leaf in self._leaves():
                leaf.model = weakref.ref(self)
            self._tell_shapes()
        finally:
            self.guard.release(claimed)

    def pop(self, rebuild: bool = True) -> Entry | None:
        """Take the last layer away and return it; None where there is none. An optimizer begins anew.

        Parameters
        ----------
        rebuild : bool
            Keras's argument; the model is made again when it is used next, whatever it is.

        Raises
        ------
        RuntimeError
            While `fit` runs, or if the model is part of another.
        """
        _check.boolean(rebuild, "rebuild", "pop")
        claimed = self.guard.claim("pop()")
        try:
            self._refuse_inside("pop()")
            if not self._layers:
                return None
            self._network = self._progress = None
            layer = self._layers.pop()
            if isinstance(layer, LayerStack):
                layer._around.discard(self)
            return layer
        finally:
            self.guard.release(claimed)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Entry:
        """Return a layer by its name or by its place.

        Parameters
        ----------
        name : str, optional
            Its name.
        index : int, optional
            Its place in `layers`; negative ones count from the end.

        Raises
        ------
        TypeError, ValueError
            If not exactly one of the two is given, or there is no such layer.
        """
        if (name is None) == (index is None):
            raise ValueError("get_layer() takes either a name or an index")
        if index is not None:
            place = _check.integer(index, "index", "get_layer", -len(self._layers))
            if place >= len(self._layers):
                raise ValueError(f"get_layer(index={place}): the model has {len(self._layers)} layers")
            return self._layers[place]
        for layer in self._layers:
            if layer.name == name:
                return layer
        known = ", ".join(layer.name for layer in self._layers) or "no layers"
        raise ValueError(f"get_layer(name={_check.shown(name)}): the model has {known}")

    def _refuse_inside(self, what: str) -> None:
        for outer in self._around:
            raise RuntimeError(
                f"{what}: {self.name!r} is part of the model {outer.name!r}, whose layers would change: change that one"
            )

    def _refuse_entry(self, layer: Any) -> None:
        if not isinstance(layer, (Layer, LayerStack)):
            what = f"the class {layer.__name__}" if isinstance(layer, type) else _check.shown(layer)
            raise TypeError(f"add({what}): only layers can be added, such as Dense(10)")
        self._refuse_inside("add()")
        if isinstance(layer, InputLayer) and (self._layers or self._shape is not None):
            raise ValueError(f"add({layer!r}): an Input must come first, and only once")
        if layer is self or (isinstance(layer, LayerStack) and layer._contains(self)):
            raise ValueError(f"add({layer!r}): a model cannot be part of itself")
        if any(layer.name == other.name for other in self._layers):
            raise ValueError(f"add({layer!r}): the model has a layer named {layer.name!r} already")
        new = list(layer._leaves()) if isinstance(layer, LayerStack) else [layer]
        here = set(map(id, self._leaves()))
        for leaf in new:
            if id(leaf) in here:
                raise ValueError(
                    f"add({layer!r}): the model has the layer {leaf.name!r} already, and one layer at two places of a "
                    f"model is not supported; make another with {type(leaf).__name__}.from_config(layer.get_config())"
                )
            if (leaf.handles and leaf.handles[0].dtype != self.dtype) or leaf.dtype not in (None, self.dtype):
                raise ValueError(
                    f"add({layer!r}): the weights of {leaf.name!r} are {leaf.dtype or leaf.handles[0].dtype}, the "
                    f"model's are {self.dtype}; make the model with dtype={leaf.dtype or leaf.handles[0].dtype!r}"
                )

    def _contains(self, model: LayerStack) -> bool:
        inner = [entry for entry in self._layers if isinstance(entry, LayerStack)]
        return any(entry is model or entry._contains(model) for entry in inner)

    @staticmethod
    def _refuse_shape(layer: Entry, shape: Shape) -> None:
        if layer.declared_shape not in (None, shape):
            raise ValueError(
                f"layer {layer.name!r} was made for samples of shape {layer.declared_shape} "
                f"but receives {shape}: leave out its input_shape"
            )

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Fix the shape of a sample and make the weights.

        Parameters
        ----------
        input_shape : sequence
            Such as (None, features): None stands for the samples, as in Keras.

        Raises
        ------
        TypeError, ValueError
            For another shape, a model without layers, or one built for other data.
        RuntimeError
            While `fit` runs.
        """
        if not isinstance(input_shape, (tuple, list)) or len(input_shape) < 2:
            raise ValueError(
                f"build({_check.shown(input_shape)}): the shape must be (None, features), such as (None, 784)"
            )
        if input_shape[0] is not None:
            _check.integer(input_shape[0], "input_shape", "build", 1)
        shape = checked_shape(input_shape[1:], "input_shape", "build")
        claimed = self.guard.claim("build()")
        try:
            if self._shape not in (None, shape):
                raise ValueError(f"build({input_shape!r}): the model takes samples of shape {self._shape} already")
            self._ready(shape)
        finally:
            self.guard.release(claimed)

    def get_weights(self) -> list[Array]:
        """Return copies of all weights: kernel, bias, kernel, bias, ... from the first layer on.

        Raises
        ------
        ValueError
            If the model is not built.
        RuntimeError
            While another thread trains the model.
        """
        token = self.guard.enter("get_weights()")
        try:
            self._ready()
            return [weight for layer in self._leaves() for weight in layer.get_weights()]
        finally:
            self.guard.leave(token)

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replace all weights by arrays of the same shapes, in the order of `get_weights`.

        Raises
        ------
        TypeError, ValueError
            If their number or a shape differs, a value is not finite, or the model is not built.
        RuntimeError
            While another thread uses the model.
        """
        claimed = self.guard.claim("set_weights()", nested=True)
        try:
            self._ready()
            leaves = list(self._leaves())
            names = [f"{layer.name} {name}" for layer in leaves for name in layer.weight_names]
            shapes = [shape for layer in leaves for shape in layer.built_weight_shapes()]
            new = _data.weights(weights, shapes, names, self.dtype)
            for layer in leaves:
                layer.write([new.pop(0) for _ in layer.weight_names])
        finally:
            self.guard.release(claimed)

    def make_weights(self) -> None:
        """Make the weights of all layers, where the shape of a sample is known."""
        if self._shape is not None:
            self._ready()

    def count_params(self) -> int:
        """Return the number of weights, counted one by one.

        Raises
        ------
        ValueError
            If the model is not built.
        """
        self._known_shape("weights", ValueError)
        return sum(layer.count_params() for layer in self._leaves())

    def summary(self, *, print_fn: Callable[[str], object] | None = None) -> None:
        """Print a table of the layers, their output shapes and parameters, and the totals.

        Parameters
        ----------
        print_fn : callable, optional
            Takes each line instead of standard output.
        """
        from . import _summary  # rich is imported on first use

        if print_fn is not None and not callable(print_fn):
            raise TypeError(f"summary(print_fn={_check.shown(print_fn)}): print_fn must be a function")
        rows = []
        for entry in self._layers:
            title = f"{entry.name} ({type(entry).__name__})"
            cells = (str(entry.output_shape), f"{entry.count_params():,}") if entry.built else ("?", "0 (unbuilt)")
            rows.append((title, *cells))
        total = trained = 0
        for layer, here in self._trained():
            if layer.built:
                sizes = dict(zip(layer.weight_names, map(math.prod, layer.built_weight_shapes()), strict=True))
                total += sum(sizes.values())
                trained += sum(size for name, size in sizes.items() if here and name not in layer.untrained_names)
        _summary.show(self.name, rows, total, trained, np.dtype(self.dtype).itemsize, print_fn)

    def unbuilt_copy(self: S, dtype: DTypeLike | None = None) -> S:
        """Return a copy without weights, of the same seeds, that has not been compiled."""
        with _random.aside():
            twin = type(self)([entry.unbuilt_copy() for entry in self._layers], self.name, dtype or self.dtype)
        twin._trainable = self._trainable
        return twin

    # --- the network behind it ------------------------------------------------------------------

    def _ready(self, shape: Shape | None = None) -> _core.Network:
        """Return the network, made first where there is none; the caller holds the model.

        Two threads that only read may both make it. That does no harm: its weights are those that came first.
        """
        progress = self._progress  # before the look at the network, which is set before this is emptied
        if self._network is not None:
            return self._network
        if shape is None:
            shape = self._known_shape("weights", ValueError)
        self._refuse_no_layers()
        network = self._made(shape)
        if self._settings is not None and self._without_gradient() is None:
            self._settings.apply(network, self._entries(shape))
            if progress is not None:
                progress.give(network)
        self._gives = self.shape_after(shape)
        self._shape, self._network = shape, network
        self._progress = None
        self._tell_shapes()
        return network

    def _made(self, shape: Shape) -> _core.Network:
        """Return a new network with the weights of the layers, which are made first where there are none."""
        places = list(self._places(shape))
        for layer, sample in places:
            _refuse_too_large(layer, [sample, layer.shape_after(sample), *layer.weight_shapes(sample)])
            layer.check_shape(sample)
        values = [[] if layer.handles else layer.initial_weights(sample, self.dtype) for layer, sample in places]
        entries = self._entries(shape)
        given: list[_core.Weight | None] = []
        for layer, _ in places:
            given += layer.handles or [None] * len(layer.weight_names)
        network = _core.Network(math.prod(shape), entries, self.dtype, given)
        made = iter(network.weights)
        late = False  # whether another thread has made weights in the meantime
        for (layer, _), new in zip(places, values, strict=True):
            handles = [next(made) for _ in layer.weight_names]
            for handle, value in zip(handles, new, strict=False):
                handle.write(value.reshape(handle.shape))
            if new and layer.adopt(handles) is not handles:
                late = True
        return self._made(shape) if late else network

    def _training_progress(self) -> _training.Progress | None:
        """Return how far training came, for a network that goes on from there; the caller holds the model."""
        if self._network is None or self._settings is None:
            return self._progress
        moments = [
            [moment.reshape(weight.shape) for moment, weight in zip(slot, self.weights, strict=True)]
            for slot in self._network.get_moments()
        ]
        return _training.Progress(self._network.iterations, moments)

    def forget_network(self) -> None:
        """Have another network made at the next use, since a layer has changed; an optimizer begins anew."""
        self._network = self._progress = None

    def _begin_ties(self) -> None:
        """Tie the model to its layers, as `add` does, after a copy of both was made."""
        self.guard = Guard()
        self._around = weakref.WeakSet()
        for entry in self._layers:
            self.guard.join(entry.guard)
            if isinstance(entry, LayerStack):
                entry._around.add(self)
        for leaf in self._leaves():
            leaf.model = weakref.ref(self)

    def _tell_shapes(self) -> None:
        """Let the layers know the shapes of what they receive."""
        if self._shape is None:
            return
        for layer, sample in self._places(self._shape):
            layer.shape = sample
        shape = self._shape
        for entry in self._layers:
            if isinstance(entry, LayerStack) and entry._shape is None:
                entry._shape = shape
                entry._tell_shapes()
            shape = entry.shape_after(shape)

    def _entries(self, shape: Shape) -> list[dict[str, Any]]:
        """Return what the core is told of the layers: rows get another length where a layer needs it."""
        entries: list[dict[str, Any]] = []
        columns = math.prod(shape)
        for (layer, sample), (_, trained) in zip(self._places(shape), self._trained(), strict=True):
            wanted = layer.columns(sample)
            if wanted not in (None, columns):
                entries.append({"type": "reshape", "units": wanted})
                columns = wanted or columns
            specs = layer.spec()
            entries += specs if trained else [{**spec, "trainable": False} for spec in specs]
            columns = layer.columns_after(columns)
        outputs = self.shape_after(shape)[-1]
        return entries if columns == outputs else [*entries, {"type": "reshape", "units": outputs}]

    def _leaves(self) -> Iterator[Layer]:
        """Yield every layer, those of the models inside in their places."""
        for entry in self._layers:
            if isinstance(entry, LayerStack):
                yield from entry._leaves()
            else:
                yield entry

    def _trained(self) -> Iterator[tuple[Layer, bool]]:
        """Yield every layer with whether training changes its weights here."""
        for entry in self._layers:
            if isinstance(entry, LayerStack):
                yield from ((layer, here and self.trainable) for layer, here in entry._trained())
            else:
                yield entry, entry.trainable and self.trainable

    def _places(self, shape: Shape) -> Iterator[tuple[Layer, Shape]]:
        """Yield every layer with the shape of what it receives of a sample."""
        for entry in self._layers:
            self._refuse_shape(entry, shape)
            if isinstance(entry, LayerStack):
                yield from entry._places(shape)
            else:
                yield entry, shape
            shape = entry.shape_after(shape)

    def shape_after(self, shape: Shape) -> Shape:
        """Return the shape of what it gives of a sample of a shape.

        Raises
        ------
        ValueError
            If a layer cannot take what it receives.
        """
        for entry in self._layers:
            self._refuse_shape(entry, shape)
            shape = entry.shape_after(shape)
        return shape

    def check_shape(self, shape: Shape) -> None:
        """Raise ValueError if its layers do not serve samples of a shape."""
        for layer, sample in self._places(shape):
            layer.check_shape(sample)

    def _known_shape(self, what: str, error: type[Exception]) -> Shape:
        if self._shape is None or not self._layers:
            raise error(
                f"the model has no {what} yet: give the first layer input_shape=(features,), or "
                "call build((None, features)) or fit"
            )
        return self._shape

    def _refuse_no_layers(self) -> None:
        if not self._layers:
            raise ValueError(f"model {self.name!r} has no layers: add some with model.add(...)")

    def _refuse_step(self, where: str) -> None:
        layer = self._without_gradient()
        if layer is not None:
            raise ValueError(
                f"{where}(): layer {layer.name!r} has the activation {layer.activation.name!r}, "
                "which has no gradient and is for predict only; 'sigmoid' is its smooth form"
            )

    def _without_gradient(self) -> Any:
        for layer in self._leaves():
            activation = getattr(layer, "activation", None)
            if activation is not None and not activation.differentiable:
                return layer
        return None


def _refuse_too_large(layer: Layer, shapes: Iterable[Shape]) -> None:
    for shape in shapes:
        if math.prod(shape) > _check.MOST_NUMBERS:
            raise MemoryError(f"layer {layer.name!r}: an array of shape {shape} is more than any memory holds")
