"""Laws that every true table of figures obeys, whatever the model: a report that breaks one is refused.

Figures that were sampled carry a standard error. A law is broken where its slack is negative by more than its
tolerance: what the errors of its figures exceed once in 100,000 times, and an allowance for arithmetic.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations, pairwise

from scipy.special import ndtri, stdtrit

from fluxttice_core.errors import LawViolation, MeasurementError
from fluxttice_core.statistics.estimate import Estimate
from fluxttice_core.statistics.uniform_moments import expected_share, uniform_moments

ERROR_TAIL = 1e-5
"""Probability with which the error of a sampled figure may exceed its share of the tolerance."""

UNIFORM_DEVIATIONS = 6.0
"""One run may exceed the mean of uniform draws by so many of their standard deviations."""

_ARITHMETIC = 1e-9
_SMALLEST_UNSEEN = 1e-6
"""Where less is unseen, rounding of the fraction seen spoils its logarithm: such points are left out."""

Quantity = Estimate | float | None
Slack = tuple[float, float]
"""By how much a law is kept, and by how much it may be missed."""


@dataclass(frozen=True)
class Figures:
    r"""What a report says of one model or one pair of sets; laws whose figures are missing are not examined.

    Shares of the space are fractions, and whatever is of codes or of p in nats, each with its error if it was
    drawn.

    Args:
        size: Operations that are aimed at, K: those of the space, or of a target's support.
        target_entropy: Entropy H of a target; none: of K operations alike, $\ln K$.
        space_entropy: Logarithm of the size of the space, for a target.
        counted: (draws, distinct operations) of single runs.
        expected: (draws, expected share of the space) of one distribution, computed from its probabilities.
        repeats: (value, mean of its repeats) of figures that are such means.
        reaches: (efficiency times its ceiling, coverage) at one budget.
        overlaps: (Jaccard distance, similarity) of the same sets.
        rate_above_frontier: $R - R^*(D)$, for codes whose decoder is free.
        lagrangian_gap: $R + 20 D$ less its least value, for the same codes.
        rate_above_reach_frontier: $R - R^*(D)$ for codes of a decoder with the demanded reach.
        marginal_divergence: $\mathrm{KL}(q(z)\,\|\,p(z))$, estimated apart from R and $I_q$.
    """

    size: int
    target_entropy: float | None = None
    space_entropy: float | None = None
    counted: tuple[tuple[int, int], ...] = ()
    expected: tuple[tuple[int, float], ...] = ()
    expected_figures: tuple[tuple[int, Estimate], ...] = ()
    repeats: tuple[tuple[float, float], ...] = ()
    reaches: tuple[tuple[float, float], ...] = ()
    overlaps: tuple[tuple[float, float], ...] = ()
    first: Quantity = None
    second: Quantity = None
    union: Quantity = None
    similarity: Quantity = None
    rate: Quantity = None
    distortion: Quantity = None
    rate_above_frontier: Quantity = None
    lagrangian_gap: Quantity = None
    rate_above_reach_frontier: Quantity = None
    nll: Quantity = None
    code_information: Quantity = None
    marginal_divergence: Quantity = None
    generative_information: Quantity = None
    model_entropy: Quantity = None
    divergence_from_target: Quantity = None
    divergence_from_uniform: Quantity = None
    divergence_to_uniform: Quantity = None
    total_mass: Quantity = None

    @property
    def data_entropy(self) -> float:
        """Entropy of the data, H, in nats."""
        return math.log(self.size) if self.target_entropy is None else self.target_entropy

    @property
    def uniform_entropy(self) -> float | None:
        """Entropy of the data where all operations are alike: no generator of them has more."""
        return math.log(self.size) if self.target_entropy is None else None


@dataclass(frozen=True)
class Law:
    """An inequality between figures, named by its formula, and the unit of its slack.

    Slack and tolerance are given for every way in which the figures can be put into it.
    """

    name: str
    unit: str
    slack: Callable[[Figures], Iterable[Slack]]

    def examine(self, figures: Figures) -> "Check | None":
        """Return the check where the law is nearest to being broken, or None if no figure concerns it."""
        checks = [Check(self.name, slack, tolerance, self.unit) for slack, tolerance in self.slack(figures)]
        return min(checks, key=lambda check: check.margin, default=None)


@dataclass(frozen=True)
class Check:
    """One law examined: it holds unless its slack is negative by more than the tolerance."""

    law: str
    slack: float
    tolerance: float
    unit: str

    @property
    def margin(self) -> float:
        """Slack and tolerance together; minus infinity where one is not a number."""
        if math.isnan(self.slack) or math.isnan(self.tolerance):
            return -math.inf
        return math.inf if math.isinf(self.tolerance) else self.slack + self.tolerance

    @property
    def holds(self) -> bool:
        """Whether the law is kept."""
        return self.margin >= 0


def examine(figures: Figures) -> tuple[Check, ...]:
    """Examine every law that concerns the figures, in the order of `LAWS`."""
    return tuple(check for law in LAWS if (check := law.examine(figures)) is not None)


def obey(figures: Figures) -> tuple[Check, ...]:
    """Return the checks of figures that break no law."""
    checks = examine(figures)
    if not checks:
        raise MeasurementError(
            "no law concerns these figures: give those that the report prints", "not_measured"
        )
    for check in checks:
        if not check.holds:
            raise LawViolation(
                f"the figures break the law {check.law}: its slack is {check.slack:.6g} {check.unit}, "
                f"and no less than {-check.tolerance:.2g} can be put down to error",
                "law_broken",
            )
    return checks


def _value(figure: Quantity) -> float:
    if figure is None:
        return math.nan
    return figure.value if isinstance(figure, Estimate) else figure


def _allowance(figures: Iterable[Quantity]) -> float:
    """What the errors of figures may add up to, each at its own Student's quantile."""
    total = 0.0
    for figure in figures:
        if isinstance(figure, Estimate) and figure.error != 0:
            known = math.isinf(figure.dof)
            quantile = ndtri(1 - ERROR_TAIL) if known else stdtrit(figure.dof, 1 - ERROR_TAIL)
            total += figure.error * float(quantile)
    return total


