"""What a model is to learn: rows and probabilities, however they are written down."""

import math

import numpy as np
import pytest

from fluxttice_core.errors import ErrorCode, OperationError
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.spaces.target import Target
from tests.refusals import refused

CODONS = space_of("codons")


def test_all_elements_alike_are_everything() -> None:
    found = Target.everything(CODONS)
    assert found.is_everything
    assert found.entropy == CODONS.log_size
    assert found.dense().tolist() == [1 / 64] * 64
    assert Target.of(CODONS, range(63, -1, -1), [2.0] * 64).is_everything


def test_rows_come_in_order_and_repeated_ones_add_up() -> None:
    found = Target.of(CODONS, [9, 5, 9, 7], [1.0, 4.0, 2.0, 1.0])
    assert found.rows.tolist() == [5, 7, 9]
    assert found.q.tolist() == [0.5, 0.125, 0.375]
    assert found.entropy == pytest.approx(-sum(q * math.log(q) for q in (0.5, 0.125, 0.375)))
    assert found.dense()[[5, 7, 9]].sum() == 1.0


def test_without_weights_repeats_say_nothing() -> None:
    found = Target.of(CODONS, [9, 5, 9])
    assert (found.rows.tolist(), found.q.tolist()) == ([5, 9], [0.5, 0.5])
    assert found.is_uniform
    assert not found.is_everything
    assert found.entropy == math.log(2)


def test_the_largest_and_the_smallest_weights_are_shares_of_the_rest() -> None:
    alike = Target.of(CODONS, [3, 4], [1.7e308, 1.7e308])
    assert alike.is_uniform
    assert Target.of(CODONS, [3, 4], [1.5e308, 0.5e308]).q.tolist() == [0.75, 0.25]
    # A share that no number holds is none: the file of such a target could not be read back.
    found = Target.of(CODONS, [3, 4, 5], [5e-324, 1e10, 3e10])
    assert (found.rows.tolist(), found.q.tolist()) == ([4, 5], [0.25, 0.75])


def test_probabilities_are_counted_once() -> None:
    values, counts = Target.of(CODONS, [1, 2, 3], [1.0, 2.0, 1.0]).levels
    assert (values.tolist(), counts.tolist()) == ([0.25, 0.5], [2, 1])


def test_rows_of_no_weight_are_outside_of_the_support() -> None:
    assert Target.of(CODONS, [1, 2, 3], [1.0, 0.0, 3.0]).rows.tolist() == [1, 3]


def test_the_digest_is_of_space_rows_and_probabilities() -> None:
    one = Target.of(CODONS, [1, 2], [1.0, 2.0])
    assert one.digest() == Target.of(CODONS, [2, 1], [4.0, 2.0]).digest()
    others = [
        Target.of(CODONS, [1, 2]),
        Target.of(CODONS, [1, 3], [1.0, 2.0]),
        Target.of(CODONS, [1, 2], [1.0, 2.0 + 1e-6]),
        Target.of(space_of("rna:3"), [1, 2], [1.0, 2.0]),
    ]
    assert len({one.digest(), *(other.digest() for other in others)}) == 5


@pytest.mark.parametrize(
    ("indices", "weights", "code"),
    [
        ([], None, "too_few"),
        ([1, 2], [1.0], "wrong_shape"),
        ([1, 2], [1.0, -1.0], "out_of_range"),
        ([1, 2], [1.0, np.nan], "out_of_range"),
        ([1, 2], [0.0, 0.0], "out_of_range"),
        ([64], None, "out_of_range"),
    ],
)
def test_what_is_no_target_is_refused(
    indices: list[int], weights: list[float] | None, code: ErrorCode
) -> None:
    with refused(OperationError, code, ""):
        Target.of(CODONS, indices, weights)
