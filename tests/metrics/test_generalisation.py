"""The oracle generalises in every way, a misled one in none, and impossible requests are refused."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.controls import QuantileLookup, ShuffledLabels
from fluxttice_core.metrics.decoding import positions_of
from fluxttice_core.metrics.generalisation import (
    NoiseResponse,
    _same,
    arithmetic_accuracy,
    composition_accuracy,
    interpolation_betweenness,
    noise_response,
    symmetry_response,
)
from fluxttice_core.metrics.protocols import Autoencoder
from fluxttice_core.metrics.threads import fixed_threads
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.space_name import space_of
from tests.refusals import refused

SPACE = OperationSpace()
ORACLE = QuantileLookup(SPACE)
A, B, C = torch.randint(SPACE.size, (3, 150), generator=torch.Generator().manual_seed(0))
MISLED = ShuffledLabels(ORACLE, torch.randperm(SPACE.size, generator=torch.Generator().manual_seed(1)))


@dataclass(frozen=True)
class Altered(QuantileLookup):
    """The oracle, but for how it reads tables, places means, takes latents and answers."""

    read: Callable[[Tensor], Tensor] = lambda tables: tables
    placed: Callable[[Tensor], Tensor] = lambda mu: mu
    taken: Callable[[Tensor], Tensor] = lambda z: z
    answer: Callable[[Tensor, Tensor], Tensor] = lambda _, positions: positions

    def decode_positions(self, z: Tensor) -> Tensor:
        return self.answer(z, super().decode_positions(self.taken(z)))

    def encode_gaussian(self, tables: Tensor) -> tuple[Tensor, Tensor]:
        mu, logvar = super().encode_gaussian(self.read(tables))
        return self.placed(mu), logvar


FIRST = torch.eye(SPACE.cells)[0]
FORGETFUL = Altered(SPACE, read=lambda tables: torch.where(FIRST > 0, -1, tables))
"""It reads the first cell as the smallest symbol whatever it is."""

SWAPPED = Altered(
    SPACE,
    read=lambda tables: torch.tensor([-1, 1, 0])[(tables + 1).long()],
    answer=lambda _, positions: torch.tensor([0, 2, 1])[positions],
)
"""The codes of the middle and the greatest symbol are exchanged, on both ways."""

SHIFTED = Altered(SPACE, placed=lambda mu: mu + 5 * FIRST, taken=lambda z: z - 5 * FIRST)
"""One latent is counted from elsewhere."""

DIPPING = Altered(SPACE, answer=lambda z, found: torch.where((FIRST > 0) & (z[:, 1:2].abs() < 0.3), 2, found))
"""The first cell is the greatest symbol wherever the second latent is near 0."""

TIMID = Altered(SPACE, placed=lambda mu: 0.46 * mu)
"""Its means are only just beyond the cuts."""

BOUNDED = Altered(SPACE, answer=lambda z, found: torch.where(z.abs() > 1.0, 1, found))
"""It answers the middle symbol to latents far out."""


def recording(shown: list[Tensor]) -> Altered:
    """The oracle, with a list of the tables that it was shown."""

    def read(tables: Tensor) -> Tensor:
        shown.append(tables)
        return tables

    return Altered(SPACE, read=read)


def shares(model: Autoencoder) -> tuple[float, ...]:
    generator = torch.Generator().manual_seed(2)
    return (
        composition_accuracy(model, A, B),
        noise_response(model, A, flips=2, generator=generator).to_given,
        symmetry_response(model, A).exact,
        interpolation_betweenness(model, A, B),
        arithmetic_accuracy(model, A, B, C),
    )


def test_the_oracle_generalises_in_every_way() -> None:
    assert shares(ORACLE) == (1, 1, 1, 1, 1)


def test_a_misled_encoder_does_in_none() -> None:
    *exact, cells = shares(MISLED)
    assert max(exact) < 0.05
    assert cells < 0.5


def test_exchanging_two_symbols_is_linear_for_the_oracle_which_mirrors_its_code() -> None:
    oracle = QuantileLookup(OperationSpace(base=2, arity=3))
    found = symmetry_response(oracle, torch.randperm(256, generator=torch.Generator().manual_seed(0)))
    assert found.exact == 1
    assert found.linear_fit == pytest.approx(1)


@pytest.mark.parametrize("model", [ORACLE, SHIFTED], ids=["oracle", "of another origin"])
def test_the_worst_permutation_of_three_symbols_is_a_quarter_linear(model: QuantileLookup) -> None:
    r"""Codes -a, 0, a a cell: turning them round leaves a correlation of -1/2, hence R^2 = 1/4."""
    rows = torch.randperm(SPACE.size, generator=torch.Generator().manual_seed(3))[:6_000]
    found = symmetry_response(model, rows)
    assert found.exact == 1
    assert found.linear_fit == pytest.approx(0.25, abs=0.02)


def test_a_fit_is_judged_on_rows_that_it_was_not_made_on() -> None:
    """With half of the rows one operation, the map of the first half says nothing of the second."""
    same, others = torch.full((150,), 4), torch.arange(0, 15_000, 100)
    assert symmetry_response(ORACLE, torch.cat((same, others))).linear_fit < 0


@pytest.mark.parametrize("flips", [1, 5, 9])
def test_flips_change_as_many_cells_as_asked_to_either_other_symbol(flips: int) -> None:
    shown: list[Tensor] = []
    model = recording(shown)
    found = noise_response(model, A, flips=flips, generator=torch.Generator().manual_seed(flips))
    assert found == NoiseResponse(to_given=1.0, to_clean=0.0)
    change = (shown[0].long() - positions_of(SPACE, A) + 1) % 3
    assert (change.count_nonzero(1) == flips).all()
    assert set(change.flatten().tolist()) == ({0, 1, 2} if flips < SPACE.cells else {1, 2})


def test_a_code_that_forgets_a_cell_undoes_the_noise_in_it() -> None:
    """One cell in nine is forgotten, so that one flip in nine is in it, and half of those are undone."""
    rows = torch.zeros(4_000, dtype=torch.int64)
    found = noise_response(FORGETFUL, rows, flips=1, generator=torch.Generator().manual_seed(0))
    assert found.to_clean == pytest.approx(1 / 9, abs=0.02)
    assert found.to_given == pytest.approx(8 / 9, abs=0.02)


def test_a_path_that_turns_back_is_not_between_its_ends() -> None:
    """Means that are read in the order -, +, 0: from - to 0 every path leads through +."""
    first, second = torch.tensor([0]), torch.tensor([1])
    assert interpolation_betweenness(SWAPPED, first, second) == 0
    assert interpolation_betweenness(SWAPPED, second, torch.tensor([2])) == 1


def test_sums_are_taken_cell_by_cell_modulo_the_base() -> None:
    """Only the sum 0 is known: 1 + 2 in every cell gives it, 1 + 1 does not."""
    ones, twos = torch.tensor([SPACE.size // 2]), torch.tensor([SPACE.size - 1])
    blind = ShuffledLabels(ORACLE, torch.zeros(SPACE.size, dtype=torch.int64))
    assert composition_accuracy(blind, ones, twos) == 1
    assert composition_accuracy(blind, ones, ones) == 0


@pytest.mark.parametrize("flips", [0, 10])
def test_impossible_flips_are_refused(flips: int) -> None:
    with refused(MeasurementError, "out_of_range", "cannot flip"):
        noise_response(ORACLE, A, flips=flips, generator=torch.Generator())


def test_arithmetic_that_leaves_the_symbols_everywhere_is_refused() -> None:
    top, bottom = torch.tensor([SPACE.size - 1]), torch.tensor([0])
    with refused(MeasurementError, "undefined", "no cell"):
        arithmetic_accuracy(ORACLE, top, bottom, top)
    assert arithmetic_accuracy(ORACLE, bottom, bottom, bottom) == 1


def test_noise_comes_from_the_generator() -> None:
    shown: list[Tensor] = []
    for seed in (4, 4, 5):
        generator = torch.Generator().manual_seed(seed)
        noise_response(recording(shown), A, flips=2, generator=generator)
    assert torch.equal(shown[0], shown[1])
    assert not torch.equal(shown[0], shown[2])


def test_the_first_half_of_the_rows_makes_the_fit() -> None:
    """With 70 various operations the fit is good; with the three in the first third it would be none."""
    same = torch.full((130,), 4)
    others = torch.randperm(SPACE.size, generator=torch.Generator().manual_seed(0))[:270]
    assert symmetry_response(ORACLE, torch.cat((same, others))).linear_fit > 0


def test_a_fit_needs_two_rows_for_each_unknown() -> None:
    assert symmetry_response(ORACLE, A[:40]).exact == 1
    with refused(MeasurementError, "too_few", "too few operations to fit a map of codes: give more"):
        symmetry_response(ORACLE, A[:39])


def test_each_segment_counts_alone() -> None:
    turned = interpolation_betweenness(SWAPPED, torch.tensor([0, 1]), torch.tensor([1, 2]))
    assert turned == 0.5
    missed = interpolation_betweenness(FORGETFUL, torch.tensor([0, 0]), torch.tensor([3, 1]))
    assert missed == 0.5


def test_a_cell_that_leaves_a_symbol_common_to_both_ends_is_not_between_them() -> None:
    """The second cell goes from the smallest symbol to the greatest, and the first jumps on the way."""
    assert interpolation_betweenness(DIPPING, torch.tensor([0]), torch.tensor([6])) == 0
    assert interpolation_betweenness(ORACLE, torch.tensor([0]), torch.tensor([6])) == 1


def test_the_end_is_where_the_path_ends() -> None:
    assert interpolation_betweenness(TIMID, torch.tensor([SPACE.size // 2]), torch.tensor([0])) == 1


def test_a_path_starts_at_its_beginning() -> None:
    """Means just beyond the cuts: after a tenth of the way to the middle they are there already."""
    smallest, middle = torch.tensor([0]), torch.tensor([SPACE.size // 2])
    assert interpolation_betweenness(TIMID, smallest, middle) == 1
    starts = torch.tensor([1, 0])
    assert interpolation_betweenness(FORGETFUL, starts, torch.tensor([3, 3])) == 0.5


def test_the_path_ends_at_the_second_code() -> None:
    """A step further and the means would have left the range in which the model still answers."""
    first, second = torch.tensor([SPACE.size // 2]), torch.tensor([SPACE.size - 1])
    assert interpolation_betweenness(BOUNDED, first, second) == 1


def test_a_share_of_tables_counts_whole_tables() -> None:
    decoded = torch.tensor([[1, 1], [1, 0], [1, 1]], dtype=torch.uint8)
    assert _same(decoded, torch.ones(3, 2)) == pytest.approx(2 / 3)


@dataclass(frozen=True)
class Shown:
    """Codes that are the tables themselves, of alphabets that differ; it keeps what it was shown."""

    space: ProductSpace
    tables: list[Tensor]

    @property
    def latent_dim(self) -> int:
        return self.space.cells

    def encode_gaussian(self, tables: Tensor) -> tuple[Tensor, Tensor]:
        self.tables.append(tables)
        return tables, torch.zeros_like(tables)

    def decode_logits(self, z: Tensor) -> Tensor:
        return -(z.unsqueeze(-1) - self.space.lowest - torch.arange(self.space.base)).square()


def test_cells_of_any_alphabet_change_to_others_of_its_symbols() -> None:
    space = space_of("01^2xACG^1xACGT^2")
    model, rows = Shown(space, []), torch.arange(0, 192).repeat(40)
    with fixed_threads(1):  # or else chunks may be shown in any order
        found = noise_response(model, rows, flips=space.cells, generator=torch.Generator().manual_seed(0))
    assert found == NoiseResponse(to_given=1.0, to_clean=0.0)
    given = (torch.cat(model.tables) - space.lowest).long()
    change = (given - positions_of(space, rows)) % torch.tensor(space.bases)
    # A change is drawn for the largest alphabet, and folded where a smaller one has fewer.
    due = {2: [0, 1], 3: [0, 2 / 3, 1 / 3], 4: [0, 1 / 3, 1 / 3, 1 / 3]}
    for cell, base in enumerate(space.bases):
        shares = change[:, cell].bincount(minlength=base) / len(rows)
        assert shares.tolist() == pytest.approx(due[base], abs=0.03)


@pytest.mark.parametrize("name", ["01^2x012^1", "01234^2"])
def test_symbols_that_cannot_all_be_permuted_are_refused(name: str) -> None:
    with refused(MeasurementError, "unsupported", "cannot all be permuted alike", "of up to 4 symbols"):
        symmetry_response(Shown(space_of(name), []), torch.arange(12))
