"""Makes differential.json: what Keras 3 on TensorFlow gets from the trainings in tests/python/differential.py.

Needs tensorflow and keras, which the tests do not::

    python tests/golden/make_differential.py

A case is trained in float64, of which the file keeps everything, and in float32, of which it keeps how far each weight
is from that: no other arithmetic can be asked to be nearer. A case whose float32 and float64 are far apart says nothing
of a library, so the next seed takes its place. Arrays are base64 of little-endian float64.

Only cases that the file lacks are trained: delete it to make all anew, as after a change of what a name stands for.
"""

from __future__ import annotations

import base64
import json
import multiprocessing
import os
import sys
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
HERE = Path(__file__).resolve().parent
FILE = HERE / "differential.json"
sys.path.insert(0, str(HERE.parent / "python"))

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow  # noqa: E402
from exact_ops import ExactOps  # noqa: E402
from keras.src.optimizers import nadam  # noqa: E402

import differential  # noqa: E402


class Sequential(keras.Sequential):
    """Without XLA, whose compiling takes longer than everything else here."""

    def compile(self, *arguments: Any, **options: Any) -> None:
        super().compile(*arguments, jit_compile=False, **options)


MADE_BY = {"keras": keras.__version__, "tensorflow": tensorflow.__version__}
KERAS = differential.Library(keras, lambda dtype: Sequential())


def packed(values: Any) -> str:
    """Return an array as text."""
    return base64.b64encode(np.asarray(values, "<f8").tobytes()).decode()


def start(dtype: str) -> None:
    """Have Keras forget what was, and compute in a type."""
    keras.backend.clear_session()
    keras.config.set_floatx(dtype)
    nadam.ops = ExactOps() if dtype == "float64" else keras.ops


def trained(case: differential.Case, dtype: str, seed: int) -> differential.Result:
    """Train a case in Keras."""
    start(dtype)
    return differential.train(KERAS, case, dtype, seed)


def run(task: tuple[int, differential.Case]) -> dict[str, Any]:
    """Train one case with the first seed with which it is well conditioned."""
    number, case = task
    tensorflow.config.threading.set_intra_op_parallelism_threads(1)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    for seed in range(number, number + 100_000, 1000):
        exact = trained(case, "float64", seed)
        evaluation = exact.evaluate()
        rough = trained(case, "float32", seed)
        distances = [differential.distance(*pair) for pair in zip(rough.weights, exact.weights, strict=True)]
        if max(distances) < differential.WELL_CONDITIONED:
            break
    else:
        raise SystemExit(f"never well conditioned: {case}")
    return {
        "case": list(case.values()),
        "seed": seed,
        "keys": list(exact.history),
        "history": packed(list(exact.history.values())),
        "evaluate": packed([evaluation[key] for key in sorted(evaluation)]),
        "weights": packed(np.concatenate([weight.ravel() for weight in exact.weights])),
        "float32": [float(f"{distance:.3g}") for distance in distances],
    }


def kept() -> dict[int, dict[str, Any]]:
    """Return the results of the same libraries that the file has, by the numbers of their cases."""
    before = json.loads(FILE.read_text()) if FILE.exists() else {}
    if before.get("made_by") != MADE_BY:
        return {}
    cases = [list(case.values()) for case in differential.cases()]
    return {i: old for i, (old, case) in enumerate(zip(before["results"], cases, strict=False)) if old["case"] == case}


def main() -> None:
    """Writes differential.json beside this file."""
    cases = differential.cases()
    results = kept()
    tasks = [(number, case) for number, case in enumerate(cases) if number not in results]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        for (number, _), result in zip(tasks, pool.imap(run, tasks), strict=True):
            print(f"{number + 1}/{len(cases)} {' '.join(result['case'])} seed {result['seed']}", flush=True)
            results[number] = result
    lines = ",\n".join(json.dumps(results[number], separators=(",", ":")) for number in sorted(results))
    FILE.write_text(f'{{"made_by": {json.dumps(MADE_BY)}, "results": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
