"""Every example of docs/api.md is run against a server; those of curl by curl too, where there is one."""

import doctest
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fluxttice_core.server.run import make_server

PAGE = Path(__file__).parents[3] / "docs" / "api.md"
ADDRESS = "http://127.0.0.1:8000"
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)


def conversations() -> list[tuple[str, str]]:
    """Commands of the page and what they print."""
    found = []
    for block in blocks("console"):
        command, _, printed = block.removeprefix("$ ").replace("\\\n", " ").partition("\n")
        found.append((command, printed))
    return found


def matches(expected: str, printed: str) -> bool:
    return doctest.OutputChecker().check_output(expected.strip(), printed.strip(), OPTIONS)


def as_curl_would(server: Any, command: str) -> str:
    words = shlex.split(command)
    assert words[:2] == ["curl", "-s"]
    address, *options = words[2:]
    given = dict(zip(options[::2], options[1::2], strict=True))
    assert set(given) <= {"-H", "-d"}
    path = address.removeprefix(ADDRESS)
    if "-d" not in given:
        return str(server.get(path).text)
    assert given["-H"] == "Content-Type: application/json"
    return str(server.send(path, given["-d"]).text)


@pytest.mark.parametrize(("command", "printed"), conversations())
def test_a_command_prints_what_the_page_says(server: Any, command: str, printed: str) -> None:
    assert matches(printed, as_curl_would(server, command))
    if shutil.which("curl"):
        real = shlex.split(command.replace(ADDRESS, server.url))
        ran = subprocess.run(real, capture_output=True, text=True, check=True, timeout=30)
        assert matches(printed, ran.stdout)


def test_the_python_examples_print_what_the_page_says(server: Any) -> None:
    text = "\n".join(blocks("python")).replace(ADDRESS, server.url)
    examples = doctest.DocTestParser().get_doctest(text, {}, "api.md", str(PAGE), 0)
    assert len(examples.examples) > 20
    outcome = doctest.DocTestRunner(optionflags=OPTIONS).run(examples)
    assert outcome.failed == 0


def test_a_wrong_example_is_found(server: Any) -> None:
    command = f"curl -s {ADDRESS}/healthz"
    assert not matches('{"status":"down"...}', as_curl_would(server, command))


def test_the_page_names_every_path_and_status(server: Any) -> None:
    text = PAGE.read_text()
    document = server.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, endpoint in methods.items():
            assert f"{method.upper()} {path}" in text or path == "/v1/embeddings"
            statuses = set(endpoint["responses"]) - {"200", "500"}
            assert all(re.search(rf"\b{status}\b", text) for status in statuses)


def test_the_page_states_the_real_bounds(server: Any) -> None:
    text = PAGE.read_text()
    limits = server.app.state.limits
    assert f"connections ({limits.connections})" in text
    assert f"within {limits.answer_seconds + limits.body_seconds:g} seconds" in text
    assert f"arrive within {limits.head_seconds:g} seconds" in text
    assert limits.head_seconds == limits.body_seconds
    assert f"larger than {limits.body_bytes // 2**20} MiB" in text
    assert f"large bodies ({limits.bodies_bytes // 2**20} MiB together)" in text
    assert f"unread for {limits.write_seconds:g} seconds" in text
    assert f"idle for {limits.idle_seconds:g}, is cut off" in text
    assert make_server(server.app).config.timeout_keep_alive == limits.idle_seconds
