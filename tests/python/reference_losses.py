"""The losses in NumPy: a value a row with its derivative, and how near outputs come to a corner.

Formulas of keras/src/losses/losses.py; derivatives at corners as TensorFlow has them.  A loss is a
dictionary, as the native ``Network`` takes it: its name, and the options that are not at their defaults::

    {"name": "huber", "delta": 0.5}
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray
LossResult = tuple[Array, Array]

EPSILON = 1e-7
TAKES_LOGITS = {
    "categorical_crossentropy", "sparse_categorical_crossentropy", "binary_crossentropy",
    "binary_focal_crossentropy", "categorical_focal_crossentropy",
}  # fmt: skip
"""Losses that can be told that outputs are logits."""
STEEP_NEAR_0 = TAKES_LOGITS | {
    "kl_divergence", "poisson", "mean_squared_logarithmic_error", "cosine_similarity",
    "categorical_generalized_cross_entropy", "dice", "tversky",
}  # fmt: skip
"""Losses that take logarithms or powers of outputs, where these are no logits, or divide by their norm or sum."""


def takes_off_link(loss: dict[str, Any]) -> bool:
    """Whether the loss takes the pre-activations of a final softmax or sigmoid as its logits."""
    if loss["name"] == "categorical_focal_crossentropy" or "ignore_class" in loss:
        return False
    if loss["name"] == "binary_focal_crossentropy":
        return not loss.get("from_logits", False)
    return loss["name"] in TAKES_LOGITS


def _clip(output: Array, low: float = EPSILON, high: float = 1 - EPSILON) -> tuple[Array, Array]:
    """Outputs held in [low, high], and where the derivative passes through."""
    a, b = output.dtype.type(low), output.dtype.type(high)
    return np.clip(output, a, b), (output >= a) & (output <= b)


def log_softmax(z: Array) -> Array:
    """Logarithm of the softmax of every row."""
    shifted = z - z.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _mean(value: Array, derivative: Array) -> LossResult:
    """The mean over the outputs of what each of them gives."""
    return value.mean(axis=1), derivative / value.shape[1]


# --- cross-entropies: (targets, outputs or logits, are they logits, options) ----------------------


def categorical_crossentropy(target: Array, output: Array, logits: bool, label_smoothing: float = 0.0) -> LossResult:
    """-sum(t log p); without logits p is the row divided by its sum, then clipped.

    From logits the derivative is p - t, as TensorFlow has it: the slope of the value only where
    the targets of a row sum to 1.
    """
    target = target * (1 - label_smoothing) + label_smoothing / output.shape[1]
    if logits:
        log_p = log_softmax(output)
        return -(target * log_p).sum(axis=1), np.exp(log_p) - target
    total = output.sum(axis=1, keepdims=True)
    p = output / total
    clipped, inside = _clip(p)
    dp = np.where(inside, -target / clipped, 0)
    derivative = (dp - (dp * p).sum(axis=1, keepdims=True)) / total
    return -(target * np.log(clipped)).sum(axis=1), derivative


def sparse_categorical_crossentropy(
    labels: Array, output: Array, logits: bool, ignore_class: int | None = None
) -> LossResult:
    """As above for integer labels; without logits, log(clip(output)) are taken as the logits.

    Rows of an ignored class are nothing; the others are as much more as makes the mean over all theirs.
    """
    if ignore_class is not None:
        counted = labels != ignore_class
        value, derivative = np.zeros(len(labels), output.dtype), np.zeros_like(output)
        if counted.any():
            parts = sparse_categorical_crossentropy(labels[counted], output[counted], logits)
            value[counted], derivative[counted] = (part * (len(labels) / counted.sum()) for part in parts)
        return value, derivative
    target = np.eye(output.shape[1], dtype=output.dtype)[labels]
    if logits:
        return categorical_crossentropy(target, output, True)
    clipped, inside = _clip(output)
    value, dlog = categorical_crossentropy(target, np.log(clipped), True)
    return value, np.where(inside, dlog / clipped, 0)


def binary_crossentropy(target: Array, output: Array, logits: bool, label_smoothing: float = 0.0) -> LossResult:
    """-mean(t log p + (1 - t) log(1 - p)) over the outputs."""
    target = target * (1 - label_smoothing) + label_smoothing / 2
    if logits:
        value = np.maximum(output, 0) - output * target + np.log1p(np.exp(-np.abs(output)))
        return _mean(value, (1 + np.tanh(output / 2)) / 2 - target)
    p, inside = _clip(output)
    value = -(target * np.log(p) + (1 - target) * np.log(1 - p))
    return _mean(value, np.where(inside, (1 - target) / (1 - p) - target / p, 0))


def _softmax(z: Array) -> Array:
    return np.exp(log_softmax(z))


def _through_softmax(derivative: Array, p: Array) -> Array:
    return p * (derivative - (derivative * p).sum(axis=1, keepdims=True))


def _through_sigmoid(derivative: Array, p: Array) -> Array:
    return derivative * p * (1 - p)


def binary_focal_crossentropy(
    target: Array, output: Array, logits: bool, head: str = "", gamma: float = 2.0, alpha: float = 0.25,
    apply_class_balancing: bool = False, label_smoothing: float = 0.0,
) -> LossResult:  # fmt: skip
    """mean(w (1 - p_t)^gamma b), b the binary cross-entropy; of logits under a sigmoid, whatever makes p of them."""
    p = output if not logits else _softmax(output) if head == "softmax" else (1 + np.tanh(output / 2)) / 2
    entropy, by_entropy = binary_crossentropy(target.reshape(-1, 1), output.reshape(-1, 1), logits, label_smoothing)
    entropy, by_entropy = entropy.reshape(output.shape), by_entropy.reshape(output.shape)
    t = target * (1 - label_smoothing) + label_smoothing / 2
    rest = 1 - (t * p + (1 - t) * (1 - p))
    w = t * alpha + (1 - t) * (1 - alpha) if apply_class_balancing else 1.0
    by_p = w * gamma * rest ** (gamma - 1) * (1 - 2 * t) * entropy
    if logits:
        by_p = (_through_softmax if head == "softmax" else _through_sigmoid)(by_p, p)
    return _mean(w * rest**gamma * entropy, by_p + w * rest**gamma * by_entropy)


def categorical_focal_crossentropy(
    target: Array, output: Array, logits: bool, gamma: float = 2.0, alpha: float | Sequence[float] = 0.25,
    label_smoothing: float = 0.0,
) -> LossResult:  # fmt: skip
    """-sum(alpha t (1 - q)^gamma log q), q the outputs divided by their sum, then clipped."""
    target = np.asarray(alpha) * (target * (1 - label_smoothing) + label_smoothing / output.shape[1])
    p = _softmax(output) if logits else output
    total = p.sum(axis=1, keepdims=True)
    q, inside = _clip(p / total)
    value = -(target * (1 - q) ** gamma * np.log(q)).sum(axis=1)
    dq = np.where(inside, target * (gamma * (1 - q) ** (gamma - 1) * np.log(q) - (1 - q) ** gamma / q), 0)
    derivative = (dq - (dq * p / total).sum(axis=1, keepdims=True)) / total
    return value, _through_softmax(derivative, p) if logits else derivative


# --- all others: (targets, outputs, options) ------------------------------------------------------


def mean_squared_error(target: Array, output: Array) -> LossResult:
    """mean((o - t)^2)."""
    error = output - target
    return _mean(error * error, 2 * error)


def mean_absolute_error(target: Array, output: Array) -> LossResult:
    """mean(|o - t|); the derivative at 0 is 0."""
    error = output - target
    return _mean(np.abs(error), np.sign(error))


def mean_absolute_percentage_error(target: Array, output: Array) -> LossResult:
    """mean(100 |o - t| / max(|t|, epsilon)); the derivative at 0 is 0."""
    percent = 100 / np.maximum(np.abs(target), EPSILON)
    error = output - target
    return _mean(np.abs(error) * percent, np.sign(error) * percent)


def mean_squared_logarithmic_error(target: Array, output: Array) -> LossResult:
    """mean((log(1 + o) - log(1 + t))^2), both at least epsilon."""
    o, inside = _clip(output, EPSILON, np.inf)
    error = np.log(1 + o) - np.log(1 + np.maximum(target, EPSILON))
    return _mean(error * error, np.where(inside, 2 * error / (1 + o), 0))


def huber(target: Array, output: Array, delta: float = 1.0) -> LossResult:
    """mean(e^2 / 2 where |e| <= delta, else delta |e| - delta^2 / 2)."""
    error = output - target
    size = np.abs(error)
    value = np.where(size <= delta, error * error / 2, delta * size - delta * delta / 2)
    return _mean(value, np.where(size <= delta, error, delta * np.sign(error)))


def log_cosh(target: Array, output: Array) -> LossResult:
    """mean(log(cosh(o - t)))."""
    error = output - target
    size = np.abs(error)
    return _mean(size + np.log1p(np.exp(-2 * size)) - np.log(2), np.tanh(error))


def _margin(target: Array, output: Array) -> tuple[Array, Array]:
    """1 - t o and t, which is -1 or 1; a target of 0 means -1."""
    sign = np.where(target > 0, 1, -1).astype(output.dtype)
    return 1 - sign * output, sign


def hinge(target: Array, output: Array) -> LossResult:
    """mean(max(1 - t o, 0)); at the corner the derivative is -t."""
    margin, sign = _margin(target, output)
    return _mean(np.maximum(margin, 0), np.where(margin >= 0, -sign, 0))


def squared_hinge(target: Array, output: Array) -> LossResult:
    """mean(max(1 - t o, 0)^2)."""
    margin, sign = _margin(target, output)
    positive = np.maximum(margin, 0)
    return _mean(positive * positive, -2 * sign * positive)


def categorical_hinge(target: Array, output: Array) -> LossResult:
    """max(0, 1 + max((1 - t) o) - sum(t o)); outputs that share the inner maximum share its derivative."""
    wrong = (1 - target) * output
    margin = 1 + wrong.max(axis=1) - (target * output).sum(axis=1)
    largest = wrong == wrong.max(axis=1, keepdims=True)
    derivative = (1 - target) * largest / largest.sum(axis=1, keepdims=True) - target
    return np.maximum(margin, 0), np.where(margin[:, None] >= 0, derivative, 0)


def kl_divergence(target: Array, output: Array) -> LossResult:
    """sum(t log(t / o)), both held in [epsilon, 1]."""
    t, _ = _clip(target, EPSILON, 1)
    o, inside = _clip(output, EPSILON, 1)
    return (t * np.log(t / o)).sum(axis=1), np.where(inside, -t / o, 0)


def poisson(target: Array, output: Array) -> LossResult:
    """mean(o - t log(o + epsilon))."""
    return _mean(output - target * np.log(output + EPSILON), 1 - target / (output + EPSILON))


def cosine_similarity(target: Array, output: Array) -> LossResult:
    """-sum(t o) with t and o divided by their norms, a norm below epsilon by epsilon."""
    target_norm, norm = (np.sqrt((x * x).sum(axis=1, keepdims=True)) for x in (target, output))
    t = target / np.maximum(target_norm, EPSILON)
    o = output / np.maximum(norm, EPSILON)
    cosine = (t * o).sum(axis=1, keepdims=True)
    along = np.where(norm >= EPSILON, cosine, 0)
    return -cosine[:, 0], (along * o - t) / np.maximum(norm, EPSILON)


def categorical_generalized_cross_entropy(labels: Array, output: Array, q: float = 0.5) -> LossResult:
    """(1 - p^q) / q, p the output of the label."""
    right = np.eye(output.shape[1], dtype=output.dtype)[labels]
    p = (right * output).sum(axis=1)
    return (1 - p**q) / q, -right * p[:, None] ** (q - 1)


def dice(target: Array, output: Array, axis: int | None = None) -> LossResult:
    """1 - 2 sum(t o) / (sum(t) + sum(o) + epsilon), of the batch as a whole or of each row."""
    both, targets, outputs = (x.sum(axis=axis, keepdims=True) for x in (target * output, target, output))
    total = targets + outputs + EPSILON
    return _of_batch(1 - 2 * both / total, (-2 * target * total + 2 * both) / total**2, axis)


def tversky(target: Array, output: Array, alpha: float = 0.5, beta: float = 0.5, axis: int | None = None) -> LossResult:
    """1 - s / (s + alpha sum(t (1 - o)) + beta sum(o (1 - t)) + epsilon), s = sum(t o), as above."""
    both, missed, beyond = (
        x.sum(axis=axis, keepdims=True) for x in (target * output, target * (1 - output), output * (1 - target))
    )
    total = both + alpha * missed + beta * beyond + EPSILON
    slope = target - alpha * target + beta * (1 - target)
    return _of_batch(1 - both / total, (-target * total + both * slope) / total**2, axis)


def _of_batch(value: Array, derivative: Array, axis: int | None) -> LossResult:
    """Every row has the batch's value, whose derivative is that of their mean."""
    rows = len(derivative)
    return np.broadcast_to(value, (rows, 1))[:, 0], derivative * (rows if axis is None else 1)


