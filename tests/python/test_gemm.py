"""Who computes large matrix products: how it is chosen, and what a BLAS makes of gradients and trainings."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import lamina
import problems
from lamina import _core, config
from lamina.testing import check_gradients

BLAS = _core.build_info()["blas"]
needs_blas = pytest.mark.skipif(BLAS == "none", reason="this build has no BLAS: -Ccmake.define.LAMINA_BLAS=ON")
both_types = pytest.mark.parametrize("dtype", ["float32", "float64"])
REMEDY = "-Ccmake.define.LAMINA_BLAS=ON"

# --- choosing ---------------------------------------------------------------------------------------------------------


def started_with(value: str | None) -> subprocess.CompletedProcess[str]:
    """What a fresh process says that LAMINA_GEMM=value chose."""
    environment = {key: text for key, text in os.environ.items() if key != "LAMINA_GEMM"}
    environment |= {} if value is None else {"LAMINA_GEMM": value}
    command = [sys.executable, "-c", "import lamina; print(lamina.config.get_gemm())"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("value", [None, "", "native"])
def test_native_is_the_default(value: str | None) -> None:
    assert started_with(value).stdout == "native\n"


@needs_blas
def test_blas_by_the_environment_and_by_a_call() -> None:
    assert started_with("blas").stdout == "blas\n"
    config.set_gemm("blas")
    assert config.get_gemm() == "blas"
    config.set_gemm("native")
    assert config.get_gemm() == "native"


@pytest.mark.skipif(BLAS != "none", reason="this build has a BLAS")
def test_blas_that_is_not_there() -> None:
    with pytest.raises(RuntimeError, match=rf"set_gemm.name='blas'.*{REMEDY}"):
        config.set_gemm("blas")
    assert config.get_gemm() == "native"
    found = started_with("blas")
    assert found.returncode != 0
    assert "RuntimeError: LAMINA_GEMM=blas" in found.stderr
    assert REMEDY in found.stderr


def test_unknown_names() -> None:
    before = config.get_gemm()
    with pytest.raises(ValueError, match=r"name='mkl'.*native or blas"):
        config.set_gemm("mkl")
    with pytest.raises(TypeError, match="name=None"):
        config.set_gemm(None)
    assert config.get_gemm() == before
    found = started_with("mkl")
    assert "ValueError: LAMINA_GEMM=mkl" in found.stderr


def test_a_wrong_variable_is_refused_before_anything_runs() -> None:
    code = (
        "import numpy as np\n"
        "from lamina.layers import Dense\n"
        "from lamina.models import Sequential\n"
        "model = Sequential([Dense(2, input_shape=(3,))])\n"
        "model.compile('sgd', 'mse')\n"
        "before = model.get_weights()[0]\n"
        "try:\n"
        "    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)\n"
        "except ValueError as error:\n"
        "    print(error, np.array_equal(before, model.get_weights()[0]))\n"
    )
    environment = {**os.environ, "LAMINA_GEMM": "mkl"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("LAMINA_GEMM=mkl")
    assert done.stdout.endswith("True\n")


def test_show_config_names_backend_and_library(capsys: pytest.CaptureFixture[str]) -> None:
    lamina.show_config()
    rows = dict(line.split("  ", 1) for line in capsys.readouterr().out.splitlines())
    rows = {name.strip(): value.strip() for name, value in rows.items()}
    assert rows["blas"] == BLAS
    assert rows["matrix products"] == config.get_gemm()


# --- numbers ----------------------------------------------------------------------------------------------------------


def large_problem(batch: int, units: int = 96) -> problems.Problem:
    """Three dense layers whose products are all large, with ragged last panels and a partial batch."""
    case = {
        "loss": "sparse_categorical_crossentropy", "head": ("softmax",), "depth": 3, "hidden": ("tanh",),
        "penalty": "all", "dropout": "hidden", "use_bias": True, "inputs": 70, "units": units, "outputs": 40,
    }  # fmt: skip
    return problems.make_problem(case, 2 * batch + 5, problems.seed_of(case), "adam")


def close(found: Any, expected: Any, dtype: str) -> None:
    """To the precision of the type, relative to the largest."""
    tolerance = 1e-11 if dtype == "float64" else 3e-4
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * max(np.abs(expected).max(), 1e-3))


@needs_blas
@both_types
@pytest.mark.parametrize("rows", [32, 100, 700])
def test_gradients_against_the_reference(rows: int, dtype: str) -> None:
    """Both layouts: rows in one piece up to 32 of them, panels beyond."""
    config.set_gemm("blas")
    problem = large_problem(300)
    x, y = problem.x[:rows], problem.y[:rows]
    expected_loss, expected, _ = problem.reference("float64").gradients(x, y, True)
    network = problem.native(dtype)
    loss, gradients = network.gradients(x.astype(dtype), y, True)
    assert loss == pytest.approx(expected_loss, rel=1e-12 if dtype == "float64" else 1e-5)
    for g, e in zip(gradients, expected, strict=True):
        close(g, e, dtype)


@needs_blas
def test_gradients_against_central_differences() -> None:
    config.set_gemm("blas")
    problem = large_problem(20)
    model = problem.sequential("float64")
    model.compile(problem.public_optimizer(), problem.public_loss())
    assert check_gradients(model, problem.x, problem.public_targets(), True, elements=32) <= 1e-6


def trained(problem: problems.Problem, batch: int, dtype: str, fused: bool = True) -> Any:
    """The native network after three epochs."""
    network = problem.native(dtype)
    network.fused = fused
    trainer = _core.Trainer(network, problem.x.astype(dtype), problem.targets(dtype), batch, True, 5)
    for _ in range(3):
        trainer.begin_epoch()
        while not trainer.finished:
            trainer.advance(7, 60.0)
    assert not trainer.diverged
    return network


@needs_blas
@both_types
@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("batch", [32, 90, 300])
def test_trainings_against_the_reference(batch: int, fused: bool, dtype: str) -> None:
    """Weights, an evaluation and predictions after three epochs of Adam."""
    config.set_gemm("blas")
    problem = large_problem(batch)
    truth = problem.reference("float64")
    truth.fit(problem.x, problem.y, batch, 3, True, 5)
    network = trained(problem, batch, dtype, fused)
    for w, t in zip(network.get_weights(), truth.weights, strict=True):
        close(w, t, dtype)
    x = problem.x.astype(dtype)
    close(network.predict(x), truth.predict(problem.x), dtype)
    close(network.evaluate(x, problem.targets(dtype), None, len(x)), truth.evaluate(problem.x, problem.y), dtype)


@needs_blas
def test_the_switch_switches() -> None:
    """The sums of BLAS have other last bits than the native ones, which come back with them."""
    problem = large_problem(90, units=256)
    weights = {}
    for turn, name in enumerate(["native", "blas", "native"]):
        config.set_gemm(name)
        weights[turn] = trained(problem, 90, "float32").get_weights()
    assert all(map(np.array_equal, weights[0], weights[2]))
    assert not all(map(np.array_equal, weights[0], weights[1]))
