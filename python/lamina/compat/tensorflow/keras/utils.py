"""`lamina.utils`, where Keras has it."""

from ....utils import *
