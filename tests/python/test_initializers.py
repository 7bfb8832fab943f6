"""How weights begin: distributions, bits, matrices, constants.

Seeds are fixed, so nothing here fails by chance.  Bounds are five standard deviations.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import beginnings
import reference
from lamina import _core, initializers
from lamina.initializers import (
    Constant,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Identity,
    LecunNormal,
    LecunUniform,
    Ones,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
    Zeros,
)
from lamina.layers import Dense
from lamina.models import Sequential
from lamina.utils import set_random_seed

GOLDEN = json.loads((Path(__file__).resolve().parent.parent / "golden" / "initializers.json").read_text())
SEED = 2**52 + 11


# --- distributions ----------------------------------------------------------------------------------------------------


def normal_cdf(x: np.ndarray) -> np.ndarray:
    """Φ, by the C library."""
    return np.vectorize(math.erfc)(-x / math.sqrt(2)) / 2


@dataclass(frozen=True)
class Uniform:
    """Between low and high."""

    low: float
    high: float
    kurtosis = 1.8

    @property
    def mean(self) -> float:
        return (self.low + self.high) / 2

    @property
    def variance(self) -> float:
        return (self.high - self.low) ** 2 / 12

    def cdf(self, x: np.ndarray) -> np.ndarray:
        return (x - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Normal:
    """All of the normal distribution."""

    mean: float
    stddev: float
    kurtosis = 3.0
    low, high = -math.inf, math.inf

    @property
    def variance(self) -> float:
        return self.stddev**2

    def cdf(self, x: np.ndarray) -> np.ndarray:
        return normal_cdf((x - self.mean) / self.stddev)


@dataclass(frozen=True)
class Truncated:
    """The normal distribution cut at two deviations; stddev is that before the cut.

    Its variance is 1 - 4 φ(2) / p and its fourth moment 3 - 28 φ(2) / p, for stddev 1, p = Φ(2) - Φ(-2).
    """

    mean: float
    stddev: float
    kurtosis = 1.416255 / 0.773741**2

    @property
    def low(self) -> float:
        return self.mean - 2 * self.stddev

    @property
    def high(self) -> float:
        return self.mean + 2 * self.stddev

    @property
    def variance(self) -> float:
        return 0.773741 * self.stddev**2

    def cdf(self, x: np.ndarray) -> np.ndarray:
        z = (x - self.mean) / self.stddev
        return (normal_cdf(z) - 0.02275013194817921) / 0.9544997361036416


def symmetric(limit: float) -> Uniform:
    return Uniform(-limit, limit)


def of_variance(variance: float) -> Truncated:
    """Keras's: the deviation after the cut is the square root of `variance`."""
    return Truncated(0.0, math.sqrt(variance) / 0.87962566103423978)


Distribution = Uniform | Normal | Truncated

# Shapes with their fan_in and fan_out, by hand: a kernel, narrow ones, biases, kernels of more dimensions.
FANS = {
    (300, 70): (300, 70), (1, 5000): (1, 5000), (4000, 2): (4000, 2), (6000,): (6000, 6000), (3, 40, 60): (120, 180),
    (2, 3, 30, 50): (180, 300),
}  # fmt: skip

# What each draws, of its fans; those of `beginnings.made` where there are arguments.
EXPECTED: dict[str, Callable[[int, int], Distribution]] = {
    "random_uniform": lambda i, o: Uniform(-0.3, 0.9),
    "random_normal": lambda i, o: Normal(0.3, 0.7),
    "truncated_normal": lambda i, o: Truncated(-0.2, 1.1),
    "variance_scaling": lambda i, o: Normal(0.0, math.sqrt(0.6 / o)),
    "glorot_uniform": lambda i, o: symmetric(math.sqrt(6 / (i + o))),
    "glorot_normal": lambda i, o: of_variance(2 / (i + o)),
    "he_uniform": lambda i, o: symmetric(math.sqrt(6 / i)),
    "he_normal": lambda i, o: of_variance(2 / i),
    "lecun_uniform": lambda i, o: symmetric(math.sqrt(3 / i)),
    "lecun_normal": lambda i, o: of_variance(1 / i),
}


