"""`lamina.datasets.mnist`, where Keras has it."""

from .....datasets.mnist import *
