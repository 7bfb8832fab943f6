"""Sets of points drawn at random: what is drawn, that a seed says it all, and that networks learn it.

Seeds are fixed, so nothing here fails by chance.  Bounds are five standard deviations.
"""

from __future__ import annotations

import hashlib
import math
from fractions import Fraction

import numpy as np
import pytest

from lamina import datasets, initializers
from lamina.datasets import circle, gauss, moons, plane, spiral, xor
from lamina.layers import Dense
from lamina.models import Sequential
from lamina.optimizers import Adam
from lamina.utils import set_random_seed
from small import run_python

N = 20_000
DRAWN = {"circle": circle, "gauss": gauss, "moons": moons, "plane": plane, "spiral": spiral, "xor": xor}
CLASSES = {name: draw for name, draw in DRAWN.items() if name != "plane"}
EVEN = {name: draw for name, draw in CLASSES.items() if name != "circle"}  # as many of each class
FLIPPED = {"circle": circle, "xor": xor}  # noise is a share of wrong labels
MOVED = {"gauss": gauss, "moons": moons, "spiral": spiral}  # noise moves the points

# The SHA-256 of x and y of draw(seed=1): what a seed gives is the same for ever, on every machine.
DIGESTS = {
    "circle": "0ac540f6fad44ad3ae6744f0ada757f1812cc32c11966302f7f3758b5afb8caf",
    "gauss": "a1e0e1666a7d428d6b85ced2a657acdf50c8670bb861918630ea8a1d4b31bca0",
    "moons": "668894f28926eac3d30e22c876cc4e6bc0c1fa1d57c338b6f11627734ce464d0",
    "plane": "c73e48a7da50f1b38c7ccc19a8d9761dee3cb398cda27c393bf4518f4ece1680",
    "spiral": "f26716b0d4a66edb392b14daeabe8da3c581b9653172e6063e72ea210a7858bd",
    "xor": "0be3d36b8fdb91a9625f3a02e4f39167d9d3e27d962d189249944c46a6a01b4c",
}


def bits(data: tuple[np.ndarray, np.ndarray]) -> bytes:
    return data[0].tobytes() + data[1].tobytes()


