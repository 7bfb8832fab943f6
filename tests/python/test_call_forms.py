"""Every call form of `call_forms.py` in both styles of imports, and what lamina alone does."""

from __future__ import annotations

import itertools
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

import call_forms
from lamina.compat.tensorflow import keras
from lamina.layers import base


@pytest.fixture(autouse=True)
def begin_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are numbered as in a new process; files are written in a folder of their own."""
    monkeypatch.setattr(base, "_counters", defaultdict(itertools.count))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("style", call_forms.STYLES)
@pytest.mark.parametrize("title", call_forms.FORMS)
def test_call_form(title: str, style: str) -> None:
    program, expected = call_forms.FORMS[title]
    found = call_forms.result(program, style, "lamina.compat.tensorflow")
    assert call_forms.matches(found, expected), found


def test_every_name_is_used():
    programs = "\n".join(program for program, _ in call_forms.FORMS.values())
    unused = [name for names in call_forms.HOMES.values() for name in names if name not in programs]
    assert unused == []


def test_a_wrong_result_is_seen():
    assert not call_forms.matches(0.98 + 1e-4, 0.98)
    assert not call_forms.matches([1.0], [1.0, 2.0])
    assert not call_forms.matches({"loss": 1.0}, {"loss": 1.0, "mae": 1.0})
    assert not call_forms.matches({"loss": 1.0}, {"loss": 2.0})
    assert call_forms.result("SGD(clipnorm=-1.0)", "from", "lamina.compat.tensorflow") is ValueError


# --- what Keras does otherwise, or not at all -------------------------------------------------------------------------


def line(**options: float) -> keras.Sequential:
    """Return p = 2x + 1."""
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(1,))])
    model.set_weights([np.array([[2.0]]), np.array([1.0])])
    model.compile(optimizer=keras.optimizers.SGD(**options), loss="mean_squared_error")
    return model


def test_the_step_is_1_from_0_on():
    model = keras.Sequential([keras.layers.Dense(1, activation="step", input_shape=(1,))])
    model.set_weights([np.array([[1.0]]), np.array([0.0])])
    assert model.predict(np.array([[-0.5], [-0.0], [0.0], [2.0]])).ravel().tolist() == [0, 1, 1, 1]


def test_a_batch_without_a_finite_loss_is_not_applied():
    model = line(learning_rate=1.0)
    before = model.get_weights()
    x = np.array([[1e30]])
    with pytest.warns(RuntimeWarning, match="not finite"):
        history = model.fit(x, np.array([0.0]), epochs=3, verbose=0)
    assert [np.isfinite(loss) for loss in history.history["loss"]] == [False]
    assert [w.tolist() for w in model.get_weights()] == [w.tolist() for w in before]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_data_that_are_not_finite_are_refused(bad):
    for name in ("x", "y", "sample_weight"):
        data = {"x": np.array([[0.0], [1.0]]), "y": np.array([0.0, 1.0]), "sample_weight": np.ones(2)}
        data[name][1] = bad
        with pytest.raises(ValueError, match=f"^{name} holds 1 value that is not a finite .*: {bad}"):
            line().fit(**data, verbose=0)


@pytest.mark.parametrize("name", ["net", "net.safetensors"])
def test_the_own_format(name):
    model = line()
    model.save(name)
    x = np.array([[0.0], [5.0]])
    assert keras.models.load_model(name).predict(x).tolist() == model.predict(x).tolist() == [[1.0], [11.0]]
    assert b"kernel" in b"".join(path.read_bytes() for path in Path().iterdir())
