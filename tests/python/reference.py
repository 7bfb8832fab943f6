"""The specification of lamina in NumPy: straightforward mathematics in any dtype.

Nothing here imports lamina and nothing here is fast.  Layers are the same plain dictionaries
that the native ``Network`` takes::

    {"type": "dense", "units": 3, "use_bias": True,
     "weights": [{"l1": 0.0, "l2": 0.0}, {"l1": 0.0, "l2": 0.0}]}
    {"type": "activation", "name": "leaky_relu", "parameters": [0.2]}
    {"type": "dropout", "rate": 0.2, "seed": 1}
    {"type": "gaussian_noise", "stddev": 0.2, "seed": 1}
    {"type": "rescaling", "scale": 2.0, "offset": -1.0}
    {"type": "prelu", "weights": [{"l1": 0.0, "l2": 0.0}]}
    {"type": "reshape", "units": 4}

and those of `reference_layers`.

Shapes: ``x`` is (rows, inputs), ``y`` is (rows, outputs) or, for the sparse loss, (rows,). A reshape makes
several rows of each sample, or one of several; then ``y`` has as many rows for each sample. Sample weights ``w`` are
(rows of ``y``,), or None where all count 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

import reference_layers
import reference_losses
from reference_optimizers import clipped, make_optimizer

Array = np.ndarray
Layer = dict[str, Any]

# --------------------------------------------------------------------------------------------
# Random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers, as Easy
# as 1, 2, 3. SC 2011), a function of key and counter.
# --------------------------------------------------------------------------------------------

SHUFFLE_STREAM = 0xFFFF0001
UNIFORM_STREAM = 0xFFFF0002
NORMAL_STREAM = 0xFFFF0004
TRUNCATED_NORMAL_STREAM = 0xFFFF0005
_LOW32 = np.uint64(0xFFFFFFFF)
_SHIFT32 = np.uint64(32)


def philox4x32(counter: Sequence[Array | int], key: tuple[int, int]) -> list[Array]:
    """Ten rounds over four 32-bit counter words; the words may be arrays that broadcast."""
    words = [np.asarray(word, dtype=np.uint64) for word in counter]
    c0, c1, c2, c3 = (word & _LOW32 for word in np.broadcast_arrays(*words))
    k0, k1 = key
    for _ in range(10):
        product0 = c0 * np.uint64(0xD2511F53)
        product1 = c2 * np.uint64(0xCD9E8D57)
        c0, c1, c2, c3 = (
            (product1 >> _SHIFT32) ^ c1 ^ np.uint64(k0),
            product1 & _LOW32,
            (product0 >> _SHIFT32) ^ c3 ^ np.uint64(k1),
            product0 & _LOW32,
        )
        k0 = (k0 + 0x9E3779B9) & 0xFFFFFFFF
        k1 = (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return [c0, c1, c2, c3]


def random_block(seed: int, block: Array, step: int, stream: int) -> list[Array]:
    """The four words of every block number: block in 48 bits, step in 48 bits, stream in 32."""
    high = ((block >> _SHIFT32) & np.uint64(0xFFFF)) | np.uint64(((step >> 32) & 0xFFFF) << 16)
    counter = [block & _LOW32, high, np.uint64(step & 0xFFFFFFFF), np.uint64(stream)]
    return philox4x32(counter, (seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF))


def random_words64(seed: int, count: int, step: int, stream: int) -> Array:
    """Draws 0 .. count-1 of 64 bits, two of them from a block."""
    draw = np.arange(count, dtype=np.uint64)
    words = np.stack(random_block(seed, draw >> np.uint64(1), step, stream))
    pair = (2 * (draw & np.uint64(1))).astype(np.intp)
    index = np.arange(count)
    return words[pair, index] | (words[pair + 1, index] << _SHIFT32)


def random_uniform(seed: int, shape: tuple[int, ...], low: float, high: float) -> Array:
    """float64 draws low + (high - low) u, u of 53 bits in [0, 1)."""
    words = random_words64(seed, math.prod(shape), 0, UNIFORM_STREAM)
    u = (words >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return (low + (high - low) * u).reshape(shape)


def random_centred(seed: int, shape: tuple[int, ...], stream: int) -> Array:
    """float64 draws of 52 bits between -1/2 and 1/2: what normal draws are the quantiles of, less 1/2."""
    words = random_words64(seed, math.prod(shape), 0, stream)
    return (((words >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52 - 0.5).reshape(shape)


def permutation(seed: int, step: int, n: int) -> Array:
    """Fisher-Yates over 0 .. n-1: the order of the rows in the epoch that begins at `step`."""
    words = random_words64(seed, max(n - 1, 0), step, SHUFFLE_STREAM)
    order = list(range(n))
    for draw, i in enumerate(range(n - 1, 0, -1)):
        j = (int(words[draw]) * (i + 1)) >> 64
        order[i], order[j] = order[j], order[i]
    return np.array(order, dtype=np.int64)


@lru_cache(maxsize=512)  # the same masks are asked for by several dtypes, and by both passes
def dropout_mask(seed: int, stream: int, step: int, rows: int, units: int, rate: float) -> Array:
    """True where an element is kept; [rows, units]."""
    element = np.arange(rows * units, dtype=np.uint64)
    block = (element >> np.uint64(6)) * np.uint64(16) + (element & np.uint64(15))
    words = np.stack(random_block(seed, block, step, stream))
    word = words[((element >> np.uint64(4)) & np.uint64(3)).astype(np.intp), np.arange(element.size)]
    return (word >= np.uint64(math.floor(rate * 2**32))).reshape(rows, units)


@lru_cache(maxsize=512)
def normal_draws(seed: int, stream: int, step: int, rows: int, units: int) -> Array:
    """Draws of mean 0 and variance 1; [rows, units]."""
    words = random_words64(seed, rows * units, step, stream)
    shares = ((words >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
    return np.reshape([NormalDist().inv_cdf(share) for share in shares], (rows, units))


# --------------------------------------------------------------------------------------------
# Activations: y = f(z), and dL/dz from dL/dy.
# --------------------------------------------------------------------------------------------


class Activation(NamedTuple):
    """`forward(z, *parameters)`, `backward(dy, z, y, *parameters)`, and where the derivative jumps."""

    forward: Callable[..., Array]
    backward: Callable[..., Array]
    kinks: Callable[..., Sequence[float]] = lambda *parameters: ()


def sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z)) without overflow."""
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e)).astype(z.dtype)