def assert_distributed(values: np.ndarray, expected: Distribution) -> None:
    """Bounds, mean, variance and the Kolmogorov-Smirnov distance of float64 draws."""
    x = np.sort(values.ravel())
    n = x.size
    assert x[0] >= expected.low
    assert x[-1] <= expected.high
    assert abs(x.mean() - expected.mean) < 5 * math.sqrt(expected.variance / n)
    deviation = expected.variance * math.sqrt((expected.kurtosis - 1) / n)
    assert abs(((x - expected.mean) ** 2).mean() - expected.variance) < 5 * deviation
    u = expected.cdf(x)
    ranks = np.arange(n + 1) / n
    distance = max((ranks[1:] - u).max(), (u - ranks[:-1]).max())
    assert math.sqrt(n) * distance < 1.95  # exceeded with a probability of 0.001


def test_every_initializer_is_tested() -> None:
    """By its distribution, as a matrix, or without chance."""
    without_chance = {"constant", "identity", "ones", "zeros"}
    assert sorted([*EXPECTED, "orthogonal", *without_chance]) == sorted(initializers.known())


@pytest.mark.parametrize("shape", FANS, ids=str)
@pytest.mark.parametrize("name", EXPECTED)
def test_distribution(name: str, shape: tuple[int, ...]) -> None:
    assert_distributed(beginnings.made(name, SEED)(shape, "float64"), EXPECTED[name](*FANS[shape]))


