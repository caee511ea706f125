"""The names of the properties and symmetries, with what each says, importable without NumPy."""

from typing import NamedTuple


class Term(NamedTuple):
    """A name and what it says of a two-input operation f; `ternary` where it needs exactly three values."""

    name: str
    statement: str
    ternary: bool = False


PROPERTIES = (
    Term("commutative", "f(a, b) = f(b, a)"),
    Term("idempotent", "f(a, a) = a"),
    Term("associative", "f(f(a, b), c) = f(a, f(b, c))"),
    Term("band", "associative and idempotent"),
    Term("semilattice", "associative, commutative and idempotent"),
    Term("left-identity", "some e has f(e, x) = x for all x"),
    Term("right-identity", "some e has f(x, e) = x for all x"),
    Term("identity", "some e has f(e, x) = f(x, e) = x for all x"),
    Term("zero", "some z has f(z, x) = f(x, z) = z for all x"),
    Term("monoid", "associative, with an identity"),
    Term("permuting-rows", "x -> f(a, x) is a permutation for every a"),
    Term("latin-square", "every row and column of the table is a permutation"),
    Term("loop", "a Latin square with an identity"),
    Term("group", "an associative Latin square"),
    Term("monotone", "a <= a' and b <= b' imply f(a, b) <= f(a', b')"),
    Term("monotone-around-minus", "monotone for the chain 0 < -1 < +1", ternary=True),
    Term("monotone-around-plus", "monotone for the chain -1 < +1 < 0", ternary=True),
    Term("kleene-regular", "monotone for the information order, 0 below -1 and +1", ternary=True),
    Term("t-norm", "monotone, associative, commutative, with the greatest value as identity"),
    Term("t-conorm", "monotone, associative, commutative, with the least value as identity"),
    Term("self-dual", "f(-a, -b) = -f(a, b)"),
    Term("cyclic", "f(a + 1, b + 1) = f(a, b) + 1, cyclically"),
    Term("homogeneous", "commutes with every permutation of the values"),
    Term("even", "f(-a, -b) = f(a, b)"),
    Term("affine", "f(a, b) = c0 + c1 a + c2 b modulo 3", ternary=True),
    Term("boolean-preserving", "maps {-1, +1} to itself", ternary=True),
    Term("zero-preserving", "f(0, 0) = 0", ternary=True),
    Term("surjective", "every value is an output"),
    Term("balanced", "every value is the output of equally many cells"),
    Term("two-valued", "exactly two values are outputs"),
    Term("constant", "depends on no input"),
    Term("one-input", "depends on exactly one input"),
    Term("both-inputs", "depends on both inputs"),
    Term("without-subalgebra", "no non-empty proper subset of the values is closed under f"),
    Term("simple", "no congruence but the two trivial ones"),
    Term("rigid", "no automorphism but the identity"),
    Term("sheffer", "generates every operation alone"),
)
"""Every property, in the order in which reports list them."""

SYMMETRIES = (
    Term("swap", "exchange of the inputs"),
    Term("isomorphism", "one relabelling of the values, for inputs and output alike"),
    Term("anti-isomorphism", "isomorphism, and exchange of the inputs"),
    Term("sign-np", "negation of either input, and exchange of the inputs"),
    Term("sign-npn", "negation of either input and of the output, and exchange of the inputs"),
    Term("input-relabelling", "a relabelling of each input"),
    Term("isotopy", "a relabelling of each input and of the output"),
    Term("npn", "a relabelling of each input and of the output, and exchange of the inputs"),
)
"""Every symmetry, from few transformations to many."""
