"""`lamina.saving`, where Keras has it."""

from ....saving import *
