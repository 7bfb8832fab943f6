"""Optimizers, their options and schedules against Keras: 50 steps each, in float64."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import optimizer_fits as fits
from lamina import optimizers, regularizers
from lamina.layers import Dense
from lamina.models import Sequential
from lamina.optimizers import schedules

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent.parent / "golden" / "optimizers.json").read_text())


def made_schedule(name: str) -> schedules.LearningRateSchedule:
    cls, config = fits.schedule(name)
    return schedules.get({"class_name": cls, "config": config})


def made(case: fits.Case) -> optimizers.Optimizer:
    options = fits.arguments(case)
    if case.schedule:
        options["learning_rate"] = made_schedule(case.schedule)
    return optimizers.get({"class_name": case.name, "config": options})


def model_for(case: fits.Case, dtype: str) -> Sequential:
    penalty = regularizers.L2(fits.PENALTY)
    model = Sequential([Dense(5, "tanh", kernel_regularizer=penalty, input_shape=(4,)), Dense(2)], dtype=dtype)
    model.set_weights(fits.training().weights)
    model.compile(made(case), "mse")
    return model


@pytest.mark.parametrize("case", fits.CASES, ids=lambda case: case.id)
def test_a_training(case: fits.Case) -> None:
    data = fits.training()
    model = model_for(case, "float64")
    done = model.fit(data.x, data.y, batch_size=fits.BATCH, epochs=fits.EPOCHS, shuffle=False, verbose=0)
    expected = GOLDEN[case.id]
    np.testing.assert_allclose(done.history["loss"], expected["loss"], rtol=1e-9, atol=1e-12)
    for weight, golden in zip(model.get_weights(), expected["weights"], strict=True):
        np.testing.assert_allclose(weight.ravel(), golden, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", fits.SCHEDULES)
def test_the_values_of_a_schedule(name: str) -> None:
    schedule = made_schedule(name)
    np.testing.assert_allclose(
        [schedule(step) for step in fits.STEPS], GOLDEN["schedules"][name], rtol=1e-12, atol=1e-15
    )
    assert schedule.rates(3, 40) == [schedule(step) for step in range(3, 43)]


def test_every_optimizer_has_cases() -> None:
    assert {case.name.lower() for case in fits.CASES} == set(optimizers.known())
