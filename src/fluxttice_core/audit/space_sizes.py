"""How many kinds there are, as people write it: a number, a power, or the name of a space."""

import math
import re

from fluxttice_core.audit.printed_numbers import stated_count
from fluxttice_core.errors import MeasurementError

_POWER = re.compile(r"(\d{1,9})\s*(?:\^|\*\*)\s*(\d{1,4})")
_NAMED = re.compile(r"([a-z]+):(\d{1,4})")
_LETTERS = {"bits": 2, "dna": 4, "rna": 4, "peptide": 20}
_VALUES = {"boolean": 2, "ternary": 3}

_DIGITS = 300
"""A double still holds the inverse of such a size."""


def space_size(text: str) -> int:
    """Read the number of kinds in a space: `19683`, `1e60`, `4^20`, `dna:20`, or `ternary:2` for operations.

    `bits`, `dna`, `rna` and `peptide` are words of so many letters, `boolean` and `ternary` the operations of
    so many inputs.

    Example:
        >>> space_size("ternary:2"), space_size("dna:6"), space_size("4^6"), space_size("1e60") == 10**60
        (19683, 4096, 4096, True)

    Raises:
        MeasurementError: If it cannot be read, or is not between 1 and 10^300.
    """
    plain = text.strip()
    if power := _POWER.fullmatch(plain):
        base, exponent = int(power[1]), int(power[2])
    elif named := _NAMED.fullmatch(plain.lower()):
        base, exponent = _named(named[1], int(named[2]), text)
    else:
        base, exponent = stated_count(text, _DIGITS), 1
    # Nobody waits for the digits of a power that is refused for having too many.
    size = base**exponent if exponent * math.log10(max(base, 1)) <= 2 * _DIGITS else 0
    if not 1 <= size <= 10**_DIGITS:
        raise MeasurementError(
            f"the size of a space lies between 1 and 10^{_DIGITS}, not at {text}", "out_of_range"
        )
    return size


def _named(name: str, length: int, text: str) -> tuple[int, int]:
    if name in _LETTERS:
        return _LETTERS[name], length
    if name in _VALUES:
        return _VALUES[name], _VALUES[name] ** min(length, 9)
    names = ", ".join(f"{known}:2" for known in (*_LETTERS, *_VALUES))
    raise MeasurementError(f"no space is called '{text}': give its size, or one of {names}", "unknown_name")
