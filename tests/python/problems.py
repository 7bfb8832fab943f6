"""A case of `cases` turned into a problem: layers, weights and data, for the reference and for lamina.

Everything is deterministic: numbers come from the reference's counter-based generator, seeded by the case.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import reference
import reference_layers
import reference_losses
from cases import (
    AVERAGES,
    CLASS_WEIGHTS,
    CLIPS,
    CONSTRAINTS,
    DECAY,
    DROPOUT_RATE,
    EXTRAS,
    LOSSES,
    METRICS,
    OPTIMIZERS,
    PENALTIES,
    SCHEDULES,
    case_id,
    needs_centre,
    representable,
)
from pairing import Case

Array = np.ndarray


@dataclass
class Problem:
    """All that the reference and lamina need to compute the same thing."""

    inputs: int
    layers: list[reference.Layer]
    weights: list[Array]
    x: Array
    y: Array
    loss: dict[str, Any]
    optimizer: dict[str, Any]
    metrics: list[str] = field(default_factory=list)
    sample_weight: Array | None = None  # one for each row of y
    schedule: str | None = None  # a row of SCHEDULES
    averages: str | None = None  # a row of AVERAGES

    def reference(self, dtype: str) -> reference.Network:
        """The reference network, with its weights, compiled."""
        network = reference.Network(self.inputs, self.layers, dtype)
        network.set_weights(self.weights)
        averages = None if self.averages is None else reference_layers.Averages(*AVERAGES[self.averages])
        network.compile(self.loss, self.optimizer, self.metrics, self.weighted_metrics, self.schedule, averages)
        return network

    @property
    def weighted_metrics(self) -> list[str]:
        """The metrics once more, where there are weights."""
        return [] if self.sample_weight is None else self.metrics

    def native(self, dtype: str) -> Any:
        """The native network, with its weights, compiled."""
        from lamina import _core

        network = _core.Network(self.inputs, self.layers, dtype)
        network.set_weights([w.astype(dtype) for w in self.weights])
        network.compile(self.loss, self.optimizer, self.metrics, self.weighted_metrics)
        return network

    def sequential(self, dtype: str, form: str = "argument", nested: str | None = None) -> Any:
        """The public model, with its weights, not compiled.

        `form` says whether a Dense has its activation as an argument or as a layer after it; `nested` whether the
        'first' or the 'last' half of the layers is a model inside.
        """
        from lamina.models import Sequential

        found = self.public_layers(form)
        half = len(found) // 2 if nested == "last" else (len(found) + 1) // 2
        if nested == "first":
            found = [Sequential(found[:half], dtype=dtype), *found[half:]]
        elif nested == "last":
            found = [*found[:half], Sequential(found[half:], dtype=dtype)]
        model = Sequential(found, dtype=dtype)
        model.build((None, self.inputs))
        model.set_weights(self.weights)
        return model

    def public_layers(self, form: str) -> list[Any]:
        """The layers as objects of lamina.layers; see `sequential`."""
        from lamina import layers

        found: list[Any] = []
        specs = [dict(spec) for spec in self.layers]
        while specs:
            spec = specs.pop(0)
            following = specs[0] if specs and specs[0]["type"] == "activation" else None
            if spec["type"] == "dense":
                inside = following is not None and form == "argument"
                found.append(
                    layers.Dense(
                        spec["units"],
                        activation=public_activation(specs.pop(0)) if inside else None,
                        use_bias=spec["use_bias"],
                        kernel_regularizer=public_regularizer(**spec["weights"][0]),
                        bias_regularizer=public_regularizer(**spec["weights"][1]),
                        kernel_constraint=public_constraint(spec.get("constraint")),
                        trainable=spec.get("trainable", True),
                    )
                )
            elif spec["type"] == "activation":
                found.append(layers.Activation(public_activation(spec)))
            elif spec["type"] == "prelu":
                found.append(layers.PReLU(alpha_regularizer=public_regularizer(**spec["weights"][0])))
            elif spec["type"] == "rescaling":
                found.append(layers.Rescaling(spec["scale"], spec["offset"]))
            elif spec["type"] == "reshape":
                found.append(layers.Reshape((spec["times"], spec["units"]) if spec["times"] > 1 else (spec["units"],)))
            else:
                options = {key: value for key, value in spec.items() if key not in ("type", "times")}
                found.append(getattr(layers, class_named(spec["type"]))(**options))
        return found

    def public_optimizer(self) -> Any:
        """The optimizer as an object of lamina.optimizers."""
        from lamina import optimizers

        options = options_of(self.optimizer)
        if self.schedule is not None:
            name, arguments, factors = SCHEDULES[self.schedule]
            rates = {key: np.multiply(options["learning_rate"], value).tolist() for key, value in factors.items()}
            options["learning_rate"] = getattr(optimizers.schedules, name)(**rates, **arguments)
        if self.averages is not None:
            momentum, every = AVERAGES[self.averages]
            options |= {"use_ema": True, "ema_momentum": momentum, "ema_overwrite_frequency": every}
        return optimizers.get({"class_name": self.optimizer["name"], "config": options})

    def public_loss(self) -> Any:
        """The loss as an object of lamina.losses."""
        from lamina import losses

        options = options_of(self.loss)
        if options.pop("sum", False):
            options["reduction"] = "sum"
        return losses.get({"class_name": self.loss["name"], "config": options})

    def targets(self, dtype: str) -> Array:
        """Targets as the native module takes them."""
        y = self.y if self.y.dtype.kind == "i" else self.y.astype(dtype)
        return y if len(y) == len(self.x) else y.reshape(len(self.x), -1)

    def weights_of_samples(self, dtype: str) -> Array | None:
        """Sample weights as lamina takes them."""
        if self.sample_weight is None:
            return None
        w = self.sample_weight.astype(dtype)
        return w if len(w) == len(self.x) else w.reshape(len(self.x), -1)

    def public_targets(self) -> Array:
        """Targets of the shape of the outputs."""
        if len(self.y) == len(self.x):
            return self.y
        return self.y.reshape(len(self.x), -1, *self.y.shape[1:])


def options_of(spec: dict[str, Any]) -> dict[str, Any]:
    """What an optimizer or a loss is made with."""
    return {key: value for key, value in spec.items() if key != "name"}


def public_activation(spec: reference.Layer) -> Any:
    """An activation as `activation=` takes it: a name, or a dictionary with the parameters."""
    from lamina import _core

    entry = next(entry for entry in _core.activations() if entry["name"] == spec["name"])
    values: dict[str, Any] = {}
    for (key, default), value in zip(entry["parameters"].items(), spec["parameters"], strict=False):
        values[key] = bool(value) if isinstance(default, bool) else None if value == np.inf else value
    return {"name": spec["name"], **values} if values else spec["name"]


def class_named(name: str) -> str:
    """The name of a class from that of a layer or a constraint."""
    return "".join(word.capitalize() for word in name.split("_"))


def public_constraint(name: str | None) -> Any:
    """A constraint of a row of CONSTRAINTS."""
    from lamina import constraints

    return None if name is None else getattr(constraints, class_named(name))(**CONSTRAINTS[name])


def public_regularizer(l1: float, l2: float) -> Any:
    """A regularizer, of the simplest class that says it."""
    from lamina import regularizers

    if l1 and l2:
        return regularizers.L1L2(l1=l1, l2=l2)
    return regularizers.L1(l1) if l1 else regularizers.L2(l2) if l2 else None


def dense(units: int, use_bias: bool = True, penalty: str = "none", constraint: str | None = None) -> reference.Layer:
    """A dense layer with the penalties of one row of PENALTIES."""
    row = PENALTIES[penalty]
    weights = [{"l1": row.get(f"{kind}_l1", 0.0), "l2": row.get(f"{kind}_l2", 0.0)} for kind in ("kernel", "bias")]
    more = {} if constraint is None else {"constraint": constraint}
    return {"type": "dense", "units": units, "use_bias": use_bias, "weights": weights, **more}


def extra_layer(name: str, columns: int, times: int) -> reference.Layer:
    """A layer of EXTRAS for so many columns, in `times` rows of each sample."""
    if name == "frozen":
        return {**dense(columns), "trainable": False}
    options = EXTRAS[name]
    if name in reference_layers.NOISE:
        options = {**options, "seed": 2**33 + 7}
    if name == "normalization":
        options = {key: [value] * columns for key, value in options.items()}
    return {"type": name, **options, "times": times}


def activation(name: str, *parameters: float) -> reference.Layer:
    """An activation layer."""
    return {"type": "activation", "name": name, "parameters": list(parameters)}


def prelu(penalty: str = "none") -> reference.Layer:
    """Slopes that are learnt, with the penalties that the row of PENALTIES has for a bias."""
    row = PENALTIES[penalty]
    return {"type": "prelu", "weights": [{"l1": row.get("bias_l1", 0.0), "l2": row.get("bias_l2", 0.0)}]}


def rescaling(scale: float, offset: float) -> reference.Layer:
    """A scale and an offset."""
    return {"type": "rescaling", "scale": scale, "offset": offset}


def reshape(times: int, columns: int) -> reference.Layer:
    """So many rows of each sample."""
    return {"type": "reshape", "units": columns, "times": times}


def dropout(rate: float, seed: int) -> reference.Layer:
    """A dropout layer."""
    return {"type": "dropout", "rate": rate, "seed": seed}


def rows_of(case: Case) -> int:
    """Into how many rows a case that asks for rows cuts a sample."""
    if case.get("layers") not in ("rows", "flat"):
        return 1
    return next((times for times in (2, 3) if case["inputs"] % times == 0), 1)


def layers_of(case: Case, outputs: int) -> list[reference.Layer]:
    """`depth` dense layers, the last with the head's activation; dropout and other layers where the case says.

    Linear activations are left out, as a Dense without an activation does.
    """
    layers: list[reference.Layer] = []
    extra, times = case.get("layers", "none"), rows_of(case)
    if extra == "rescaling":
        layers.append(rescaling(0.75, -0.25))
    if extra == "prelu":
        layers.append(prelu())
    if times > 1:
        layers.append(reshape(times, case["inputs"] // times))
    if case["dropout"] == "input":
        layers.append(dropout(DROPOUT_RATE, seed=11))
    more, place, constraint = (case.get(axis) for axis in ("extra", "place", "constraint"))
    if more is not None and place == "input":
        layers.append(extra_layer(more, case["inputs"] // times, times))
    for depth in range(1, case["depth"]):
        layers.append(dense(case["units"], case["use_bias"], case["penalty"], constraint))
        if case["hidden"][0] != "linear":
            layers.append(activation(*case["hidden"]))
        if extra == "prelu":
            layers.append(prelu(case["penalty"]))
        if case["dropout"] == "hidden":
            layers.append(dropout(DROPOUT_RATE, seed=2**40 + depth))
    if more is not None and place == "hidden":
        layers.append(extra_layer(more, case["units"], times))
    if extra == "flat" and times > 1:
        layers.append(reshape(1, times * case["units"]))
    layers.append(dense(outputs, case["use_bias"], case["penalty"], constraint))
    if case["head"][0] != "linear":
        layers.append(activation(*case["head"]))
    return layers


def centre(network: reference.Network, weights: list[Array], x: Array) -> None:
    """Change the last dense layer so that its activation's outputs lie around 0.5, within the middle of (0, 1)."""
    *_, last = (i for i, layer in enumerate(network.layers) if layer["type"] == "dense")
    low, high = np.float64(-4), np.float64(4)  # every activation rises from below 0.5 to above it in between
    for _ in range(60):
        middle = (low + high) / 2
        output = middle.reshape(1, 1)
        for layer in network.layers[last + 1 :]:
            output = reference.ACTIVATIONS[layer["name"]].forward(output, *layer["parameters"])
        low, high = (middle, high) if output[0, 0] < 0.5 else (low, middle)
    network.set_weights(weights)
    sums = network.trace(x, training=True)[last + 1] - weights[-1]
    weights[-2] *= 0.2 / max(np.abs(sums).max(), 0.01)
    weights[-1] = low + 0.1 * weights[-1]


