"""Layers: what a model is made of. They hold settings; the weights lie in the native core."""

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

from . import _check, _data, _random, activations, initializers, regularizers

L = TypeVar("L", bound="Layer")

_counters: defaultdict[str, itertools.count[int]] = defaultdict(itertools.count)


def unique_name(cls: type) -> str:
    """Return the class's name in lower case, numbered from the second one of the process on."""
    stem = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()
    number = next(_counters[stem])
    return f"{stem}_{number}" if number else stem


def checked_name(name: str | None, cls: type) -> str:
    """Return `name`, or a new one where it is None."""
    if name is None:
        return unique_name(cls)
    if not isinstance(name, str) or not name:
        raise TypeError(f"{cls.__name__}(name={name!r}): name must be a string with characters")
    return name


def one_dimension(shape: Any, name: str, where: str) -> int:
    """Return the number of features in a shape such as (784,).

    Raises
    ------
    TypeError, ValueError
        For anything but a tuple or list of one positive integer.
    """
    if not isinstance(shape, (tuple, list)):
        raise TypeError(f"{where}({name}={shape!r}): {name} must be a tuple of one positive integer, such as (784,)")
    if len(shape) != 1:
        raise ValueError(
            f"{where}({name}={shape!r}): a sample must be a row of features, such as "
            f"(784,); flatten longer shapes with x.reshape(len(x), -1)"
        )
    return _check.integer(shape[0], name, where, 1)


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
    input_shape : tuple of one int, optional
        The shape of a sample, for the first layer of a model; otherwise it is read from the data.
    input_dim : int, optional
        The same as ``input_shape=(input_dim,)``.
    name : str, optional
        A name that no other layer of the model has; the class gives one.

    Attributes
    ----------
    name : str
        The name.
    declared_inputs : int or None
        The number of features that was given, None if none was.
    """

    #: What the layer's weights are called, in their order.
    weight_names: tuple[str, ...] = ()

    def __init__(
        self,
        *,
        input_shape: tuple[int, ...] | None = None,
        input_dim: int | None = None,
        name: str | None = None,
    ) -> None:
        where = type(self).__name__
        self.declared_inputs: int | None = None
        if input_shape is not None and input_dim is not None:
            raise ValueError(f"{where}(): give input_shape or input_dim, not both")
        if input_shape is not None:
            self.declared_inputs = one_dimension(input_shape, "input_shape", where)
        if input_dim is not None:
            self.declared_inputs = _check.integer(input_dim, "input_dim", where, 1)
        self.name = checked_name(name, type(self))
        self.inputs: int | None = None  # the features it receives, known once the model is built
        self._owner: weakref.ref[WeightOwner] | None = None

    # --- its place in a model ---

    def attach(self, owner: WeightOwner | None) -> None:
        """Make the layer part of a model, or, with None, of none again."""
        self._owner = None if owner is None else weakref.ref(owner)
        self.inputs = None

    @property
    def used(self) -> bool:
        """Whether the layer was added to a model."""
        return self._owner is not None

    @property
    def built(self) -> bool:
        """Whether the number of its inputs is known."""
        return self.inputs is not None

    def outputs(self, inputs: int) -> int:
        """Return the number of outputs for a number of inputs."""
        return inputs

    @property
    def input_shape(self) -> tuple[None, int]:
        """The shape of what it receives, (None, features); None stands for the samples.

        Raises
        ------
        AttributeError
            If the model is not built.
        """
        return (None, self._built_inputs("input_shape", AttributeError))

    @property
    def output_shape(self) -> tuple[None, int]:
        """The shape of what it gives, (None, units); None stands for the samples.

        Raises
        ------
        AttributeError
            If the model is not built.
        """
        return (None, self.outputs(self._built_inputs("output_shape", AttributeError)))

    def _built_inputs(self, what: str, error: type[Exception]) -> int:
        if self.inputs is None:
            raise error(
                f"layer {self.name!r} has no {what} before its model knows the number of "
                "features: give the first layer input_shape=(features,), or call build or fit"
            )
        return self.inputs

    # --- its weights ---

    def weight_shapes(self, inputs: int) -> list[tuple[int, ...]]:
        """Return the shapes of its weights for a number of inputs."""
        return []

    def initial_weights(self, inputs: int, dtype: str) -> list[NDArray[Any]]:
        """Return what its weights begin with."""
        return []

    def check_inputs(self, inputs: int) -> None:
        """Raise ValueError if its weights cannot begin for so many inputs."""

    def count_params(self) -> int:
        """Return the number of its weights, counted one by one.

        Raises
        ------
        ValueError
            If the model is not built.
        """
        inputs = self._built_inputs("weights", ValueError)
        return sum(math.prod(shape) for shape in self.weight_shapes(inputs))

    def get_weights(self) -> list[NDArray[Any]]:
        """Return copies of its weights: for a Dense layer [kernel, bias].

        Raises
        ------
        ValueError
            If the model is not built.
        """
        self._built_inputs("weights", ValueError)
        return self._model().layer_weights(self)

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replace its weights by arrays of the same shapes.

        Raises
        ------
        TypeError, ValueError
            If a shape differs, or a value is not finite, or the model is not built.
        """
        self._built_inputs("weights", ValueError)
        self._model().set_layer_weights(self, weights)

    def _model(self) -> WeightOwner:
        model = self._owner() if self._owner is not None else None
        if model is None:
            raise ValueError(f"layer {self.name!r} has no weights: its model does not exist")
        return model

    # --- what it is ---

    def spec(self) -> list[dict[str, Any]]:
        """Return what the core is told: a list, since an activation is an entry of its own."""
        return []

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer: seeds too, but no weights."""
        config: dict[str, Any] = {"name": self.name}
        if self.declared_inputs is not None:
            config["input_shape"] = (self.declared_inputs,)
        return config

    @classmethod
    def from_config(cls: type[L], config: Mapping[str, Any]) -> L:
        """Return a layer made with the arguments that `get_config` gave."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


