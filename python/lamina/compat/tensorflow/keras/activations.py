"""`lamina.activations`, where Keras has it."""

from ....activations import *
