"""From the name of a space to the space, whichever kind it is."""

import re
from collections.abc import Mapping
from typing import Any

from fluxttice_core.errors import OperationError
from fluxttice_core.spaces.conventions import OPERATIONS
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.word_space import WordSpace

_OPERATIONS = re.compile(rf"({'|'.join(OPERATIONS)}):([0-9]{{1,3}})")


def space_of(name: str | ProductSpace) -> ProductSpace:
    """The space that a name stands for.

    Example:
        >>> space_of("ternary:2").size, space_of("boolean:4").size, space_of("codons").size
        (19683, 65536, 64)

    Args:
        name: `ternary:2`, `boolean:4` or `quaternary:1` for the operations of so many inputs; `dna:6`,
            `rna:6`, `codons`, `peptide:4`, `bits:8`, `ACGT^6` or `01^4xACGT^2` for words. A space is given
            back as it is.

    Raises:
        OperationError: If no space is called so, or it is too large for an index of 64 bits.
    """
    if isinstance(name, ProductSpace):
        return name
    if not isinstance(name, str):
        raise OperationError(
            f"a space is given by its name, such as ternary:2 or dna:6, not by {type(name).__name__}",
            "wrong_type",
        )
    plain = name.strip()
    if read := _OPERATIONS.fullmatch(plain.lower()):
        return OperationSpace(OPERATIONS[read[1]], int(read[2]))
    # Names are written small; alphabets as their glyphs are.
    named = plain.lower() if ":" in plain or plain.lower() == "codons" else plain
    return WordSpace(named)


def space_record(space: ProductSpace) -> dict[str, int | str]:
    """A space as files record it: operations by base and arity, words by their name."""
    if isinstance(space, OperationSpace):
        return {"base": space.base, "arity": space.arity}
    return {"name": space.name}


def recorded_space(record: Mapping[str, Any]) -> ProductSpace:
    """The space that `space_record` recorded; whatever else stands in the record is passed over.

    Example:
        >>> recorded_space(space_record(space_of("dna:6"))) == space_of("ACGT^6")
        True
    """
    return WordSpace(record["name"]) if "name" in record else OperationSpace(record["base"], record["arity"])
