"""`lamina.optimizers`, where Keras has it."""

from .....optimizers import *
from . import schedules as schedules  # type: ignore[no-redef]  # this package's, as soon as it is imported by name
