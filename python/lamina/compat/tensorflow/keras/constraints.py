"""`lamina.constraints`, where Keras has it."""

from ....constraints import *
