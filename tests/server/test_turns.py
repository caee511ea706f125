"""The line in front of the work: it is short, it has an end, and whoever leaves it is not served."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
from starlette.requests import Request

from fluxttice_core.server.errors import RequestError
from fluxttice_core.server.limits import Limits
from fluxttice_core.server.turns import Room, Turns


def run(test: Callable[[], Awaitable[Any]]) -> Any:
    # In a thread of its own, since other tests may hold a loop in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(test())).result()  # type: ignore[arg-type]


def client(*, left: bool = False, bodies: int = 0) -> Request:
    """One of whose body, which is empty, so many parts were not read yet."""
    unread = [{"type": "http.request", "body": b""}] * bodies

    async def receive() -> Any:
        if unread:
            return unread.pop()
        if not left:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http"}, receive)


async def work(turns: Turns, request: Request, done: list[Any], name: Any) -> None:
    async with turns.take(request):
        done.append(name)


def order(number: int, at_once: int, clock: Callable[[], float] = time.perf_counter) -> list[Any]:
    """Who works, and when the loop looks at everybody else meanwhile."""

    async def test() -> list[Any]:
        done: list[Any] = []
        turns = Turns(Limits(at_once=at_once), clock=clock)
        tasks = [asyncio.ensure_future(work(turns, client(), done, name)) for name in range(number)]
        while not all(task.done() for task in tasks):
            await asyncio.sleep(0)
            done.append("look")
        return done

    done: list[Any] = run(test)
    assert [name for name in done if name != "look"] == list(range(number))
    return done


def test_between_two_turns_the_loop_looks_at_everybody_else() -> None:
    done = order(6, at_once=2)
    at = [done.index(name) for name in range(6)]
    assert all("look" in done[first:third] for first, third in zip(at, at[2:], strict=False))


@pytest.mark.parametrize("seconds", [0.0, 0.003])
def test_long_turns_have_a_round_each(seconds: float) -> None:
    done = order(4, at_once=4, clock=count(step=seconds).__next__)
    apart = ["look" in done[done.index(name) : done.index(name + 1)] for name in range(3)]
    assert apart == [seconds > 0] * 3


def test_a_full_line_is_refused_and_one_who_left_is_not_served() -> None:
    async def test() -> tuple[list[Any], list[Any]]:
        done: list[Any] = []
        turns = Turns(Limits(at_once=1, waiting=2))
        async with turns.take(client()):
            waiting = [
                asyncio.ensure_future(work(turns, client(left=left), done, left)) for left in (True, False)
            ]
            await asyncio.sleep(0)
            with pytest.raises(RequestError) as full:
                await work(turns, client(), done, "too many")
            assert full.value.status == 503
        return done, await asyncio.gather(*waiting, return_exceptions=True)

    done, outcomes = run(test)
    assert done == [False]
    assert isinstance(outcomes[0], RequestError)
    assert outcomes[0].word == "client_left"
    assert outcomes[1] is None


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("bodies", [0, 1])
def test_one_without_a_body_has_not_left_for_that(bodies: int, left: bool) -> None:
    async def test() -> Any:
        done: list[Any] = []
        turns = Turns(Limits(at_once=1))
        async with turns.take(client()):
            waiting = asyncio.ensure_future(work(turns, client(left=left, bodies=bodies), done, "served"))
            await asyncio.sleep(0)
        return done, await asyncio.gather(waiting, return_exceptions=True)

    done, (outcome,) = run(test)
    assert done == ([] if left else ["served"])
    assert isinstance(outcome, RequestError) is left


def test_a_failure_gives_its_turn_back() -> None:
    async def test() -> list[Any]:
        done: list[Any] = []
        turns = Turns(Limits(at_once=1))
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                async with turns.take(client()):
                    raise ZeroDivisionError
        await asyncio.wait_for(work(turns, client(), done, "after"), 5)
        return done

    assert run(test) == ["after"]


def test_who_finds_no_room_in_time_is_refused_and_takes_none() -> None:
    async def test() -> list[int]:
        room, statuses = Room(Limits(bodies_bytes=100_000, body_seconds=0.05)), []
        for _ in range(2):
            async with room.take(150_000), room.take(65_536):
                with pytest.raises(RequestError) as full:
                    async with room.take(150_000):
                        pass
                statuses.append(full.value.status)
        async with room.take(150_000):
            return statuses

    assert run(test) == [503, 503]