# --- how far outputs are from where a derivative jumps, or where the loss has no value ------------

Gaps = Sequence[Array]


def _from_error(target: Array, output: Array) -> Gaps:
    return [output - target]


def _from_places(*places: float) -> Callable[[Array, Array], Gaps]:
    """Distances from these; an output of exactly 0 does not count, it comes from an inactive unit."""
    return lambda target, output, **options: [output[output != 0] - place for place in places]


def _from_logs(*places: float) -> Callable[[Array, Array], Gaps]:
    """A hundredth of the distances: near its 0 a logarithm is so steep that no difference meets its derivative."""
    return lambda target, output, **options: [gap / 100 for gap in _from_places(*places)(target, output)]


def _from_shares(target: Array, output: Array, **options: Any) -> Gaps:
    return _from_logs(EPSILON, 1 - EPSILON)(target, output / output.sum(axis=1, keepdims=True))


def _from_delta(target: Array, output: Array, delta: float = 1.0) -> Gaps:
    return [np.abs(output - target) - delta]


def _from_margin(target: Array, output: Array) -> Gaps:
    return [_margin(target, output)[0]]


def _from_margin_and_ties(target: Array, output: Array) -> Gaps:
    wrong = np.sort((1 - target) * output, axis=1)
    margin = 1 + wrong[:, -1] - (target * output).sum(axis=1)
    return [margin, wrong[:, -1:] - wrong[:, :-1]]


