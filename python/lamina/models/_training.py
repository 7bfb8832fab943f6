"""The loop of `fit`, and evaluation: where Python and the native core take turns."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from numpy.typing import NDArray

from .. import _check, _core, _custom, losses, metrics, optimizers
from ..callbacks import CallbackList
from ..losses import Loss
from ..metrics import Metric
from ..optimizers import Optimizer, schedules
from . import _progress
from ._judges import Judges, Shape, Value
from ._samples import Samples

SizedT = TypeVar("SizedT", Samples, NDArray[Any])

# How long the core may run before Python looks for Ctrl-C, stop_training and the progress line.
_POLL_SECONDS = 0.05
_SCHEDULED_STEPS = 1024  # the most whose learning rates a schedule is asked for at a time


@dataclass(frozen=True)
class Settings:
    """What `compile` was given."""

    optimizer: Optimizer
    loss: Loss
    metrics: Sequence[Metric]
    weighted_metrics: Sequence[Metric]
    names: list[str]
    """The names of the results: the loss, the metrics, the weighted ones."""
    judges: Judges
    """Those of the metrics that Python computes."""

    def results(self, core: Sequence[float], judged: Sequence[Value]) -> dict[str, Any]:
        """Return all results by their names, from the core's and those of the metrics that Python computes."""
        if not self.judges:
            return dict(zip(self.names, core, strict=True))
        values: dict[bool, Iterator[Value]] = {True: iter(core[1:]), False: iter(judged)}
        of_metrics = (next(values[metric.is_native]) for metric in (*self.metrics, *self.weighted_metrics))
        return dict(zip(self.names, (core[0], *of_metrics), strict=True))

    def apply(self, network: _core.Network, entries: Sequence[Mapping[str, Any]]) -> None:
        """Compile a network, made from these entries, with them; moments and steps begin anew."""
        last = entries[-1].get("name") if entries else None
        if self.loss.from_logits and last in ("softmax", "sigmoid"):
            consequence = (
                "What goes into it is taken for the logits, with from_logits or without; leave one of the two out"
                if self.loss.takes_off_link
                else "They are taken for logits all the same; leave one of the two out"
            )
            warnings.warn(
                f"{type(self.loss).__name__}(from_logits=True): the outputs are no logits, since the last activation "
                f"is {last!r}. {consequence}",
                UserWarning,
                stacklevel=3,
            )
        self.loss.refuse_outputs(network.outputs)
        self.judges.refuse_outputs((network.times, network.outputs) if network.times > 1 else (network.outputs,))
        plain, weighted = (
            [metric.resolve(self.loss, network.outputs) for metric in chosen if metric.is_native]
            for chosen in (self.metrics, self.weighted_metrics)
        )
        network.compile(self.loss.spec(), self.optimizer.spec(), plain, weighted)

    def get_config(self) -> dict[str, Any] | None:
        """Return what `compile` takes, in the form of Keras's files; None where that is no plain data.

        Warns
        -----
        UserWarning
            If it is none.
        """
        judges = (*self.metrics, *self.weighted_metrics)
        own = [f"the metric {m.name!r}" for m in judges if metrics.is_own(m) and not _is_registered(m)]
        schedule = self.optimizer.schedule
        if schedule is not None and not (schedules.is_known(schedule) or _is_registered(schedule)):
            own.append(f"the learning rate schedule {type(schedule).__name__!r}")
        if own:
            warnings.warn(
                f"{' and '.join(own)} {'is' if len(own) == 1 else 'are'} code of your own, which a file does not keep: "
                "compile the model anew once it is loaded, or register its class: see lamina.saving",
                UserWarning,
                stacklevel=5,
            )
            return None
        config = {
            "optimizer": optimizers.serialize(self.optimizer),
            "loss": losses.serialize(self.loss),
            "metrics": [metrics.serialize(metric) for metric in self.metrics],
            "weighted_metrics": [metrics.serialize(metric) for metric in self.weighted_metrics] or None,
        }
        try:
            json.dumps(config["loss"])
        except (TypeError, ValueError, RecursionError):
            warnings.warn(
                f"the configuration of the loss {self.loss.name!r} is not of numbers, texts, lists and dictionaries, "
                "which are all that a file keeps: compile the model anew once it is loaded",
                UserWarning,
                stacklevel=5,
            )
            return None
        return config


def _is_registered(instance: object) -> bool:
    return _custom.registered_name(type(instance)) is not None