def softmax(z: Array) -> Array:
    """exp(z) divided by its sum over the row."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
_erf = np.vectorize(math.erf, otypes=[np.float64])


def normal_share(z: Array) -> Array:
    """The share of the normal distribution below z."""
    return ((1 + _erf(z / math.sqrt(2))) / 2).astype(z.dtype)


def softplus(z: Array) -> Array:
    """log(1 + exp(z)) without overflow."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def relu(z: Array, slope: float = 0.0, most: float = np.inf, threshold: float = 0.0) -> Array:
    """Keras's relu with all of its arguments."""
    return np.where(z > threshold, np.minimum(z, most), slope * (z - threshold)).astype(z.dtype)


def relu_backward(
    dy: Array, z: Array, y: Array, slope: float = 0.0, most: float = np.inf, threshold: float = 0.0
) -> Array:
    """The slope below the threshold, 1 up to the limit, 0 above it."""
    return np.where(z > threshold, np.where(z < most, dy, 0), slope * dy).astype(dy.dtype)


def gelu(z: Array, approximate: float) -> Array:
    """z times the normal distribution function, or the approximation by a hyperbolic tangent."""
    if not approximate:
        return z * normal_share(z)
    return z / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))


def gelu_backward(dy: Array, z: Array, y: Array, approximate: float) -> Array:
    """The derivative of either."""
    if not approximate:
        return dy * (normal_share(z) + z * np.exp(-z * z / 2) / z.dtype.type(math.sqrt(2 * math.pi)))
    root = math.sqrt(2 / math.pi)
    t = np.tanh(root * (z + 0.044715 * z**3))
    return dy * ((1 + t) / 2 + z / 2 * (1 - t * t) * root * (1 + 3 * 0.044715 * z**2))


def mish_backward(dy: Array, z: Array, y: Array) -> Array:
    """The derivative of z tanh(softplus(z))."""
    t = np.tanh(softplus(z))
    return dy * (t + z * sigmoid(z) * (1 - t * t))


