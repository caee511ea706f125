"""Auditing a share of so many cases, such as of right answers: it must be a whole number of them."""

import math

from fluxttice_core.audit.printed_numbers import Stated, read_aloud
from fluxttice_core.audit.verdicts import Finding, Verdict, percent
from fluxttice_core.errors import MeasurementError

_TINY = 1e-12


def audit_share(claimed: Stated, cases: int, correct: int | None = None) -> Finding:
    r"""Audit a share of n cases: c/n must round to it, or where c is not said, some whole number over n.

    Source: Brown & Heathers 2017, The GRIM test; Clopper & Pearson 1934 (on the interval).

    Example:
        >>> from fluxttice_core.audit.printed_numbers import stated_number
        >>> audit_share(stated_number(".288"), 30, 11).sentence
        '11 of 30 is 36.67 %, with 19.93 % to 56.14 % as its 95 % interval'

    Raises:
        MeasurementError: If there is no case, or more are counted than there are.
    """
    if cases < 1 or not 0 <= (correct or 0) <= cases:
        raise MeasurementError(
            f"{correct or 0:,} of {cases:,} is no share: give a number of cases above 0, and a count from 0 "
            "up to it",
            "out_of_range",
        )
    if correct is None:
        least = math.ceil(claimed.least * cases - _TINY * cases)
        most = math.floor(claimed.most * cases + _TINY * cases)
        near = sorted({max(most, 0), min(most + 1, cases)})
        possible, bounds = least <= most, (0.0, 1.0)
        shares = " and ".join(f"{one:,} is {percent(one / cases)}" for one in near)
        reason = f"{least:,} to {most:,} of {cases:,} round to it" if least < most else ""
        reason = reason or (
            f"{most:,} of {cases:,} rounds to it"
            if possible
            else f"of {cases:,}, {shares}: none rounds to it"
        )
    else:
        from fluxttice_core.statistics.intervals import clopper_pearson

        true, around = correct / cases, clopper_pearson(correct, cases)
        possible, bounds = claimed.least - _TINY <= true <= claimed.most + _TINY, (true, true)
        reason = (
            f"{correct:,} of {cases:,} is {percent(true)}, with {percent(around.lower)} to "
            f"{percent(around.upper)} as its 95 % interval"
        )
    counted = f"{cases:,} cases" if correct is None else f"{correct:,} of {cases:,} cases"
    claim = f"{claimed.text} claimed of {counted}"
    verdict = Verdict.POSSIBLE if possible else Verdict.IMPOSSIBLE
    sentence = read_aloud(reason, claimed)
    return Finding(claim, verdict, "a share is of whole cases", *bounds, "fraction", None, sentence)
