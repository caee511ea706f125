"""The named ternary operations: each a formula over the inputs, with its other names and where it is from."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy import maximum, minimum, sign, where

from fluxttice_core.shapes import Integer

Values = Integer[np.ndarray, "..."]

_KLEENE = "Kleene, On notation for ordinal numbers, J. Symbolic Logic 3 (1938)"
_LUKASIEWICZ = "Lukasiewicz, O logice trojwartosciowej, Ruch Filozoficzny 5 (1920)"
_CHANG = "Chang, Algebraic analysis of many valued logics, Trans. AMS 88 (1958)"
_GOEDEL = "Goedel, Zum intuitionistischen Aussagenkalkuel, Anzeiger Akad. Wiss. Wien 69 (1932)"
_RAUSZER = "Rauszer, Semi-Boolean algebras and their applications, Fund. Math. 83 (1974)"
_SOBOCINSKI = (
    "Sobocinski, Axiomatization of a partial system of three-valued calculus, J. Computing Systems 1 (1952)"
)
_ENTAILMENT = "Anderson and Belnap, Entailment, vol. 1 (1975)"
_BOCHVAR = "Bochvar, Ob odnom trechznacnom iscislenii, Mat. Sbornik 4 (1938)"
_MCCARTHY = "McCarthy, A basis for a mathematical theory of computation (1963)"
_SETTE = "Sette, On the propositional calculus P1, Math. Japonicae 18 (1973)"
_J3 = "D'Ottaviano and da Costa, Sur un probleme de Jaskowski, C. R. Acad. Sci. Paris 270 (1970)"
_POST = "Post, Introduction to a general theory of elementary propositions, Amer. J. Math. 43 (1921)"
_WEBB = "Webb, Generation of any n-valued logic by one binary operation, Proc. Nat. Acad. Sci. 21 (1935)"
_RESCHER = "Rescher, Many-valued Logic (1969)"
_STEIN = "Stein, On the foundations of quasigroups, Trans. AMS 85 (1957)"
_KNUTH = "Knuth, The Art of Computer Programming, vol. 2, section 4.1 (balanced ternary)"
_JONES = "Jones, Standard Ternary Logic (2012)"
_FIELD = "arithmetic of the integers modulo 3"
_ELEMENTARY = "elementary"


class Entry(NamedTuple):
    """A named operation before it is tabulated: `rule` maps arrays of symbols to an array of symbols."""

    name: str
    aliases: tuple[str, ...]
    formula: str
    source: str
    rule: Callable[..., Any]


def _cycle(x: Values) -> Values:
    """Reduce to -1, 0, +1 modulo 3."""
    return np.asarray((x + 1) % 3 - 1)


def _goedel_implication(a: Values, b: Values) -> Values:
    return where(a <= b, 1, b)


def _rm3_implication(a: Values, b: Values) -> Values:
    return np.asarray(where(a <= b, maximum(-a, b), minimum(-a, b)))


def _truth(condition: Any) -> Values:
    return where(condition, 1, -1)


def _unless_unknown(a: Values, b: Values, value: Values) -> Values:
    return where((a == 0) | (b == 0), 0, value)


_LOGIC = (
    Entry("min", ("and", "kleene-and", "goedel-and"), "min(a, b)", _KLEENE, minimum),
    Entry("max", ("or", "kleene-or", "post-or"), "max(a, b)", _KLEENE, maximum),
    Entry("nand", ("kleene-nand",), "-min(a, b)", _KLEENE, lambda a, b: -minimum(a, b)),
    Entry("nor", ("kleene-nor",), "-max(a, b)", _KLEENE, lambda a, b: -maximum(a, b)),
    Entry(
        "kleene-implication", ("implies", "kleene-dienes"), "max(-a, b)", _KLEENE, lambda a, b: maximum(-a, b)
    ),
    Entry(
        "kleene-equivalence",
        ("xnor",),
        "min(max(-a, b), max(-b, a))",
        _KLEENE,
        lambda a, b: minimum(maximum(-a, b), maximum(-b, a)),
    ),
    Entry("kleene-xor", ("xor",), "-a b", _KLEENE, lambda a, b: -a * b),
    Entry(
        "lukasiewicz-implication", (), "min(1, 1 - a + b)", _LUKASIEWICZ, lambda a, b: minimum(1, 1 - a + b)
    ),
    Entry("lukasiewicz-equivalence", (), "1 - |a - b|", _LUKASIEWICZ, lambda a, b: 1 - abs(a - b)),
    Entry(
        "lukasiewicz-and",
        ("strong-and", "bounded-difference"),
        "max(-1, a + b - 1)",
        _CHANG,
        lambda a, b: maximum(-1, a + b - 1),
    ),
    Entry(
        "lukasiewicz-or",
        ("strong-or", "bounded-sum"),
        "min(1, a + b + 1)",
        _CHANG,
        lambda a, b: minimum(1, a + b + 1),
    ),
    Entry("goedel-implication", ("heyting-implication",), "1 if a <= b else b", _GOEDEL, _goedel_implication),
    Entry(
        "goedel-equivalence",
        ("heyting-equivalence",),
        "1 if a = b else min(a, b)",
        _GOEDEL,
        lambda a, b: where(a == b, 1, minimum(a, b)),
    ),
    Entry(
        "goedel-difference",
        ("co-implication",),
        "-1 if a <= b else a",
        _RAUSZER,
        lambda a, b: where(a <= b, -1, a),
    ),
    Entry(
        "rm3-implication",
        ("sobocinski-implication",),
        "max(-a, b) if a <= b else min(-a, b)",
        _SOBOCINSKI,
        _rm3_implication,
    ),
    Entry("rm3-fusion", (), "-(a -> -b) in RM3", _ENTAILMENT, lambda a, b: -_rm3_implication(a, -b)),
    Entry("rm3-fission", (), "-a -> b in RM3", _ENTAILMENT, lambda a, b: _rm3_implication(-a, b)),
    Entry(
        "bochvar-and",
        ("weak-kleene-and",),
        "0 if a = 0 or b = 0 else min(a, b)",
        _BOCHVAR,
        lambda a, b: _unless_unknown(a, b, minimum(a, b)),
    ),
    Entry(
        "bochvar-or",
        ("weak-kleene-or",),
        "0 if a = 0 or b = 0 else max(a, b)",
        _BOCHVAR,
        lambda a, b: _unless_unknown(a, b, maximum(a, b)),
    ),
    Entry(
        "bochvar-implication",
        ("weak-kleene-implication",),
        "0 if a = 0 or b = 0 else max(-a, b)",
        _BOCHVAR,
        lambda a, b: _unless_unknown(a, b, maximum(-a, b)),
    ),
    Entry(
        "mccarthy-and", ("sequential-and",), "b if a = 1 else a", _MCCARTHY, lambda a, b: where(a == 1, b, a)
    ),
    Entry(
        "mccarthy-or", ("sequential-or",), "b if a = -1 else a", _MCCARTHY, lambda a, b: where(a == -1, b, a)
    ),
    Entry(
        "sette-implication",
        ("p1-implication",),
        "-1 if a >= 0 and b = -1 else 1",
        _SETTE,
        lambda a, b: _truth((a == -1) | (b >= 0)),
    ),
    Entry("j3-implication", (), "b if a >= 0 else 1", _J3, lambda a, b: where(a >= 0, b, 1)),
    Entry(
        "webb", ("post-sheffer",), "max(a, b) + 1, cyclically", _WEBB, lambda a, b: _cycle(maximum(a, b) + 1)
    ),
    Entry("dual-webb", (), "min(a, b) + 1, cyclically", _WEBB, lambda a, b: _cycle(minimum(a, b) + 1)),
)

_ARITHMETIC = (
    Entry("mod-sum", ("sum", "add"), "a + b modulo 3", _FIELD, lambda a, b: _cycle(a + b)),
    Entry("mod-difference", ("difference", "subtract"), "a - b modulo 3", _FIELD, lambda a, b: _cycle(a - b)),
    Entry("mod-product", ("product", "multiply"), "a b", _FIELD, lambda a, b: a * b),
    Entry("third", ("mean", "steiner"), "-(a + b) modulo 3", _STEIN, lambda a, b: _cycle(-a - b)),
    Entry("carry", (), "carry of a + b", _KNUTH, lambda a, b: where(a == b, a, 0)),
    Entry("borrow", (), "borrow of a - b", _KNUTH, lambda a, b: where(a == -b, a, 0)),
    Entry("consensus", (), "a if a = b else 0", _JONES, lambda a, b: where(a == b, a, 0)),
    Entry(
        "accept-anything", ("saturating-sum", "gullibility"), "sign(a + b)", _JONES, lambda a, b: sign(a + b)
    ),
    Entry("compare", ("saturating-difference",), "sign(a - b)", _KNUTH, lambda a, b: sign(a - b)),
    Entry("absolute-difference", (), "|a - b| - 1", _ELEMENTARY, lambda a, b: abs(a - b) - 1),
    Entry(
        "first-nonzero",
        ("override",),
        "a if a is not 0 else b",
        _ELEMENTARY,
        lambda a, b: where(a != 0, a, b),
    ),
    Entry("equal", (), "1 if a = b else -1", _ELEMENTARY, lambda a, b: _truth(a == b)),
    Entry("unequal", (), "1 if a is not b else -1", _ELEMENTARY, lambda a, b: _truth(a != b)),
    Entry("less", (), "1 if a < b else -1", _ELEMENTARY, lambda a, b: _truth(a < b)),
    Entry("greater", (), "1 if a > b else -1", _ELEMENTARY, lambda a, b: _truth(a > b)),
    Entry(
        "less-or-equal",
        ("rescher-implication",),
        "1 if a <= b else -1",
        _RESCHER,
        lambda a, b: _truth(a <= b),
    ),
    Entry("greater-or-equal", (), "1 if a >= b else -1", _ELEMENTARY, lambda a, b: _truth(a >= b)),
    Entry("first", ("projection-a",), "a", _ELEMENTARY, lambda a, b: a + 0 * b),
    Entry("second", ("projection-b",), "b", _ELEMENTARY, lambda a, b: b + 0 * a),
    Entry("not-first", (), "-a", _ELEMENTARY, lambda a, b: 0 * b - a),
    Entry("not-second", (), "-b", _ELEMENTARY, lambda a, b: 0 * a - b),
    Entry("constant-minus", ("false",), "-1", _ELEMENTARY, lambda a, b: 0 * (a + b) - 1),
    Entry("constant-zero", ("unknown",), "0", _ELEMENTARY, lambda a, b: 0 * (a + b)),
    Entry("constant-plus", ("true",), "1", _ELEMENTARY, lambda a, b: 0 * (a + b) + 1),
)

BINARY = _LOGIC + _ARITHMETIC
"""Two-input operations."""

UNARY = (
    Entry("identity", (), "a", _ELEMENTARY, lambda a: a),
    Entry("negation", ("not", "kleene-not"), "-a", _KLEENE, lambda a: -a),
    Entry("post-negation", ("rotate-up", "cycle"), "a + 1, cyclically", _POST, lambda a: _cycle(a + 1)),
    Entry("rotate-down", (), "a - 1, cyclically", _POST, lambda a: _cycle(a - 1)),
    Entry("possibly", (), "1 if a >= 0 else -1", _LUKASIEWICZ, lambda a: _truth(a >= 0)),
    Entry("necessarily", (), "1 if a = 1 else -1", _LUKASIEWICZ, lambda a: _truth(a == 1)),
    Entry("goedel-negation", ("heyting-not",), "1 if a = -1 else -1", _GOEDEL, lambda a: _truth(a == -1)),
    Entry("dual-goedel-negation", (), "-1 if a = 1 else 1", _RAUSZER, lambda a: _truth(a != 1)),
    Entry("is-zero", (), "1 if a = 0 else -1", _ELEMENTARY, lambda a: _truth(a == 0)),
    Entry("clamp-up", (), "max(a, 0)", _ELEMENTARY, lambda a: maximum(a, 0)),
    Entry("clamp-down", (), "min(a, 0)", _ELEMENTARY, lambda a: minimum(a, 0)),
    Entry("always-minus", (), "-1", _ELEMENTARY, lambda a: 0 * a - 1),
    Entry("always-zero", (), "0", _ELEMENTARY, lambda a: 0 * a),
    Entry("always-plus", (), "1", _ELEMENTARY, lambda a: 0 * a + 1),
)
"""One-input operations."""
