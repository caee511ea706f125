"""How many requests a second the server has time for, by the processor time that it says it has used.

Time on the clock would measure whatever else the machine does; processor time does so far less.
"""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest

from fluxttice_core.spaces.operation_space import OperationSpace

SINGLES_A_SECOND = 1_500
OPERATIONS_A_SECOND = 100_000
HEAD = (
    b"POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    command = [sys.executable, "-m", "fluxttice_core.cli", "serve", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r":(\d+)/", process.stdout.readline())
        assert found
        yield int(found[1])
    finally:
        process.kill()
        process.communicate()


def answer(connection: socket.socket, request: bytes) -> bytes:
    connection.sendall(request)
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65_536)
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    length = re.search(rb"content-length: (\d+)", head)
    assert length
    parts = [body]
    left = int(length[1]) - len(body)
    while left > 0:
        parts.append(connection.recv(1 << 20))
        left -= len(parts[-1])
    return b"".join(parts)


def seconds_each(port: int, body: bytes, times: int) -> float:
    """Processor time of the server for one request."""
    request = HEAD % len(body) + body
    counters = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    used = rb"\nprocess_cpu_seconds_total ([\d.e+-]+)"
    with closing(socket.create_connection(("127.0.0.1", port), timeout=60)) as connection:
        answer(connection, request)
        before, after = re.search(used, answer(connection, counters)), None
        for _ in range(times):
            answer(connection, request)
        after = re.search(used, answer(connection, counters))
    assert before
    assert after
    return (float(after[1]) - float(before[1])) / times


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_single_embeddings(port: int, encoding: str) -> None:
    body = json.dumps({"model": "fluxttice-b", "input": "----00-0+", "encoding_format": encoding})
    assert 1 / seconds_each(port, body.encode(), 5_000) > SINGLES_A_SECOND


@pytest.mark.slow
@pytest.mark.parametrize("tokens", [False, True])
def test_batches(port: int, tokens: bool) -> None:
    space, indices = OperationSpace(), np.arange(2_048) * 9
    given = space.tables(indices).tolist() if tokens else space.strings(indices)
    body = json.dumps({"model": "fluxttice-b", "input": given, "encoding_format": "base64"})
    assert 2_048 / seconds_each(port, body.encode(), 100) > OPERATIONS_A_SECOND
