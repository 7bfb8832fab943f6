"""Activation functions as layers of their own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .. import _check, activations, constraints, initializers, regularizers
from .base import Layer, LayerOptions, Shape

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Activation(Layer):
    """An activation function as a layer of its own.

    Parameters
    ----------
    activation : str, dict or ActivationFunction
        See `lamina.activations.get`.
    **options
        See `Layer`.

    Raises
    ------
    TypeError, ValueError
        For anything that is no activation function.
    """

    def __init__(
        self,
        activation: str | Mapping[str, Any] | activations.ActivationFunction,
        **options: Unpack[LayerOptions],
    ) -> None:
        self.activation = activations.get(activation)
        super().__init__(**options)

    def columns(self, shape: Shape) -> int | None:
        """Return the length of the last axis where the function is taken over it."""
        return shape[-1] if self.activation.rowwise else None

    def spec(self) -> list[dict[str, Any]]:
        """Return its activation."""
        return self.activation.specs()

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {**super().get_config(), "activation": self.activation.get_config()}


class _OfParameters(Activation):
    """One whose arguments are the parameters of its function."""

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {**Layer.get_config(self), **self.activation.parameters}


class ReLU(_OfParameters):
    """max(x, 0), or with other arguments: x above the threshold, at most max_value; below the threshold
    negative_slope * (x - threshold).

    Parameters
    ----------
    max_value : float, optional
        The largest output, at least 0; None for no limit.
    negative_slope : float
        At least 0.
    threshold : float
        At least 0.
    **options
        See `Layer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **options: Unpack[LayerOptions],
    ) -> None:
        function = activations.ActivationFunction(
            "relu", negative_slope=negative_slope, max_value=max_value, threshold=threshold
        )
        super().__init__(function, **options)


class LeakyReLU(_OfParameters):
    """x where x > 0, else negative_slope * x (Maas, Hannun and Ng, 2013).

    Parameters
    ----------
    negative_slope : float
        At least 0.
    alpha : float, optional
        The former name of `negative_slope`, which Keras accepts too.
    **options
        See `Layer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    def __init__(
        self,
        negative_slope: float = 0.3,
        *,
        alpha: float | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        function = activations.ActivationFunction("leaky_relu", negative_slope=negative_slope)
        if alpha is not None:
            slope = _check.real(alpha, "alpha", "LeakyReLU", "of at least 0", lambda v: v >= 0)
            function = activations.ActivationFunction("leaky_relu", negative_slope=slope)
        super().__init__(function, **options)


class ELU(_OfParameters):
    """x where x > 0, else alpha * (exp(x) - 1) (Clevert, Unterthiner and Hochreiter, 2016).

    Parameters
    ----------
    alpha : float
        At least 0.
    **options
        See `Layer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range.
    """

    def __init__(
        self,
        alpha: float = 1.0,
        **options: Unpack[LayerOptions],
    ) -> None:
        function = activations.ActivationFunction("elu", alpha=alpha)
        super().__init__(function, **options)


class Softmax(Activation):
    """exp(x) divided by its sum over the last axis.

    Parameters
    ----------
    axis : int
        -1, or the number of the last axis; others are not supported.
    **options
        See `Layer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type, and, once the shape is known, another axis.
    """

    def __init__(
        self,
        axis: int = -1,
        **options: Unpack[LayerOptions],
    ) -> None:
        self.axis = _check.integer(axis, "axis", "Softmax", -1)
        super().__init__("softmax", **options)

    def shape_after(self, shape: Shape) -> Shape:
        """Return the same shape, if the axis is its last one."""
        if self.axis not in (-1, len(shape)):
            raise ValueError(
                f"Softmax(axis={self.axis}): only the last axis is supported, here {len(shape)} or -1; "
                f"samples have the shape {shape}"
            )
        return shape

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {**Layer.get_config(self), "axis": self.axis}


class PReLU(Layer):
    """x where x > 0, else alpha * x, with an alpha for each feature that is learnt (He, Zhang, Ren and Sun, 2015).

    Its weight alpha has the shape of a sample.

    Parameters
    ----------
    alpha_initializer : str, dict or Initializer
        See `lamina.initializers.get`.
    alpha_regularizer : str, Regularizer or None
        See `lamina.regularizers`.
    alpha_constraint : str, Constraint or None
        See `lamina.constraints`; of samples of several axes, one on norms must go along all of them (axis=None).
    shared_axes : None
        Keras's other argument; only None is supported.
    **options
        See `Layer`.

    Raises
    ------
    TypeError, ValueError
        For unknown names, and arguments that are not supported.
    """

    weight_names = ("alpha",)

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        _check.refuse("PReLU", {"shared_axes": shared_axes}, {"shared_axes": None}, {})
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        super().__init__(**options)

    def check_shape(self, shape: Shape) -> None:
        """Raise ValueError also where the norms of a constraint do not go along all axes of alpha."""
        super().check_shape(shape)
        axes, axis = len(shape), getattr(self.alpha_constraint, "axis", None)
        constraints.check(self.alpha_constraint, axes, f"{self.name} alpha")
        if axis is not None and len({a % axes for a in (axis if isinstance(axis, list) else [axis])}) < axes:
            raise ValueError(
                f"PReLU(alpha_constraint=...): norms along the axis {axis} of an alpha of shape {shape} are not "
                "supported; give the constraint axis=None, for one norm of all"
            )

    def columns(self, shape: Shape) -> int:
        """Return the number of features of a sample, each of which has an alpha."""
        return math.prod(shape)

    def weight_shapes(self, shape: Shape) -> list[tuple[int, ...]]:
        """Return the shape of alpha."""
        return [shape]

    def weight_initializers(self) -> list[initializers.Initializer]:
        """Return that of alpha."""
        return [self.alpha_initializer]

    def spec(self) -> list[dict[str, Any]]:
        """Return the layer."""
        weight = {**regularizers.spec(self.alpha_regularizer), **constraints.spec(self.alpha_constraint, 1)}
        return [{"type": "prelu", "weights": [weight]}]

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {
            **super().get_config(),
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": regularizers.serialize(self.alpha_regularizer),
            "alpha_constraint": constraints.serialize(self.alpha_constraint),
        }
