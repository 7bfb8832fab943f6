"""Layers one after another and the native network behind them: a model without its training."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .. import _check, _core, _data
from ..layers.base import InputLayer, Layer, Shape, checked_name, checked_shape
from . import _training
from ._guard import Guard

Array = NDArray[Any]


class LayerStack:
    """What `lamina.models.Sequential` is before training: layers, weights and their network.

    Parameters
    ----------
    layers, name, dtype
        See `lamina.models.Sequential`.
    """

    def __init__(
        self,
        layers: Iterable[Layer] | None = None,
        name: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        self.dtype: Literal["float32", "float64"] = _check.float_type(dtype, "Sequential")
        self.name = checked_name(name, type(self))
        self._layers: list[Layer] = []
        self._shape: Shape | None = None  # of a sample
        self._network: _core.Network | None = None
        self._gives: Shape = ()  # of a sample, the network's outputs
        self._kept: list[Array] = []  # weights of the network that `add` made out of date
        self._settings: _training.Settings | None = None
        self._guard = Guard()
        if layers is None:
            layers = ()
        if not isinstance(layers, Iterable):
            raise TypeError(f"Sequential(layers={_check.shown(layers)}): layers must be a list of layers")
        try:
            for layer in layers:
                self.add(layer)
        except BaseException:
            for layer in self._layers:
                layer.attach(None)  # there is no model, so they are free
            raise

    def __repr__(self) -> str:
        return f"<Sequential {self.name}, {len(self._layers)} layers>"

    # --- layers and weights ---------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """The layers, without `Input`."""
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
        return (None, *self._shape_after(self._known_shape("output_shape", AttributeError)))

    def add(self, layer: Layer) -> None:
        """Add a layer at the end. The weights before it stay; an optimizer begins anew.

        Parameters
        ----------
        layer : Layer
            A layer that is in no model yet, or, first of all, an `Input`.

        Raises
        ------
        TypeError
            For anything else.
        ValueError
            For a layer or a layer's name that is in use, or one that expects samples of another
            shape, or whose initializers do not serve that shape.
        RuntimeError
            While `fit` runs.
        """
        claimed = self._guard.claim("add()")
        try:
            self._refuse_layer(layer)
            if isinstance(layer, InputLayer):
                self._shape = layer.declared_shape
                return
            sample = self._shape
            if not self._layers and sample is None:
                sample = layer.declared_shape
            shape = None
            if sample is not None:
                shape = self._shape_after(sample)
                self._refuse_shape(layer, shape)
                layer.shape_after(shape)
                layer.check_shape(shape)
            if self._network is not None:
                self._kept, self._network = self._network.get_weights(), None
            layer.attach(self)
            self._shape, layer.shape = sample, shape
            self._layers.append(layer)
        finally:
            self._guard.release(claimed)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
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

    def _refuse_layer(self, layer: Any) -> None:
        if not isinstance(layer, Layer):
            what = f"the class {layer.__name__}" if isinstance(layer, type) else _check.shown(layer)
            raise TypeError(f"add({what}): only layers can be added, such as Dense(10)")
        if isinstance(layer, InputLayer) and (self._layers or self._shape is not None):
            raise ValueError(f"add({layer!r}): an Input must come first, and only once")
        if layer.used:
            raise ValueError(
                f"add({layer!r}): the layer is part of a model already and cannot be shared; make "
                f"another with {type(layer).__name__}.from_config(layer.get_config())"
            )
        if any(layer.name == other.name for other in self._layers):
            raise ValueError(f"add({layer!r}): the model has a layer named {layer.name!r} already")

    @staticmethod
    def _refuse_shape(layer: Layer, shape: Shape) -> None:
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
        claimed = self._guard.claim("build()")
        try:
            if self._shape not in (None, shape):
                raise ValueError(f"build({input_shape!r}): the model takes samples of shape {self._shape} already")
            self._ready(shape)
        finally:
            self._guard.release(claimed)

    def get_weights(self) -> list[Array]:
        """Return copies of all weights: kernel, bias, kernel, bias, ... from the first layer on.

        Raises
        ------
        ValueError
            If the model is not built.
        RuntimeError
            While another thread trains the model.
        """
        token = self._guard.enter("get_weights()")
        try:
            return self._as_users_see(self._ready().get_weights())
        finally:
            self._guard.leave(token)

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replace all weights by arrays of the same shapes, in the order of `get_weights`.

        Raises
        ------
        TypeError, ValueError
            If their number or a shape differs, a value is not finite, or the model is not built.
        RuntimeError
            While another thread uses the model.
        """
        claimed = self._guard.claim("set_weights()", nested=True)
        try:
            network = self._ready()
            names = [f"{layer.name} {name}" for layer, name in self._weights_of_layers()]
            _give(network, _data.weights(weights, self._weight_shapes(), names, self.dtype))
        finally:
            self._guard.release(claimed)

    def layer_weights(self, layer: Layer) -> list[Array]:
        """Return copies of a layer's weights; a layer's own `get_weights` asks for them here."""
        owners = [owner for owner, _ in self._weights_of_layers()]
        weights = self.get_weights()
        return [w for w, owner in zip(weights, owners, strict=True) if owner is layer]

    def set_layer_weights(self, layer: Layer, values: Sequence[Any]) -> None:
        """Replace a layer's weights; a layer's own `set_weights` hands them on to here."""
        claimed = self._guard.claim("set_weights()", nested=True)
        try:
            names = [f"{layer.name} {name}" for name in layer.weight_names]
            new = iter(_data.weights(values, layer.built_weight_shapes(), names, self.dtype))
            owners = [owner for owner, _ in self._weights_of_layers()]
            old = self.get_weights()
            self.set_weights([next(new) if owner is layer else w for w, owner in zip(old, owners, strict=True)])
        finally:
            self._guard.release(claimed)

    def count_params(self) -> int:
        """Return the number of weights, counted one by one.

        Raises
        ------
        ValueError
            If the model is not built.
        """
        self._known_shape("weights", ValueError)
        return sum(layer.count_params() for layer in self._layers)

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
        _summary.show(self.name, self._layers, np.dtype(self.dtype).itemsize, print_fn)

    # --- the network behind it ------------------------------------------------------------------

    def _ready(self, shape: Shape | None = None) -> _core.Network:
        """Return the network, made first where there is none; the caller holds the model.

        Two threads that only read may both make it. That does no harm: they make the same one.
        """
        kept = self._kept  # before the look at the network, which is set before this is emptied
        if self._network is not None:
            return self._network
        if shape is None:
            shape = self._known_shape("weights", ValueError)
        self._refuse_no_layers()
        places = list(self._places(shape))
        for layer, sample in places:
            _refuse_too_large(layer, [sample, layer.shape_after(sample), *layer.weight_shapes(sample)])
        entries = self._entries(shape)
        network = _core.Network(math.prod(shape), entries, self.dtype)
        values = list(kept)
        begun = 0
        for layer, sample in places:
            if begun >= len(kept):
                values += layer.initial_weights(sample, self.dtype)
            begun += len(layer.weight_names)
        _give(network, values)
        if self._settings is not None and self._without_gradient() is None:
            self._settings.apply(network, entries)
        for layer, sample in places:
            layer.shape = sample
        self._gives = self._shape_after(shape)
        self._shape, self._network = shape, network
        self._kept = []
        return network

    def _entries(self, shape: Shape) -> list[dict[str, Any]]:
        """Return what the core is told of the layers: rows get another length where a layer needs it."""
        entries: list[dict[str, Any]] = []
        columns = math.prod(shape)
        for layer, sample in self._places(shape):
            wanted = layer.columns(sample)
            if wanted not in (None, columns):
                entries.append({"type": "reshape", "units": wanted})
                columns = wanted or columns
            entries += layer.spec()
            columns = layer.columns_after(columns)
        outputs = self._shape_after(shape)[-1]
        return entries if columns == outputs else [*entries, {"type": "reshape", "units": outputs}]

    def _places(self, shape: Shape) -> Iterator[tuple[Layer, Shape]]:
        """Yield every layer with the shape of what it receives of a sample."""
        for layer in self._layers:
            self._refuse_shape(layer, shape)
            yield layer, shape
            shape = layer.shape_after(shape)

    def _shape_after(self, shape: Shape) -> Shape:
        for layer, sample in self._places(shape):
            shape = layer.shape_after(sample)
        return shape

    def _weights_of_layers(self) -> list[tuple[Layer, str]]:
        return [(layer, name) for layer in self._layers for name in layer.weight_names]

    def _weight_shapes(self) -> list[Shape]:
        return [shape for layer in self._layers for shape in layer.built_weight_shapes()]

    def _as_users_see(self, weights: Sequence[Array]) -> list[Array]:
        """Return weights, or their gradients, in the shapes that the layers give them."""
        return [w.reshape(shape) for w, shape in zip(weights, self._weight_shapes(), strict=True)]

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
        for layer in self._layers:
            activation = getattr(layer, "activation", None)
            if activation is not None and not activation.differentiable:
                return layer
        return None


def _give(network: _core.Network, weights: Sequence[Array]) -> None:
    """Hand weights of the layers' shapes to the core, which knows matrices and vectors."""
    network.set_weights([w.reshape(shape) for w, shape in zip(weights, network.weight_shapes(), strict=True)])


def _refuse_too_large(layer: Layer, shapes: Iterable[Shape]) -> None:
    for shape in shapes:
        if math.prod(shape) > _check.MOST_NUMBERS:
            raise MemoryError(f"layer {layer.name!r}: an array of shape {shape} is more than any memory holds")
