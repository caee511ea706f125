from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.catalogue import find_named
from fluxttice_core.operations.cellwise import TERNARY
from fluxttice_core.operations.clones import completeness
from fluxttice_core.operations.composition import Variable, compose
from fluxttice_core.operations.expressions import shortest_expression
from fluxttice_core.operations.operation import Operation
from fluxttice_core.operations.reading import read_operation
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.refusals import refused

BOOLEAN = OperationSpace(2)


def basis(*names: str) -> list[Operation]:
    found = [find_named(name) or find_named(name, 1) for name in names]
    return [named.operation for named in found if named is not None]


def sizes_by_growing(space: OperationSpace, operations: list[Operation], largest: int) -> dict[int, int]:
    """Find the least size of every operation by building all trees, in plain Python."""
    tables = {f: f.table.tolist() for f in operations}
    low = space.symbols[0]
    levels = [{tuple(column) for column in space.inputs().T.tolist()}]
    for size in range(1, largest + 1):
        level: set[tuple[int, ...]] = set()
        for f, table in tables.items():
            if f.space.arity == 1:
                level |= {tuple(table[x - low] for x in g) for g in levels[size - 1]}
                continue
            for small in range(size):
                for g, h in product(levels[small], levels[size - 1 - small]):
                    level.add(
                        tuple(table[space.base * (x - low) + y - low] for x, y in zip(g, h, strict=True))
                    )
        levels.append(level)
    least: dict[int, int] = {}
    for size, level in enumerate(levels):
        for table in level:
            least.setdefault(sum((x - low) * space.base**p for p, x in enumerate(table)), size)
    return least


@pytest.mark.parametrize(
    "names", [("webb",), ("min", "negation"), ("mod-sum", "mod-product"), ("min", "max", "post-negation")]
)
def test_no_shorter_expression_exists(names: tuple[str, ...]) -> None:
    chosen = basis(*names)
    least = sizes_by_growing(TERNARY, chosen, largest=4)
    for index, size in sorted(least.items())[::5]:
        found = shortest_expression(Operation(TERNARY, index), chosen).expression
        assert found is not None
        assert found.size == size
        assert found.tabulate(TERNARY).index == index


@given(target=st.integers(0, 15), pair=st.tuples(st.integers(0, 15), st.integers(0, 15)))
def test_boolean_expressions_exist_exactly_where_the_operations_generate_the_target(
    target: int, pair: tuple[int, int]
) -> None:
    chosen = [Operation(BOOLEAN, index) for index in pair]
    least = sizes_by_growing(BOOLEAN, chosen, largest=6)
    found = shortest_expression(Operation(BOOLEAN, target), chosen)
    assert (found.expression is not None) or found.exhausted
    if target in least:
        assert found.expression is not None
        assert found.expression.size == least[target]
    elif found.expression is not None:
        assert found.expression.size > 6
    if completeness(chosen).complete:
        assert found.expression is not None


@pytest.mark.parametrize("name", ["min", "mod-sum", "lukasiewicz-implication", "consensus", "constant-zero"])
def test_a_sheffer_operation_writes_every_operation(name: str) -> None:
    target = read_operation(name)
    found = shortest_expression(target, basis("webb"))
    assert found.expression is not None
    assert found.expression.tabulate(TERNARY).index == target.index
    assert str(found) == f"{name} = {found.expression}"


@pytest.mark.parametrize("generator", [1, 7], ids=["nor", "nand"])
def test_a_size_that_reaches_nothing_new_is_not_the_end(generator: int) -> None:
    chosen = [Operation(BOOLEAN, generator)]
    found = [shortest_expression(Operation(BOOLEAN, index), chosen).expression for index in range(16)]
    sizes = [expression.size for expression in found if expression is not None]
    assert len(sizes) == 16
    assert 4 not in sizes
    assert max(sizes) == 6


def test_an_input_needs_no_operation() -> None:
    found = shortest_expression(read_operation("second"), basis("min"))
    assert str(found) == "second = b"
    assert found.size == 0


def test_what_the_basis_does_not_generate_is_impossible() -> None:
    found = shortest_expression(read_operation("webb"), basis("min", "max", "negation"))
    assert found.expression is None
    assert found.exhausted
    assert found.reached == 82
    assert "webb cannot be expressed: the basis generates 82 operations" in str(found)


def test_a_search_that_meets_its_bounds_says_so() -> None:
    few = shortest_expression(read_operation("mod-sum"), basis("webb"), size_limit=3)
    assert few.expression is None
    assert not few.exhausted
    assert "no expression of mod-sum applies 3 operations or fewer; raise the bounds" in str(few)
    scant = shortest_expression(read_operation("mod-sum"), basis("webb"), pair_limit=100)
    assert scant.expression is None
    assert not scant.exhausted
    assert 0 < scant.size < 11


def test_other_spaces_can_be_searched() -> None:
    space = OperationSpace(2, 3)
    parity = Operation(space, int(space.indices((space.inputs().sum(axis=1) % 2)[None])[0]), "parity")
    found = shortest_expression(parity, [Operation(BOOLEAN, 6, "xor")])
    assert found.expression is not None
    assert found.expression.size == 2
    one = shortest_expression(read_operation("identity", 1), basis("negation"))
    assert str(one) == "identity = a"
    quaternary = OperationSpace(4)
    least = Operation.read(quaternary, quaternary.inputs().min(axis=1)[None], "min")
    both = shortest_expression(compose(least, least, Variable(1).tabulate(quaternary)), [least])
    assert str(both.expression) == "min(a, b)"


def test_what_cannot_be_searched_is_refused() -> None:
    target = read_operation("min")
    with refused(OperationError, "too_few", "needs a basis"):
        shortest_expression(target, [])
    with refused(OperationError, "out_of_range", "at least 1"):
        shortest_expression(target, basis("max"), size_limit=0)
    with refused(OperationError, "space_mismatch", "min is on 3 values, but 1000 on 2"):
        shortest_expression(target, [Operation(BOOLEAN, 1)])
    with refused(OperationError, "unsupported", "has 3 inputs: a basis may have one or two"):
        shortest_expression(Operation(BOOLEAN, 1), [Operation(OperationSpace(2, 3), 1)])
