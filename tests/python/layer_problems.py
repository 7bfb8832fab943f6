"""What the layers that normalize, penalize and constrain are tried on: one list for Keras's goldens and the tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: A layer, or what stands in an argument of one: the name of its class, and its arguments.
Named = tuple[str, dict[str, Any]]

ROWS, INPUTS, OUTPUTS, BATCH, EPOCHS = 23, 4, 3, 5, 10
BATCHES = (23, 4)  # of evaluations
SGD: Named = ("SGD", {"learning_rate": 0.0625, "momentum": 0.5})
# Keras rounds some of its numbers to float32, in a float64 model too: these are not changed by it.
ADAM: Named = ("Adam", {"learning_rate": 2**-7, "beta_1": 0.875, "beta_2": 0.96875, "epsilon": 2**-20})


@dataclass
class Case:
    """A network of these layers, trained by these optimizers."""

    name: str
    layers: list[Named]
    optimizers: list[Named] = field(default_factory=lambda: [SGD, ADAM])
    outputs: tuple[int, ...] = (OUTPUTS,)
    adapted: bool = False  # a Normalization, first of all, is shown the data


def dense(units: int = 5, activation: str | None = "tanh", **options: Any) -> Named:
    return ("Dense", {"units": units, "activation": activation, **options})


def around(layer: Named, place: int) -> list[Named]:
    """Return a network with a layer first, in the middle, or last."""
    layers = [dense(), dense(6), dense(OUTPUTS, None)]
    layers.insert(place, layer)
    return layers


def normalizations() -> list[Case]:
    batch: Named = ("BatchNormalization", {"momentum": 0.75, "epsilon": 2**-8})
    rows: Named = ("LayerNormalization", {"epsilon": 2**-8})
    found = []
    for name, layer in (("batch", batch), ("layer", rows)):
        for place, where in enumerate(("first", "middle", "behind", "last")):
            found.append(Case(f"{name}_{where}", around(layer, place)))
        for without in ("center", "scale"):
            found.append(Case(f"{name}_no_{without}", around((layer[0], {**layer[1], without: False}), 1), [SGD]))
        options = {
            "gamma_regularizer": ("L1L2", {"l1": 2**-6, "l2": 2**-5}),
            "beta_regularizer": ("L2", {"l2": 2**-4}),
            "gamma_constraint": ("MaxNorm", {"max_value": 1.5}),
            "beta_constraint": ("NonNeg", {}),
        }
        found.append(Case(f"{name}_options", around((layer[0], {**layer[1], **options}), 2)))
        found.append(Case(f"{name}_frozen", around((layer[0], {**layer[1], "trainable": False}), 1)))
        several = [("Reshape", {"target_shape": (2, 2)}), layer, dense(OUTPUTS, None)]
        found.append(Case(f"{name}_axes", several, outputs=(2, OUTPUTS)))
        alone = [(layer[0], {**layer[1], "center": False, "scale": False}), *around(layer, 1)]
        found.append(Case(f"{name}_twice", [*alone, ("Activation", {"activation": "sigmoid"})]))
    found.append(Case("batch_defaults", around(("BatchNormalization", {}), 1)))
    return found


def constrained() -> list[Case]:
    kinds: dict[str, Named] = {
        "max_norm": ("MaxNorm", {"max_value": 0.5}),
        "max_norm_rows": ("MaxNorm", {"max_value": 0.5, "axis": 1}),
        "max_norm_all": ("MaxNorm", {"max_value": 0.75, "axis": [0, 1]}),
        "non_neg": ("NonNeg", {}),
        "unit_norm": ("UnitNorm", {}),
        "unit_norm_last": ("UnitNorm", {"axis": -1}),
        "min_max_norm": ("MinMaxNorm", {"min_value": 0.25, "max_value": 0.75, "rate": 0.5}),
        "min_max_norm_rows": ("MinMaxNorm", {"min_value": 0.5, "max_value": 0.75, "axis": 1}),
        "nothing": ("Constraint", {}),
    }
    found = []
    for name, constraint in kinds.items():
        layers = [dense(kernel_constraint=constraint), dense(OUTPUTS, None, kernel_constraint=constraint)]
        found.append(Case(f"kernel_{name}", layers))
    for name in ("max_norm", "non_neg", "unit_norm", "min_max_norm"):
        found.append(Case(f"bias_{name}", [dense(bias_constraint=kinds[name]), dense(OUTPUTS, None)], [SGD]))
    found.append(Case("alpha_non_neg", around(("PReLU", {"alpha_constraint": ("NonNeg", {})}), 1)))
    found.append(Case("alpha_max_norm", around(("PReLU", {"alpha_constraint": ("MaxNorm", {"max_value": 0.5})}), 1)))
    frozen = [dense(kernel_constraint=kinds["unit_norm"], trainable=False), dense(OUTPUTS, None)]
    return [*found, Case("kernel_frozen", frozen, [SGD])]


def others() -> list[Case]:
    activity: Named = ("ActivityRegularization", {"l1": 2**-5, "l2": 2**-6})
    found = [Case(f"activity_{place}", around(activity, place)) for place in range(4)]
    several = [("Reshape", {"target_shape": (2, 2)}), dense(), activity, dense(OUTPUTS, None)]
    found.append(Case("activity_axes", several, outputs=(2, OUTPUTS)))
    mean, variance = [0.5, -0.25, 1.0, 0.0], [1.0, 0.25, 4.0, 0.0]
    for name, options in {
        "each": {"mean": mean, "variance": [*variance[:3], 0.5]},
        "one": {"mean": 0.5, "variance": 2.0},
        "flat": {"mean": mean, "variance": variance},
        "back": {"mean": mean, "variance": variance, "invert": True},
    }.items():
        scale = [dense(), dense(OUTPUTS, None)]
        if name == "flat":
            scale = [("Rescaling", {"scale": 2**-20}), *scale]
        found.append(Case(f"normalization_{name}", [("Normalization", options), *scale], [SGD]))
    for name, options in {"adapted": {}, "adapted_all": {"axis": None}, "adapted_back": {"invert": True}}.items():
        found.append(Case(f"normalization_{name}", [("Normalization", options), dense(), dense(3, None)], adapted=True))
    return found


CASES = {case.name: case for case in (*normalizations(), *constrained(), *others())}


def data(case: Case) -> tuple[Array, Array]:
    """Return inputs, and targets of the outputs' shape."""
    generator = np.random.default_rng(31)
    x = generator.normal(0.5, 1.5, (ROWS, INPUTS))
    return x, generator.normal(size=(ROWS, *case.outputs))


