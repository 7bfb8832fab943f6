"""The reference against known answers and against itself, and the list of cases against lamina's."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cases
import pairing
import problems
import reference
import reference_losses
import reference_optimizers
from lamina import _core

KNOWN_ANSWERS = [  # kat_vectors of the authors' Random123, philox4x32 10
    ([0] * 4, (0, 0), [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    (
        [0xFFFFFFFF] * 4,
        (0xFFFFFFFF, 0xFFFFFFFF),
        [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD],
    ),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        (0xA4093822, 0x299F31D0),
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_philox_known_answers(counter: list[int], key: tuple[int, int], expected: list[int]) -> None:
    """The generator is the published one."""
    assert [int(word) for word in reference.philox4x32(counter, key)] == expected


@settings(deadline=None, max_examples=50)
@given(
    seed=st.integers(0, 2**64 - 1),
    shape=st.lists(st.integers(0, 9), min_size=1, max_size=3),
    low=st.floats(-10, 10),
    span=st.floats(0, 10),
)
def test_random_uniform(seed: int, shape: list[int], low: float, span: float) -> None:
    """The native generator draws what the reference draws, bit for bit."""
    native = _core.random_uniform(seed, tuple(shape), low, low + span)
    expected = reference.random_uniform(seed, tuple(shape), low, low + span)
    assert native.dtype == np.float64
    np.testing.assert_array_equal(native, expected)


def test_lists_are_complete() -> None:
    """Whatever lamina offers has a case here and a formula in the reference."""
    names = [entry["name"] for entry in _core.activations()]
    assert sorted(names) == sorted(reference.ACTIVATIONS)
    losses = {loss.name for loss in cases.LOSSES.values()}
    assert sorted(_core.losses()) == sorted(losses) == sorted(reference_losses.LOSSES)
    assert sorted(_core.metrics()) == sorted(cases.METRICS) == sorted(reference.METRICS)
    optimizers = {options["name"] for options in cases.OPTIMIZERS.values()}
    assert sorted(_core.optimizers()) == sorted(optimizers) == sorted(reference_optimizers.OPTIMIZERS)


@settings(deadline=None, max_examples=30)
@given(sizes=st.lists(st.integers(1, 5), min_size=2, max_size=6))
def test_pairwise_covers_every_pair(sizes: list[int]) -> None:
    """Every pair of values of two axes occurs, in fewer cases than all combinations."""
    axes = {f"axis{i}": list(range(size)) for i, size in enumerate(sizes)}
    found = pairing.pairwise(axes)
    assert len(found) <= np.prod(sizes)
    assert found == pairing.pairwise(axes)
    seen = set().union(*(pairing.pairs_of(case) for case in found))
    for (a, a_values), (b, b_values) in itertools.combinations(axes.items(), 2):
        for u, v in itertools.product(a_values, b_values):
            assert ((a, u), (b, v)) in seen


@pytest.mark.parametrize("axes", [cases.gradient_axes(), *cases.training_axes()])
def test_only_meaningless_pairs_are_missing(axes: dict[str, list[Any]]) -> None:
    """In the real lists every pair that makes sense occurs, and no case that does not."""
    found = pairing.pairwise(axes, cases.meaningful)
    assert all(cases.meaningful(case) for case in found)
    seen = set().union(*(pairing.pairs_of(case) for case in found))
    for (a, a_values), (b, b_values) in itertools.combinations(axes.items(), 2):
        for u, v in itertools.product(a_values, b_values):
            assert (((a, u), (b, v)) in seen) == cases.meaningful({a: u, b: v})


@pytest.mark.known_paths
@pytest.mark.parametrize("case", pairing.pairwise(cases.gradient_axes(), cases.meaningful), ids=cases.case_id)
def test_reference_gradients(case: cases.Case) -> None:
    """The reference's gradients against its own losses, at a few elements of each weight."""
    problem = problems.smooth_problem(case)
    network = problem.reference("float64")
    counts = problem.sample_weight
    loss, gradients, _ = network.gradients(problem.x, problem.y, True, counts)
    step = 1e-5
    for number, (w, gradient) in enumerate(zip(network.weights, gradients, strict=True)):
        count = min(w.size, 8)
        chosen = reference.random_uniform(number, (count,), 0, w.size).astype(int)
        for element in chosen:
            value, losses = w.flat[element], []
            for shift in (step, -step):
                w.flat[element] = value + shift
                losses.append(network.loss_of(network.trace(problem.x, True), problem.y, counts)[0])
            w.flat[element] = value
            slope = (losses[0] - losses[1]) / (2 * step)
            scale = max(np.abs(gradient).max(), 1e-3 * max(1, abs(loss)))  # a loss of 100 is rounded to 1e-14
            assert abs(slope - gradient.flat[element]) <= 1e-6 * scale


def test_values_of_the_book() -> None:
    """sigmoid(3), softmax(0, 3, 1, 1) and a penalty, as in Grokking Machine Learning, chapter 10."""
    assert reference.sigmoid(np.array([3.0]))[0] == pytest.approx(0.953, abs=5e-4)
    row = reference.softmax(np.array([[0.0, 3.0, 1.0, 1.0]]))[0]
    np.testing.assert_allclose(row, [0.0377, 0.7573, 0.1025, 0.1025], atol=5e-5)
    network = reference.Network(2, [problems.dense(1, penalty="l1_l2")], "float64")
    network.set_weights([np.array([[3.0], [-4.0]]), np.array([5.0])])
    options = cases.PENALTIES["l1_l2"]
    expected = 7 * options["kernel_l1"] + 25 * options["kernel_l2"]
    assert network.penalty() == pytest.approx(expected, rel=1e-14)
