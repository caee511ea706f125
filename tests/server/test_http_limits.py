"""Clients that are slow, greedy or do not speak HTTP, over plain sockets."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import pairwise, repeat
from typing import Any

import pytest
from starlette.responses import Response
from starlette.routing import Route

from fluxttice_core.server.limits import Limits

LIMITS = Limits(
    body_bytes=20_000,
    head_bytes=8_000,
    connections=6,
    head_seconds=0.4,
    body_seconds=0.4,
    write_seconds=0.4,
    idle_seconds=1.0,
)
POST = b"POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
EMBED = b'{"model":"fluxttice-b","input":"min"}'


async def large(_: Any) -> Response:
    """More than the system's buffers hold."""
    return Response(b"x" * 30_000_000)


@pytest.fixture(scope="module")
def strict(serving: Any) -> Iterator[Any]:
    with serving(limits=LIMITS, pages=[Route("/large", large)]) as server:
        yield server


def connect(server: Any) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def read_to_end(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65_536), b""))


def told(server: Any, *sent: bytes, pause: float = 0) -> bytes:
    """All that the server says before it ends the connection."""
    with closing(connect(server)) as connection:
        for part in sent:
            connection.sendall(part)
            time.sleep(pause)
        return read_to_end(connection)


def converse(server: Any, *sent: bytes) -> tuple[int, dict[str, Any]]:
    """The error with which the server ends the connection."""
    head, _, body = told(server, *sent).partition(b"\r\n\r\n")
    assert b"connection: close" in head.lower()
    assert b"x-request-id: " in head.lower()
    return int(head.split()[1]), json.loads(body)["error"]


@pytest.mark.parametrize("announced", [b"Content-Length: 5", b"Transfer-Encoding: chunked"])
@pytest.mark.parametrize(
    ("line", "kind", "status"),
    [
        (b"POST /nowhere", b"application/json", 404),
        (b"PUT /v1/embeddings", b"application/json", 405),
        (b"POST /v1/embeddings", b"text/plain", 415),
    ],
)
def test_an_answer_before_the_body_says_that_it_is_the_last(
    strict: Any, line: bytes, kind: bytes, status: int, announced: bytes
) -> None:
    head = b"%s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\n%s\r\n\r\n" % (line, kind, announced)
    assert converse(strict, head)[0] == status


def test_a_connection_whose_bodies_were_read_is_kept(strict: Any) -> None:
    request = POST + b"Content-Length: %d\r\n\r\n%s" % (len(EMBED), EMBED)
    with closing(connect(strict)) as connection:
        for _ in range(3):
            connection.sendall(request)
            answer = connection.recv(65_536)
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert b"connection: close" not in answer.lower()


def cut_off(server: Any, reason: str) -> float:
    found: float = server.app.state.metrics.registry.get_sample_value(
        "fluxttice_connections_cut_off_total", {"reason": reason}
    )
    return found or 0.0


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"POST /v1/emb", POST + b"X: "])
def test_a_head_that_does_not_end_is_cut_off(strict: Any, sent: bytes) -> None:
    started = time.monotonic()
    status, error = converse(strict, sent)
    assert (status, error["code"]) == (408, "request_timeout")
    assert 0.3 < time.monotonic() - started < 5
    assert cut_off(strict, "head_seconds") >= 1


def test_a_head_that_trickles_is_cut_off(strict: Any) -> None:
    with closing(connect(strict)) as connection:
        connection.sendall(POST)
        started = time.monotonic()
        connection.settimeout(0.05)
        answer = b""
        while b"\r\n\r\n" not in answer:
            assert time.monotonic() - started < 5
            connection.sendall(b"X-Slow: yes\r\n")
            try:
                answer += connection.recv(1_000)
            except TimeoutError:
                continue
    assert answer.startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize("head", [POST + b"X: " + b"y" * 100_000, b"GET /" + b"z" * 100_000])
def test_a_head_that_is_too_large_is_cut_off(strict: Any, head: bytes) -> None:
    pieces = [head[i : i + 4_000] for i in range(0, len(head), 4_000)]
    answer = b""
    with suppress(ConnectionResetError, BrokenPipeError):  # it may be cut off while it still sends
        answer = told(strict, *pieces, pause=0.005)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431")
    assert cut_off(strict, "head_bytes") >= 1


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00\x01\x00\x01", b"HELLO\r\n\r\n", b"GET  HTTP/1.1\r\n\r\n"]
)
def test_what_is_not_http_is_refused_in_the_usual_shape(strict: Any, sent: bytes) -> None:
    status, error = converse(strict, sent)
    assert (status, error["code"]) == (400, "invalid_http")


@pytest.mark.parametrize("body", [b"", EMBED[:10]])
def test_a_body_that_does_not_arrive_is_cut_off(strict: Any, body: bytes) -> None:
    status, error = converse(strict, POST + b"Content-Length: 37\r\n\r\n" + body)
    assert status == 408
    assert "did not arrive within 0.4 seconds" in error["message"]


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"Content-Length: 300000", b"x" * 300_000),
        (b"Transfer-Encoding: chunked", (b"1000\r\n" + b"x" * 0x1000 + b"\r\n") * 60 + b"0\r\n\r\n"),
        (b"Expect: 100-continue\r\nContent-Length: 999999999", b""),
    ],
    ids=["announced", "not announced", "asking first"],
)
def test_a_body_too_large_is_refused_and_the_reason_can_be_read(
    strict: Any, head: bytes, body: bytes
) -> None:
    status, error = converse(strict, POST + head + b"\r\n\r\n", body)
    assert (status, error["code"]) == (413, "body_too_large")


