"""Operations of one to three inputs, held against definitions written down in plain Python."""

from collections.abc import Callable
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxttice_core.errors import OperationError
from fluxttice_core.operations import completeness, portrait, read_operation, shortest_expression
from fluxttice_core.operations.algebra import holds, properties_of, property_names
from fluxttice_core.operations.composition import compose
from fluxttice_core.operations.operation import Operation
from fluxttice_core.operations.reading import read_basis
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.refusals import refused

V = (-1, 0, 1)
ONE, TWO, THREE = (OperationSpace(arity=inputs) for inputs in (1, 2, 3))
MEDIAN = "max(max(min(a, b), min(b, c)), min(a, c))"


class Table:
    """An operation as a dictionary of its inputs, and what can be asked of it."""

    def __init__(self, space: OperationSpace, index: int) -> None:
        self.n = space.arity
        self.f = dict(zip(product(V, repeat=self.n), space.tables(index).tolist(), strict=True))
        self.outputs = set(self.f.values())

    def __call__(self, *x: int) -> int:
        return int(self.f[x])

    def monotone(self, below: Callable[[int, int], bool]) -> bool:
        pairs = [(x, y) for x in self.f for y in self.f if all(map(below, x, y))]
        return all(below(self(*x), self(*y)) for x, y in pairs)

    def commutes(self, s: dict[int, int]) -> bool:
        return all(self(*(s[v] for v in x)) == s[y] for x, y in self.f.items())

    def depends_on(self) -> int:
        changed = [[x for x in self.f if self(*x) != self(*x[:k], -1, *x[k + 1 :])] for k in range(self.n)]
        return sum(map(bool, changed))

    def closed(self) -> bool:
        subsets = [{-1}, {0}, {1}, {-1, 0}, {-1, 1}, {0, 1}]
        return any(all(self(*x) in s for x in product(s, repeat=self.n)) for s in subsets)

    def congruence(self, x: int, y: int) -> bool:
        block = {x: x, y: x, -x - y: -x - y}
        like = [(p, q) for p in self.f for q in self.f if [block[v] for v in p] == [block[v] for v in q]]
        return all(block[self(*p)] == block[self(*q)] for p, q in like)

    def affine(self) -> bool:
        return any(
            all((sum(c * v for c, v in zip(cs, x, strict=True)) + c0 - y) % 3 == 0 for x, y in self.f.items())
            for c0, *cs in product(V, repeat=self.n + 1)
        )


def ranked(*order: int) -> Callable[[int, int], bool]:
    return lambda x, y: order.index(x) <= order.index(y)


SYMMETRIC_GROUP = [dict(zip(V, image, strict=True)) for image in permutations(V)]
NEGATION, CYCLE = {-1: 1, 0: 0, 1: -1}, {-1: 0, 0: 1, 1: -1}
DEFINITIONS: dict[str, Callable[[Table], bool]] = {
    "commutative": lambda f: all(f(*x) == f(*o) for x in f.f for o in permutations(x)),
    "idempotent": lambda f: all(f(*[v] * f.n) == v for v in V),
    "monotone": lambda f: f.monotone(ranked(-1, 0, 1)),
    "monotone-around-minus": lambda f: f.monotone(ranked(0, -1, 1)),
    "monotone-around-plus": lambda f: f.monotone(ranked(-1, 1, 0)),
    "kleene-regular": lambda f: f.monotone(lambda x, y: x in (0, y)),
    "self-dual": lambda f: f.commutes(NEGATION),
    "cyclic": lambda f: f.commutes(CYCLE),
    "homogeneous": lambda f: all(map(f.commutes, SYMMETRIC_GROUP)),
    "even": lambda f: all(f(*(-v for v in x)) == y for x, y in f.f.items()),
    "affine": lambda f: f.affine(),
    "boolean-preserving": lambda f: all(f(*x) != 0 for x in product((-1, 1), repeat=f.n)),
    "zero-preserving": lambda f: f(*[0] * f.n) == 0,
    "surjective": lambda f: len(f.outputs) == 3,
    "balanced": lambda f: [*f.f.values()].count(0) == [*f.f.values()].count(1) == 3 ** (f.n - 1),
    "two-valued": lambda f: len(f.outputs) == 2,
    "constant": lambda f: len(f.outputs) == 1,
    "one-input": lambda f: f.depends_on() == 1,
    "all-inputs": lambda f: f.depends_on() == f.n,
    "without-subalgebra": lambda f: not f.closed(),
    "simple": lambda f: not any(f.congruence(x, y) for x, y in [(-1, 0), (-1, 1), (0, 1)]),
    "rigid": lambda f: [*map(f.commutes, SYMMETRIC_GROUP)].count(True) == 1,
    "involution": lambda f: all(f(f(v)) == v for v in V),
    "retraction": lambda f: all(f(f(v)) == f(v) for v in V),
    "majority": lambda f: all({f(a, a, b), f(a, b, a), f(b, a, a)} == {a} for a in V for b in V),
    "minority": lambda f: all({f(a, a, b), f(a, b, a), f(b, a, a)} == {b} for a in V for b in V),
    "maltsev": lambda f: all(f(a, b, b) == a == f(b, b, a) for a in V for b in V),
}
DEFINITIONS_OF_TWO: dict[str, Callable[[Table], bool]] = {
    "associative": lambda f: all(f(f(a, b), c) == f(a, f(b, c)) for a, b, c in product(V, repeat=3)),
    "left-identity": lambda f: any(all(f(e, x) == x for x in V) for e in V),
    "right-identity": lambda f: any(all(f(x, e) == x for x in V) for e in V),
    "identity": lambda f: any(all(f(e, x) == x == f(x, e) for x in V) for e in V),
    "zero": lambda f: any(all(f(z, x) == z == f(x, z) for x in V) for z in V),
    "permuting-rows": lambda f: all({f(a, x) for x in V} == set(V) for a in V),
    "latin-square": lambda f: all({f(a, x) for x in V} == set(V) == {f(x, a) for x in V} for a in V),
    "both-inputs": lambda f: f.depends_on() == 2,
    **{name: judge for name, judge in DEFINITIONS.items() if name in property_names(TWO)},
}
SAMPLES = [
    *(MEDIAN, "mod-sum(mod-sum(a, b), c)", "mod-sum(mod-difference(a, b), c)", "min(min(a, b), c)", "a"),
    *("webb(webb(a, b), c)", "carry(a, carry(b, c))", "max(a, c)", "possibly b", "0", "not c"),
]


