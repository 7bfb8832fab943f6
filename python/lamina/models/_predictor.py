"""Evaluation and prediction: what a model is used for, whoever trains it."""

from __future__ import annotations

import warnings
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .. import _check, _core, _data, losses, optimizers
from ..callbacks import CallbackList
from ..layers.base import Shape
from ..metrics import Metric
from . import _feeding, _progress, _training
from ._samples import Samples
from ._stack import LayerStack

Array = NDArray[Any]

_BATCH_SIZE = 32


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
        _feeding.refuse_one("test_on_batch", x)
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
        _feeding.refuse_one("predict_on_batch", x)
        return self.predict(x)

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> float | list[float] | dict[str, float]:
        """Return the loss, with the penalties of regularizers, and the metrics on data.

        Parameters
        ----------
        x, y
            As for `fit`: arrays, or x that hands over batches.
        batch_size : int, optional
            Samples a batch, 32 by default, or such that there are so many `steps`; of arrays alone. The results do
            not depend on it, but by `steps`, and for a metric of Python that is one number a batch.
        verbose : {'auto', 0, 1, 2}
            0 prints nothing, 1 and 2 print a line; 'auto' as in `fit`.
        sample_weight : array_like, optional
            As for `fit`.
        steps : int, optional
            The batches to evaluate on, the first ones; without it, all.
        callbacks : Callback or sequence of Callback, optional
            See `lamina.callbacks`.
        return_dict : bool
            Whether to return a dictionary by name.

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

        Warns
        -----
        UserWarning
            If the data give fewer batches than `steps`, or end where their number was not known.
        """
        return_dict = _check.boolean(return_dict, "return_dict", "evaluate")
        token = self.guard.enter("evaluate()")
        try:
            settings = self._compiled("evaluate")
            self._refuse_step("evaluate")
            size = optional_integer(batch_size, "batch_size", "evaluate")
            steps = optional_integer(steps, "steps", "evaluate")
            level = _progress.level(verbose, "evaluate")
            calls = CallbackList(callbacks)
            with settings.judges.held() as judges:
                if _feeding.is_feed(x):
                    _feeding.refuse("evaluate", x, y=y, sample_weight=sample_weight, batch_size=batch_size)
                    course, shape = self._course(x, steps, "evaluate()", self._shape)
                    progress = _begin(self, calls, level, course.steps)
                    network = self._ready(shape)
                    results = _feeding.evaluate(network, settings, course, self._gives, calls, judges, progress)
                else:
                    data, shape = self._checked(x, y, sample_weight, self._shape)
                    size = size_of_batches(size, len(data), steps)
                    network = self._ready(shape)
                    done = -(-len(data) // size)
                    progress = _begin(self, calls, level, steps or done)
                    results = _training.evaluate(network, settings, data, self._gives, size, calls, judges, steps)
                    if progress is not None:
                        progress.end(min(done, steps or done), _progress.ordered(results))
        finally:
            self.guard.leave(token)
        return as_asked(results, return_dict)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Array:
        """Return the outputs for samples.

        Parameters
        ----------
        x : array_like, PyDataset, iterator or iterable
            As for `fit`; there may be no rows. Of batches, which may be (x,) alone, targets and weights are not looked
            at.
        batch_size : int, optional
            Samples a batch, 32 by default, or such that there are so many `steps`; of arrays alone. The results do
            not depend on it, but by `steps`.
        verbose : {'auto', 0, 1, 2}
            1 and 2 print a line; 'auto' and 0 print nothing, unlike Keras.
        steps : int, optional
            The batches to predict for, the first ones; without it, all.
        callbacks : Callback or sequence of Callback, optional
            See `lamina.callbacks`.

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

        Warns
        -----
        UserWarning
            If the data give fewer batches than `steps`, or end where their number was not known.
        """
        token = self.guard.enter("predict()")
        try:
            if _feeding.is_feed(x):
                return self._predict_fed(x, batch_size, verbose, steps, callbacks)
            plain = batch_size is None and steps is None and callbacks is None
            quiet = plain and _predict_level(verbose) == 0
            looked_at = quiet and self._network is not None  # by the core, while it predicts
            rows, shape = _data.features(x, self._shape, self.dtype, finite=not looked_at)
            network = self._network or self._ready(shape)
            if quiet:
                outputs = network.predict(rows, refuse=True)
                if outputs is None:  # something may not be finite, or adds up to what is not
                    outputs = network.predict(_data.features(x, self._shape, self.dtype)[0])
            else:
                outputs = self._predict_aloud(network, rows, batch_size, verbose, steps, callbacks)
            return self._shaped(outputs)
        finally:
            self.guard.leave(token)

    def _shaped(self, outputs: Array) -> Array:
        return outputs if len(self._gives) == 1 else outputs.reshape(len(outputs), *self._gives)

    def _predict_fed(self, x: Any, batch_size: Any, verbose: Any, steps: Any, callbacks: Any) -> Array:
        steps = optional_integer(steps, "steps", "predict")
        level = _predict_level(verbose)
        calls = CallbackList(callbacks)
        _feeding.refuse("predict", x, batch_size=batch_size)
        self._refuse_no_layers()
        feed = _feeding.make(x, _feeding.inputs_reader(x, self._shape, self.dtype))
        course = _feeding.Course(feed, steps, "predict()")
        network = self._ready(feed.first[1])
        return self._shaped(_feeding.predict(network, course, calls, _begin(self, calls, level, course.steps)))

    def _predict_aloud(
        self, network: _core.Network, x: Array, batch_size: Any, verbose: Any, steps: Any, callbacks: Any
    ) -> Array:
        size = optional_integer(batch_size, "batch_size", "predict")
        steps = optional_integer(steps, "steps", "predict")
        level = _predict_level(verbose)
        calls = CallbackList(callbacks)
        size = size_of_batches(size, len(x), steps)
        progress = _begin(self, calls, level, steps or -(-len(x) // size))
        x = _training.first_batches(x, size, steps, "predict()")
        steps = -(-len(x) // size)
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

    def _course(
        self, source: Any, steps: int | None, where: str, shape: Shape | None, name: str = "", **options: Any
    ) -> tuple[_feeding.Course[Samples], Shape]:
        """Return the batches with targets that are handed over, of which an epoch has so many, and a sample's shape.

        The options are those of `_feeding.make` and `_feeding.Reader`.
        """
        order = options.pop("order", None)
        reader = _feeding.Reader(source, self._checked, shape, name, **options)
        feed = _feeding.make(source, reader, order)
        assert reader.shape is not None  # since the first batch was read
        return _feeding.Course(feed, steps, where), reader.shape

    def _refuse_untrainable(self, where: str) -> None:
        self._refuse_no_layers()
        self._refuse_step(where)
        if not any(layer.weight_names for layer in self._leaves()):
            raise ValueError(f"{where}(): no layer has weights, so there is nothing to train")
        if not any(here and set(layer.weight_names) - set(layer.untrained_names) for layer, here in self._trained()):
            warnings.warn(f"{where}(): the model has no weights to train: trainable is False everywhere", stacklevel=4)


def optional_integer(value: Any, name: str, where: str) -> int | None:
    return None if value is None else _check.integer(value, name, where, 1)


def size_of_batches(given: int | None, rows: int, steps: int | None) -> int:
    """Return how many of so many rows make a batch: where nothing is given, so many that there are that many steps."""
    return given or (max(-(-rows // steps), 1) if steps else _BATCH_SIZE)


def _predict_level(verbose: Any) -> Literal[0, 1, 2]:
    if isinstance(verbose, str) and verbose == "auto":  # silent here, whatever the output is
        return 0
    return _progress.level(verbose, "predict")


def _begin(
    model: Predictor, calls: CallbackList, level: Literal[0, 1, 2], steps: int | None
) -> _progress.Progress | None:
    """Tell the callbacks of a run of so many batches, and begin its line of progress."""
    calls.set_model(model)
    calls.set_params({"verbose": level, "epochs": 1, "steps": steps})
    progress = _progress.make(level, steps)
    if progress is not None:
        progress.begin()
    return progress


def as_asked(results: dict[str, float], by_name: bool) -> float | list[float] | dict[str, float]:
    if by_name:
        return results
    return results["loss"] if len(results) == 1 else list(results.values())