ACTIVATIONS: dict[str, Activation] = {
    "linear": Activation(lambda z: z, lambda dy, z, y: dy),
    "relu": Activation(
        relu,
        relu_backward,
        lambda slope=0.0, most=np.inf, threshold=0.0: (threshold, most),
    ),
    "relu6": Activation(lambda z: relu(z, 0, 6, 0), lambda dy, z, y: relu_backward(dy, z, y, 0, 6, 0), lambda: (0, 6)),
    "leaky_relu": Activation(
        lambda z, p: np.where(z > 0, z, z.dtype.type(p) * z),
        lambda dy, z, y, p: np.where(z > 0, dy, dy.dtype.type(p) * dy),
        lambda p: (0,),
    ),
    "elu": Activation(
        lambda z, p: np.where(z > 0, z, z.dtype.type(p) * np.expm1(np.minimum(z, 0))),
        lambda dy, z, y, p: np.where(z > 0, dy, dy * dy.dtype.type(p) * np.exp(np.minimum(z, 0))),
        lambda p: (0,),
    ),
    "selu": Activation(
        lambda z: z.dtype.type(SELU_SCALE) * np.where(z > 0, z, z.dtype.type(SELU_ALPHA) * np.expm1(np.minimum(z, 0))),
        lambda dy, z, y: (
            dy * z.dtype.type(SELU_SCALE) * np.where(z > 0, 1, z.dtype.type(SELU_ALPHA) * np.exp(np.minimum(z, 0)))
        ),
        lambda: (0,),
    ),
    "sigmoid": Activation(lambda z: sigmoid(z), lambda dy, z, y: dy * y * (1 - y)),
    "hard_sigmoid": Activation(
        lambda z: relu(z + 3, 0, 6, 0) / 6,
        lambda dy, z, y: relu_backward(dy, z + 3, y, 0, 6, 0) / 6,
        lambda: (-3, 3),
    ),
    "tanh": Activation(lambda z: np.tanh(z), lambda dy, z, y: dy * (1 - y * y)),
    "gelu": Activation(gelu, gelu_backward),
    "silu": Activation(
        lambda z: z * sigmoid(z),
        lambda dy, z, y: dy * sigmoid(z) * (1 + z * (1 - sigmoid(z))),
    ),
    "mish": Activation(lambda z: z * np.tanh(softplus(z)), mish_backward),
    "softplus": Activation(softplus, lambda dy, z, y: dy * sigmoid(z)),
    "softsign": Activation(lambda z: z / (1 + np.abs(z)), lambda dy, z, y: dy / (1 + np.abs(z)) ** 2),
    "exponential": Activation(np.exp, lambda dy, z, y: dy * y),
    "softmax": Activation(
        softmax,
        lambda dy, z, y: y * (dy - (dy * y).sum(axis=1, keepdims=True)),
    ),
    "log_softmax": Activation(
        reference_losses.log_softmax,
        lambda dy, z, y: dy - np.exp(y) * dy.sum(axis=1, keepdims=True),
    ),
    "step": Activation(
        lambda z: np.where(z >= 0, 1, 0).astype(z.dtype),
        lambda dy, z, y: np.zeros_like(dy),
        lambda: (0,),
    ),
}

# --------------------------------------------------------------------------------------------
# Metrics: (targets, outputs) -> a value for each row; their mean over an epoch, then `finish`.
# --------------------------------------------------------------------------------------------


class Metric(NamedTuple):
    """A value a row, averaged over all rows of the epoch, and what is done to that average."""

    rows: Callable[[Array, Array], Array]
    finish: Callable[[float], float] = float


METRICS: dict[str, Metric] = {
    "categorical_accuracy": Metric(lambda t, o: t.argmax(axis=1) == o.argmax(axis=1)),
    "sparse_categorical_accuracy": Metric(lambda t, o: t == o.argmax(axis=1)),
    "binary_accuracy": Metric(lambda t, o: (t == (o > 0.5)).mean(axis=1)),
    "mean_squared_error": Metric(lambda t, o: ((o - t) ** 2).mean(axis=1)),
    "mean_absolute_error": Metric(lambda t, o: np.abs(o - t).mean(axis=1)),
    "root_mean_squared_error": Metric(lambda t, o: ((o - t) ** 2).mean(axis=1), math.sqrt),
}


