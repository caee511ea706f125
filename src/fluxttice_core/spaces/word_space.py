"""Words: every string that takes the letter of each position from that position's own alphabet."""

from dataclasses import dataclass, field

from fluxttice_core.spaces.alphabets import SPELLINGS, alphabets_of, words_digest
from fluxttice_core.spaces.nouns import Nouns, described_words, nouns_of_words
from fluxttice_core.spaces.product_space import ProductSpace


@dataclass(frozen=True, repr=False)
class WordSpace(ProductSpace):
    """All words over one alphabet a position, which may differ from position to position.

    Example:
        >>> words = WordSpace("dna:6")
        >>> words.size, words.string(0), words.string(1)
        (4096, 'AAAAAA', 'CAAAAA')
        >>> WordSpace("01^4xACGT^2").size
        256

    Args:
        name: `dna:6`, `rna:6`, `codons`, `peptide:4`, `bits:8`, or alphabets such as `ACGT^6` or
            `01^4xACGT^2`.

    Raises:
        OperationError: If no words are called so, or they are 2^63 or more.
    """

    # Field and property may not share a name: the name that was given is what the property shows.
    _name: str = field(compare=False)
    _alphabets: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_alphabets", alphabets_of(self._name))

    def __repr__(self) -> str:
        return f"WordSpace({self.name!r})"

    @property
    def name(self) -> str:
        """What commands and files call the space."""
        return self._name

    @property
    def alphabets(self) -> tuple[str, ...]:
        """The letters of each position, in the order of their numbers."""
        return self._alphabets

    @property
    def nouns(self) -> Nouns:
        """What the words and their letters are called."""
        return nouns_of_words(self.name)

    @property
    def spellings(self) -> dict[str, str]:
        """Letters that are read as another one, such as U for T in DNA."""
        return SPELLINGS.get(self.name.partition(":")[0], {})

    def digest(self) -> str:
        """Return the SHA-256 of the conventions that give an index its meaning, as hexadecimal."""
        return words_digest(self.alphabets)

    def describe(self) -> str:
        """Name the words, as error messages do."""
        return described_words(self.name, self.cells)

    def describe_symbols(self, cell: int = 0) -> str:
        """List the letters of a position, as error messages do, each with its number."""
        return ", ".join(f"{at} ({glyph})" for at, glyph in enumerate(self.alphabets[cell]))
