"""`lamina.optimizers`, where Keras has it."""

from .....optimizers import *
