"""What the server bears: requests a second, their times, `/healthz` beside them, and memory.

`python -m benchmarks.load` runs wrk (`apt-get install wrk`) against the real server for some minutes, or,
with `heavy` behind it, two minutes of the largest bodies alone. It keeps what it found, with the share of
the processors that other programs took meanwhile, which it reads as Linux says it; the page about the API
shows it.
"""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.serving import OURS, answer, served
from docs.load import CONNECTIONS, record_heavy, record_load
from fluxttice_core.operations.catalogue import named_operations
from fluxttice_core.operations.cellwise import TERNARY
from fluxttice_core.spaces.operation_space import OperationSpace

SECONDS = 5.0
HEAVY_SECONDS = 15.0
"""Long enough for `/healthz` to be asked some hundred times: its 99th percentile is then not its slowest."""
MANY = 2_048
REQUESTS = 100_000
"""Requests between the two looks at the memory."""
POLL = 0.01
"""Seconds between two questions to `/healthz`."""
_TOGETHER = 32
LARGEST = 2 * 1024 * 1024
"""Bytes of the largest body that the server takes."""
_SCRIPT = """
local requests, at, heads = {}, 0, {["Content-Type"] = "application/json"}
function init(paths)
  for _, path in ipairs(paths) do
    local file = io.open(path, "rb")
    requests[#requests + 1] = wrk.format("POST", "/v1/embeddings", heads, file:read("*a"))
    file:close()
  end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('\\n{"requests": %d, "seconds": %f, "failed": %d, "median": %f, "last": %f}',
    summary.requests, summary.duration / 1e6, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""
"""Sends the files that are named in turn; times are in milliseconds."""


def inputs() -> dict[str, list[Any]]:
    """As many operations in every notation as one request may have."""
    indices = np.arange(MANY) * 9
    names = [name for one in named_operations() for name in (one.name, *one.aliases)]
    return {
        "glyphs": OperationSpace().strings(indices),
        "names": [names[at % len(names)] for at in range(MANY)],
        "index strings": [f"{index}" for index in indices],
        "lists of 9 trits": TERNARY.tables(indices).tolist(),
    }


def bodies(folder: Path) -> dict[tuple[str, int], Path]:
    """Write a request of every notation, with one operation and with many, and say where each is."""
    found: dict[tuple[str, int], Path] = {}
    for kind, written in inputs().items():
        for number in (1, MANY):
            path = folder / f"{len(found)}.json"
            asked = {"model": "fluxttice-b", "input": written[:number], "encoding_format": "base64"}
            path.write_text(json.dumps(asked))
            found[kind, number] = path
    return found


def heaviest() -> dict[str, bytes]:
    """The largest bodies: of text, which is looked at and served, and of what takes long to read."""

    def filled(head: str, part: str, end: str) -> bytes:
        return (head + part * ((LARGEST - len(head) - len(end)) // len(part)) + end).encode()

    of_many = '{"model": "fluxttice-b", "input": ['
    return {
        "one long text": filled('{"model": "fluxttice-b", "input": "min", "user": "', "u", '"}'),
        "short texts": filled(of_many, '"min", ', '"min"]}'),
        "numbers": filled(of_many, "0,", "0]}"),
        "empty lists": filled(of_many, "[],", "[]]}"),
        "names": filled("{", '"n": 0,', '"n": 0}'),
    }


def load(port: int, connections: int, seconds: float, sent: Sequence[Path]) -> dict[str, float]:
    """Send requests in turn over so many connections, each as soon as the last was answered.

    Raises:
        RuntimeError: If there is no wrk, or it says nothing.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise RuntimeError("there is no wrk on PATH to load the server with: apt-get install wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_SCRIPT)
        script.flush()
        options = ("-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "60s", "-s", script.name)
        command = (wrk, *options, f"http://127.0.0.1:{port}/", "--", *map(str, sent))
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- wrk, with our files
    said = done.stdout.rpartition("\n")[2]
    if done.returncode or not said:
        raise RuntimeError(f"wrk failed: {done.stderr or done.stdout}")
    found: dict[str, float] = json.loads(said)
    return found


@contextmanager
def polled(port: int) -> Iterator[list[float]]:
    """Ask `/healthz` over a new connection every time, as what watches a server does; yields milliseconds.

    Raises:
        RuntimeError: If it was refused: how soon that is says nothing.
    """
    times: list[float] = []
    refused: list[int] = []
    over = threading.Event()

    def poll() -> None:
        while not over.wait(POLL):
            started = time.perf_counter()
            connection = HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", "/healthz")
            response = connection.getresponse()
            response.read()
            connection.close()
            if response.status != 200:
                refused.append(response.status)
            times.append(1e3 * (time.perf_counter() - started))

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        yield times
    finally:
        over.set()
        thread.join()
    if refused:
        raise RuntimeError(f"/healthz was refused {len(refused)} times, first with {refused[0]}")


def counted(connection: HTTPConnection, name: str) -> float:
    """What the server counts of itself under a name."""
    connection.close()  # what is idle for long, the server has closed
    connection.request("GET", "/metrics")
    (found,) = re.findall(f"^{name} (.+)$", connection.getresponse().read().decode(), re.MULTILINE)
    return float(found)


def busy() -> float:
    """Seconds of all processors that were spent since this machine started, by any program."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    idle = int(fields[3]) + int(fields[4])
    return (sum(map(int, fields)) - idle) / os.sysconf("SC_CLK_TCK")


def spent(connection: HTTPConnection) -> float:
    """Seconds of processors that were spent by the server, by this process, and by wrk."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = [resource.getrusage(one) for one in who]
    ours = sum(one.ru_utime + one.ru_stime for one in used)
    return ours + counted(connection, "process_cpu_seconds_total")


def settle(connection: HTTPConnection) -> None:
    """Wait until the server has done with whoever loaded it before.

    A body whose client left in the midst of it keeps its connection until its turn comes, which takes
    seconds where there are many.
    """
    while counted(connection, "fluxttice_http_requests_in_progress") > 1:  # this one is
        time.sleep(POLL)


def measured(
    connection: HTTPConnection, connections: int, sent: Path, seconds: float = SECONDS
) -> dict[str, float]:
    """One load, what `/healthz` took beside it, and the share of the processors that was not ours."""
    settle(connection)
    began, before = time.perf_counter(), busy() - spent(connection)
    with polled(connection.port) as times:
        found = load(connection.port, connections, seconds, [sent])
    taken = busy() - spent(connection) - before
    return {
        "connections": connections,
        "rate": found["requests"] / found["seconds"],
        **{key: found[key] for key in ("failed", "median", "last")},
        "healthz": float(np.quantile(times, 0.99)),
        "slowest": max(times),
        "asked": len(times),
        "others": max(taken, 0.0) / ((time.perf_counter() - began) * (os.cpu_count() or 1)),
    }


def remembered(
    connection: HTTPConnection, sent: Sequence[Path], requests: int = REQUESTS
) -> dict[str, float]:
    """The server's memory in megabytes, before and after so many requests of every kind in turn."""
    before, done = counted(connection, "process_resident_memory_bytes"), 0.0
    while done < requests:
        done += load(connection.port, _TOGETHER, SECONDS, sent)["requests"]
    after = counted(connection, "process_resident_memory_bytes")
    return {"requests": done, "before": before / 1e6, "after": after / 1e6}


def measure_heavy() -> None:
    """Measure `/healthz` beside the largest bodies over the most connections, and keep it."""
    rows = []
    with tempfile.TemporaryDirectory() as folder, served(OURS) as connection:
        for kind, body in heaviest().items():
            path = Path(folder) / "body.json"
            path.write_bytes(body)
            settle(connection)
            load(connection.port, max(CONNECTIONS), 1, [path])
            row = measured(connection, max(CONNECTIONS), path, HEAVY_SECONDS)
            rows.append({"kind": kind, **row})
            print(rows[-1], flush=True)
    record_heavy(rows)


def main() -> int:
    """Measure all, and keep it."""
    if sys.argv[1:] == ["heavy"]:
        measure_heavy()
        return 0
    rows = []
    with tempfile.TemporaryDirectory() as folder, served(OURS) as connection:
        files = bodies(Path(folder))
        for path in files.values():
            answer(connection, path.read_text())
            load(connection.port, max(CONNECTIONS), 1, [path])
        memory = remembered(connection, list(files.values()))
        print(f"memory: {memory}", flush=True)
        for (kind, number), path in files.items():
            for connections in CONNECTIONS:
                row = {"kind": kind, "inputs": number, **measured(connection, connections, path)}
                print(row, flush=True)
                rows.append(row)
    record_load(rows, memory)
    measure_heavy()
    return 0


if __name__ == "__main__":
    sys.exit(main())
