"""Callbacks: code that `fit`, `evaluate` and `predict` call on their way.

They run on the calling thread, outside the native core, and may read and change the model: predict,
evaluate, read or set weights, set ``model.optimizer.learning_rate`` or ``model.stop_training``.
"""

from __future__ import annotations

from ._base import HOOKS, Callback, CallbackList, History, LambdaCallback, Logs
from ._files import BackupAndRestore, ModelCheckpoint
from ._monitors import EarlyStopping, ReduceLROnPlateau, TerminateOnNaN
from ._rates import LearningRateScheduler
from ._records import CSVLogger
from ._tensorboard import TensorBoard

__all__ = [
    "HOOKS",
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "Logs",
    "ModelCheckpoint",
    "ReduceLROnPlateau",
    "TensorBoard",
    "TerminateOnNaN",
]
