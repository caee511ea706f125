"""Reading a report from samples back from JSON: what was counted is checked, all else is worked out again.

Needs no torch, so that it is part of every verification, and takes no more time than a report has numbers.
"""

import math
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from fluxttice_core.errors import FluxtticeError, MeasurementError
from fluxttice_core.evaluation.caveats import stray_number
from fluxttice_core.evaluation.sampled_report import (
    CONTROLS,
    LEAST_DRAWS,
    MOST_DRAWS,
    ROWS,
    Sampled,
    SampledReport,
)
from fluxttice_core.metrics.sample_figures import CodeSample, PriorSample, prior_figures
from fluxttice_core.spaces.conventions import ENUMERATION_LIMIT
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.statistics.intervals import Interval, clopper_pearson
from fluxttice_core.statistics.position_pairs import pairs_of

_ROUNDING = 1e-6
"""Relative difference that a library of statistics may make."""

_LONGEST_NAME = 400
_DAMAGED = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, FluxtticeError)


def read_sampled(values: Any, *, name: str) -> SampledReport:
    """The report that `as_dict` gave, if all of it but for the gates follows from what was counted."""
    try:
        report = _report(values)
        due = report.as_dict()
    except _DAMAGED as error:
        raise MeasurementError(
            f"{name} is no complete report from samples ({error}): measure the model again",
            "incomplete_report",
        ) from error
    # Sentences may be worded otherwise, and gates have a check of their own.
    apart = {name: due[name] for name in ("gates", "accepted", "limitations")}
    found = (_differences({**values, **apart}, due, "it"), _stray(values, due), _broken_laws(report))
    fault = next(chain(*found), None)
    if fault is not None:
        raise MeasurementError(f"{name} contradicts itself: {fault}", "contradictory_report")
    return report


def _report(values: Any) -> SampledReport:
    space = space_of(_text(values["space"]))
    if space.size <= ENUMERATION_LIMIT:
        raise ValueError(f"all {space.size:,} elements of {space.name} can be measured")
    known = values["split_known"]
    if type(known) is not bool:
        raise TypeError("whether the split is known is neither true nor false")
    halves, controls = values["halves"], values["controls"]
    if len(halves) > 2 or tuple(one["name"] for one in controls) != CONTROLS:
        raise ValueError("its halves or controls are others")
    return SampledReport(
        _text(values["title"]),
        space,
        _whole(values["seed"], -(2**63), 2**64),
        tuple(_sampled(record, space) for record in halves),
        tuple(_sampled(record, space) for record in controls),
        known,
    )


def _sampled(record: Mapping[str, Any], space: ProductSpace) -> Sampled:
    codes = (None if record[part] is None else _codes(record[part]) for part in ("codes", "trained"))
    return Sampled(_text(record["name"]), _prior(record["prior"], space), *codes)


def _prior(record: Mapping[str, Any], space: ProductSpace) -> PriorSample:
    """What was counted of draws, and what follows from it."""
    times = [(_whole(often, 1, MOST_DRAWS), _whole(many, 1, MOST_DRAWS)) for often, many in record["times"]]
    draws = sum(often * many for often, many in times)
    if [often for often, _ in times] != sorted({often for often, _ in times}):
        raise ValueError("an element came as often as another twice")
    _whole(draws, LEAST_DRAWS, MOST_DRAWS)
    bases = space.bases
    cells = {"positions": bases, "pairs": [bases[i] * bases[j] for i, j in pairs_of(bases)]}
    found = {
        # All draws in one place is the most that there is.
        name: [_number(x, 0, draws * (n - 1)) for x, n in zip(record[name]["chi_square"], of, strict=True)]
        for name, of in cells.items()
    }
    return prior_figures(space, times, found["positions"], found["pairs"])


def _codes(record: Mapping[str, Any]) -> CodeSample:
    whole = (_share(record[name]) for name in ("from_mean", "from_draw"))
    means = (_mean(record[name]) for name in ("rate", "distortion"))
    return CodeSample(*whole, *means)