@pytest.mark.parametrize("distribution", ["truncated_normal", "normal", "untruncated_normal", "uniform", "Uniform"])
@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
@pytest.mark.parametrize("shape", FANS, ids=str)
def test_variance_scaling(shape: tuple[int, ...], mode: str, distribution: str) -> None:
    fan_in, fan_out = FANS[shape]
    variance = 1.7 / {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
    expected = {
        "uniform": symmetric(math.sqrt(3 * variance)),
        "untruncated_normal": Normal(0.0, math.sqrt(variance)),
    }.get(distribution.lower(), of_variance(variance))
    found = VarianceScaling(1.7, mode, distribution, seed=5)(shape, "float64")
    assert_distributed(found, expected)
    if not isinstance(expected, Normal):  # no room is left at the ends
        assert found.max() > 0.97 * expected.high


@pytest.mark.parametrize(
    ("arguments", "fan_in"),
    [
        ({"input_axes": [0], "output_axes": [1, 2]}, 20),
        ({"input_axes": (1, 2), "output_axes": [0]}, 1500),
        ({"input_axes": [-1], "output_axes": [-3, 1]}, 50),
        ({"input_axes": [], "output_axes": [0]}, 1),
    ],
)
def test_axes_in_place_of_fans(arguments: dict[str, Any], fan_in: int) -> None:
    shape = (20, 30, 50)
    assert_distributed(HeUniform(3, **arguments)(shape, "float64"), symmetric(math.sqrt(6 / fan_in)))
    fan_out = math.prod(shape[axis] for axis in arguments["output_axes"])
    found = GlorotNormal(seed=3, **arguments)(shape, "float64")
    assert_distributed(found, of_variance(2 / (fan_in + fan_out)))


@pytest.mark.parametrize("shape", FANS, ids=str)
def test_scaled_draws_are_those_of_their_distribution(shape: tuple[int, ...]) -> None:
    """Exactly the deviation and the limit, which samples show roughly."""
    fan_in, fan_out = FANS[shape]
    for make, variance in [(GlorotNormal, 2 / (fan_in + fan_out)), (HeNormal, 2 / fan_in), (LecunNormal, 1 / fan_in)]:
        expected = TruncatedNormal(0.0, of_variance(variance).stddev, SEED)(shape, "float64")
        np.testing.assert_allclose(make(SEED)(shape, "float64"), expected, rtol=1e-15, atol=0)
    for make, limit in [(HeUniform, math.sqrt(6 / fan_in)), (LecunUniform, math.sqrt(3 / fan_in))]:
        expected = RandomUniform(-limit, limit, SEED)(shape, "float64")
        np.testing.assert_allclose(make(SEED)(shape, "float64"), expected, rtol=1e-15, atol=0)
    expected = RandomNormal(0.0, math.sqrt(0.3 / fan_out), SEED)(shape, "float64")
    found = VarianceScaling(0.3, "fan_out", "untruncated_normal", SEED)(shape, "float64")
    np.testing.assert_allclose(found, expected, rtol=1e-15, atol=0)


def test_fans_are_at_least_1() -> None:
    """Keras's guard for shapes without elements, and its fans for a single number."""
    for shape in [(0, 7), (7, 0), (0,)]:
        assert HeNormal(1)(shape).shape == shape
    assert abs(float(HeUniform(1)((), "float64"))) <= math.sqrt(6)


def test_he_normal_through_a_model() -> None:
    set_random_seed(5)
    model = Sequential([Dense(400, "relu", kernel_initializer="he_normal", input_shape=(300,))], dtype="float64")
    assert_distributed(model.get_weights()[0], of_variance(2 / 300))


# --- bits -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("isa", ["scalar", "avx2", "avx512"])
@pytest.mark.parametrize("name", initializers.known())
def test_golden(name: str, isa: str) -> None:
    """The same bits for the same seed, on every instruction set."""
    if isa not in _core.isas():
        pytest.skip(f"this CPU has no {isa}")
    _core.set_isa(isa)
    assert beginnings.hashes(name) == GOLDEN[name]


def test_goldens_are_complete() -> None:
    assert sorted(GOLDEN) == sorted(initializers.known())
    random = [GOLDEN[name]["float64"] for name in beginnings.RANDOM]
    assert len(set(random)) == len(random)


@pytest.mark.parametrize("shape", [(128, 64), (1, 1), (7, 300), (33,)], ids=str)
def test_uniform_draws_are_the_specified_ones(shape: tuple[int, ...]) -> None:
    limit = math.sqrt(6 / (shape[0] + shape[-1]))
    expected = reference.random_uniform(SEED, shape, -limit, limit)
    np.testing.assert_array_equal(GlorotUniform(SEED)(shape, "float64"), expected)
    expected = reference.random_uniform(SEED, shape, -0.05, 0.05)
    np.testing.assert_array_equal(RandomUniform(seed=SEED)(shape, "float64"), expected)


@pytest.mark.parametrize(
    ("make", "stream", "share"),
    [
        (RandomNormal, reference.NORMAL_STREAM, 1.0),
        (TruncatedNormal, reference.TRUNCATED_NORMAL_STREAM, 0.9544997361036416),
    ],
)
def test_normal_draws_are_quantiles_of_the_specified_draws(make: Any, stream: int, share: float) -> None:
    """Φ(x) - 1/2 is the draw, to the accuracy of erf."""
    shape = (500, 40)
    x = make(0.0, 1.0, SEED)(shape, "float64")
    q = share * reference.random_centred(SEED, shape, stream)
    middle = np.abs(q) < 0.3
    erf = np.vectorize(math.erf)(x / math.sqrt(2)) / 2
    np.testing.assert_allclose(erf[middle], q[middle], rtol=1e-14, atol=0)
    tail = np.vectorize(math.erfc)(np.abs(x) / math.sqrt(2)) / 2
    np.testing.assert_allclose(tail[~middle], 0.5 - np.abs(q[~middle]), rtol=1e-14, atol=0)
    np.testing.assert_array_equal(np.sign(x), np.sign(q))
    # With another mean and deviation, the same draws; doubling is exact.
    np.testing.assert_array_equal(make(0.0, 2.0, SEED)(shape, "float64"), 2 * x)
    np.testing.assert_array_equal(make(0.5, 2.0, SEED)(shape, "float64"), 0.5 + 2 * x)


@pytest.mark.parametrize("name", beginnings.RANDOM)
def test_a_seed_gives_the_same_again_and_float32_is_float64_rounded(name: str) -> None:
    initializer = beginnings.made(name, 12)
    wide = initializer((50, 30), "float64")
    np.testing.assert_array_equal(initializer((50, 30), "float64"), wide)
    np.testing.assert_array_equal(beginnings.made(name, 12)((50, 30)), wide.astype(np.float32))
    assert initializer((50, 30)).dtype == np.float32
    assert initializer((50, 30), None).dtype == np.float32
    assert initializer((50, 30), np.dtype(np.float64)).dtype == np.float64
    wide[:] = 0  # it is the caller's
    assert initializer((50, 30), "float64").any()


@pytest.mark.parametrize("name", [name for name in beginnings.RANDOM if name != "orthogonal"])
def test_a_draw_depends_on_its_position_alone(name: str) -> None:
    """So a longer array begins with a shorter one: here the fans are kept as they are."""
    axes = {"input_axes": [1], "output_axes": [1]} if isinstance(beginnings.made(name), VarianceScaling) else {}
    initializer = initializers.get({"class_name": name, "config": {"seed": 9, **axes}})
    long = initializer((40, 30), "float64")
    np.testing.assert_array_equal(initializer((13, 30), "float64"), long[:13])


@pytest.mark.parametrize("name", beginnings.RANDOM)
def test_seeds_are_independent(name: str) -> None:
    """Draws of two seeds, and neighbours of one, are uncorrelated."""
    shape = (200, 100)
    seeds = [0, 1, 2, 2**32, 2**63, 2**64 - 1]
    drawn = [beginnings.made(name, seed)(shape, "float64").ravel() for seed in seeds]
    scores = [(x - x.mean()) / x.std() for x in drawn]
    bound = 5 / math.sqrt(drawn[0].size)
    for x, y in itertools.combinations(scores, 2):
        assert abs((x * y).mean()) < bound
        assert abs((x[1:] * y[:-1]).mean()) < bound
    for x in scores:
        for lag in (1, 2, 3, 100):
            assert abs((x[lag:] * x[:-lag]).mean()) < bound


def test_distributions_of_one_seed_are_independent() -> None:
    """Uniform, normal and truncated draws come from streams of their own."""
    drawn = [make(0.0, 1.0, 4)((20000,), "float64") for make in (RandomUniform, RandomNormal, TruncatedNormal)]
    for x, y in itertools.combinations(drawn, 2):
        assert abs(np.corrcoef(x, y)[0, 1]) < 5 / math.sqrt(x.size)


def test_seeds_that_are_not_given_follow_from_set_random_seed() -> None:
    set_random_seed(3)
    first = [HeNormal(), HeNormal(), Orthogonal()]
    set_random_seed(3)
    again = [HeNormal(), HeNormal(), Orthogonal()]
    assert [made.seed for made in first] == [made.seed for made in again]
    assert len({made.seed for made in first}) == 3
    assert HeNormal().seed != HeNormal().seed


# --- matrices ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gain", [1.0, -2.5, 1e-3])
@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 9), (9, 1), (40, 40), (150, 33), (33, 150), (4, 5, 6, 70), (3, 200)], ids=str
)
def test_orthogonal(shape: tuple[int, ...], gain: float) -> None:
    """Columns, or rows where those are fewer, of length `gain` that stand upright on one another."""
    q = Orthogonal(gain, seed=SEED)(shape, "float64")
    assert q.shape == shape
    assert q.flags.c_contiguous
    matrix = q.reshape(-1, shape[-1])
    product = matrix.T @ matrix if len(matrix) >= shape[-1] else matrix @ matrix.T
    np.testing.assert_allclose(product / gain**2, np.eye(len(product)), rtol=0, atol=1e-12)


