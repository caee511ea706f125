"""The aggregate posterior q(z), a mixture of one Gaussian for each operation: density and information."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.posterior import MOST_ROWS, AnyPosteriors, ManyPosteriors, Posteriors
from fluxttice_core.metrics.threads import map_chunks
from fluxttice_core.shapes import Float64
from fluxttice_core.statistics.estimate import Estimate

DEFAULT_LATENTS = 8192
_PAIRS = 2**21
_FEW_PAIRS = 2**19
_LEAST_FREEDOM = 1e-6
_TOLERATED_ROUNDING = 1e-9
_LOG_2PI = math.log(2 * math.pi)


@dataclass(frozen=True)
class CodeInformation:
    """What codes say about their operations, in nats.

    Args:
        mutual_information: I_q(x; z), at most min(R, ln K).
        marginal_kl: KL(q(z) || p(z)), how far the codes are from filling the prior.
        differential_entropy: Entropy of q(z) as a density.
    """

    mutual_information: Estimate
    marginal_kl: Estimate
    differential_entropy: Estimate
    latents: int


def code_information(
    posteriors: AnyPosteriors, *, latents: int = DEFAULT_LATENTS, generator: torch.Generator
) -> CodeInformation:
    r"""Split the rate into what codes say about operations and how far they are from the prior.

    .. math::
        R = I_q(x; z) + \mathrm{KL}(q(z) \| p(z)), \quad
        I_q = h(q(z)) - E_x h(q(z \mid x)), \quad h(q(z)) = -E_{q(z)} \ln q(z)

    Only h(q(z)) is drawn; the rest is exact. The exactly known means of ln q(z|x) and ln p(z) serve as
    control variates, which about halves the error. The two parts add up to R to rounding. Each latent is of
    another posterior while there are any left; of a part of all operations its own mixture is meant.

    Of more than 65,536 operations, q(z) is the term of z's own operation and the mean of those of 65,536
    others, chosen at random, for all others: unbiased, so that its logarithm is too low on average. h(q(z))
    and I_q are then too high rather than too low, by the more, the more of the codes near z were not chosen.

    Raises:
        MeasurementError: If there are fewer than 8 latents.

    Source: Hoffman and Johnson 2016.

    Example:
        >>> import fluxttice_core as fx
        >>> posteriors = fx.metrics.encode_rows(fx.evaluation.QuantileLookup(fx.OperationSpace(base=2)))
        >>> found = code_information(posteriors, latents=64, generator=torch.Generator().manual_seed(0))
        >>> round(found.mutual_information.value, 4), round(math.log(16), 4)
        (2.7726, 2.7726)
    """
    if latents < 8:
        raise MeasurementError(
            "the information of codes needs at least 8 latents, to know its error", "too_few"
        )
    chosen = chosen_places(posteriors, latents, generator)
    drawn = posteriors.part(chosen)
    z = drawn.draw(generator)
    conditional, prior = _mean_over(posteriors, _conditional_means), _mean_over(posteriors, _prior_means)
    own = _log_conditional(drawn, z)
    controls = torch.stack((own - conditional, _log_prior(z) - prior), dim=1)
    if isinstance(posteriors, Posteriors):
        density = aggregate_log_density(posteriors, z)
    else:
        density = _density_by_some(posteriors, chosen, z, own, generator)
    h = _controlled_mean(-density, controls)
    return CodeInformation(
        Estimate(h.value + conditional, h.error, h.dof),
        Estimate(-h.value - prior, h.error, h.dof),
        h,
        latents,
    )


def aggregate_log_density(
    posteriors: Posteriors, z: Float64[Tensor, "n d"], *, direct: bool | None = None
) -> Float64[Tensor, "n"]:
    r"""Log-density of the aggregate posterior in nats, exact, in double precision.

    .. math:: \ln q(z) = \ln \sum_x q(x)\, N(z; \mu_x, \sigma_x^2)

    Evaluated `direct`, term by term, or by one matrix product of expanded squares, about ten times faster;
    unless told, by the product where a bound on its rounding error is below 1e-9 nats.

    Example:
        >>> point = torch.zeros(1, 1, dtype=torch.float64)
        >>> standard = Posteriors(torch.arange(1), point, point)
        >>> round(aggregate_log_density(standard, point).item(), 4)
        -0.9189
    """
    chunk = max(1, _PAIRS // len(posteriors.rows))
    exponents = _exponents(posteriors, z, direct)
    log_count = math.log(len(posteriors.rows))
    weights = posteriors.weights
    log_weights = None if weights is None else weights.log()

    def density(part: Tensor) -> Tensor:
        with torch.inference_mode():
            if log_weights is None:
                return torch.logsumexp(exponents(part), dim=1) - log_count
            return torch.logsumexp(exponents(part) + log_weights, dim=1)

    return torch.cat(list(map_chunks(density, torch.split(z, chunk), device=z.device)))


def _density_by_some(
    posteriors: ManyPosteriors, chosen: Tensor, z: Tensor, own: Tensor, generator: torch.Generator
) -> Tensor:
    """Log-density by the terms of z's own operation, and of others that stand for all others."""
    places = chosen_places(posteriors, MOST_ROWS, generator)
    others = posteriors.part(places)
    exponents = _exponents(others, z)
    if posteriors.weights is None:
        share = torch.full_like(own, 1 / len(posteriors.rows))
    else:
        share = posteriors.weights[chosen]

    def density(part: tuple[Tensor, Tensor]) -> Tensor:
        with torch.inference_mode():
            latents, known = part
            same = places == known.unsqueeze(1)
            found = torch.logsumexp(exponents(latents).masked_fill_(same, -math.inf), dim=1)
            return found - (~same).sum(1).log()

    step = max(1, _FEW_PAIRS // len(places))
    chunks = zip(torch.split(z, step), torch.split(chosen, step), strict=True)
    rest = torch.cat(list(map_chunks(density, chunks, device=z.device)))
    return torch.logaddexp(share.log() + own, torch.log1p(-share) + rest)


def _exponents(posteriors: Posteriors, z: Tensor, direct: bool | None = None) -> Callable[[Tensor], Tensor]:
    if direct is None:
        direct = _rounding_of_product(posteriors, z) > _TOLERATED_ROUNDING
    return (_direct_exponents if direct else _product_exponents)(posteriors)


def _rounding_of_product(posteriors: Posteriors, z: Tensor) -> float:
    reach = (z.abs().amax(0) + posteriors.mu.abs().amax(0)).square()
    terms = reach * torch.exp(-posteriors.logvar.amin(0))
    return float(terms.sum()) * torch.finfo(torch.float64).eps


def _product_exponents(posteriors: Posteriors) -> Callable[[Tensor], Tensor]:
    precision = torch.exp(-posteriors.logvar)
    scaled_mean = posteriors.mu * precision
    constant = -0.5 * (posteriors.mu * scaled_mean + posteriors.logvar + _LOG_2PI).sum(1)
    right = torch.cat((-0.5 * precision, scaled_mean), dim=1)
    return lambda z: torch.addmm(constant, torch.cat((z.square(), z), dim=1), right.T)


def _direct_exponents(posteriors: Posteriors) -> Callable[[Tensor], Tensor]:
    inverse_sd = torch.exp(-0.5 * posteriors.logvar)
    constant = -0.5 * (posteriors.logvar + _LOG_2PI).sum(1)

    def exponents(z: Tensor) -> Tensor:
        found = constant.repeat(len(z), 1)
        for column, mu, scale in zip(z.unbind(1), posteriors.mu.unbind(1), inverse_sd.unbind(1), strict=True):
            distance = (column.unsqueeze(1) - mu) * scale
            found.addcmul_(distance, distance, value=-0.5)
        return found

    return exponents


def chosen_places(posteriors: AnyPosteriors, latents: int, generator: torch.Generator) -> Tensor:
    """Places of operations, each as often as it is due."""
    count, weights = len(posteriors.rows), posteriors.weights
    if weights is None:  # all of them come before any comes again
        rounds = [
            torch.randperm(count, generator=generator, device=generator.device)[: latents - start]
            for start in range(0, latents, count)
        ]
        return torch.cat(rounds)
    # One place in each of so many equal steps of the cumulative sum.
    steps = torch.arange(latents, dtype=torch.float64, device=weights.device)
    offset = torch.rand(latents, generator=generator, device=generator.device, dtype=torch.float64)
    found = torch.searchsorted(weights.cumsum(0), (steps + offset) / latents)
    return found.clamp(max=count - 1)


def _log_conditional(drawn: Posteriors, z: Tensor) -> Tensor:
    standard = (z - drawn.mu).square() * torch.exp(-drawn.logvar)
    return -0.5 * (standard + drawn.logvar + _LOG_2PI).sum(1)


def _log_prior(z: Tensor) -> Tensor:
    return -0.5 * (z.square() + _LOG_2PI).sum(1)


def _mean_over(posteriors: AnyPosteriors, values: Callable[[Posteriors], Tensor]) -> float:
    return math.fsum(share * float(block.mean(values(block))) for share, block in posteriors.blocks())


def _conditional_means(posteriors: Posteriors) -> Tensor:
    """Mean of ln q(z|x) over each posterior."""
    return -0.5 * (1 + posteriors.logvar + _LOG_2PI).sum(1)


def _prior_means(posteriors: Posteriors) -> Tensor:
    """Mean of ln p(z) over each posterior."""
    return -0.5 * (posteriors.mu.square() + posteriors.logvar.exp() + _LOG_2PI).sum(1)


def _controlled_mean(values: Tensor, controls: Tensor) -> Estimate:
    """Mean of the values by least squares on controls whose true mean is 0.

    The error allows for residuals of unequal spread (the jackknife form of MacKinnon and White 1985).
    """
    design = np.column_stack((np.ones(len(values)), controls.cpu().numpy()))
    target = values.cpu().numpy()
    solver = np.linalg.pinv(design)
    coefficients = solver @ target
    leverage = (design * solver.T).sum(1)
    residual = (target - design @ coefficients) / np.maximum(1 - leverage, _LEAST_FREEDOM)
    error = math.sqrt(float(np.square(solver[0] * residual).sum()))
    return Estimate(float(coefficients[0]), error, float(len(target) - design.shape[1]))