class RunningMeans:
    """The loss and the metrics of an epoch: means over rows, never means of batch means.

    Rows count by their weights in the `weighted` metrics alone; the loss of a batch is weighted already.
    """

    def __init__(self, metrics: Sequence[str], weighted: Sequence[str]) -> None:
        self.metrics = [METRICS[name] for name in (*metrics, *weighted)]
        self.unweighted = len(metrics)
        self.counts = np.zeros(1 + len(self.metrics))
        self.sums = np.zeros(1 + len(self.metrics))

    def add(self, loss: float, target: Array, output: Array, w: Array | None) -> None:
        """Takes one batch: its loss, its targets, the outputs that gave the loss, and the weights."""
        ones = np.ones(len(output))
        self.counts[0] += len(output)
        self.sums[0] += len(output) * loss
        for number, metric in enumerate(self.metrics):
            count = ones if w is None or number < self.unweighted else w
            self.counts[number + 1] += count.sum(dtype=np.float64)
            self.sums[number + 1] += (count * np.asarray(metric.rows(target, output), np.float64)).sum()

    def results(self) -> list[float]:
        """[loss, metric, ...] so far; 0 without any weight."""
        means = self.sums / np.where(self.counts == 0, 1, self.counts)
        finished = [metric.finish(mean) for metric, mean in zip(self.metrics, means[1:], strict=True)]
        return [float(means[0]), *finished]


# --------------------------------------------------------------------------------------------
# The network
# --------------------------------------------------------------------------------------------


def count_weights(layer: Layer) -> int:
    """How many weights a layer has."""
    if layer["type"] in reference_layers.LAYERS:
        return reference_layers.LAYERS[layer["type"]].weights
    return {"dense": 1 + layer.get("use_bias", False), "prelu": 1}.get(layer["type"], 0)


