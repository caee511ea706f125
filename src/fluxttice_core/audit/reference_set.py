"""Draws beside a set that was enumerated, or one that the generator was trained on."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.intervals import Interval, clopper_pearson, normal_quantile
from fluxttice_core.statistics.sampling_variance import SamplingVariance
from fluxttice_core.statistics.tally import Tally
from fluxttice_core.statistics.uniform_moments import expected_share


@dataclass(frozen=True)
class Beside:
    """A figure with its interval, and what an ideal sampler of the set is expected to show.

    Args:
        figure: The figure; without an interval where draws are without replacement.
        ideal: The ideal sampler's; None where nothing says what it samples.
    """

    figure: Interval | float | int
    ideal: float | int | None


@dataclass(frozen=True)
class ReferenceReport:
    """Draws beside a set of known kinds.

    Args:
        size: Kinds in the set, R.
        draws: Draws in all, N.
        inside: Draws of kinds in the set.
        distinct: Kinds of the set that were drawn, D.
        coverage: D/R; N uniform draws from the set show 1 - (1 - 1/R)^N.
        completeness: Coverage over that; None where draws are without replacement.
        closedness: Share of the draws inside.
        outside: Share of them outside.
        uniformity: Effective number (order 2) of the kinds drawn inside over R, 1 where all are drawn
            alike; None where no two draws were of one kind, or draws are without replacement.
        ucc: Product of uniformity, completeness and closedness, its limits those of the three multiplied.
    """

    size: int
    draws: int
    inside: int
    distinct: int
    coverage: Beside
    completeness: Beside | None
    closedness: Beside
    outside: Beside
    uniformity: Beside | None
    ucc: Beside | None

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return asdict(self)


def report_reference(
    inside: Tally, draws: int, size: int, level: float | int = 0.95, *, once_each: bool = False
) -> ReferenceReport:
    r"""Report coverage, completeness, closedness and uniformity of draws beside a set of R kinds.

    Uniformity is $\frac{n(n-1)}{R \sum_i X_i(X_i - 1)}$ of the n draws inside, so that it uses all counts;
    the benchmark of GDB-13, whose other two ratios these are, measures it otherwise.

    Source: Arús-Pous et al. 2019, Randomized SMILES strings improve the quality of molecular generative
    models.

    Example:
        >>> import numpy as np
        >>> report = report_reference(Tally(np.array([1, 2]), np.array([60, 20])), 120, 500)
        >>> str(report.closedness.figure), round(report.completeness.figure.estimate, 3)
        ('0.833333 [0.7544, 0.895121]', 0.749)

    Args:
        inside: How often kinds of the set were drawn.
        draws: Draws in all, N.
        size: Kinds in the set, R.
        level: Share of repetitions that intervals must cover.
        once_each: Whether kinds were drawn without replacement: then figures have neither interval nor ideal.

    Raises:
        MeasurementError: If there is no draw, or more are inside, or of more kinds, than there are.
    """
    if not (0 < draws >= inside.draws and 0 < size >= inside.distinct):
        raise MeasurementError(
            f"{inside.draws:,} of {draws:,} draws of {inside.distinct:,} of {size:,} kinds: give all draws, "
            "of which there must be one, and the size of the whole set",
            "contradictory",
        )
    if once_each:
        return _without_replacement(inside, draws, size)
    coverage, ideal = clopper_pearson(inside.distinct, size, level), expected_share(size, draws)
    closed = clopper_pearson(inside.draws, draws, level)
    outside = Interval(1 - closed.estimate, 1 - closed.upper, 1 - closed.lower, level, closed.method)
    complete, even = coverage.scaled(1 / ideal), _uniformity(inside, size, level)
    ucc = None
    if even is not None:
        parts = (even, complete, closed)
        estimate, lower, upper = (
            math.prod(getattr(part, end) for part in parts) for end in ("estimate", "lower", "upper")
        )
        ucc = Beside(Interval(estimate, lower, upper, level, "limits multiplied"), 1.0)
    return ReferenceReport(
        size,
        draws,
        inside.draws,
        inside.distinct,
        Beside(coverage, ideal),
        Beside(complete, 1.0),
        Beside(closed, 1.0),
        Beside(outside, 0.0),
        None if even is None else Beside(even, 1.0),
        ucc,
    )


def _without_replacement(inside: Tally, draws: int, size: int) -> ReferenceReport:
    """Report what holds of any draws: no figure has an interval or an ideal."""
    return ReferenceReport(
        size=size,
        draws=draws,
        inside=inside.draws,
        distinct=inside.distinct,
        coverage=Beside(inside.distinct / size, None),
        completeness=None,
        closedness=Beside(inside.draws / draws, None),
        outside=Beside(1 - inside.draws / draws, None),
        uniformity=None,
        ucc=None,
    )


def _uniformity(inside: Tally, size: int, level: float | int) -> Interval | None:
    """Return the effective number of order 2 over the size of the set, log-normal."""
    n = inside.draws
    times = inside.times.astype(float)
    pairs = float(inside.kinds @ (times * (times - 1)))
    if pairs == 0:
        return None
    value = n * (n - 1) / pairs / size
    # By how much the pairs scatter: never less than a Poisson number of them does, each counted twice.
    variance = max(SamplingVariance(inside).of(lambda x: x * (x - 1)), 2 * pairs)
    factor = math.exp(normal_quantile(level) * math.sqrt(variance) / pairs)
    lower, upper = value / factor, min(value * factor, 1.0)
    return Interval(min(value, 1.0), min(lower, 1.0), upper, level, "plug-in, log-normal")


@dataclass(frozen=True)
class NoveltyReport:
    """Draws beside what the generator was trained on.

    Args:
        size: Kinds in the training set.
        novel: Share of the draws that are not in it; an ideal sampler of K kinds that hold T of the training
            set shows 1 - T/K.
        novel_kinds: The same of the distinct kinds drawn.
    """

    size: int
    novel: Beside
    novel_kinds: Beside

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return asdict(self)


def report_novelty(
    inside: Tally,
    drawn: Tally,
    size: int,
    space: int | None = None,
    level: float | int = 0.95,
    *,
    held: int | None = None,
    once_each: bool = False,
) -> NoveltyReport:
    """Report the share of draws, and of kinds, that are not of the training set.

    Of an ideal sampler of the whole space both are expected to be the part of it that was held out: more is
    no better, but says that training kinds are avoided.

    Example:
        >>> import numpy as np
        >>> inside, drawn = (Tally(np.array([1]), np.array([kinds])) for kinds in (20, 100))
        >>> report = report_novelty(inside, drawn, 50, 500)
        >>> str(report.novel.figure), report.novel.ideal
        ('0.8 [0.708157, 0.873344]', 0.9)

    Args:
        inside: How often kinds of the training set were drawn.
        drawn: How often all kinds were.
        size: Kinds in the training set.
        space: Kinds in the space, K; None if it is not known.
        level: Share of repetitions that intervals must cover.
        held: Kinds of the training set that the space holds, T; all of them, unless said.
        once_each: Whether kinds were drawn without replacement: then figures have no interval.

    Raises:
        MeasurementError: If there is no draw, more are inside than there are, or T, or T and all other kinds
            that were drawn, exceeds K.
    """
    others = 0 if held is not None else drawn.distinct - inside.distinct
    held = size if held is None else held
    if not (0 < drawn.draws >= inside.draws and inside.distinct <= drawn.distinct) or held > min(
        size, space or size
    ):
        raise MeasurementError(
            f"{inside.draws:,} of {drawn.draws:,} draws beside a training set of {held:,} of "
            f"{space or size:,} kinds: give all draws, and a space that holds the training set",
            "contradictory",
        )
    if space is not None and held + others > space:
        raise MeasurementError(
            f"a space of {space:,} kinds does not hold the {held:,} of the training set and {others:,} "
            "others that were drawn: give its size, or leave out what is not of it",
            "contradictory",
        )
    ideal = None if space is None else 1 - held / space
    draws, kinds = (
        Beside(1 - part / whole if once_each else clopper_pearson(whole - part, whole, level), ideal)
        for part, whole in ((inside.draws, drawn.draws), (inside.distinct, drawn.distinct))
    )
    return NoveltyReport(size, draws, kinds)