def _terms(figures: Figures, total: str) -> list[Quantity]:
    """Return the figures, or the number, that a sum such as "rate + distortion" names."""
    return [float(term) if term.isdecimal() else getattr(figures, term) for term in total.split(" + ")]


def _compared(figures: Figures, above: str, below: str) -> Iterable[Slack]:
    """Yield by how much one sum exceeds another and the tolerance, or nothing if a figure is missing."""
    sums = _terms(figures, above), _terms(figures, below)
    if None in (*sums[0], *sums[1]):
        return
    larger, smaller = (sum(map(_value, terms)) for terms in sums)
    difference = 0.0 if larger == smaller else larger - smaller
    scale = 1 + min(abs(larger), abs(smaller))
    yield difference, _allowance((*sums[0], *sums[1])) + _ARITHMETIC * scale


def _at_least(larger: str, smaller: str) -> Callable[[Figures], Iterable[Slack]]:
    """Build the slack of "the sum of some figures is at least the sum of others"."""
    return lambda figures: _compared(figures, larger, smaller)


def _equal(left: str, right: str) -> Callable[[Figures], Iterable[Slack]]:
    """Build the slack of an equality: the negative distance of its two sides."""
    return lambda figures: [(-abs(slack), tolerance) for slack, tolerance in _compared(figures, left, right)]


def _within_draws_and_space(figures: Figures) -> Iterable[Slack]:
    for draws, distinct in figures.counted:
        yield float(min(draws, figures.size) - distinct), 0.0


def _within_uniform_draws(figures: Figures) -> Iterable[Slack]:
    for draws, distinct in figures.counted:
        moments = uniform_moments(figures.size, draws)
        deviation = math.sqrt(moments.variance)
        yield draws - moments.repeated - distinct, UNIFORM_DEVIATIONS * deviation + _ARITHMETIC * draws


def _below_ceiling(figures: Figures) -> Iterable[Slack]:
    for draws, share in figures.expected:
        yield expected_share(figures.size, draws) - share, _ARITHMETIC
    for draws, figure in figures.expected_figures:
        yield expected_share(figures.size, draws) - figure.value, _allowance([figure]) + _ARITHMETIC


def _coverage_rises(figures: Figures) -> Iterable[Slack]:
    for (_, earlier), (_, later) in pairwise(sorted(figures.expected)):
        yield later - earlier, _ARITHMETIC


