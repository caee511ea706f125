"""All that is known of one ternary operation, gathered for a page or a terminal."""

from dataclasses import asdict, dataclass
from itertools import permutations
from typing import Any

import numpy as np

from fluxttice_core.errors import OperationError
from fluxttice_core.operations import dependence, identities, structure
from fluxttice_core.operations.algebra import properties_of
from fluxttice_core.operations.catalogue import NamedOperation, named_operations
from fluxttice_core.operations.cellwise import TERNARY, grid
from fluxttice_core.operations.clones import clone_memberships, maximal_clones
from fluxttice_core.operations.composition import VARIABLES
from fluxttice_core.operations.distance import neighbours
from fluxttice_core.operations.symmetry import orbit
from fluxttice_core.operations.vocabulary import SYMMETRIES
from fluxttice_core.operations.written_forms import heptavintimal, rewritten
from fluxttice_core.shapes import Bool, Integer
from fluxttice_core.spaces.operation_space import OperationSpace


@dataclass(frozen=True)
class Algebra:
    """The algebra ({-1, 0, +1}, f), values as symbols; `None` where there is no such value.

    An identity and a zero are asked for of two inputs only.
    """

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
    """One ternary operation of one to three inputs, with its names, properties, classes and neighbours."""

    space: OperationSpace
    index: int
    string: str
    table: tuple[tuple[int, ...], ...]
    """The outputs for each value of the last input, a row for all others."""
    names: tuple[NamedOperation, ...]
    properties: dict[str, bool]
    algebra: Algebra
    classes: tuple[SymmetryClass, ...]
    neighbours: tuple[int, ...]
    """Indices of the operations that differ in one cell: two for each."""
    named_neighbours: tuple[NamedOperation, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the portrait as values that JSON can hold."""
        return {
            "index": self.index,
            "string": self.string,
            "heptavintimal": heptavintimal(self.index, self.space.cells),
            "digits": rewritten(self.string, "012"),
            "truth_values": rewritten(self.string, "fut"),
            "table": np.reshape(self.table, self.space.shape).tolist(),
            "names": [_named_to_json(named) for named in self.names],
            "properties": self.properties,
            "algebra": {
                name: value
                for name, value in asdict(self.algebra).items()
                if self.space.arity == 2 or name not in ("identity", "zero")
            },
            "classes": [asdict(one) for one in self.classes],
            "neighbours": list(self.neighbours),
            "named_neighbours": [
                {"name": named.name, "index": named.operation.index} for named in self.named_neighbours
            ],
        }


def portrait(index: int, space: OperationSpace = TERNARY) -> Portrait:
    """Gather all that is known of one operation.

    Example:
        >>> minimum = portrait(15633)
        >>> minimum.string, [named.name for named in minimum.names], minimum.algebra.identity
        ('----00-0+', ['min'], 1)
        >>> [name for name, holds in portrait(5, OperationSpace(arity=1)).properties.items() if holds][:2]
        ['kleene-regular', 'self-dual']

    Raises:
        OperationError: If the index is out of range, or the operations are not on three values.
    """
    if space.base != 3:
        raise OperationError(
            f"portraits are of operations on three values, not of {space.describe()}", "unsupported"
        )
    near = neighbours(index, space=space)
    named = named_operations(space.arity)
    classes = {term.name: orbit(term.name, index, space) for term in SYMMETRIES}
    return Portrait(
        space=space,
        index=int(index),
        string=space.string(index),
        table=tuple(tuple(row) for row in space.tables(index).reshape(-1, 3).tolist()),
        names=tuple(one for one in named if one.operation.index == index),
        properties=properties_of(index, space),
        algebra=_algebra(index, space),
        classes=tuple(SymmetryClass(name, int(found[0]), found.size) for name, found in classes.items()),
        neighbours=tuple(near.tolist()),
        named_neighbours=tuple(one for one in named if one.operation.index in near),
    )


def algebra_rows(
    space: OperationSpace = TERNARY, indices: Integer[np.ndarray, "n"] | None = None
) -> dict[str, tuple[tuple[Any, ...], Bool[np.ndarray, "values n"]]]:
    """For the fields of `Algebra` that are so made: what a field may hold, and which operations have it.

    Example:
        >>> values, holds = algebra_rows()["identity"]
        >>> values, holds[:, 15633].tolist()
        ((-1, 0, 1), [False, False, True])
    """
    f = grid(space, indices)
    subsets, partitions = structure.proper_subsets(3), structure.proper_partitions(3)
    images = list(permutations(range(3)))
    of_two = {"identity": identities.identities, "zero": identities.zeros} if space.arity == 2 else {}
    return {name: (space.symbols, judge(f)) for name, judge in of_two.items()} | {
        "essential_inputs": (VARIABLES[: space.arity], dependence.essential_arguments(f)),
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
        "maximal_clones": (
            tuple(clone.name for clone in maximal_clones(3)),
            clone_memberships(space, indices),
        ),
    }


def _algebra(index: int, space: OperationSpace) -> Algebra:
    held: dict[str, Any] = {
        name: tuple(value for value, holds in zip(values, rows[:, 0], strict=True) if holds)
        for name, (values, rows) in algebra_rows(space, np.array([index])).items()
    }
    counts = np.bincount(space.tables(index) - space.symbols[0], minlength=3).tolist()
    sole: dict[str, Any] = {name: next(iter(held.pop(name, ())), None) for name in ("identity", "zero")}
    outputs = {str(value): count for value, count in zip(space.symbols, counts, strict=True)}
    return Algebra(**sole, **held, value_counts=outputs)


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
