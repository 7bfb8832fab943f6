"""Sets of points drawn at random, the same bits for a seed on every machine and NumPy version.

So there is nothing here but the core's uniform draws, sums, products and quotients, which are
rounded alike everywhere, each an operation of NumPy on its own: no two are contracted into one, and
no sum is left to NumPy, whose order may change.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .. import _check, _core, _random

Labelled = tuple[NDArray[np.float32], NDArray[np.int64]]
Points = NDArray[np.float64]

_SQUARE, _RADIUS = 3.0, 1.65  # of circle
_MOST = 100.0  # noise beyond any use, and far from where float32 ends


class _Draws:
    """Independent draws, one after another, all of which follow from a seed."""

    def __init__(self, seed: int) -> None:
        # Layers count the seeds they take from 0 on. Data counts from 2**48 on, so that a model made
        # after set_random_seed(1) does not begin with the numbers that data drawn with seed=1 hold.
        self._seeds = (_core.derive_seed(seed, index) for index in itertools.count(2**48))

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Points:
        """Return draws from [low, high)."""
        return _core.random_uniform(next(self._seeds), shape, low, high)

    def normal(self, *shape: int) -> Points:
        """Return draws of mean 0 and variance 1: the sum of twelve uniform ones, less 6 (Irwin-Hall).

        They are as good as normal for noise (excess kurtosis -0.1), never beyond 6, and free of the
        logarithm and the cosine of an exact method, which differ between machines.
        """
        total = np.full(shape, -6.0)
        for _ in range(12):
            total += self.uniform(*shape)
        return total

    def within(self, count: int, bound: float, keep: Callable[[Points], NDArray[np.bool_]]) -> Points:
        """Return `count` points (count, 2), uniform in the part of the square [-bound, bound]**2 that `keep` tells.

        They are rounded to float32 first, so that `keep` holds for the numbers that are handed out.
        """
        found = np.empty((0, 2))
        while len(found) < count:
            drawn = self.uniform(count, 2, low=-bound, high=bound).astype(np.float32).astype(np.float64)
            found = np.concatenate([found, drawn[keep(drawn)]])
        return found[:count]

    def order(self, count: int) -> NDArray[np.intp]:
        """Return a random order of `count` rows."""
        return np.argsort(self.uniform(count), kind="stable")


def _begin(
    where: str, samples: int, noise: float, seed: int | None, least: int, most: float
) -> tuple[int, float, _Draws]:
    """Return the checked number of samples and noise, and what to draw from."""
    samples = _check.integer(samples, "samples", where, least)
    noise = _check.real(noise, "noise", where, f"from 0 to {most:g}", lambda value: 0.0 <= value <= most)
    return samples, noise, _Draws(_random.given_or_next(seed, where))


def _finish(draws: _Draws, x: Points, y: NDArray[np.int64]) -> Labelled:
    order = draws.order(len(y))
    return x[order].astype(np.float32), y[order]


def _labels(first: int, second: int, flipped: float = 0.0) -> NDArray[np.int64]:
    """Return the labels of so many points of class 0, then of class 1, a share of each flipped.

    With a share of at most a half, one point of each class or more keeps its label: round(0.5) is 0.
    """
    y = np.repeat(np.array([0, 1], np.int64), (first, second))
    y[: round(flipped * first)] = 1
    y[first : first + round(flipped * second)] = 0
    return y


def _cos_sin(turns: Points) -> tuple[Points, Points]:
    """Return cosine and sine of angles in turns: libm's differ between machines in the last bit.

    The nearest quarter turn is taken off, exactly; what is left is at most an eighth of a turn, for
    which the Taylor series, in nested form, is right to 1e-14 with the powers up to 15.
    """
    quarters = np.rint(4.0 * turns)
    angle = math.tau * (turns - quarters / 4.0)
    square = angle * angle
    cosine = np.ones_like(angle)
    sine = np.ones_like(angle)
    for n in range(14, 0, -2):
        cosine = 1.0 - square / (n * (n - 1)) * cosine
        sine = 1.0 - square / (n * (n + 1)) * sine
    sine *= angle
    quadrant = quarters.astype(np.intp) % 4
    return (
        np.choose(quadrant, [cosine, -sine, -cosine, sine]),
        np.choose(quadrant, [sine, cosine, -sine, -cosine]),
    )


def circle(samples: int = 110, noise: float = 0.06, seed: int | None = None) -> Labelled:
    """Draw points of a square: class 1 inside a disc, class 0 around it, some labels wrong.

    The square is [-3, 3] by [-3, 3], the disc has radius 1.65 about its centre. One point in five
    (samples // 5, at least one) is drawn uniformly from the disc, the others uniformly from the rest
    of the square. The defaults resemble the circle data of *Grokking Machine Learning*, chapter 10,
    which `read_circle` reads, in scale, radius, counts and noise: 110 points, 22 inside of which one
    is labelled 0, 88 around of which five are labelled 1; 26 of class 1 in all.

    Parameters
    ----------
    samples : int
        The number of points, at least 2.
    noise : float
        The share of the points of each class whose label is the other one, from 0 to 0.5: of n points
        inside, exactly round(noise * n) are labelled 0, and of those around, likewise, 1. Points
        do not move.
    seed : int, optional
        From 0 to 2**64 - 1. Without one, the next that follows from
        `lamina.utils.set_random_seed`, or a random one where that was not called.

    Returns
    -------
    x : ndarray
        The points, float32 (samples, 2).
    y : ndarray
        Their labels, 0 or 1, int64 (samples,); both occur. The rows are shuffled. The same seed gives
        the same points with any noise, and with less noise some of the same wrong labels.

    Raises
    ------
    TypeError, ValueError
        For an argument of another kind, or out of its range.

    Examples
    --------
    >>> from lamina import datasets
    >>> x, y = datasets.circle(seed=1)
    >>> x.shape, int(y.sum())
    ((110, 2), 26)
    """
    samples, noise, draws = _begin("circle", samples, noise, seed, 2, 0.5)

    def inside(points: Points) -> NDArray[np.bool_]:
        return points[:, 0] * points[:, 0] + points[:, 1] * points[:, 1] <= _RADIUS * _RADIUS

    second = max(1, samples // 5)
    around = draws.within(samples - second, _SQUARE, lambda points: ~inside(points))
    disc = draws.within(second, _RADIUS, inside)
    return _finish(draws, np.concatenate([around, disc]), _labels(samples - second, second, noise))


def xor(samples: int = 200, noise: float = 0.0, seed: int | None = None) -> Labelled:
    """Draw points of a square whose class is whether exactly one of the two features is positive.

    The points are uniform in the quadrants of [-1, 1] by [-1, 1], none on an axis. Class 0 has the
    quadrants where the signs agree, class 1 those where they differ; both have equally many points
    (class 0 one more where `samples` is odd), and so do the two quadrants of a class, but for one.

    Parameters
    ----------
    samples : int
        The number of points, at least 2.
    noise : float
        The share of the points of each class whose label is the other one, from 0 to 0.5: of n points
        of a class, exactly round(noise * n). Points do not move.
    seed : int, optional
        From 0 to 2**64 - 1. Without one, the next that follows from
        `lamina.utils.set_random_seed`, or a random one where that was not called.

    Returns
    -------
    x : ndarray
        The points, float32 (samples, 2).
    y : ndarray
        Their labels, 0 or 1, int64 (samples,); both occur. The rows are shuffled. The same seed gives
        the same points with any noise, and with less noise some of the same wrong labels.

    Raises
    ------
    TypeError, ValueError
        For an argument of another kind, or out of its range.
    """
    samples, noise, draws = _begin("xor", samples, noise, seed, 2, 0.5)
    second = samples // 2
    x = 1.0 - draws.uniform(samples, 2)  # from (0, 1]: not on an axis
    differ = np.arange(samples) >= samples - second
    x[:, 0] *= np.where(np.arange(samples) % 2 == 0, 1.0, -1.0)
    x[:, 1] *= np.where(differ, -1.0, 1.0) * np.sign(x[:, 0])
    return _finish(draws, x, _labels(samples - second, second, noise))


def gauss(samples: int = 200, noise: float = 0.5, seed: int | None = None) -> Labelled:
    """Draw two round clouds of points: class 0 about (-1, -1), class 1 about (1, 1).

    Both have equally many points (class 0 one more where `samples` is odd). The centres are
    2 * sqrt(2) apart, so the line x_1 + x_2 = 0 puts about one point in 480 on the wrong side at the
    default noise, and one in 13 at noise 1.

    Parameters
    ----------
    samples : int
        The number of points, at least 2.
    noise : float
        The standard deviation of each feature about the centre, in the unit of `x`, from 0 to 100.
        The distribution is that of the sum of twelve uniform draws, a normal one to the eye, and
        ends at six standard deviations.
    seed : int, optional
        From 0 to 2**64 - 1. Without one, the next that follows from
        `lamina.utils.set_random_seed`, or a random one where that was not called.

    Returns
    -------
    x : ndarray
        The points, float32 (samples, 2).
    y : ndarray
        Their labels, 0 or 1, int64 (samples,); both occur. The rows are shuffled.

    Raises
    ------
    TypeError, ValueError
        For an argument of another kind, or out of its range.
    """
    samples, noise, draws = _begin("gauss", samples, noise, seed, 2, _MOST)
    y = _labels(samples - samples // 2, samples // 2)
    centres = 2.0 * y[:, np.newaxis] - 1.0
    return _finish(draws, centres + noise * draws.normal(samples, 2), y)


def spiral(samples: int = 200, noise: float = 0.02, seed: int | None = None) -> Labelled:
    """Draw two spiral arms, one inside the other.

    The arm of class 0 is at distance 0.2 + 0.8 p from the origin in the direction of 1.5 p turns
    (anticlockwise from the first axis), p from 0 to 1; that of class 1 is the same, turned by half a
    turn. So a ray from the origin meets them in turn, 4/15 apart. p is uniform. Both
    classes have equally many points (class 0 one more where `samples` is odd).

    Parameters
    ----------
    samples : int
        The number of points, at least 2.
    noise : float
        The standard deviation of what is added to each feature, in the unit of `x`, from 0 to 100.
        The distribution is that of the sum of twelve uniform draws, a normal one to the eye, and
        ends at six standard deviations.
    seed : int, optional
        From 0 to 2**64 - 1. Without one, the next that follows from
        `lamina.utils.set_random_seed`, or a random one where that was not called.

    Returns
    -------
    x : ndarray
        The points, float32 (samples, 2).
    y : ndarray
        Their labels, 0 or 1, int64 (samples,); both occur. The rows are shuffled.

    Raises
    ------
    TypeError, ValueError
        For an argument of another kind, or out of its range.
    """
    samples, noise, draws = _begin("spiral", samples, noise, seed, 2, _MOST)
    y = _labels(samples - samples // 2, samples // 2)
    p = draws.uniform(samples)
    arm = (0.2 + 0.8 * p) * (1.0 - 2.0 * y)  # half a turn is the other sign
    x = np.stack(_cos_sin(1.5 * p), axis=1) * arm[:, np.newaxis]
    return _finish(draws, x + noise * draws.normal(samples, 2), y)


def moons(samples: int = 200, noise: float = 0.1, seed: int | None = None) -> Labelled:
    """Draw two half circles that reach into one another.

    Class 0 is the upper half of the circle of radius 1 about (0, 0), class 1 the lower half of that
    about (1, 0.5), as in scikit-learn's `make_moons`; the place on the half circle is uniform. Both
    classes have equally many points (class 0 one more where `samples` is odd).

    Parameters
    ----------
    samples : int
        The number of points, at least 2.
    noise : float
        The standard deviation of what is added to each feature, in the unit of `x`, from 0 to 100.
        The distribution is that of the sum of twelve uniform draws, a normal one to the eye, and
        ends at six standard deviations.
    seed : int, optional
        From 0 to 2**64 - 1. Without one, the next that follows from
        `lamina.utils.set_random_seed`, or a random one where that was not called.

    Returns
    -------
    x : ndarray
        The points, float32 (samples, 2).
    y : ndarray
        Their labels, 0 or 1, int64 (samples,); both occur. The rows are shuffled.

    Raises
    ------
    TypeError, ValueError
        For an argument of another kind, or out of its range.
    """
    samples, noise, draws = _begin("moons", samples, noise, seed, 2, _MOST)
    y = _labels(samples - samples // 2, samples // 2)
    across, up = _cos_sin(0.5 * draws.uniform(samples))
    x = np.stack([np.where(y == 0, across, 1.0 - across), np.where(y == 0, up, 0.5 - up)], axis=1)
    return _finish(draws, x + noise * draws.normal(samples, 2), y)


def plane(
    samples: int = 200, noise: float = 0.1, seed: int | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw points of a square and a target that is linear in them: y = 2 x_1 - 3 x_2 + 1, and noise.

    The points are uniform in [-1, 1] by [-1, 1], so the target without noise is from -4 to 6, with
    mean 1 and variance 13/3.

    Parameters
    ----------
    samples : int
        The number of points, at least 1.
    noise : float
        The standard deviation of what is added to the target, in the unit of `y`, from 0 to 100; its
        square is the mean squared error of the best model. The distribution is that of the sum of
        twelve uniform draws, a normal one to the eye, and ends at six standard deviations.
    seed : int, optional
        From 0 to 2**64 - 1. Without one, the next that follows from
        `lamina.utils.set_random_seed`, or a random one where that was not called.

    Returns
    -------
    x : ndarray
        The points, float32 (samples, 2).
    y : ndarray
        Their targets, float32 (samples,). The rows are in no order. The same seed gives the same
        points with any noise.

    Raises
    ------
    TypeError, ValueError
        For an argument of another kind, or out of its range.
    """
    samples, noise, draws = _begin("plane", samples, noise, seed, 1, _MOST)
    x = draws.uniform(samples, 2, low=-1.0, high=1.0).astype(np.float32)
    exact = x.astype(np.float64)  # the target is that of the points as they are handed out
    y = 2.0 * exact[:, 0] - 3.0 * exact[:, 1] + 1.0 + noise * draws.normal(samples)
    return x, y.astype(np.float32)
