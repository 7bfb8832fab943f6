"""Makes metrics.json: what Keras 3 on TensorFlow reports of the fits in tests/python/weighted_fits.py, and what its
metrics are of the batches in tests/python/metric_cases.py.

Needs tensorflow and keras, which the tests do not, and lamina for its list of activations::

    python tests/golden/make_metrics.py

Each trains in float64 from the weights and on the data of its problem; the file keeps the history with its keys, the
final weights, and an evaluation with sample weights.
"""

from __future__ import annotations

import json
from typing import Any

import make_keras
import numpy
from make_keras import keras  # sets the backend before it imports it

import metric_cases
import weighted_fits


def run(fit: weighted_fits.Fit) -> dict[str, Any]:
    """Trains once and returns what is kept of it."""
    problem, arguments = weighted_fits.arguments(fit)
    model = make_keras.keras_model(problem, "argument")
    model.set_weights(problem.weights)
    model.compile(
        optimizer=make_keras.keras_optimizer(problem.optimizer),
        loss=make_keras.keras_loss(problem.loss),
        metrics=weighted_fits.made(fit.metrics, keras.metrics),
        weighted_metrics=weighted_fits.made(fit.weighted_metrics, keras.metrics),
    )
    history = model.fit(**arguments).history
    evaluation = model.evaluate(
        arguments["x"],
        arguments["y"],
        batch_size=weighted_fits.BATCH,
        verbose=0,
        sample_weight=problem.weights_of_samples("float64"),
        return_dict=True,
    )
    return {
        "history": history,
        "evaluate": evaluation,
        "weights": [w.ravel().tolist() for w in model.get_weights()],
    }


def values(case: metric_cases.Case) -> list[Any]:
    """Returns a metric's value after each batch."""
    metric = getattr(keras.metrics, case.metric)(**case.arguments)
    found = []
    for y_true, y_pred, sample_weight in metric_cases.batches(case):
        if "TopK" in case.metric:  # TensorFlow has no other kernel
            y_pred = y_pred.astype("float32")
        metric.update_state(y_true, y_pred, sample_weight)
        found.append(numpy.asarray(metric.result(), numpy.float64).tolist())
    return found


def main() -> None:
    """Writes metrics.json beside this file."""
    keras.config.set_floatx("float64")
    fits = {}
    for name, fit in weighted_fits.FITS.items():
        print(name, flush=True)
        fits[name] = run(fit)
        keras.backend.clear_session()
    made_by = {"keras": keras.__version__, "tensorflow": make_keras.tensorflow.__version__}
    alone = ",\n".join(f"{json.dumps(name)}: {json.dumps(values(case))}" for name, case in metric_cases.CASES.items())
    lines = ",\n".join(
        f"{json.dumps(name)}: {json.dumps(fit, separators=(',', ':'), default=lambda a: numpy.asarray(a).tolist())}"
        for name, fit in fits.items()
    )
    text = json.dumps({"made_by": made_by})[:-1] + f', "fits": {{\n{lines}\n}}, "alone": {{\n{alone}\n}}}}\n'
    (make_keras.HERE / "metrics.json").write_text(text)


if __name__ == "__main__":
    main()
