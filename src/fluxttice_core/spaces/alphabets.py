"""The names of spaces of words and the alphabet of each of their positions; needs nothing but Python."""

import hashlib
import math
import re
from functools import lru_cache

from fluxttice_core.errors import OperationError

WORDS = {"bits": "01", "dna": "ACGT", "rna": "ACGU", "peptide": "ACDEFGHIKLMNPQRSTVWY"}
"""Alphabets that have a name, glyphs in the order of their positions."""

SPELLINGS = {"dna": {"U": "T"}, "codons": {"U": "T"}, "rna": {"T": "U"}}
"""Glyphs that the field writes for another one."""

_LONGEST = 64
_NAMED = re.compile(r"([a-z]+):([0-9]{1,3})")
# No separators, no quotes, and no x, which stands between two alphabets.
_FACTOR = re.compile(r"([-!#$%&*+.0-9;<=>?@A-Z_a-wyz|~]{2,64})\^([1-9][0-9]{0,2})")
_FORMS = (
    "write ternary:2 or boolean:4 for operations of so many inputs, dna:6, rna:6, codons, peptide:4 or "
    "bits:8 for words, or alphabets such as ACGT^6 or 01^4xACGT^2"
)


@lru_cache(maxsize=64)
def alphabets_of(name: str) -> tuple[str, ...]:
    """The glyphs of each position of the words that a name stands for, smallest first.

    Example:
        >>> alphabets_of("dna:2"), alphabets_of("01^2xABC^1")
        (('ACGT', 'ACGT'), ('01', '01', 'ABC'))
    """
    alphabets = _alphabets(name)
    if len(alphabets) > _LONGEST:
        raise OperationError(
            f"the words of {name} have {len(alphabets)} letters, and {_LONGEST} are the most: "
            "choose shorter words",
            "too_large",
        )
    if math.prod(map(len, alphabets)) >= 2**63:
        raise OperationError(
            f"{name} has more words than the 2^63 - 1 that an index can name: choose shorter words",
            "too_large",
        )
    return alphabets


def _alphabets(name: str) -> tuple[str, ...]:
    if name == "codons":
        return (WORDS["dna"],) * 3
    if named := _NAMED.fullmatch(name):
        if named[1] in WORDS and int(named[2]):
            return (WORDS[named[1]],) * int(named[2])
        raise OperationError(f"no space is called {name!r}: {_FORMS}", "unknown_name")
    found: list[str] = []
    for factor in name.split("x"):
        read = _FACTOR.fullmatch(factor)
        if read is None:
            raise OperationError(f"no space is called {name!r}: {_FORMS}", "unknown_name")
        if twice := next((glyph for glyph in read[1] if read[1].count(glyph) > 1), None):
            raise OperationError(
                f"the alphabet {read[1]} has {twice!r} twice: write each of its glyphs once", "contradictory"
            )
        found += [read[1]] * int(read[2])
    return tuple(found)


def words_digest(alphabets: tuple[str, ...]) -> str:
    """SHA-256 of the conventions that give an index of words its meaning, as hexadecimal.

    Example:
        >>> words_digest(alphabets_of("ACGT^6")) == words_digest(alphabets_of("dna:6"))
        True
    """
    conventions = f"word space 1\nalphabets {' '.join(alphabets)}\nindex: position 0 least significant\n"
    return hashlib.sha256(conventions.encode("ascii")).hexdigest()
