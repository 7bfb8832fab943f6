"""`lamina.regularizers`, where Keras has it."""

from ....regularizers import *
