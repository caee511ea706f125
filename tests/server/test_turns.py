"""The line in front of the work: it is short, it has an end, and whoever leaves it is not served."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.requests import Request

from fluxttice_core.server.errors import RequestError
from fluxttice_core.server.limits import Limits
from fluxttice_core.server.turns import Turns


def run(test: Callable[[], Awaitable[Any]]) -> Any:
    # In a thread of its own, since other tests may hold a loop in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(test())).result()  # type: ignore[arg-type]


def client(*, left: bool = False) -> Request:
    async def receive() -> Any:
        if not left:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http"}, receive)


async def work(turns: Turns, request: Request, done: list[Any], name: Any) -> None:
    async with turns.take(request):
        done.append(name)


def test_between_two_turns_the_loop_looks_at_everybody_else() -> None:
    async def test() -> list[Any]:
        done: list[Any] = []
        turns = Turns(Limits(at_once=2))
        tasks = [asyncio.ensure_future(work(turns, client(), done, name)) for name in range(6)]
        while not all(task.done() for task in tasks):
            await asyncio.sleep(0)
            done.append("look")
        return done

    done = run(test)
    assert [name for name in done if name != "look"] == list(range(6))
    at = [done.index(name) for name in range(6)]
    assert all("look" in done[first:third] for first, third in zip(at, at[2:], strict=False))


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
