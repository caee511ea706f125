"""Do codes know their operations: tables that come back from the posterior mean, and from draws of it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.decoding import decode_positions, positions_of
from fluxttice_core.metrics.posterior import MOST_ROWS, encode_rows
from fluxttice_core.metrics.protocols import Autoencoder
from fluxttice_core.metrics.threads import map_chunks
from fluxttice_core.shapes import Int64

_ROUNDING = 1e-4
"""Relative difference that processors make in a logit, and ten times more."""

CodeSource = Literal["mean", "draw"]


@dataclass(frozen=True)
class Reconstruction:
    """Tables that were encoded, decoded by argmax and compared with themselves.

    Args:
        source: `mean` when the posterior mean was decoded, `draw` for draws from the posterior.
        draws: Codes decoded for each operation; 1 for the mean.
        exact_tables: Tables that came back without an error, out of rows * draws.
        exact_cells: Cells that came back, out of rows * draws * cells.
    """

    source: CodeSource
    rows: int
    draws: int
    exact_tables: int
    exact_cells: int
    cells: int

    @property
    def trials(self) -> int:
        """Tables that were decoded."""
        return self.rows * self.draws

    @property
    def table_accuracy(self) -> float:
        """Share of the tables that came back whole."""
        return self.exact_tables / self.trials

    @property
    def trit_accuracy(self) -> float:
        """Share of the single cells that came back."""
        return self.exact_cells / (self.trials * self.cells)

    @property
    def table_error(self) -> float:
        """Binomial standard error of the table accuracy over all decoded tables."""
        return math.sqrt(self.table_accuracy * (1 - self.table_accuracy) / self.trials)


def reconstruction_from_mean(model: Autoencoder, rows: Int64[Tensor, "n"]) -> Reconstruction:
    r"""Decode the posterior mean of given operations, on their device, and count what comes back.

    .. math:: \frac1n \sum_x [\arg\max p(\cdot \mid \mu(x)) = x]

    Raises:
        MeasurementError: If there are no rows.

    Example:
        >>> import fluxttice_core as fx
        >>> oracle = fx.evaluation.QuantileLookup(fx.OperationSpace())
        >>> reconstruction_from_mean(oracle, torch.arange(100)).table_accuracy
        1.0
    """
    return _reconstruction(model, rows, "mean", 1, None)


def reconstruction_from_posterior(
    model: Autoencoder, rows: Int64[Tensor, "n"], *, draws: int = 1, generator: torch.Generator
) -> Reconstruction:
    r"""Decode draws from the posterior of given operations, on their device, and count what comes back.

    .. math:: \frac1n \sum_x \Pr_{z \sim q(z \mid x)} [\arg\max p(\cdot \mid z) = x]

    Raises:
        MeasurementError: If there are no rows or no draws.

    Example:
        >>> import fluxttice_core as fx
        >>> g, oracle = torch.Generator().manual_seed(0), fx.evaluation.QuantileLookup(fx.OperationSpace())
        >>> reconstruction_from_posterior(oracle, torch.arange(100), draws=2, generator=g).trials
        200
    """
    return _reconstruction(model, rows, "draw", draws, generator)


def _reconstruction(
    model: Autoencoder, rows: Tensor, source: CodeSource, draws: int, generator: torch.Generator | None
) -> Reconstruction:
    if len(rows) == 0 or draws < 1:
        raise MeasurementError("reconstruction needs at least one operation and one draw for each", "too_few")
    tables = cells = 0
    coded = _coded(model, rows, draws, generator)
    for right_tables, right_cells in map_chunks(partial(_compare, model), coded, device=rows.device):
        tables += right_tables
        cells += right_cells
    return Reconstruction(source, len(rows), draws, tables, cells, model.space.cells)


def _coded(
    model: Autoencoder, rows: Tensor, draws: int, generator: torch.Generator | None
) -> Iterator[tuple[Tensor, Tensor]]:
    """Rows and their codes, in chunks, with no more rows encoded at once than are to be held."""
    for block in torch.split(rows, MOST_ROWS):
        posteriors = encode_rows(model, block)
        for _ in range(draws):
            yield from posteriors.coded_chunks(generator)


def _compare(model: Autoencoder, coded: tuple[Tensor, Tensor]) -> tuple[int, int]:
    rows, z = coded
    with torch.inference_mode():
        same = decode_positions(model.decode_logits(z)) == positions_of(model.space, rows)
        return int(same.all(-1).sum()), int(same.sum())


def undecided(model: Autoencoder, rows: Int64[Tensor, "n"]) -> tuple[float, float]:
    """Shares of tables and cells whose two likeliest symbols another processor's rounding may exchange."""
    if len(rows) == 0:
        raise MeasurementError("whether tables are decided needs at least one operation", "too_few")
    coded = _coded(model, rows, 1, None)
    found = list(map_chunks(partial(_undecided, model), coded, device=rows.device))
    tables, cells = (sum(column) for column in zip(*found, strict=True))
    return tables / len(rows), cells / (len(rows) * model.space.cells)


def _undecided(model: Autoencoder, coded: tuple[Tensor, Tensor]) -> tuple[int, int]:
    with torch.inference_mode():
        logits = model.decode_logits(coded[1])
        best = logits.topk(2, dim=-1).values
        # Relative to how far symbols differ, since what is added to all of them decides nothing.
        spread = logits.amax(-1) - logits.amin(-1)
        close = best[..., 0] - best[..., 1] <= _ROUNDING * (1 + spread)
        return int(close.any(-1).sum()), int(close.sum())
