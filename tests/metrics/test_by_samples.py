"""What samples show of a space that cannot be written out: by counting, by SciPy, samplers by their law."""

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from fluxttice_core.metrics.by_samples import PositionSampler, StuckSampler, sampled_codes, sampled_prior
from fluxttice_core.metrics.decoding import positions_of
from fluxttice_core.metrics.posterior import encode_rows
from fluxttice_core.metrics.reconstruction import reconstruction_from_mean, reconstruction_from_posterior
from fluxttice_core.metrics.sample_figures import CodeSample, prior_figures
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.statistics.intervals import Interval, clopper_pearson, mean_interval
from fluxttice_core.statistics.position_pairs import PAIR_ERROR, pair_verdict, position_verdict
from fluxttice_core.statistics.richness import chao1_limits
from tests.measuring import generator

SPACE = space_of("01^2xACG^1xACGT^2")


def drawn_from(space: ProductSpace, coupling: float, draws: int, seed: int = 0) -> torch.Tensor:
    return positions_of(space, PositionSampler(space, coupling).sample(draws, generator(seed)))


def test_every_position_is_drawn_evenly_and_alone() -> None:
    drawn = drawn_from(SPACE, 0.0, 30_000).numpy()
    assert PositionSampler(SPACE).coupling == 0
    for p, base in enumerate(SPACE.bases):
        assert stats.chisquare(np.bincount(drawn[:, p], minlength=base)).pvalue > 1e-3
        for other in range(p):
            table = np.histogram2d(drawn[:, other], drawn[:, p], bins=(SPACE.bases[other], base))[0]
            assert stats.chi2_contingency(table).pvalue > 1e-3


