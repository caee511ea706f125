"""Two reports from samples side by side, with the interval of every difference."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from rich.table import Table
from rich.text import Text
from scipy import optimize, stats

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.comparison import SIGNS, require_same_space, side_by_side, verdict_of
from fluxttice_core.evaluation.sampled_report import ROWS, Sampled, SampledReport
from fluxttice_core.metrics.metric import Verdict
from fluxttice_core.metrics.sample_figures import PriorSample, collision_limits
from fluxttice_core.metrics.settings import Direction
from fluxttice_core.statistics.intervals import Interval, difference_of_limits, normal_quantile
from fluxttice_core.statistics.multiplicity import holm

_LEAST_TAIL = 1e-12
_MEAN, _DRAW = "rows whole from mu, %", "rows whole from z ~ q, %"
_RATE, _DISTORTION = "rate R, nats", "distortion D, nats"
_EFFECTIVE = "effective number, ratio"
_FORMS = {
    **dict.fromkeys((_MEAN, _DRAW), (100, ".2f", "+.2f")),
    **dict.fromkeys((_RATE, _DISTORTION), (1, ".4f", "+.4f")),
    _EFFECTIVE: (1, ".3g", ".3g"),
}
"""Every figure, by what it is multiplied for the eye, and the form of it and of its difference."""


@dataclass(frozen=True)
class SampledDifference:
    """How one figure of a half differs between two models: other - first, judged as a `Difference` is.

    Of effective numbers the change is the ratio, and none where no collision tells.
    """

    figure: str
    half: str
    first: Interval
    other: Interval
    change: Interval | None
    direction: Direction
    p_value: float
    adjusted: float = 1.0

    @property
    def verdict(self) -> Verdict:
        """`better` or `worse` of the other by the adjusted p-value; `different` for a description."""
        return self._read(self.adjusted)

    @property
    def verdict_alone(self) -> Verdict:
        """The same whatever else is judged."""
        return self._read(self.p_value)

    def _read(self, p_value: float) -> Verdict:
        return verdict_of(p_value, self.direction, rises=self.other.estimate > self.first.estimate)


def require_same_rows(*, first_known: bool, other_known: bool) -> None:
    """Refuse to compare figures of held-out rows with those of any rows."""
    if first_known != other_known:
        raise MeasurementError(
            "of one model alone it is recorded which rows were held out of its training: compare models that "
            "were both trained here, or neither",
            "settings_mismatch",
        )


def sampled_differences(first: SampledReport, other: SampledReport) -> tuple[SampledDifference, ...]:
    """Compare what two reports from samples show of each half, all of it judged together.

    Shares of rows are compared by Fisher's exact test, as if each model had read rows of its own, rate and
    distortion as means likewise, and effective numbers by the limits of their collisions, which allow for
    elements that are likelier than others. Rows of one split are the same where seeds are, which makes these
    tests cautious.
    """
    require_same_space(first.space, other.space)
    numbers = [{half.prior.draws for half in report.halves} for report in (first, other)]
    if numbers[0] != numbers[1]:
        raise MeasurementError(
            "the reports are of different numbers of draws: measure both models alike", "settings_mismatch"
        )
    require_same_rows(first_known=first.split_known, other_known=other.split_known)
    others = {half.name: half for half in other.halves}
    found = [
        one
        for half in first.halves
        if half.name in others
        for one in (*_of_codes(half, others[half.name]), _of_draws(half, others[half.name]))
    ]
    adjusted = holm(np.array([one.p_value for one in found])).tolist()
    return tuple(replace(one, adjusted=p) for one, p in zip(found, adjusted, strict=True))


def _of_codes(first: Sampled, other: Sampled) -> Iterator[SampledDifference]:
    if first.codes is None or other.codes is None:
        return
    codes = (first.codes, other.codes)
    for figure, shares in (
        (_MEAN, [one.from_mean for one in codes]),
        (_DRAW, [one.from_draw for one in codes]),
    ):
        whole = [round(share.estimate * ROWS) for share in shares]
        p_value = stats.fisher_exact([[count, ROWS - count] for count in whole]).pvalue
        yield _difference(figure, first.name, shares, "higher", float(p_value))
    rate, distortion = [one.rate for one in codes], [one.distortion for one in codes]
    yield _difference(_RATE, first.name, rate, "neither", _p_of_means(rate))
    yield _difference(_DISTORTION, first.name, distortion, "lower", _p_of_means(distortion))


def _difference(
    figure: str, half: str, values: list[Interval], direction: Direction, p_value: float
) -> SampledDifference:
    change = difference_of_limits(values[1], values[0])
    return SampledDifference(figure, half, values[0], values[1], change, direction, p_value)


def _of_draws(first: Sampled, other: Sampled) -> SampledDifference:
    """Effective numbers, of which the even law has the most, as ratios from limit to limit."""
    before, after = first.prior.effective, other.prior.effective
    change = None
    if first.prior.collisions and other.prior.collisions:
        least, most = after.lower / before.upper, after.upper / before.lower
        change = Interval(after.estimate / before.estimate, least, most, after.level, "limits of both")
    p_value = _p_of_collisions(first.prior, other.prior)
    return SampledDifference(_EFFECTIVE, first.name, before, after, change, "higher", p_value)


def _p_of_means(values: list[Interval]) -> float:
    """P-value of equal means, by their 95 % limits towards each other."""
    low, high = sorted(values, key=lambda value: value.estimate)
    width = math.hypot(low.upper - low.estimate, high.estimate - high.lower)
    if width == 0:
        return float(low.estimate == high.estimate)
    return float(2 * stats.norm.sf((high.estimate - low.estimate) / width * normal_quantile(low.level)))


def _p_of_collisions(first: PriorSample, other: PriorSample) -> float:
    """Twice the tail that must be left out of the limits of collisions for those of both not to meet."""
    few, many = sorted((first, other), key=lambda prior: prior.collisions)

    def gap(tail: float) -> float:
        return collision_limits(many.times, tail)[0] - collision_limits(few.times, tail)[1]

    if gap(0.5) <= 0:
        return 1.0
    return 2 * float(optimize.brentq(gap, _LEAST_TAIL, 0.5)) if gap(_LEAST_TAIL) < 0 else 2 * _LEAST_TAIL


def sampled_comparison_table(first: SampledReport, other: SampledReport, *, names: tuple[str, str]) -> Table:
    """What two reports from samples have in common, as a table for the terminal."""
    found = sampled_differences(first, other)
    table = side_by_side(names)
    for figure in dict.fromkeys(one.figure for one in found):
        table.add_section()
        for one in (one for one in found if one.figure == figure):
            table.add_row(*_cells(one))
    table.add_section()
    others = {half.name: half for half in other.halves}
    for half in first.halves:
        if half.name in others:
            met = (first.met(half), other.met(others[half.name]))
            table.add_row("checks met", half.name, *met, "", "")
    table.caption = Text(
        f"+ better, − worse, ≠ different, all {len(found)} judged together (Holm, 5 %); (+), (−), (≠) each "
        "alone. Other training runs may differ by more.",
        style="dim",
    )
    return table


def _cells(one: SampledDifference) -> tuple[str, ...]:
    sign = SIGNS[one.verdict_alone]
    verdict = sign if one.verdict != "same" or not sign else f"({sign})"
    factor, form, _ = _FORMS[one.figure]
    values = (_shown(value.scaled(factor), form) for value in (one.first, one.other))
    return one.figure, one.half, *values, _changed(one.figure, one.change), verdict


def _shown(value: Interval, form: str) -> str:
    """The figure, or its lower limit where without a collision there is no more."""
    return f"{value.estimate:{form}}" if math.isfinite(value.estimate) else f"> {value.lower:{form}}"


def _changed(figure: str, change: Interval | None) -> str:
    if change is None:
        return "-"
    factor, _, form = _FORMS[figure]
    shown = change.scaled(factor)
    if figure not in (_RATE, _DISTORTION):
        return f"{shown.estimate:{form}} [{shown.lower:{form}}, {shown.upper:{form}}]"
    return f"{shown.estimate:{form}} ±{(shown.upper - shown.lower) / 2:{form.removeprefix('+')}}"
