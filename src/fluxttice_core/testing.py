"""For the test suites of samplers: an assertion that draws are uniform, or follow a stated law."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fluxttice_core.audit.in_python import audit_samples, require_part
from fluxttice_core.audit.verdicts import Verdict
from fluxttice_core.errors import MeasurementError


def assert_uniform(
    draws: Any,
    *,
    space_size: int | str | None = None,
    law: Mapping[Any, float | int] | str | Path | None = None,
    significance: float | int = 1e-6,
    least_visible: float | int | None = None,
    **how: Any,
) -> None:
    """Fail unless draws are consistent with all kinds alike, or with a stated law.

    Draws of which nothing can be said fail, too: a test that cannot fail is none. With a fixed seed it always
    ends alike; with a fresh one it fails in one of a million runs of a right sampler.

    Example:
        >>> import random
        >>> dice = random.Random(0)
        >>> assert_uniform([dice.randint(1, 6) for _ in range(6_000)], space_size=6)
        >>> assert_uniform([dice.randint(1, 3) for _ in range(6_000)], space_size=6)
        Traceback (most recent call last):
        ...
        AssertionError: not uniform: 6,000 draws of 6 kinds: ...

    Args:
        draws: In any form that `audit_samples` takes.
        space_size: Kinds that the sampler should make alike; not needed with a law.
        law: The weight that each kind should have.
        significance: Probability with which right draws fail.
        least_visible: Fail also where a total variation of so much would not have shown; not without
            replacement, where none does.
        how: Further arguments of `audit_samples`.

    Raises:
        AssertionError: If the draws are refused, or say too little.
        MeasurementError: If they cannot be read, or neither a size nor a law is given.
    """
    if space_size is None and law is None:
        raise MeasurementError("uniform among how many kinds: give space_size=, or a law=", "missing_option")
    if least_visible is not None:
        require_part(least_visible, "the total variation to be seen is a number such as 0.02")
        if how.get("without_replacement"):
            raise MeasurementError(
                "draws without replacement show no total variation by their counts: leave least_visible= out",
                "contradictory",
            )
    found = audit_samples(draws, space_size=space_size, law=law, significance=significance, **how)
    finding, fit = found.finding, found.report.fit
    if found.verdict not in (Verdict.CONSISTENT, Verdict.POSSIBLE):
        notes = "".join(f"; {note}" for note in found.counted.notes)
        raise AssertionError(
            f"{finding}: {finding.claim}: {finding.sentence}{_extremes(found.report)}{notes}"
        )
    visible = None if fit is None else fit.visible
    if least_visible is not None and (visible is None or visible > least_visible):
        shown = "nothing" if visible is None else f"a total variation of {visible:.2g} or more"
        raise AssertionError(
            f"too few draws: of {found.draws:,} {shown} would have shown, but {least_visible:g} was "
            "to: draw more"
        )


def _extremes(report: Any) -> str:
    """Name the kinds drawn most and least often beside what they should have."""
    if report.fit is None:
        return ""
    named = [(kind, n, ratio) for part in (report.fit.most, report.fit.least) for kind, n, ratio in part[:1]]
    listed = "; ".join(
        f"{kind!r} came {n:,} times, {ratio.estimate:.3g} of its share" for kind, n, ratio in named
    )
    return f"; {listed}" if listed else ""