@pytest.mark.parametrize("name", ["01^2xACG^1", "ACGT^1x01^1xACG^1", "01^1xACGT^1xACG^1"])
def test_a_coupled_sampler_copies_the_first_position_to_the_second(name: str) -> None:
    space = space_of(name)
    bases = space.bases
    always = drawn_from(space, 1.0, 4_000)
    assert torch.equal(always[:, 1], always[:, 0] * bases[1] // bases[0])
    assert len(torch.unique(always[:, 0])) == bases[0]
    assert len(torch.unique(always[:, 2])) == bases[2]
    half = drawn_from(space, 0.5, 20_000)
    share = float((half[:, 1] == half[:, 0] * bases[1] // bases[0]).double().mean())
    assert share == pytest.approx(0.5 + 0.5 / bases[1], abs=0.02)


def test_a_stuck_sampler_draws_from_so_many_elements_evenly() -> None:
    sampler = StuckSampler(space_of("dna:16"), 50)
    drawn = sampler.sample(20_000, generator(1))
    counts = torch.unique(drawn, return_counts=True)[1].numpy()
    assert len(counts) == 50
    assert stats.chisquare(counts).pvalue > 1e-3
    assert set(sampler.sample(100, generator(2)).tolist()) <= set(drawn.tolist())


@pytest.mark.parametrize("coupling", [0.0, 0.4])
def test_what_a_prior_shows_is_what_was_counted_of_its_draws(coupling: float) -> None:
    sampler, draws = PositionSampler(SPACE, coupling), 700
    found = sampled_prior(sampler, draws, generator(5))
    indices = sampler.sample(draws, generator(5))
    symbols = positions_of(SPACE, indices).numpy()
    times = Counter(Counter(indices.tolist()).values())
    assert found.times == tuple(sorted(times.items()))
    assert (found.draws, found.distinct) == (draws, len(torch.unique(indices)))
    assert found.collisions == sum(many * often * (often - 1) // 2 for often, many in times.items())
    alone = [stats.chisquare(np.bincount(symbols[:, p], minlength=b))[0] for p, b in enumerate(SPACE.bases)]
    assert found.positions.chi_square == pytest.approx(alone)
    pairs = [
        stats.chisquare(np.bincount(symbols[:, i] * b + symbols[:, j], minlength=SPACE.bases[i] * b))[0]
        for j, b in enumerate(SPACE.bases)
        for i in range(j)
    ]
    assert found.pairs.chi_square == pytest.approx(pairs)
    assert found.pairs.passed is (coupling == 0)
    again = prior_figures(SPACE, found.times, found.positions.chi_square, found.pairs.chi_square)
    assert again == found


def test_many_draws_are_counted_in_parts() -> None:
    space = space_of("01^2")
    found = sampled_prior(PositionSampler(space), 40_000, generator(0))
    assert sum(often * many for often, many in found.times) == 40_000
    first = positions_of(space, PositionSampler(space).sample(40_000, generator(0)))[:, 0]
    assert found.positions.chi_square[0] == pytest.approx(stats.chisquare(np.bincount(first.numpy()))[0])


TIMES = ((1, 300), (2, 20), (3, 4), (5, 1))
DRAWS = 300 + 40 + 12 + 5
COLLISIONS = 20 + 4 * 3 + 10
SIZE = space_of("ACGT^6").size


def prior(times: tuple[tuple[int, int], ...], name: str = "ACGT^6") -> Any:
    return prior_figures(space_of(name), times, [0.0] * 6, [0.0] * 15)


def test_figures_of_a_prior_by_their_formulas() -> None:
    found = prior(TIMES)
    assert (found.draws, found.distinct, found.collisions) == (DRAWS, 325, COLLISIONS)
    assert found.expected == pytest.approx(DRAWS * (DRAWS - 1) / 2 / SIZE)
    law = stats.poisson(found.expected)
    due = 2 * min(law.cdf(COLLISIONS), law.sf(COLLISIONS - 1))
    assert found.collision_p == pytest.approx(due)
    assert found.richness == chao1_limits(DRAWS, 325, 300, 20)
    assert found.positions == position_verdict([0.0] * 6, (4,) * 6, DRAWS)
    assert found.pairs == pair_verdict([0.0] * 15, (4,) * 6, DRAWS)
    assert prior(((2, 3), (4, 1))).richness == chao1_limits(10, 4, 0, 3)
    assert prior(((1, 3), (4, 1))).richness == chao1_limits(7, 4, 3, 0)


@pytest.mark.parametrize("collisions", [0, 1, 8, 16, 30])
def test_so_many_or_so_few_collisions_as_poisson_has_it(collisions: int) -> None:
    draws = 370  # 16.7 collisions are expected
    times = ((1, draws - 2 * collisions), (2, collisions)) if collisions else ((1, draws),)
    found = prior(times)
    law = stats.poisson(found.expected)
    upper = law.sf(collisions - 1) if collisions else 1.0
    assert found.collision_p == pytest.approx(min(2 * min(law.cdf(collisions), upper), 1))
    assert found.even is (found.collision_p >= PAIR_ERROR)


def test_a_p_value_of_collisions_that_is_the_error_itself_is_even() -> None:
    found = prior(TIMES)
    assert type(found)(**{**vars(found), "collision_p": PAIR_ERROR}).even
    assert not type(found)(**{**vars(found), "collision_p": PAIR_ERROR * (1 - 1e-9)}).even


def test_fewer_elements_than_resolved_are_refused_19_times_in_20() -> None:
    found = prior(TIMES)
    refused = stats.poisson.isf(PAIR_ERROR / 2, found.expected)
    assert stats.poisson.sf(refused, DRAWS * (DRAWS - 1) / 2 / found.resolved) == pytest.approx(0.95)


def limits_by_hand(times: tuple[tuple[int, int], ...]) -> tuple[float, float, float]:
    """The effective number and its limits: Poisson's, stretched on the log scale."""
    draws = sum(often * many for often, many in times)
    pairs = draws * (draws - 1) / 2
    collisions = sum(often * (often - 1) / 2 * many for often, many in times)
    triples = sum(often * (often - 1) * (often - 2) * many for often, many in times) + 6
    excess = max(triples - draws * (draws - 1) * (draws - 2) * (collisions / pairs) ** 2, 0)
    stretch = math.sqrt(1 + excess / collisions)
    least = stats.chi2.ppf(0.025, 2 * collisions) / 2
    most = stats.chi2.ppf(0.975, 2 * collisions + 2) / 2
    lower, upper = (collisions * (end / collisions) ** stretch for end in (least, most))
    return pairs / collisions, pairs / upper, pairs / lower


@pytest.mark.parametrize(
    "times",
    [TIMES, ((1, 50), (2, 1)), ((2, 40),), ((1, 900), (30, 2)), ((1, 10), (2, 5), (3, 3))],
    ids=str,
)
def test_the_effective_number_has_stretched_limits_of_poisson(times: tuple[tuple[int, int], ...]) -> None:
    found = prior(times).effective
    assert (found.estimate, found.lower, found.upper) == pytest.approx(limits_by_hand(times))
    assert (found.level, found.method) == (0.95, "Poisson limits of collisions, stretched by triples")


def test_without_a_collision_one_element_that_came_once_is_reckoned_with() -> None:
    found = prior(((1, 200),)).effective
    hidden = stats.chi2.ppf(0.975, 4) / 2
    assert found.lower == pytest.approx(200 * 199 / 2 / (hidden**2 / 2))
    assert (found.estimate, found.upper, found.level) == (math.inf, math.inf, 0.95)
    assert found.method == "Poisson limits of collisions, stretched by triples"


def test_what_codes_say_lies_between_the_limits_of_rate_and_distortion() -> None:
    some = Interval(0.5, 0.4, 0.6, 0.95, "")
    sample = CodeSample(some, some, Interval(5.0, 4.0, 6.0, 0.95, ""), Interval(1.0, 0.5, 2.0, 0.95, ""))
    assert sample.information(10.0) == (8.0, 6.0)
    assert sample.information(5.5) == (3.5, 5.5)
    assert sample.information(1.0) == (0.0, 1.0)


def test_codes_of_sampled_rows_by_their_definitions(linear_model: Callable[..., Any]) -> None:
    model, rows = linear_model(0, base=3, logvar=0.5), torch.arange(0, 19_683, 101)
    found = sampled_codes(model, rows, generator(3))
    posteriors = encode_rows(model, rows)
    mu, logvar = posteriors.mu, posteriors.logvar
    rate = 0.5 * (mu.square() + logvar.exp() - logvar - 1).sum(1)
    assert found.rate == mean_interval(rate.numpy())
    stream = generator(3)
    z = posteriors.draw(stream).float()
    log_p = model.decode_logits(z).log_softmax(-1)
    truth = positions_of(model.space, rows).unsqueeze(-1)
    loss = mean_interval(-log_p.gather(-1, truth).double().sum((1, 2)).numpy())
    assert str(found.distortion) == str(loss)
    assert found.distortion.method == loss.method
    mean = reconstruction_from_mean(model, rows)
    draw = reconstruction_from_posterior(model, rows, generator=stream)
    assert found.from_mean == clopper_pearson(mean.exact_tables, len(rows))
    assert found.from_draw == clopper_pearson(draw.exact_tables, len(rows))
