"""Auditing claims beside coverage: two sets, a sequence, a histogram's entropy, wrong trits, free bits."""

import math
from collections.abc import Sequence

from fluxttice_core.audit.printed_numbers import Stated, read_aloud
from fluxttice_core.audit.verdicts import Bounds, Finding, Verdict, judge, percent
from fluxttice_core.errors import MeasurementError


def audit_jaccard_distance(first: Stated, second: Stated, distance: Stated) -> Finding:
    r"""Audit the Jaccard distance of two sets of which the shares a and b of one space are known.

    The similarity $|A \cap B| / |A \cup B|$ lies between $a + b - 1$ and $\min(a, b)/\max(a, b)$.

    Example:
        >>> from fluxttice_core.audit.printed_numbers import stated_number
        >>> sets = stated_number("97.64%"), stated_number("97.67%")
        >>> finding = audit_jaccard_distance(*sets, stated_number(".89...91"))
        >>> finding.verdict.value, round(finding.upper, 3)
        ('impossible', 0.047)

    Raises:
        MeasurementError: If both sets are empty.
    """
    if max(first.lower, second.lower) <= 0:
        raise MeasurementError(
            "the Jaccard distance of two empty sets is undefined: give shares above 0", "undefined"
        )
    bounds = Bounds(
        lower=_least_distance(first.lower, first.upper, second.lower, second.upper),
        upper=min(2 - first.lower - second.lower, 1.0),
        least=_least_distance(first.least, first.most, second.least, second.most),
        most=min(2 - first.least - second.least, 1.0),
    )
    product = first.value * second.value
    independent = 1 - product / (first.value + second.value - product)
    reason = (
        f"sets of {first.text} and {second.text} of one space lie between {bounds.lower:.3f} and "
        f"{bounds.upper:.3f} apart; {independent:.3f} if independent"
    )
    claim = f"sets of {first.text} and {second.text} at a Jaccard distance of {distance.text}"
    law = "Jaccard similarity >= a + b - 1"
    return _of_sets(claim, judge(distance, bounds), law, bounds, read_aloud(reason, first, second))


def _least_distance(first_low: float, first_high: float, second_low: float, second_high: float) -> float:
    """Return the least Jaccard distance, 1 - min/max, of sets whose shares lie in two ranges."""
    gap_low, gap_high = max(first_low, second_low), min(first_high, second_high)
    return 0.0 if gap_low <= gap_high else 1 - gap_high / gap_low


def audit_union(first: Stated, second: Stated, union: Stated) -> Finding:
    """Audit the share of a space that two sets cover together: at least the larger, at most their sum.

    Example:
        >>> from fluxttice_core.audit.printed_numbers import stated_number
        >>> audit_union(stated_number("86.3%"), stated_number("86.6%"), stated_number("85%")).verdict.value
        'impossible'
    """
    bounds = Bounds(
        lower=max(first.lower, second.lower),
        upper=min(first.upper + second.upper, 1.0),
        least=max(first.least, second.least),
        most=min(first.most + second.most, 1.0),
    )
    reason = (
        f"sets of {first.text} and {second.text} cover {percent(bounds.lower)} at least "
        f"and {percent(bounds.upper)} at most"
    )
    claim = f"sets of {first.text} and {second.text} with a union of {union.text}"
    law = "max(a, b) <= union <= a + b"
    return _of_sets(claim, judge(union, bounds), law, bounds, read_aloud(reason, first, second, union))


def audit_distance_and_union(first: Stated, second: Stated, distance: Stated, union: Stated) -> Finding:
    r"""Audit a Jaccard distance against the union that was claimed of the same two sets.

    The shares a and b and the union u fix the intersection, and with it the distance $(2u - a - b)/u$.

    Example:
        >>> from fluxttice_core.audit.printed_numbers import stated_number
        >>> sets = stated_number("80%"), stated_number("80%")
        >>> finding = audit_distance_and_union(*sets, stated_number(".05"), stated_number("90%"))
        >>> finding.verdict.value, round(finding.upper, 3)
        ('impossible', 0.222)

    Raises:
        MeasurementError: If the union is empty.
    """
    if union.upper <= 0:
        raise MeasurementError(
            "the Jaccard distance of two empty sets is undefined: give a union above 0", "undefined"
        )
    bounds = Bounds(
        lower=_distance(first.upper + second.upper, union.lower),
        upper=_distance(first.lower + second.lower, union.upper),
        least=_distance(first.most + second.most, union.least),
        most=_distance(first.least + second.least, union.most),
    )
    between = f"{bounds.lower:.3f}"
    if bounds.lower < bounds.upper:
        between += f" to {bounds.upper:.3f}"
    sets = f"sets of {first.text} and {second.text} with a union of {union.text}"
    claim = f"{sets} at a Jaccard distance of {distance.text}"
    sentence = read_aloud(f"{sets} are {between} apart", first, second, union)
    law = "distance = (2u - a - b) / u"
    rounds_to = distance.least <= bounds.upper and bounds.lower <= distance.most
    verdict = Verdict.POSSIBLE if rounds_to else judge(distance, bounds)
    return _of_sets(claim, verdict, law, bounds, sentence)


