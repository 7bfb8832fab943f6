"""Layers: what a model is made of. They hold settings; the weights lie in the native core."""

from .activation import ELU, Activation, LeakyReLU, PReLU, ReLU, Softmax
from .base import Input, InputLayer, Layer
from .dense import Dense
from .regularization import Dropout
from .shaping import Flatten, Rescaling, Reshape

__all__ = [
    "ELU",
    "Activation",
    "Dense",
    "Dropout",
    "Flatten",
    "Input",
    "InputLayer",
    "Layer",
    "LeakyReLU",
    "PReLU",
    "ReLU",
    "Rescaling",
    "Reshape",
    "Softmax",
]
