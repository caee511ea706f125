"""Requests a second through a socket of this machine, beside a bare handler that sends as many bytes."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.comparison import Row, against
from benchmarks.stopwatch import Work, in_turn

ROOT = Path(__file__).resolve().parent.parent
REQUESTS = 300
OURS = (sys.executable, "-m", "fluxttice_core.cli", "serve", "--port", "0")
BARE = (sys.executable, "-m", "benchmarks.bare_server")
ADDRESS = re.compile(r"Serving http://127\.0\.0\.1:(\d+)/")
INPUTS = {"one operation": "+0-0+-+-0", "a hundred": [f"{index}" for index in range(100)]}


def rows() -> list[Row]:
    """Embedding requests of one client that waits for each answer, over one connection."""
    table = []
    with served(OURS) as ours:
        for name, inputs in INPUTS.items():
            body = json.dumps({"model": "fluxttice-b", "input": inputs})
            size = len(answer(ours, body))
            with served((*BARE, str(size))) as bare:
                timings = in_turn(
                    {"ours": Work(asking(ours, body)), "bare": Work(asking(bare, body))}, most=20
                )
            rate = f"{REQUESTS / timings['ours'].best:,.0f} requests/s"
            beside = against(timings["ours"], timings["bare"], f"a bare handler's time for {size:,} bytes")
            table.append((f"embeddings of {name}", rate, beside))
    return table


@contextmanager
def served(command: tuple[str, ...]) -> Iterator[HTTPConnection]:
    """A connection to a server that runs meanwhile, in a process of its own."""
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- our own servers
        try:
            line = process.stdout.readline() if process.stdout is not None else ""
            found = ADDRESS.search(line)
            if found is None:
                raise RuntimeError(f"{' '.join(command)} named no address, but said {line!r}")
            with closing(HTTPConnection("127.0.0.1", int(found[1]), timeout=30)) as connection:
                yield connection
        finally:
            process.terminate()


def answer(connection: HTTPConnection, body: str) -> bytes:
    """Ask for embeddings once."""
    connection.request("POST", "/v1/embeddings", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    content = response.read()
    if response.status != 200:
        raise RuntimeError(f"the server answered {response.status}: {content[:200]!r}")
    return content


def asking(connection: HTTPConnection, body: str) -> Callable[[], None]:
    """Ask often enough for a clock to tell."""

    def ask() -> None:
        for _ in range(REQUESTS):
            answer(connection, body)

    return ask
