"""Code of a user's own by the names that configurations have for it; nothing else is ever looked up or imported."""

from __future__ import annotations

import contextvars
import types
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from . import _check

T = TypeVar("T", bound=Callable[..., Any])

_registered: dict[str, Callable[..., Any]] = {}
_in_scope: contextvars.ContextVar[Mapping[str, Any]] = contextvars.ContextVar(
    "custom_objects", default=types.MappingProxyType({})
)


class CustomObjectScope:
    """What configurations' names stand for inside a ``with`` block, besides what is registered.

    A block inside another adds its names to the other's.

    Parameters
    ----------
    custom_objects : mapping of str, optional
        Classes and functions of your own, by the names that stand for them in configurations.

    Raises
    ------
    TypeError
        If it is no mapping from names to classes and functions.
    """

    def __init__(self, custom_objects: Mapping[str, Any] | None) -> None:
        self.custom_objects = checked(custom_objects, type(self).__name__)
        self._tokens: list[contextvars.Token[Mapping[str, Any]]] = []

    def __enter__(self) -> CustomObjectScope:
        self._tokens.append(_in_scope.set({**_in_scope.get(), **self.custom_objects}))
        return self

    def __exit__(self, *exception: object) -> None:
        _in_scope.reset(self._tokens.pop())


custom_object_scope = CustomObjectScope


def checked(custom_objects: Any, where: str) -> dict[str, Any]:
    """Return custom objects as a dictionary; TypeError names what is none."""
    if custom_objects is None:
        return {}
    if not isinstance(custom_objects, Mapping):
        raise TypeError(
            f"{where}(custom_objects={_check.shown(custom_objects)}): give a dictionary from names to classes and "
            "functions"
        )
    for name, value in custom_objects.items():
        if not (isinstance(name, str) and callable(value)):
            raise TypeError(
                f"{where}(custom_objects={{{_check.shown(name)}: {_check.shown(value)}}}): a name must stand for a "
                "class or a function"
            )
    return dict(custom_objects)


def scope(custom_objects: Any, where: str) -> CustomObjectScope:
    """Return the scope of an argument `custom_objects`; TypeError names who was given what is none."""
    return CustomObjectScope(checked(custom_objects, where))


def get_custom_objects() -> dict[str, Callable[..., Any]]:
    """Return the dictionary of what is registered, itself: what is added to it is registered too."""
    return _registered


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[T], T]:
    """Return a decorator that registers a class or a function of your own as ``package>name``.

    Models that use it are saved under that name, and loaded wherever it is registered again.

    Parameters
    ----------
    package : str
        What it belongs to.
    name : str, optional
        Without it, its own.

    Raises
    ------
    TypeError
        If a name is no text, or what is decorated no class or function.
    ValueError
        For a class without ``get_config``.
    """
    for text, argument in ((package, "package"), (name, "name")):
        if not isinstance(text, str) and not (text is None and argument == "name"):
            raise TypeError(f"register_keras_serializable({argument}={_check.shown(text)}): {argument} must be a text")

    def register(decorated: T) -> T:
        own = getattr(decorated, "__name__", None)
        if not callable(decorated) or own is None:
            raise TypeError(f"register_keras_serializable: {_check.shown(decorated)} is no class and no function")
        if isinstance(decorated, type) and not hasattr(decorated, "get_config"):
            raise ValueError(f"register_keras_serializable: the class {own} needs a method get_config()")
        _registered[f"{package}>{name or own}"] = decorated
        return decorated

    return register


def registered_name(obj: Any) -> str | None:
    """Return the name that a class or function is registered by, the last one, if it is."""
    return next((name for name in reversed(_registered) if _registered[name] is obj), None)


def get_registered_name(obj: Any) -> str:
    """Return the name that a class or a function is registered by, else its own.

    Parameters
    ----------
    obj : type or callable
        The class or function.

    Raises
    ------
    TypeError
        If it is neither.
    """
    name = registered_name(obj) or getattr(obj, "__name__", None)
    if not isinstance(name, str):
        raise TypeError(f"get_registered_name(obj={_check.shown(obj)}): give a class or a function")
    return name


def get_registered_object(
    name: str, custom_objects: Mapping[str, Any] | None = None, module_objects: Mapping[str, Any] | None = None
) -> Any:
    """Return what a name stands for: in a `CustomObjectScope`, registered, or else in the given dictionaries.

    Parameters
    ----------
    name : str
        The name.
    custom_objects : mapping of str, optional
        Where to look after that.
    module_objects : mapping of str, optional
        Where to look last.

    Returns
    -------
    type, callable or None
        The class or function; None where the name stands for none.

    Raises
    ------
    TypeError
        If the name is no text.
    """
    if not isinstance(name, str):
        raise TypeError(f"get_registered_object(name={_check.shown(name)}): give the name of a class or a function")
    places = (_in_scope.get(), _registered, custom_objects or {}, module_objects or {})
    return next((place[name] for place in places if name in place), None)


def names_in(identifier: Any) -> list[str]:
    """Return the names by which a name or a configuration may stand for a class or function, the first one first."""
    if not isinstance(identifier, Mapping):
        return [identifier] if isinstance(identifier, str) else []
    class_name = identifier.get("class_name")
    is_function = isinstance(class_name, str) and class_name == "function"
    fields = ("registered_name", "config" if is_function else "class_name")
    return [name for name in map(identifier.get, fields) if isinstance(name, str)]


def find(identifier: Any) -> Any:
    """Return the class or function of a user's own that a name or a configuration stands for, or None."""
    return next((found for name in names_in(identifier) if (found := get_registered_object(name)) is not None), None)


def made(identifier: Any, kind: str, base: type) -> Any:
    """Return what a name or a configuration stands for among a user's own, else the identifier as it is.

    Of a class that is an instance with the arguments of the configuration.

    Raises
    ------
    TypeError
        For a class of another family.
    """
    found = find(identifier)
    if found is None:
        return identifier
    if not isinstance(found, type):
        return found
    if not issubclass(found, base):
        raise TypeError(
            f"{kind} {names_in(identifier)[-1]!r} stands for the class {found.__name__} of your own, which does not "
            f"derive from {base.__name__}"
        )
    config = identifier.get("config", {}) if isinstance(identifier, Mapping) else {}
    if not isinstance(config, Mapping):
        raise TypeError(f"{kind} {found.__name__}: its config must be a dictionary, not {_check.shown(config)}")
    return found.from_config(config) if hasattr(found, "from_config") else found(**config)
