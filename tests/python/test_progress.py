"""What `fit`, `evaluate`, `predict` and `summary` print."""

from __future__ import annotations

import io
import re
import sys
from typing import Any

import numpy as np
import pytest

from lamina.callbacks import LambdaCallback
from lamina.layers import Activation, Dense, Dropout
from lamina.models import Sequential, _progress
from lamina.utils import set_random_seed

X = np.random.default_rng(5).normal(size=(50, 4)).astype(np.float32)
Y = X[:, 0] > 0

VALUE = r"-?\d+\.\d{4}(?:e[+-]\d\d)?"
TIMES = r"\d+s \d+(?:us|ms|s)/step"


class Terminal(io.StringIO):
    """A standard output that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise OSError("no file descriptor")


class Ascii(io.StringIO):
    encoding = "ascii"


def open_terminal(monkeypatch: pytest.MonkeyPatch, columns: int = 100) -> Terminal:
    """Make standard output a terminal; not a fixture, since pytest sets its own output after those."""
    out = Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", str(columns))
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return out


def binary() -> Sequential:
    set_random_seed(1)
    model = Sequential([Dense(3, "tanh", input_shape=(4,)), Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy", ["accuracy"])
    return model


def fit(**arguments: Any) -> Sequential:
    model = binary()
    model.fit(X, Y, **{"epochs": 2, "batch_size": 5, **arguments})
    return model


def plain(text: str) -> str:
    """Return the text without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


# --- fit --------------------------------------------------------------------------------------------------------------


def test_verbose_0_prints_nothing(capsys):
    model = fit(verbose=0, validation_split=0.2)
    model.evaluate(X, Y, verbose=0)
    model.predict(X, verbose=0)
    model.predict(X)
    assert capsys.readouterr() == ("", "")


def test_verbose_2_prints_a_line_an_epoch(capsys):
    fit(verbose=2)
    lines = capsys.readouterr().out.splitlines()
    for number, line in enumerate(lines, 1):
        values = rf"accuracy: {VALUE} - loss: {VALUE}"
        assert re.fullmatch(rf"Epoch {number}/2 - 10/10 - {TIMES.replace(' ', ' - ')} - {values}", line)
    assert len(lines) == 2


