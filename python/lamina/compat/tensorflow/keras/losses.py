"""`lamina.losses`, where Keras has it."""

from ....losses import *
