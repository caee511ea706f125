"""All that is known of one ternary operation, gathered for a page or a terminal."""

from dataclasses import asdict, dataclass
from functools import cache
from itertools import permutations
from typing import Any

import numpy as np
from jaxtyping import Bool

from fluxttice_core.operations import dependence, identities, structure
from fluxttice_core.operations.algebra import properties_of
from fluxttice_core.operations.catalogue import NamedOperation, named_operations
from fluxttice_core.operations.cellwise import TERNARY, grid
from fluxttice_core.operations.clones import clone_memberships, maximal_clones
from fluxttice_core.operations.distance import neighbours
from fluxttice_core.operations.symmetry import class_sizes, representatives
from fluxttice_core.operations.vocabulary import SYMMETRIES
from fluxttice_core.operations.written_forms import heptavintimal, rewritten


@dataclass(frozen=True)
class Algebra:
    """The algebra ({-1, 0, +1}, f), values as symbols; `None` where there is no such value."""

    identity: int | None
    zero: int | None
    essential_inputs: tuple[str, ...]
    value_counts: dict[str, int]
    subalgebras: tuple[tuple[int, ...], ...]
    congruences: tuple[tuple[tuple[int, ...], ...], ...]
    automorphisms: tuple[tuple[int, ...], ...]
    """Images of -1, 0 and +1, the identity first."""
    maximal_clones: tuple[str, ...]


@dataclass(frozen=True)
class SymmetryClass:
    """The class of the operation under one symmetry: its least index and its size."""

    symmetry: str
    representative: int
    size: int


@dataclass(frozen=True)
class Portrait:
    """One two-input ternary operation, with its names, properties, classes and neighbours."""

    index: int
    string: str
    table: tuple[tuple[int, ...], ...]
    names: tuple[NamedOperation, ...]
    properties: dict[str, bool]
    algebra: Algebra
    classes: tuple[SymmetryClass, ...]
    neighbours: tuple[int, ...]
    """Indices of the 18 operations that differ in one cell."""
    named_neighbours: tuple[NamedOperation, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the portrait as values that JSON can hold."""
        return {
            "index": self.index,
            "string": self.string,
            "heptavintimal": heptavintimal(self.index),
            "digits": rewritten(self.string, "012"),
            "truth_values": rewritten(self.string, "fut"),
            "table": [list(row) for row in self.table],
            "names": [_named_to_json(named) for named in self.names],
            "properties": self.properties,
            "algebra": asdict(self.algebra),
            "classes": [asdict(one) for one in self.classes],
            "neighbours": list(self.neighbours),
            "named_neighbours": [
                {"name": named.name, "index": named.operation.index} for named in self.named_neighbours
            ],
        }


def portrait(index: int) -> Portrait:
    """Gather all that is known of one operation.

    Example:
        >>> minimum = portrait(15633)
        >>> minimum.string, [named.name for named in minimum.names], minimum.algebra.identity
        ('----00-0+', ['min'], 1)

    Raises:
        OperationError: If the index is out of range.
    """
    table = TERNARY.tables(index).reshape(TERNARY.shape)
    near = neighbours(index)
    return Portrait(
        index=int(index),
        string=TERNARY.string(index),
        table=tuple(tuple(row) for row in table.tolist()),
        names=tuple(named for named in named_operations() if named.operation.index == index),
        properties=properties_of(index),
        algebra=_algebra(index),
        classes=tuple(
            SymmetryClass(
                term.name, int(representatives(term.name)[index]), int(class_sizes(term.name)[index])
            )
            for term in SYMMETRIES
        ),
        neighbours=tuple(near.tolist()),
        named_neighbours=tuple(named for named in named_operations() if named.operation.index in near),
    )


@cache
def algebra_rows() -> dict[str, tuple[tuple[Any, ...], Bool[np.ndarray, "n K"]]]:
    """For the fields of `Algebra` that are so made: what a field may hold, and which operations have it.

    Example:
        >>> values, holds = algebra_rows()["identity"]
        >>> values, holds[:, 15633].tolist()
        ((-1, 0, 1), [False, False, True])
    """
    f = grid(TERNARY)
    subsets, partitions = structure.proper_subsets(3), structure.proper_partitions(3)
    images = list(permutations(range(3)))
    return {
        "identity": (TERNARY.symbols, identities.identities(f)),
        "zero": (TERNARY.symbols, identities.zeros(f)),
        "essential_inputs": (("a", "b"), dependence.essential_arguments(f)),
        "subalgebras": (
            tuple(map(_symbols, subsets)),
            np.stack([structure.closed_under(f, one) for one in subsets]),
        ),
        "congruences": (
            tuple(map(_blocks, partitions)),
            np.stack([structure.compatible_with(f, one) for one in partitions]),
        ),
        "automorphisms": (
            tuple(map(_symbols, images)),
            np.stack([dependence.commutes_with(f, one) for one in images]),
        ),
        "maximal_clones": (tuple(clone.name for clone in maximal_clones(3)), clone_memberships()),
    }


def _algebra(index: int) -> Algebra:
    held: dict[str, Any] = {
        name: tuple(value for value, holds in zip(values, rows[:, index], strict=True) if holds)
        for name, (values, rows) in algebra_rows().items()
    }
    counts = np.bincount(TERNARY.tables(index) - TERNARY.symbols[0], minlength=3).tolist()
    held |= {name: next(iter(held[name]), None) for name in ("identity", "zero")}
    outputs = {str(value): count for value, count in zip(TERNARY.symbols, counts, strict=True)}
    return Algebra(**held, value_counts=outputs)


def _blocks(partition: structure.Partition) -> tuple[tuple[int, ...], ...]:
    return tuple(_symbols([x for x in range(3) if partition[x] == block]) for block in sorted(set(partition)))


def _symbols(positions: list[int] | tuple[int, ...]) -> tuple[int, ...]:
    return tuple(TERNARY.symbols[position] for position in positions)


def _named_to_json(named: NamedOperation) -> dict[str, Any]:
    return {
        "name": named.name,
        "aliases": list(named.aliases),
        "formula": named.formula,
        "source": named.source,
    }
