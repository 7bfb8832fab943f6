"""`Sequential`: layers one after another, with the methods that train them."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterable, Sequence
from typing import Any

from numpy.typing import DTypeLike, NDArray

from .. import _check, _core, _data, _random
from ..callbacks import CallbackList, History
from ..layers.base import Shape
from . import _progress, _split, _training
from ._predictor import as_asked, checked_batch_size
from ._samples import Samples, class_weights
from ._stack import Entry
from ._storable import Storable

Array = NDArray[Any]

# What Keras takes and this does not, with Keras's defaults, which may be given.
_COMPILE_IN_KERAS: dict[str, Any] = {
    "loss_weights": None,
    "run_eagerly": False,
    "steps_per_execution": 1,
    "jit_compile": "auto",
    "auto_scale_loss": True,
}
_FIT_IN_KERAS: dict[str, Any] = {
    "steps_per_epoch": None,
    "validation_steps": None,
    "validation_batch_size": None,
}


class Sequential(Storable):
    """Layers one after another.

    The shape of a sample comes from the first layer (``input_shape=``), from an `Input` before it,
    from `build`, or from the first data that `fit`, `evaluate` or `predict` is given.

    Parameters
    ----------
    layers : iterable of Layer or Sequential, optional
        The layers.
    name : str, optional
        Its name.
    dtype : {'float32', 'float64'}, optional
        The type of weights and arithmetic.

    Attributes
    ----------
    name : str
        Its name.
    dtype : str
        The type of its weights.
    stop_training : bool
        Set it to True, in a callback or in another thread, to end `fit` after the current batches.
    history : History or None
        What the last `fit` recorded, also where that ended in an exception.

    Raises
    ------
    TypeError, ValueError
        For entries that are no layers, or do not fit; see `add`.
    """

    def __init__(
        self,
        layers: Iterable[Entry] | None = None,
        name: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        self.stop_training = False
        self.history: History | None = None
        self._seed = _random.next_seed()  # of shuffling
        super().__init__(layers, name, dtype)

    def compile(
        self,
        optimizer: Any = None,
        loss: Any = None,
        metrics: Sequence[Any] | None = None,
        weighted_metrics: Sequence[Any] | None = None,
        **only_in_keras: Any,
    ) -> None:
        """Say how to train. Weights stay; the optimizer begins anew.

        Parameters
        ----------
        optimizer : str or Optimizer
            See `lamina.optimizers`.
        loss : str or Loss
            See `lamina.losses`.
        metrics : sequence of str or Metric, optional
            See `lamina.metrics`; here every sample counts once.
        weighted_metrics : sequence of str or Metric, optional
            The same, but each sample counts by its weight: the result is the sum of weight times value, divided by the
            sum of the weights, or 0 where that is 0. Further metrics of a name are reported with '_1', '_2', ... behind
            it, and a weighted one of a name that `metrics` has with 'weighted_' before it.
        **only_in_keras
            Keras's other arguments are refused, unless they have Keras's default.

        Raises
        ------
        TypeError, ValueError
            For what is missing, unknown or does not fit, and for a model with a 'step' activation,
            which has no gradient.
        RuntimeError
            While `fit` runs.

        Warns
        -----
        UserWarning
            If the loss has from_logits=True and the last activation is a softmax or sigmoid: now, or
            where the model is built later.
        """
        _check.refuse("compile", only_in_keras, _COMPILE_IN_KERAS, {})
        settings = _training.checked_settings(optimizer, loss, metrics, weighted_metrics)
        claimed = self.guard.claim("compile()")
        try:
            self._refuse_step("compile")
            if self._network is not None:  # another, since layers may have been frozen
                shape = self._known_shape("weights", ValueError)
                network = self._made(shape)
                settings.apply(network, self._entries(shape))
                self._network = network
            self._progress = None
            self._settings = settings
        finally:
            self.guard.release(claimed)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: tuple[Any, ...] | None = None,
        shuffle: bool = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        *,
        validation_freq: int | Sequence[int] = 1,
        validation_rows: str = "last",
        **only_in_keras: Any,
    ) -> History:
        """Train for a number of epochs.

        Everything is checked before anything changes. Two-dimensional float32 and uint8 arrays with
        contiguous rows are read where they lie, memory-mapped files among them.

        Parameters
        ----------
        x : array_like
            Samples, (n, features), or (n, ...) for samples of several axes; one dimension stands for
            (n, 1) where there is one feature.
        y : array_like
            Targets of the outputs' shape, (n, outputs), or (n,) where there is one output; integer
            labels without the last axis, (n,), for 'sparse_categorical_crossentropy'.
        batch_size : int, optional
            Samples a step, 32 by default; the last batch of an epoch may have fewer.
        epochs : int
            How often to go through the data; with `initial_epoch`, the number of the last epoch.
        verbose : {'auto', 0, 1, 2}
            0 prints nothing, 1 a line an epoch that is redrawn while it runs, 2 a line an epoch;
            'auto' is 1 in a terminal or notebook and 2 elsewhere.
        callbacks : Callback or sequence of Callback, optional
            See `lamina.callbacks`.
        validation_split : float
            The share of the rows, from the last one backwards, that is not trained on but evaluated
            after each epoch; in [0, 1).
        validation_data : tuple (x, y) or (x, y, sample_weight), optional
            Data to evaluate after each epoch; takes the place of `validation_split`.
        shuffle : bool
            Whether each epoch goes through the rows in a new random order.
        class_weight : dict from int to float, optional
            What a sample counts in training by its class: the label, the place of the largest target, or the target of
            one output; a class that is absent counts 1. Not together with `sample_weight`.
        sample_weight : array_like, optional
            What each sample counts: (n,), or (n, ...) for each target of samples with outputs of several axes; finite
            and not negative. Losses are multiplied by it, and their sum divided by the number of samples all the same;
            see `compile` for metrics. Rows that `validation_split` takes keep theirs.
        initial_epoch : int
            Epochs that an earlier `fit` has done: the first one here has this number, from 0.
        validation_freq : int or sequence of int
            After how many epochs to validate, or the epochs, from 1, after which to.
        validation_rows : {'last', 'random', 'stratified'}
            Which rows `validation_split` takes, not in Keras: the last; any; or any, of each class its share.
            Random ones are the same in every `fit` of a model on so many rows; the data are copied for them.
        **only_in_keras
            Keras's other arguments are refused, unless they have Keras's default.

        Returns
        -------
        History
            ``history.history['loss']`` and the like: a value an epoch.

        Raises
        ------
        TypeError, ValueError
            For data or arguments that do not fit, and before `compile`.
        RuntimeError
            While another thread uses the model, or in a callback of its own `fit`.

        Warns
        -----
        RuntimeWarning
            If the loss of a batch is not finite: that batch is not applied and training ends. If weights are not
            finite at the end of an epoch, or by then: the weights from its beginning are put back, the optimizer
            begins anew and training ends. The history shows a loss of NaN either way.
        """
        _check.refuse("fit", only_in_keras, _FIT_IN_KERAS, {})
        claimed = self.guard.claim("fit()")
        try:
            settings = self._compiled("fit")
            size = checked_batch_size(batch_size, "fit")
            epochs = _check.integer(epochs, "epochs", "fit", 0)
            first = _check.integer(initial_epoch, "initial_epoch", "fit", 0)
            validated = _training.checked_frequency(validation_freq)
            level = _progress.level(verbose, "fit")
            calls = CallbackList(callbacks, add_history=True)
            shuffle = _check.boolean(shuffle, "shuffle", "fit")
            self._refuse_untrainable("fit")
            data, shape = self._weighted(x, y, sample_weight, class_weight, "fit")
            data, validation = self._split(data, shape, validation_split, validation_rows, validation_data)
            data = self._by_class(data, shape, class_weight, "fit")
            self._ready(shape)
            first = calls.prepare(self, first)
            network = self._ready(shape)
            trainer = _core.Trainer(network, data.x, data.y, min(size, len(data)), shuffle, self._seed, data.weights)
            calls.set_model(self)
            calls.set_params({"verbose": level, "epochs": epochs, "steps": trainer.batches})
            validate = None
            if validation is not None:
                validate = functools.partial(_training.evaluate, network, settings, validation, size, calls)
            progress = _progress.make(level, trainer.batches, epochs)
            history = self.history = calls.history or History()
            _training.Fit(self, network, settings, trainer, calls, progress, validate, validated).run(first, epochs)
            if trainer.diverged:
                _training.warn_diverged(f"training stopped in epoch {first + len(history.epoch)}", trainer.restored)
            return history
        finally:
            self.guard.release(claimed)

    def _weighted(self, x: Any, y: Any, weights: Any, by_class: Any, where: str) -> tuple[Samples, Shape]:
        """Check and convert what is trained on, by weights of one kind at most; the classes' are still to come."""
        if weights is not None and by_class is not None:
            raise ValueError(
                f"{where}(class_weight=..., sample_weight=...): only one may be given; multiply sample_weight by the "
                "weights of the classes"
            )
        return self._checked(x, y, weights, self._shape)

    def _by_class(self, data: Samples, shape: Shape, given: Any, where: str) -> Samples:
        """Return the data with the weights of their classes, where some are given."""
        if given is None:
            return data
        loss, outputs = self._compiled(where).loss, self.shape_after(shape)
        return dataclasses.replace(data, weights=class_weights(given, data.y, loss, outputs, self.dtype, where))

    def _split(
        self, data: Samples, shape: Shape, split: Any, how: Any, validation: Any
    ) -> tuple[Samples, Samples | None]:
        """Return what to train on and what to validate on."""
        need = "in [0, 1)"
        split = _check.real(split, "validation_split", "fit", need, lambda v: 0 <= v < 1)
        how = _split.way(how, split, validation is not None)
        if validation is not None:
            return data, self._checked(*_data.parts(validation, "validation_data"), shape, "validation_data ")[0]
        if split == 0:
            return data, None
        train, validate = _split.rows(how, data.y, split, self._seed)
        return data[train], data[validate]

    def gradients(self, x: Any, y: Any, training: bool = False, sample_weight: Any = None) -> tuple[float, list[Array]]:
        """Return the loss and its gradient by every weight that is trained, with all rows as one batch.

        Parameters
        ----------
        x, y : array_like
            As for `fit`.
        training : bool
            Whether layers do what they do in training: dropout and noise, with the draws of the step that `fit` would
            take next, and statistics of the batch, which leave the moving ones alone.
        sample_weight : array_like, optional
            As for `fit`.

        Returns
        -------
        loss : float
            The mean over the rows, with the penalties of regularizers.
        gradients : list of ndarray
            In the order and the shapes of `trainable_weights`.

        Raises
        ------
        TypeError, ValueError
            For data that do not fit, before `compile`, and for a model that cannot be trained.
        RuntimeError
            While another thread uses the model.
        """
        claimed = self.guard.claim("gradients()", nested=True)
        try:
            self._compiled("gradients")
            self._refuse_untrainable("gradients")
            training = _check.boolean(training, "training", "gradients")
            data, shape = self._checked(x, y, sample_weight, self._shape)
            loss, gradients = self._ready(shape).gradients(data.x, data.y, training, data.weights)
            names = [(w.trainable and here, w.shape) for layer, here in self._trained() for w in layer.weights]
            return loss, [g.reshape(shape) for g, (here, shape) in zip(gradients, names, strict=True) if here]
        finally:
            self.guard.release(claimed)

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
    ) -> float | list[float] | dict[str, float]:
        """Take one step with all rows as one batch, and return what it reports.

        Parameters
        ----------
        x, y, sample_weight, class_weight
            As for `fit`.
        return_dict : bool
            Whether to return a dictionary by name.

        Returns
        -------
        float, list of float or dict
            Of this batch alone, before the step and with dropout on: the loss where there are no metrics, else the
            loss and each metric.

        Raises
        ------
        TypeError, ValueError
            For data or arguments that do not fit, and before `compile`.
        RuntimeError
            While another thread uses the model, or in a callback of `fit`.

        Warns
        -----
        RuntimeWarning
            If the loss is not finite: the step is not taken. If weights are not finite after it: those from before
            it are put back, and the optimizer begins anew.
        """
        return_dict = _check.boolean(return_dict, "return_dict", "train_on_batch")
        claimed = self.guard.claim("train_on_batch()")
        try:
            settings = self._compiled("train_on_batch")
            self._refuse_untrainable("train_on_batch")
            data, shape = self._weighted(x, y, sample_weight, class_weight, "train_on_batch")
            data = self._by_class(data, shape, class_weight, "train_on_batch")
            network = self._ready(shape)
            network.learning_rate = settings.optimizer.learning_rate
            trainer = _core.Trainer(network, data.x, data.y, len(data), False, self._seed, data.weights)
            trainer.begin_epoch()
            trainer.advance(1, math.inf)
            if trainer.diverged:
                _training.warn_diverged("train_on_batch()", trainer.restored)
            return as_asked(dict(zip(settings.names, trainer.results(), strict=True)), return_dict)
        finally:
            self.guard.release(claimed)
