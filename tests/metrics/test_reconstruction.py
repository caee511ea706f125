"""Reconstruction: counts that can be worked out, on exactly the rows that are given."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.controls import DeltaDecoder, QuantileLookup, ShuffledLabels
from fluxttice_core.metrics.decoding import positions_of
from fluxttice_core.metrics.reconstruction import (
    Reconstruction,
    reconstruction_from_mean,
    reconstruction_from_posterior,
    undecided,
)
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.measuring import generator
from tests.refusals import refused

SPACE = OperationSpace()


class DeltaModel(DeltaDecoder):
    """Decodes everything to one operation."""

    def encode_gaussian(self, tables: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        code = torch.zeros(len(tables), self.latent_dim)
        return code, code


def test_the_oracle_brings_every_table_back() -> None:
    found = reconstruction_from_mean(QuantileLookup(SPACE), torch.arange(SPACE.size))
    assert (found.exact_tables, found.exact_cells) == (SPACE.size, 9 * SPACE.size)
    assert (found.source, found.rows, found.draws, found.cells) == ("mean", SPACE.size, 1, 9)
    drawn = reconstruction_from_posterior(QuantileLookup(SPACE), torch.arange(3000), generator=generator())
    assert drawn.source == "draw"
    assert drawn.table_accuracy > 0.999


def test_only_the_given_rows_count() -> None:
    """Operation 0 and 1 differ in one cell; a decoder stuck at 0 has one right and one nearly right."""
    stuck = DeltaModel(SPACE, 0)
    both = reconstruction_from_mean(stuck, torch.tensor([0, 1]))
    assert (both.exact_tables, both.exact_cells) == (1, 17)
    assert (both.table_accuracy, both.trit_accuracy) == (0.5, 17 / 18)
    assert reconstruction_from_mean(stuck, torch.tensor([0])).table_accuracy == 1
    assert reconstruction_from_mean(stuck, torch.tensor([SPACE.size - 1])).trit_accuracy == 0


def test_shuffled_labels_are_found_out() -> None:
    shuffled = ShuffledLabels(QuantileLookup(SPACE), torch.randperm(SPACE.size, generator=generator()))
    found = reconstruction_from_mean(shuffled, torch.arange(SPACE.size))
    assert found.table_accuracy < 0.001
    assert abs(found.trit_accuracy - 1 / 3) < 0.01


def test_draws_are_worse_than_the_mean_and_add_up(linear_model: Callable[..., Any]) -> None:
    model = linear_model(0, base=2, latent_dim=4, logvar=1.0)
    rows = torch.arange(16)
    drawn = reconstruction_from_posterior(model, rows, draws=50, generator=generator())
    assert (drawn.trials, drawn.draws, drawn.rows) == (800, 50, 16)
    assert 0 < drawn.trit_accuracy < 1
    assert drawn.exact_tables * 4 <= drawn.exact_cells
    again = reconstruction_from_posterior(model, rows, draws=50, generator=generator())
    other = reconstruction_from_posterior(model, rows, draws=50, generator=generator(1))
    assert drawn == again
    assert drawn != other


def test_draws_follow_the_posterior() -> None:
    """With mean 0 and deviation 1, a lookup of three equal intervals is right a third of the time."""

    class Blurred(QuantileLookup):
        def encode_gaussian(self, tables: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return torch.zeros(tables.shape), torch.zeros(tables.shape)

    found = reconstruction_from_posterior(Blurred(SPACE), torch.arange(SPACE.size), generator=generator())
    n = found.trials * found.cells
    assert abs(found.trit_accuracy - 1 / 3) < 4.5 * math.sqrt(2 / 9 / n)


def test_the_error_is_binomial() -> None:
    assert Reconstruction("draw", 50, 2, 20, 500, 9).table_error == pytest.approx(0.04)


@pytest.mark.parametrize(("rows", "draws"), [(0, 1), (3, 0)])
def test_nothing_to_reconstruct_is_refused(rows: int, draws: int) -> None:
    with refused(MeasurementError, "too_few", "at least one operation and one draw"):
        reconstruction_from_posterior(
            QuantileLookup(SPACE), torch.arange(rows), draws=draws, generator=generator()
        )


class NearlyTied(QuantileLookup):
    """The oracle, but the first cell of the first ten operations is decided by a number given."""

    margin = 0.0
    raised = 0.0

    def decode_logits(self, z: torch.Tensor) -> torch.Tensor:
        logits = super().decode_logits(z).clone()
        tied = logits.argmax(-1) == positions_of(SPACE, torch.arange(len(logits)))
        assert bool(tied.all())
        logits[:10, 0] = torch.tensor([0.0, 5.0, 5.0 + self.margin])
        return logits + self.raised


@pytest.mark.parametrize(
    ("margin", "shares"), [(0.0, (0.1, 0.1 / 9)), (1e-6, (0.1, 0.1 / 9)), (0.01, (0, 0))]
)
def test_only_what_rounding_decides_is_undecided(margin: float, shares: tuple[float, float]) -> None:
    model = NearlyTied(SPACE)
    model.margin = margin
    assert undecided(model, torch.arange(100)) == pytest.approx(shares)


def test_what_is_added_to_all_symbols_leaves_nothing_undecided() -> None:
    model = NearlyTied(SPACE)
    model.margin, model.raised = 0.5, 2e5
    assert undecided(model, torch.arange(100)) == (0, 0)


def test_of_no_operations_nothing_is_undecided() -> None:
    with refused(MeasurementError, "too_few", "needs at least one operation"):
        undecided(QuantileLookup(SPACE), torch.arange(0))


class Unlike(QuantileLookup):
    """The first cell's symbols are a half apart, those of all others 200,000."""

    def decode_logits(self, z: torch.Tensor) -> torch.Tensor:
        logits = torch.tensor([-2e5, 0.0, 2e5]).repeat(len(z), SPACE.cells, 1)
        logits[:, 0] = torch.tensor([0.0, 5.0, 5.5])
        return logits


def test_each_cell_is_decided_beside_how_far_its_own_symbols_differ() -> None:
    assert undecided(Unlike(SPACE), torch.arange(100)) == (0, 0)