def test_all_operations_of_one_input_are_judged_by_definition() -> None:
    tables = [Table(ONE, index) for index in range(27)]
    for name in property_names(ONE):
        assert holds(name, ONE).tolist() == [DEFINITIONS[name](table) for table in tables], name


@pytest.mark.parametrize("name", DEFINITIONS_OF_TWO)
def test_members_and_non_members_of_two_inputs_meet_the_definition(name: str) -> None:
    members, others = np.flatnonzero(holds(name, TWO)), np.flatnonzero(~holds(name, TWO))
    for index in [*members[:: max(1, members.size // 15)], *others[:: max(1, others.size // 15)]]:
        assert DEFINITIONS_OF_TWO[name](Table(TWO, int(index))) == holds(name, TWO)[index]


@pytest.mark.parametrize("text", SAMPLES)
def test_expressions_of_three_inputs_are_judged_by_definition(text: str) -> None:
    index = read_operation(text if "(" in text else f"first({text}, a)", 3).index
    judged_by_definition(index)


@settings(max_examples=3)
@given(st.integers(0, THREE.size - 1))
def test_operations_of_three_inputs_are_judged_by_definition(index: int) -> None:
    judged_by_definition(index)


def judged_by_definition(index: int) -> None:
    found, table = properties_of(index, THREE), Table(THREE, index)
    sheffer = found.pop("sheffer")
    assert found == {name: DEFINITIONS[name](table) for name in found}
    assert sheffer == completeness([Operation(THREE, index)]).complete


def test_what_is_known_of_operations_of_three_inputs() -> None:
    median = properties_of(read_operation(MEDIAN, 3).index, THREE)
    assert all(median[name] for name in ("majority", "monotone", "self-dual", "commutative"))
    group = properties_of(read_operation("mod-sum(mod-difference(a, b), c)", 3).index, THREE)
    assert [name for name in ("maltsev", "affine", "minority", "majority") if group[name]] == [
        "maltsev",
        "affine",
    ]
    webb = read_operation("webb(max(a, b), c)", 3)
    assert properties_of(webb.index, THREE)["sheffer"]


def test_classes_of_three_inputs_are_closed_under_their_symmetry() -> None:
    seen = portrait(read_operation(MEDIAN, 3).index, THREE)
    sizes = {one.symmetry: one.size for one in seen.classes}
    assert (sizes["swap"], sizes["isomorphism"], sizes["sign-npn"]) == (1, 3, 8)
    again = portrait(seen.classes[-1].representative, THREE)
    assert again.classes[-1] == seen.classes[-1]


@pytest.mark.parametrize(
    ("text", "basis", "size"),
    [(MEDIAN, "min max", 4), (MEDIAN, "min not", 9), ("mod-sum(c, mod-sum(b, a))", "mod-sum", 2)],
)
def test_operations_of_three_inputs_are_written_with_others(text: str, basis: str, size: int) -> None:
    target = read_operation(text, 3)
    found = shortest_expression(target, read_basis(basis.split()))
    assert found.expression is not None
    assert found.expression.size == size
    assert found.expression.tabulate(THREE).index == target.index


def test_no_shorter_expression_of_the_median_exists() -> None:
    """All lattice terms of fewer operations, composed one by one, are other operations."""
    target, lattice = read_operation(MEDIAN, 3), read_basis(["min", "max"])
    known = [[read_operation(name, 3) for name in ("first(a, a)", "first(b, a)", "first(c, a)")]]
    for size in range(1, 4):
        pairs = [(known[k], known[size - 1 - k]) for k in range(size)]
        terms = [compose(f, g, h) for f in lattice for left, right in pairs for g in left for h in right]
        known.append([*{term.index: term for term in terms}.values()])
        assert target.index not in {term.index for term in known[-1]}


def test_a_search_among_three_inputs_says_why_it_ends() -> None:
    target = read_operation("webb(a, mod-product(b, c))", 3)
    impossible = shortest_expression(target, read_basis(["min", "max"]))
    assert (impossible.exhausted, impossible.reached) == (True, 18)  # the free distributive lattice
    assert "the basis generates 18 operations" in str(impossible)
    costly = shortest_expression(target, read_basis(["min", "mod-sum"]), pair_limit=1_000)
    assert (costly.expression, costly.exhausted, costly.costly) == (None, False, True)
    assert "pair_limit" in str(costly)


def test_portraits_are_of_three_values() -> None:
    with refused(OperationError, "unsupported", "not of the operations of 2 inputs on 2 values"):
        portrait(6, OperationSpace(2))
