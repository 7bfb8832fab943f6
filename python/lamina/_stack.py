"""Layers one after another and the native network behind them: a model without its training."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from . import _check, _core, _data, _training
from ._guard import Guard
from .layers import InputLayer, Layer, checked_name

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
        self._features: int | None = None
        self._network: _core.Network | None = None
        self._kept: list[Array] = []  # weights of the network that `add` made out of date
        self._settings: _training.Settings | None = None
        self._guard = Guard()
        try:
            for layer in layers if layers is not None else ():
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
        """Whether the number of features is known."""
        return self._features is not None and bool(self._layers)

    @property
    def input_shape(self) -> tuple[None, int]:
        """(None, features); None stands for the samples.

        Raises
        ------
        AttributeError
            If the model is not built.
        """
        return (None, self._known_features("input_shape", AttributeError))

    @property
    def output_shape(self) -> tuple[None, int]:
        """(None, outputs); None stands for the samples.

        Raises
        ------
        AttributeError
            If the model is not built.
        """
        return (None, self._outputs(self._known_features("output_shape", AttributeError)))

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
            For a layer or a layer's name that is in use, or one that expects another number of
            features, or whose initializers do not serve that number.
        RuntimeError
            While `fit` runs.
        """
        claimed = self._guard.claim("add()")
        try:
            self._refuse_layer(layer)
            if isinstance(layer, InputLayer):
                self._features = layer.declared_inputs
                return
            features = self._features
            if not self._layers and features is None:
                features = layer.declared_inputs
            inputs = None
            if features is not None:
                inputs = self._outputs(features)
                self._refuse_inputs(layer, inputs)
                layer.check_inputs(inputs)
            if self._network is not None:
                self._kept, self._network = self._network.get_weights(), None
            layer.attach(self)
            self._features, layer.inputs = features, inputs
            self._layers.append(layer)
        finally:
            self._guard.release(claimed)

    def _refuse_layer(self, layer: Any) -> None:
        if not isinstance(layer, Layer):
            what = f"the class {layer.__name__}" if isinstance(layer, type) else repr(layer)
            raise TypeError(f"add({what}): only layers can be added, such as Dense(10)")
        if isinstance(layer, InputLayer) and (self._layers or self._features is not None):
            raise ValueError(f"add({layer!r}): an Input must come first, and only once")
        if layer.used:
            raise ValueError(
                f"add({layer!r}): the layer is part of a model already and cannot be shared; make "
                f"another with {type(layer).__name__}.from_config(layer.get_config())"
            )
        if any(layer.name == other.name for other in self._layers):
            raise ValueError(f"add({layer!r}): the model has a layer named {layer.name!r} already")

    @staticmethod
    def _refuse_inputs(layer: Layer, inputs: int) -> None:
        if layer.declared_inputs not in (None, inputs):
            raise ValueError(
                f"layer {layer.name!r} was made for {layer.declared_inputs} features "
                f"but receives {inputs}: leave out its input_shape"
            )

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Fix the number of features and make the weights.

        Parameters
        ----------
        input_shape : sequence
            (None, features): None stands for the samples, as in Keras.

        Raises
        ------
        TypeError, ValueError
            For another shape, a model without layers, or one built for other data.
        RuntimeError
            While `fit` runs.
        """
        if not isinstance(input_shape, (tuple, list)) or len(input_shape) != 2:
            raise ValueError(f"build({input_shape!r}): the shape must be (None, features), such as (None, 784)")
        features = _check.integer(input_shape[1], "input_shape", "build", 1)
        claimed = self._guard.claim("build()")
        try:
            if self._features not in (None, features):
                raise ValueError(f"build({input_shape!r}): the model takes {self._features} features already")
            self._ready(features)
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
            return self._ready().get_weights()
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
            checked = _data.weights(weights, network.weight_shapes(), names, self.dtype)
            network.set_weights(checked)
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
            shapes = layer.weight_shapes(layer.inputs or 0)
            new = iter(_data.weights(values, shapes, names, self.dtype))
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
        self._known_features("weights", ValueError)
        return sum(layer.count_params() for layer in self._layers)

    def summary(self, *, print_fn: Callable[[str], object] | None = None) -> None:
        """Print a table of the layers, their output shapes and parameters, and the totals.

        Parameters
        ----------
        print_fn : callable, optional
            Takes each line instead of standard output.
        """
        from . import _summary  # rich is imported on first use

        _summary.show(self.name, self._layers, np.dtype(self.dtype).itemsize, print_fn)

    # --- the network behind it ------------------------------------------------------------------

    def _ready(self, features: int | None = None) -> _core.Network:
        """Return the network, made first where there is none; the caller holds the model.

        Two threads that only read may both make it. That does no harm: they make the same one.
        """
        kept = self._kept  # before the look at the network, which is set before this is emptied
        if self._network is not None:
            return self._network
        if features is None:
            features = self._known_features("weights", ValueError)
        self._refuse_no_layers()
        entries = [entry for layer in self._layers for entry in layer.spec()]
        network = _core.Network(features, entries, self.dtype)
        values = list(kept)
        places = list(self._places(features))
        begun = 0
        for layer, inputs in places:
            if begun >= len(kept):
                values += layer.initial_weights(inputs, self.dtype)
            begun += len(layer.weight_names)
        network.set_weights(values)
        if self._settings is not None and self._without_gradient() is None:
            self._settings.apply(network)
        for layer, inputs in places:
            layer.inputs = inputs
        self._features, self._network = features, network
        self._kept = []
        return network

    def _places(self, features: int) -> Iterator[tuple[Layer, int]]:
        """Yield every layer with the number of its inputs."""
        for layer in self._layers:
            self._refuse_inputs(layer, features)
            yield layer, features
            features = layer.outputs(features)

    def _outputs(self, features: int) -> int:
        for layer, inputs in self._places(features):
            features = layer.outputs(inputs)
        return features

    def _weights_of_layers(self) -> list[tuple[Layer, str]]:
        return [(layer, name) for layer in self._layers for name in layer.weight_names]

    def _known_features(self, what: str, error: type[Exception]) -> int:
        if self._features is None or not self._layers:
            raise error(
                f"the model has no {what} yet: give the first layer input_shape=(features,), or "
                "call build((None, features)) or fit"
            )
        return self._features

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