def variances_of(network: reference.Network) -> list[int]:
    """The places of moving variances among the weights."""
    ends = np.cumsum([reference.count_weights(layer) for layer in network.layers])
    kinds = [layer["type"] for layer in network.layers]
    return [int(end) - 1 for end, kind in zip(ends, kinds, strict=True) if kind == "batch_normalization"]


def make_weights(network: reference.Network, seed: int, probabilities: bool = False) -> list[Array]:
    """Weights away from 0; with `probabilities`, a head whose sums lie around 0.5."""
    weights = []
    variances = variances_of(network)
    for i, w in enumerate(network.weights):
        u = reference.random_uniform(seed + i, w.shape, -1.0, 1.0)
        u = np.sign(u) * (0.05 + np.abs(u))
        u = np.abs(u) if i in variances else u
        weights.append(u * (1.5 / np.sqrt(w.shape[0]) if w.ndim == 2 else 0.5))
    if probabilities:
        weights[-2] *= 0.15
        weights[-1] = 0.5 + 0.2 * weights[-1]
    return weights


def make_targets(kind: str, rows: int, outputs: int, seed: int) -> Array:
    """Targets of one kind: distributions (half of them one-hot), labels, fractions, signs, numbers.

    Positive ones are away from 0, to which the Poisson loss would drive outputs and beyond; large ones make a
    percentage about as steep as an error.
    """
    u = reference.random_uniform(seed, (rows, outputs), 0.0, 1.0)
    if kind == "labels":
        return u.argmax(axis=1).astype(np.int64)
    if kind == "distribution":
        one_hot = np.eye(outputs)[u.argmax(axis=1)]
        soft = (0.1 + u) / (0.1 + u).sum(axis=1, keepdims=True)
        return np.where(np.arange(rows)[:, None] % 2, soft, one_hot)
    if kind == "fraction":
        return np.where(np.arange(rows)[:, None] % 3, np.round(u), u)
    if kind == "real":
        return 2 * u - 1
    if kind == "positive":
        return np.where(np.arange(rows)[:, None] % 2, 0.5 + u, 1 + np.floor(2 * u))
    if kind == "sign":
        return np.where(u > 0.5, 1.0, 0.0 if outputs % 2 else -1.0)
    if kind == "large":
        return np.copysign(50, u - 0.5) + 60 * (u - 0.5)
    raise ValueError(f"unknown kind of targets {kind!r}")


