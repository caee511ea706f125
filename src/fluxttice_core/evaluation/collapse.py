"""Whether a half has collapsed: its code says nothing, or every latent means the same operation."""

from collections.abc import Iterator, Mapping

SPENT = 1e-3
"""Nats of rate below which every posterior is the prior; untrained networks spend ten times as much."""


def collapse_of(rate: float | int | None, outputs: float | int | None) -> str | None:
    """What has collapsed of a half, in words, by its rate in nats and the different outputs of many draws.

    Example:
        >>> collapse_of(1e-5, 40)
        'every posterior is the prior'
        >>> collapse_of(9.0, 40) is None
        True
    """
    found = ["every posterior is the prior"] if rate is not None and rate < SPENT else []
    # A share of the space comes back as a number of operations but for rounding.
    if outputs is not None and outputs < 1.5:
        found.append("every latent gives the same operation")
    return ", and ".join(found) or None


def collapses(values: Mapping[tuple[str, str], float], size: int) -> Iterator[str]:
    """One sentence for each half of a report that has collapsed, by its figures and the space's size."""
    for half in ("a", "b"):
        reach = [v for (name, of), v in values.items() if of == half and name.startswith("coverage/argmax/")]
        found = collapse_of(values.get(("rate", half)), max(reach) * size if reach else None)
        if found is not None:
            yield f"Half {half.upper()} has collapsed: {found}."