@dataclass(frozen=True)
class Progress:
    """How far training came.

    Attributes
    ----------
    iterations : int
        The updates made.
    moments : list of list of ndarray
        The optimizer's moments, each with an array for each weight, of its shape.
    """

    iterations: int
    moments: list[list[NDArray[Any]]]

    def give(self, network: _core.Network) -> None:
        """Let a network go on from here that was compiled with the same optimizer.

        Raises
        ------
        ValueError
            If that keeps other moments.
        """
        shapes = network.weight_shapes()
        network.set_moments(
            [[moment.reshape(shape) for moment, shape in zip(slot, shapes, strict=True)] for slot in self.moments]
        )
        network.iterations = self.iterations

    def arrays(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Yield each moment of each weight with a name."""
        for slot, moments in enumerate(self.moments):
            for i, moment in enumerate(moments):
                yield f"{slot}/{i}", moment

    @classmethod
    def of(cls, iterations: int, arrays: Mapping[str, NDArray[Any]]) -> Progress:
        """Return the progress whose arrays are given by their names."""
        slots = 1 + max((int(name.split("/")[0]) for name in arrays), default=-1)
        counts = [sum(name.startswith(f"{slot}/") for name in arrays) for slot in range(slots)]
        return cls(iterations, [[arrays[f"{slot}/{i}"] for i in range(count)] for slot, count in enumerate(counts)])


def checked_settings(optimizer: Any, loss: Any, given: Any, weighted: Any) -> Settings:
    """Return what `compile` was given, checked."""
    if optimizer is None:
        known = " or ".join(map(repr, optimizers.known()))
        raise ValueError(f"compile() needs an optimizer: optimizer={known}")
    if loss is None:
        raise ValueError(f"compile() needs a loss: one of {', '.join(losses.known())}")
    for name, entries in (("metrics", given), ("weighted_metrics", weighted)):
        if entries is not None and not isinstance(entries, (list, tuple)):
            raise ValueError(f"compile({name}={_check.shown(entries)}): give a list, such as ['accuracy']")
    optimizer, loss = optimizers.get(optimizer), losses.get(loss)
    loss.spec()  # refuses what a model cannot be trained with
    plain, weighted = ([metrics.get(entry) for entry in entries or []] for entries in (given, weighted))
    for metric in (*plain, *weighted):
        metric.refuse_loss(loss)
    return Settings(optimizer, loss, plain, weighted, _names(plain, weighted), Judges(plain, weighted))


def _names(plain: Sequence[Metric], weighted: Sequence[Metric]) -> list[str]:
    """Return the names of the results: Keras's, which tell metrics of one name apart (`trainers/compile_utils.py`)."""
    seen: dict[str, int] = {}

    def unique(name: str) -> str:
        number = seen.get(name, 0)
        seen[name] = number + 1
        return f"{name}_{number}" if number else name

    names = ["loss", *(unique(metric.name) for metric in plain)]
    names += [unique(f"weighted_{metric.name}" if metric.name in seen else metric.name) for metric in weighted]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"compile(metrics=...): the name {twice[0]!r} stands twice among the results; "
            "give a metric a name of its own, such as MeanSquaredError(name='error')"
        )
    return names


def checked_frequency(given: Any) -> Callable[[int], bool]:
    """Return what tells whether to validate after an epoch, whose number it takes from 1 on."""
    if isinstance(given, (list, tuple, set, frozenset, range)):
        epochs = frozenset(_check.integer(epoch, "validation_freq", "fit", 1) for epoch in given)
        return epochs.__contains__
    every = _check.integer(given, "validation_freq", "fit", 1)
    return lambda epoch: epoch % every == 0


def warn_diverged(what: str, restored: bool) -> None:
    """Warn of a loss, or of weights, that are not finite; `what` begins the message."""
    happened = "the loss of a batch was not finite; that batch was not applied"
    if restored:
        happened = "weights became infinite or NaN; those from its beginning are back, without moments"
    warnings.warn(
        f"{what}: {happened}. Scale the data or lower the learning rate",
        RuntimeWarning,
        stacklevel=3,
    )


def give_rate(network: _core.Network, optimizer: Optimizer, steps: int) -> int:
    """Tell the network its learning rate, or those of so many steps; return for how many steps they hold."""
    if optimizer.schedule is None:
        network.learning_rate = optimizer.learning_rate
        return steps
    steps = min(steps, _SCHEDULED_STEPS)
    done = network.iterations
    network.schedule(done, optimizer.rates(done, steps))
    return steps


class Stoppable(Protocol):
    """What the loop asks of the model."""

    stop_training: bool


