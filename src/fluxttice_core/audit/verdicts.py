"""What an audit says of a claim: one verdict, the bound it rests on, and one sentence."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum

from fluxttice_core.audit.printed_numbers import Stated

SIGNIFICANCE = 0.001
"""A run rarer than this is impossible where it is so of every generator, else not uniform."""

_TINY = 1e-12
"""Slack for the arithmetic alone."""


class Verdict(StrEnum):
    """The possible outcomes, worst first."""

    IMPOSSIBLE = "impossible"
    NOT_UNIFORM = "not uniform"
    TOO_EVEN = "too even for independent draws"
    NOT_ENOUGH_SAID = "not enough said"
    CONSISTENT = "consistent with uniform"
    POSSIBLE = "possible"


@dataclass(frozen=True)
class Finding:
    """One law or test applied to one claim.

    Args:
        claim: The claim in words.
        verdict: What follows.
        law: Name of the law or test.
        lower: The least that the figure could be, at face value of what else was claimed; None if unbounded.
        upper: The most that the figure could be.
        unit: Unit of the bounds: "fraction", "nats", "count" or "total variation".
        p_value: Probability of a figure at least as extreme, where a test decided; None where a law did.
        sentence: The reason in one sentence.
        against: What the claim was held against: uniform draws, or those of a law of another name.
    """

    claim: str
    verdict: Verdict
    law: str
    lower: float | int | None
    upper: float | int | None
    unit: str
    p_value: float | int | None
    sentence: str
    against: str = "uniform"

    def __str__(self) -> str:
        return self.verdict.value.replace("uniform", self.against)

    def as_json(self) -> dict[str, str | float | int | None]:
        """Return the finding as plain values."""
        return {**asdict(self), "verdict": str(self)}


def worst(findings: Sequence[Finding]) -> Verdict:
    """Return the worst verdict of several findings, and "not enough said" of none."""
    order = list(Verdict)
    return min((finding.verdict for finding in findings), key=order.index, default=Verdict.NOT_ENOUGH_SAID)


def in_all(findings: Sequence[Finding]) -> str:
    """Return the worst verdict in words, the law by its own name."""
    verdict = worst(findings)
    return next((str(finding) for finding in findings if finding.verdict is verdict), verdict.value)


@dataclass(frozen=True)
class Bounds:
    """What a law allows a figure to be, given other claimed figures at face value or, if rounded, at best."""

    lower: float | int
    upper: float | int
    least: float | int | None = None
    most: float | int | None = None


def judge(stated: Stated, bounds: Bounds) -> Verdict:
    """Judge a stated number or range against the bounds that a law allows.

    Inside at face value: possible. Wholly outside however everything was rounded: impossible. Between the
    two, the digits printed do not decide.
    """
    if bounds.lower - _TINY <= stated.lower and stated.upper <= bounds.upper + _TINY:
        return Verdict.POSSIBLE
    least = bounds.lower if bounds.least is None else bounds.least
    most = bounds.upper if bounds.most is None else bounds.most
    if stated.least > most + _TINY or stated.most < least - _TINY:
        return Verdict.IMPOSSIBLE
    return Verdict.NOT_ENOUGH_SAID


def many(number: float | int, places: int = 0) -> str:
    """Write a number of things with its digits grouped, beyond 10^21 rounded to four of them.

    Example:
        >>> many(19683), many(10**60), many(2 * 3**80)
        ('19,683', '1e60', '2.956e38')
    """
    if number < 10**21:
        # A whole number keeps all of its digits, which a float would not.
        return f"{int(number):,}" if not places and number == int(number) else f"{number:,.{places}f}"
    digits, exponent = f"{Decimal(number):.3e}".split("e+")
    return f"{digits.rstrip('0').rstrip('.')}e{exponent}"


def percent(share: float | int) -> str:
    """Write a share as percent, with more digits where it is close to nothing or to everything."""
    if 0 < share < 0.0005:
        return f"{100 * share:.3g} %"
    return f"{100 * share:.{4 if 0.9995 < share < 1 else 2}f} %"


def p_text(p_value: float | int) -> str:
    """Write a probability for a sentence."""
    return "p < 1e-12" if p_value < 1e-12 else f"p = {p_value:.2g}"


def outwards(lower: float | int, upper: float | int) -> str:
    """Write limits with three decimals, rounded outwards.

    Example:
        >>> outwards(0.24789, 0.25211)
        '0.247 to 0.253'
    """
    return f"{math.floor(lower * 1000) / 1000:.3f} to {math.ceil(upper * 1000) / 1000:.3f}"
