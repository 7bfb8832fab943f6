"""What a file keeps of a model, whatever its format."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from numpy.typing import NDArray

from .. import initializers, losses
from ._training import Progress

if TYPE_CHECKING:
    from ._sequential import Sequential

    M = TypeVar("M", bound=Sequential)

Array = NDArray[Any]


@dataclass
class State:
    """A built model as plain data and arrays.

    Attributes
    ----------
    config : dict
        What `Sequential.from_config` takes.
    weights : list of ndarray
        All weights, in the order of `get_weights`.
    compiled : dict or None
        What `Sequential.compile` takes, in Keras's form, where the model is compiled.
    seeds : dict
        ``fit``: that of shuffling; ``layers``: of each layer, those of models inside among them, its own or None.
        Empty where the file says nothing.
    progress : Progress or None
        How far training came.
    unfit : bool
        Whether the file says that of other weights than those that are trained now.
    """

    config: dict[str, Any]
    weights: list[Array]
    compiled: dict[str, Any] | None
    seeds: dict[str, Any]
    progress: Progress | None
    unfit: bool = False


def state_of(model: Sequential) -> State:
    """Return the state of a built model.

    Raises
    ------
    ValueError
        If it is not built.

    Warns
    -----
    UserWarning
        If something is left out.
    """
    weights = model.get_weights()
    compiled, progress = None, None
    if model._settings is not None:
        compiled = model._settings.get_config()
        progress = None if compiled is None else model._training_progress()
    seeds = {"fit": model._seed, "layers": [getattr(layer, "seed", None) for layer in model._leaves()]}
    return State(_portable(model.get_config()), weights, compiled, seeds, progress)


def _portable(config: Any) -> Any:
    """Return a configuration without initializers of a user's own, whose code no file has."""
    if isinstance(config, Mapping):
        name = config.get("class_name")
        known = initializers.is_known(name) or config.get("registered_name") is not None
        if config.get("module") == "keras.initializers" and not known:
            warnings.warn(
                f"the initializer {name!r} is code of your own, which a file does not keep: zeros take its place, and "
                "the weights are kept as they are",
                UserWarning,
                stacklevel=6,
            )
            return initializers.serialize(initializers.Zeros())
        return {key: _portable(value) for key, value in config.items()}
    return [_portable(value) for value in config] if isinstance(config, (list, tuple)) else config


def model_from(cls: type[M], state: State, compile: bool) -> M:
    """Return a model of a class in a state; without `compile` it is not compiled.

    Raises
    ------
    TypeError, ValueError
        For what is not supported, or does not fit together.

    Warns
    -----
    UserWarning
        If its loss is one of a user's own that is not at hand, so that it is not compiled, or the optimizer's state
        does not fit.
    """
    model = cls.from_config(state.config)
    model.set_weights(state.weights)
    _take_seeds(model, state)
    if compile and state.compiled is not None:
        loss = state.compiled["loss"]
        own = losses.missing(loss)
        if own is not None:
            warnings.warn(
                f"the loss {own!r} is code of your own, which a file does not keep: give "
                f"load_model(custom_objects={{{own!r}: ...}}), or compile the model anew",
                UserWarning,
                stacklevel=4,
            )
            return model
        try:
            model.compile(**state.compiled)
        except (TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"{error}; load_model(compile=False) loads the model without what compile was given") from error
        if state.unfit:
            warnings.warn(
                "the optimizer's state in the file is left out, as in Keras: it is that of other weights than those "
                "that are trained, such as from before some were frozen",
                UserWarning,
                stacklevel=4,
            )
        model._progress = state.progress
        if model.optimizer is not None and state.progress is not None:
            model.optimizer.came_to(state.progress.iterations)
    return model


def _take_seeds(model: Sequential, state: State) -> None:
    """Have the model use the seeds of a state, with another network, since they are part of one."""
    model._seed = state.seeds.get("fit", model._seed)
    leaves = list(model._leaves())
    for layer, seed in zip(leaves, state.seeds.get("layers", [None] * len(leaves)), strict=True):
        if seed is not None:
            layer.seed = seed  # type: ignore[attr-defined]
    model.forget_network()


def take(model: Sequential, state: State, what: str) -> None:
    """Put a compiled model into a state of its own from before.

    Raises
    ------
    ValueError
        If it is the state of a model with other layers, or another optimizer; nothing has changed then.
    """
    config = model._settings.get_config() if model._settings is not None else None
    kinds = [None if c is None else c["optimizer"]["class_name"] for c in (config, state.compiled)]
    shapes = [weight.shape for weight in model.get_weights()]
    if [weight.shape for weight in state.weights] != shapes:
        raise ValueError(f"{what!r} is the state of another model, with weights of other shapes")
    if kinds[0] != kinds[1] or state.compiled is None or state.progress is None:
        raise ValueError(f"{what!r} is the state of a model with the optimizer {kinds[1]}, this one has {kinds[0]}")
    model.set_weights(state.weights)
    _take_seeds(model, state)
    model._progress = state.progress
    rate = state.compiled["optimizer"]["config"]["learning_rate"]
    if model.optimizer is not None:
        model.optimizer.came_to(state.progress.iterations)
        if isinstance(rate, float):
            model.optimizer.learning_rate = rate