def weights(names: list[str], shapes: list[tuple[int, ...]]) -> list[Array]:
    """Return weights of these names and shapes to begin with."""
    generator = np.random.default_rng(7)
    drawn = [generator.normal(0, 0.5, shape) for shape in shapes]
    return [
        np.abs(w) + 0.5 if name in ("moving_variance", "variance") else w * 0 if name == "count" else w
        for name, w in zip(names, drawn, strict=True)
    ]


def layer(named: Named, package: Any) -> Any:
    """Return a layer of a package that is Keras, or lamina, whose names are the same."""
    name, options = named
    made = {}
    for option, value in options.items():
        for kind in ("regularizer", "constraint"):
            if option.endswith(kind):
                value = getattr(getattr(package, f"{kind}s"), value[0])(**value[1])
        made[option] = value
    return getattr(package.layers, name)(**made)


def train(case: Case, optimizer: Named, package: Any, **options: Any) -> dict[str, Any]:
    """Train 50 steps with Keras or lamina and return what can be compared."""
    x, y = data(case)
    layers = [layer(named, package) for named in case.layers]
    model = package.models.Sequential(layers, **options)
    model.build((None, INPUTS))
    model.set_weights(weights([w.name for w in model.weights], [tuple(w.shape) for w in model.weights]))
    if case.adapted:
        layers[0].adapt(x)
    model.compile(getattr(package.optimizers, optimizer[0])(**optimizer[1]), "mean_squared_error")
    fit = model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, shuffle=False, verbose=0)
    return {
        "names": [w.name for w in model.weights],
        "trained": [w.name for w in model.trainable_weights],
        "history": fit.history["loss"],
        "weights": [np.asarray(w).ravel().tolist() for w in model.get_weights()],
        "evaluations": [model.evaluate(x, y, batch_size=size, verbose=0) for size in BATCHES],
        "predict": np.asarray(model.predict(x[:3], verbose=0)).ravel().tolist(),
    }
