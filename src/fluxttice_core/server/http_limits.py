"""HTTP connections that cannot be held up: a client has so long, and so much room, for each step."""

import asyncio
import secrets
from typing import Any, ClassVar

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from fluxttice_core.server.counters import Metrics
from fluxttice_core.server.errors import error_body
from fluxttice_core.server.limits import Limits

_LINGER_SECONDS = 5.0
_FAREWELL_SECONDS = 0.3


class _Parser(httptools.HttpRequestParser):
    """Reads on where a client offers another protocol, as Java does: RFC 9110 lets servers ignore that."""

    def __init__(self, protocol: "GuardedProtocol") -> None:
        super().__init__(protocol)
        self._protocol = protocol

    def feed_data(self, data: Any) -> None:
        try:
            super().feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            head = self._protocol.head_without_offer()
            if not head:
                raise
            self.feed_data(head + data[offer.args[0] :])


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which alone waits for ever for a head to end or an answer to be read."""

    limits: ClassVar[Limits]
    metrics: ClassVar[Metrics]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = True
        self._head_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._offered = self._stopping = False
        self.parser = _Parser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def connection_made(self, transport: Any) -> None:
        """Take a connection, or refuse it when there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            self._refuse(503, "too many connections: try again later", "overloaded", "connections")
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_head_timer()
        self._stop_write_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless a head grows too large."""
        if self.transport.is_closing():
            return
        began_in_head = self._in_head
        super().data_received(data)
        if began_in_head and self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > self.limits.head_bytes and not self.transport.is_closing():
                self._refuse(431, "the request's head is too large", "head_too_large", "head_bytes")
        elif self._is_idle() and self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def on_message_begin(self) -> None:
        """Begin a head."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        self._await_head()

    def on_headers_complete(self) -> None:
        """End a head, unless it offers another protocol: then it is read again without the offer."""
        self._offered = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        if self._offered:
            return
        self._in_head = False
        self._stop_head_timer()
        super().on_headers_complete()
        self.cycle.keep_alive &= not self._stopping

    def on_response_complete(self) -> None:
        """Go on to the next request, unless this one's body was never read to its end."""
        # With requests queued behind it, the cycle at hand is theirs, and this one's body was read.
        if not self.pipeline and self.cycle.more_body:
            self.transport.close()
        super().on_response_complete()

    def on_message_complete(self) -> None:
        """End a request, unless its head is to be read again."""
        if not self._offered:
            super().on_message_complete()

    def head_without_offer(self) -> bytes:
        """The head at hand without its offer of another protocol; nothing, if it makes none."""
        if not self._offered:
            return b""
        kept = [b"%b: %b\r\n" % header for header in self.headers if header[0] != b"upgrade"]
        version = self.parser.get_http_version().encode()
        return b"%b %b HTTP/%b\r\n%b\r\n" % (self.parser.get_method(), self.url, version, b"".join(kept))

    def pause_writing(self) -> None:
        """Wait for the client to read, but not for ever."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(self.limits.write_seconds, self._abandon)

    def resume_writing(self) -> None:
        """Write on."""
        super().resume_writing()
        self._stop_write_timer()

    def shutdown(self) -> None:
        """End the connection, but answer what its client had sent by then."""
        self._stopping = True
        self.loop.call_later(_FAREWELL_SECONDS, super().shutdown)
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def timeout_keep_alive_handler(self) -> None:
        """End an idle connection, even if the client does not read its last answer."""
        super().timeout_keep_alive_handler()
        self.loop.call_later(_LINGER_SECONDS, self.transport.abort)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's name
        """Refuse what is not HTTP."""
        self._refuse(400, "this is no valid HTTP request", "invalid_http", "invalid_http")

    def _await_head(self) -> None:
        self._stop_head_timer()
        self._head_timer = self.loop.call_later(self.limits.head_seconds, self._give_up_on_head)

    def _give_up_on_head(self) -> None:
        if not self.transport.is_closing():
            self._refuse(408, "the request's head did not arrive in time", "request_timeout", "head_seconds")

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()

    def _stop_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()

    def _abandon(self) -> None:
        self.metrics.count_cut_off("write_seconds")
        self.transport.abort()

    def _is_idle(self) -> bool:
        answered = self.cycle is not None and self.cycle.response_complete
        return answered and not self._in_head and not self.transport.is_closing()

    def _refuse(self, status: int, message: str, code: str, reason: str) -> None:
        self.metrics.count_cut_off(reason)
        self._stop_head_timer()
        body = error_body(message, status, code=code)
        self.transport.write(
            STATUS_LINE[status]
            + b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n" % len(body)
            + b"x-request-id: %b\r\n\r\n" % secrets.token_hex(8).encode()
            + body
        )
        self.transport.close()
        self.loop.call_later(_LINGER_SECONDS, self.transport.abort)


def guarded_protocol(limits: Limits, metrics: Metrics) -> type[GuardedProtocol]:
    """Make the protocol of one server, which counts the clients that it cut off."""
    return type("GuardedProtocol", (GuardedProtocol,), {"limits": limits, "metrics": metrics})