def in_double(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the two features as float64."""
    return x[:, 0].astype(np.float64), x[:, 1].astype(np.float64)


def assert_uniform(values: np.ndarray, low: float, high: float) -> None:
    """Kolmogorov-Smirnov, at about one in a thousand, for values that float32 may have rounded up to the bounds."""
    u = (np.sort(values) - low) / (high - low)
    assert u[0] >= -1e-6
    assert u[-1] <= 1 + 1e-6
    ranks = np.arange(u.size + 1) / u.size
    distance = max((ranks[1:] - u).max(), (u - ranks[:-1]).max())
    assert math.sqrt(u.size) * distance < 1.95


def assert_noise(z: np.ndarray) -> None:
    """Mean 0, variance 1, the fourth moment and the ends of a sum of twelve uniform draws."""
    n = z.size
    assert abs(z.mean()) < 5 / math.sqrt(n)
    assert abs((z**3).mean()) < 5 * math.sqrt(15 / n)
    assert abs((z**2).mean() - 1) < 5 * math.sqrt(1.9 / n)
    assert abs((z**4).mean() - 2.9) < 5 * math.sqrt(96 / n)
    assert np.abs(z).max() < 6
    assert (np.abs(z) > 3).any()


# --- the package ------------------------------------------------------------------------------------------------------


def test_all_sets_are_tested():
    members = {name: getattr(datasets, name) for name in datasets.__all__}
    drawn = {name for name, member in members.items() if getattr(member, "__module__", "").endswith("._drawn")}
    assert drawn == set(DRAWN) == set(DIGESTS)
    assert set(datasets.__all__) <= set(dir(datasets))


def test_names_are_loaded_when_they_are_used():
    out = run_python(
        "import sys\n"
        "from lamina import datasets\n"
        "print(*(name for name in sys.modules if name.startswith('lamina.datasets.')))\n"
        "datasets.circle\n"
        "print(*(name for name in sys.modules if name.startswith('lamina.datasets.')))"
    )
    assert out == "\nlamina.datasets._drawn\n"
    with pytest.raises(AttributeError, match="circles"):
        _ = datasets.circles


# --- shapes, counts and order -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("samples", [2, 3, 4, 7, 200])
@pytest.mark.parametrize("noise", [0, 0.5])
def test_shapes_and_types(name, samples, noise):
    x, y = DRAWN[name](samples=samples, noise=noise, seed=3)
    assert (x.shape, x.dtype) == ((samples, 2), np.float32)
    assert (y.shape, y.dtype) == ((samples,), np.float32 if name == "plane" else np.int64)
    assert np.isfinite(x).all()
    assert np.isfinite(y).all()
    for data in (x, y):
        assert data.flags.c_contiguous
        assert data.flags.writeable
    if name in CLASSES:
        assert set(y.tolist()) == {0, 1}


@pytest.mark.parametrize("name", EVEN)
@pytest.mark.parametrize("samples", [2, 3, 10, 11, 200])
def test_classes_are_even(name, samples):
    _, y = EVEN[name](samples, seed=5)
    assert np.bincount(y).tolist() == [samples - samples // 2, samples // 2]


def test_one_point_of_a_plane():
    x, y = plane(1, noise=0.0, seed=1)
    assert (x.shape, y.shape) == ((1, 2), (1,))


def test_defaults():
    assert [len(draw()[1]) for draw in DRAWN.values()] == [110, 200, 200, 200, 200, 200]


@pytest.mark.parametrize("name", CLASSES)
def test_rows_are_shuffled(name):
    """Any tenth of the rows has its share of class 1, and a row says nothing of the next."""
    _, y = CLASSES[name](N, seed=2)
    share = y.mean()
    variance = share * (1 - share)
    tenths = y.reshape(10, -1).mean(axis=1)
    assert np.abs(tenths - share).max() < 5 * math.sqrt(variance / (N / 10))
    centred = y - share
    for lag in (1, 2, 3, 4):
        assert abs((centred[lag:] * centred[:-lag]).mean()) < 5 * variance / math.sqrt(N)


# --- seeds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DRAWN)
def test_what_a_seed_gives_never_changes(name):
    assert hashlib.sha256(bits(DRAWN[name](seed=1))).hexdigest() == DIGESTS[name]


@pytest.mark.parametrize("name", DRAWN)
def test_seeds(name):
    draw = DRAWN[name]
    for seed in (0, 1, 2**64 - 1):
        assert bits(draw(seed=seed)) == bits(draw(seed=np.uint64(seed)))
    assert len({bits(draw(seed=seed)) for seed in (0, 1, 2, 2**32, 2**32 + 1, 2**63)}) == 6


@pytest.mark.parametrize("name", DRAWN)
def test_without_a_seed_it_follows_from_the_program_s(name):
    draw = DRAWN[name]
    set_random_seed(7)
    first, second = bits(draw()), bits(draw())
    assert first != second
    set_random_seed(7)
    with pytest.raises(ValueError, match="noise"):
        draw(noise=-1)
    assert (bits(draw()), bits(draw())) == (first, second)
    set_random_seed(8)
    assert bits(draw()) != first


def test_data_are_not_the_numbers_of_a_layer():
    """A kernel made with the seed of the data, or after set_random_seed with it, has nothing in common with them."""
    n = 10_000
    x = plane(n, seed=1)[0].astype(np.float64)
    set_random_seed(1)
    kernels = [initializers.GlorotUniform(), initializers.GlorotUniform(), initializers.GlorotUniform(seed=1)]
    for kernel in kernels:
        w = kernel((n, 2), "float64")
        assert abs((x * w).mean()) < 5 * x.std() * w.std() / math.sqrt(x.size)


@pytest.mark.parametrize("name", MOVED)
def test_the_points_before_noise_are_those_of_the_seed(name):
    clean, labels = MOVED[name](N, noise=0, seed=4)
    noisy, same = MOVED[name](N, noise=0.25, seed=4)
    np.testing.assert_array_equal(labels, same)
    z = (noisy.astype(np.float64) - clean) / 0.25
    assert_noise(z)
    assert_noise(z[labels == 1])
    assert abs((z[:, 0] * z[:, 1]).mean()) < 5 / math.sqrt(N)
    assert abs((z[1:] * z[:-1]).mean()) < 5 / math.sqrt(2 * N)


@pytest.mark.parametrize("name", FLIPPED)
@pytest.mark.parametrize("samples", [2, 5, 110, 1001])
@pytest.mark.parametrize("noise", [0.06, 0.2, 0.5])
def test_so_many_labels_of_a_class_are_wrong(name, samples, noise):
    draw = FLIPPED[name]
    x, y = draw(samples, noise=0, seed=9)
    same, noisy = draw(samples, noise=noise, seed=9)
    np.testing.assert_array_equal(x, same)
    wrong = y != noisy
    for label in (0, 1):
        assert wrong[y == label].sum() == round(noise * (y == label).sum())
    more = draw(samples, noise=0.5, seed=9)[1] != y
    assert more[wrong].all()


def test_wrong_labels_are_anywhere():
    """Not in one part of the square, and not in one part of the rows."""
    for draw in (circle, xor):
        x, y = draw(N, noise=0.0, seed=6)
        wrong = draw(N, noise=0.3, seed=6)[1] != y
        for part in (x[:, 0] > 0, x[:, 1] > 0, (x[:, 0] > 0) ^ (x[:, 1] > 0), np.arange(N) < N / 2):
            assert abs(wrong[part].mean() - 0.3) < 5 * math.sqrt(0.21 / part.sum())


# --- geometry ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("samples", [2, 9, 10, 110, N])
def test_circle(samples):
    x, y = circle(samples, noise=0, seed=11)
    a, b = in_double(x)
    np.testing.assert_array_equal(y, a * a + b * b <= 1.65**2)
    assert y.sum() == max(1, samples // 5)
    assert np.abs(x).max() <= 3


def test_circle_is_even_inside_and_around():
    x, y = circle(N, noise=0, seed=12)
    a, b = in_double(x)
    square = a * a + b * b
    assert_uniform(square[y == 1], 0, 1.65**2)
    assert_uniform(np.arctan2(b, a)[y == 1], -math.pi, math.pi)
    for feature in (a, b):
        assert feature.min() < -2.99
        assert feature.max() > 2.99
    # Cells of 0.5 by 0.5 that the disc does not touch, against their part of what is around it.
    counts, _, _ = np.histogram2d(a[y == 0], b[y == 0], bins=12, range=[[-3, 3], [-3, 3]])
    corners = np.arange(12) * 0.5 - 3
    nearest = np.minimum(abs(corners), abs(corners + 0.5))
    free = nearest[:, None] ** 2 + nearest**2 > 1.65**2
    assert free.sum() == 92
    expected = (y == 0).sum() * 0.25 / (36 - math.pi * 1.65**2)
    chi2 = ((counts[free] - expected) ** 2 / expected).sum()
    assert abs(chi2 - free.sum()) < 5 * math.sqrt(2 * free.sum())


def test_circle_resembles_the_book_s():
    x, y = circle(seed=1)
    a, b = in_double(x)
    inside = a * a + b * b <= 1.65**2
    assert (inside.sum(), y[inside].sum(), y[~inside].sum()) == (22, 21, 5)


@pytest.mark.parametrize("samples", [2, 5, 6, 7, N])
def test_xor(samples):
    x, y = xor(samples, seed=13)
    a, b = in_double(x)
    assert (a * b != 0).all()
    assert np.abs(x).max() <= 1
    np.testing.assert_array_equal(y, (a > 0) != (b > 0))
    for label in (0, 1):
        right = (a[y == label] > 0).sum()
        assert abs(2 * right - (y == label).sum()) <= 1


def test_xor_is_even():
    x, y = xor(N, seed=14)
    a, b = in_double(x)
    for part in (y == 0, y == 1, a > 0, b > 0):
        assert_uniform(abs(a[part]), 0, 1)
        assert_uniform(abs(b[part]), 0, 1)
    products = (abs(a) - 0.5) * (abs(b) - 0.5)
    assert abs(products.mean()) < 5 / 12 / math.sqrt(N)


def test_gauss():
    x, y = gauss(N, seed=15)
    for label, centre in ((0, -1.0), (1, 1.0)):
        z = (x[y == label].astype(np.float64) - centre) / 0.5
        assert_noise(z)
        assert np.abs(z.mean(axis=0)).max() < 5 / math.sqrt(len(z))
    still, y = gauss(10, noise=0, seed=1)
    np.testing.assert_array_equal(still, np.repeat(2 * y - 1, 2).reshape(10, 2))


def test_spiral():
    x, y = spiral(N, noise=0, seed=16)
    a, b = in_double(x)
    p = (np.hypot(a, b) - 0.2) / 0.8
    assert_uniform(p[y == 0], 0, 1)
    assert_uniform(p[y == 1], 0, 1)
    angle = 2 * math.pi * (1.5 * p + 0.5 * y)
    np.testing.assert_allclose(a, (0.2 + 0.8 * p) * np.cos(angle), atol=2e-6)
    np.testing.assert_allclose(b, (0.2 + 0.8 * p) * np.sin(angle), atol=2e-6)


def test_moons():
    x, y = moons(N, noise=0, seed=17)
    a, b = in_double(x)
    upper, lower = y == 0, y == 1
    assert (b[upper] >= 0).all()
    assert (b[lower] <= 0.5).all()
    for across, up in ((a[upper], b[upper]), (1 - a[lower], 0.5 - b[lower])):
        np.testing.assert_allclose(np.hypot(across, up), 1, atol=3e-7)
        assert_uniform(np.arctan2(up, across), 0, math.pi)


def test_plane():
    x, y = plane(N, noise=0, seed=18)
    a, b = in_double(x)
    np.testing.assert_array_equal(y, (2 * a - 3 * b + 1).astype(np.float32))
    assert_uniform(a, -1, 1)
    assert_uniform(b, -1, 1)
    assert abs((a * b).mean()) < 5 / 3 / math.sqrt(N)
    same, noisy = plane(N, noise=0.5, seed=18)
    np.testing.assert_array_equal(x, same)
    assert_noise((noisy.astype(np.float64) - y) / 0.5)


# --- arguments --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"samples": 0}, ValueError, "(samples=0): samples must be"),
        ({"samples": -5}, ValueError, "(samples=-5)"),
        ({"samples": 10.0}, TypeError, "(samples=10.0)"),
        ({"samples": True}, TypeError, "(samples=True)"),
        ({"samples": "10"}, TypeError, "(samples='10')"),
        ({"samples": None}, TypeError, "(samples=None)"),
        ({"noise": -0.1}, ValueError, "(noise=-0.1): noise must be a number from 0 to "),
        ({"noise": 100.5}, ValueError, "(noise=100.5)"),
        ({"noise": math.nan}, ValueError, "(noise=nan)"),
        ({"noise": math.inf}, ValueError, "(noise=inf)"),
        ({"noise": "0.1"}, TypeError, "(noise='0.1')"),
        ({"noise": None}, TypeError, "(noise=None)"),
        ({"noise": False}, TypeError, "(noise=False)"),
        ({"noise": [0.1]}, TypeError, "(noise=[0.1])"),
        ({"seed": -1}, ValueError, "(seed=-1): seed must be"),
        ({"seed": 2**64}, ValueError, f"(seed={2**64})"),
        ({"seed": 1.0}, TypeError, "(seed=1.0)"),
    ],
)
def test_bad_arguments_are_named(name, arguments, error, words):
    with pytest.raises(error) as caught:
        DRAWN[name](**arguments)
    assert str(caught.value).startswith(name + words)


def test_ranges_depend_on_the_set():
    for name, draw in CLASSES.items():
        with pytest.raises(ValueError, match=rf"^{name}\(samples=1\): samples must be an integer of at least 2$"):
            draw(1)
    for name, draw in FLIPPED.items():
        with pytest.raises(ValueError, match=rf"^{name}\(noise=0.51\): noise must be a number from 0 to 0.5$"):
            draw(noise=0.51)
    for draw in (*MOVED.values(), plane):
        assert np.isfinite(draw(noise=100, seed=1)[0]).all()


@pytest.mark.parametrize("name", DRAWN)
def test_numbers_of_other_types_are_numbers(name):
    expected = bits(DRAWN[name](20, 0.25, 3))
    for samples, noise in ((np.int64(20), np.float32(0.25)), (np.uint8(20), Fraction(1, 4))):
        assert bits(DRAWN[name](samples, noise, np.int32(3))) == expected


# --- learning ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "units", "epochs", "above"),
    [
        ("circle", {"noise": 0}, 16, 100, 0.96),
        ("circle", {"noise": 0.06}, 16, 100, 0.90),
        ("gauss", {}, 4, 50, 0.98),
        ("moons", {}, 16, 100, 0.98),
        ("spiral", {}, 32, 300, 0.96),
        ("xor", {}, 16, 100, 0.96),
    ],
)
def test_a_network_learns_the_classes(name, arguments, units, epochs, above):
    """On points that it has not seen, and better than any line where the classes need more than one."""
    set_random_seed(1)
    model = Sequential([Dense(units, "relu", input_shape=(2,)), Dense(units, "relu"), Dense(2, "softmax")])
    model.compile(Adam(0.01), "sparse_categorical_crossentropy", ["accuracy"])
    x, y = CLASSES[name](400, seed=1, **arguments)
    model.fit(x, y, batch_size=32, epochs=epochs, verbose=0)
    _, accuracy = model.evaluate(*CLASSES[name](400, seed=2, **arguments), verbose=0)
    assert accuracy > above


def test_a_network_learns_the_plane():
    set_random_seed(1)
    model = Sequential([Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse")
    model.fit(*plane(400, seed=1), epochs=60, verbose=0)
    kernel, bias = model.get_weights()
    np.testing.assert_allclose([*kernel[:, 0], *bias], [2, -3, 1], atol=0.05)
    assert model.evaluate(*plane(400, seed=2), verbose=0) < 0.012  # the noise has 0.01
