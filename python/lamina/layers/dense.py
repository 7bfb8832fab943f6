"""The dense layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .. import _check, activations, constraints, initializers, regularizers
from .base import Layer, LayerOptions, Shape, naming

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Dense(Layer):
    """activation(x @ kernel + bias), kernel (inputs, units) and bias (units,).

    It acts on the last axis: of samples of shape (..., inputs) it makes (..., units).

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
    kernel_constraint, bias_constraint : str, Constraint or None
        See `lamina.constraints`.
    **options
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
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        self.units = _check.integer(units, "units", "Dense", 1)
        self.activation = activations.get(activation)
        self.use_bias = _check.boolean(use_bias, "use_bias", "Dense")
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        if self.use_bias:  # its shape is known already
            with naming("Dense(bias_initializer=...)"):
                self.bias_initializer.check_shape((self.units,))
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        constraints.check(self.kernel_constraint, 2, "Dense(kernel_constraint=...)")
        constraints.check(self.bias_constraint, 1, "Dense(bias_constraint=...)")
        super().__init__(**options)
        self.weight_names = ("kernel", "bias") if self.use_bias else ("kernel",)

    def shape_after(self, shape: Shape) -> Shape:
        """Return the shape with the number of units in the place of the last axis."""
        return (*shape[:-1], self.units)

    def columns(self, shape: Shape) -> int:
        """Return the length of the last axis."""
        return shape[-1]

    def columns_after(self, columns: int) -> int:
        """Return the number of units."""
        return self.units

    def weight_shapes(self, shape: Shape) -> list[tuple[int, ...]]:
        """Return the shapes of the kernel and, where there is one, the bias."""
        return [(shape[-1], self.units), (self.units,)][: len(self.weight_names)]

    def weight_initializers(self) -> list[initializers.Initializer]:
        """Return those of the kernel and, where there is one, the bias."""
        return [self.kernel_initializer, self.bias_initializer][: len(self.weight_names)]

    def spec(self) -> list[dict[str, Any]]:
        """Return the layer and, where it has one, its activation."""
        dense = {
            "type": "dense",
            "units": self.units,
            "use_bias": self.use_bias,
            "weights": [
                {**regularizers.spec(self.kernel_regularizer), **constraints.spec(self.kernel_constraint, 2)},
                {**regularizers.spec(self.bias_regularizer), **constraints.spec(self.bias_constraint, 1)},
            ],
        }
        return [dense, *self.activation.specs()]

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
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }
