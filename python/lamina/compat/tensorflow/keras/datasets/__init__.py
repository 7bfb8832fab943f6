"""Keras's data sets that lamina has."""

from . import mnist

__all__ = ["mnist"]
