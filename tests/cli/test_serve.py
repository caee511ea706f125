"""The command as users run it: a process of its own, on a port that the system chooses."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib import util
from pathlib import Path
from typing import Any

import httpx
import pytest

from fluxttice_core.errors import ErrorCode, SettingsError
from fluxttice_core.server.access import Access
from tests.cli.commands import PLAIN, ran
from tests.refusals import refused


def not_started(*arguments: str, **variables: str) -> str:
    """What is printed where the server is not started, for bad input."""
    return ran("serve", *arguments, code=2, env={**PLAIN, "FLUXTTICE_API_KEY": None, **variables}).output


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with started("--port", "0", *arguments) as (process, said):
        found = re.match(r"Serving (http://127\.0\.0\.1:\d+)/ ", said)
        assert found, said
        yield process, found[1]


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "fluxttice_core.cli", "serve", *arguments]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background has its children ignore interrupts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate()


def ask(request: str | urllib.request.Request) -> Any:
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # our own address
        return json.loads(answer.read())


def test_it_serves_until_it_is_interrupted() -> None:
    with serving("--api-key", "a-key-of-many-letters") as (process, address):
        assert ask(f"{address}/healthz")["status"] == "ok"
        with pytest.raises(urllib.error.HTTPError, match="401"):
            ask(f"{address}/v1/models")
        request = urllib.request.Request(  # noqa: S310  # our own address
            f"{address}/v1/embeddings",
            data=b'{"model": "fluxttice-b", "input": "min"}',
            headers={"content-type": "application/json", "authorization": "Bearer a-key-of-many-letters"},
        )
        assert len(ask(request)["data"][0]["embedding"]) == 16
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=30)
        assert process.returncode == 130
        assert "Traceback" not in complaints


@pytest.mark.slow
def test_when_it_is_told_to_stop_whoever_had_asked_is_answered() -> None:
    head = b"POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Length: 37\r\n"
    head += b"Content-Type: application/json\r\n\r\n"
    body = b'{"model":"fluxttice-b","input":"min"}'
    with serving() as (process, address), ExitStack() as stack:
        port = int(address.rpartition(":")[2])
        held = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 30)) for _ in range(20)]
        for connection in held:
            connection.sendall(head + body)
            answer = b""
            while b"total_tokens" not in answer:
                answer += connection.recv(65_536)
        stalled = held.pop()
        stalled.sendall(head + body[:5])
        process.send_signal(signal.SIGTERM)
        for connection in held:
            connection.sendall(head + body)
        for connection in held:
            answer = b"".join(iter(partial(connection.recv, 65_536), b""))
            assert answer.startswith(b"HTTP/1.1 200")
        assert stalled.recv(65_536).startswith(b"HTTP/1.1 503")
        _, complaints = process.communicate(timeout=30)
        assert "Traceback" not in complaints


def test_a_socket_file_keys_from_a_file_and_a_log(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("a-key-of-many-letters\n\nanother-key-of-many\r\n")
    place = str(tmp_path / "socket")
    options = ["--uds", place, "--api-key-file", str(keys), "--access-log", "json", "--root-path", "/flux"]
    for stop in (signal.SIGKILL, signal.SIGTERM):  # the second in the place of a file that the first left
        with started(*options) as (process, said):
            assert said.startswith(f"Serving unix:{place}:/ ")
            with httpx.Client(transport=httpx.HTTPTransport(uds=place), base_url="http://x/flux") as client:
                for key in ("a-key-of-many-letters", "another-key-of-many", "neither-of-the-keys"):
                    answer = client.get("/v1/models", headers={"authorization": f"Bearer {key}"})
                    assert (answer.status_code == 200) is not key.startswith("neither")
            process.send_signal(stop)
            _, logged = process.communicate()
        assert (process.returncode, Path(place).exists()) == {
            signal.SIGKILL: (-signal.SIGKILL, True),
            signal.SIGTERM: (0, False),
        }[stop]
    lines = [json.loads(line) for line in logged.splitlines()]
    assert [line["status"] for line in lines] == [200, 200, 401]
    assert lines[0].keys() == {"time", "client", "method", "path", "status", "ms", "request_id"}
    told = ("client", "method", "path", "status")
    assert [lines[0][name] for name in told] == ["unix", "GET", "/v1/models", 200]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--api-key-file", os.devnull], "not a regular file"),
        (["--root-path", "flux/"], "must be like /flux"),
        (["--proxy", "nowhere"], "no address of a proxy"),
        (["--model-alias", "gpt=unknown"], "write ALIAS=MODEL"),
        (["--model-alias", 'a"b=fluxttice-b'], "write ALIAS=MODEL"),
        (["--model-alias", "fluxttice-a=fluxttice-b"], "fluxttice-a is another model already"),
        (["--model-alias", "gpt=fluxttice-a", "--model-alias", "gpt=fluxttice-b"], "give each alias once"),
        (["--cors-origin", "lab.example"], "'lab.example' is no origin as browsers send it"),
        (["--cors-origin", "https://lab.example/"], "without a path"),
        (["--cors-origin", "https://Lab.example"], "is no origin"),
        (["--cors-origin", "https://lab.example:443"], "is no origin"),
        (["--uds", os.devnull], "cannot listen on /dev/null"),
    ],
)
def test_settings_that_cannot_be(arguments: list[str], says: str) -> None:
    assert says in " ".join(not_started("--port", "0", *arguments).split())


@pytest.mark.parametrize(
    "origin",
    [
        *("*", "https://lab.example", "http://localhost:3000", "http://[::1]:8080", "https://a.example:80"),
        *(
            "https://xn--bcher-kva.example",
            "https://lab.example:65535",
            "http://a_b.example",
            "http://127.0.0.1",
        ),
        "chrome-extension://abcdefghijklmnop",
    ],
)
def test_origins_as_browsers_send_them_are_taken(origin: str) -> None:
    assert Access(origins=(origin,)).origins == (origin,)


@pytest.mark.parametrize(
    ("origin", "code", "says"),
    [
        ("null", "unsupported", "of sandboxed pages of anybody, so it is never let in: serve the page from"),
        ("https://*.lab.example", "malformed", "name every host in full, or write * alone"),
        ("https://b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example", "malformed", "its host in punycode"),
        ("https://me@lab.example", "malformed", "without a path, a user or the usual port"),
        ("https://lab.example:65536", "malformed", "is no origin"),
        (f"https://lab.example:{'9' * 30}", "malformed", "is no origin"),
        ("https://lab.example:0443", "malformed", "is no origin"),
        ("http://[::1", "malformed", "is no origin"),
        ("http://[1:2]", "malformed", "is no origin"),
    ],
    ids=lambda value: value[:30],
)
def test_origins_that_no_browser_sends_or_anybody_are_refused(
    origin: str, code: ErrorCode, says: str
) -> None:
    with refused(SettingsError, code, says):
        Access(origins=(origin,))


@pytest.mark.parametrize("arguments", [["--host", "0.0.0.0"], ["--host", "192.0.2.1"], ["--host", "::"]])  # noqa: S104
def test_it_is_not_open_to_other_machines_by_accident(arguments: list[str]) -> None:
    said = not_started(*arguments)
    assert said.startswith("fluxttice: ")
    assert "--api-key or FLUXTTICE_API_KEY" in said
    assert "--insecure-public" in said


@pytest.mark.parametrize("key", ["short", "with blanks in it, and long"])
def test_a_weak_key_is_refused_from_either_place(key: str) -> None:
    for said in (not_started("--api-key", key), not_started(FLUXTTICE_API_KEY=key)):
        assert "16 or more ASCII characters" in said
        assert key not in said


def test_an_empty_variable_is_no_key() -> None:
    said = not_started("--host", "192.0.2.1", FLUXTTICE_API_KEY="")
    assert "can be reached from other machines" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--host", "192.0.2.1", "--insecure-public"], "cannot listen on port 8000 of 192.0.2.1"),
        (["--host", "no such host"], "there is no host"),
        (["--port", "65536"], "--port"),
        (["--port", "0", "--model", "nowhere"], "no checkpoint at nowhere"),
    ],
)
def test_what_cannot_be_served_ends_with_a_sentence(arguments: list[str], says: str) -> None:
    said = not_started(*arguments)
    assert says in said
    assert "Traceback" not in said


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    find = util.find_spec
    monkeypatch.setattr(
        util, "find_spec", lambda name, package=None: None if name == "uvicorn" else find(name, package)
    )
    assert not_started() == (
        "fluxttice: serving needs uvicorn, which is not installed: "
        f"{shlex.quote(sys.executable)} -m pip install 'fluxttice-core[serve]'\n"
    )


def test_the_help_names_every_option() -> None:
    shown = ran("serve", "--help", env=PLAIN).output
    for option in ("--host", "--port", "--model", "--api-key", "--insecure-public", "--access-log"):
        assert option in shown
