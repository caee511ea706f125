"""What loads the server sends what it says, and tells what it saw."""

import json
import socket
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from benchmarks.load import (
    LARGEST,
    MANY,
    bodies,
    busy,
    counted,
    heaviest,
    inputs,
    load,
    measured,
    polled,
    remembered,
    settle,
    spent,
)
from benchmarks.serving import OURS, answer, served
from docs.load import load_table, record_heavy, record_load
from fluxttice_core.server.api.operation_input import read_input


@pytest.fixture(scope="module")
def connection() -> Iterator[HTTPConnection]:
    with served(OURS) as ours:
        yield ours


def test_every_notation_means_the_same_operations() -> None:
    written = inputs()
    read = {kind: read_input(values) for kind, values in written.items()}
    assert len(written["names"]) == len(read["glyphs"]) == MANY
    del read["names"]
    assert all(found == [9 * at for at in range(MANY)] for found in read.values())


def test_bodies_are_what_the_server_answers(connection: HTTPConnection, tmp_path: Path) -> None:
    sizes = {key: len(answer(connection, path.read_text())) for key, path in bodies(tmp_path).items()}
    assert len(sizes) == 2 * len(inputs())
    assert all(1_000 * sizes[kind, 1] < sizes[kind, MANY] for kind in inputs())


def test_health_is_asked_over_and_over_until_the_end(connection: HTTPConnection) -> None:
    with polled(connection.port) as times:
        time.sleep(0.5)
    asked = len(times)
    time.sleep(0.1)
    assert asked == len(times) > 3
    assert all(0 < milliseconds < 10_000 for milliseconds in times)


class Overloaded(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(503)

    def log_message(self, *_: object) -> None:
        pass


def ask_for_a_while(port: int) -> None:
    with polled(port) as times:
        while not times:
            time.sleep(0.01)


def test_health_that_was_refused_is_no_measurement() -> None:
    with HTTPServer(("127.0.0.1", 0), Overloaded) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        try:
            with pytest.raises(RuntimeError, match=r"/healthz was refused [1-9][0-9]* times, first with 503"):
                ask_for_a_while(server.server_port)
        finally:
            server.shutdown()
            serving.join()


def test_a_load_begins_when_the_one_before_is_done_with(connection: HTTPConnection) -> None:
    head = b"POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", connection.port)) as earlier:
        earlier.sendall(head + b"Content-Length: 1000\r\n\r\n{")
        while counted(connection, "fluxttice_http_requests_in_progress") < 2:
            time.sleep(0.01)
        waiting = Thread(target=settle, args=(connection,))
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
    waiting.join(60)
    assert not waiting.is_alive()


def test_the_server_s_own_counters_and_the_processors_are_read(connection: HTTPConnection) -> None:
    before, all_before = spent(connection), busy()
    until = time.process_time() + 0.2
    while time.process_time() < until:
        pass
    assert spent(connection) - before >= 0.2
    assert busy() - all_before >= 0.1
    assert counted(connection, "process_resident_memory_bytes") > 50e6


def test_without_wrk_it_is_said_where_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="apt-get install wrk"):
        load(1, 1, 1, [])


def test_the_heaviest_bodies_are_as_large_as_one_may_be_and_json() -> None:
    for body in heaviest().values():
        assert LARGEST - 8 < len(body) <= LARGEST
        assert isinstance(json.loads(body), dict)


@pytest.mark.slow
def test_a_load_is_measured_and_refusals_are_counted(connection: HTTPConnection, tmp_path: Path) -> None:
    files = bodies(tmp_path)
    row = measured(connection, 32, files["glyphs", 1], 1)
    assert row["rate"] > 50
    assert row["failed"] == 0
    assert 0 < row["median"] <= row["last"]
    assert row["healthz"] > 0
    assert 0 <= row["others"] <= 1
    memory = remembered(connection, list(files.values()), 10)
    assert memory["requests"] > 10
    assert min(memory["before"], memory["after"]) > 50
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    refused = load(connection.port, 1, 1, [wrong])
    assert refused["failed"] == refused["requests"] > 0
    with pytest.raises(RuntimeError, match="wrk failed"):
        load(1, 1, 1, [wrong])


def test_loads_stand_by_their_connections(tmp_path: Path) -> None:
    path = tmp_path / "load.json"
    row = {"kind": "names", "inputs": 2_048, "last": 1.26, "failed": 0, "median": 1.0}
    rows = [
        {
            **row,
            "connections": at,
            "rate": 1_000.4 * at,
            "healthz": 2.0 * at,
            "others": at / 100,
            "asked": 800 - at,
        }
        for at in (1, 32)
    ]
    path.write_text('{"heavy": {}}')
    record_load(rows, {"requests": 100_001, "before": 150.2, "after": 151.0}, path)
    heavy = {"kind": "numbers", "rate": 280.4, "healthz": 24.6, "slowest": 40.4, "others": 0.05, "asked": 99}
    record_heavy([heavy, {**heavy, "kind": "names", "asked": 98}], path)
    table, said, beside, largest = load_table(path).split("\n\n")
    assert largest.splitlines()[2:] == ["| numbers | 280 | 25 | 40 |", "| names | 280 | 25 | 40 |"]
    assert "took up to 5% of the processors and `/healthz` was asked at least 98 times" in " ".join(
        beside.split()
    )
    assert table.splitlines()[2:] == [
        "| 2,048 as names | 1,000 / 32,013 | 2,048,819 / 65,562,214 | 1.3 / 1.3 | 2.0 / 64.0 |"
    ]
    assert " ".join(said.split()[3:]) == (
        "while other programs took up to 32% of the processors; 0 requests failed. `/healthz` was asked over "
        "a new connection each time, at least 768 times beside each load: its worst 99th percentile was 64 "
        "ms. 100,001 requests of all kinds in turn took the server's memory from 150 to 151 MB."
    )
