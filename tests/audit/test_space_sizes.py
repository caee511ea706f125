"""Sizes of spaces as people write them."""

import pytest

from fluxttice_core.audit.space_sizes import space_size
from fluxttice_core.errors import ErrorCode, MeasurementError
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.refusals import refused


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("19683", 19_683),
        ("19,683", 19_683),
        ("1e60", 10**60),
        ("1" + "0" * 40, 10**40),
        ("4^20", 4**20),
        ("2**64", 2**64),
        ("2^996", 2**996),
        ("dna:20", 4**20),
        ("RNA:3", 64),
        ("peptide:9", 20**9),
        ("bits:64", 2**64),
        ("ternary:2", OperationSpace(3, 2).size),
        ("boolean:4", OperationSpace(2, 4).size),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert space_size(text) == size


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0", "out_of_range"),
        ("1e301", "too_large"),
        ("10^301", "out_of_range"),
        ("999999999^9999", "out_of_range"),
        ("ternary:9999", "out_of_range"),
        ("0^5", "out_of_range"),
        ("klingon:3", "unknown_name"),
        ("many", "malformed"),
        ("1.5", "malformed"),
    ],
)
def test_what_is_no_size_is_refused(text: str, code: ErrorCode) -> None:
    with refused(MeasurementError, code):
        space_size(text)
