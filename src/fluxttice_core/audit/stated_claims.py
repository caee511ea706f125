"""Claims as they were typed: each read beside those that it belongs to, and audited."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from shlex import quote
from typing import TYPE_CHECKING

from fluxttice_core.audit import correlation_claims, other_claims, share_claims
from fluxttice_core.audit.printed_numbers import (
    Stated,
    exact_count,
    require_one_sort,
    share_of_all,
    stated_count,
    stated_number,
    stated_share,
    stated_shares,
)
from fluxttice_core.audit.verdicts import SIGNIFICANCE, Finding, Verdict, many
from fluxttice_core.errors import MeasurementError

if TYPE_CHECKING:
    from fluxttice_core.audit.coverage_claims import Point


@dataclass(frozen=True)
class Claims:
    """What is claimed, each in the words of the command's option of its name; None or empty where nothing is.

    Example:
        >>> [finding.verdict.value for finding in audit_claims(Claims(entropy="4.0", bins="50"))]
        ['impossible']
    """

    draws: Sequence[str] = ()
    distinct: Sequence[str] = ()
    uniqueness: Sequence[str] = ()
    sequence: str | None = None
    against_distinct: str | None = None
    jaccard_distance: str | None = None
    union: str | None = None
    entropy: str | None = None
    bins: str | None = None
    wrong_trits: str | None = None
    share: str | None = None
    kl: str | None = None
    free_bits: str | None = None
    dimensions: str | None = None
    spearman: str | None = None
    kendall: str | None = None
    pearson: str | None = None
    levels: str | None = None
    against_levels: str | None = None
    correct: str | None = None
    of: str | None = None
    claimed: str | None = None


def audit_claims(
    claims: Claims, size: int | None = None, significance: float | int = SIGNIFICANCE
) -> list[Finding]:
    """Audit every claim there is; none, none.

    Args:
        claims: What is claimed.
        size: Kinds in the space, K; None if it is not known.
        significance: Probability below which a single run counts as refuted.

    Raises:
        MeasurementError: If a claim cannot be read, or lacks what it belongs to.
    """
    return [
        *_points(claims, size, significance),
        *_steps(claims),
        *_sets(claims, size),
        *_histogram(claims),
        *_wrong_trits(claims, size),
        *_clamped(claims),
        *_correlations(claims),
        *_answers(claims),
    ]


def _all_given(claims: Claims, *names: str) -> bool:
    """Return whether all of some claims are made, none being allowed to miss the others."""
    given = [getattr(claims, name) is not None for name in names]
    if any(given) and not all(given):
        flags = " and ".join(f"--{name.replace('_', '-')}" for name in names)
        raise MeasurementError(
            f"{flags} belong together: give {'both' if len(names) == 2 else 'all of them'}", "missing_option"
        )
    return all(given)


def _points(claims: Claims, size: int | None, significance: float | int) -> Iterator[Finding]:
    """Audit distinct kinds at each budget, and what several results say of one generator.

    A second set is no second result: another generator may have made it.
    """
    from fluxttice_core.audit.coverage_claims import Point, audit_point

    budgets, against = [stated_count(text) for text in claims.draws], claims.against_distinct
    for flag, texts in (("distinct", claims.distinct), ("uniqueness", claims.uniqueness)):
        if budgets and texts and len(budgets) != len(texts):
            raise MeasurementError(
                f"each --draws needs its own --{flag}: give as many of one as of the other", "missing_option"
            )
    shares = [_part(text, n) for text, n in zip(claims.uniqueness, budgets, strict=False)]
    unique = [Point(n, share, of_draws=True) for n, share in zip(budgets, shares, strict=False)]
    distinct = list(_distinct(claims, budgets, size)) if budgets and claims.distinct else []
    yield from _one_generator(distinct, size, significance)
    yield from _one_generator(unique, size, significance)
    for one, other in zip(distinct, unique, strict=False):  # of one sample, where both are claimed
        yield from _same_number(one, other, size or 1)
    if against is not None and len(budgets) == 1 and size is not None:
        yield audit_point(Point(budgets[0], _shares(claims, size)[-1]), size, significance)
    if not budgets:
        alone = claims.distinct if against is None else ()
        yield from (_half_said(f"{text} distinct", "how many were drawn") for text in alone)
        yield from (
            _half_said(f"{text} of the draws distinct", "how many were drawn") for text in claims.uniqueness
        )
    if not (claims.distinct or claims.uniqueness or against):
        yield from (_half_said(f"{text} draws", "how many were distinct") for text in claims.draws)


def _distinct(claims: Claims, budgets: Sequence[int], size: int | None) -> Iterator[Point]:
    """Read distinct kinds as shares of the space, or counts of an unknown one as shares of the draws."""
    from fluxttice_core.audit.coverage_claims import Point

    if size is not None:
        yield from map(Point, budgets, _shares(claims, size))
        return
    for draws, text in zip(budgets, claims.distinct, strict=True):
        share = exact_count(text, draws or 1)
        if share is None:
            stated_share(text, None)  # what is no share at all is told that first
            otherwise = f", or write --uniqueness {quote(text)} if it is of the draws that were distinct"
            raise MeasurementError(
                f"'{text}' is a share of a space that has no size: give one, such as --space-size 19683 or "
                f"--space-size dna:6{'' if claims.against_distinct else otherwise}",
                "missing_option",
            )
        yield Point(draws, share, of_draws=True)


def _one_generator(points: Iterable[Point], size: int | None, significance: float | int) -> Iterator[Finding]:
    from fluxttice_core.audit.coverage_claims import audit_point
    from fluxttice_core.audit.curve_claims import audit_curve
    from fluxttice_core.audit.uniqueness_claims import audit_uniqueness

    points = list(points)
    yield from (audit_uniqueness(p) if size is None else audit_point(p, size, significance) for p in points)
    if len(points) > 1:
        yield audit_curve(points, size, significance)


def _same_number(distinct: Point, unique: Point, size: int) -> Iterator[Finding]:
    """Refute two claims of one sample whose numbers of distinct kinds are not the same."""
    ends = (least, most), (fewest, largest) = distinct.counts(size), unique.counts(size)
    if max(least, fewest) > min(most, largest):
        first, second = (many(low) if low == high else f"{many(low)} to {many(high)}" for low, high in ends)
        reason = f"the one is {first} distinct kinds of {many(distinct.draws)} draws, the other {second}"
        claim = f"{distinct.share.text} distinct and a uniqueness of {unique.share.text}"
        law = "one number of distinct kinds"
        yield Finding(claim, Verdict.IMPOSSIBLE, law, None, None, "count", None, reason)


def _half_said(claim: str, missing: str) -> Finding:
    """Return the finding that a claim leaves out what decides."""
    reason = f"the claim does not say {missing}"
    return Finding(claim, Verdict.NOT_ENOUGH_SAID, "uniform null", None, None, "fraction", None, reason)


def _steps(claims: Claims) -> Iterator[Finding]:
    if claims.sequence is not None:
        texts = _listed(claims.sequence)
        require_one_sort(texts)
        yield other_claims.audit_sequence([stated_number(text) for text in texts])


def _shares(claims: Claims, size: int | None) -> list[Stated]:
    """Read shares of one space, the sets last: what `1` is depends on what stands beside it."""
    sets = [text for text in (claims.union, claims.against_distinct) if text is not None]
    return stated_shares([*claims.distinct, *sets], size)


def _sets(claims: Claims, size: int | None) -> Iterator[Finding]:
    against, distance, union = claims.against_distinct, claims.jaccard_distance, claims.union
    if against is None and distance is None and union is None:
        return
    if against is None or len(claims.distinct) != 1 or (distance is None and union is None):
        raise MeasurementError(
            "two sets need one --distinct, one --against-distinct, and --jaccard-distance or --union",
            "missing_option",
        )
    first, *between, second = _shares(claims, size)
    apart = None if distance is None else stated_number(distance)
    if apart is not None:
        yield other_claims.audit_jaccard_distance(first, second, apart)
    for both in between:
        yield other_claims.audit_union(first, second, both)
        if apart is not None:
            yield other_claims.audit_distance_and_union(first, second, apart, both)


def _histogram(claims: Claims) -> Iterator[Finding]:
    if _all_given(claims, "entropy", "bins"):
        entropy, bins = stated_number(claims.entropy or ""), stated_count(claims.bins or "")
        yield other_claims.audit_histogram_entropy(entropy, bins)


def _wrong_trits(claims: Claims, size: int | None) -> Iterator[Finding]:
    if not _all_given(claims, "wrong_trits", "share"):
        return
    if size is None:
        raise MeasurementError(
            "--wrong-trits and --share need the number of tables: give --space-size, such as 19683 or "
            "ternary:2",
            "missing_option",
        )
    tables = _counts(claims.wrong_trits)
    yield other_claims.audit_wrong_trits(tables, share_of_all(claims.share or "", size), size)


def _clamped(claims: Claims) -> Iterator[Finding]:
    if _all_given(claims, "kl", "free_bits", "dimensions"):
        kl, floor = stated_number(claims.kl or ""), stated_number(claims.free_bits or "")
        yield other_claims.audit_free_bits(kl, floor, stated_count(claims.dimensions or ""))


def _correlations(claims: Claims) -> Iterator[Finding]:
    names = [name for name in correlation_claims.COEFFICIENTS if getattr(claims, name) is not None]
    if bool(names) != (claims.levels is not None) or (claims.against_levels and not names):
        raise MeasurementError(
            "a correlation and the sizes of tied levels belong together: give --spearman, --kendall or "
            "--pearson, and --levels such as 50,50",
            "missing_option",
        )
    others = None if claims.against_levels is None else _counts(claims.against_levels)
    for name in names:
        claimed = _signed(getattr(claims, name).strip())
        yield correlation_claims.audit_correlation(name, claimed, _counts(claims.levels), others)


def _signed(text: str) -> Stated:
    """Read a correlation, which may be below 0."""
    if text[:1] not in ("-", "\N{MINUS SIGN}"):
        return stated_number(text)
    size = stated_number(text[1:])
    return Stated(text, -size.upper, -size.lower, -size.most, -size.least)


def _answers(claims: Claims) -> Iterator[Finding]:
    if claims.correct is not None or claims.of is not None or claims.claimed is not None:
        if claims.of is None or claims.claimed is None:
            raise MeasurementError(
                "a share of cases needs --of and --claimed, and --correct where it is known", "missing_option"
            )
        cases = stated_count(claims.of)
        correct = None if claims.correct is None else stated_count(claims.correct)
        yield share_claims.audit_share(_part(claims.claimed, cases), cases, correct)


def _part(text: str, whole: int) -> Stated:
    """Read a share of draws or cases, also as a count of them."""
    if text.strip() == "1":
        reading = "1 is read as a share, rounded from .5 or more; write 1.00 if it has more digits"
        return replace(share_of_all(text, None), reading=reading)
    return exact_count(text, whole or 1) or share_of_all(text, None)


def _counts(text: str | None) -> list[int]:
    return [stated_count(part) for part in _listed(text or "")]


def _listed(text: str) -> list[str]:
    """Return numbers apart by commas, none of which may group thousands there."""
    parts = text.split(",")
    if any(re.match(r"\s*0\d", part) for part in parts):
        raise MeasurementError(
            f"in '{text:.60}' commas set numbers apart, so none may group thousands: write 17003, not 17,003",
            "malformed",
        )
    return parts