def test_verbose_1_in_a_pipe_prints_each_line_once_and_whole(capsys):
    fit(verbose=1, validation_split=0.2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[::2] == ["Epoch 1/2", "Epoch 2/2"]
    values = " - ".join(rf"{name}: {VALUE}" for name in ("accuracy", "loss", "val_accuracy", "val_loss"))
    for line in lines[1::2]:
        assert re.fullmatch(rf"8/8 ━+ {TIMES} - {values}", line)
    assert len(lines) == 4


def test_auto_is_2_in_a_pipe_and_1_in_a_terminal(capsys, monkeypatch):
    assert _progress.level("auto", "fit") == 2
    fit()
    assert "━" not in capsys.readouterr().out
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert _progress.level("auto", "fit") == 1
    monkeypatch.setattr(sys, "stdout", None)
    assert _progress.level("auto", "fit") == 0


def test_auto_is_1_in_a_notebook(monkeypatch):
    class OutStream(io.StringIO):
        pass

    OutStream.__module__ = "ipykernel.iostream"
    monkeypatch.setattr(sys, "stdout", OutStream())
    assert _progress.level("auto", "fit") == 1


def test_true_and_false_are_1_and_0():
    assert (_progress.level(True, "fit"), _progress.level(False, "fit")) == (1, 0)


def test_the_numbers_are_those_of_the_history(capsys):
    history = fit(verbose=2).history.history
    printed = re.findall(r"accuracy: (\S+) - loss: (\S+)", capsys.readouterr().out)
    assert printed == [(f"{a:.4f}", f"{b:.4f}") for a, b in zip(history["accuracy"], history["loss"], strict=True)]


def test_small_and_strange_numbers(capsys):
    progress = _progress.Progress(steps=3)
    progress.begin()
    progress.end(3, {"a": 0.0, "b": 1e-5, "c": -0.5, "d": float("nan"), "e": 12508104.0})
    out = capsys.readouterr().out
    assert "- a: 0.0000e+00 - b: 1.0000e-05 - c: -0.5000 - d: nan - e: 12508104.0000" in out


def test_one_epoch_has_no_title(capsys):
    fit(epochs=1, verbose=1)
    assert "Epoch" not in capsys.readouterr().out


def test_a_terminal_sees_one_line_redrawn(monkeypatch):
    terminal = open_terminal(monkeypatch)
    monkeypatch.setattr(_progress, "_REDRAW_SECONDS", 0.0)
    fit(callbacks=LambdaCallback(on_train_batch_end=lambda batch, logs: None))
    text = plain(terminal.getvalue())
    title, drawn, second, _, end = text.split("\n")
    assert (title, second, end) == ("Epoch 1/2", "Epoch 2/2", "")
    states = drawn.split("\r")
    assert [state.split()[0] for state in states] == [f"{done}/10" for done in range(1, 11)]
    for state in states:
        assert re.match(rf"\s?\d+/10 ━{{20}} {TIMES} - accuracy: {VALUE} - loss: {VALUE}", state)
    widths = [len(state) for state in states]
    assert all(after >= len(before.rstrip()) for after, before in zip(widths[1:], states, strict=False))
    assert "\x1b[32m" in terminal.getvalue()


def test_a_terminal_sees_how_many_there_were_where_their_number_is_unknown(monkeypatch):
    out = open_terminal(monkeypatch)
    model = binary()
    monkeypatch.setattr(_progress, "_REDRAW_SECONDS", 0.0)
    with pytest.warns(UserWarning, match="Your input ran out of data"):
        model.fit(((X, Y) for _ in range(3)), shuffle=False, epochs=2, verbose=1)
    lines = [re.split(r"[\r\n]+", text) for text in plain(out.getvalue()).split("Epoch ")[1:]]
    unknown = rf" +\d/Unknown {TIMES} - accuracy: {VALUE} - loss: {VALUE} *"
    assert [bool(re.fullmatch(unknown, line)) for line in lines[0][1:5]] == [True, True, True, False]
    assert lines[0][4].startswith("3/3 ━")
    assert lines[1][1].startswith("1/3 ━")


def test_a_narrow_terminal_is_never_wrapped_while_drawing(monkeypatch):
    terminal = open_terminal(monkeypatch, columns=40)
    monkeypatch.setattr(_progress, "_REDRAW_SECONDS", 0.0)
    fit(epochs=1, callbacks=LambdaCallback(on_train_batch_end=lambda batch, logs: None))
    *drawn, last = plain(terminal.getvalue()).split("\r")
    assert all(len(line) < 40 for line in drawn)
    assert "loss" in last  # whole in the end


def test_an_exception_ends_the_line(monkeypatch):
    terminal = open_terminal(monkeypatch)
    monkeypatch.setattr(_progress, "_REDRAW_SECONDS", 0.0)

    def fail(batch: int, logs: Any) -> None:
        if batch == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(epochs=1, callbacks=LambdaCallback(on_train_batch_begin=fail))
    assert terminal.getvalue().endswith("\n")


def test_an_ascii_output_gets_ascii(monkeypatch):
    out = Ascii()
    monkeypatch.setattr(sys, "stdout", out)
    fit(epochs=1, verbose=1).summary()
    assert out.getvalue().isascii()
    assert "=" * 20 in out.getvalue()


# --- evaluate and predict ---------------------------------------------------------------------------------------------


def test_evaluate_prints_a_line(capsys):
    model = binary()
    model.evaluate(X, Y, verbose=2)
    model.evaluate(X, Y, batch_size=10, verbose=1)
    first, second = capsys.readouterr().out.splitlines()
    assert re.fullmatch(rf"2/2 - {TIMES.replace(' ', ' - ')} - accuracy: {VALUE} - loss: {VALUE}", first)
    assert re.fullmatch(rf"5/5 ━+ {TIMES} - accuracy: {VALUE} - loss: {VALUE}", second)


def test_predict_prints_a_line_when_asked(capsys):
    binary().predict(X, verbose=1)
    assert re.fullmatch(rf"2/2 ━+ {TIMES}\n", capsys.readouterr().out)


# --- summary ----------------------------------------------------------------------------------------------------------


def wide_model() -> Sequential:
    return Sequential(
        [
            Dense(1024, "relu", input_shape=(2048,), name="a_layer_with_a_name_that_is_longer_than_most_layers_have"),
            Dropout(0.5, name="[bold]"),
            Dense(10, name="last"),
            Activation("softmax", name="softmax"),
        ],
        name="wide",
    )


def test_summary_is_whole_in_a_pipe(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("FORCE_COLOR", "1")
    wide_model().summary()
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "…" not in out
    rows = [re.split(r"\s*[│┃]\s*", line.strip("│┃ ")) for line in out.splitlines() if line[:1] in "│┃"]
    assert rows == [
        ["Layer (type)", "Output Shape", "Param #"],
        ["a_layer_with_a_name_that_is_longer_than_most_layers_have (Dense)", "(None, 1024)", "2,098,176"],
        ["[bold] (Dropout)", "(None, 1024)", "0"],
        ["last (Dense)", "(None, 10)", "10,250"],
        ["softmax (Activation)", "(None, 10)", "0"],
    ]
    assert 'Model: "wide"' in out
    assert "Total params: 2,108,426 (8.04 MB)" in out
    assert "Trainable params: 2,108,426 (8.04 MB)" in out
    assert "Non-trainable params: 0 (0.00 B)" in out


def test_summary_is_whole_in_a_narrow_terminal(monkeypatch):
    terminal = open_terminal(monkeypatch, columns=30)
    wide_model().summary()
    assert "a_layer_with_a_name_that_is_longer_than_most_layers_have (Dense)" in terminal.getvalue()
    assert "2,098,176" in terminal.getvalue()


def test_summary_of_a_model_that_is_not_built(capsys):
    Sequential([Dense(3, name="first")]).summary()
    out = capsys.readouterr().out
    assert re.search(r"first \(Dense\)\s*│\s*\?\s*│\s*0 \(unbuilt\)", out)
    assert "Total params: 0 (0.00 B)" in out
    Sequential().summary()


def test_summary_line_by_line():
    lines: list[str] = []
    binary().summary(print_fn=lines.append)
    assert lines[0].startswith("Model: ")
    assert "Total params: 19 (76.00 B)" in "\n".join(lines)
    assert not any("\n" in line for line in lines)


def test_summary_of_a_float64_model_counts_its_bytes(capsys):
    Sequential([Dense(2, input_shape=(3,))], dtype="float64").summary()
    assert "Total params: 8 (64.00 B)" in capsys.readouterr().out
