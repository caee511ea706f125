"""Finding elements of a space that is written out: by the distance from one, and by a pattern."""

from typing import SupportsIndex

import numpy as np

from fluxttice_core.errors import OperationError
from fluxttice_core.shapes import Int64
from fluxttice_core.spaces.notation import joined_glyphs
from fluxttice_core.spaces.product_space import ProductSpace

ANY = "?"
"""What stands for any glyph in a pattern."""


def positions_apart(space: ProductSpace, index: SupportsIndex) -> Int64[np.ndarray, "{space.size}"]:
    """Count the positions in which each element differs from one of them, in a time linear in their number.

    Example:
        >>> from fluxttice_core.spaces.space_name import space_of
        >>> positions_apart(space_of("01^1xACGT^1"), 0).tolist()
        [0, 1, 1, 2, 1, 2, 1, 2]
    """
    space.require_enumerable()
    apart = np.zeros(1, dtype=np.int64)
    for base, own in zip(space.bases, space.tables(index) - space.lowest, strict=True):
        apart = ((np.arange(base) != own)[:, None] + apart).ravel()
    return apart


def matching(space: ProductSpace, pattern: str) -> Int64[np.ndarray, "n"]:
    """List the elements whose string is a pattern, in which ? stands for any glyph.

    Example:
        >>> from fluxttice_core.spaces.space_name import space_of
        >>> space_of("dna:3").strings(matching(space_of("dna:3"), "a?t"))
        ['AAT', 'ACT', 'AGT', 'ATT']
    """
    space.require_enumerable()
    glyphs = joined_glyphs(space, pattern)
    if len(glyphs) != space.cells:
        raise OperationError(
            f"the pattern has {len(glyphs)} symbols, and {space.describe()} have {space.cells}: write ? for "
            "any of them",
            "wrong_shape",
        )
    found = np.zeros(1, dtype=np.int64)
    for at, (glyph, alphabet, place) in enumerate(
        zip(glyphs, space.alphabets, space.place_values().tolist(), strict=True), start=1
    ):
        if glyph != ANY and glyph not in alphabet:
            raise OperationError(
                f"the pattern has {glyph!r} at position {at}, which is none of {alphabet} and not ?: correct "
                "it",
                "malformed",
            )
        allowed = np.arange(len(alphabet)) if glyph == ANY else np.array([alphabet.index(glyph)])
        found = (allowed[:, None] * place + found).ravel()
    return found
