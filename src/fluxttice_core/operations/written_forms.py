"""Ternary operations as other people write them: heptavintimal names, digits, truth values."""

from fluxttice_core.errors import OperationError

_HEPTAVINTIMAL = "0123456789ABCDEFGHKMNPRTVXZ"
_TRITS = 3
"""Trits in one heptavintimal digit: 27 = 3^3."""
_ALPHABETS = {"012": "012", "fut": "FUT"}
"""For each prefix, what stands for -1, 0 and +1 there."""


def heptavintimal(index: int, cells: int = 9) -> str:
    """Return the heptavintimal name of a ternary operation: its index in base 27, a digit for three cells.

    A name of digits alone, or one that is a word such as MAX, is read back only with its prefix: `hept:123`.

    Example:
        >>> heptavintimal(5681), heptavintimal(16401)
        ('7PB', 'RDC')

    Args:
        index: The index, the sum of (trit + 1) 3^cell.
        cells: Cells of the table: 3^inputs.

    Source:
        Risto, Bos and Gundersen, Automated synthesis of netlists for ternary-valued n-ary logic functions
        (2020), doi 10.3384/ecp20176483, after Jones.
    """
    digits = (index // 27**place % 27 for place in reversed(range(cells // _TRITS)))
    return "".join(_HEPTAVINTIMAL[digit] for digit in digits)


def rewritten(glyphs: str, prefix: str) -> str:
    """Write a table given as glyphs -0+ in digits (prefix 012) or truth values (prefix fut).

    Example:
        >>> rewritten("----00-0+", "012"), rewritten("----00-0+", "fut")
        ('000011012', 'FFFFUUFUT')
    """
    return glyphs.translate(str.maketrans("-0+", _ALPHABETS[prefix]))


def plain_form(text: str, cells: int = 9) -> str:
    """Return an operation that is written in one of these forms as glyphs or an index, else the text itself.

    Prefixes `hept:`, `012:` and `fut:` settle what might be read otherwise: without one, `123` is an index,
    nine times 0 are glyphs, and a heptavintimal name is in capitals.

    Example:
        >>> plain_form("7PB"), plain_form("hept:7pb"), plain_form("000/011/012"), plain_form("FFF/FUU/FUT")
        ('5681', '5681', '----00-0+', '----00-0+')
    """
    prefix, colon, rest = text.strip().partition(":")
    written = "".join((rest if colon else text).split()).replace("/", "")
    if not colon:
        return _without_prefix(text, written, cells) or text
    prefix = prefix.casefold()
    if prefix not in ("hept", *_ALPHABETS):
        return text
    alphabet = _ALPHABETS.get(prefix, _HEPTAVINTIMAL)
    if found := _read(written.upper(), alphabet, cells):
        return found
    length = cells // _TRITS if prefix == "hept" else cells
    expected = f"expected {length} of {alphabet}"
    raise OperationError(f"{text!r} is no operation after {prefix}: {expected}", "malformed")


def _without_prefix(text: str, written: str, cells: int) -> str:
    for alphabet in _ALPHABETS.values():
        if written.strip("0") and (found := _read(written, alphabet, cells)):
            return found
    name = text.strip()
    return _read(name, _HEPTAVINTIMAL, cells) if cells > _TRITS and not name.isdecimal() else ""


def _read(written: str, alphabet: str, cells: int) -> str:
    """A table in an alphabet as glyphs, a heptavintimal name as its index; nothing where it is neither."""
    heptavintimal_name = alphabet == _HEPTAVINTIMAL
    if len(written) != (cells // _TRITS if heptavintimal_name else cells) or written.strip(alphabet):
        return ""
    if not heptavintimal_name:
        return written.translate(str.maketrans(alphabet, "-0+"))
    return str(sum(_HEPTAVINTIMAL.index(digit) * 27**place for place, digit in enumerate(reversed(written))))
