"""`lamina.models`, where Keras has it."""

from ....models import *
