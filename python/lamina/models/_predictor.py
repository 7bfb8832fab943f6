"""Evaluation and prediction: what a model is used for, whoever trains it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _check, _core, _data, losses, optimizers
from ..callbacks import CallbackList
from ..layers.base import Shape
from ..metrics import Metric
from . import _progress, _training
from ._samples import Samples
from ._stack import LayerStack

Array = NDArray[Any]

_BATCH_SIZE = 32

# What Keras takes and this does not, with Keras's defaults, which may be given.
_EVALUATE_IN_KERAS: dict[str, Any] = {"steps": None}
_PREDICT_IN_KERAS: dict[str, Any] = {"steps": None}


class Predictor(LayerStack):
    """What `lamina.models.Sequential` is without its training: it judges samples by a loss and metrics, and predicts.

    Parameters
    ----------
    layers, name, dtype
        See `lamina.models.Sequential`.
    """

    @property
    def compiled(self) -> bool:
        """Whether `compile` was called."""
        return self._settings is not None

    @property
    def optimizer(self) -> optimizers.Optimizer | None:
        """The optimizer that `compile` was given; its learning rate may be changed at any time."""
        return self._settings.optimizer if self._settings is not None else None

    @property
    def iterations(self) -> int:
        """How many updates of the weights the optimizer has made since `compile`."""
        if self._network is not None and self._settings is not None:
            return self._network.iterations
        return self._progress.iterations if self._progress is not None else 0

    @property
    def loss(self) -> losses.Loss | None:
        """The loss that `compile` was given."""
        return self._settings.loss if self._settings is not None else None

    @property
    def metrics(self) -> list[Metric]:
        """The metrics that `compile` was given, then its weighted metrics."""
        return [*self._settings.metrics, *self._settings.weighted_metrics] if self._settings is not None else []

    @property
    def metrics_names(self) -> list[str]:
        """The names of what `evaluate` returns, in its order; empty before `compile`."""
        return list(self._settings.names) if self._settings is not None else []

    def reset_metrics(self) -> None:
        """Have the metrics begin anew, which `fit`, `evaluate` and each step of a batch do by themselves."""
        for metric in self.metrics:
            metric.reset_state()

    # --- use ------------------------------------------------------------------------------------

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> float | list[float] | dict[str, float]:
        """Return what `evaluate` does with all rows as one batch, without a line of progress; see there.

        Parameters
        ----------
        x, y, sample_weight, return_dict
            As for `evaluate`.

        Returns
        -------
        float, list of float or dict
            As from `evaluate`.
        """
        size = _check.MOST_NUMBERS  # all rows
        return self.evaluate(x, y, size, verbose=0, sample_weight=sample_weight, return_dict=return_dict)

    def predict_on_batch(self, x: Any) -> Array:
        """Return what `predict` does, without a line of progress; see there.

        Parameters
        ----------
        x : array_like
            As for `predict`.

        Returns
        -------
        ndarray
            As from `predict`.
        """
        return self.predict(x)

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight: Any = None,
        *,
        callbacks: Any = None,
        return_dict: bool = False,
        **only_in_keras: Any,
    ) -> float | list[float] | dict[str, float]:
        """Return the loss, with the penalties of regularizers, and the metrics on data.

        Parameters
        ----------
        x, y : array_like
            As for `fit`.
        batch_size : int, optional
            Samples a batch for callbacks and for metrics that Python computes, 32 by default; the results do not depend
            on it, but for a metric that is one number a batch.
        verbose : {'auto', 0, 1, 2}
            0 prints nothing, 1 and 2 print a line; 'auto' as in `fit`.
        sample_weight : array_like, optional
            As for `fit`.
        callbacks : Callback or sequence of Callback, optional
            See `lamina.callbacks`.
        return_dict : bool
            Whether to return a dictionary by name.
        **only_in_keras
            Keras's other arguments are refused, unless they have Keras's default.

        Returns
        -------
        float, list of float or dict
            The loss where there are no metrics, else the loss and each metric.

        Raises
        ------
        TypeError, ValueError
            For data or arguments that do not fit, and before `compile`.
        RuntimeError
            While another thread trains the model.
        """
        _check.refuse("evaluate", only_in_keras, _EVALUATE_IN_KERAS, {})
        return_dict = _check.boolean(return_dict, "return_dict", "evaluate")
        token = self.guard.enter("evaluate()")
        try:
            settings = self._compiled("evaluate")
            self._refuse_step("evaluate")
            size = checked_batch_size(batch_size, "evaluate")
            level = _progress.level(verbose, "evaluate")
            calls = CallbackList(callbacks)
            data, shape = self._checked(x, y, sample_weight, self._shape)
            network = self._ready(shape)
            steps = -(-len(data) // size)
            calls.set_model(self)
            calls.set_params({"verbose": level, "epochs": 1, "steps": steps})
            progress = _progress.make(level, steps)
            if progress is not None:
                progress.begin()
            with settings.judges.held() as judges:
                results = _training.evaluate(network, settings, data, self._gives, size, calls, judges)
            if progress is not None:
                progress.end(steps, _progress.ordered(results))
        finally:
            self.guard.leave(token)
        return as_asked(results, return_dict)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        *,
        callbacks: Any = None,
        **only_in_keras: Any,
    ) -> Array:
        """Return the outputs for samples.

        Parameters
        ----------
        x : array_like
            As for `fit`; there may be no rows.
        batch_size : int, optional
            Samples a batch for callbacks, 32 by default; the results do not depend on it.
        verbose : {'auto', 0, 1, 2}
            1 and 2 print a line; 'auto' and 0 print nothing, unlike Keras.
        callbacks : Callback or sequence of Callback, optional
            See `lamina.callbacks`.
        **only_in_keras
            Keras's other arguments are refused, unless they have Keras's default.

        Returns
        -------
        ndarray
            (n, outputs), or (n, ..., outputs) for samples of several axes, of the model's type.

        Raises
        ------
        TypeError, ValueError
            For data or arguments that do not fit.
        RuntimeError
            While another thread trains the model.
        """
        if only_in_keras:
            _check.refuse("predict", only_in_keras, _PREDICT_IN_KERAS, {})
        token = self.guard.enter("predict()")
        try:
            quiet = batch_size is None and isinstance(verbose, str) and verbose == "auto" and callbacks is None
            looked_at = quiet and self._network is not None  # by the core, while it predicts
            rows, shape = _data.features(x, self._shape, self.dtype, finite=not looked_at)
            network = self._network or self._ready(shape)
            if quiet:
                outputs = network.predict(rows, refuse=True)
                if outputs is None:  # something may not be finite, or adds up to what is not
                    outputs = network.predict(_data.features(x, self._shape, self.dtype)[0])
            else:
                outputs = self._predict_aloud(network, rows, batch_size, verbose, callbacks)
            return outputs if len(self._gives) == 1 else outputs.reshape(len(rows), *self._gives)
        finally:
            self.guard.leave(token)

    def _predict_aloud(self, network: _core.Network, x: Array, batch_size: Any, verbose: Any, callbacks: Any) -> Array:
        size = checked_batch_size(batch_size, "predict")
        level = _progress.level(verbose, "predict")
        if isinstance(verbose, str):  # 'auto' is silent here, whatever the output is
            level = 0
        calls = CallbackList(callbacks)
        steps = -(-len(x) // size)
        calls.set_model(self)
        calls.set_params({"verbose": level, "epochs": 1, "steps": steps})
        progress = _progress.make(level, steps)
        if progress is not None:
            progress.begin()
        calls.on_predict_begin()
        if calls.wants_batches("predict"):
            outputs = np.empty((len(x), network.times * network.outputs), self.dtype)
            for number, rows in enumerate(_training.batches(len(x), size)):
                calls.on_predict_batch_begin(number)
                outputs[rows] = network.predict(x[rows])
                calls.on_predict_batch_end(number)
        else:
            outputs = network.predict(x)
        calls.on_predict_end()
        if progress is not None:
            progress.end(steps, {})
        return outputs

    # --- checks ---

    def _compiled(self, where: str) -> _training.Settings:
        if self._settings is None:
            raise ValueError(
                f"{where}() needs compile() first, for example "
                "model.compile(optimizer='adam', loss='mean_squared_error')"
            )
        return self._settings

    def _checked(self, x: Any, y: Any, weights: Any, shape: Shape | None, prefix: str = "") -> tuple[Samples, Shape]:
        """Return the data as the core reads them, and the shape of a sample."""
        settings = self._compiled("fit")
        self._refuse_no_layers()
        rows, shape = _data.features(x, shape, self.dtype, f"{prefix}x")
        _data.refuse_empty(rows, shape, f"{prefix}x")
        outputs = self.shape_after(shape)
        targets = _data.targets(y, settings.loss, len(rows), outputs, self.dtype, f"{prefix}y")
        settings.judges.refuse_targets(targets, outputs)
        if weights is not None:
            weights = _data.sample_weights(weights, len(rows), outputs, self.dtype, f"{prefix}sample_weight")
        return Samples(rows, targets, weights), shape

    def _refuse_untrainable(self, where: str) -> None:
        self._refuse_no_layers()
        self._refuse_step(where)
        if not any(layer.weight_names for layer in self._leaves()):
            raise ValueError(f"{where}(): no layer has weights, so there is nothing to train")
        if not any(here and layer.weight_names for layer, here in self._trained()):
            warnings.warn(f"{where}(): the model has no weights to train: trainable is False everywhere", stacklevel=4)


def checked_batch_size(size: Any, where: str) -> int:
    return _BATCH_SIZE if size is None else _check.integer(size, "batch_size", where, 1)


def as_asked(results: dict[str, float], by_name: bool) -> float | list[float] | dict[str, float]:
    if by_name:
        return results
    return results["loss"] if len(results) == 1 else list(results.values())
