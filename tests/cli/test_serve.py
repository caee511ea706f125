"""The command as users run it: a process of its own, on a port that the system chooses."""

import json
import re
import shlex
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import util
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from fluxttice_core.cli.main import app


def run(*arguments: str, **variables: str) -> Result:
    environment: dict[str, Any] = {
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "FLUXTTICE_API_KEY": None,
    }
    return CliRunner().invoke(app, ["serve", *arguments], env=environment | variables)


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "fluxttice_core.cli", "serve", "--port", "0", *arguments]
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
        said = process.stdout.readline()
        found = re.match(r"Serving (http://127\.0\.0\.1:\d+)/ ", said)
        assert found, said
        yield process, found[1]
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


@pytest.mark.parametrize("arguments", [["--host", "0.0.0.0"], ["--host", "192.0.2.1"], ["--host", "::"]])  # noqa: S104
def test_it_is_not_open_to_other_machines_by_accident(arguments: list[str]) -> None:
    refused = run(*arguments)
    assert refused.exit_code == 2
    assert refused.output.startswith("fluxttice: ")
    assert "--api-key or FLUXTTICE_API_KEY" in refused.output
    assert "--insecure-public" in refused.output


@pytest.mark.parametrize("key", ["short", "with blanks in it, and long"])
def test_a_weak_key_is_refused_from_either_place(key: str) -> None:
    for refused in (run("--api-key", key), run(FLUXTTICE_API_KEY=key)):
        assert refused.exit_code == 2
        assert "16 or more ASCII characters" in refused.output
        assert key not in refused.output


def test_an_empty_variable_is_no_key() -> None:
    refused = run("--host", "192.0.2.1", FLUXTTICE_API_KEY="")
    assert "can be reached from other machines" in refused.output


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
    refused = run(*arguments)
    assert refused.exit_code == 2
    assert says in refused.output
    assert "Traceback" not in refused.output


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    find = util.find_spec
    monkeypatch.setattr(
        util, "find_spec", lambda name, package=None: None if name == "uvicorn" else find(name, package)
    )
    refused = run()
    assert refused.exit_code == 2
    assert refused.output == (
        "fluxttice: serving needs uvicorn, which is not installed: "
        f"{shlex.quote(sys.executable)} -m pip install 'fluxttice-core[serve]'\n"
    )


def test_the_help_names_every_option() -> None:
    shown = run("--help")
    assert shown.exit_code == 0
    for option in ("--host", "--port", "--model", "--api-key", "--insecure-public", "--access-log"):
        assert option in shown.output
