"""What may be said of two timings: a share of a limit, or a multiple of a rival; or that nothing can be."""

from benchmarks.product_rate import Limit
from benchmarks.stopwatch import Timing

Row = tuple[str, str, str]
"""What was measured, its time or rate, and how it stands to its limit or rival."""


def too_busy(reason: str) -> str:
    """What stands in place of a figure that a busy machine would have made up.

    Example:
        >>> too_busy("no two repeats agree")
        'the machine was too busy to tell: no two repeats agree'
    """
    return f"the machine was too busy to tell: {reason}"


def doubt(timing: Timing) -> str | None:
    """Why a timing cannot be relied on; none: it can."""
    if not timing.confirmed:
        return "no two repeats agree"
    if not timing.whole:
        return "other programs took processor time"
    return None


def share_of_limit(work: Timing, products: float, limit: Limit) -> str:
    """The share of the product rate that some work of so many multiply-adds reached."""
    reason = doubt(work) or limit.doubt
    if reason is not None:
        return too_busy(reason)
    share = products / work.best / limit.rate
    # No work does more than the machine can, so that a greater share tells of a limit that was disturbed.
    return too_busy("it outran its limit") if share > 1 else f"{share:.2f} of the product rate"


def against(work: Timing, rival: Timing, name: str, *, times: float = 1) -> str:
    """How long some work takes beside its rival, which has to be done so many times for it."""
    reason = doubt(work) or doubt(rival)
    if reason is not None:
        return too_busy(reason)
    ratio = work.best / (times * rival.best)
    return f"{ratio:.2f} of {name}" if ratio >= 0.1 else f"1/{1 / ratio:.0f} of {name}"


def shares(parts: dict[str, Timing]) -> dict[str, str]:
    """The share that each part has of the sum of all."""
    reasons = [reason for reason in map(doubt, parts.values()) if reason is not None]
    if reasons:
        return dict.fromkeys(parts, too_busy(reasons[0]))
    whole = sum(timing.best for timing in parts.values())
    return {name: f"{timing.best / whole:.0%} of a step" for name, timing in parts.items()}
