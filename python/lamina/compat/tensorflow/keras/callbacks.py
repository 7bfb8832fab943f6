"""`lamina.callbacks`, where Keras has it."""

from ....callbacks import *
