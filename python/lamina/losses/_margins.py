"""Losses of two or more classes that ask for a margin between them."""

from __future__ import annotations

from ._base import CoreLoss


class Hinge(CoreLoss):
    """max(1 - y * p, 0), the mean over outputs, for two classes y = -1 and 1 (Cortes and Vapnik, 1995).

    Targets are 0 and 1 or -1 and 1, the same two in the whole data set; 0 counts as -1. Metrics see them as they
    are given.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

    core_name = "hinge"
    target = "sign"


class SquaredHinge(CoreLoss):
    """max(1 - y * p, 0)**2, the mean over outputs, for two classes y = -1 and 1.

    Targets are 0 and 1 or -1 and 1, the same two in the whole data set; 0 counts as -1. Metrics see them as they
    are given.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

    core_name = "squared_hinge"
    target = "sign"


class CategoricalHinge(CoreLoss):
    """max(0, 1 + max((1 - y) * p) - sum(y * p)), for one-hot targets (Crammer and Singer, 2001).

    For the right class the first maximum has 0, so there a wrong class counts only where its output is above 0.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

    core_name = "categorical_hinge"
    target = "indicator"
