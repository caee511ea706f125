r"""What is measured of a space that cannot be written out: its codes on sampled rows, its prior by draws.

Rows are drawn from a part of the split, so that held-out ones were never learnt from; draws from the prior
are compared with what uniform draws show, by positions, pairs of positions and collisions.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy import special, stats
from torch import Tensor

from fluxttice_core.metrics.decoding import indices_of, positions_of
from fluxttice_core.metrics.posterior import _surprise, encode_rows
from fluxttice_core.metrics.protocols import Autoencoder
from fluxttice_core.metrics.reconstruction import reconstruction_from_mean, reconstruction_from_posterior
from fluxttice_core.metrics.sampling import DECODE_CHUNK, IndexSampler
from fluxttice_core.shapes import Int64
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.statistics.intervals import Interval, clopper_pearson, mean_interval
from fluxttice_core.statistics.position_pairs import PAIR_ERROR, PositionTests, pair_tests, position_tests
from fluxttice_core.statistics.richness import chao1_interval

_TAIL, _POWER = 0.025, 0.95
_METHOD = "Poisson limits of collisions, stretched by triples"


@dataclass(frozen=True)
class CodeSample:
    """Codes of rows that were drawn at random from a part of a space.

    Args:
        from_mean: Share of rows that come back whole from the posterior mean.
        from_draw: The same from a draw of the posterior.
        rate: Rate R, nats.
        distortion: Distortion D, nats.
    """

    from_mean: Interval
    from_draw: Interval
    rate: Interval
    distortion: Interval

    def information(self, entropy: float) -> tuple[float, float]:
        r"""Bounds of what codes say, :math:`H - D \le I_q \le \min(R, H)`, by the limits of R and D."""
        return max(entropy - self.distortion.upper, 0.0), min(self.rate.upper, entropy)


def sampled_codes(model: Autoencoder, rows: Int64[Tensor, "n"], generator: torch.Generator) -> CodeSample:
    r"""Encode sampled rows, decode their means and a draw of each, and average rate and distortion over them.

    Intervals say how far the means over the whole part may lie from those over the sample.

    Args:
        model: The autoencoder.
        rows: Indices of the rows.
        generator: Source of the posterior noise.
    """
    posteriors = encode_rows(model, rows)
    mu, logvar = posteriors.mu, posteriors.logvar
    rate = 0.5 * (mu.square() + logvar.exp() - logvar - 1).sum(1)
    loss = torch.cat([_surprise(model, coded) for coded in posteriors.coded_chunks(generator)])
    mean = reconstruction_from_mean(model, rows)
    draw = reconstruction_from_posterior(model, rows, generator=generator)
    return CodeSample(
        clopper_pearson(mean.exact_tables, mean.trials),
        clopper_pearson(draw.exact_tables, draw.trials),
        mean_interval(rate.cpu().numpy()),
        mean_interval(loss.cpu().numpy()),
    )


@dataclass(frozen=True)
class PriorSample:
    """Draws of a generator beside what uniform draws show.

    Args:
        draws: Number of draws, N.
        distinct: Different elements among them.
        positions: The law of every position.
        pairs: The law of every pair of positions.
        collisions: Pairs of equal draws, C.
        expected: Those of uniform draws, N (N - 1) / 2K.
        collision_p: P-value of so many or so few collisions.
        effective: Effective number of elements, 1 / sum p^2, by N (N - 1) / 2C; infinite without a collision.
        richness: Chao's lower bound of the number of elements that are made at all.
    """

    draws: int
    distinct: int
    positions: PositionTests
    pairs: PositionTests
    collisions: int
    expected: float
    collision_p: float
    effective: Interval
    richness: Interval

    @property
    def even(self) -> bool:
        """Whether there are as many collisions as uniform draws have."""
        return self.collision_p >= PAIR_ERROR

    @property
    def resolved(self) -> float:
        """Equally likely elements, fewer than which are refused with 95 %: more may look like all."""
        refused = float(stats.poisson.isf(PAIR_ERROR / 2, self.expected)) + 1
        return self.draws * (self.draws - 1) / 2 / float(special.gammaincinv(refused, _POWER))


def sampled_prior(sampler: IndexSampler, draws: int, generator: torch.Generator) -> PriorSample:
    """Draw from a generator and hold the draws against the uniform law.

    Collisions of uniform draws are as good as Poisson where elements are far more than draws; the limits of
    the effective number allow for any law, of which triples of equal draws tell how uneven it is.

    Args:
        sampler: The generator.
        draws: How many.
        generator: Source of the randomness.

    Example:
        >>> from fluxttice_core.spaces.space_name import space_of
        >>> even = PositionSampler(space_of("dna:16"))
        >>> found = sampled_prior(even, 20_000, torch.Generator().manual_seed(0))
        >>> found.positions.passed, found.pairs.passed, found.even, len(found.pairs.names)
        (True, True, True, 120)
    """
    space = sampler.space
    indices = sampler.sample(draws, generator)
    together = _together(space, indices)
    counts = np.unique(np.sort(indices.cpu().numpy()), return_counts=True)[1]
    pairs, collisions = draws * (draws - 1) / 2, int((counts * (counts - 1)).sum()) // 2
    expected = pairs / space.size
    few = float(special.gammaincc(collisions + 1, expected))
    many = float(special.gammainc(collisions, expected)) if collisions else 1.0
    return PriorSample(
        draws=draws,
        distinct=len(counts),
        positions=position_tests(together, space.bases),
        pairs=pair_tests(together, space.bases),
        collisions=collisions,
        expected=expected,
        collision_p=min(2 * min(few, many), 1.0),
        effective=_effective(counts),
        richness=chao1_interval(counts),
    )


def _effective(counts: Int64[np.ndarray, "kinds"]) -> Interval:
    r"""Effective number by collisions, :math:`\mathrm{Var}\,C \approx C + N^3 (\sum p^3 - (\sum p^2)^2)`.

    Poisson's limits are stretched on the log scale by the root of Var C / C. One triple more than was seen
    is reckoned with, and without a collision one element that was drawn once at most.
    """
    n = counts.astype(np.float64)
    draws, collisions = n.sum(), float((n * (n - 1)).sum()) / 2
    pairs = draws * (draws - 1) / 2
    if not collisions:
        hidden = float(special.gammaincinv(2, 1 - _TAIL))
        return Interval(math.inf, pairs / (hidden**2 / 2), math.inf, 0.95, _METHOD)
    triples = float((n * (n - 1) * (n - 2)).sum()) + 6
    excess = max(triples - draws * (draws - 1) * (draws - 2) * (collisions / pairs) ** 2, 0.0)
    stretch = math.sqrt(1 + excess / collisions)
    least, most = (
        collisions * (float(special.gammaincinv(shape, tail)) / collisions) ** stretch
        for shape, tail in ((collisions, _TAIL), (collisions + 1, 1 - _TAIL))
    )
    upper = pairs / least if least > 0 else math.inf
    return Interval(pairs / collisions, pairs / most, upper, 0.95, _METHOD)


def _together(space: ProductSpace, indices: Int64[Tensor, "n"]) -> Int64[np.ndarray, "symbols symbols"]:
    """How often each two symbols of two positions came together."""
    columns = torch.tensor([p for p, base in enumerate(space.bases) for _ in range(base)])
    symbols = torch.tensor([at for base in space.bases for at in range(base)])
    total = torch.zeros(len(columns), len(columns), dtype=torch.float64)
    for chunk in torch.split(indices.cpu(), DECODE_CHUNK):
        # Counts of so few rows are exact in single precision.
        hot = (positions_of(space, chunk)[:, columns] == symbols).float()
        total += (hot.T @ hot).double()
    return total.numpy().astype(np.int64)


@dataclass(frozen=True)
class PositionSampler:
    """Uniform draws, position by position; or draws of which a share copies the first position to the second.

    Args:
        space: The space.
        coupling: The share; 0: a perfect generator.
    """

    space: ProductSpace
    coupling: float | int = 0.0

    def sample(self, n: int, generator: torch.Generator) -> Int64[Tensor, "{n}"]:
        """Draw the indices of n elements."""
        device, bases = generator.device, self.space.bases
        columns = [torch.randint(base, (n,), generator=generator, device=device) for base in bases]
        copied = torch.rand(n, generator=generator, device=device) < self.coupling
        columns[1] = torch.where(copied, columns[0] * bases[1] // bases[0], columns[1])
        return indices_of(torch.stack(columns, 1), self.space)


@dataclass(frozen=True)
class StuckSampler:
    """Uniform draws from a few elements, themselves spread evenly over the space.

    Args:
        space: The space.
        elements: How many.
    """

    space: ProductSpace
    elements: int

    def sample(self, n: int, generator: torch.Generator) -> Int64[Tensor, "{n}"]:
        """Draw the indices of n elements."""
        known = PositionSampler(self.space).sample(self.elements, torch.Generator().manual_seed(0))
        place = torch.randint(self.elements, (n,), generator=generator, device=generator.device)
        return known.to(generator.device)[place]
