"""Makes keras.json: what Keras 3 on TensorFlow gets from the configurations below.

Needs tensorflow and keras, which the tests do not, and lamina for its list of activations::

    python tests/golden/make_keras.py

Every configuration trains 50 steps in float64 from the weights and on the data that
``problems.make_problem`` makes, without shuffling and without dropout; the file keeps the reported
losses and metrics, the final weights, an evaluation and a few predictions.
"""

from __future__ import annotations

import functools
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

import cases  # noqa: E402
import pairing  # noqa: E402
import problems  # noqa: E402
from lamina import losses  # noqa: E402

ROWS, BATCH, EPOCHS = 23, 5, 10
LINEAR, RELU, LEAKY, TANH, SOFTMAX = (
    ("linear",),
    ("relu", 0.0, np.inf, 0.0),
    ("leaky_relu", 0.25),
    ("tanh",),
    ("softmax",),
)
SIGMOID = ("sigmoid",)
SHARED: dict[str, list[Any]] = {
    "depth": [1, 2, 3],
    "penalty": ["none", "l1_l2", "all"],
    "layers": list(cases.LAYERS),
    "use_bias": [True, False],
    "inputs": [4],
    "units": [5, None],
    "outputs": [1, 2, 3],
    "dropout": ["none"],
    "form": ["argument", "layer"],
}
SPECIAL: list[dict[str, Any]] = [
    # Weights, inputs and biases that are exactly 0: what a derivative is at a kink.
    {"loss": "mean_absolute_error", "hidden": RELU, "penalty": "all", "twist": "zeros"},
    {"loss": "mean_squared_error", "hidden": LEAKY, "penalty": "l1", "twist": "zeros"},
    # Targets whose rows do not sum to 1: the derivative stays softmax - target.
    {"loss": "categorical_crossentropy", "head": SOFTMAX, "twist": "multi_hot"},
    {"loss": "categorical_crossentropy", "head": TANH, "twist": "multi_hot"},
    # Targets (n,) against outputs (n, 1).
    {"loss": "binary_crossentropy", "head": SIGMOID, "outputs": 1, "twist": "flat"},
    {"loss": "mean_squared_error", "outputs": 1, "twist": "flat"},
    # Logits far out: losses stay finite.
    {"loss": "sparse_categorical_crossentropy", "head": SIGMOID, "twist": "large"},
    {"loss": "binary_crossentropy", "head": SOFTMAX, "twist": "large"},
]
PLAIN = {
    "loss": "", "head": LINEAR, "depth": 2, "hidden": TANH, "optimizer": "sgd", "penalty": "none",
    "layers": "none", "use_bias": True, "inputs": 4, "units": 5, "outputs": 3, "dropout": "none", "form": "argument",
}  # fmt: skip


def keras_model(problem: problems.Problem, form: str) -> keras.Sequential:
    """The same layers in Keras; the activation inside the Dense or as a layer of its own."""
    model = keras.Sequential([keras.Input((problem.inputs,))])
    layers = list(problem.layers)
    while layers:
        layer = layers.pop(0)
        if layer["type"] == "prelu":
            penalty = keras.regularizers.L1L2(**layer["weights"][0])
            model.add(keras.layers.PReLU(alpha_regularizer=penalty))
        elif layer["type"] == "rescaling":
            model.add(keras.layers.Rescaling(layer["scale"], layer["offset"]))
        elif layer["type"] == "reshape":
            times, columns = layer["times"], layer["units"]
            model.add(keras.layers.Reshape((times, columns) if times > 1 else (columns,)))
        else:
            function = None
            if layers and layers[0]["type"] == "activation":
                function = keras_activation(layers.pop(0))
            model.add(
                keras.layers.Dense(
                    layer["units"],
                    use_bias=layer["use_bias"],
                    kernel_regularizer=keras.regularizers.L1L2(**layer["weights"][0]),
                    bias_regularizer=keras.regularizers.L1L2(**layer["weights"][1]),
                    activation=function if form == "argument" else None,
                )
            )
            if function is not None and form == "layer":
                model.add(keras.layers.Activation(function))
    return model


