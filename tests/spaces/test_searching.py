"""Elements by their distance from one, and by a pattern, against every string of the space."""

import re

import numpy as np
import pytest

from fluxttice_core.errors import OperationError
from fluxttice_core.spaces.searching import matching, positions_apart
from fluxttice_core.spaces.space_name import space_of
from tests.refusals import refused

SPACES = ["01^1xACGT^2", "boolean:2", "dna:3", "ternary:1"]


@pytest.mark.parametrize("name", SPACES)
def test_distances_are_those_of_the_strings(name: str) -> None:
    space = space_of(name)
    strings = space.strings(np.arange(space.size))
    for index in (0, space.size // 3, space.size - 1):
        counted = [sum(a != b for a, b in zip(strings[index], other, strict=True)) for other in strings]
        assert positions_apart(space, index).tolist() == counted


@pytest.mark.parametrize("name", SPACES)
def test_patterns_find_the_strings_that_they_match(name: str) -> None:
    space = space_of(name)
    strings = space.strings(np.arange(space.size))
    for index in (0, space.size // 3):
        for shown in range(2**space.cells):
            pattern = "".join("?" if shown >> at & 1 else glyph for at, glyph in enumerate(strings[index]))
            expression = re.compile(re.escape(pattern).replace(r"\?", "."))
            wanted = [string for string in strings if expression.fullmatch(string)]
            assert space.strings(matching(space, pattern)) == wanted


def test_what_cannot_be_searched_is_refused() -> None:
    space = space_of("dna:3")
    with refused(OperationError, "wrong_shape", "has 2 symbols"):
        matching(space, "A?")
    with refused(OperationError, "malformed", "'X' at position 2"):
        matching(space, "AX?")
    with refused(OperationError, "out_of_range"):
        positions_apart(space, 64)
    with refused(OperationError, "not_enumerable"):
        matching(space_of("dna:16"), "A" * 16)
    with refused(OperationError, "not_enumerable"):
        positions_apart(space_of("dna:16"), 0)
