"""A figure with its standard error."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A Monte-Carlo figure and its standard error.

    Args:
        value: The figure.
        error: Its standard error; 0 for an exact figure.
    """

    value: float
    error: float
