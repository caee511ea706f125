"""Two halves side by side: what each reaches, what both reach, and where their decoders agree."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.coverage import Source
from fluxttice_core.metrics.decoding import decode_positions
from fluxttice_core.metrics.metric import Figure, FigureMaker
from fluxttice_core.metrics.perfect import uneven
from fluxttice_core.metrics.protocols import Decodable
from fluxttice_core.metrics.sampling import DECODE_CHUNK, DecoderSampler, IndexSampler, prior_chunks
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.model.random_streams import measurement_stream
from fluxttice_core.shapes import Int64
from fluxttice_core.spaces.target import Target

_REPEATS_AT_LEAST = 2


@dataclass(frozen=True)
class SetComparison:
    """Two sets of operations, by their sizes."""

    first: int
    second: int
    union: int

    @property
    def intersection(self) -> int:
        """Operations in both sets."""
        return self.first + self.second - self.union

    @property
    def jaccard_similarity(self) -> float:
        """Share of the union that is in both sets; 1 for two empty sets."""
        return self.intersection / self.union if self.union else 1.0

    @property
    def jaccard_distance(self) -> float:
        """Share of the union that is in one set only."""
        return 1.0 - self.jaccard_similarity


@dataclass(frozen=True)
class Agreement:
    """Latents that two decoders read, cell by cell, as the same operation."""

    draws: int
    same_tables: int
    same_cells: int
    cells: int

    @property
    def table_agreement(self) -> float:
        """Share of the latents with equal tables."""
        return self.same_tables / self.draws

    @property
    def trit_agreement(self) -> float:
        """Share of equal cells."""
        return self.same_cells / (self.draws * self.cells)


def compare_sets(first: Int64[Tensor, "n"], second: Int64[Tensor, "m"]) -> SetComparison:
    r"""Compare two samples as sets, of spaces of any size.

    .. math:: J = \frac{|S \cap T|}{|S \cup T|}

    Example:
        >>> both = compare_sets(torch.tensor([1, 2, 2, 3]), torch.tensor([3, 4]))
        >>> both.union, both.jaccard_similarity
        (4, 0.25)
    """
    left, right = torch.unique(first), torch.unique(second)
    return SetComparison(len(left), len(right), len(torch.unique(torch.cat((left, right)))))


def compare_samplers(
    first: IndexSampler,
    second: IndexSampler,
    draws: int,
    *,
    generator: torch.Generator,
    target: Target | None = None,
) -> SetComparison:
    """Compare what two generators reach, of a target's support if any, with as many independent draws each.

    Raises:
        MeasurementError: If the generators are of different spaces.

    Example:
        >>> import fluxttice_core as fx
        >>> space, g = fx.OperationSpace(base=2), torch.Generator().manual_seed(0)
        >>> uniform, half = fx.evaluation.UniformSampler(space), fx.evaluation.HalfSupportSampler(space)
        >>> compare_samplers(uniform, half, 1000, generator=g).union
        16
    """
    if first.space != second.space:
        raise MeasurementError(
            "two generators of different spaces have no operations in common to compare", "space_mismatch"
        )
    samples = first.sample(draws, generator), second.sample(draws, generator)
    if (target := uneven(target, first.space)) is None:
        return compare_sets(*samples)
    rows = torch.from_numpy(target.rows).to(generator.device)
    return compare_sets(*(drawn[torch.isin(drawn, rows)] for drawn in samples))


def agreement(first: Decodable, second: Decodable, draws: int, *, generator: torch.Generator) -> Agreement:
    r"""Count how often two decoders give the same operation for the same latent.

    .. math:: \Pr_{z \sim p}[\arg\max p_A(\cdot \mid z) = \arg\max p_B(\cdot \mid z)]

    Halves trained with separate latents need not agree at all: their latents carry no common meaning.

    Raises:
        MeasurementError: If the decoders do not fit each other, or there are no draws.

    Example:
        >>> import fluxttice_core as fx
        >>> oracle = fx.evaluation.QuantileLookup(fx.OperationSpace())
        >>> agreement(oracle, oracle, 100, generator=torch.Generator().manual_seed(0)).table_agreement
        1.0
    """
    check_fit(first, second)
    if draws < 1:
        raise MeasurementError("agreement needs at least one latent", "too_few")
    tables = cells = 0
    for z in prior_chunks(first.latent_dim, draws, generator, chunk=DECODE_CHUNK):
        with torch.inference_mode():
            same = decode_positions(first.decode_logits(z)) == decode_positions(second.decode_logits(z))
        tables += int(same.all(-1).sum())
        cells += int(same.sum())
    return Agreement(draws, tables, cells, first.space.cells)


def check_fit(first: Decodable, second: Decodable) -> None:
    """Refuse two decoders that cannot read the same latent."""
    if first.space != second.space or first.latent_dim != second.latent_dim:
        raise MeasurementError(
            "two decoders can only be combined when they have the same space and latent dimensions, not "
            f"{first.latent_dim} and {second.latent_dim} dimensions of spaces of {first.space.size:,} and "
            f"{second.space.size:,} operations",
            "space_mismatch",
        )


def set_figures(
    first: Source, second: Source, settings: MeasurementSettings, target: Target | None = None
) -> Iterator[Figure]:
    """Union and overlap of what the halves reach with the headline budget each, by argmax."""
    of_a, of_b = (DecoderSampler(one) if isinstance(one, Decodable) else one for one in (first, second))
    budget = settings.headline
    generator = measurement_stream(settings.seed, "pair", "sets", device=settings.device)
    repeats = max(_REPEATS_AT_LEAST, settings.long_repeats)
    target = uneven(target, first.space)
    found = [compare_samplers(of_a, of_b, budget, generator=generator, target=target) for _ in range(repeats)]
    size = first.space.size if target is None else len(target.rows)
    make = FigureMaker("pair", first.space.size, settings, target=target)
    for name, values in (
        ("coverage_of_a", [sets.first / size for sets in found]),
        ("coverage_of_b", [sets.second / size for sets in found]),
        ("union", [sets.union / size for sets in found]),
        ("jaccard_similarity", [sets.jaccard_similarity for sets in found]),
        ("jaccard_distance", [sets.jaccard_distance for sets in found]),
    ):
        yield make.shares(f"{name}/argmax/{budget}", values)


def agreement_figures(first: Decodable, second: Decodable, settings: MeasurementSettings) -> Iterator[Figure]:
    """How often both decoders read the same latent as the same table, and the same cell."""
    generator = measurement_stream(settings.seed, "pair", "agreement", device=settings.device)
    repeats, draws = max(_REPEATS_AT_LEAST, settings.long_repeats), settings.headline
    found = [agreement(first, second, draws, generator=generator) for _ in range(repeats)]
    make = FigureMaker("pair", first.space.size, settings)
    yield make.shares(f"agreement/tables/{draws}", [one.table_agreement for one in found])
    yield make.shares(f"agreement/trits/{draws}", [one.trit_agreement for one in found])