@pytest.mark.parametrize("shape", [(60, 60), (100, 20), (20, 100)], ids=str)
def test_orthogonal_is_the_q_of_normal_draws(shape: tuple[int, ...]) -> None:
    """That of LAPACK, with the signs that make the diagonal of R positive, as Keras takes it."""
    long = (max(shape), min(shape))
    q, r = np.linalg.qr(RandomNormal(0.0, 1.0, SEED)(long, "float64"))
    q *= np.sign(np.diag(r))
    np.testing.assert_allclose(Orthogonal(seed=SEED)(shape, "float64"), q if shape == long else q.T, rtol=0, atol=1e-12)


def test_orthogonal_is_uniform_over_all_matrices() -> None:
    """3 x 3: every element is uniform on [-1, 1], as is a coordinate on a sphere, both determinants are as frequent,
    and the trace has the mean 0 and the mean square 1 (Diaconis and Shahshahani, 1994)."""
    n = 4000
    matrices = np.array([Orthogonal(seed=seed)((3, 3), "float64") for seed in range(n)])
    for i, j in itertools.product(range(3), range(3)):
        assert_distributed(matrices[:, i, j], Uniform(-1.0 - 1e-15, 1.0 + 1e-15))
    assert abs(np.linalg.det(matrices).mean()) < 5 / math.sqrt(n)
    traces = np.trace(matrices, axis1=1, axis2=2)
    assert abs(traces.mean()) < 5 / math.sqrt(n)
    assert abs((traces**2).mean() - 1) < 5 * math.sqrt(2 / n)  # the fourth moment is 3
    # Signs of elements, alone and in pairs of a row or a column.
    signs = np.sign(matrices)
    assert np.abs(signs.mean(axis=0)).max() < 5 / math.sqrt(n)
    for first, second in [((0, 0), (0, 1)), ((0, 0), (1, 0)), ((2, 2), (1, 1))]:
        assert abs((signs[:, first[0], first[1]] * signs[:, second[0], second[1]]).mean()) < 5 / math.sqrt(n)


