"""Turns at the work, so that no amount of it keeps the server from whoever else is connected."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.requests import Request

from fluxttice_core.server.errors import RequestError
from fluxttice_core.server.limits import Limits

_ROUND_SECONDS = 0.002
"""So long may turns hold one round of the loop, the last of them excepted."""
_REFUSED_SECONDS = 0.2
"""So long must who finds the line full wait for that news, lest asking again at once be all that is done."""
_SMALL_BODY = 64 * 1024
"""What every body may take, whatever the others take."""


class Room:
    """Room for the bodies of requests on their way or in line, so that large ones do not take all memory."""

    def __init__(self, limits: Limits) -> None:
        self._left = limits.bodies_bytes
        self._seconds = limits.body_seconds
        self._waiting: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def take(self, size: int) -> AsyncIterator[None]:
        """Have room for a body of a size; until there is, nothing of it is read."""
        size = max(size - _SMALL_BODY, 0)
        try:
            async with asyncio.timeout(self._seconds):
                while size > self._left:
                    self._waiting.append(asyncio.get_running_loop().create_future())
                    await self._waiting[-1]
        except TimeoutError:
            message = "too many large requests are on their way: send less, or try again later"
            raise RequestError(message, status=503, code="overloaded", close=True) from None
        self._left -= size
        try:
            yield
        finally:
            self._left += size
            for waiting in self._waiting:
                if not waiting.done():
                    waiting.set_result(None)
            self._waiting.clear()


class Turns:
    """Lets `limits.at_once` requests work at a time; the others wait in line, which has an end.

    In one round of the loop no turn begins after others took `_ROUND_SECONDS` of it: the loop looks at every
    connection first.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.perf_counter) -> None:
        self.room = Room(limits)
        self._free = asyncio.Semaphore(limits.at_once)
        self._limits = limits
        self._waiting = 0
        self._worked = 0.0
        self._clock = clock

    @asynccontextmanager
    async def take(self, request: Request) -> AsyncIterator[None]:
        """Work when it is this request's turn, unless the line is full or the client left meanwhile."""
        waited = self._free.locked()
        if waited and self._waiting >= self._limits.waiting:
            await asyncio.sleep(_REFUSED_SECONDS)
            raise RequestError("too many requests wait: try again later", status=503, code="overloaded")
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            if waited and _has_left(request):
                raise RequestError("the client left before its turn", code="client_left", close=True)
            while self._worked > _ROUND_SECONDS:
                await asyncio.sleep(0)
            began = self._clock()
            try:
                yield
            finally:
                self._worked += self._clock() - began
                asyncio.get_running_loop().call_soon(self._next_round)
        finally:
            # One round of the loop later, so that it looks at every connection between one turn and the next.
            asyncio.get_running_loop().call_soon(self._free.release)

    def _next_round(self) -> None:
        self._worked = 0.0


def _has_left(request: Request) -> bool:
    """Whether the news of the client is that it left; before it comes an empty body, if nobody read that."""
    for _ in ("an empty body", "that it left"):
        news = request.receive()
        try:
            news.send(None)  # type: ignore[attr-defined]  # a coroutine; one step of it, which does not wait
        except StopIteration as told:
            if told.value["type"] == "http.disconnect":
                return True
        else:
            news.close()  # type: ignore[attr-defined]
            return False
    return False
