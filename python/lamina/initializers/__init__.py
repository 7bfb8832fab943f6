"""How the weights of a layer begin: constants, and random numbers from the core's own generator.

An initializer is given to a layer by name or as an object::

    Dense(64, kernel_initializer="he_normal", bias_initializer="zeros")
    Dense(64, kernel_initializer=initializers.RandomNormal(stddev=0.01, seed=7))

Every class also goes by its name in lower case, ``initializers.he_normal`` for `HeNormal`, as in Keras. Random
weights are a function of the seed and of their place in the array alone: the same on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import _check, _custom, _registry
from ._base import Initializer, RandomInitializer
from ._constants import Constant, Identity, Ones, Zeros
from ._distributions import Orthogonal, RandomNormal, RandomUniform, TruncatedNormal
from ._scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
)

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "RandomInitializer",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "deserialize",
    "get",
    "known",
    "serialize",
]

_NAMES: dict[str, type[Initializer]] = {
    "constant": Constant,
    "glorot_normal": GlorotNormal,
    "glorot_uniform": GlorotUniform,
    "he_normal": HeNormal,
    "he_uniform": HeUniform,
    "identity": Identity,
    "lecun_normal": LecunNormal,
    "lecun_uniform": LecunUniform,
    "ones": Ones,
    "orthogonal": Orthogonal,
    "random_normal": RandomNormal,
    "random_uniform": RandomUniform,
    "truncated_normal": TruncatedNormal,
    "variance_scaling": VarianceScaling,
    "zeros": Zeros,
    # Keras's other names
    "IdentityInitializer": Identity,
    "OrthogonalInitializer": Orthogonal,
    "normal": RandomNormal,
    "one": Ones,
    "uniform": RandomUniform,
    "zero": Zeros,
}
_STFT = ("stft", "STFT", "STFTInitializer")


def known() -> list[str]:
    """Return the names of all initializers."""
    return _registry.canonical(_NAMES)


def is_known(name: Any) -> bool:
    """Return whether an initializer's class is one of this package's, by its name."""
    return isinstance(name, str) and any(cls.__name__ == name for cls in _NAMES.values())


def get(identifier: str | Mapping[str, Any] | type[Initializer] | Initializer) -> Initializer:
    """Return the initializer that a name, a configuration, a class or an instance stands for.

    Raises
    ------
    ValueError
        For an unknown name, and for Keras's 'stft', which makes kernels of convolutions.
    TypeError
        For anything else: an array is given as ``Constant(array)``, a function as a class derived from `Initializer`.
    """
    name = identifier.get("class_name") if isinstance(identifier, Mapping) else identifier
    if isinstance(name, str) and name in _STFT:
        raise ValueError(
            f"initializer {name!r} is not supported: it makes the kernels of convolutions, (frame, 1, frequencies), "
            "which no layer here has; the values of any array can be given with Constant(array)"
        )
    if isinstance(identifier, np.ndarray):
        raise TypeError(f"initializer {_check.shown(identifier)} is an array: give it as Constant(array)")
    return _registry.resolve(identifier, "initializer", Initializer, _NAMES)


def serialize(initializer: Initializer) -> dict[str, Any]:
    """Return what `get` makes an equal initializer from."""
    return _registry.serialize(initializer, "keras.initializers")


def deserialize(config: str | Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Initializer:
    """Return the initializer that `serialize` wrote down, here or in Keras.

    Parameters
    ----------
    config : mapping or str
        What was written.
    custom_objects : mapping of str, optional
        Classes of your own by the names that stand for them; see `lamina.saving`.

    Raises
    ------
    TypeError, ValueError
        As from `get`.
    """
    with _custom.scope(custom_objects, "deserialize"):
        return get(config)


def __getattr__(name: str) -> type[Initializer]:
    if name in _NAMES:
        return _NAMES[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *_NAMES]
