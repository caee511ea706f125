"""Reports from samples side by side: equal models do not differ, and each worse one is found worse."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.sampled_comparison import sampled_comparison_table, sampled_differences
from fluxttice_core.evaluation.sampled_report import ROWS, Sampled, SampledReport
from fluxttice_core.evaluation.terminal import as_text
from fluxttice_core.metrics.by_samples import PositionSampler, StuckSampler, sampled_prior
from fluxttice_core.metrics.sample_figures import CodeSample, PriorSample, prior_figures
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.statistics.intervals import clopper_pearson, mean_interval
from tests.refusals import refused

SPACE = space_of("dna:16")
EFFECTIVE = "effective number, ratio"


def codes(seed: int, *, lost: float = 0.002, rate: float = 21.0, loss: float = 0.02) -> CodeSample:
    """Of a model that loses so large a share of rows, and whose rows cost so many nats."""
    generator = np.random.default_rng(seed)
    mean, draw = (
        clopper_pearson(int(generator.binomial(ROWS, 1 - share)), ROWS) for share in (lost, 2 * lost)
    )
    rates, losses = generator.normal(rate, 0.5, ROWS), generator.exponential(loss, ROWS)
    return CodeSample(mean, draw, mean_interval(rates), mean_interval(losses))


def draws(seed: int, elements: int | None = None) -> PriorSample:
    """Of a perfect sampler, or of one of so many elements."""
    sampler = PositionSampler(SPACE) if elements is None else StuckSampler(SPACE, elements)
    return sampled_prior(sampler, 10_000, torch.Generator().manual_seed(seed))


def counted(times: list[tuple[int, int]]) -> PriorSample:
    """Of so many elements that came so often, whose positions are not looked at."""
    return prior_figures(SPACE, times, [3.0] * 16, [9.0] * 120)


def equally_likely(seed: int, elements: int) -> PriorSample:
    """The same of so many elements alike."""
    drawn = np.random.default_rng(seed).integers(elements, size=10_000)
    often, many = np.unique(np.unique(drawn, return_counts=True)[1], return_counts=True)
    return counted(list(zip(often.tolist(), many.tolist(), strict=True)))


@pytest.fixture(scope="module")
def even() -> PriorSample:
    return draws(0)


def report(prior: PriorSample, of: CodeSample | None) -> SampledReport:
    return SampledReport("model", SPACE, 0, (Sampled("A", prior, of), Sampled("B", prior, of)), (), True)


def verdicts(first: SampledReport, other: SampledReport) -> dict[str, str]:
    """Of half A, by the first word of each figure and what of."""
    found = sampled_differences(first, other)
    assert [one.half for one in found] == ["A"] * (len(found) // 2) + ["B"] * (len(found) // 2)
    return {one.figure: one.verdict for one in found if one.half == "A"}


def test_a_model_does_not_differ_from_itself(even: PriorSample) -> None:
    same = report(even, codes(0))
    assert set(verdicts(same, same).values()) == {"same"}
    assert all(one.p_value == 1 for one in sampled_differences(same, same))


@pytest.mark.parametrize(
    ("worse", "figure", "forwards", "backwards"),
    [
        ({"lost": 0.01}, "rows whole from mu, %", "worse", "better"),
        ({"lost": 0.01}, "rows whole from z ~ q, %", "worse", "better"),
        ({"loss": 0.03}, "distortion D, nats", "worse", "better"),
        ({"rate": 21.1}, "rate R, nats", "different", "different"),
    ],
)
def test_what_is_worse_is_found_worse_and_the_other_way_better(
    worse: dict[str, float], figure: str, forwards: str, backwards: str, even: PriorSample
) -> None:
    first, other = report(even, codes(0)), report(even, codes(1, **worse))
    assert verdicts(first, other)[figure] == forwards
    assert verdicts(other, first)[figure] == backwards
    others = set(verdicts(first, other)) - {
        figure,
        *(("rows whole from z ~ q, %",) if "lost" in worse else ()),
    }
    assert {verdicts(first, other)[name] for name in others - {"rows whole from mu, %"}} == {"same"}


def test_a_narrow_prior_is_worse_by_its_effective_number_also_where_the_other_has_no_collision(
    even: PriorSample,
) -> None:
    narrow = draws(1, 100_000)
    assert even.collisions == 0 < narrow.collisions
    assert verdicts(report(even, None), report(narrow, None)) == {EFFECTIVE: "worse"}
    assert verdicts(report(narrow, None), report(even, None)) == {EFFECTIVE: "better"}


def test_the_ratio_of_effective_numbers_is_covered_at_least_as_often_as_is_said() -> None:
    pairs = [(equally_likely(seed, 20_000), equally_likely(seed + 1_000, 10_000)) for seed in range(60)]
    found = [sampled_differences(report(wide, None), report(narrow, None))[0] for wide, narrow in pairs]
    assert {one.verdict for one in found} == {"worse"}
    covered = sum(one.change is not None and one.change.contains(0.5) for one in found)
    assert stats.binom.cdf(covered, len(found), 0.95) > 0.01


@pytest.mark.parametrize("drawn", [(6, 0), (6, 1), (9, 2)])
def test_one_likelier_element_that_happens_to_come_more_often_is_no_difference(
    drawn: tuple[int, int],
) -> None:
    """Drawn six times it makes 15 collisions, which are one event and not 15."""
    first, other = (report(counted(with_one_drawn(times)), None) for times in drawn)
    assert verdicts(first, other) == {EFFECTIVE: "same"}


@pytest.mark.parametrize("mean", [2.0, 5.0])
def test_equal_models_with_such_an_element_hardly_ever_differ(mean: float) -> None:
    generator = np.random.default_rng(0)

    def drawn() -> SampledReport:
        return report(counted(with_one_drawn(int(generator.poisson(mean)))), None)

    called = sum(sampled_differences(drawn(), drawn())[0].verdict_alone != "same" for _ in range(60))
    assert stats.binom.sf(called - 1, 60, 0.05) > 0.01


def with_one_drawn(times: int) -> list[tuple[int, int]]:
    """How many elements came how often where one came so often and no other twice."""
    alone = 1_000_000 - (times if times > 1 else 0)
    return [(1, alone), *([(times, 1)] if times > 1 else [])]


def test_of_equal_models_at_most_five_tables_in_a_hundred_have_a_verdict() -> None:
    priors = [equally_likely(seed, 20_000) for seed in range(60)]
    tables = [
        sampled_differences(
            report(priors[seed % 60], codes(seed)), report(priors[(seed + 1) % 60], codes(seed + 1))
        )
        for seed in range(80)
    ]
    called = sum(any(one.verdict != "same" for one in found) for found in tables)
    assert stats.binom.sf(called - 1, len(tables), 0.05) > 0.01
    assert sum(one.verdict_alone != "same" for found in tables for one in found) > called


def test_the_table_names_both_and_shows_every_difference_with_its_limits(even: PriorSample) -> None:
    first, other = report(even, codes(0)), report(draws(1, 100_000), codes(1, lost=0.01))
    shown = as_text(sampled_comparison_table(first, other, names=("one", "two")))
    assert [line.strip() for line in shown.splitlines()[:2]] == ["two", "against one"]
    assert "all 10 judged together" in " ".join(shown.split())
    lines = [line.split() for line in shown.splitlines() if "rows whole from mu" in line]
    share = [100 * one.halves[0].codes.from_mean.estimate for one in (first, other) if one.halves[0].codes]
    assert lines[0][6:8] == [f"{value:.2f}" for value in share]
    assert lines[0][-1] == "−"
    met = [" ".join(line.split()[3:]) for line in shown.splitlines() if "checks met" in line]
    assert met == ["3 of 3, 3 untold 1 of 3, 3 untold"] * 2


def test_reports_that_were_not_made_alike_are_refused(even: PriorSample) -> None:
    first = report(even, codes(0))
    fewer = sampled_prior(PositionSampler(SPACE), 9_000, torch.Generator().manual_seed(0))
    assert first.met(first.halves[0]) == "3 of 3, 3 untold"
    unknown = replace(first, split_known=False)
    assert unknown.met(unknown.halves[0]) == "1 of 1, 5 untold"
    for other in (report(fewer, codes(0)), unknown):
        with refused(MeasurementError, "settings_mismatch"):
            sampled_differences(first, other)
    with refused(MeasurementError, "space_mismatch"):
        sampled_differences(first, replace(first, space=space_of("dna:17")))
