"""The comparison with rivals: which pairs count, what a failure becomes, and what the table says."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from compare import Rivals
from lamina import _core
from pairs import ATTEMPTS_PER_PAIR, PROGRAMS, Pair, ProgramError, Runner, compare, summarise
from table import HEADINGS, duration, to_markdown
from workloads import LAMINA, RIVALS, WORKLOADS

pytestmark = pytest.mark.known_paths

RIVAL = RIVALS["training"][0]
WORKLOAD = WORKLOADS["circle"]


def figures(seconds: float) -> dict[str, float]:
    return {"seconds": seconds, "gflop_per_second": 1e-3 / seconds}


class ScriptedRunner(Runner):
    """A runner whose figures are given: lamina takes 1 ms, the rival 4, 5, 6... ms; the peaks as listed."""

    def __init__(self, peaks: Iterator[float]) -> None:
        self.peaks = peaks
        self.calls = 0

    def core(self) -> dict[str, Any]:
        return {"peak": next(self.peaks)}

    def lamina(self, workload: Any) -> dict[str, Any]:
        return figures(1e-3)

    def measure(self, *given: Any) -> dict[str, Any]:
        self.calls += 1
        return figures((3 + self.calls) * 1e-3)


@pytest.fixture
def runner() -> Iterator[Runner]:
    """The real one, which pins its process to CPUs; put back afterwards."""
    before = os.sched_getaffinity(0)
    yield Runner(1, {min(before)}, 1)
    os.sched_setaffinity(0, before)


def test_only_steady_pairs_count() -> None:
    rival_ms = [2, 500, 4, 8, 500]
    peaks = [(100, 104), (104, 110), (110, 105), (105, 105), (105, 99)]
    pairs = [Pair(figures(1e-3), figures(ms * 1e-3), moved) for ms, moved in zip(rival_ms, peaks, strict=True)]
    found = summarise(pairs)
    assert [run["kept"] for run in found["runs"]] == [True, False, True, True, False]
    assert found["pairs"] == 3
    assert [found["min"], found["median"], found["max"]] == pytest.approx([1 / 8, 1 / 4, 1 / 2])
    assert found["rival_seconds"] == pytest.approx(4e-3)
    assert found["share_of_peak"] == pytest.approx(1 / 105)  # of 102, 107.5 and 105 GFLOP/s


def test_discarded_pairs_are_run_again() -> None:
    found = compare(ScriptedRunner(iter([100, 100, 50, 50, 52])), WORKLOAD, RIVAL, "python", 3)
    assert [run["kept"] for run in found["runs"]] == [True, False, True, True]
    assert found["median"] == pytest.approx(1 / 6)


def test_an_unsteady_machine_ends_the_comparison() -> None:
    found = compare(ScriptedRunner(100.0 * 1.1**n for n in range(99)), WORKLOAD, RIVAL, "python", 2)
    assert found["pairs"] == 0
    assert len(found["runs"]) == 2 * ATTEMPTS_PER_PAIR
    assert "median" not in found


def test_a_failing_program_gives_its_last_words(runner: Runner) -> None:
    with pytest.raises(ProgramError, match="exit status 1: ValueError: no luck"):
        runner.run([sys.executable, "-c", "print('{}'); raise ValueError('no luck')"])
    with pytest.raises(ProgramError, match="printed no result"):
        runner.run([sys.executable, "-c", "print('no figures')"])
    with pytest.raises(ProgramError, match="No such file"):
        runner.run(["/no/python", "-c", ""])


def test_the_last_line_is_the_result(runner: Runner) -> None:
    code = "import os; print('noise'); print('{\"threads\":', os.environ['OMP_NUM_THREADS'], '}')"
    result, seconds = runner.run([sys.executable, "-c", code])
    assert result == {"threads": 1}
    assert seconds > 0


def test_a_rival_without_blas_says_so(runner: Runner) -> None:
    """The rival that is lamina with BLAS asks its build before it is timed."""
    rival = next(rival for rival in RIVALS["training"] if rival.name == "blas")
    rivals = Rivals(runner, {rival.python: sys.executable}, [rival.name])
    assert rivals.of("training") == [rival]
    problem = rivals.problem(rival)
    if _core.build_info()["blas"] == "none":
        assert problem is not None
        assert "LAMINA_GEMM=blas: this build has no BLAS" in problem
    else:
        assert problem is None
    unnamed = Rivals(runner, {rival.python: None}, [rival.name]).problem(rival)
    assert unnamed == "missing: no --blas-python or LAMINA_BLAS_PYTHON"


def test_every_program_is_there() -> None:
    assert set(LAMINA) == set(RIVALS) == {workload.kind for workload in WORKLOADS.values()}
    commands = [*LAMINA.values(), *(rival.command for rivals in RIVALS.values() for rival in rivals)]
    assert {command.split()[0] for command in commands} <= {path.name for path in PROGRAMS.glob("*.py")}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (2.0e-6, "2.00 µs"),
        (53.21e-6, "53.2 µs"),
        (9.9e-4, "990 µs"),
        (1.656e-3, "1.66 ms"),
        (0.4, "400 ms"),
        (61, "61.0 s"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_table_says_what_is_known_and_what_is_missing() -> None:
    steady = compare(ScriptedRunner(iter([100, 100, 101, 102])), WORKLOAD, RIVAL, "python", 3)
    unsteady = compare(ScriptedRunner(100.0 * 1.1**n for n in range(99)), WORKLOAD, RIVAL, "python", 3)
    items = [
        {
            "name": "circle",
            "title": "small",
            "alone": figures(1e-3) | {"share_of_peak": 0.25, "memory_over_numpy_and_data_mib": 7.2},
            "rivals": [
                {"rival": "first"} | steady,
                {"rival": "second"} | unsteady,
                {"rival": "third", "problem": "failed: a | b"},
            ],
        },
        {"name": "mnist-10", "title": "digits", "alone": {"problem": "skipped: no data"}, "rivals": []},
    ]
    machine = {"cpu": "a CPU", "isa": "avx2", "threads": 2, "cpus": [0, 1], "system": "x", "python": "3", "peak": 99}
    report = {"date": "today", "machine": machine, "versions": {"a": ["1", "2"]}, "pairs": 3, "workloads": items}
    lines = to_markdown(report).splitlines()
    assert "peak 99 to 314 GFLOP/s" in lines[0]
    assert "Versions: a 1 and 2." in lines
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines if line.startswith("|")]
    assert len({tuple(map(len, row[:-1])) for row in rows}) == 1, "the columns are aligned"
    header, _, *body = [[cell.strip() for cell in row] for row in rows]
    assert header == list(HEADINGS)
    assert body == [
        ["circle", "(lamina alone)", "1.00 ms", "", "", "", "25%", "memory over NumPy and data: 7 MiB"],
        ["circle", "first", "1.00 ms", "5.00 ms", "0.2 (0.167 to 0.25)", "3 of 3", "1%", ""],
        ["circle", "second", "", "", "", "0 of 12", "", "unsteady machine: the peak moved during 12 of 12 pairs"],
        ["circle", "third", "", "", "", "", "", r"failed: a \| b"],
        ["mnist-10", "(all)", "", "", "", "", "", "skipped: no data"],
    ]
