"""The objective of a batch: the two halves' losses, their weights, and the alignment of their latents."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from fluxttice_core.model.dual_vae import HalfOutput
from fluxttice_core.training import loss_terms as objective
from fluxttice_core.training.recipe import Recipe
from fluxttice_core.training.recipe_settings import HalfSettings


@dataclass(frozen=True)
class Conditions:
    """Everything scheduled or adapted that holds for one step."""

    learning_rate: float
    rho: float
    beta_a: float
    beta_b: float
    temperature_a: float
    temperature_b: float
    alignment: float
    weight_a: float = 1.0
    weight_b: float = 1.0
    scale_a: float = 1.0
    scale_b: float = 1.0
    transport: float = 0.0

    def unweighted(self) -> "Conditions":
        """The same with both halves weighing 1, without alignment and cross-injection."""
        plain = dict.fromkeys(("weight_a", "weight_b", "scale_a", "scale_b"), 1.0)
        return replace(self, alignment=0.0, rho=0.0, **plain)


def scheduled(recipe: Recipe, moment: float, *, balanced: bool = True) -> Conditions:
    """What the recipe's schedules say at a moment of the run; both halves weigh 1, and transport nothing."""
    return Conditions(
        learning_rate=recipe.optimizer.rate.at(moment),
        rho=recipe.rho.at(moment, balanced=balanced),
        beta_a=recipe.half_a.beta.at(moment),
        beta_b=recipe.half_b.beta.at(moment),
        temperature_a=recipe.half_a.temperature.at(moment),
        temperature_b=recipe.half_b.temperature.at(moment),
        alignment=recipe.alignment.at(moment),
    )


BATCH_FIGURES = ("loss", "transport", "distortion_a", "distortion_b", "rate_a", "rate_b")
_FIELDS = {"loss": "total"}


@dataclass(frozen=True)
class BatchLoss:
    """The objective of a batch and its parts, in nats."""

    total: Tensor
    transport: Tensor
    loss_a: Tensor
    loss_b: Tensor
    distortion_a: Tensor
    distortion_b: Tensor
    rate_a: Tensor
    rate_b: Tensor
    entropy_a: Tensor
    entropy_b: Tensor

    def weighted(self, conditions: Conditions) -> Tensor:
        """The objective without transport, under some weights."""
        share_a = conditions.weight_a * conditions.scale_a
        share_b = conditions.weight_b * conditions.scale_b
        total = share_a * self.loss_a + share_b * self.loss_b
        if not conditions.alignment:
            return total
        return total + conditions.alignment * (self.entropy_a - self.entropy_b).abs()

    def under(self, conditions: Conditions) -> "BatchLoss":
        """The same batch with other weights; betas, temperatures and coupling stay what they were."""
        return replace(self, total=self.weighted(conditions) + self.transport)

    def figures(self) -> Tensor:
        """The figures named by `BATCH_FIGURES`, detached, in one tensor."""
        return torch.stack([getattr(self, _FIELDS.get(name, name)).detach() for name in BATCH_FIGURES])


def batch_loss(
    outputs: tuple[HalfOutput, HalfOutput],
    classes: Tensor,
    recipe: Recipe,
    conditions: Conditions,
    prior_cells: tuple[Tensor, Tensor] | None = None,
) -> BatchLoss:
    r"""The weighted objective of both halves.

    .. math:: l_A s_A L_A + l_B s_B L_B + l_3 |H_A - H_B| + w (T_A + T_B)

    with L the objective of a half, H its latents' histogram entropy and T its cross-entropy on prior draws.
    """
    a, b = outputs
    found_a = _half_loss(a, classes, recipe.half_a, conditions.beta_a)
    found_b = _half_loss(b, classes, recipe.half_b, conditions.beta_b)
    losses, distortions, rates = zip(found_a, found_b, strict=True)
    entropy_a = entropy_b = torch.zeros((), device=losses[0].device)
    if conditions.alignment or recipe.controller:
        entropy_a, entropy_b = objective.histogram_entropy(a.z), objective.histogram_entropy(b.z)
    transport = torch.zeros_like(losses[0])
    if prior_cells is not None:
        transport = conditions.transport * _transported(outputs, prior_cells)
    # The total stands for nothing until the parts are weighed.
    parts = BatchLoss(transport, transport, *losses, *distortions, *rates, entropy_a, entropy_b)
    return parts.under(conditions)


def _transported(outputs: tuple[HalfOutput, HalfOutput], cells: tuple[Tensor, Tensor]) -> Tensor:
    """Cross-entropy of the prior draws' labels, summed over the halves."""
    drawn = [output.prior_logits for output in outputs]
    terms = [objective.distortion(z, c) for z, c in zip(drawn, cells, strict=True) if z is not None]
    return torch.stack(terms).sum()


def _half_loss(
    output: HalfOutput, classes: Tensor, settings: HalfSettings, beta: float
) -> tuple[Tensor, Tensor, Tensor]:
    distortion = objective.distortion(output.logits, classes)
    rate = objective.rate(output.mu, output.logvar, free_bits=settings.free_bits)
    loss = distortion + beta * rate
    if settings.output_entropy:
        loss = loss - settings.output_entropy * objective.output_entropy(output.logits)
    if settings.repulsion:
        loss = loss + settings.repulsion * objective.repulsion(output.z, scale=settings.repulsion_scale)
    return loss, distortion, rate
