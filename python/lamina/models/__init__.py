"""Models: layers one after another, with the methods that train and use them."""

from __future__ import annotations

from ._sequential import Sequential

__all__ = ["Sequential"]
