"""Turns at the work, so that no amount of it keeps the server from whoever else is connected."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request

from fluxttice_core.server.errors import RequestError
from fluxttice_core.server.limits import Limits


class Turns:
    """Lets `limits.at_once` requests work at a time; the others wait in line, which has an end."""

    def __init__(self, limits: Limits) -> None:
        self._free = asyncio.Semaphore(limits.at_once)
        self._limits = limits
        self._waiting = 0

    @asynccontextmanager
    async def take(self, request: Request) -> AsyncIterator[None]:
        """Work when it is this request's turn.

        Raises:
            RequestError: If the line is full, or the client left while it waited.
        """
        waited = self._free.locked()
        if waited and self._waiting >= self._limits.waiting:
            raise RequestError("too many requests wait: try again later", status=503, code="overloaded")
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            if waited and _has_left(request):
                raise RequestError("the client left before its turn", code="client_left", close=True)
            yield
        finally:
            # One round of the loop later, so that it looks at every connection between one turn and the next.
            asyncio.get_running_loop().call_soon(self._free.release)


def _has_left(request: Request) -> bool:
    """Whether there is news of the client, which after the whole body can only be that it left."""
    news = request.receive()
    try:
        news.send(None)  # type: ignore[attr-defined]  # a coroutine; one step of it, which does not wait
    except StopIteration:
        return True
    news.close()  # type: ignore[attr-defined]
    return False
