"""TensorFlow's names for what is in lamina.

A program that trains dense networks through Keras needs other import lines and nothing else::

    import lamina.compat.tensorflow as tf                          # import tensorflow as tf
    from lamina.compat.tensorflow import keras                     # from tensorflow import keras
    from lamina.compat.tensorflow.keras.models import Sequential   # from tensorflow.keras.models import Sequential

Where the rest of a program says ``tensorflow.keras``, it wants ``from lamina.compat import tensorflow``. Every module
of `keras` is one of lamina's; what lamina does not have, it does not have either. `__version__` is lamina's.
"""

from ... import _core
from . import keras, random

__version__: str = _core.build_info()["version"]

__all__ = ["__version__", "keras", "random"]
