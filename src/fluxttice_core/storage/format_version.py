"""Files of later programs: named as such, rather than called damaged."""

from collections.abc import Mapping
from typing import Any

from fluxttice_core.errors import FluxtticeError


def require_known_format(
    content: Any, field: str, known: int, *, name: str, error: type[FluxtticeError]
) -> None:
    """Refuse what says in a field that its format is newer than the one known here; what says nothing passes.

    Example:
        >>> from fluxttice_core.errors import MeasurementError
        >>> require_known_format({"version": 3}, "version", 2, name="a.json", error=MeasurementError)
        Traceback (most recent call last):
        ...
        fluxttice_core.errors.MeasurementError: a.json has version 3, and this program knows 2 at most: ...
    """
    found = content.get(field) if isinstance(content, Mapping) else None
    if type(found) is int and found > known:
        raise error(
            f"{name} has {field} {found}, and this program knows {known} at most: install the newest one",
            "wrong_version",
        )
