"""`lamina.initializers`, where Keras has it."""

from ....initializers import *