def _of_sets(claim: str, verdict: Verdict, law: str, bounds: Bounds, sentence: str) -> Finding:
    return Finding(claim, verdict, law, bounds.lower, bounds.upper, "fraction", None, sentence)


def _distance(both: float, union: float) -> float:
    """Return the Jaccard distance of sets with the sum a + b and the union u, cut to [0, 1]."""
    return min(max(2 - both / union, 0.0), 1.0) if union > 0 else 0.0


def audit_sequence(values: Sequence[Stated]) -> Finding:
    """Audit a sequence of results that is said never to have fallen.

    Example:
        >>> from fluxttice_core.audit.printed_numbers import stated_number
        >>> finding = audit_sequence([stated_number(text) for text in ("95%", "100%", "97.64%")])
        >>> finding.verdict.value, finding.lower
        ('impossible', 1.0)

    Raises:
        MeasurementError: If there are fewer than two values.
    """
    if len(values) < 2:
        raise MeasurementError("a sequence needs at least two values", "too_few")
    claim = f"never falling: {', '.join(value.text for value in values)}"
    for place, value in enumerate(values):
        above = [earlier for earlier in values[:place] if value.most < earlier.least]
        if above:
            highest = max(above, key=lambda earlier: earlier.value)
            reason = f"{value.text} comes after {highest.text}: the sequence falls"
            return Finding(
                claim, Verdict.IMPOSSIBLE, "monotone", highest.value, None, "fraction", None, reason
            )
    reason = "no value falls below an earlier one by more than rounding"
    return Finding(claim, Verdict.POSSIBLE, "monotone", None, None, "fraction", None, reason)


def audit_histogram_entropy(entropy: Stated, bins: int) -> Finding:
    r"""Audit an entropy in nats that was taken from a histogram of n bins: at most $\ln n$.

    Example:
        >>> from fluxttice_core.audit.printed_numbers import stated_number
        >>> finding = audit_histogram_entropy(stated_number("4.0"), 50)
        >>> finding.verdict.value, round(finding.upper, 3)
        ('impossible', 3.912)

    Raises:
        MeasurementError: If there is no bin.
    """
    if bins < 1:
        raise MeasurementError(f"a histogram needs at least one bin, not {bins}", "out_of_range")
    upper = math.log(bins)
    claim = f"an entropy of {entropy.text} nats from {bins} bins"
    reason = f"a histogram of {bins} bins has at most ln {bins} = {upper:.3f} nats"
    verdict = judge(entropy, Bounds(0.0, upper))
    return Finding(claim, verdict, "histogram entropy <= ln bins", 0.0, upper, "nats", None, reason)


def audit_wrong_trits(counts: Sequence[int], share: Stated, size: int) -> Finding:
    """Audit the share of `size` tables that have no more wrong trits than the last of the counts of 0, 1, ...

    Example:
        >>> from fluxttice_core.audit.printed_numbers import stated_number
        >>> finding = audit_wrong_trits([2_926, 6_776, 6_596], stated_number("67.9%"), 19_683)
        >>> finding.verdict.value, round(finding.lower, 3)
        ('impossible', 0.828)

    Raises:
        MeasurementError: If no count is given, one is negative, or together they exceed the tables.
    """
    if not counts or min(counts) < 0:
        raise MeasurementError(
            "wrong trits need the counts of tables with 0, 1, ... of them, none below 0", "malformed"
        )
    total = sum(counts)
    if total > size:
        raise MeasurementError(
            f"the counts add to {total:,}, more than the {size:,} tables: give the true size", "contradictory"
        )
    true = total / size
    summed = " + ".join(f"{count:,}" for count in counts)
    claim = f"{share.text} of tables with at most {len(counts) - 1} wrong trits"
    reason = read_aloud(f"{summed} of {size:,} is {percent(true)}", share)
    rounds_to = share.least <= true <= share.most
    verdict = Verdict.POSSIBLE if rounds_to else Verdict.IMPOSSIBLE
    return Finding(claim, verdict, "shares add up", true, true, "fraction", None, reason)


def audit_free_bits(kl: Stated, floor: Stated, dimensions: int) -> Finding:
    r"""Audit a KL divergence in nats, clamped from below in every dimension: at least dimensions times floor.

    With free bits f the sum over d dimensions of $\max(\mathrm{KL}_i, f)$ is at least $d f$.

    Example:
        >>> from fluxttice_core.audit.printed_numbers import stated_number
        >>> finding = audit_free_bits(stated_number(".3..1.0"), stated_number(".5"), 16)
        >>> finding.verdict.value, finding.lower
        ('impossible', 8.0)

    Raises:
        MeasurementError: If there is no dimension.
    """
    if dimensions < 1:
        raise MeasurementError(f"free bits need at least one dimension, not {dimensions}", "out_of_range")
    lower = dimensions * floor.lower
    claim = f"a KL of {kl.text} nats under free bits of {floor.text} on {dimensions} dimensions"
    reason = (
        f"{dimensions} dimensions that each count at least {floor.text} nats add to at least {lower:g} nats"
    )
    bounds = Bounds(lower, math.inf, least=dimensions * max(floor.least, 0.0))
    return Finding(claim, judge(kl, bounds), "clamped KL >= d f", lower, None, "nats", None, reason)
