"""What the encoder says: rate, distortion, active units and the entropy of encoded latents."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice

import torch
from torch import Tensor

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.decoding import positions_of, symbols_of
from fluxttice_core.metrics.perfect import uneven
from fluxttice_core.metrics.protocols import Autoencoder, Decodable
from fluxttice_core.metrics.settings import HISTOGRAM_BINS, HISTOGRAM_BOUND
from fluxttice_core.metrics.threads import map_chunks
from fluxttice_core.shapes import Float, Float64, Int64
from fluxttice_core.spaces.target import Target
from fluxttice_core.statistics.estimate import Estimate

ACTIVE_VARIANCE = 0.01
MOST_ROWS = 2**16
"""Operations whose posteriors are held at once."""

_CHUNK = 2048


@dataclass(frozen=True)
class Posteriors:
    """The Gaussian posteriors of given operations, in double precision; without weights all are alike."""

    rows: Int64[Tensor, "n"]
    mu: Float64[Tensor, "n d"]
    logvar: Float64[Tensor, "n d"]
    weights: Float64[Tensor, "n"] | None = None

    def mean(self, values: Float64[Tensor, "n *shape"]) -> Float64[Tensor, "*shape"]:
        """Mean of values over the operations, by their probabilities."""
        return values.mean(0) if self.weights is None else torch.tensordot(self.weights, values, dims=1)

    def part(self, chosen: Int64[Tensor, "m"]) -> "Posteriors":
        """The posteriors of operations that were chosen by their places, all alike."""
        return Posteriors(self.rows[chosen], self.mu[chosen], self.logvar[chosen])

    def blocks(self) -> Iterator[tuple[float, "Posteriors"]]:
        """All of it in one: its probability, and the posteriors."""
        yield 1.0, self

    def draw(self, generator: torch.Generator) -> Float64[Tensor, "n d"]:
        r"""Draw one latent from each posterior, :math:`z = \mu + \sigma \epsilon`."""
        noise = torch.empty_like(self.mu).normal_(generator=generator)
        return torch.addcmul(self.mu, torch.exp(0.5 * self.logvar), noise)

    def coded_chunks(self, generator: torch.Generator | None = None) -> Iterator[tuple[Tensor, Tensor]]:
        """Pair rows with single-precision codes, in parts: draws, or without a generator the means."""
        codes = (self.mu if generator is None else self.draw(generator)).float()
        yield from zip(torch.split(self.rows, _CHUNK), torch.split(codes, _CHUNK), strict=True)


@dataclass(frozen=True, eq=False)
class ManyPosteriors:
    """The posteriors of more operations than are held at once: encoded anew whenever they are asked for."""

    model: Autoencoder
    rows: Int64[Tensor, "n"]
    weights: Float64[Tensor, "n"] | None = None

    def part(self, chosen: Int64[Tensor, "m"]) -> Posteriors:
        """The posteriors of operations that were chosen by their places, all alike."""
        return encode_rows(self.model, self.rows[chosen])

    def blocks(self) -> Iterator[tuple[float, Posteriors]]:
        """Probability and posteriors of one block after the other, whose own weights sum to 1."""
        for place in torch.split(torch.arange(len(self.rows), device=self.rows.device), MOST_ROWS):
            found = self.part(place)
            if self.weights is None:
                yield len(place) / len(self.rows), found
            else:
                own = self.weights[place]
                yield float(own.sum()), replace(found, weights=own / own.sum())


AnyPosteriors = Posteriors | ManyPosteriors


def posteriors_of(model: Autoencoder, target: Target | None = None, *, device: torch.device) -> AnyPosteriors:
    """The posteriors of all that a model should give: held, or where they are too many encoded in blocks."""
    rows, weights = _aimed(model, uneven(target, model.space), device)
    if len(rows) > MOST_ROWS:
        return ManyPosteriors(model, rows, weights)
    return replace(encode_rows(model, rows), weights=weights)


def _aimed(
    model: Autoencoder, target: Target | None, device: torch.device | None
) -> tuple[Tensor, Tensor | None]:
    """Rows and weights of all that a model should give."""
    if target is None:
        return torch.arange(model.space.size, device=device), None
    weights = None if target.is_uniform else torch.from_numpy(target.q).to(device)
    return torch.from_numpy(target.rows).to(device), weights


@dataclass(frozen=True)
class Rate:
    """The rate of a code, exact over its rows, in nats, by dimension, and which dimensions are active."""

    per_dimension: tuple[float, ...]
    active: tuple[bool, ...]

    @property
    def total(self) -> float:
        """Rate R, the sum over dimensions."""
        return math.fsum(self.per_dimension)

    @property
    def active_units(self) -> int:
        """Number of active dimensions; free bits fake it, so read it beside the rate per dimension."""
        return sum(self.active)


def encode_rows(
    model: Autoencoder,
    rows: Int64[Tensor, "n"] | None = None,
    *,
    device: torch.device | None = None,
    target: Target | None = None,
) -> Posteriors:
    """Encode operations: given rows, where the model computes, or a target's support, or every operation.

    Raises:
        OperationError: If no rows are given and the space is too large to enumerate.
        MeasurementError: If there are no rows, or the encoder returns a number that is not finite.

    Example:
        >>> import fluxttice_core as fx
        >>> encode_rows(fx.evaluation.QuantileLookup(fx.OperationSpace())).mu.shape
        torch.Size([19683, 9])
    """
    weights = None
    if rows is None:
        if (target := uneven(target, model.space)) is None:
            model.space.require_enumerable()
        rows, weights = _aimed(model, target, device)
    if len(rows) == 0:
        raise MeasurementError("there is nothing to encode: give at least one operation", "too_few")
    parts = map_chunks(partial(_encode, model), torch.split(rows, _CHUNK), device=rows.device)
    mu, logvar = (torch.cat(part).double() for part in zip(*parts, strict=True))
    if not (mu.isfinite().all() and logvar.isfinite().all()):
        raise MeasurementError(
            "the encoder returns numbers that are not finite: the model cannot be measured", "not_finite"
        )
    return Posteriors(rows, mu, logvar, weights)


def rate(posteriors: AnyPosteriors) -> Rate:
    r"""Rate of a code in nats, exact over its rows and without free bits, and its active units.

    .. math:: R = \sum_j \sum_x q(x)\, \tfrac12 (\mu_j^2 + \sigma_j^2 - \ln\sigma_j^2 - 1)

    A unit is active when the variance over x of its mean exceeds .01. The R of a model is that of posteriors
    of all K operations.

    Source: Alemi et al. 2018 (rate); Burda et al. 2016 (active units).

    Example:
        >>> zero = torch.zeros(2, 1, dtype=torch.float64)
        >>> constant = Posteriors(torch.arange(2), zero + 2, zero)
        >>> rate(constant).total, rate(constant).active_units
        (2.0, 0)
    """
    parts = [(share, *_moments(block)) for share, block in posteriors.blocks()]
    cost = torch.stack([share * part for share, part, _, _ in parts]).sum(0)
    mean = torch.stack([share * centre for share, _, centre, _ in parts]).sum(0)
    spread = torch.stack([share * (v + (centre - mean).square()) for share, _, centre, v in parts]).sum(0)
    return Rate(tuple(cost.tolist()), tuple((spread > ACTIVE_VARIANCE).tolist()))


def _moments(posteriors: Posteriors) -> tuple[Tensor, Tensor, Tensor]:
    """Rate of each dimension, and mean and variance of the posterior means."""
    mu, logvar = posteriors.mu, posteriors.logvar
    cost, mean = posteriors.mean(0.5 * (mu.square() + logvar.exp() - logvar - 1)), posteriors.mean(mu)
    if posteriors.weights is None:
        return cost, mean, mu.var(0, correction=0)
    return cost, mean, posteriors.mean((mu - mean).square())


def distortion(
    model: Decodable, posteriors: AnyPosteriors, *, draws: int = 16, generator: torch.Generator
) -> Estimate:
    r"""Distortion of a code in nats by Monte Carlo over the posterior.

    .. math:: D = -\sum_x q(x)\, E_{q(z \mid x)} \ln p(x \mid z)

    Every operation is drawn equally often, so the error is that of the noise within the operations alone:
    the rows are the whole population, not a sample. For the D of the model they are all K operations.

    Raises:
        MeasurementError: If there are fewer than 2 draws for each operation.

    Source: Alemi et al. 2018.

    Example:
        >>> import fluxttice_core as fx
        >>> oracle = fx.evaluation.QuantileLookup(fx.OperationSpace())
        >>> distortion(oracle, encode_rows(oracle), generator=torch.Generator().manual_seed(0)).value < 0.001
        True
    """
    if draws < 2:
        raise MeasurementError(
            "distortion needs at least 2 draws for each operation, to know its error", "too_few"
        )
    parts = [(share, _distortion(model, block, draws, generator)) for share, block in posteriors.blocks()]
    error = math.hypot(*(share * part.error for share, part in parts))
    return Estimate(math.fsum(share * part.value for share, part in parts), error)


def _distortion(model: Decodable, posteriors: Posteriors, draws: int, generator: torch.Generator) -> Estimate:
    device = posteriors.mu.device
    total = torch.zeros(len(posteriors.rows), dtype=torch.float64, device=device)
    squares = torch.zeros_like(total)
    coded = chain.from_iterable(posteriors.coded_chunks(generator) for _ in range(draws))
    parts = map_chunks(partial(_surprise, model), coded, device=device)
    each = -(-len(posteriors.rows) // _CHUNK)
    for _ in range(draws):
        surprise = torch.cat(list(islice(parts, each)))
        total += surprise
        squares += surprise.square()
    within = (squares - total.square() / draws).clamp(min=0) / (draws - 1)
    if posteriors.weights is None:
        error = (within.sum() / draws).sqrt() / len(total)
    else:
        error = (posteriors.weights.square() @ within / draws).sqrt()
    return Estimate(float(posteriors.mean(total) / draws), float(error))


def _encode(model: Autoencoder, rows: Tensor) -> tuple[Tensor, Tensor]:
    with torch.inference_mode():
        return model.encode_gaussian(symbols_of(model.space, rows))


def _surprise(model: Decodable, coded: tuple[Tensor, Tensor]) -> Tensor:
    """Return -ln p(x|z) of each row, in double precision."""
    rows, z = coded
    with torch.inference_mode():
        log_p = model.decode_logits(z).log_softmax(-1)
        truth = positions_of(model.space, rows).unsqueeze(-1)
        return -log_p.gather(-1, truth).squeeze(-1).double().sum(-1)


def histogram_entropy(z: Float[Tensor, "n d"], weights: Float64[Tensor, "n"] | None = None) -> float:
    """Entropy in nats of a 50-bin histogram on [-3, 3], the mean over dimensions, as older reports gave it.

    It cannot exceed ln 50 = 3.912 nats, does not see dependence between dimensions, and is nearly the same
    for any spread-out code: kept for comparison only. A dimension without a value inside counts as 0.
    """
    entropies = []
    for column in z.detach().cpu().double().unbind(-1):
        if weights is None:
            counts = torch.histc(column, HISTOGRAM_BINS, min=-HISTOGRAM_BOUND, max=HISTOGRAM_BOUND)
        else:
            limits = (-HISTOGRAM_BOUND, HISTOGRAM_BOUND)
            counts = torch.histogram(column, HISTOGRAM_BINS, range=limits, weight=weights.cpu()).hist
        share = counts[counts > 0] / counts.sum()
        entropies.append(float(-(share * share.log()).sum()))
    return math.fsum(entropies) / len(entropies)