def test_large_bodies_have_so_much_room_together(serving: Any) -> None:
    def request(size: int) -> bytes:
        return POST + b"Content-Length: %d\r\n\r\n" % size + EMBED.ljust(size)

    def answered(connection: socket.socket, sent: bytes) -> bytes:
        connection.sendall(sent)
        return connection.recv(65_536)

    large = request(180_000)
    with serving(limits=Limits(bodies_bytes=200_000)) as server:
        first, second, third = (connect(server) for _ in range(3))
        with closing(first), closing(second), closing(third):
            first.sendall(large[:500])
            # The first has not come yet, and the second waits for its room; what is small needs none.
            second.sendall(large)
            assert b"200 OK" in answered(third, request(60_000))
            assert b"200 OK" in answered(first, large[500:])
            assert b"200 OK" in second.recv(65_536)


def test_a_body_without_end_is_cut_off(strict: Any) -> None:
    with closing(connect(strict)) as connection:
        connection.sendall(POST + b"Content-Length: 99999999999999999999999\r\n\r\n")
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            list(map(connection.sendall, repeat(b"x" * 60_000, 20_000)))
    assert strict.get("/healthz").status_code == 200


def test_a_body_that_nobody_asked_for_ends_the_connection(strict: Any) -> None:
    head = b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
    assert told(strict, head).startswith(b"HTTP/1.1 200")


def test_a_client_that_does_not_read_is_cut_off(strict: Any) -> None:
    with closing(socket.socket()) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.settimeout(10)
        connection.connect(("127.0.0.1", strict.port))
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        until = time.monotonic() + 15
        while cut_off(strict, "write_seconds") < 1:
            assert time.monotonic() < until
            time.sleep(0.05)
    assert strict.get("/healthz").status_code == 200


def test_an_idle_connection_is_ended_and_blank_lines_do_not_keep_it(strict: Any) -> None:
    with closing(connect(strict)) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(10_000).startswith(b"HTTP/1.1 200")
        connection.sendall(b"\r\n")
        started = time.monotonic()
        assert read_to_end(connection) == b""
        assert 0.5 < time.monotonic() - started < 5


def test_requests_may_be_sent_before_the_last_is_answered(strict: Any) -> None:
    request = POST + b"Content-Length: %d\r\n\r\n" % len(EMBED) + EMBED
    assert told(strict, request * 20 + LAST).count(b"HTTP/1.1 200 OK") == 21


def test_too_many_connections_are_refused(strict: Any) -> None:
    time.sleep(0.1)
    held = [connect(strict) for _ in range(LIMITS.connections + 4)]
    try:
        answers = [read_to_end(connection) for connection in held]
    finally:
        for connection in held:
            connection.close()
    refused = [answer for answer in answers if answer.startswith(b"HTTP/1.1 503")]
    assert len(refused) >= 4
    assert json.loads(refused[0].partition(b"\r\n\r\n")[2])["error"]["code"] == "overloaded"
    assert all(answer.startswith((b"HTTP/1.1 503", b"HTTP/1.1 408")) for answer in answers)


JAVA = (
    b"POST /v1/embeddings HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nContent-Length: 37\r\n"
    b"Host: x\r\n"
    b"HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA\r\nUpgrade: h2c\r\n"
    b"User-Agent: Java-http-client/17.0.15\r\nContent-Type: application/json\r\n\r\n" + EMBED
)
"""What the HTTP client of Java 17 sends at its defaults, and `curl --http2` much like it."""
CHUNKED = JAVA.replace(b"Content-Length: 37", b"Transfer-Encoding: chunked").replace(
    EMBED, b"25\r\n" + EMBED + b"\r\n0\r\n\r\n"
)
LAST = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("request_", [JAVA, CHUNKED])
@pytest.mark.parametrize("cuts", [(), (20,), (150,), (-37,), (-37, -20), (-1,)])
def test_an_offer_of_another_protocol_is_ignored_and_the_body_read(
    strict: Any, request_: bytes, cuts: tuple[int, ...]
) -> None:
    edges = [0, *(cut % len(request_) for cut in cuts), len(request_)]
    parts = [request_[start:stop] for start, stop in pairwise(edges)]
    answers = told(strict, *parts, JAVA + LAST, pause=0.02)
    assert answers.count(b"HTTP/1.1 200 OK") == 3
    assert answers.count(b'"object":"embedding"') == 2


@pytest.mark.parametrize(
    "head", [b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", JAVA[:100] + JAVA[:100] + b"\r\n\r\n"]
)
def test_a_tunnel_and_a_head_within_a_head_are_refused(strict: Any, head: bytes) -> None:
    assert converse(strict, head)[0] == 400
