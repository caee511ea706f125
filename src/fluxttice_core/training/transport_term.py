"""The transport term of a run: when it starts, which latents it found, and its share of the loss."""

from collections.abc import Mapping

import torch
from torch import Tensor

from fluxttice_core.errors import TrainingError
from fluxttice_core.model import objective
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.training.recipe import TransportSettings
from fluxttice_core.training.rows import Rows
from fluxttice_core.training.transport import Assignment, assign, focused_draws, quantile_cells

_KEY = "transport"


class TransportTerm:
    """Cross-entropy of both decoders on prior draws against the cells that the transport map gives them.

    Args:
        settings: Weight, draws and start; none: the term is 0.
        rows: Training rows, from which each entry's latent is read off the encoders when the term starts.
    """

    def __init__(self, settings: TransportSettings | None, rows: Rows) -> None:
        self._settings = settings
        self._rows = rows
        self._assignments: tuple[Assignment, ...] = ()

    def loss(self, model: DualVAE, moment: float, generator: torch.Generator) -> Tensor:
        """The weighted term at a moment of the run, in nats, summed over both halves.

        Raises:
            SettingsError: If there are fewer latents than entries.
        """
        settings = self._settings
        total = torch.zeros((), device=generator.device)
        if settings is None or moment < settings.start:
            return total
        if not self._assignments:
            self._assignments = self._read_off(model, settings)
        weight, draws = settings.weight.at(moment), round(settings.draws.at(moment))
        if weight == 0.0 or draws < 1:
            return total
        for half, assignment in zip((model.vae_a, model.vae_b), self._assignments, strict=True):
            z = focused_draws(
                draws,
                half.latent_dim,
                assignment,
                base=model.space.base,
                focus=settings.focus,
                width=settings.focus_width,
                generator=generator,
            )
            cells = quantile_cells(z, assignment, base=model.space.base)
            total = total + weight * objective.distortion(half.decode_logits(z), cells)
        return total

    @torch.no_grad()
    def _read_off(self, model: DualVAE, settings: TransportSettings) -> tuple[Assignment, ...]:
        tables = self._rows.tables[: settings.assignment_rows]
        return tuple(assign(half.encode_gaussian(tables)[0], tables) for half in (model.vae_a, model.vae_b))

    def tensors(self) -> dict[str, Tensor]:
        """The assignments found so far, on the CPU."""
        return {
            f"{_KEY}/{half}/{name}": getattr(assignment, name).cpu().clone()
            for half, assignment in zip("AB", self._assignments, strict=False)
            for name in ("latents", "signs")
        }

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Continue with the assignments that `tensors` gave; none: they are yet to be found.

        Raises:
            TrainingError: If they are incomplete or of another shape.
        """
        found = [tensors.get(f"{_KEY}/{half}/{name}") for half in "AB" for name in ("latents", "signs")]
        whole = [tensor.to(self._rows.tables.device) for tensor in found if tensor is not None]
        if any(tensor.shape != self._rows.tables.shape[1:] for tensor in whole) or len(whole) not in (0, 4):
            raise TrainingError(
                "the checkpoint's transport assignments do not fit this recipe's tables: "
                "resume from another checkpoint"
            )
        self._assignments = tuple(Assignment(*whole[start : start + 2]) for start in range(0, len(whole), 2))
