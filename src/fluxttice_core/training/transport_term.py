"""The transport term of a run: when it starts, which latents it found, and its share of the loss."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from fluxttice_core.errors import TrainingError
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.training.dataset import Rows
from fluxttice_core.training.recipe import TransportSettings
from fluxttice_core.training.transport import Assignment, assign, focused_draws, quantile_cells

_KEY = "transport"


@dataclass(frozen=True)
class Targets:
    """Labelled prior draws for A and for B.

    Attributes:
        latents: The draws, (m, d) each.
        cells: The positions of the symbols that each entry takes there, (m, cells) each.
    """

    latents: tuple[Tensor, Tensor]
    cells: tuple[Tensor, Tensor]


class TransportTerm:
    """Prior draws on which both decoders learn the cells that the transport map gives them.

    Args:
        settings: Weight, draws and start; none: there are no draws.
        rows: Training rows, from which each entry's latent is read off the encoders when the term starts.
    """

    def __init__(self, settings: TransportSettings | None, rows: Rows) -> None:
        self._settings = settings
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
        """Prior draws for both halves and the cells that the transport map gives them; none if they weigh 0.

        Raises:
            SettingsError: If there are fewer latents than entries.
            TrainingError: If the encoders are no longer finite when the term starts.
        """
        settings = self._settings
        if settings is None or moment < settings.start:
            return None
        if not self._assignments:
            self._assignments = self._read_off(model, settings)
        if self.weight(moment) == 0.0:
            return None
        base, drawn = model.space.base, []
        for assignment in self._assignments:
            z = focused_draws(
                self.draws(moment),
                model.architecture.latent_dim,
                assignment,
                base=base,
                focus=settings.focus,
                width=settings.focus_width,
                generator=generator,
            )
            drawn.append((z, quantile_cells(z, assignment, base=base)))
        (z_a, cells_a), (z_b, cells_b) = drawn
        return Targets((z_a, z_b), (cells_a, cells_b))

    @torch.no_grad()
    def _read_off(self, model: DualVAE, settings: TransportSettings) -> tuple[Assignment, ...]:
        tables = self._rows.tables[: settings.assignment_rows]
        means = [half.encode_gaussian(tables)[0] for half in (model.vae_a, model.vae_b)]
        if not all(bool(torch.isfinite(mu).all()) for mu in means):
            raise TrainingError(
                "the encoders' weights are no longer finite at transport.start: lower optimizer.rate, "
                "optimizer.clip_norm or optimizer.weight_decay; checkpoints made before are kept"
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
