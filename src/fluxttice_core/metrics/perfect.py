"""What a perfect generator of a target shows: the measure of every figure beside that target."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from fluxttice_core.errors import MeasurementError
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.target import Target
from fluxttice_core.statistics.coverage import Ceiling, ceiling, law_ceiling

_KNOWN: WeakKeyDictionary[Target, dict[int, Ceiling]] = WeakKeyDictionary()
"""The ceilings of targets in use, which many figures share."""


def uneven(target: Target | None, space: ProductSpace) -> Target | None:
    """The target, or none where all elements of the space are alike: the figures of that need no weights."""
    if target is None:
        return None
    if target.space != space:
        raise MeasurementError(
            f"the target is of {target.space.describe()}, and what is measured is of {space.describe()}: "
            "give a target of the same space",
            "space_mismatch",
        )
    if len(target.rows) < 2:
        raise MeasurementError(
            "a target of one element has no entropy, which figures are shares of: give two elements or more",
            "too_few",
        )
    return None if target.is_everything else target


def ceiling_of(target: Target, draws: int) -> Ceiling:
    """How many elements of its support so many draws from a target show."""
    known = _KNOWN.setdefault(target, {})
    if draws not in known:
        values, counts = target.levels
        alike = target.is_uniform
        known[draws] = ceiling(len(target.rows), draws) if alike else law_ceiling(values, draws, counts)
    return known[draws]
