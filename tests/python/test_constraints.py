"""Constraints: by hand, in training, in files; frozen weights; bits."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lamina
from lamina import _core, constraints
from lamina.layers import Dense, PReLU
from lamina.models import Sequential, clone_model, load_model

GENERATOR = np.random.default_rng(3)
X, Y = GENERATOR.normal(size=(40, 7)), GENERATOR.normal(size=(40, 3))


def expected(constraint: constraints.Constraint, w: np.ndarray) -> np.ndarray:
    """What a constraint makes of weights, written down anew."""
    if isinstance(constraint, constraints.NonNeg):
        return np.where(w > 0, w, 0)
    axis = tuple(constraint.axis) if isinstance(constraint.axis, list) else constraint.axis
    norm = np.sqrt((w * w).sum(axis, keepdims=True))
    if isinstance(constraint, constraints.UnitNorm):
        return w / (1e-7 + norm)
    if isinstance(constraint, constraints.MaxNorm):
        return w * np.clip(norm, 0, constraint.max_value) / (1e-7 + norm)
    wanted = constraint.rate * np.clip(norm, constraint.min_value, constraint.max_value) + (1 - constraint.rate) * norm
    return w * wanted / (1e-7 + norm)


KINDS = [
    constraints.MaxNorm(0.5),
    constraints.MaxNorm(0.25, axis=1),
    constraints.MaxNorm(1, axis=None),
    constraints.MaxNorm(1, axis=[-1, 0]),
    constraints.MaxNorm(0),
    constraints.NonNeg(),
    constraints.UnitNorm(),
    constraints.UnitNorm(axis=-1),
    constraints.MinMaxNorm(0.5, 0.75, 0.25),
    constraints.MinMaxNorm(2, 3, axis=1),
    constraints.MinMaxNorm(2, 3, axis=(0, 1)),
]


def model_of(constraint: Any, units: int = 70, dtype: str = "float64", **options: Any) -> Sequential:
    lamina.utils.set_random_seed(4)
    model = Sequential([Dense(units, kernel_constraint=constraint, **options), Dense(3)], dtype=dtype)
    model.build((None, 7))
    return model


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("units", [1, 32, 70])
@pytest.mark.parametrize("constraint", KINDS, ids=lambda c: f"{type(c).__name__}{c.get_config()}")
def test_a_step(constraint: constraints.Constraint, units: int, fused: bool) -> None:
    """The weights after a step are those without the constraint, projected; other weights are as without it."""
    found = []
    for chosen in (constraint, None):
        model = model_of(chosen, units)
        model.compile("sgd", "mse")
        model._ready().fused = fused
        model.train_on_batch(X, Y)
        found.append(model.get_weights())
    (kernel, *rest), (plain, *plain_rest) = found
    np.testing.assert_allclose(kernel, expected(constraint, plain), rtol=1e-14, atol=1e-300)
    for a, b in zip(rest, plain_rest, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_bias_and_slopes() -> None:
    """Vectors, of several panels."""
    model = Sequential([Dense(40, bias_constraint="non_neg"), PReLU(alpha_constraint="unit_norm"), Dense(3)])
    model.build((None, 7))
    model.set_weights([np.full(w.shape, -0.5) for w in model.get_weights()])
    model.compile("sgd", "mse")
    model.fit(X, Y, epochs=1, verbose=0)
    _, bias, alpha, *_ = model.get_weights()
    assert (bias >= 0).all()
    assert np.linalg.norm(alpha) == pytest.approx(1, rel=1e-5)


def test_frozen_weights_and_weights_before_training_stay() -> None:
    model = model_of("unit_norm", trainable=False)
    before = model.get_weights()[0]
    model.compile("sgd", "mse")
    model.fit(X, Y, epochs=1, verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], before)
    loss, _ = model.gradients(X, Y)
    assert np.isfinite(loss)
    np.testing.assert_array_equal(model.get_weights()[0], before)


@pytest.mark.equal_bits
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("constraint", KINDS, ids=lambda c: f"{type(c).__name__}{c.get_config()}")
def test_bits(constraint: constraints.Constraint, dtype: str) -> None:
    """Any number of threads, any instruction set, fused or not."""
    seen = set()
    for isa in _core.isas():
        for threads in (1, 2, 3, 8):
            _core.set_isa(isa)
            _core.force_team(threads)
            model = model_of(constraint, dtype=dtype)
            model.compile("adam", "mse")
            model._ready().fused = threads != 3
            model.fit(X, Y, epochs=2, batch_size=16, verbose=0)
            seen.add(hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights())).hexdigest())
    assert len(seen) == 1


@pytest.mark.parametrize("format", ["safetensors", "keras"])
def test_files_and_copies_keep_it(format: str, tmp_path: Path) -> None:
    """Training goes on with it, to the same bits."""
    if format == "keras":
        pytest.importorskip("h5py")
    model = model_of(constraints.MinMaxNorm(0.1, 0.5, 0.5, axis=[0, 1]), bias_constraint="max_norm")
    model.compile("adam", "mse")
    model.fit(X, Y, epochs=1, verbose=0, shuffle=False)
    model.save(tmp_path / f"model.{format}")
    again = load_model(tmp_path / f"model.{format}")
    for one in (model, again):
        one.fit(X, Y, epochs=2, verbose=0, shuffle=False)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert clone_model(model).get_config()["layers"] == model.get_config()["layers"]


@pytest.mark.parametrize("name", ["max_norm", "MaxNorm", "unit_norm", "NonNeg", "min_max_norm", "constraint"])
def test_names(name: str) -> None:
    found = constraints.get(name)
    assert found is not None
    again = constraints.deserialize(constraints.serialize(found) or {})
    assert type(again) is type(found)
    assert again.get_config() == found.get_config()
    assert type(found).from_config(found.get_config()).get_config() == found.get_config()
    assert constraints.max_norm is constraints.MaxNorm


class Own(constraints.NonNeg):
    """One of a user's own."""


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: constraints.get("no such"), ValueError, "constraint"),
        (lambda: constraints.get(Own()), TypeError, "your own"),
        (lambda: constraints.get(lambda w: w), TypeError, "constraint"),
        (lambda: constraints.MinMaxNorm(2, 1), ValueError, "min_value"),
        (lambda: Dense(2, bias_constraint=constraints.UnitNorm(axis=1)), ValueError, "bias_constraint"),
        (lambda: Sequential([PReLU(alpha_constraint="unit_norm", input_shape=(2, 3))]), ValueError, "alpha_constraint"),
        (
            lambda: Sequential([PReLU(alpha_constraint=constraints.MaxNorm(1, 1))]).build((None, 2)),
            ValueError,
            "axis 1",
        ),
    ],
)
def test_bad_ones_are_refused(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_norms_of_slopes_of_several_axes_go_along_all() -> None:
    model = Sequential([PReLU(alpha_constraint=constraints.MaxNorm(0.5, axis=None), input_shape=(7, 1))])
    model.set_weights([np.ones((7, 1))])
    model.compile("sgd", "mse")
    model.fit(X[..., None], X[..., None], epochs=1, verbose=0)
    assert np.linalg.norm(model.get_weights()[0]) == pytest.approx(0.5, rel=1e-5)
