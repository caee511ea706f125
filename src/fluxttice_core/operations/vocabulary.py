"""Names of properties, symmetries and forms of export, with what each says, importable without NumPy."""

from typing import NamedTuple

_ANY, _SEVERAL = (1, 2, 3), (2, 3)


class Term(NamedTuple):
    """A name and what it says of a two-input operation f; `ternary` where it needs exactly three values.

    `inputs` are the numbers of inputs for which it is defined, by the same law of more inputs or of one.
    """

    name: str
    statement: str
    ternary: bool = False
    inputs: tuple[int, ...] = (2,)


PROPERTIES = (
    Term("commutative", "f(a, b) = f(b, a)", inputs=_SEVERAL),
    Term("idempotent", "f(a, a) = a", inputs=_SEVERAL),
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
    Term("monotone", "a <= a' and b <= b' imply f(a, b) <= f(a', b')", inputs=_ANY),
    Term("monotone-around-minus", "monotone for the chain 0 < -1 < +1", ternary=True, inputs=_ANY),
    Term("monotone-around-plus", "monotone for the chain -1 < +1 < 0", ternary=True, inputs=_ANY),
    Term(
        "kleene-regular", "monotone for the information order, 0 below -1 and +1", ternary=True, inputs=_ANY
    ),
    Term("t-norm", "monotone, associative, commutative, with the greatest value as identity"),
    Term("t-conorm", "monotone, associative, commutative, with the least value as identity"),
    Term("self-dual", "f(-a, -b) = -f(a, b)", inputs=_ANY),
    Term("cyclic", "f(a + 1, b + 1) = f(a, b) + 1, cyclically", inputs=_ANY),
    Term("homogeneous", "commutes with every permutation of the values", inputs=_ANY),
    Term("even", "f(-a, -b) = f(a, b)", inputs=_ANY),
    Term("affine", "f(a, b) = c0 + c1 a + c2 b modulo 3", ternary=True, inputs=_ANY),
    Term("boolean-preserving", "maps {-1, +1} to itself", ternary=True, inputs=_ANY),
    Term("zero-preserving", "f(0, 0) = 0", ternary=True, inputs=_ANY),
    Term("surjective", "every value is an output", inputs=_ANY),
    Term("balanced", "every value is the output of equally many cells", inputs=_ANY),
    Term("two-valued", "exactly two values are outputs", inputs=_ANY),
    Term("constant", "depends on no input", inputs=_ANY),
    Term("one-input", "depends on exactly one input", inputs=_SEVERAL),
    Term("both-inputs", "depends on both inputs"),
    Term("without-subalgebra", "no non-empty proper subset of the values is closed under f", inputs=_ANY),
    Term("simple", "no congruence but the two trivial ones", inputs=_ANY),
    Term("rigid", "no automorphism but the identity", inputs=_ANY),
    Term("sheffer", "generates every operation alone", inputs=_SEVERAL),
)
"""Every property of two-input operations, in the order in which reports list them."""

FURTHER_PROPERTIES = (
    Term("involution", "f(f(a)) = a", inputs=(1,)),
    Term("retraction", "f(f(a)) = f(a)", inputs=(1,)),
    Term("all-inputs", "depends on every input", inputs=(3,)),
    Term("majority", "f(a, a, b) = f(a, b, a) = f(b, a, a) = a", inputs=(3,)),
    Term("minority", "f(a, a, b) = f(a, b, a) = f(b, a, a) = b", inputs=(3,)),
    Term("maltsev", "f(a, b, b) = f(b, b, a) = a", inputs=(3,)),
)
"""Properties of operations of one input, or of three."""

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

EXPORTS = {
    "verilog": ("v", "text/x-verilog"),
    "latex": ("tex", "text/x-tex"),
    "markdown": ("md", "text/markdown"),
    "svg": ("svg", "image/svg+xml"),
    "png": ("png", "image/png"),
}
"""The forms in which an operation is written for others: the ending of the file, and its media type."""
