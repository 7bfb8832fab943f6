"""Short whole trainings that must give the same bits everywhere, and their hashes.

Run as a script, ``python trainings.py NAME DTYPE``, it prints the hashes of one of them.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

import cases
import problems
import reference

RELU, TANH, LEAKY = ("relu",), ("tanh",), ("leaky_relu", 0.2)
SIGMOID, SOFTMAX, LINEAR = ("sigmoid",), ("softmax",), ("linear",)
SEED = 2**40 + 7
DTYPES = ("float32", "float64")


def _case(**changes: Any) -> cases.Case:
    """A net of odd widths, changed where it matters."""
    return {
        "loss": "sparse_categorical_crossentropy", "head": SOFTMAX, "hidden": RELU,
        "widths": (7, 33, 65, 3), "optimizer": "adam", "penalty": "none", "rate": 0.0, "input_rate": 0.0,
        "use_bias": True, "batch": 10, "rows": 47, "epochs": 2, "bytes": False, "first": [], **changes,
    }  # fmt: skip


def _every_activation() -> dict[str, cases.Case]:
    """A short training through each, between layers; those with parameters twice."""
    found: dict[str, cases.Case] = {}
    for function in cases.activations():
        name = f"activation_{function[0]}"
        name += "_other" if name in found else ""
        found[name] = _case(hidden=function, head=LINEAR, loss="mean_squared_error", widths=(7, 33, 3), rows=23)
    return found


def _every_optimizer() -> dict[str, cases.Case]:
    """A short training by each, biases and penalties included."""
    return {
        f"optimizer_{name}": _case(optimizer=name, widths=(7, 33, 3), rows=23, penalty="all")
        for name in cases.OPTIMIZERS
    }


HEADLINE = {"widths": (784, 128, 64, 10), "rate": 0.2, "bytes": True}
TRAININGS: dict[str, cases.Case] = {
    "headline_10": _case(**HEADLINE, batch=10, rows=36),
    "headline_128": _case(**HEADLINE, batch=128, rows=300, epochs=1),
    "headline_300": _case(**HEADLINE, batch=300, rows=310, epochs=1),
    "headline_one_hot": _case(**HEADLINE | {"bytes": False}, loss="categorical_crossentropy", batch=32, rows=70),
    "wide_segments": _case(widths=(600, 300, 520, 4), hidden=TANH, batch=270, rows=280, epochs=1),
    "penalties": _case(penalty="all", hidden=TANH, optimizer="momentum"),
    "bias_penalty": _case(penalty="bias_l1", widths=(270, 3, 3, 2), optimizer="sgd", epochs=8, input_rate=0.3),
    "no_bias": _case(use_bias=False, head=LINEAR, loss="mean_squared_error", optimizer="sgd"),
    "dropout": _case(rate=0.5, hidden=LEAKY, optimizer="nesterov", batch=33, rows=100),
    "binary": _case(loss="binary_crossentropy", head=SIGMOID, hidden=SIGMOID, widths=(2, 128, 64, 1)),
    "absolute": _case(loss="mean_absolute_error", head=LINEAR, hidden=SOFTMAX, optimizer="adam_odd"),
    "squared": _case(loss="mean_squared_error", head=SOFTMAX, hidden=LEAKY, optimizer="sgd"),
    "clipped": _case(loss="categorical_crossentropy", head=TANH, hidden=TANH, optimizer="sgd"),
    "one_unit": _case(widths=(1, 1, 1), head=SIGMOID, loss="mean_squared_error", batch=1, rows=9),
    "one_layer": _case(widths=(300, 70), batch=300, rows=305, penalty="l1_l2"),
    "smoothed": _case(loss="categorical_both", head=LINEAR, widths=(7, 33, 19)),
    "smoothed_binary": _case(loss="binary_smooth", head=SIGMOID, widths=(7, 33, 5)),
    "percentage": _case(loss="mean_absolute_percentage_error", head=LINEAR),
    "logarithmic": _case(loss="mean_squared_logarithmic_error", head=TANH, widths=(7, 33, 17)),
    "huber": _case(loss="huber_small", head=LINEAR, hidden=TANH, optimizer="sgd"),
    "log_cosh": _case(loss="log_cosh", head=LINEAR, widths=(7, 33, 17)),
    "hinge": _case(loss="hinge", head=LINEAR, widths=(7, 33, 1)),
    "squared_hinge": _case(loss="squared_hinge", head=TANH, widths=(7, 33, 4)),
    "categorical_hinge": _case(loss="categorical_hinge", head=LINEAR, optimizer="nesterov"),
    "divergence": _case(loss="kl_divergence", widths=(7, 33, 17)),
    "poisson": _case(loss="poisson", head=SIGMOID, widths=(7, 33, 17)),
    "cosine": _case(loss="cosine_similarity", head=LINEAR, widths=(7, 33, 17)),
    "focal": _case(loss="binary_focal_balanced", head=SIGMOID, widths=(7, 33, 17)),
    "focal_softmax": _case(loss="binary_focal", head=SOFTMAX, widths=(7, 33, 17)),
    "focal_classes": _case(loss="categorical_focal", widths=(7, 33, 70)),
    "focal_logits": _case(loss="categorical_focal_logits", head=LINEAR, widths=(7, 33, 17)),
    "generalized": _case(loss="generalized", widths=(7, 33, 17)),
    "dice": _case(loss="dice", head=SIGMOID, widths=(7, 33, 17), batch=33, rows=100),
    "tversky": _case(loss="tversky", head=SIGMOID, widths=(7, 33, 1)),
    "without_class": _case(loss="sparse_without", widths=(7, 33, 5)),
    "summed": _case(loss="squared_sum", head=LINEAR, widths=(7, 33, 5), optimizer="sgd"),
    "slopes": _case(first=[problems.prelu("all")], rate=0.2),
    "rescaled": _case(first=[problems.rescaling(0.3, -0.1)], bytes=True),
    "rows": _case(first=[problems.reshape(5, 7)], widths=(35, 33, 17, 3), rate=0.2, hidden=TANH),
    "one_row": _case(first=[problems.reshape(2, 3), problems.prelu(), problems.reshape(1, 6)], widths=(6, 33, 3)),
    "weighted": _case(weighted=True, rate=0.2),
    "weighted_rows": _case(
        weighted=True, loss="mean_squared_error", head=LINEAR, widths=(35, 33, 3), first=[problems.reshape(5, 7)]
    ),
    "many_rows": _case(widths=(5, 40, 31, 2), batch=1100, rows=1300, optimizer="momentum"),
    **_every_activation(),
    **_every_optimizer(),
}


def problem_of(case: cases.Case) -> problems.Problem:
    """Layers, weights and data of a training."""
    inputs, *hidden, outputs = case["widths"]
    layers: list[reference.Layer] = list(case["first"])
    if case["input_rate"]:
        layers.append(problems.dropout(case["input_rate"], seed=SEED))
    for position, units in enumerate(hidden):
        layers.append(problems.dense(units, case["use_bias"], case["penalty"]))
        layers.append(problems.activation(*case["hidden"]))
        if case["rate"]:
            layers.append(problems.dropout(case["rate"], seed=SEED + position))
    layers.append(problems.dense(outputs, case["use_bias"], case["penalty"]))
    if case["head"] != LINEAR:
        layers.append(problems.activation(*case["head"]))
    blank = reference.Network(inputs, layers, "float64")
    loss, rows = cases.LOSSES[case["loss"]], case["rows"]
    probabilities = cases.needs_probabilities(case["loss"], case["head"][0])
    x = reference.random_uniform(2, (rows, inputs), -1.0, 1.0)
    if case["bytes"]:  # like digits: half of the columns nearly always 0, the rest 0 to 255
        x = np.floor(np.maximum(x, 0) * 256).astype(np.uint8)
        x[:, ::2] *= x[:, ::2] > 250
    return problems.Problem(
        inputs=inputs,
        layers=layers,
        weights=problems.make_weights(blank, 1, probabilities),
        x=x,
        y=problems.make_targets(loss.targets, rows * blank.times, outputs, 3),
        loss={"name": loss.name, **loss.options},
        optimizer=cases.OPTIMIZERS[case["optimizer"]],
        metrics=[name for name, kinds in cases.METRICS.items() if loss.targets in kinds],
        sample_weight=problems.make_sample_weights(rows * blank.times, 4) if case.get("weighted") else None,
    )


def train(name: str, dtype: str, fused: bool = True) -> dict[str, str]:
    """Trains, and returns the hashes of the weights and of all that was reported."""
    from lamina import _core

    case = TRAININGS[name]
    problem = problem_of(case)
    network = problem.native(dtype)
    network.fused = fused
    x = problem.x if case["bytes"] else problem.x.astype(dtype)
    y, w = problem.targets(dtype), problem.weights_of_samples(dtype)
    trainer = _core.Trainer(network, x, y, case["batch"], True, SEED, w)
    reports: list[float] = []
    for _ in range(case["epochs"]):
        trainer.begin_epoch()
        while not trainer.finished:
            trainer.advance(10**6, 60.0)
        if trainer.diverged:
            raise RuntimeError(f"training {name} diverged")
        reports += trainer.results()
    reports += network.evaluate(x, y, w)
    predicted = network.predict(x)
    return {
        "weights": digest(network.get_weights()),
        "reports": digest([np.array(reports), predicted]),
    }


def public_training() -> dict[str, str]:
    """One through the public names: everything follows from `set_random_seed`."""
    from lamina.layers import Dense, Dropout
    from lamina.models import Sequential
    from lamina.utils import set_random_seed, to_categorical

    x = reference.random_uniform(4, (110, 2), -1.0, 1.0)
    y = to_categorical((x[:, 0] ** 2 + x[:, 1] ** 2 > 0.5).astype(int), 2)
    set_random_seed(1)
    model = Sequential()
    model.add(Dense(128, activation="relu", input_shape=(2,)))
    model.add(Dropout(0.2))
    model.add(Dense(64, activation="relu"))
    model.add(Dropout(0.2))
    model.add(Dense(2, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    history = model.fit(x, y, epochs=3, batch_size=10, verbose=0).history
    reports = np.array([history["loss"], history["accuracy"]])
    return {
        "weights": digest(model.get_weights()),
        "reports": digest([reports, model.predict(x, verbose=0)]),
    }


def layer_training(dtype: str, fused: bool = True) -> dict[str, str]:
    """One with the layers that normalize, add noise or penalize, and constraints, in small batches and large ones."""
    from lamina import constraints, layers
    from lamina.models import Sequential
    from lamina.utils import set_random_seed

    x = reference.random_uniform(4, (110, 12), -1.0, 1.0).astype(dtype)
    y = x[:, :3] * x[:, 3:6]
    set_random_seed(1)
    model = Sequential(
        [
            layers.Normalization(),
            layers.Reshape((2, 6)),
            layers.BatchNormalization(),
            layers.Dense(40, "tanh", kernel_constraint=constraints.MaxNorm(0.5)),
            layers.GaussianNoise(0.25),
            layers.LayerNormalization(gamma_constraint="non_neg"),
            layers.Flatten(),
            layers.GaussianDropout(0.25),
            layers.Dense(70, "selu", bias_constraint="unit_norm"),
            layers.AlphaDropout(0.125),
            layers.BatchNormalization(gamma_regularizer="l2", momentum=0.5),
            layers.ActivityRegularization(0.01, 0.02),
            layers.Dense(3, kernel_constraint=constraints.MinMaxNorm(0.25, 0.5, axis=1)),
        ],
        dtype=dtype,
    )
    model.layers[0].adapt(x)
    model.build((None, 12))
    model.compile(loss="mse", optimizer="adam")
    model._ready().fused = fused
    losses = [model.fit(x, y, epochs=2, batch_size=size, verbose=0).history["loss"] for size in (10, 48)]
    return {
        "weights": digest(model.get_weights()),
        "reports": digest([np.array([*losses, [model.evaluate(x, y, verbose=0)] * 2]), model.predict(x, verbose=0)]),
    }


def digest(arrays: Sequence[np.ndarray]) -> str:
    """SHA-256 over the bytes of arrays in little-endian order, the start of it."""
    hashed = hashlib.sha256()
    for array in arrays:
        hashed.update(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())
    return hashed.hexdigest()[:32]


def all_hashes() -> dict[str, dict[str, dict[str, str]]]:
    """The hashes of every training in every dtype."""
    found = {name: {dtype: train(name, dtype) for dtype in DTYPES} for name in TRAININGS}
    found["public"] = {"float32": public_training()}
    found["layers"] = {dtype: layer_training(dtype) for dtype in DTYPES}
    return found


if __name__ == "__main__":
    chosen, chosen_dtype = sys.argv[1:]
    result = public_training() if chosen == "public" else train(chosen, chosen_dtype)
    print(json.dumps(result))
