"""The check of instruction counts: what it complains of, and what it refuses to count."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

import instructions

pytestmark = pytest.mark.known_paths

DIGITS, CIRCLE, _ = instructions.WORKLOADS


def figures(digits: int, circle: int, compiler: str = "gcc 1") -> dict[str, Any]:
    return {"compiler": compiler, "instructions": {DIGITS: {"scalar": digits}, CIRCLE: {"scalar": circle}}}


@pytest.mark.parametrize("digits", [950, 1000, 1050])
def test_counts_within_five_percent_pass(digits: int) -> None:
    assert instructions.compare(figures(digits, 7), figures(1000, 7))[1] == []


def test_a_count_off_by_more_is_named_with_both_figures() -> None:
    _, complaints = instructions.compare(figures(1051, 1889), figures(1000, 2000))
    rise, fall = complaints
    assert rise == f"{DIGITS}, scalar: 1,000 instructions are now 1,051 (+5.1%)"
    assert fall.startswith(f"{CIRCLE}, scalar: 2,000 instructions are now 1,889 (-5.5%); a figure that is too high")


def test_a_missing_figure_is_a_complaint() -> None:
    committed = {"compiler": "gcc 1", "instructions": {CIRCLE: {"scalar": 7}}}
    assert instructions.compare(figures(1, 7), committed)[1] == [f"{DIGITS}, scalar: no figure is committed"]


def test_another_compiler_is_named_and_compared() -> None:
    lines, complaints = instructions.compare(figures(2000, 7, "clang 2"), figures(1000, 7))
    assert "built by clang 2, the figures by gcc 1" in lines[-1]
    assert len(complaints) == 1


def test_the_committed_figures_are_complete() -> None:
    committed = json.loads(instructions.FIGURES.read_text())
    assert set(committed["instructions"]) == set(instructions.WORKLOADS)
    assert all(set(levels) == set(instructions.LEVELS) for levels in committed["instructions"].values())


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build folder, and a valgrind that counts 32,000 at scalar, 320 at AVX2, or what the test says."""
    program = tmp_path / "benchmarks" / "cpp" / "count_steps"
    program.parent.mkdir(parents=True)
    program.touch()
    fake = tmp_path / "bin" / "valgrind"
    fake.parent.mkdir()
    fake.write_text(
        f"#!{sys.executable}\n"
        "import json, os, sys\n"
        "level = os.environ['LAMINA_ISA']\n"
        "output = next(part.partition('=')[2] for part in sys.argv if part.startswith('--callgrind-out-file'))\n"
        "total = os.environ.get('TEST_TOTAL') or {'scalar': 32000, 'avx2': 320}[level]\n"
        "open(output, 'w').write(f'events: Ir\\ntotals: {total}\\n')\n"
        "print(json.dumps({'level': os.environ.get('TEST_LEVEL', level), 'compiler': 'gcc 1'}))\n"
        "sys.exit(os.environ.get('TEST_FAILURE'))\n"
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(fake.parent), prepend=os.pathsep)
    monkeypatch.setattr(instructions, "FIGURES", tmp_path / "figures.json")
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *options: object) -> None:
    monkeypatch.setattr(sys, "argv", ["instructions.py", *map(str, options)])
    instructions.main()


def test_figures_are_renewed_and_then_hold(build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match=f"no figure is committed\n.*instructions.py {build} --renew"):
        run(monkeypatch, build)
    run(monkeypatch, build, "--renew")
    run(monkeypatch, build)
    assert json.loads(instructions.FIGURES.read_text()) == {
        "compiler": "gcc 1",
        "instructions": {workload: {"scalar": 2000, "avx2": 20} for workload in instructions.WORKLOADS},
    }
    monkeypatch.setenv("TEST_TOTAL", "32000")
    with pytest.raises(SystemExit, match="avx2: 20 instructions are now 2,000"):
        run(monkeypatch, build)


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("TEST_LEVEL", "avx512", "avx512 ran in place of scalar"),
        ("TEST_TOTAL", "0", "no call of counted_steps"),
        ("TEST_FAILURE", "no luck", "scalar: no luck"),
        ("PATH", "/nowhere", "valgrind is not installed"),
    ],
)
def test_what_does_not_count_is_refused(
    build: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit, match=words):
        run(monkeypatch, build, "--renew")
    assert not instructions.FIGURES.exists()
