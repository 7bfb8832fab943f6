"""A callback that writes down training for TensorBoard."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Literal

from .. import _check
from ._base import Callback, Logs


class TensorBoard(Callback):
    """Writes logs and weights for TensorBoard, with tensorboardX.

    In ``train`` and ``validation`` under the folder: ``epoch_loss`` and the like of every epoch, ``batch_loss`` and the
    like where `update_freq` asks for them, and what validation gave as ``evaluation_loss_vs_iterations``.

    Parameters
    ----------
    log_dir : str or path
        The folder.
    histogram_freq : int
        After how many epochs to write histograms of all weights; 0 for never.
    write_graph : bool
        Keras's argument; there is no graph, so nothing is written either way.
    write_images : bool
        Whether to write the weights as images too, with the histograms.
    write_steps_per_second : bool
        Whether to write how many batches a second were trained on.
    update_freq : 'epoch', 'batch' or int
        After how many batches to write the logs of the epoch so far; 'batch' is 1.
    profile_batch, embeddings_freq, embeddings_metadata
        Keras's other arguments; only their defaults are supported.

    Raises
    ------
    TypeError, ValueError
        For values of another type, out of range or not supported.
    ImportError
        If tensorboardX is missing.
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: Literal["epoch", "batch"] | int = "epoch",
        profile_batch: int = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: None = None,
    ) -> None:
        where = "TensorBoard"
        given: dict[str, Any] = {"profile_batch": profile_batch, "embeddings_freq": embeddings_freq}
        given["embeddings_metadata"] = embeddings_metadata
        _check.refuse(where, given, {"profile_batch": 0, "embeddings_freq": 0, "embeddings_metadata": None}, {})
        if not isinstance(log_dir, (str, os.PathLike)):
            raise TypeError(f"{where}(log_dir={_check.shown(log_dir)}): log_dir must be a path")
        self.log_dir = Path(log_dir)
        self.histogram_freq = _check.integer(histogram_freq, "histogram_freq", where, 0)
        self.write_graph = _check.boolean(write_graph, "write_graph", where)
        self.write_images = _check.boolean(write_images, "write_images", where)
        self.write_steps_per_second = _check.boolean(write_steps_per_second, "write_steps_per_second", where)
        self.update_freq = _update_frequency(update_freq)
        if self.update_freq:  # the hook costs a return to Python at every batch
            self.on_train_batch_end = self._after_batch  # type: ignore[method-assign]
        _writer_class()
        self._writers: dict[str, Any] = {}
        self._batches = 0
        self._begun = (0.0, 0)

    def _writer(self, kind: str) -> Any:
        if kind not in self._writers:
            self._writers[kind] = _writer_class()(str(self.log_dir / kind))
        return self._writers[kind]

    def _write(self, kind: str, name: str, logs: Logs, step: int) -> None:
        for key, value in logs.items():
            self._writer(kind).add_scalar(name.format(key), value, step)

    def _iterations(self) -> int:
        return int(self.model.iterations)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin to count batches."""
        self._batches = 0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Take the time."""
        self._begun = (time.perf_counter(), self._iterations())

    def _after_batch(self, batch: int, logs: Logs | None = None) -> None:
        self._batches += 1
        if self._batches % self.update_freq == 0:
            self._write("train", "batch_{}", logs or {}, self._batches)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write what the epoch gave, and weights where they are due."""
        logs = logs or {}
        train = {key: value for key, value in logs.items() if not key.startswith("val_")}
        train.setdefault("learning_rate", self.model.optimizer.learning_rate)
        if self.write_steps_per_second:
            begun, iterations = self._begun
            train["steps_per_second"] = (self._iterations() - iterations) / (time.perf_counter() - begun)
        self._write("train", "epoch_{}", train, epoch)
        validation = {key[4:]: value for key, value in logs.items() if key.startswith("val_")}
        self._write("validation", "epoch_{}", validation, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        for writer in self._writers.values():
            writer.flush()

    def _write_weights(self, epoch: int) -> None:
        writer = self._writer("train")
        for weight in self.model.weights:
            values = weight.numpy()
            writer.add_histogram(f"{weight.path}/histogram", values, epoch)
            if self.write_images:
                image = values.reshape(1, -1) if values.ndim == 1 else values.reshape(values.shape[0], -1)
                low, high = float(image.min()), float(image.max())
                shades = (image - low) / (high - low) if high > low else image * 0
                writer.add_image(f"{weight.path}/image", shades, epoch, dataformats="HW")

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Write what `evaluate`, or the validation of an epoch, gave."""
        self._write("validation", "evaluation_{}_vs_iterations", logs or {}, self._iterations())
        self._writer("validation").flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Close the files."""
        for writer in self._writers.values():
            writer.close()
        self._writers = {}


def _update_frequency(value: Any) -> int:
    """Return after how many batches to write; 0 for the end of an epoch alone."""
    if isinstance(value, str):
        if value not in ("epoch", "batch"):
            raise ValueError(
                f"TensorBoard(update_freq={value!r}): update_freq must be 'epoch', 'batch' or a number of batches"
            )
        return 0 if value == "epoch" else 1
    return _check.integer(value, "update_freq", "TensorBoard", 1)


def _writer_class() -> Any:
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise ImportError("TensorBoard needs tensorboardX: pip install 'lamina[tensorboard]'") from error
    return SummaryWriter
