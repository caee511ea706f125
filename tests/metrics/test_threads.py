"""Chunks on several threads: the results, their order, and torch's own setting are left alone."""

import threading
import time
from collections.abc import Iterator

import pytest
import torch

from fluxttice_core.metrics.threads import flushed_denormals, map_chunks

CPU = torch.device("cpu")


@pytest.fixture(params=[1, 2, 3])
def threads(request: pytest.FixtureRequest) -> int:
    torch.set_num_threads(request.param)
    return int(request.param)


def test_results_come_in_order_and_the_setting_is_put_back(threads: int) -> None:
    for count in (50, 0):
        found = list(map_chunks(lambda x: x * x, range(count), device=CPU))
        assert found == [x * x for x in range(count)]
    assert torch.get_num_threads() == threads


def test_chunks_are_computed_side_by_side() -> None:
    torch.set_num_threads(2)
    meeting = threading.Barrier(2)
    met = list(map_chunks(lambda _: meeting.wait(timeout=30), range(2), device=CPU))
    assert sorted(met) == [0, 1]


def test_inside_a_chunk_and_meanwhile_in_the_caller_torch_uses_one_thread() -> None:
    torch.set_num_threads(2)
    found = map_chunks(lambda _: torch.get_num_threads(), range(8), device=CPU)
    assert {(inside, torch.get_num_threads()) for inside in found} == {(1, 1)}


def test_other_devices_are_fed_by_the_calling_thread() -> None:
    torch.set_num_threads(2)
    names = set(map_chunks(lambda _: threading.current_thread().name, range(8), device=torch.device("meta")))
    assert names == {threading.current_thread().name}


def test_an_error_in_a_chunk_reaches_the_caller_and_the_setting_is_put_back(threads: int) -> None:
    with pytest.raises(ZeroDivisionError):
        list(map_chunks(lambda x: 1 // x, [1, 0, 2], device=CPU))
    assert torch.get_num_threads() == threads


def test_two_chunks_a_thread_are_held_ahead() -> None:
    taken = []

    def chunks() -> Iterator[int]:
        for i in range(100):
            taken.append(i)
            yield i

    torch.set_num_threads(2)
    results = map_chunks(lambda x: x, chunks(), device=CPU)
    assert next(results) == 0
    assert len(taken) == 5
    assert list(results) == list(range(1, 100))


def test_no_more_threads_run_than_torch_is_set_to() -> None:
    running: list[int] = []
    most = 0

    def work(chunk: int) -> None:
        nonlocal most
        running.append(chunk)
        most = max(most, len(running))
        time.sleep(0.01)
        running.remove(chunk)

    torch.set_num_threads(2)
    list(map_chunks(work, range(8), device=CPU))
    assert most == 2


@pytest.mark.parametrize("already", [True, False])
def test_denormals_are_flushed_within_the_block_alone_also_where_it_ends_in_an_error(already: bool) -> None:
    tiny, seen = torch.tensor([2.0**-140]), []

    @flushed_denormals()
    def fails() -> None:
        seen.append(float(tiny * 1))
        raise ZeroDivisionError

    torch.set_flush_denormal(already)
    try:
        with pytest.raises(ZeroDivisionError):
            fails()
        assert seen == [0]
        assert (float(tiny * 1) == 0) is already
    finally:
        torch.set_flush_denormal(False)
