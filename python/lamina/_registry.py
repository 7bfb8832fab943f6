"""From a name, a configuration or a class to an instance: the `get` of every family."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

from . import _check, _custom

T = TypeVar("T")


def resolve(
    identifier: Any,
    kind: str,
    base: type[T],
    names: Mapping[str, type[T]],
    own: bool = True,
    only_in_keras: Mapping[str, str] = MappingProxyType({}),
    more: Collection[str] = (),
) -> T:
    """Return the instance of `base` that `identifier` stands for: a user's own first, see `lamina.saving`.

    Parameters
    ----------
    identifier : str, dict, type or instance
        A name in `names`, the name of a class in it, ``{"class_name": ..., "config": {...}}``,
        a class, or an instance, which is returned as it is.
    kind : str
        What the family is called, for messages.
    base : type
        The family's base class.
    names : mapping
        From accepted names to classes; the first name of a class is the one that messages list.
    own : bool
        Whether other classes that derive from `base` will do: False where the core must know them.
    only_in_keras : mapping of str
        Names that are no mistakes, but of what Keras has and lamina has not, and why not.
    more : collection of str
        Arguments that all classes take besides those of their signatures.

    Raises
    ------
    ValueError
        For an unknown name, and for one that only Keras knows.
    TypeError
        For anything else.
    """
    identifier = _custom.made(identifier, kind, base)
    cls = identifier if isinstance(identifier, type) else type(identifier)
    if issubclass(cls, base):
        if not (own or issubclass(cls, tuple(names.values()))):
            raise TypeError(
                f"{kind} {_check.shown(identifier)} is none of this package's, and those of your own are not "
                f"supported. Known: {', '.join(canonical(names))}"
            )
        return identifier() if cls is identifier else identifier
    config: Mapping[str, Any] = {}
    name = identifier
    if isinstance(identifier, Mapping) and isinstance(identifier.get("class_name"), str):
        name, config = identifier["class_name"], identifier.get("config", {})
    if not isinstance(name, str):
        raise TypeError(
            f"{kind} {_check.shown(identifier)} must be a name or a {base.__name__} object, "
            f"not {type(identifier).__name__}"
        )
    found = names.get(name)
    if found is None:
        found = {cls.__name__: cls for cls in names.values()}.get(name)
    if found is None and name in only_in_keras:
        raise ValueError(
            f"{kind} {name!r} is not supported, though Keras has it: {only_in_keras[name]}. "
            f"Known: {', '.join(canonical(names))}"
        )
    if found is None:
        unknown = _check.unknown(kind, name, canonical(names))
        if isinstance(identifier, Mapping):
            raise ValueError(f"{unknown}. If it is code of your own, give it as custom_objects; see lamina.saving")
        raise unknown
    if not isinstance(config, Mapping):
        raise TypeError(f"{kind} {name!r}: its config must be a dictionary, not {_check.shown(config)}")
    return found(**arguments(found, config, more))


def function_named_in(identifier: Any) -> str | None:
    """Return the name of a function where a configuration stands for one that may be Keras's, which has no module."""
    if not isinstance(identifier, Mapping):
        return None
    class_name, module, name = (identifier.get(key) for key in ("class_name", "module", "config"))
    if not (isinstance(class_name, str) and class_name == "function" and isinstance(name, str)):
        return None
    return name if module is None or (isinstance(module, str) and module == "builtins") else None


def arguments(cls: type, config: Mapping[str, Any], more: Collection[str] = ()) -> dict[str, Any]:
    """Return a configuration without what a class does not take, where that says nothing: None or False.

    Parameters
    ----------
    cls : type
        The class.
    config : mapping
        Its arguments, from here or from Keras, which has more of them.
    more : collection of str
        Names that it takes besides those of its signature.

    Raises
    ------
    ValueError
        For anything else that it does not take.
    """
    taken = {*inspect.signature(cls).parameters, *more}
    for name, value in config.items():
        if name not in taken and not (value is None or value is False):
            raise ValueError(f"{cls.__name__}({name}={_check.shown(value)}) is not supported")
    return {name: value for name, value in config.items() if name in taken}


class Configurable(Protocol):
    """What can be written down as a class and its arguments."""

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal one."""


def serialize(instance: Configurable, module: str) -> dict[str, Any]:
    """Return what `resolve` makes an equal instance from, in the form of Keras's files.

    Parameters
    ----------
    instance : object with get_config
        What to write down.
    module : str
        Keras's module of its class.
    """
    cls, config = type(instance), instance.get_config()
    return {
        "module": module,
        "class_name": cls.__name__,
        "config": config,
        "registered_name": _custom.registered_name(cls),
    }


def canonical(names: Mapping[str, type[T]]) -> list[str]:
    """Return the first name of each class."""
    first: dict[type[T], str] = {}
    for name, cls in names.items():
        first.setdefault(cls, name)
    return list(first.values())
