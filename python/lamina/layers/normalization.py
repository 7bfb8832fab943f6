"""Layers that normalize: by the statistics of a batch, of a sample, or of data seen before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import _check, _data, constraints, initializers, regularizers
from .base import Layer, LayerOptions, Shape

if TYPE_CHECKING:
    from typing_extensions import Unpack


def _last_axis(axis: Any, where: str) -> int:
    """Return an axis, which may stand in a list of one, as Keras writes it."""
    if isinstance(axis, (list, tuple)):
        if len(axis) != 1:
            raise ValueError(f"{where}(axis={_check.shown(axis)}): only one axis, the last one, is supported")
        axis = axis[0]
    return _check.integer(axis, "axis", where, -1)


def _refuse_other_axis(axis: int, shape: Shape, where: str) -> None:
    if axis not in (-1, len(shape)):
        raise ValueError(
            f"{where}(axis={axis}): only the last axis is supported, here {len(shape)} or -1; "
            f"samples have the shape {shape}"
        )


class _Scaled(Layer):
    """A normalization with weights gamma and beta, a number each for every place of the last axis."""

    _type = ""

    def __init__(
        self,
        axis: Any,
        epsilon: float,
        center: bool,
        scale: bool,
        given: dict[str, Any],
        options: LayerOptions,
    ) -> None:
        where = type(self).__name__
        self.axis = _last_axis(axis, where)
        self.epsilon = _check.real(epsilon, "epsilon", where, "above 0", lambda v: v > 0)
        self.center = _check.boolean(center, "center", where)
        self.scale = _check.boolean(scale, "scale", where)
        self.gamma_initializer = initializers.get(given["gamma_initializer"])
        self.beta_initializer = initializers.get(given["beta_initializer"])
        self.gamma_regularizer = regularizers.get(given["gamma_regularizer"])
        self.beta_regularizer = regularizers.get(given["beta_regularizer"])
        self.gamma_constraint = constraints.get(given["gamma_constraint"])
        self.beta_constraint = constraints.get(given["beta_constraint"])
        constraints.check(self.gamma_constraint, 1, f"{where}(gamma_constraint=...)")
        constraints.check(self.beta_constraint, 1, f"{where}(beta_constraint=...)")
        super().__init__(**options)
        self.weight_names = ("gamma",) * self.scale + ("beta",) * self.center + self.untrained_names

    def shape_after(self, shape: Shape) -> Shape:
        """Return the same shape, if the axis is its last one."""
        _refuse_other_axis(self.axis, shape, type(self).__name__)
        return shape

    def columns(self, shape: Shape) -> int:
        """Return the length of the last axis."""
        return shape[-1]

    def weight_shapes(self, shape: Shape) -> list[tuple[int, ...]]:
        """Return the shapes of its weights: all have the length of the last axis."""
        return [(shape[-1],)] * len(self.weight_names)

    def weight_initializers(self) -> list[initializers.Initializer]:
        """Return those of its weights."""
        return [getattr(self, f"{name}_initializer") for name in self.weight_names]

    def spec(self) -> list[dict[str, Any]]:
        """Return the layer."""
        weights = [
            {
                **regularizers.spec(getattr(self, f"{name}_regularizer")),
                **constraints.spec(getattr(self, f"{name}_constraint"), 1),
            }
            for name in self.weight_names
            if name not in self.untrained_names
        ]
        settings = {"epsilon": self.epsilon, "scale": self.scale, "center": self.center}
        return [{"type": self._type, **settings, "weights": weights}]

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {
            **super().get_config(),
            "axis": self.axis,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
        }


class BatchNormalization(_Scaled):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta (Ioffe and Szegedy, 2015).

    Mean and variance are a batch's own, over all axes but the last, in training, and elsewhere their moving means:
    the weights moving_mean and moving_variance, which go (1 - momentum) of the way to a batch's at every update. A
    layer whose `trainable` is False uses the moving means in training too, and leaves them alone. The weights are
    gamma, beta, moving_mean, moving_variance, each as long as the last axis.

    Parameters
    ----------
    axis : int
        -1, or the number of the last axis; others are not supported.
    momentum : float
        Of the moving means, in [0, 1].
    epsilon : float
        Above 0.
    center, scale : bool
        Whether there is a beta, and a gamma.
    beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer : str, dict or Initializer
        See `lamina.initializers.get`.
    beta_regularizer, gamma_regularizer : str, Regularizer or None
        See `lamina.regularizers`.
    beta_constraint, gamma_constraint : str, Constraint or None
        See `lamina.constraints`.
    renorm, renorm_clipping, renorm_momentum, synchronized
        Keras's other arguments; only their defaults are supported.
    **options
        See `Layer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range, unknown names, and, once the shape is known, another axis.
    """

    untrained_names = ("moving_mean", "moving_variance")
    _type = "batch_normalization"

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **options: Unpack[LayerOptions],
    ) -> None:
        only_in_keras = {
            "renorm": renorm,
            "renorm_clipping": renorm_clipping,
            "renorm_momentum": renorm_momentum,
            "synchronized": synchronized,
        }
        defaults = {"renorm": False, "renorm_clipping": None, "renorm_momentum": 0.99, "synchronized": False}
        _check.refuse("BatchNormalization", only_in_keras, defaults, {})
        self.momentum = _check.real(momentum, "momentum", "BatchNormalization", "in [0, 1]", lambda v: 0 <= v <= 1)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        given = {
            "beta_initializer": beta_initializer,
            "gamma_initializer": gamma_initializer,
            "beta_regularizer": beta_regularizer,
            "gamma_regularizer": gamma_regularizer,
            "beta_constraint": beta_constraint,
            "gamma_constraint": gamma_constraint,
        }
        super().__init__(axis, epsilon, center, scale, given, options)

    def spec(self) -> list[dict[str, Any]]:
        """Return the layer."""
        return [{**super().spec()[0], "momentum": self.momentum}]

    def get_config(self) -> dict[str, Any]:
        """Return its arguments."""
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
        }


