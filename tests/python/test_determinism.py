"""The same bits at every number of threads, at every instruction set, in every process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import trainings
from lamina import _core

HERE = Path(__file__).resolve().parent
GOLDEN = json.loads((HERE.parent / "golden" / "hashes.json").read_text())
TEAMS = pytest.mark.parametrize(
    "threads", [*(pytest.param(few, marks=pytest.mark.known_paths) for few in (1, 2)), 3, 8]
)
EVERY_TRAINING = [(name, dtype) for name in trainings.TRAININGS for dtype in trainings.DTYPES]


def run_python(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter with these environment variables, in the folder of the tests."""
    environment = {key: value for key, value in os.environ.items() if key != "LAMINA_ISA"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=HERE,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_goldens_are_complete() -> None:
    """Every training has a golden, and every golden a training."""
    assert sorted(GOLDEN) == sorted([*trainings.TRAININGS, "public", "layers"])


@pytest.mark.equal_bits
@TEAMS
@pytest.mark.parametrize("isa", ["scalar", "avx2", "avx512"])
@pytest.mark.parametrize(("name", "dtype"), EVERY_TRAINING)
def test_same_bits(name: str, dtype: str, isa: str, threads: int) -> None:
    """Weights, reports and predictions hash to the golden."""
    if isa not in _core.isas():
        pytest.skip(f"this CPU has no {isa}")
    _core.set_isa(isa)
    _core.force_team(threads)
    assert trainings.train(name, dtype) == GOLDEN[name][dtype]


@pytest.mark.equal_bits
@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize(("name", "dtype"), EVERY_TRAINING)
def test_stored_gradient_gives_the_bits_of_the_fused_one(name: str, dtype: str, threads: int) -> None:
    """A gradient that is stored and then applied, and one that goes straight into the update."""
    _core.force_team(threads)
    assert trainings.train(name, dtype, fused=False) == trainings.train(name, dtype, fused=True)


@pytest.mark.equal_bits
@TEAMS
@pytest.mark.parametrize("isa", ["scalar", "avx2", "avx512"])
@pytest.mark.parametrize("dtype", trainings.DTYPES)
def test_layers(dtype: str, isa: str, threads: int) -> None:
    """Normalizations, noise, penalties and constraints."""
    if isa not in _core.isas():
        pytest.skip(f"this CPU has no {isa}")
    _core.set_isa(isa)
    _core.force_team(threads)
    assert trainings.layer_training(dtype, fused=threads != 3) == GOLDEN["layers"][dtype]


@pytest.mark.equal_bits
@pytest.mark.parametrize("isa", ["scalar", "avx2", "avx512"])
def test_public_training(isa: str) -> None:
    """Initial weights, masks and shuffles all follow from `set_random_seed`."""
    if isa not in _core.isas():
        pytest.skip(f"this CPU has no {isa}")
    _core.set_isa(isa)
    assert trainings.public_training() == GOLDEN["public"]["float32"]


@pytest.mark.equal_bits
@pytest.mark.parametrize("name", ["headline_10", "headline_300", "public"])
@pytest.mark.parametrize(
    "variables",
    [{"OMP_NUM_THREADS": "1"}, {"OMP_NUM_THREADS": "2"}, {"LAMINA_ISA": "scalar"}],
    ids=str,
)
def test_same_bits_in_a_fresh_process(name: str, variables: dict[str, str]) -> None:
    """Nothing depends on what ran before, nor on the number of threads of the process."""
    found = run_python("trainings.py", name, "float32", **variables)
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout) == GOLDEN[name]["float32"]


def test_hash_sees_one_bit() -> None:
    """The hash would notice the smallest change of one weight."""
    network = trainings.problem_of(trainings.TRAININGS["penalties"]).native("float32")
    weights = network.get_weights()
    before = trainings.digest(weights)
    assert trainings.digest(network.get_weights()) == before
    weights[1].view("uint32")[0] ^= 1
    assert trainings.digest(weights) != before


# --------------------------------------------------------------------------------------------
# Choosing the instruction set
# --------------------------------------------------------------------------------------------

SHOW_ISA = "import lamina; from lamina import _core; print(_core.isa())"


@pytest.mark.parametrize("isa", ["scalar", "avx2", "avx512"])
def test_isa_from_the_environment(isa: str) -> None:
    """LAMINA_ISA chooses the level; one that the CPU lacks is refused."""
    found = run_python("-c", SHOW_ISA, LAMINA_ISA=isa)
    if isa in _core.isas():
        assert found.returncode == 0, found.stderr
        assert found.stdout.strip() == isa
    else:
        assert found.returncode != 0
        assert "LAMINA_ISA" in found.stderr
        assert isa in found.stderr


@pytest.mark.parametrize("value", ["sse9", "AVX-512", "avx2 "])
def test_unknown_isa_in_the_environment(value: str) -> None:
    """A name that means nothing is refused, with the variable, the value and what it may be."""
    found = run_python("-c", SHOW_ISA, LAMINA_ISA=value)
    assert found.returncode != 0
    message = found.stderr.strip().splitlines()[-1]
    assert "LAMINA_ISA" in message
    assert value in message
    assert all(isa in message for isa in _core.isas())


def test_unknown_isa() -> None:
    """`set_isa` refuses what it does not know, and nothing changes."""
    before = _core.isa()
    with pytest.raises(ValueError, match="sse9"):
        _core.set_isa("sse9")
    assert _core.isa() == before
    assert _core.isas()[0] == "scalar"