def test_orthogonal_of_no_elements() -> None:
    for shape in [(0, 3), (3, 0), (0, 0)]:
        assert Orthogonal(seed=1)(shape).shape == shape


@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (5, 2), (1, 1), (0, 3)], ids=str)
def test_identity(shape: tuple[int, ...]) -> None:
    expected = [[-2.5 if row == column else 0.0 for column in range(shape[1])] for row in range(shape[0])]
    found = Identity(-2.5)(shape, "float64")
    np.testing.assert_array_equal(found, np.reshape(expected, shape))
    assert not np.signbit(found[found == 0]).any()
    np.testing.assert_array_equal(Identity()(shape), np.eye(*shape))


# --- without chance ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(3, 4), (5,), (2, 3, 4), (), (0, 2)], ids=str)
def test_zeros_ones_and_constants(shape: tuple[int, ...], dtype: str) -> None:
    for initializer, value in [(Zeros(), 0), (Ones(), 1), (Constant(), 0), (Constant(-0.3), -0.3), (Constant(7), 7)]:
        found = initializer(shape, dtype)
        np.testing.assert_array_equal(found, np.full(shape, value, dtype))
        assert found.dtype == dtype
        assert found.flags.writeable


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([1, 2, 3], [[1, 2, 3], [1, 2, 3]]),
        ([[4], [5]], [[4, 4, 4], [5, 5, 5]]),
        (np.arange(6, dtype=np.uint8).reshape(2, 3), [[0, 1, 2], [3, 4, 5]]),
        (np.float32(1.5), [[1.5] * 3] * 2),
        (np.array(2.5), [[2.5] * 3] * 2),
        (((1.0, 2.0, 3.0),), [[1, 2, 3], [1, 2, 3]]),
    ],
)
def test_constant_arrays_broadcast(value: Any, expected: list[list[float]]) -> None:
    constant = Constant(value)
    np.testing.assert_array_equal(constant((2, 3)), expected)
    config = json.loads(json.dumps(constant.get_config()))
    np.testing.assert_array_equal(Constant(**config)((2, 3)), expected)


def test_a_constant_keeps_its_own_copy() -> None:
    array = np.array([1.0, 2.0])
    constant = Constant(array)
    array[0] = 9
    constant((2,), "float64")[:] = 8
    np.testing.assert_array_equal(constant((2,)), [1, 2])
