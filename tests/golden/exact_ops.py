"""Keras's operations in float64, for the scripts beside this one that ask Keras for float64."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


class ExactOps:
    """Keras's operations, for which numbers are float64: TensorFlow makes float32 of Nadam's 0.96."""

    def __getattr__(self, name: str) -> Any:
        operation = getattr(keras.ops, name)

        def exact(*given: Any) -> Any:
            return operation(*(np.float64(value) if isinstance(value, float) else value for value in given))

        return exact