class InputLayer(Layer):
    """Says how many features a sample has; as first entry of a model. It is not in `model.layers`.

    Parameters
    ----------
    shape : tuple of one int
        The shape of a sample, such as (784,).
    name : str, optional
        Its name.

    Raises
    ------
    TypeError, ValueError
        For any other shape.
    """

    def __init__(self, shape: tuple[int, ...], name: str | None = None) -> None:
        super().__init__(name=name)
        self.declared_inputs = one_dimension(shape, "shape", "Input")

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {"shape": (self.declared_inputs,), "name": self.name}


def Input(shape: tuple[int, ...], name: str | None = None) -> InputLayer:
    """Return an `InputLayer`, as the first entry of a model.

    Parameters
    ----------
    shape : tuple of one int
        The shape of a sample, such as (784,).
    name : str, optional
        Its name.
    """
    return InputLayer(shape, name)


class Dense(Layer):
    """activation(x @ kernel + bias), kernel (inputs, units) and bias (units,).

    Parameters
    ----------
    units : int
        The number of outputs.
    activation : str, dict, ActivationFunction or None
        See `lamina.activations.get`; None for none.
    use_bias : bool
        Whether there is a bias.
    kernel_initializer, bias_initializer : str, dict or Initializer
        See `lamina.initializers.get`.
    kernel_regularizer, bias_regularizer : str, Regularizer or None
        See `lamina.regularizers`.
    input_shape, input_dim, name
        See `Layer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range, and unknown names.
    """

    def __init__(
        self,
        units: int,
        activation: str | Mapping[str, Any] | activations.ActivationFunction | None = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        *,
        input_shape: tuple[int, ...] | None = None,
        input_dim: int | None = None,
        name: str | None = None,
    ) -> None:
        self.units = _check.integer(units, "units", "Dense", 1)
        self.activation = activations.get(activation)
        self.use_bias = _check.boolean(use_bias, "use_bias", "Dense")
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        if self.use_bias:  # its shape is known already
            with _naming("Dense(bias_initializer=...)"):
                self.bias_initializer.check_shape((self.units,))
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        super().__init__(input_shape=input_shape, input_dim=input_dim, name=name)
        self.weight_names = ("kernel", "bias") if self.use_bias else ("kernel",)

    def outputs(self, inputs: int) -> int:
        """Return the number of units."""
        return self.units

    def weight_shapes(self, inputs: int) -> list[tuple[int, ...]]:
        """Return the shapes of the kernel and, where there is one, the bias."""
        return [(inputs, self.units), (self.units,)][: len(self.weight_names)]

    def initial_weights(self, inputs: int, dtype: str) -> list[NDArray[Any]]:
        """Return what the initializers give.

        Raises
        ------
        TypeError, ValueError
            If an initializer does not serve a shape, or one of your own gives something else than finite numbers of
            that shape.
        """
        values = []
        for name, initializer, shape in self._beginnings(inputs):
            with _naming(name):
                values.append(initializer(shape, dtype))
        names = [name for name, _, _ in self._beginnings(inputs)]
        return _data.weights(values, self.weight_shapes(inputs), names, dtype)

    def check_inputs(self, inputs: int) -> None:
        """Raise ValueError if an initializer does not serve the weights for so many inputs."""
        for name, initializer, shape in self._beginnings(inputs):
            with _naming(name):
                initializer.check_shape(shape)

    def _beginnings(self, inputs: int) -> list[tuple[str, initializers.Initializer, tuple[int, ...]]]:
        """Return for each weight what messages call it, its initializer and its shape."""
        names = [f"{self.name} {name}" for name in self.weight_names]
        makers = (self.kernel_initializer, self.bias_initializer)
        return list(zip(names, makers, self.weight_shapes(inputs), strict=False))

    def spec(self) -> list[dict[str, Any]]:
        """Return the layer and, where it has one, its activation."""
        kernel = self.kernel_regularizer or regularizers.Regularizer()
        bias = self.bias_regularizer or regularizers.Regularizer()
        dense = {
            "type": "dense",
            "units": self.units,
            "use_bias": self.use_bias,
            "kernel_l1": kernel.l1,
            "kernel_l2": kernel.l2,
            "bias_l1": bias.l1,
            "bias_l2": bias.l2,
        }
        return [dense, *_activation_spec(self.activation)]

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {
            **super().get_config(),
            "units": self.units,
            "activation": self.activation.get_config(),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
        }


