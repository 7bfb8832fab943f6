"""`Sequential`: layers one after another, with the methods that train them."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .. import _check, _core, _data, _random
from ..callbacks import CallbackList, History
from ..layers.base import Shape
from . import _feeding, _progress, _split, _training
from ._judges import Judges
from ._predictor import as_asked, optional_integer, size_of_batches
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
        metrics : sequence of str, Metric or callable, optional
            See `lamina.metrics`; here every sample counts once. A function of (y_true, y_pred) is averaged.
        weighted_metrics : sequence of str, Metric or callable, optional
            The same, but each sample counts by its weight: the result is the sum of weight times value, divided by the
            sum of the weights, or 0 where that is 0. Further metrics of a name are reported with '_1', '_2', ... behind
            it, and a weighted one of a name that `metrics` has with ``'weighted_'`` before it.
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
            settings.optimizer.came_to(0)
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
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
        *,
        validation_rows: str = "last",
    ) -> History:
        """Train for a number of epochs.

        Everything is checked before anything changes. Two-dimensional float32 and uint8 arrays with
        contiguous rows are read where they lie, memory-mapped files among them.

        In place of arrays, x may hand over batches, (x, y) or (x, y, sample_weight), whose numbers of rows may differ.
        The first is checked before anything changes, each other one when its turn comes: where one does not fit, or
        handing it over raises, fit ends with that error, and the steps before it stay taken. While fit waits for a
        batch the model may be used as in a callback.

        Parameters
        ----------
        x : array_like, PyDataset, iterator or iterable
            Samples, (n, features), or (n, ...) for samples of several axes; one dimension stands for
            (n, 1) where there is one feature. Or what hands over batches: a generator or other iterator, whose first
            two batches come again where it is exhausted and a further epoch begins, as in Keras; a
            `lamina.utils.PyDataset`; or what can be iterated over anew for each epoch, such as a loader or data set of
            another library.
        y : array_like
            Targets of the outputs' shape, (n, outputs), or (n,) where there is one output; integer
            labels without the last axis, (n,), for 'sparse_categorical_crossentropy'. Not where x hands over
            batches.
        batch_size : int, optional
            Samples a step, 32 by default, or such that there are `steps_per_epoch`; the last batch may have fewer.
            Not where x hands over batches.
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
        validation_data : tuple (x, y) or (x, y, sample_weight), or what hands over batches, optional
            Data to evaluate after each epoch; takes the place of `validation_split`.
        shuffle : bool
            Whether each epoch goes through the rows, or the batches of a `PyDataset`, in a new random order; other
            batches that are handed over keep theirs.
        class_weight : dict from int to float, optional
            What a sample counts in training by its class: the label, the place of the largest target, or the target of
            one output; a class that is absent counts 1. Not together with `sample_weight`, nor with batches other than
            those of data sets.
        sample_weight : array_like, optional
            What each sample counts: (n,), or (n, ...) for each target of samples with outputs of several axes; finite
            and not negative. Losses are multiplied by it, and their sum divided by the number of samples all the same;
            see `compile` for metrics. Rows that `validation_split` takes keep theirs.
        initial_epoch : int
            Epochs that an earlier `fit` has done: the first one here has this number, from 0.
        steps_per_epoch : int, optional
            The batches of an epoch; without it, all. The next epoch goes on behind them; it ends early, with a
            warning, where all rows or batches have had their turn, and the one after it begins anew.
        validation_steps : int, optional
            The batches to validate on, the first ones each time; without it, all.
        validation_batch_size : int, optional
            Samples a batch of validation, of arrays; `batch_size` by default.
        validation_freq : int or sequence of int
            After how many epochs to validate, or the epochs, from 1, after which to.
        validation_rows : {'last', 'random', 'stratified'}
            Which rows `validation_split` takes, not in Keras: the last; any; or any, of each class its share.
            Random ones are the same in every `fit` of a model on so many rows; the data are copied for them.

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
        UserWarning
            If the data give fewer batches than the epoch is to have, or end where their number was not known; if
            shuffle=True has no effect on batches that are handed over.
        """
        claimed = self.guard.claim("fit()")
        try:
            settings = self._compiled("fit")
            epochs = _check.integer(epochs, "epochs", "fit", 0)
            first = _check.integer(initial_epoch, "initial_epoch", "fit", 0)
            validated = _training.checked_frequency(validation_freq)
            level = _progress.level(verbose, "fit")
            calls = CallbackList(callbacks, add_history=True)
            shuffle = _check.boolean(shuffle, "shuffle", "fit")
            size = optional_integer(batch_size, "batch_size", "fit")
            steps = optional_integer(steps_per_epoch, "steps_per_epoch", "fit")
            validation_steps = optional_integer(validation_steps, "validation_steps", "fit")
            validation_size = optional_integer(validation_batch_size, "validation_batch_size", "fit") or size
            self._refuse_untrainable("fit")
            course = None
            if _feeding.is_feed(x):
                _feeding.refuse("fit", x, y=y, sample_weight=sample_weight, batch_size=batch_size)
                _feeding.refuse("fit", x, validation_split=validation_split or None)
                course, shape = self._fed(x, steps, class_weight, shuffle)
                data = course.feed.first
                size = len(data)
            else:
                data, shape = self._weighted(x, y, sample_weight, class_weight, "fit")
            if _feeding.is_feed(validation_data):
                _feeding.refuse("fit", validation_data, validation_batch_size=validation_batch_size)
            data, validation = self._split(
                data, shape, validation_split, validation_rows, validation_data, validation_steps
            )
            if course is None:
                data = self._by_class(data, shape, class_weight, "fit")
            self._ready(shape)
            first = calls.prepare(self, first)
            network = self._ready(shape)
            size = min(size_of_batches(size, len(data), steps), len(data))
            trainer = _core.Trainer(network, data.x, data.y, size, shuffle and course is None, self._seed, data.weights)
            known = (steps or trainer.batches) if course is None else course.steps
            calls.set_model(self)
            calls.set_params({"verbose": level, "epochs": epochs, "steps": known})
            progress = _progress.make(level, known, epochs)
            history = self.history = calls.history or History()
            with settings.judges.held() as judges:
                validate = self._validator(network, validation, validation_size, validation_steps, calls, judges)
                trained = (self, network, settings, trainer, judges, data, self._gives)
                watched = (calls, progress, validate, validated)
                if course is None:
                    fit = _training.Fit(*trained, *watched, steps)
                else:
                    fit = _feeding.FedFit(course, *trained, *watched)
                fit.run(first, epochs)
            if trainer.diverged:
                batch = "" if course is None else f", batch {trainer.done}"
                _training.warn_diverged(
                    f"training stopped in epoch {first + len(history.epoch)}{batch}", trainer.restored
                )
            return history
        finally:
            self.guard.release(claimed)

    def _fed(self, x: Any, steps: int | None, by_class: Any, shuffle: bool) -> tuple[_feeding.Course[Samples], Shape]:
        """Return the batches that `x` hands over, to be trained on, and the shape of a sample."""
        if by_class is not None:
            _feeding.refuse_class_weight("fit", x)
        if shuffle:
            _feeding.warn_unshuffled("fit", x)

        def weigh(batch: Samples, shape: Shape) -> Samples:
            return self._by_class(batch, shape, by_class, "fit")

        def order(number: int) -> NDArray[np.int64]:
            return _feeding.shuffled(_core.derive_seed(self._seed, self.iterations), number)

        weighed = None if by_class is None else weigh
        return self._course(x, steps, "fit()", self._shape, by_class=weighed, order=order if shuffle else None)

    def _validator(
        self,
        network: _core.Network,
        validation: Samples | _feeding.Course[Samples] | None,
        size: int | None,
        steps: int | None,
        calls: CallbackList,
        judges: Judges,
    ) -> Callable[[], dict[str, Any]] | None:
        """Return what validates, None where there is nothing to validate on."""
        settings = self._compiled("fit")
        if validation is None:
            return None
        if isinstance(validation, _feeding.Course):
            return functools.partial(_feeding.evaluate, network, settings, validation, self._gives, calls, judges)
        size = size_of_batches(size, len(validation), steps)
        options = (self._gives, size, calls, judges, steps)
        return functools.partial(_training.evaluate, network, settings, validation, *options)

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
        self, data: Samples, shape: Shape, split: Any, how: Any, validation: Any, steps: int | None
    ) -> tuple[Samples, Samples | _feeding.Course[Samples] | None]:
        """Return what to train on and what to validate on, of which so many steps count."""
        need = "in [0, 1)"
        split = _check.real(split, "validation_split", "fit", need, lambda v: 0 <= v < 1)
        how = _split.way(how, split, validation is not None)
        if _feeding.is_feed(validation):
            return data, self._course(validation, steps, "fit(), validating,", shape, "validation_data ")[0]
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
            _feeding.refuse_one("train_on_batch", x)
            data, shape = self._weighted(x, y, sample_weight, class_weight, "train_on_batch")
            data = self._by_class(data, shape, class_weight, "train_on_batch")
            network = self._ready(shape)
            _training.give_rate(network, settings.optimizer, 1)
            trainer = _core.Trainer(network, data.x, data.y, len(data), False, self._seed, data.weights)
            trainer.begin_epoch()
            with settings.judges.held() as judges:
                judges.reset()
                if trainer.advance(1, math.inf) and judges:
                    _training.judge_last(trainer, data, self._gives, judges)
                results = settings.results(trainer.results(), judges.values())
            settings.optimizer.came_to(network.iterations)
            if trainer.diverged:
                _training.warn_diverged("train_on_batch()", trainer.restored)
            return as_asked(results, return_dict)
        finally:
            self.guard.release(claimed)
