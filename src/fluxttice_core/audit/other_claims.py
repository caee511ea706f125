"""Auditing claims beside coverage: a sequence, a histogram's entropy, wrong trits, free bits."""

import math
from collections.abc import Sequence

from fluxttice_core.audit.printed_numbers import Stated, read_aloud
from fluxttice_core.audit.verdicts import Bounds, Finding, Verdict, judge, percent
from fluxttice_core.errors import MeasurementError


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
        raise MeasurementError("a sequence needs at least two values")
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

    Args:
        entropy: The claimed entropy, or the range of it.
        bins: Bins of the histogram, n.

    Raises:
        MeasurementError: If there is no bin.
    """
    if bins < 1:
        raise MeasurementError(f"a histogram needs at least one bin, not {bins}")
    upper = math.log(bins)
    claim = f"an entropy of {entropy.text} nats from {bins} bins"
    reason = f"a histogram of {bins} bins has at most ln {bins} = {upper:.3f} nats"
    verdict = judge(entropy, Bounds(0.0, upper))
    return Finding(claim, verdict, "histogram entropy <= ln bins", 0.0, upper, "nats", None, reason)


def audit_wrong_trits(counts: Sequence[int], share: Stated, size: int) -> Finding:
    """Audit the share of tables with at most so many wrong trits against the counts printed beside it.

    Example:
        >>> from fluxttice_core.audit.printed_numbers import stated_number
        >>> finding = audit_wrong_trits([2_926, 6_776, 6_596], stated_number("67.9%"), 19_683)
        >>> finding.verdict.value, round(finding.lower, 3)
        ('impossible', 0.828)

    Args:
        counts: Tables with 0, 1, 2, ... wrong trits.
        share: Claimed share of tables with no more wrong trits than the last count.
        size: Number of tables in all.

    Raises:
        MeasurementError: If no count is given, one is negative, or together they exceed the tables.
    """
    if not counts or min(counts) < 0:
        raise MeasurementError("wrong trits need the counts of tables with 0, 1, ... of them, none below 0")
    total = sum(counts)
    if total > size:
        raise MeasurementError(
            f"the counts add to {total:,}, more than the {size:,} tables: give the true size"
        )
    true = total / size
    summed = " + ".join(f"{count:,}" for count in counts)
    claim = f"{share.text} of tables with at most {len(counts) - 1} wrong trits"
    reason = read_aloud(f"{summed} of {size:,} is {percent(true)}", share)
    rounds_to = share.least <= true <= share.most
    verdict = Verdict.POSSIBLE if rounds_to else Verdict.IMPOSSIBLE
    return Finding(claim, verdict, "shares add up", true, true, "fraction", None, reason)


def audit_free_bits(kl: Stated, floor: Stated, dimensions: int) -> Finding:
    r"""Audit a KL divergence clamped from below in every dimension: at least dimensions times the floor.

    With free bits f the sum over d dimensions of $\max(\mathrm{KL}_i, f)$ is at least $d f$.

    Example:
        >>> from fluxttice_core.audit.printed_numbers import stated_number
        >>> finding = audit_free_bits(stated_number(".3..1.0"), stated_number(".5"), 16)
        >>> finding.verdict.value, finding.lower
        ('impossible', 8.0)

    Args:
        kl: The claimed KL in nats, or the range of it.
        floor: Free bits of one dimension in nats.
        dimensions: Number of latent dimensions.

    Raises:
        MeasurementError: If there is no dimension.
    """
    if dimensions < 1:
        raise MeasurementError(f"free bits need at least one dimension, not {dimensions}")
    lower = dimensions * floor.lower
    claim = f"a KL of {kl.text} nats under free bits of {floor.text} on {dimensions} dimensions"
    reason = (
        f"{dimensions} dimensions that each count at least {floor.text} nats add to at least {lower:g} nats"
    )
    bounds = Bounds(lower, math.inf, least=dimensions * max(floor.least, 0.0))
    return Finding(claim, judge(kl, bounds), "clamped KL >= d f", lower, None, "nats", None, reason)