class Activation(Layer):
    """An activation function as a layer of its own.

    Parameters
    ----------
    activation : str, dict or ActivationFunction
        See `lamina.activations.get`.
    input_shape, input_dim, name
        See `Layer`.

    Raises
    ------
    TypeError, ValueError
        For anything that is no activation function.
    """

    def __init__(
        self,
        activation: str | Mapping[str, Any] | activations.ActivationFunction,
        *,
        input_shape: tuple[int, ...] | None = None,
        input_dim: int | None = None,
        name: str | None = None,
    ) -> None:
        self.activation = activations.get(activation)
        super().__init__(input_shape=input_shape, input_dim=input_dim, name=name)

    def spec(self) -> list[dict[str, Any]]:
        """Return its activation."""
        return _activation_spec(self.activation)

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {**super().get_config(), "activation": self.activation.get_config()}


class Dropout(Layer):
    """In training, sets a share of its inputs to 0 and multiplies the others by 1 / (1 - rate).

    Which ones is a function of the seed, the training step and the place of the value, so the same
    seed gives the same training however many threads there are (Srivastava et al., 2014, in the
    inverted form).

    Parameters
    ----------
    rate : float
        The share to set to 0, in [0, 1).
    seed : int, optional
        From 0 to 2**64 - 1. Without one, the next that follows from
        `lamina.utils.set_random_seed`, or a random one where that was not called.
    input_shape, input_dim, name
        See `Layer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    def __init__(
        self,
        rate: float,
        *,
        seed: int | None = None,
        input_shape: tuple[int, ...] | None = None,
        input_dim: int | None = None,
        name: str | None = None,
    ) -> None:
        self.rate = _check.real(rate, "rate", "Dropout", "in [0, 1)", lambda v: 0 <= v < 1)
        self.seed = _random.given_or_next(seed, "Dropout")
        super().__init__(input_shape=input_shape, input_dim=input_dim, name=name)

    def spec(self) -> list[dict[str, Any]]:
        """Return the layer."""
        return [{"type": "dropout", "rate": self.rate, "seed": self.seed}]

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


@contextmanager
def _naming(what: str) -> Iterator[None]:
    """Put `what` before the message of a ValueError."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from error


def _activation_spec(activation: activations.ActivationFunction) -> list[dict[str, Any]]:
    return [] if activation.name == "linear" else [activation.spec()]
