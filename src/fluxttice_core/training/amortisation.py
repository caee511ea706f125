r"""Amortisation: once a decoder is finished, its encoder learns the posteriors that are best for it.

While both learn, the encoder follows a decoder that still moves, through noise: it ends with posteriors that
spend more rate than they need. A decoder that transport has shaped reads one latent an entry and changes its
symbol at the prior's quantiles, so that the distortion of a Gaussian posterior is known without a draw, and
rate and distortion are descended exactly, on the training rows alone. The decoder does not change, nor does
anything that is measured of the prior.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from fluxttice_core.errors import TrainingError
from fluxttice_core.model.dual_vae import VAE, DualVAE
from fluxttice_core.model.gaussian import kl_per_dimension
from fluxttice_core.model.random_streams import stream
from fluxttice_core.shapes import Float, Int64
from fluxttice_core.training.adamw import AdamW
from fluxttice_core.training.conditional_map import ConditionalMap
from fluxttice_core.training.dataset import Rows
from fluxttice_core.training.recipe import Recipe
from fluxttice_core.training.recipe_settings import AmortisationSettings
from fluxttice_core.training.transport import Assignment, TransportTerm, thresholds

_ENTROPY_DRAWS = 4_096
_LEAST_ENTROPY = 1e-6
_LOGISTIC_VARIANCE = math.pi**2 / 3
"""Variance of the logistic distribution, and the entropy of a coin integrated over its logit."""


@dataclass(frozen=True)
class Thresholds:
    """A decoder as amortisation sees it: each entry's symbol changes where a latent passes a threshold."""

    assignment: Assignment
    cuts: Float[Tensor, "cells thresholds"]
    slope: float

    def distortion(
        self, mu: Float[Tensor, "n d"], logvar: Float[Tensor, "n d"], classes: Int64[Tensor, "n cells"]
    ) -> Float[Tensor, "n"]:
        r"""Expected distortion of Gaussian posteriors, in nats.

        .. math:: \sum_{i,j} k\,[\tau\,\varphi(g/\tau) + g\,\Phi(g/\tau)],
            \quad \tau^2 = \sigma^2 + \frac{\pi^2}{3k^2}

        with g the distance by which the mean lies on the wrong side of threshold j: the mean of a softplus of
        slope k, its logistic noise taken as normal.
        """
        along, signs = self.assignment.latents, self.assignment.signs
        wrong = 1.0 - 2.0 * (classes[..., None] > torch.arange(self.cuts.shape[1], device=classes.device))
        gap = wrong * ((mu[:, along] * signs)[..., None] - self.cuts)
        return _softplus_mean(gap, logvar[:, along], self.slope).sum((1, 2))


@dataclass(frozen=True)
class Boxes:
    """A decoder of any target as amortisation sees it: an element is a box, its walls all alike steep."""

    assignment: Assignment
    conditional: ConditionalMap
    slope: float

    def distortion(
        self, mu: Float[Tensor, "n d"], logvar: Float[Tensor, "n d"], classes: Int64[Tensor, "n cells"]
    ) -> Float[Tensor, "n"]:
        """Expected distortion of Gaussian posteriors, in nats: what the two walls of each entry cost."""
        along, signs = self.assignment.latents, self.assignment.signs
        low, high = self.conditional.edges(classes)
        place = mu[:, along] * signs
        gap = torch.stack((low - place, place - high), -1)
        return _softplus_mean(gap, logvar[:, along], self.slope).sum((1, 2))


def _softplus_mean(
    gap: Float[Tensor, "n cells walls"], logvar: Float[Tensor, "n cells"], slope: float
) -> Float[Tensor, "n cells walls"]:
    """Mean of a softplus of a Gaussian, its logistic noise taken as normal, as in `Thresholds.distortion`."""
    width = (logvar.exp() + _LOGISTIC_VARIANCE / slope**2).sqrt()[..., None]
    ratio = gap / width
    density = torch.exp(-0.5 * ratio.square()) / math.sqrt(2 * math.pi)
    mean: Tensor = slope * (width * density + gap * torch.special.ndtr(ratio))
    return mean


@torch.no_grad()
def thresholds_of(
    half: VAE,
    assignment: Assignment,
    conditional: ConditionalMap | None = None,
    *,
    generator: torch.Generator,
) -> Thresholds | Boxes:
    r"""The thresholds of a finished decoder, as steep as its outputs are certain.

    Of slope k, n entries leave :math:`H(x|z) = \frac{n}{k} \frac{\pi^2}{3} \sum_j \varphi(c_j)` open.
    """
    z = torch.randn(_ENTROPY_DRAWS, half.latent_dim, generator=generator, device=generator.device)
    log_p = half.decode_logits(z).log_softmax(-1)
    entropy = max(float(-(log_p.exp() * log_p).sum((1, 2)).mean()), _LEAST_ENTROPY)
    if conditional is not None:
        return Boxes(assignment, conditional, conditional.crossings * _LOGISTIC_VARIANCE / entropy)
    bases = half.space.bases
    cuts = thresholds(bases, device=z.device)
    densities = torch.exp(-0.5 * cuts.square()).sum(1) / math.sqrt(2 * math.pi)
    crossings = {base: float(densities[bases.index(base)]) for base in set(bases)}
    in_all = sum(bases.count(base) * each for base, each in crossings.items())
    return Thresholds(assignment, cuts, in_all * _LOGISTIC_VARIANCE / entropy)


def amortise_both(model: DualVAE, transport: TransportTerm, rows: Rows, recipe: Recipe, *, seed: int) -> None:
    """Amortise both halves of a run with streams of their own; without settings nothing is done."""
    settings = None if recipe.transport is None else recipe.transport.amortisation
    if settings is None:
        return
    halves = (("a", model.vae_a), ("b", model.vae_b))
    for (name, half), assignment in zip(halves, transport.assignments(model), strict=True):
        generator = stream(seed, f"amortisation {name}", device=rows.tables.device.type)
        decoder = thresholds_of(half, assignment, transport.conditional, generator=generator)
        parameters = dict(half.encoder.named_parameters())
        descent = AdamW(parameters, beta1=recipe.optimizer.first_moment, beta2=recipe.optimizer.second_moment)
        cost = torch.zeros(())
        for moment, batch in _batches(rows, settings, seed, name):
            cost = _cost(half, batch, decoder, settings.price)
            gradients = torch.autograd.grad(cost, list(parameters.values()))
            descent.step(dict(zip(parameters, gradients, strict=True)), rate=settings.rate.at(moment))
        _require_finite(cost, *parameters.values())


def _batches(
    rows: Rows, settings: AmortisationSettings, seed: int, half: str
) -> Iterator[tuple[float, Rows]]:
    """Batches of shuffled rows, each with the epochs done before it."""
    for epoch in range(settings.epochs):
        shuffled = rows.shuffled(stream(seed, f"amortisation order {half}", epoch))
        for start in range(0, len(rows), settings.batch_size):
            yield epoch + start / len(rows), shuffled[start : start + settings.batch_size]


def _cost(half: VAE, batch: Rows, decoder: Thresholds | Boxes, price: float) -> Tensor:
    """Mean R + price D of some rows, in nats."""
    mu, logvar = half.encoder(batch.tables)
    rate = kl_per_dimension(mu, logvar).sum(1)
    cost: Tensor = (rate + price * decoder.distortion(mu, logvar, batch.classes)).mean()
    return cost


def _require_finite(*tensors: Tensor) -> None:
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors):
        raise TrainingError(
            "the encoders are no longer finite after amortisation: lower transport.amortisation.rate",
            "loss_not_finite",
        )
