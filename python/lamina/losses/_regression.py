"""Losses of numbers: errors, counts, directions."""

from __future__ import annotations

from typing import Any

from numpy.typing import DTypeLike

from .. import _check
from ._base import CoreLoss


class MeanSquaredError(CoreLoss):
    """(p - y)**2, the mean over outputs.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

    core_name = "mean_squared_error"
    target = "number"


class MeanAbsoluteError(CoreLoss):
    """abs(p - y), the mean over outputs. Where p = y its gradient is 0.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

    core_name = "mean_absolute_error"
    target = "number"


class MeanAbsolutePercentageError(CoreLoss):
    """100 * abs(p - y) / max(abs(y), epsilon), the mean over outputs.

    A target of 0 makes it 1e9 times the error: such targets ask for another loss.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

    core_name = "mean_absolute_percentage_error"
    target = "number"


class MeanSquaredLogarithmicError(CoreLoss):
    """(log(1 + p) - log(1 + y))**2, the mean over outputs, for targets of at least 0.

    Outputs and targets below epsilon count as epsilon, and such outputs have no gradient.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

    core_name = "mean_squared_logarithmic_error"
    target = "non-negative"


class Huber(CoreLoss):
    """e**2 / 2 where abs(e) <= delta, else delta * abs(e) - delta**2 / 2; e = p - y, the mean over outputs.

    Squared for small errors, absolute for large ones (Huber, 1964).

    Parameters
    ----------
    delta : float
        The error up to which it is squared, above 0.
    reduction, name, dtype
        See `Loss`.

    Raises
    ------
    TypeError, ValueError
        For values of another type, out of range or not supported.
    """

    core_name = "huber"
    target = "number"

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        self.delta = _check.real(delta, "delta", "Huber", "above 0", lambda v: v > 0)

    def options(self) -> dict[str, Any]:
        """Return the options of the formula, as numbers by their names in Keras."""
        return {"delta": self.delta}

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        return {**super().get_config(), "delta": self.delta}


class LogCosh(CoreLoss):
    """log(cosh(p - y)), the mean over outputs: near e**2 / 2 for small errors e, abs(e) - log(2) for large.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

    core_name = "log_cosh"
    target = "number"


class Poisson(CoreLoss):
    """p - y * log(p + epsilon), the mean over outputs, for counts y of at least 0 and positive outputs.

    The negative log-likelihood of counts with the means p, without the part that p does not change. An output
    below -epsilon has none: the loss is not a number then, and training stops.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

    core_name = "poisson"
    target = "non-negative"


class CosineSimilarity(CoreLoss):
    """-sum(y * p) / (norm(y) * norm(p)), from -1 where the two point the same way to 1 where the opposite.

    A norm below epsilon counts as epsilon, so that rows of zeros make 0.

    Parameters
    ----------
    axis : int
        Only -1: a vector is what stands on the last axis.
    reduction, name, dtype
        See `Loss`.

    Raises
    ------
    TypeError, ValueError
        For values of another type or not supported.
    """

    core_name = "cosine_similarity"
    target = "number"

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        _check.refuse("CosineSimilarity", {"axis": axis}, {"axis": -1}, {})

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        return {**super().get_config(), "axis": -1}
