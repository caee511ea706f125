"""Words over one alphabet a position: their names, indices and strings, and what is refused."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.errors import ErrorCode, OperationError
from fluxttice_core.spaces.notation import parse
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.space_name import recorded_space, space_of, space_record
from fluxttice_core.spaces.word_space import WordSpace
from tests.refusals import refused


@pytest.mark.parametrize(
    ("name", "size", "cells"),
    [
        ("dna:6", 4096, 6),
        ("rna:6", 4096, 6),
        ("codons", 64, 3),
        ("peptide:4", 160_000, 4),
        ("bits:8", 256, 8),
        ("ACGT^6", 4096, 6),
        ("01^4xACGT^2", 256, 6),
        ("abc^2", 9, 2),
        ("dna:31", 4**31, 31),
    ],
)
def test_a_name_says_alphabets_and_size(name: str, size: int, cells: int) -> None:
    space = space_of(name)
    assert (space.size, space.cells, space.name) == (size, cells, name)
    assert space.log_size == pytest.approx(np.log(float(size)))


def test_words_are_numbered_first_position_fastest() -> None:
    space = WordSpace("01^1xABC^1xACGT^1")
    words = ["".join(reversed(letters)) for letters in itertools.product("ACGT", "ABC", "01")]
    assert space.strings(range(24)) == words
    assert parse(space, words).tolist() == list(range(24))
    assert np.array_equal(space.indices(space.all_tables()), np.arange(24))


@given(st.data())
def test_indices_tables_and_strings_name_the_same_word(data: st.DataObject) -> None:
    space = space_of(data.draw(st.sampled_from(["dna:31", "peptide:14", "01^4xACGT^2", "-+^3xab^20"])))
    index = data.draw(st.integers(0, space.size - 1))
    assert space.indices(space.tables(index)[None]).tolist() == [index]
    assert parse(space, space.string(index)).tolist() == [index]
    assert parse(space, index).tolist() == [index]


def test_names_stand_for_the_same_space_as_their_alphabets() -> None:
    assert space_of("dna:6") == space_of("ACGT^6") != space_of("rna:6")
    assert space_of("dna:6").digest() == space_of("ACGT^6").digest() != space_of("rna:6").digest()
    assert space_of("ternary:2") == OperationSpace() == space_of(OperationSpace())
    assert space_of(" DNA:6 ") == space_of("dna:6")


@pytest.mark.parametrize("name", ["ternary:2", "boolean:4", "quaternary:1", "dna:6", "codons", "01^4xACGT^2"])
def test_a_recorded_space_is_read_again(name: str) -> None:
    assert recorded_space(space_record(space_of(name))) == space_of(name)


@pytest.mark.parametrize(
    ("name", "notation", "index"),
    [
        ("dna:6", "acguta", 1 * 4 + 2 * 16 + 3 * 64 + 3 * 256),
        ("codons", "AUG", 44),
        ("rna:3", "TTT", 63),
        ("dna:6", "4095", 4095),
        ("abc^2", "ab", 3),
        ("boolean:4", "0x8000", 0x8000),
        ("boolean:2", "0110", 6),
        ("boolean:2", "0x6", 6),
        ("bits:4", [[0, 1, 1, 0]], 6),
        ("dna:3", [0, 1, 2], [0, 1, 2]),
    ],
)
def test_notations_of_the_field_are_read(name: str, notation: object, index: int | list[int]) -> None:
    found = parse(space_of(name), notation).tolist()
    assert found == (index if isinstance(index, list) else [index])


@pytest.mark.parametrize(
    ("name", "notation", "code", "part"),
    [
        ("dna:6", "ACGXTA", "malformed", "'X' at position 4"),
        ("01^2xACGT^2", "0A1C", "malformed", "'A' at position 2, which is none of 01"),
        ("dna:6", "ACG", "wrong_shape", "3 symbols: expected 6 of the characters ACGT"),
        ("dna:3", [[0, 1, 4]], "out_of_range", "4 at position 3 is not one of 0 (A), 1 (C), 2 (G), 3 (T)"),
        ("codons", "64", "out_of_range", "outside 0 to 63, the range of the codons"),
        (
            "boolean:3",
            "0110",
            "wrong_shape",
            "4 symbols: expected 8 of the characters 01, or 2 hexadecimal digits",
        ),
        ("boolean:4", "0x800", "wrong_shape", "has 3 hexadecimal digits, and a table of 16 entries has 4"),
        ("quaternary:1", "12", "wrong_shape", "2 symbols: expected 4 of the characters 0123"),
        ("abc^2", "AB", "malformed", "'A' at position 1"),
    ],
)
def test_what_is_no_word_is_refused_by_its_position(
    name: str, notation: object, code: ErrorCode, part: str
) -> None:
    with refused(OperationError, code, part) as told:
        parse(space_of(name), notation)
    # A text cannot be followed that asks for something else than a text.
    assert "not a string" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("tenary:2", "unknown_name"),
        ("dna", "unknown_name"),
        ("dna:0", "unknown_name"),
        ("ACGT", "unknown_name"),
        ("ACGT^0", "unknown_name"),
        ("A^3", "unknown_name"),
        ("AcgT^2x^2", "unknown_name"),
        ("", "unknown_name"),
        ("AA^2", "contradictory"),
        ("dna:32", "too_large"),
        ("bits:63", "too_large"),
        ("dna:999", "too_large"),
        ("ternary:4", "too_large"),
        ("boolean:7", "out_of_range"),
    ],
)
def test_what_names_no_space_is_refused(name: str, code: ErrorCode) -> None:
    with refused(OperationError, code, ""):
        space_of(name)


@pytest.mark.usefixtures("unchecked_types")
def test_a_space_is_named_by_text() -> None:
    with refused(OperationError, "wrong_type", "by its name, such as ternary:2 or dna:6, not by int"):
        space_of(3)  # type: ignore[arg-type]


def test_vast_spaces_are_not_written_out() -> None:
    with refused(OperationError, "not_enumerable", "the DNA words of 16 letters are 4,294,967,296"):
        space_of("dna:16").all_tables()