class Network:
    """Forward, gradients and training, one layer after the other, one batch after the other."""

    def __init__(self, inputs: int, layers: Sequence[Layer], dtype: str) -> None:
        self.inputs, self.layers, self.dtype = inputs, list(layers), np.dtype(dtype)
        self.weights: list[Array] = []
        self.penalties: list[tuple[float, float]] = []  # (l1, l2) of each weight
        self.trained: list[bool] = []
        self.constraints: list[str | None] = []
        width = inputs
        self.times = 1  # rows for each sample
        for layer in self.layers:
            if layer["type"] == "dense":
                self._add(0, layer, (width, layer["units"]))
                if layer["use_bias"]:
                    self._add(1, layer, (layer["units"],))
                width = layer["units"]
            elif layer["type"] == "prelu":
                self._add(0, layer, (width,))
            elif layer["type"] == "reshape":
                self.times = self.times * width // layer["units"]
                width = layer["units"]
            elif layer["type"] in reference_layers.LAYERS:
                formulas = reference_layers.LAYERS[layer["type"]]
                for index in range(formulas.weights):
                    self._add(index, layer, (width,), index < formulas.trained)
        self.outputs = width
        self.iterations = 0

    def _add(self, index: int, layer: Layer, shape: tuple[int, ...], trained: bool = True) -> None:
        self.weights.append(np.zeros(shape, self.dtype))
        self.trained.append(trained and layer.get("trainable", True))
        self.constraints.append(layer.get("constraint") if index == 0 else None)
        penalty = layer["weights"][index] if "weights" in layer else {}
        self.penalties.append((penalty.get("l1", 0.0), penalty.get("l2", 0.0)))

    def set_weights(self, weights: Sequence[Array]) -> None:
        """Takes copies, converted to the network's dtype."""
        assert [w.shape for w in weights] == [w.shape for w in self.weights]
        self.weights = [np.array(w, self.dtype) for w in weights]

    def compile(
        self,
        loss: dict[str, Any],
        optimizer: dict[str, Any],
        metrics: Sequence[str] = (),
        weighted_metrics: Sequence[str] = (),
        schedule: str | None = None,
        averages: reference_layers.Averages | None = None,
    ) -> None:
        """Names the loss and the optimizer (dictionaries with names and options), the metrics, and a schedule."""
        self.loss = loss
        options = {key: value for key, value in optimizer.items() if key != "name"}
        self.optimizer, self.limits = make_optimizer(optimizer["name"], options)
        self.rate, self.schedule, self.averages = options["learning_rate"], schedule, averages
        self.metrics, self.weighted_metrics = list(metrics), list(weighted_metrics)
        self.iterations = 0

    @property
    def head(self) -> str:
        """The last activation, where the loss goes around it to its pre-activations; else nothing."""
        last = self.layers[-1]
        is_link = last["type"] == "activation" and last["name"] in ("softmax", "sigmoid")
        return last["name"] if is_link and reference_losses.takes_off_link(self.loss) else ""

    def noise(self, position: int, rows: int, units: int) -> tuple[Array, Array]:
        """What the layer at `position` multiplies by, and what it adds, in the current iteration."""
        layer = self.layers[position]
        stream = sum(earlier["type"] != "reshape" for earlier in self.layers[:position])
        place = (layer["seed"], stream, self.iterations, rows, units)
        amount = layer["stddev"] if "stddev" in layer else layer["rate"]
        normal = layer["type"].startswith("gaussian")
        draws = normal_draws(*place) if normal else dropout_mask(*place, amount)
        factor, shift = reference_layers.NOISE[layer["type"]](amount, draws)
        return np.asarray(factor, self.dtype), np.asarray(shift, self.dtype)

    def trace(self, x: Array, training: bool) -> list[Array]:
        """The input of every layer, and at the end the output of the last."""
        values = [np.asarray(x).astype(self.dtype)]
        weights: Iterator[Array] = iter(self.weights)
        for position, layer in enumerate(self.layers):
            value = values[-1]
            if layer["type"] == "dense":
                value = value @ next(weights)
                if layer["use_bias"]:
                    value = value + next(weights)
            elif layer["type"] == "activation":
                value = ACTIVATIONS[layer["name"]].forward(value, *layer["parameters"])
            elif layer["type"] == "prelu":
                value = np.where(value > 0, value, next(weights) * value)
            elif layer["type"] == "rescaling":
                value = value * self.dtype.type(layer["scale"]) + self.dtype.type(layer["offset"])
            elif layer["type"] == "reshape":
                value = value.reshape(-1, layer["units"])
            elif layer["type"] in reference_layers.LAYERS:
                formulas = reference_layers.LAYERS[layer["type"]]
                own = [next(weights) for _ in range(formulas.weights)]
                value = formulas.forward(layer, value, own, training)
            elif training:
                factor, shift = self.noise(position, *value.shape)
                value = value * factor + shift
            values.append(value)
        return values

    def predict(self, x: Array) -> Array:
        """Outputs (rows, outputs), without dropout."""
        return self.trace(x, training=False)[-1]

    def penalty(self) -> float:
        """l1 sum|w| + l2 sum w^2 over all weights."""
        total = 0.0
        for w, (l1, l2) in zip(self.weights, self.penalties, strict=True):
            w = w.astype(np.float64)
            total += l1 * np.abs(w).sum() + l2 * (w * w).sum()
        return float(total)

    def loss_of(self, values: list[Array], y: Array, w: Array | None = None) -> tuple[float, Array]:
        """The sum over the rows by their number, plus penalties, and its derivative by what the loss looked at."""
        seen = values[-2] if self.head else values[-1]
        y = y if y.dtype.kind == "i" else y.astype(self.dtype)
        rows, derivative = reference_losses.values_of(self.loss, y, seen, self.head)
        if w is not None:
            w = w.astype(self.dtype)
            shared = reference_losses.is_of_batch(self.loss)
            rows, derivative = rows * w, derivative * (w.mean() if shared else w[:, None])
        mean = float(rows.mean(dtype=np.float64))
        mean += sum(map(reference_layers.activity_penalty, self.layers, values))
        return mean + self.penalty(), derivative / self.dtype.type(len(seen))

    def gradients(self, x: Array, y: Array, training: bool, w: Array | None = None) -> tuple[float, list[Array], Array]:
        """Loss with penalties, the gradient of every weight, and the outputs."""
        values = self.trace(x, training)
        loss, d = self.loss_of(values, y, w)
        last = len(self.layers) - (2 if self.head else 1)
        gradients: list[Array] = []  # from the last weight to the first
        remaining = list(self.weights)
        for position in range(last, -1, -1):
            layer, value = self.layers[position], values[position]
            if layer["type"] == "dense":
                if layer["use_bias"]:
                    remaining.pop()
                    gradients.append(d.sum(axis=0))
                gradients.append(value.T @ d)
                d = d @ remaining.pop().T
            elif layer["type"] == "activation":
                backward = ACTIVATIONS[layer["name"]].backward
                d = backward(d, value, values[position + 1], *layer["parameters"])
            elif layer["type"] == "prelu":
                gradients.append((d * np.minimum(value, 0)).sum(axis=0))
                d = np.where(value > 0, d, np.where(value < 0, d * remaining.pop(), 0)).astype(d.dtype)
            elif layer["type"] == "rescaling":
                d = d * self.dtype.type(layer["scale"])
            elif layer["type"] == "reshape":
                d = d.reshape(value.shape)
            elif layer["type"] in reference_layers.LAYERS:
                formulas = reference_layers.LAYERS[layer["type"]]
                own = [remaining.pop() for _ in range(formulas.weights)][::-1]
                d, found = formulas.backward(layer, d, value, own, training)
                gradients.extend(np.zeros_like(w) for w in own[formulas.trained :])
                gradients.extend(reversed(found))
            elif training:
                d = d * self.noise(position, *value.shape)[0]
        gradients.reverse()
        for i, (w, (l1, l2)) in enumerate(zip(self.weights, self.penalties, strict=True)):
            gradients[i] = gradients[i] + l1 * np.sign(w) + 2 * l2 * w
        return loss, gradients, values[-1]

    def train_batch(self, x: Array, y: Array, w: Array | None = None) -> tuple[float, Array]:
        """One step; the loss before the update, and the outputs that gave it."""
        loss, gradients, output = self.gradients(x, y, True, w)
        self.move_statistics(x)
        self.iterations += 1
        if self.schedule is not None:
            reference_layers.scheduled(self.optimizer, self.rate, self.schedule, self.iterations)
        places = [i for i, trained in enumerate(self.trained) if trained]
        for i, g in zip(places, clipped([gradients[i] for i in places], self.limits), strict=True):
            self.weights[i] = self.optimizer.update(i, self.weights[i], g, self.iterations)
            if self.averages is not None:
                self.weights[i] = self.averages.update(i, self.weights[i], self.iterations)
            if (constraint := self.constraints[i]) is not None:
                self.weights[i] = reference_layers.constrained(constraint, self.weights[i])
        return loss, output

    def move_statistics(self, x: Array) -> None:
        """Have the layers that keep moving statistics see a batch."""
        values, place = self.trace(x, training=True), 0
        for layer, value in zip(self.layers, values[:-1], strict=True):
            count = count_weights(layer)
            if layer["type"] == "batch_normalization":
                own = self.weights[place : place + count]
                self.weights[place + 2 : place + 4] = reference_layers.moved_statistics(layer, value, own)
            place += count

    def targets_of(self, y: Array, rows: Array) -> Array:
        """The targets, or the weights, of some samples, `times` rows for each."""
        return y.reshape(-1, self.times, *y.shape[1:])[rows].reshape(-1, *y.shape[1:])

    def fit(
        self,
        x: Array,
        y: Array,
        batch_size: int,
        epochs: int,
        shuffle: bool,
        seed: int,
        w: Array | None = None,
        after_epoch: Callable[[int], None] = lambda epoch: None,
    ) -> list[list[float]]:
        """[loss, metric, ...] of every epoch, 0, 1, ...; the last batch of an epoch may be smaller."""
        history = []
        for epoch in range(epochs):
            n = len(x)
            order = permutation(seed, self.iterations, n) if shuffle else np.arange(n)
            means = RunningMeans(self.metrics, self.weighted_metrics)
            for start in range(0, n, batch_size):
                rows = order[start : start + batch_size]
                targets = self.targets_of(y, rows)
                weights = None if w is None else self.targets_of(w, rows)
                loss, output = self.train_batch(x[rows], targets, weights)
                means.add(loss, targets, output, weights)
            history.append(means.results())
            after_epoch(epoch)
        if self.averages is not None:
            for i, average in self.averages.values.items():
                self.weights[i] = average
        return history

    def evaluate(self, x: Array, y: Array, w: Array | None = None, batch_size: int | None = None) -> list[float]:
        """[loss with penalties, metric, ...] without noise, of all rows at once or of batches."""
        means = RunningMeans(self.metrics, self.weighted_metrics)
        for rows in np.split(np.arange(len(x)), range(batch_size or len(x), len(x), batch_size or len(x))):
            values, targets = self.trace(x[rows], training=False), self.targets_of(y, rows)
            counts = None if w is None else self.targets_of(w, rows)
            means.add(self.loss_of(values, targets, counts)[0], targets, values[-1], counts)
        return means.results()