class Loss(NamedTuple):
    """`rows` gives values and derivatives, `gaps` the distances of outputs from corners."""

    rows: Callable[..., LossResult]
    gaps: Callable[..., Gaps] = lambda target, output, **options: []


LOSSES: dict[str, Loss] = {
    "categorical_crossentropy": Loss(categorical_crossentropy, _from_shares),
    "sparse_categorical_crossentropy": Loss(sparse_categorical_crossentropy, _from_logs(EPSILON, 1 - EPSILON)),
    "binary_crossentropy": Loss(binary_crossentropy, _from_logs(EPSILON, 1 - EPSILON)),
    "binary_focal_crossentropy": Loss(binary_focal_crossentropy, _from_logs(EPSILON, 1 - EPSILON)),
    "categorical_focal_crossentropy": Loss(categorical_focal_crossentropy, _from_shares),
    "categorical_generalized_cross_entropy": Loss(categorical_generalized_cross_entropy, _from_logs(0)),
    "mean_squared_error": Loss(mean_squared_error),
    "mean_absolute_error": Loss(mean_absolute_error, _from_error),
    "mean_absolute_percentage_error": Loss(mean_absolute_percentage_error, _from_error),
    "mean_squared_logarithmic_error": Loss(mean_squared_logarithmic_error, _from_places(EPSILON)),
    "huber": Loss(huber, _from_delta),
    "log_cosh": Loss(log_cosh),
    "hinge": Loss(hinge, _from_margin),
    "squared_hinge": Loss(squared_hinge, _from_margin),
    "categorical_hinge": Loss(categorical_hinge, _from_margin_and_ties),
    "kl_divergence": Loss(kl_divergence, lambda t, o: [*_from_logs(EPSILON)(t, o), *_from_places(1)(t, o)]),
    "poisson": Loss(poisson, _from_logs(-EPSILON)),
    "cosine_similarity": Loss(cosine_similarity),
    "dice": Loss(dice),
    "tversky": Loss(tversky),
}


