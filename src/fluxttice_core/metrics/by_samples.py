r"""What is measured of a space that cannot be written out: its codes on sampled rows, its prior by draws.

Rows are drawn from a part of the split, so that held-out ones were never learnt from; draws from the prior
are compared with what uniform draws show, by positions, pairs of positions and collisions.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fluxttice_core.metrics.decoding import positions_of
from fluxttice_core.metrics.posterior import _surprise, encode_rows
from fluxttice_core.metrics.protocols import Autoencoder
from fluxttice_core.metrics.reconstruction import reconstruction_from_mean, reconstruction_from_posterior
from fluxttice_core.metrics.sample_figures import CodeSample, PriorSample, prior_figures
from fluxttice_core.metrics.sampling import DECODE_CHUNK, IndexSampler
from fluxttice_core.shapes import Int64
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.statistics.intervals import clopper_pearson, mean_interval
from fluxttice_core.statistics.position_pairs import pair_tests, position_tests


def sampled_codes(model: Autoencoder, rows: Int64[Tensor, "n"], generator: torch.Generator) -> CodeSample:
    """Encode sampled rows, decode means and a draw of each, and average rate and distortion over them."""
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


def sampled_prior(sampler: IndexSampler, draws: int, generator: torch.Generator) -> PriorSample:
    """Draw from a generator and hold the draws against the uniform law."""
    space = sampler.space
    indices = sampler.sample(draws, generator)
    together = _together(space, indices)
    counts = np.unique(np.sort(indices.cpu().numpy()), return_counts=True)[1]
    often, many = np.unique(counts, return_counts=True)
    return prior_figures(
        space,
        list(zip(often.tolist(), many.tolist(), strict=True)),
        position_tests(together, space.bases).chi_square,
        pair_tests(together, space.bases).chi_square,
    )


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
    """Uniform draws, position by position; a share `coupling` copies the first position to the second."""

    space: ProductSpace
    coupling: float | int = 0.0

    def sample(self, n: int, generator: torch.Generator) -> Int64[Tensor, "{n}"]:
        """Draw the indices of n elements."""
        device, bases = generator.device, self.space.bases
        powers: list[int] = self.space.place_values().tolist()
        first, second, *others = zip(bases, powers, strict=True)
        symbol, partner = (
            torch.randint(base, (n,), generator=generator, device=device) for base, _ in (first, second)
        )
        indices = torch.zeros(n, dtype=torch.int64, device=device)
        for base, power in others:  # one by one, since all positions of all draws are many gigabytes
            indices += power * torch.randint(base, (n,), generator=generator, device=device)
        copied = torch.rand(n, generator=generator, device=device) < self.coupling
        partner = torch.where(copied, symbol * bases[1] // bases[0], partner)
        return indices + symbol * first[1] + partner * second[1]


@dataclass(frozen=True)
class StuckSampler:
    """Uniform draws from a few elements, themselves spread evenly over the space."""

    space: ProductSpace
    elements: int

    def sample(self, n: int, generator: torch.Generator) -> Int64[Tensor, "{n}"]:
        """Draw the indices of n elements."""
        known = PositionSampler(self.space).sample(self.elements, torch.Generator().manual_seed(0))
        place = torch.randint(self.elements, (n,), generator=generator, device=generator.device)
        return known.to(generator.device)[place]