def batches(rows: int, size: int) -> Iterator[slice]:
    """Yield the rows of each batch."""
    for start in range(0, rows, size):
        yield slice(start, min(start + size, rows))


def warn_ran_out(where: str, done: int, steps: int | None) -> None:
    """Warn that there were but so many batches, by Keras's words; `steps` of an epoch were asked for."""
    if steps is None:
        got = f"{done} batches, whose number was not known: say how many steps there are, and let the data give those"
    else:
        got = f"{done} of {steps} batches: let the data give them in every epoch, or ask for fewer steps"
    warnings.warn(f"Your input ran out of data; interrupting training. {where} got {got}", UserWarning, stacklevel=3)


def first_batches(data: SizedT, size: int, steps: int | None, where: str) -> SizedT:
    """Return the rows of the first batches of that size; all, with a warning, where there are fewer."""
    if steps is None:
        return data
    if steps * size - len(data) >= size:
        warn_ran_out(where, -(-len(data) // size), steps)
    return data[: steps * size]


def evaluate(
    network: _core.Network,
    settings: Settings,
    data: Samples,
    shape: Shape,
    size: int,
    calls: CallbackList,
    judges: Judges,
    steps: int | None = None,
) -> dict[str, Any]:
    """Return the results over all rows, or those of so many batches, in the order of `settings.names`.

    It calls test hooks. `shape` is that of the outputs for a sample, `size` that of a batch; `judges` are held by the
    caller.
    """
    data = first_batches(data, size, steps, "evaluate()")
    calls.on_test_begin()
    judges.reset()
    if calls.wants_batches("test"):
        _call_test_batches(network, settings, data, shape, size, calls, judges)
    elif judges:
        for rows in batches(len(data), size):
            judge(network, data[rows], shape, judges)
    values = network.evaluate(data.x, data.y, data.weights, min(size, len(data)))
    results = settings.results(values, judges.values())
    calls.on_test_end(results)
    return results


def judge(network: _core.Network, batch: Samples, shape: Shape, judges: Judges) -> None:
    """Have the metrics of Python judge what a network puts out for a batch."""
    if judges:
        judges.update(Samples(batch.x, batch.y.copy(), batch.weights), network.predict(batch.x), shape)


def _call_test_batches(
    network: _core.Network,
    settings: Settings,
    data: Samples,
    shape: Shape,
    size: int,
    calls: CallbackList,
    judges: Judges,
) -> None:
    """Go through the batches for the hooks, which see the results so far, and for the metrics of Python.

    What the core makes of `evaluate` is computed in one piece all the same, so it does not depend on who
    listens.
    """
    chosen = (settings.metrics, settings.weighted_metrics)
    native = [[metric for metric in family if metric.is_native] for family in chosen]
    roots = [False, *(metric.is_root for metric in (*native[0], *native[1]))]
    unweighted = len(native[0]) + 1
    sums, counts = [0.0] * len(roots), [0.0] * len(roots)
    for number, rows in enumerate(batches(len(data), size)):
        calls.on_test_batch_begin(number)
        batch = data[rows]
        values = network.evaluate(batch.x, batch.y, batch.weights, len(batch))
        for i, (value, root) in enumerate(zip(values, roots, strict=True)):
            count = len(batch) if i < unweighted else batch.total_weight
            sums[i] += count * (value**2 if root else value)
            counts[i] += count
        means = [total / count if count else 0.0 for total, count in zip(sums, counts, strict=True)]
        shown = [math.sqrt(m) if root else m for m, root in zip(means, roots, strict=True)]
        judge(network, batch, shape, judges)
        calls.on_test_batch_end(number, settings.results(shown, judges.values()))


def judge_last(trainer: _core.Trainer, data: Samples, shape: Shape, judges: Judges) -> None:
    """Have the metrics of Python judge what came out of a trainer's last batch, before its update."""
    rows, outputs = trainer.last_batch()
    weights = None if data.weights is None else data.weights[rows]
    judges.update(Samples(data.x[:0], data.y[rows], weights), outputs, shape)


class Fit:
    """One call of `fit`, all of it checked and ready.

    Parameters
    ----------
    model : Stoppable
        The model, for `stop_training`.
    network : Network
        Its network.
    settings : Settings
        What it was compiled with.
    trainer : Trainer
        The core's trainer.
    judges : Judges
        The metrics that Python computes; the caller holds them.
    data : Samples
        What is trained on.
    shape : tuple of int
        The shape of the outputs for a sample.
    calls : CallbackList
        The callbacks.
    progress : Progress or None
        What shows the progress.
    validate : callable or None
        Returns the results on the validation data.
    validated : callable
        Tells whether to validate after an epoch, whose number it takes from 1 on.
    steps : int or None
        The batches of an epoch, which goes on in the pass through the data where the one before has ended in it, and
        ends with the pass at the latest; None for a pass an epoch.
    """

    def __init__(
        self,
        model: Stoppable,
        network: _core.Network,
        settings: Settings,
        trainer: _core.Trainer,
        judges: Judges,
        data: Samples,
        shape: Shape,
        calls: CallbackList,
        progress: _progress.Progress | None,
        validate: Callable[[], dict[str, Any]] | None,
        validated: Callable[[int], bool],
        steps: int | None = None,
    ) -> None:
        self._model = model
        self._network = network
        self._optimizer = settings.optimizer
        self._settings = settings
        self._trainer = trainer
        self._judges = judges
        self._data = data
        self._shape = shape
        self._calls = calls
        self._progress = progress
        self._validate = validate
        self._validated = validated
        self._steps = steps
        self._passed = 0  # batches of the present pass that earlier epochs have had
        self._todo = 0  # batches of the present epoch
        self._rate: float | None = None  # the learning rate that the core has

    def run(self, first: int, epochs: int) -> None:
        """Run the epochs in [first, epochs).

        `trainer.diverged` then says whether training ended because a number was not finite.
        """
        self._model.stop_training = False
        logs: dict[str, Any] = {}
        try:
            self._calls.on_train_begin()
            for epoch in range(first, epochs):
                logs = self._epoch(epoch)
                if self._model.stop_training:
                    break
            if epochs > first and not self._trainer.diverged:
                self._network.take_averages()
            self._calls.on_train_end(logs)
        except BaseException:
            if self._progress is not None:
                self._progress.abort()
            raise

    def _epoch(self, epoch: int) -> dict[str, Any]:
        trainer, progress = self._trainer, self._progress
        self._calls.on_epoch_begin(epoch)
        if progress is not None:
            progress.begin(epoch)
        self._judges.reset()
        self._run()
        if progress is not None:
            progress.batches_done()
        logs = self._logs()
        if trainer.diverged:
            self._model.stop_training = True
            if math.isfinite(logs["loss"]):
                logs["loss"] = math.nan  # the history must show why training ended
        if self._validate is not None and self._validated(epoch + 1):
            results = self._validate()
            logs = _progress.ordered(logs | {f"val_{key}": results[key] for key in results})
        if progress is not None:
            progress.end(trainer.done, logs)
        self._calls.on_epoch_end(epoch, logs)
        return logs

    def _run(self) -> None:
        """Run the batches of an epoch."""
        trainer = self._trainer
        left = trainer.batches - self._passed
        self._todo = left if self._steps is None else min(self._steps, left)
        trainer.begin_epoch(new_pass=self._passed == 0)
        if self._calls.wants_batches("train"):
            self._run_by_batches()
        else:
            self._run_through()
        if self._steps is None:
            return
        trainer.end_epoch()
        self._passed = 0 if trainer.done == left else self._passed + trainer.done
        if trainer.done == left < self._steps:
            warn_ran_out("fit()", left, self._steps)

    def _run_through(self) -> None:
        while True:
            self._advance(self._todo - self._trainer.done)
            if self._over():
                return
            if self._progress is not None:
                self._progress.update(self._trainer.done, self._logs)

    def _run_by_batches(self) -> None:
        trainer = self._trainer
        while True:
            batch = trainer.done
            self._calls.on_train_batch_begin(batch)
            self._advance(1)
            self._calls.on_train_batch_end(batch, self._logs())
            if self._over():
                return
            if self._progress is not None:
                self._progress.update(trainer.done, self._logs)

    def _advance(self, batches: int) -> None:
        optimizer = self._optimizer
        if self._judges:
            batches = 1
        if optimizer.schedule is not None:
            batches = give_rate(self._network, optimizer, batches)
        elif (rate := optimizer.learning_rate) != self._rate:
            self._network.learning_rate = self._rate = rate
        if self._trainer.advance(batches, _POLL_SECONDS) and self._judges:
            judge_last(self._trainer, self._data, self._shape, self._judges)
        optimizer.came_to(self._network.iterations)

    def _over(self) -> bool:
        trainer = self._trainer
        return trainer.done == self._todo or trainer.diverged or self._model.stop_training

    def _logs(self) -> dict[str, Any]:
        return _progress.ordered(self._settings.results(self._trainer.results(), self._judges.values()))
