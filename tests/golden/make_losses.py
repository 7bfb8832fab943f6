"""Makes losses.json: what Keras 3 on TensorFlow gets from the losses and reductions below, alone and in training.

Needs tensorflow and keras, which the tests do not, and lamina::

    python tests/golden/make_losses.py

Each case is called on outputs with and without sample weights, and trains a small network for 20 steps in float64,
from the weights and on the data that ``loss_problems.make`` makes.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "python"))

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow  # noqa: E402

import loss_problems  # noqa: E402


def called(case: loss_problems.LossCase, reduction: str | None) -> list[Any]:
    """The loss of outputs that are probabilities, then with sample weights."""
    problem = loss_problems.make(case)
    loss = getattr(keras.losses, case.name)(**{**case.config, "reduction": reduction})
    found = [loss(problem.y, problem.outputs), loss(problem.y, problem.outputs, problem.sample_weight)]
    return [np.asarray(value).tolist() for value in found]


def function_values(case: loss_problems.LossCase) -> Any:
    """What the function of that name gives."""
    problem = loss_problems.make(case)
    options = {key: value for key, value in case.config.items() if key not in ("reduction", "name")}
    name = loss_problems.function_name(case)
    return np.asarray(
        getattr(keras.losses, name)(keras.ops.convert_to_tensor(problem.y), problem.outputs, **options)
    ).tolist()


def trained(case: loss_problems.LossCase, weighted: bool) -> dict[str, Any]:
    """A training of 20 steps, its history, and evaluations in batches, all with sample weights or without."""
    problem = loss_problems.make(case)
    counts = problem.sample_weight if weighted else None
    penalty = keras.regularizers.L2(loss_problems.PENALTY)
    model = keras.Sequential(
        [
            keras.Input((problem.x.shape[1],)),
            keras.layers.Dense(5, "tanh", kernel_regularizer=penalty),
            keras.layers.Dense(problem.units, case.head),
        ]
    )
    model.set_weights(problem.weights)
    model.compile(keras.optimizers.SGD(loss_problems.RATE), getattr(keras.losses, case.name)(**case.config))
    fit = model.fit(
        problem.x, problem.y, loss_problems.BATCH, loss_problems.EPOCHS, 0, shuffle=False, sample_weight=counts
    )
    weights = [w.ravel().tolist() for w in model.get_weights()]
    evaluations = [
        model.evaluate(problem.x, problem.y, size, 0, sample_weight=counts) for size in loss_problems.BATCHES
    ]
    if not np.isfinite([*fit.history["loss"], *np.concatenate(weights), *evaluations]).all():
        raise SystemExit(f"not finite: {case}")
    return {"history": fit.history["loss"], "weights": weights, "evaluations": evaluations}


def main() -> None:
    """Writes losses.json beside this file."""
    keras.config.set_floatx("float64")
    results = []
    for case in loss_problems.CASES:
        print(loss_problems.case_id(case), flush=True)
        result: dict[str, Any] = {"case": loss_problems.case_id(case), "trained": trained(case, False)}
        result["weighted"] = trained(case, True)
        if case.head not in loss_problems.LOGITS:
            result["called"] = {str(reduction): called(case, reduction) for reduction in loss_problems.REDUCTIONS}
            result["function"] = function_values(case)
        results.append(result)
        keras.backend.clear_session()
    header = {"made_by": {"keras": keras.__version__, "tensorflow": tensorflow.__version__}}
    lines = ",\n".join(json.dumps(result, separators=(",", ":")) for result in results)
    (HERE / "losses.json").write_text(json.dumps(header)[:-1] + f', "results": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
