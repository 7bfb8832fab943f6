"""Short lists of cases in which every pair of values of any two axes occurs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Case = dict[str, Any]
Pair = tuple[tuple[str, Any], tuple[str, Any]]


def pairs_of(case: Case) -> set[Pair]:
    """All pairs of (axis, value) in a case, ordered by axis."""
    return set(itertools.combinations(case.items(), 2))


def pairwise(
    axes: Mapping[str, Sequence[Any]],
    allowed: Callable[[Case], bool] = lambda case: True,
    earlier: Sequence[Case] = (),
) -> list[Case]:
    """A short list of cases in which every allowed pair of values of any two axes occurs.

    Greedy: each case starts from the first pair still missing and takes, axis after axis, the
    value that brings in the most missing pairs, of equals the one used least.  `allowed` is asked
    about partial cases too, and must be able to complete any pair that it allows.
    Pairs that are in cases of an `earlier` list, of the same axes, are not asked for again.
    """
    missing: dict[Pair, None] = {}  # a dict keeps the order
    for (a, a_values), (b, b_values) in itertools.combinations(axes.items(), 2):
        for u, v in itertools.product(a_values, b_values):
            if allowed({a: u, b: v}):
                missing[(a, u), (b, v)] = None
    for case in earlier:
        for pair in pairs_of(case):
            missing.pop(pair, None)
    cases: list[Case] = []
    while missing:
        case = _complete(axes, allowed, dict(next(iter(missing))), missing, cases)
        for pair in pairs_of(case):
            missing.pop(pair, None)
        cases.append(case)
    return cases


def _complete(
    axes: Mapping[str, Sequence[Any]],
    allowed: Callable[[Case], bool],
    case: Case,
    missing: Mapping[Pair, None],
    earlier: Sequence[Case],
) -> Case:
    """Fills the axes that `case` leaves open."""

    def worth(axis: str, value: Any) -> tuple[int, int]:
        trial = {name: {**case, axis: value}[name] for name in axes if name in case or name == axis}
        gain = sum(pair in missing for pair in pairs_of(trial))
        return gain, -sum(other[axis] == value for other in earlier)

    for axis, values in axes.items():
        if axis not in case:
            options = [value for value in values if allowed({**case, axis: value})]
            if not options:
                raise ValueError(f"no value of {axis} goes with {case}")
            case[axis] = max(options, key=lambda value: worth(axis, value))
    return {axis: case[axis] for axis in axes}