def _log_unseen_convex(figures: Figures) -> Iterable[Slack]:
    curve = [(0, 0.0)]
    curve += [
        (draws, math.log1p(-share))
        for draws, share in sorted(figures.expected)
        if share < 1 - _SMALLEST_UNSEEN
    ]
    for left, middle, right in combinations(curve, 3):
        if left[0] < middle[0] < right[0]:
            weight = (middle[0] - left[0]) / (right[0] - left[0])
            yield (1 - weight) * left[1] + weight * right[1] - middle[1], _ARITHMETIC


def _similarity_is_overlap(figures: Figures) -> Iterable[Slack]:
    given = (figures.first, figures.second, figures.union, figures.similarity)
    if any(figure is None for figure in given):
        return
    first, second, union, similarity = map(_value, given)
    yield -abs(similarity * union - (first + second - union)), _ARITHMETIC + 2 * _allowance(given)


def _same(pairs: Callable[[Figures], Iterable[tuple[float, float]]]) -> Callable[[Figures], Iterable[Slack]]:
    """Build the slack of "two ways to the same number agree"."""
    return lambda figures: [(-abs(one - other), _ARITHMETIC) for one, other in pairs(figures)]


LAWS: tuple[Law, ...] = (
    Law("distinct <= min(N, K)", "operations", _within_draws_and_space),
    Law("distinct <= uniform draws", "operations", _within_uniform_draws),
    Law("E[coverage](N) <= 1 - (1 - 1/K)^N", "fraction", _below_ceiling),
    Law("E[coverage] rises with N", "fraction", _coverage_rises),
    Law("ln unseen is convex in N", "nats", _log_unseen_convex),
    Law("union >= a", "fraction", _at_least("union", "first")),
    Law("union >= b", "fraction", _at_least("union", "second")),
    Law("union <= a + b", "fraction", _at_least("first + second", "union")),
    Law("Jaccard similarity >= a + b - 1", "fraction", _at_least("similarity + 1", "first + second")),
    Law("Jaccard similarity = (a + b - union)/union", "fraction", _similarity_is_overlap),
    Law("R + D >= NLL", "nats", _at_least("rate + distortion", "nll")),
    Law("R + D >= H", "nats", _at_least("rate + distortion", "data_entropy")),
    Law(
        "Lagrangian gap >= rate above the frontier",
        "nats",
        _at_least("lagrangian_gap", "rate_above_frontier"),
    ),
    Law(
        "rate above the frontier >= with a demanded reach",
        "nats",
        _at_least("rate_above_frontier", "rate_above_reach_frontier"),
    ),
    Law("NLL >= H", "nats", _at_least("nll", "data_entropy")),
    Law("I_q >= H - D", "nats", _at_least("code_information + distortion", "data_entropy")),
    Law("I_q <= R", "nats", _at_least("rate", "code_information")),
    Law("I_q <= H", "nats", _at_least("data_entropy", "code_information")),
    Law("R = I_q + KL(q(z) || p(z))", "nats", _equal("rate", "code_information + marginal_divergence")),
    Law("I_p >= 0", "nats", _at_least("generative_information", "0")),
    Law("I_p <= H(p)", "nats", _at_least("model_entropy", "generative_information")),
    Law("H(p) <= H", "nats", _at_least("uniform_entropy", "model_entropy")),
    Law("H(p) <= ln of the space", "nats", _at_least("space_entropy", "model_entropy")),
    Law("KL(target || p) = NLL - H", "nats", _equal("divergence_from_target + data_entropy", "nll")),
    Law("KL(uniform || p) = NLL - H", "nats", _equal("divergence_from_uniform + data_entropy", "nll")),
    Law(
        "KL(p || uniform) = H - H(p)",
        "nats",
        _equal("divergence_to_uniform + model_entropy", "uniform_entropy"),
    ),
    Law("value = mean of its repeats", "fraction", _same(lambda f: f.repeats)),
    Law("efficiency = coverage / ceiling", "fraction", _same(lambda f: f.reaches)),
    Law(
        "Jaccard distance = 1 - similarity",
        "fraction",
        _same(lambda f: [(distance, 1 - similarity) for distance, similarity in f.overlaps]),
    ),
    Law("sum p = 1", "fraction", _equal("total_mass", "1")),
)
"""Every law, in the order in which a report lists them."""
