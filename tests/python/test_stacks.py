"""Layers in any order and of any width: the reference's numbers, and the same bits everywhere."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import cases
import problems
import reference
from lamina import _core

SIZES = [1, 2, 3, 7, 16, 31, 32, 33, 64, 65, 255, 256, 257, 300]  # about vectors, panels and segments
LINKS = [("softmax",), ("sigmoid",)]


def random_stack(chance: random.Random) -> tuple[int, list[reference.Layer], str]:
    """Inputs, layers and a loss: a few layers of any kind, a dense layer, and what suits the loss."""
    layers: list[reference.Layer] = []
    for _ in range(chance.randint(0, 6)):
        kind = chance.choice(["dense", "dense", "activation", "dropout"])
        if kind == "dense":
            penalty = chance.choice(list(cases.PENALTIES))
            layers.append(problems.dense(chance.choice(SIZES), chance.random() < 0.7, penalty))
        elif kind == "activation":
            layers.append(problems.activation(*chance.choice(cases.activations())))
        else:
            layers.append(problems.dropout(chance.choice([0.0, 0.1, 0.5]), chance.getrandbits(64)))
    loss = chance.choice(list(cases.LOSSES))
    layers.append(problems.dense(chance.choice([2, 3, 10, 33, 65]), chance.random() < 0.7))
    logarithms = cases.needs_probabilities(loss, "linear")
    if logarithms:
        layers.append(problems.activation(*chance.choice(LINKS)))
    elif chance.random() < 0.7:
        layers.append(problems.activation(*chance.choice(cases.activations())))
    if not logarithms and chance.random() < 0.3:
        layers.append(problems.dropout(0.3, seed=5))
    return chance.choice([*SIZES, 520]), layers, loss


def random_problem(seed: int) -> tuple[problems.Problem, int]:
    """A problem and a batch size, with rows for one batch or a few, and zeros in half of the cases."""
    chance = random.Random(seed)
    inputs, layers, loss = random_stack(chance)
    network = reference.Network(inputs, layers, "float64")
    batch = chance.choice([*SIZES, 513])
    rows = chance.choice([batch, batch + 1, 2 * batch + 3, max(1, batch - 1)])
    x = reference.random_uniform(seed, (rows, inputs), -1, 1)
    if chance.random() < 0.5:
        x[:, :: chance.choice([1, 2, 3])] = 0
    kind = cases.LOSSES[loss].targets
    problem = problems.Problem(
        inputs=inputs,
        layers=layers,
        weights=problems.make_weights(network, seed),
        x=x,
        y=problems.make_targets(kind, rows, network.outputs, seed),
        loss={"name": cases.LOSSES[loss].name, **cases.LOSSES[loss].options},
        optimizer=chance.choice(list(cases.OPTIMIZERS.values())),
        metrics=[name for name, kinds in cases.METRICS.items() if kind in kinds],
        sample_weight=problems.make_sample_weights(rows, seed) if seed % 3 == 0 else None,
    )
    return problem, batch


def everything(problem: problems.Problem, dtype: str, batch: int, fused: bool = True) -> dict[str, list[Any]]:
    """Loss and gradients, then two epochs, evaluation, prediction."""
    network = problem.native(dtype)
    network.fused = fused
    x, y, w = problem.x.astype(dtype), problem.targets(dtype), problem.weights_of_samples(dtype)
    loss, gradients = network.gradients(x, y, True, w)
    trainer = _core.Trainer(network, x, y, batch, True, 99, w)
    reports = []
    for _ in range(2):
        trainer.begin_epoch()
        while not trainer.finished:
            trainer.advance(1000, 60.0)
        reports += trainer.results()
    return {
        "loss": [loss],
        "gradients": gradients,
        "reports": reports,
        "weights": network.get_weights(),
        "evaluation": network.evaluate(x, y, w, len(x)),
        "predictions": [network.predict(x)],
    }


@pytest.mark.parametrize("seed", range(60))
def test_any_stack(seed: int) -> None:
    """In float64 the reference's numbers."""
    problem, batch = random_problem(seed)
    network = problem.reference("float64")
    w = problem.sample_weight
    loss, gradients, _ = network.gradients(problem.x, problem.y, True, w)
    reports = network.fit(problem.x, problem.y, batch, 2, True, 99, w)
    expected = {
        "loss": [loss],
        "gradients": gradients,
        "reports": [value for epoch in reports for value in epoch],
        "weights": network.weights,
        "evaluation": network.evaluate(problem.x, problem.y, w),
        "predictions": [network.predict(problem.x)],
    }
    found = everything(problem, "float64", batch)
    for name, values in expected.items():
        for value, other in zip(found[name], values, strict=True):
            np.testing.assert_allclose(value, other, rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.mark.equal_bits
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("seed", range(60))
def test_same_bits(seed: int, dtype: str) -> None:
    """The same bits for any team, any instruction set and either way of updating."""
    problem, batch = random_problem(seed)
    _core.force_team(1)
    first = everything(problem, dtype, batch)
    levels = _core.isas()
    for turn, (team, fused) in enumerate([(0, False), (3, True), (2, True), (8, False)]):
        _core.set_isa(levels[turn % len(levels)])
        _core.force_team(team)
        again = everything(problem, dtype, batch, fused)
        for name, values in first.items():
            for value, other in zip(again[name], values, strict=True):
                np.testing.assert_array_equal(value, other, err_msg=f"{name}, team {team}")