def _share(record: Mapping[str, Any]) -> Interval:
    return clopper_pearson(round(_number(record["estimate"], 0, 1) * ROWS), ROWS)


def _mean(record: Mapping[str, Any]) -> Interval:
    """A mean over rows, whose limits lie as far above it as below."""
    mean, lower, upper = (_number(record[name], -1e9, 1e9) for name in ("estimate", "lower", "upper"))
    if not (mean >= 0 and lower <= mean and math.isclose(upper - mean, mean - lower, rel_tol=_ROUNDING)):
        raise ValueError("a mean does not lie in the middle of its limits")
    return Interval(mean, lower, upper, 0.95, f"Student's t, {ROWS} repeats")


def _whole(value: Any, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{str(value)[:40]} is no whole number from {least} to {most}")
    return value


def _number(value: Any, least: float | int, most: float | int) -> float:
    if type(value) is not float or not least <= value <= most * (1 + _ROUNDING):
        raise ValueError(f"{str(value)[:40]} is no number from {least:g} to {most:g}")
    return value


def _text(value: Any) -> str:
    if type(value) is not str or len(value) > _LONGEST_NAME:
        raise TypeError("a name is no short text")
    return value


def _differences(stated: Any, due: Any, place: str) -> Iterator[str]:
    """Where plain values are not those that are due, but for sentences and last digits."""
    if type(stated) is not type(due):
        yield f"{place} is {str(stated)[:40]}, and {str(due)[:40]} follows"
    elif isinstance(due, dict):
        if stated.keys() != due.keys():
            yield f"{place} has other parts than it must"
        for name in due.keys() & stated.keys():
            yield from _differences(stated[name], due[name], f"{place}, {name}")
    elif isinstance(due, list | tuple):
        if len(stated) != len(due):
            yield f"{place} has {len(stated)} entries, and must have {len(due)}"
        for at, (one, other) in enumerate(zip(stated, due, strict=False), start=1):
            yield from _differences(one, other, f"{place}, {at}")
    elif not (stated == due or (isinstance(due, float) and math.isclose(stated, due, rel_tol=_ROUNDING))):
        yield f"{place} is {str(stated)[:40]}, and {str(due)[:40]} follows"


def same_values(stated: Any, due: Any) -> bool:
    """Whether plain values are those that are due, but for last digits."""
    return next(_differences(stated, due, "it"), None) is None


def _stray(stated: Any, due: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with sentences: left out, or with a number of their own."""
    limits = stated.get("limitations")
    sentences = isinstance(limits, list) and all(isinstance(one, str) for one in limits)
    if not sentences or not limits:
        yield "it does not say what it cannot see"
    elif (stray := stray_number(limits, due["limitations"])) is not None:
        yield f"a sentence in it states the number {stray}"


def _broken_laws(report: SampledReport) -> Iterator[str]:
    """What no measurement gives, whichever model it is of."""
    entropy = report.space.log_size
    everyone = (*report.halves, *report.controls)
    if len({one.prior.draws for one in everyone}) > 1:
        yield "its halves and controls were drawn from unequally often"
    for one in everyone:
        alone = one.prior.positions.chi_square
        for (i, j), both in zip(pairs_of(report.space.bases), one.prior.pairs.chi_square, strict=True):
            if both < (alone[i] + alone[j]) * (1 - _ROUNDING) - _ROUNDING:
                yield f"positions {i + 1} and {j + 1} of {one.name} together are more even than alone"
        for codes in filter(None, (one.codes, one.trained)):
            low, high = codes.information(entropy)
            if low > high:
                yield f"codes of {one.name} tell at least {low:.4f} nats and at most {high:.4f}"
            lost = 1 - codes.from_draw.upper
            if codes.distortion.upper < lost * math.log(2) * (1 - _ROUNDING):
                yield f"{one.name} loses more rows than its distortion allows"