def weights_by_class(y: Array) -> Array:
    """What rows count by CLASS_WEIGHTS: by labels, by the largest target, or by a single target, rounded."""
    classes = y if y.ndim == 1 else np.rint(y[:, 0]) if y.shape[1] == 1 else y.argmax(axis=1)
    return np.array([CLASS_WEIGHTS.get(int(one), 1.0) for one in classes])


def make_sample_weights(rows: int, seed: int) -> Array:
    """Weights up to 2, every fifth of them 0."""
    w = reference.random_uniform(seed, (rows,), 0.1, 2.0)
    w[3::5] = 0
    return w


def make_problem(case: Case, rows: int, seed: int, optimizer: str = "sgd") -> Problem:
    """Layers, weights and data of a case with `inputs`, `outputs`, `loss` and what layers_of reads."""
    layers = layers_of(case, case["outputs"])
    blank = reference.Network(case["inputs"], layers, "float64")
    loss = LOSSES[case["loss"]]
    x = reference.random_uniform(seed + 100, (rows, case["inputs"]), -1.0, 1.0)
    weights = make_weights(blank, seed)
    hidden = (case["hidden"] or ("none",))[0]
    if "exponential" in (case["head"][0], hidden) or hidden == "log_softmax":
        weights = [
            w * 0.3 for w in weights
        ]  # one exponential of another bends too much; log_softmax gives large numbers
    if needs_centre(case["loss"], case["head"][0]):
        centre(blank, weights, x)
    return Problem(
        inputs=case["inputs"],
        layers=layers,
        weights=weights,
        x=x,
        y=make_targets(loss.targets, rows * blank.times, case["outputs"], seed + 200),
        loss={"name": loss.name, **loss.options},
        optimizer=OPTIMIZERS[optimizer],
        metrics=[name for name, kinds in METRICS.items() if loss.targets in kinds],
        sample_weight=make_sample_weights(rows * blank.times, seed + 300) if case.get("weighted") else None,
        schedule=case.get("schedule"),
        averages=case.get("averages"),
    )


