"""Real handwritten digits of 8 by 8 pixels, part of the package.

The test set of "Optical Recognition of Handwritten Digits" by E. Alpaydin and C. Kaynak (1998), UCI
Machine Learning Repository, https://doi.org/10.24432/C50P49, licence CC BY 4.0. The numbers are
theirs, unchanged; only the file format is new. ``digits.README.md`` beside the data says more.
"""

from __future__ import annotations

from importlib import resources

import numpy as np
from numpy.typing import NDArray

Pair = tuple[NDArray[np.uint8], NDArray[np.uint8]]

_TRAIN = 1437


def load_data() -> tuple[Pair, Pair]:
    """Return real handwritten digits: 1,437 images to train on and 360 to test on.

    The test images are the last of the original file, whose order is kept.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Images as uint8 (n, 8, 8), from 0 (blank) to 16; labels as uint8 (n,), from 0 to 9.

    Examples
    --------
    >>> from lamina.datasets import digits
    >>> (x_train, y_train), (x_test, y_test) = digits.load_data()
    >>> x_train.shape, x_test.shape
    ((1437, 8, 8), (360, 8, 8))
    """
    with (
        resources.files(__package__).joinpath("digits.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as data,
    ):
        images, labels = data["images"], data["labels"]
    return (images[:_TRAIN], labels[:_TRAIN]), (images[_TRAIN:], labels[_TRAIN:])
