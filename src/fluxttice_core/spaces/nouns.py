"""What the elements of a space and their parts are called, and sentences in these words; needs no library."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_HOME = re.compile(r"(?<![/`])\b(?:([Aa]n?) )?(?:([Oo]peration|[Tt]able)|([Tt]rit|[Cc]ell))(s?)\b")
_PHRASES = (
    (" of many-valued logic", ""),
    ("tables of symbols", "rows of symbols"),
    ("entry of the operation's table", "cell of the operation"),
)


@dataclass(frozen=True)
class Nouns:
    """What one element is called, and several; what stands at one position of it, and at several.

    Args:
        home: Whether sentences are left as they are, which are written of ternary operations.

    Example:
        >>> Nouns("word", "words", "letter", "letters").own("an operation of nine trits, whole tables")
        'a word of nine letters, whole words'
    """

    one: str = "operation"
    many: str = "operations"
    part: str = "entry"
    parts: str = "entries"
    home: bool = False

    def own(self, text: str) -> str:
        """A sentence that was written of ternary operations, in the words of this space."""
        if self.home:
            return text
        for phrase, instead in _PHRASES:
            text = text.replace(phrase, instead)
        return _HOME.sub(self._instead, text)

    def _instead(self, found: re.Match[str]) -> str:
        article, element, _, plural = found.groups()
        words = (self.one, self.many) if element else (self.part, self.parts)
        word = words[bool(plural)]
        said = word if article is None else f"{'an' if word[0] in 'aeiou' else 'a'} {word}"
        return said.capitalize() if found[0][0].isupper() else said


TERNARY = Nouns(home=True)
OPERATIONS = Nouns()
WORDS = {
    "dna": Nouns("word", "words", "letter", "letters"),
    "codons": Nouns("codon", "codons", "letter", "letters"),
    "peptide": Nouns("peptide", "peptides", "residue", "residues"),
    "bits": Nouns("row of bits", "rows of bits", "bit", "bits"),
}
"""The nouns of named words; all others are words of letters, as those of DNA are."""

_CALLED = {"dna": "DNA words", "rna": "RNA words", "peptide": "peptides", "bits": "rows"}


def nouns_of_words(name: str) -> Nouns:
    """What words and their letters are called, by the name of their space."""
    return WORDS.get(name.partition(":")[0], WORDS["dna"])


def recorded_nouns(record: Mapping[str, Any]) -> Nouns:
    """The nouns of a space as files record it."""
    if "name" in record:
        return nouns_of_words(record["name"])
    return TERNARY if record["base"] == 3 else OPERATIONS


def described_words(name: str, cells: int) -> str:
    """Name the words of a space, as error messages do.

    Example:
        >>> described_words("dna:4", 4), described_words("bits:1", 1), described_words("01^2", 2)
        ('the DNA words of 4 letters', 'the rows of 1 bit', 'the words of 01^2')
    """
    if name == "codons":
        return "the codons"
    called, nouns = _CALLED.get(name.partition(":")[0]), nouns_of_words(name)
    parts = nouns.part if cells == 1 else nouns.parts
    return f"the words of {name}" if called is None else f"the {called} of {cells} {parts}"
