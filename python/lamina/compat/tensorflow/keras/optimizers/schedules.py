"""`lamina.optimizers.schedules`, where Keras has it."""

from .....optimizers.schedules import *
