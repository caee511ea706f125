"""What every request passes: the key, the time an answer may take, security headers and counters."""

import asyncio
import hmac
import re
import secrets
import time
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fluxttice_core.server.access import Access, log_line
from fluxttice_core.server.counters import Metrics
from fluxttice_core.server.errors import RequestError, error_response
from fluxttice_core.server.limits import Limits

SECURITY_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}
"""Headers of every answer that does not set them itself: only our own origin may be used, or use us."""

_REQUEST_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)
_SECURITY = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]


class RequestMiddleware:
    """Wraps the application: `routes` gives each handler's path, by which its answers are counted."""

    def __init__(
        self, app: ASGIApp, *, routes: Mapping[Any, str], access: Access, limits: Limits, metrics: Metrics
    ) -> None:
        self._app = app
        self._routes = routes
        self._access = access
        self._keys = [key.encode() for key in access.keys]
        self._seconds = limits.answer_seconds + limits.body_seconds
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._access.forward(scope)
        given = Headers(scope=scope).get("x-request-id", "")
        scope["state"]["request_id"] = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        passage = _Passage(scope, receive, send)
        started = time.perf_counter()
        self._metrics.in_progress.inc()
        try:
            await self._pass(scope, passage)
        finally:
            self._metrics.in_progress.dec()
            route = self._routes.get(scope.get("endpoint"), "other")
            # What runs behind an answer is no part of the time that it took.
            seconds = (passage.ended or time.perf_counter()) - started
            self._metrics.count_answer(route, scope["method"], passage.status, seconds)
            if self._access.log is not None:
                log_line(self._access.log, scope, passage.status, seconds)

    async def _pass(self, scope: Scope, passage: "_Passage") -> None:
        status, code = 503, "overloaded"
        try:
            if self._may_pass(scope):
                async with asyncio.timeout(self._seconds) as passage.deadline:
                    await self._app(scope, passage.receive, passage.send)
                return
            status, code = 401, "invalid_api_key"
            message = "this server needs its API key: send it as Authorization: Bearer KEY"
        except asyncio.CancelledError:
            if passage.began:
                raise
            # Only a server that is told to stop ends the work on a request.
            code, message = "stopping", "the server is stopping: try again later"
        except TimeoutError:
            if passage.deadline is None or not passage.deadline.expired():
                raise
            message = (
                f"no answer was ready within {self._seconds:g} seconds: ask for less, or try again later"
            )
        passage.deadline = None
        error = RequestError(message, status=status, code=code, close=True)
        await error_response(error)(scope, passage.receive, passage.send)

    def _may_pass(self, scope: Scope) -> bool:
        path: str = scope["path"]
        if not self._keys or not (path.startswith("/v1/") or path == "/metrics"):
            return True
        scheme, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
        matches = [hmac.compare_digest(given.strip().encode("latin-1"), key) for key in self._keys]
        return scheme.lower() == "bearer" and any(matches)


class _Passage:
    """The way of one request in and of its answer out."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        announced = Headers(scope=scope)
        self._unread = announced.get("content-length", "0") != "0" or "transfer-encoding" in announced
        self._receive = receive
        self._send = send
        self.status = 500
        self.began = False
        self.ended = 0.0
        self._id = (b"x-request-id", scope["state"]["request_id"].encode())
        self.deadline: asyncio.Timeout | None = None

    async def receive(self) -> Message:
        message = await self._receive()
        if not message.get("more_body", False):
            self._unread = False
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.began = message["status"], True
            headers = message.setdefault("headers", [])
            present = {name for name, _ in headers}
            headers.append(self._id)
            headers.extend(pair for pair in _SECURITY if pair[0] not in present)
            if self._unread and b"connection" not in present:
                # What is left of the body makes the connection end, and a client must know that to leave it.
                headers.append((b"connection", b"close"))
            if self.deadline is not None:
                # An answer has begun: from here on, only a client that does not read it is cut off.
                self.deadline.reschedule(None)
        await self._send(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self.ended = time.perf_counter()