def keras_activation(layer: dict[str, Any]) -> Any:
    """The function of that name, with its parameters where it has some."""
    public = problems.public_activation(layer)
    if isinstance(public, str):
        return public
    if layer["name"] == "gelu" and not layer["parameters"][0]:
        # TensorFlow's own rounds the root of 2 to float32, whatever the type.
        root = np.sqrt(2.0)
        return lambda z: 0.5 * z * (1 + keras.ops.erf(z / keras.ops.convert_to_tensor(root, z.dtype)))
    function = getattr(keras.activations, public.pop("name"))
    return lambda z: function(z, **public)


def keras_optimizer(options: dict[str, Any]) -> keras.optimizers.Optimizer:
    """The optimizer with these options."""
    return keras.optimizers.get({"class_name": options["name"], "config": problems.options_of(options)})


def keras_loss(options: dict[str, Any]) -> Any:
    """The loss function with these options; the name where there are none; an object for options of the rows."""
    options = dict(options)
    name = options.pop("name")
    if name == "log_cosh":
        return log_cosh
    if options.pop("sum", False):
        return getattr(keras.losses, type(losses.get(name)).__name__)(**options, reduction="sum")
    if "ignore_class" in options:
        return keras.losses.SparseCategoricalCrossentropy(**options)
    if name == "categorical_generalized_cross_entropy":  # which has no name in Keras
        return keras.losses.CategoricalGeneralizedCrossEntropy(**options)
    return functools.partial(getattr(keras.losses, name), **options) if options else name


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """Keras's loss, which subtracts log 2 rounded to float32 in a float64 model too, without that rounding."""
    return keras.losses.log_cosh(y_true, y_pred) + (float(np.float32(np.log(2))) - np.log(2))


def run(case: dict[str, Any]) -> dict[str, Any]:
    """Trains one configuration and returns what is kept of it."""
    problem = problems.golden_problem(case, ROWS)
    model = keras_model(problem, case["form"])
    model.set_weights(problem.weights)
    metrics = ["accuracy", *(name for name in problem.metrics if "accuracy" not in name)]
    if case.get("twist") == "zeros":
        metrics.remove("accuracy")  # equal outputs: rounding decides which is the largest
    model.compile(optimizer=keras_optimizer(problem.optimizer), loss=keras_loss(problem.loss), metrics=list(metrics))
    y = problem.y[:, 0] if case.get("twist") == "flat" else problem.public_targets()
    fit = model.fit(problem.x, y, batch_size=BATCH, epochs=EPOCHS, shuffle=False, verbose=0)
    keys = ["loss", *metrics]
    evaluation = model.evaluate(problem.x, y, batch_size=ROWS, verbose=0, return_dict=True)
    result = {
        "case": case,
        "metrics": metrics,
        "history": [[fit.history[key][epoch] for key in keys] for epoch in range(EPOCHS)],
        "evaluate": [evaluation[key] for key in keys],
        "weights": [w.ravel().tolist() for w in model.get_weights()],
        "predict": model.predict(problem.x[:3], verbose=0).tolist(),
    }
    numbers = [*np.ravel(result["history"]), *np.concatenate(result["weights"])]
    if not np.isfinite(numbers).all():
        raise SystemExit(f"not finite: {cases.case_id(case)}")
    return result


def main() -> None:
    """Writes keras.json beside this file."""
    keras.config.set_floatx("float64")
    configurations = [
        case for parts in cases.chosen_parts() for case in pairing.pairwise({**parts, **SHARED}, cases.meaningful)
    ]
    configurations += [{**PLAIN, **special} for special in SPECIAL]
    for case in configurations:  # found at once, not after many minutes
        problem = problems.golden_problem(case, ROWS)
        history = problem.reference("float64").fit(problem.x, problem.y, BATCH, EPOCHS, shuffle=False, seed=0)
        if not np.isfinite(history).all():
            raise SystemExit(f"not finite: {cases.case_id(case)}")
    results = []
    for number, case in enumerate(configurations):
        print(f"{number + 1}/{len(configurations)} {cases.case_id(case)}", flush=True)
        results.append(run(case))
        keras.backend.clear_session()
    made_by = {"keras": keras.__version__, "tensorflow": tensorflow.__version__}
    header = {"made_by": made_by, "batch_size": BATCH, "epochs": EPOCHS, "rows": ROWS}
    lines = ",\n".join(json.dumps(result, separators=(",", ":")) for result in results)
    text = json.dumps(header)[:-1] + f', "results": [\n{lines}\n]}}\n'
    (HERE / "keras.json").write_text(text)


if __name__ == "__main__":
    main()