def is_of_batch(loss: dict[str, Any]) -> bool:
    """Whether every row has the value of the batch as a whole, so that weights of rows are as good as their mean."""
    return loss["name"] in ("dice", "tversky") and "axis" not in loss


def _parts(loss: dict[str, Any]) -> tuple[str, bool, dict[str, Any]]:
    """The name, whether outputs are said to be logits, and the other options of the formula."""
    options = {key: value for key, value in loss.items() if key not in ("name", "from_logits", "sum")}
    return loss["name"], loss.get("from_logits", False), options


def values_of(loss: dict[str, Any], target: Array, seen: Array, head: str = "") -> LossResult:
    """A value a row and its derivative by `seen`: outputs, or what stands before a last softmax or sigmoid, the head.

    Of a loss that adds up the rows, as many times as there are rows, so that the mean is the sum.
    """
    name, from_logits, options = _parts(loss)
    if name in TAKES_LOGITS:
        options["logits"] = from_logits or head != ""
    if name == "binary_focal_crossentropy":
        options["head"] = head
    value, derivative = LOSSES[name].rows(target, seen, **options)
    if loss.get("sum"):
        counted = np.mean(target != loss["ignore_class"]) if "ignore_class" in loss else 1
        value, derivative = (len(seen) * counted * part for part in (value, derivative))
    return value, derivative.astype(seen.dtype)


def distance_from_corners(loss: dict[str, Any], target: Array, output: Array) -> float:
    """How near outputs, not what stands before a link, come to a corner; exactly on it does not count."""
    name, from_logits, options = _parts(loss)
    if from_logits:
        return np.inf
    options.pop("label_smoothing", None)
    gaps = [np.abs(gap[gap != 0]).min(initial=np.inf) for gap in LOSSES[name].gaps(target, output, **options)]
    return float(min(gaps, default=np.inf))
