"""`lamina.layers`, where Keras has it."""

from ....layers import *