def golden_problem(case: Case, rows: int) -> Problem:
    """The problem of a golden, with the twist that some of them have."""
    problem = make_problem(case, rows, seed_of(case), case["optimizer"])
    problem.optimizer = representable(problem.optimizer)
    problem.layers = [representable(layer) for layer in problem.layers]
    twist = case.get("twist")
    if twist == "zeros":
        problem.x[::2] = 0
        problem.y[::4] = 0
        for w in problem.weights:
            w[..., 0] = 0
            if w.ndim == 1:
                w[:] = 0
    elif twist == "multi_hot":
        problem.y = (make_targets("real", len(problem.y), case["outputs"], seed_of(case)) > -0.3).astype(float)
    elif twist == "large":
        problem.x *= 1000
    return problem


def training_problem(case: Case, attempt: int = 0) -> Problem:
    """The problem of a training, some of its columns 0 in every row or in half of them."""
    problem = make_problem(case, case["rows"], seed_of(case) + attempt, case["optimizer"])
    problem.optimizer = {**problem.optimizer, "learning_rate": problem.optimizer["learning_rate"] / 2**attempt}
    problem.optimizer |= CLIPS.get(case.get("clip") or "", {}) | ({"weight_decay": DECAY} if case.get("decay") else {})
    if case.get("by_class"):
        problem.sample_weight = weights_by_class(problem.y)
    problem.x *= min(1.0, np.sqrt(8 / case["inputs"]))  # long rows would need smaller steps
    if case["zero_columns"]:
        problem.x[:, ::3] = 0
        problem.x[: case["rows"] // 2, 1::3] = 0
    return problem


def seed_of(case: Case) -> int:
    """A number that belongs to the case and never changes."""
    return zlib.crc32(case_id(case).encode()) * 1000


def distance_from_kinks(network: reference.Network, x: Array, y: Array, training: bool) -> float:
    """How near the forward pass comes to a place where a derivative jumps.

    An exact 0 does not count: it comes from a row without inputs (all dropped or inactive), and
    stays 0 when weights change.
    """
    values = network.trace(x, training)
    distances = [np.inf]

    def add(value: Array, places: Sequence[float]) -> None:
        for place in places:
            gaps = np.abs(value - place)[value != 0]
            distances.append(float(gaps.min(initial=np.inf)))

    for layer, value in zip(network.layers, values[:-1], strict=True):
        if layer["type"] == "activation":
            add(value, reference.ACTIVATIONS[layer["name"]].kinks(*layer["parameters"]))
        elif layer["type"] == "prelu":
            add(value, [0.0])
    if not network.head:
        distances.append(reference_losses.distance_from_corners(network.loss, y, values[-1]))
    return min(distances)


def smooth_problem(case: Case) -> Problem:
    """A problem away from kinks with a gradient for every weight: of a few seeds the best.

    Some nets have weights that cannot matter (a softmax over one unit is constant); for these the
    distance from kinks alone decides.
    """
    best: tuple[bool, float] = (False, 0.0)
    chosen = None
    for attempt in range(100):
        problem = make_problem(case, case["batch"], seed_of(case) + attempt)
        network = problem.reference("float64")
        distance = distance_from_kinks(network, problem.x, problem.y, training=True)
        gradients = network.gradients(problem.x, problem.y, True, problem.sample_weight)[1]
        alive = all(np.abs(g).max() > 1e-5 for g in gradients)
        if (alive, distance) > best:
            best, chosen = (alive, distance), problem
        if best > (True, 1e-4):
            break
    if chosen is None or best[1] < 1e-5:
        raise ValueError(f"no seed keeps {case_id(case)} away from kinks")
    return chosen
