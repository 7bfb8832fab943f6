"""Losses written in Python, and the model that their tests train with them."""

from __future__ import annotations

from typing import Any

import numpy as np

import reference
from lamina import layers, losses, regularizers
from lamina.models import Sequential

X = reference.random_uniform(1, (23, 4), -1.0, 1.0)
LABELS = reference.random_uniform(2, (23, 3), 0.0, 1.0).argmax(axis=1)
Y = np.eye(3)[LABELS]


def squared(y_true: Any, y_pred: Any) -> Any:
    """The built-in loss again."""
    error = y_pred - y_true
    return (error**2).mean(axis=1), 2 * error / error.shape[1]


class Squared(losses.Loss):
    """The same as a class."""

    def value_and_gradient(self, y_true: Any, y_pred: Any) -> Any:
        return squared(y_true, y_pred)


class Softmax(losses.Loss):
    """The sparse categorical cross-entropy of logits."""

    target = "labels"

    def value_and_gradient(self, y_true: Any, y_pred: Any) -> Any:
        rows = np.arange(len(y_true))
        shifted = y_pred - y_pred.max(axis=1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        gradient = np.exp(logs)
        gradient[rows, y_true] -= 1
        return -logs[rows, y_true], gradient


def model_of(
    loss: Any, head: str | None = None, dtype: str = "float64", optimizer: Any = "adam", **more: Any
) -> Sequential:
    """Two dense layers with a penalty and dropout, their weights and masks always the same."""
    hidden = layers.Dense(7, "tanh", kernel_regularizer=regularizers.L2(0.01), input_shape=(4,))
    model = Sequential([hidden, layers.Dropout(0.25, seed=3), layers.Dense(3, head)], dtype=dtype)
    model.build((None, 4))
    model.set_weights([reference.random_uniform(5 + i, w.shape, -1.0, 1.0) for i, w in enumerate(model.get_weights())])
    model.compile(optimizer, loss, **more)
    return model


class Failing(losses.Loss):
    """Fails in one of its calls."""

    def __init__(self, error: BaseException, call: int) -> None:
        super().__init__()
        self.error, self.left = error, call

    def value_and_gradient(self, y_true: Any, y_pred: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            raise self.error
        return squared(y_true, y_pred)
