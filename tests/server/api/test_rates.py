"""How many requests a second the server has time for, by the processor time that it says it has used.

Time on the clock would measure whatever else the machine does; processor time does so far less.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from fluxttice_core.spaces.operation_space import OperationSpace

SINGLES_A_SECOND = 1_500
OPERATIONS_A_SECOND = 100_000


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    command = [sys.executable, "-m", "fluxttice_core.cli", "serve", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+:\d+/", process.stdout.readline())
        assert found
        with httpx.Client(base_url=found[0], timeout=60, trust_env=False) as client:
            yield client
    finally:
        process.kill()
        process.communicate()


def used(client: httpx.Client) -> float:
    found = re.search(r"\nprocess_cpu_seconds_total (\S+)", client.get("/metrics").text)
    assert found
    return float(found[1])


def seconds_each(client: httpx.Client, times: int, **asked: Any) -> float:
    """Processor time of the server for one request."""
    asked["model"] = "fluxttice-b"
    client.post("/v1/embeddings", json=asked)
    before = used(client)
    for _ in range(times):
        assert client.post("/v1/embeddings", json=asked).status_code == 200
    return (used(client) - before) / times


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_single_embeddings(client: httpx.Client, encoding: str) -> None:
    seconds = seconds_each(client, 5_000, input="----00-0+", encoding_format=encoding)
    assert 1 / seconds > SINGLES_A_SECOND


@pytest.mark.slow
@pytest.mark.parametrize("tokens", [False, True])
def test_batches(client: httpx.Client, tokens: bool) -> None:
    space, indices = OperationSpace(), np.arange(2_048) * 9
    given = space.tables(indices).tolist() if tokens else space.strings(indices)
    assert 2_048 / seconds_each(client, 100, input=given, encoding_format="base64") > OPERATIONS_A_SECOND
