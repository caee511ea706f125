from typing import TYPE_CHECKING

import pytest
import torch

from benchmarks.product_rate import SHAPES, beside_limit, limit_of
from benchmarks.stopwatch import Timing, Work

if TYPE_CHECKING:
    from tests.benchmarks.conftest import FakeClock

SMALL, LARGE = (1, 10, 10), (10, 100, 100)


def timing(threads: int, seconds: list[float], given: float | None = None) -> Timing:
    share = threads if given is None else given
    return Timing(threads, seconds, [share * taken for taken in seconds])


def test_the_limit_is_the_best_of_shapes_and_threads() -> None:
    probes = {
        (SMALL, 1): timing(1, [1.0, 1.0]),
        (SMALL, 2): timing(2, [0.9, 0.9]),
        (LARGE, 1): timing(1, [500.0, 500.0]),
        (LARGE, 2): timing(2, [250.0, 250.0]),
    }
    limit = limit_of(probes)
    assert (limit.rate, limit.doubt) == (400.0, None)


def test_a_limit_met_once_is_doubted() -> None:
    limit = limit_of({(SMALL, 1): timing(1, [2.0, 1.0]), (LARGE, 1): timing(1, [5e3, 5e3])})
    assert limit.doubt == "no two repeats of the product rate agree"


def test_a_limit_beside_other_programs_is_doubted_be_it_as_steady_as_can_be() -> None:
    alone = timing(1, [1.0, 1.0])
    assert limit_of({(SMALL, 1): alone, (SMALL, 2): timing(2, [0.5, 0.5])}).doubt is None
    disturbed = limit_of({(SMALL, 1): alone, (SMALL, 2): timing(2, [1.1, 1.1], given=1.2)})
    assert disturbed.doubt == "other programs took processor time"


def test_work_and_limit_are_measured_in_turn_with_every_number_of_threads(clock: "FakeClock") -> None:
    before, seen = torch.get_num_threads(), []
    clock.tick = 0.5
    _, limit = beside_limit(Work(lambda: seen.append(torch.get_num_threads())), 2, (4, 4, 4), clock=clock)
    assert len(seen) >= 4
    assert set(seen) == {before}
    largest = max(rows * inner * columns for rows, inner, columns in SHAPES)
    assert limit.rate == pytest.approx(largest / clock.tick)


def test_real_products_have_a_rate() -> None:
    _, limit = beside_limit(Work(lambda: None), 1, (8, 8, 8))
    assert limit.rate > 1e6
