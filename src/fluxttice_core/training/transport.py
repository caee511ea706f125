r"""Transport: teach a decoder where the prior's mass must go, so that every operation is reached equally.

Of all maps that carry the prior N(0, I) onto uniformly distributed codes, one whose entries each follow one
latent is the monotone one: entry i takes the symbol whose quantile cell holds s_i z_l(i). It is the optimal
transport map (the cheapest in squared distance) between the prior and a product of equally likely symbols
on those axes. Which latent l(i) and sign s_i belong to an entry is read off the encoder, from training rows
only; prior draws and their cells then serve as labelled data for the decoder. No table of operations is used,
and no held-out row; what the map does assume is that the entries are independent and their symbols equally
likely, which holds for a space of all operations. For any other target the map is that of `conditional_map`,
which knows the probability of every element, those among the held-out rows included.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from fluxttice_core.errors import SettingsError, TrainingError
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.shapes import Float, Int64
from fluxttice_core.training.conditional_map import ConditionalMap
from fluxttice_core.training.dataset import Rows
from fluxttice_core.training.recipe_settings import TransportSettings

OUT_OF_REACH = 1e3
"""A threshold that no latent passes, finite so that sums stay finite."""


@dataclass(frozen=True)
class Assignment:
    """Which latent stands for each entry of a table, with sign -1 where the entry falls as it rises."""

    latents: Int64[Tensor, "cells"]
    signs: Float[Tensor, "cells"]


def assign(mu: Float[Tensor, "n d"], tables: Float[Tensor, "n cells"]) -> Assignment:
    r"""Give every entry a latent of its own such that the correlations' magnitudes sum to the most.

    .. math:: \max_l \sum_i |\mathrm{corr}(x_i, \mu_{l(i)})|, \quad l \text{ injective}

    Source:
        Kuhn 1955 (the assignment problem), solved by SciPy.
    """
    from scipy.optimize import linear_sum_assignment  # slow to import, and only a run with transport needs it

    if mu.shape[1] < tables.shape[1]:
        raise SettingsError(
            f"transport gives every entry a latent of its own, and {mu.shape[1]} latents are too few for "
            f"{tables.shape[1]} entries: raise architecture.latent_dim, or leave transport out",
            "out_of_range",
        )
    centred = mu - mu.mean(0)
    symbols = tables - tables.mean(0)
    scale = symbols.square().sum(0).sqrt()[:, None] * centred.square().sum(0).sqrt()[None]
    correlation = (symbols.T @ centred / scale.clamp(min=1e-12)).cpu().numpy()
    entries, latents = linear_sum_assignment(-np.abs(correlation))
    signs = np.where(correlation[entries, latents] < 0, -1.0, 1.0)
    device = mu.device
    return Assignment(
        torch.as_tensor(latents, dtype=torch.int64, device=device),
        torch.as_tensor(signs, dtype=torch.float32, device=device),
    )


def quantile_cells(
    z: Float[Tensor, "n d"], assignment: Assignment, *, bases: Sequence[int]
) -> Int64[Tensor, "n cells"]:
    r"""The symbol positions that the monotone map gives to latents.

    .. math:: c_i = \#\{k \in 1..b_i-1 : s_i z_{l(i)} > \Phi^{-1}(k / b_i)\}
    """
    along = z[:, assignment.latents] * assignment.signs
    return (along[..., None] > thresholds(bases, device=z.device)).sum(-1)


def thresholds(bases: Sequence[int], *, device: torch.device | str = "cpu") -> Float[Tensor, "cells cuts"]:
    """The quantiles that cut a standard normal into as many equal parts as each entry has symbols.

    For 3 they are -0.4307 and 0.4307. Where an alphabet is smaller than the largest one, what is left of its
    row lies where no latent comes.
    """
    return _thresholds(tuple(bases), str(device)).clone()


@lru_cache(maxsize=16)
def _thresholds(bases: tuple[int, ...], device: str) -> Float[Tensor, "cells cuts"]:
    from scipy.special import ndtri  # slow to import, and only a run with transport needs it

    cuts = np.full((len(bases), max(bases) - 1), OUT_OF_REACH)
    for cell, base in enumerate(bases):
        cuts[cell, : base - 1] = ndtri(np.arange(1, base) / base)
    return torch.as_tensor(cuts, dtype=torch.float32, device=device)


def focused_draws(
    n: int,
    latent_dim: int,
    assignment: Assignment,
    *,
    bases: Sequence[int],
    focus: float,
    width: float,
    generator: torch.Generator,
) -> Float[Tensor, "n d"]:
    """Prior draws of which a share of the assigned coordinates is moved next to a threshold.

    Only there can a decoder that has found its axes still be wrong.
    """
    device = generator.device
    z = torch.randn(n, latent_dim, generator=generator, device=device)
    if focus == 0.0:
        return z
    cells = len(assignment.latents)
    cuts = thresholds(bases, device=device)
    at = torch.randint(cuts.shape[1], (n, cells), generator=generator, device=device)
    near = cuts.gather(1, (at % (torch.tensor(bases, device=device) - 1)).T).T
    near = near + width * torch.randn(n, cells, generator=generator, device=device)
    moved = torch.rand(n, cells, generator=generator, device=device) < focus
    z[:, assignment.latents] = torch.where(moved, near * assignment.signs, z[:, assignment.latents])
    return z


_KEY = "transport"


Targets = tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]
"""Prior draws for A and for B, (m, d) each, and the positions of the symbols that each entry takes there."""


class TransportTerm:
    """Prior draws on which both decoders learn the cells that the transport map gives them."""

    def __init__(
        self, settings: TransportSettings | None, rows: Rows, conditional: ConditionalMap | None = None
    ) -> None:
        self._settings = settings
        self.conditional = conditional
        self._rows = rows
        self._assignments: tuple[Assignment, ...] = ()

    def weight(self, moment: float) -> float:
        """Weight of the term at a moment of the run; 0 before it starts."""
        settings = self._settings
        if settings is None or moment < settings.start or self.draws(moment) < 1:
            return 0.0
        return settings.weight.at(moment)

    def draws(self, moment: float) -> int:
        """Prior draws a step for each half at a moment of the run."""
        return 0 if self._settings is None else round(self._settings.draws.at(moment))

    def targets(self, model: DualVAE, moment: float, generator: torch.Generator) -> Targets | None:
        """Prior draws for both halves and the cells that the map gives them; none if they weigh 0."""
        settings = self._settings
        # A table has the map's thresholds from the start, so that there is nothing to learn of prior draws.
        if settings is None or moment < settings.start or model.architecture.decoders == "table":
            return None
        assignments = self.assignments(model)
        if self.weight(moment) == 0.0:
            return None
        drawn = [self._labelled(model, moment, assignment, settings, generator) for assignment in assignments]
        (z_a, cells_a), (z_b, cells_b) = drawn
        return (z_a, z_b), (cells_a, cells_b)

    def _labelled(
        self,
        model: DualVAE,
        moment: float,
        assignment: Assignment,
        settings: TransportSettings,
        generator: torch.Generator,
    ) -> tuple[Float[Tensor, "n d"], Int64[Tensor, "n cells"]]:
        """Prior draws of one half, and the symbols that the map gives them."""
        n, latent_dim, bases = self.draws(moment), model.architecture.latent_dim, model.space.bases
        if self.conditional is None:
            z = focused_draws(
                n,
                latent_dim,
                assignment,
                bases=bases,
                focus=settings.focus,
                width=settings.focus_width,
                generator=generator,
            )
            return z, quantile_cells(z, assignment, bases=bases)
        z = torch.randn(n, latent_dim, generator=generator, device=generator.device)
        along = self.conditional.focused(
            z[:, assignment.latents] * assignment.signs,
            focus=settings.focus,
            width=settings.focus_width,
            generator=generator,
        )
        z[:, assignment.latents] = along * assignment.signs
        return z, self.conditional.cells(along)

    def assignments(self, model: DualVAE) -> tuple[Assignment, ...]:
        """The assignments of A and B, read off the encoders when first asked for; none without settings."""
        if not self._assignments and self._settings is not None:
            self._assignments = self._read_off(model, self._settings)
        return self._assignments

    @torch.no_grad()
    def _read_off(self, model: DualVAE, settings: TransportSettings) -> tuple[Assignment, ...]:
        if model.architecture.decoders == "table":
            device, cells = self._rows.tables.device, model.space.cells
            own = Assignment(torch.arange(cells, device=device), torch.ones(cells, device=device))
            return own, own
        tables = self._rows.tables[: settings.assignment_rows]
        means = [half.encode_gaussian(tables)[0] for half in (model.vae_a, model.vae_b)]
        if not all(bool(torch.isfinite(mu).all()) for mu in means):
            raise TrainingError(
                "the encoders' weights are no longer finite at transport.start: lower optimizer.rate",
                "loss_not_finite",
            )
        return tuple(assign(mu, tables) for mu in means)

    def tensors(self) -> dict[str, Tensor]:
        """The assignments found so far, on the CPU."""
        return {
            f"{_KEY}/{half}/{name}": getattr(assignment, name).cpu().clone()
            for half, assignment in zip("AB", self._assignments, strict=False)
            for name in ("latents", "signs")
        }

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Continue with the assignments that `tensors` gave; none: they are yet to be found."""
        found = [tensors.get(f"{_KEY}/{half}/{name}") for half in "AB" for name in ("latents", "signs")]
        whole = [tensor.to(self._rows.tables.device) for tensor in found if tensor is not None]
        if any(tensor.shape != self._rows.tables.shape[1:] for tensor in whole) or len(whole) not in (0, 4):
            raise TrainingError(
                "the checkpoint's transport assignments do not fit this recipe's tables: "
                "resume from another checkpoint",
                "state_mismatch",
            )
        self._assignments = tuple(Assignment(*whole[start : start + 2]) for start in range(0, len(whole), 2))
