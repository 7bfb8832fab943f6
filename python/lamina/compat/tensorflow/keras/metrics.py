"""`lamina.metrics`, where Keras has it."""

from ....metrics import *