class LayerNormalization(_Scaled):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, mean and variance over the last axis (Ba et al., 2016).

    The weights are gamma and beta, each as long as that axis.

    Parameters
    ----------
    axis : int
        -1, or the number of the last axis; others are not supported.
    epsilon : float
        Above 0.
    center, scale : bool
        Whether there is a beta, and a gamma.
    beta_initializer, gamma_initializer : str, dict or Initializer
        See `lamina.initializers.get`.
    beta_regularizer, gamma_regularizer : str, Regularizer or None
        See `lamina.regularizers`.
    beta_constraint, gamma_constraint : str, Constraint or None
        See `lamina.constraints`.
    **options
        See `Layer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range, unknown names, and, once the shape is known, another axis.
    """

    _type = "layer_normalization"

    def __init__(
        self,
        axis: int = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        given = {
            "beta_initializer": beta_initializer,
            "gamma_initializer": gamma_initializer,
            "beta_regularizer": beta_regularizer,
            "gamma_regularizer": gamma_regularizer,
            "beta_constraint": beta_constraint,
            "gamma_constraint": gamma_constraint,
        }
        super().__init__(axis, epsilon, center, scale, given, options)


def _statistics(value: Any, name: str) -> NDArray[np.float64]:
    """Return a mean or variance that was given: one number, or one for each place of the last axis."""
    where = f"Normalization({name}={_check.shown(value)})"
    try:
        array = np.asarray(value)
    except Exception:  # what no array can be made of
        array = np.asarray(None)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{where}: {name} must be a number, or a list of numbers")
    if array.ndim > 1 or array.size == 0:
        raise ValueError(f"{where}: {name} must be a number, or one for each place of the last axis")
    found = np.array(array, np.float64)
    if not np.isfinite(found).all() or (name == "variance" and (found < 0).any()):
        raise ValueError(f"{where}: numbers must be finite{', a variance not below 0' if name == 'variance' else ''}")
    return found


class Normalization(Layer):
    """(x - mean) / sqrt(variance), of data that `adapt` has seen, or as they are given.

    The deviation is taken for 1e-7 where it is smaller. Without given ones, mean and variance are weights that
    training leaves alone, from 0 and 1 on, and so is count, Keras's third, which stays 0.

    Parameters
    ----------
    axis : int or None
        -1, or the number of the last axis: a mean and a variance for each of its places. None: one of each for all.
        Other axes are not supported.
    mean, variance : float or array_like, optional
        Both or none: numbers for each place of the last axis, or one for all.
    invert : bool
        Whether to give x * sqrt(variance) + mean instead.
    **options
        See `Layer`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or out of range, and, once the shape is known, another axis or another length.
    """

    untrained_names = ("mean", "variance", "count")

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **options: Unpack[LayerOptions],
    ) -> None:
        none = axis is None or (isinstance(axis, (list, tuple)) and not axis)
        self.axis = () if none else (_last_axis(axis, "Normalization"),)
        self.invert = _check.boolean(invert, "invert", "Normalization")
        if (mean is None) != (variance is None):
            name = "mean" if mean is None else "variance"
            raise ValueError(f"Normalization({name}=None): give both mean and variance, or none of them")
        self._given: list[NDArray[np.float64]] = []
        if mean is not None:
            self._given = [_statistics(mean, "mean"), _statistics(variance, "variance")]
            if self._given[0].size != self._given[1].size or (none and self._given[0].size > 1):
                raise ValueError(
                    f"Normalization(mean={_check.shown(mean)}, variance={_check.shown(variance)}): both must have the "
                    "same length, with axis=None that of one number"
                )
        self._adapted: list[NDArray[np.float64]] = []  # for weights that are still to be made
        super().__init__(**options)
        self.weight_names = () if self._given else self.untrained_names

    def adapt(self, data: Any) -> None:
        """Take mean and variance from data.

        Parameters
        ----------
        data : array_like
            (n, ..., features); an array, a data frame or nested lists, with at least one row.

        Raises
        ------
        TypeError, ValueError
            For other data, those of another shape than the layer was built for, and a layer whose mean was given.
        RuntimeError
            While another thread uses a model with it.
        """
        if self._given:
            raise ValueError("adapt(): the layer was made with a mean and a variance")
        rows, shape = _data.features(data, self.shape or self.declared_shape, "float64", "data")
        _data.refuse_empty(rows, shape, "data")
        self.shape_after(shape)
        values = np.asarray(rows, np.float64).reshape(-1, shape[-1]) if self.axis else np.asarray(rows, np.float64)
        reduced = 0 if self.axis else None
        found = [np.asarray(np.mean(values, axis=reduced)), np.asarray(np.var(values, axis=reduced))]
        if self.shape is not None:
            self.set_weights([*found, np.zeros(())])
        self._adapted = found

    def shape_after(self, shape: Shape) -> Shape:
        """Return the same shape, if axis and statistics fit."""
        if self.axis:
            _refuse_other_axis(self.axis[0], shape, "Normalization")
        for array in (*self._given, *self._adapted):
            for_all = array.ndim == 0 or (self._given and array.size == 1)
            if not for_all and array.size != shape[-1]:
                raise ValueError(
                    f"Normalization: means and variances of {array.size} features do not fit samples of shape {shape}"
                )
        return shape

    def columns(self, shape: Shape) -> int:
        """Return the length of the last axis."""
        return shape[-1]

    def weight_shapes(self, shape: Shape) -> list[tuple[int, ...]]:
        """Return those of mean, variance and count."""
        one: Shape = (shape[-1],) if self.axis else ()
        return [one, one, ()][: len(self.weight_names)]

    def weight_initializers(self) -> list[initializers.Initializer]:
        """Return those of mean, variance and count."""
        return [initializers.Zeros(), initializers.Ones(), initializers.Zeros()][: len(self.weight_names)]

    def initial_weights(self, shape: Shape, dtype: str) -> list[NDArray[Any]]:
        """Return what `adapt` has found, else what the initializers give."""
        found = super().initial_weights(shape, dtype)
        names = [f"{self.name} {name}" for name in self.weight_names]
        return _data.weights([*self._adapted, *found[len(self._adapted) :]], self.weight_shapes(shape), names, dtype)

    def spec(self) -> list[dict[str, Any]]:
        """Return the layer."""
        numbers = [float(number) for array in self._given for number in array.reshape(-1)]
        settings = {"invert": self.invert, "scalar": not self.axis}
        return [{"type": "normalization", **settings, "parameters": numbers}]

    def get_config(self) -> dict[str, Any]:
        """Return its arguments, with the mean and the variance where they were given."""
        given = [array.tolist() for array in self._given] or [None, None]
        return {
            **super().get_config(),
            "axis": self.axis,
            "invert": self.invert,
            "mean": given[0],
            "variance": given[1],
        }
