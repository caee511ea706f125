"""The server as other programs meet it: nginx, Java, curl, and the readers of its document.

What is not here (`apt-get install nginx curl default-jdk-headless npm`) ends the program.
"""

import getpass
import json
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import numpy as np
from playwright.sync_api import sync_playwright

import fluxttice_core as fx
from tests.installation.environment import ROOT, Environment, show

NEEDED = ("nginx", "curl", "java", "npm", "chromium")
MIN = "----00-0+"
ASKED = '{"model": "fluxttice-b", "input": "min"}'
JAVA = """
import java.net.URI;
import java.net.http.*;
public class Ask {
    public static void main(String[] given) throws Exception {
        var body = HttpRequest.BodyPublishers.ofString(given[1]);
        var request = HttpRequest.newBuilder(URI.create(given[0])).POST(body);
        request.header("Content-Type", "application/json");
        var text = HttpResponse.BodyHandlers.ofString();
        System.out.println(HttpClient.newHttpClient().send(request.build(), text).body());
    }
}
"""
NGINX = """
{user}
daemon off;
pid {folder}/pid;
error_log {folder}/errors;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        {location}
    }}
}}
"""


def wire(scratch: Path) -> None:
    """Ask a server in all of these ways, and compare what each gets with what the model says."""
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if missing:
        raise SystemExit(f"these are not on PATH: {', '.join(missing)}")
    with _serving(scratch) as address:
        endpoint = f"{address}/v1/embeddings"
        _is_min("Java, at its defaults", _from_java(scratch, endpoint))
        kind = ("-H", "Content-Type: application/json")
        _is_min("curl --http2", _output(["curl", "-s", "--http2", endpoint, *kind, "-d", ASKED]))
        _read_document(scratch, _fetch(f"{address}/openapi.json"))
    _behind_nginx(scratch)


@contextmanager
def _serving(scratch: Path, *options: str) -> Iterator[str]:
    command = [sys.executable, "-m", "fluxttice_core.cli", "serve", *(options or ("--port", "0"))]
    with (scratch / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert server.stdout is not None
            found = re.match(r"Serving (\S+?)/ ", server.stdout.readline())
            assert found
            yield found[1]
        finally:
            server.terminate()
            server.communicate(timeout=30)


def _from_java(scratch: Path, endpoint: str) -> str:
    program = scratch / "Ask.java"
    program.write_text(JAVA)
    return _output(["java", str(program), endpoint, ASKED])


def _read_document(scratch: Path, document: bytes) -> None:
    path = scratch / "openapi.json"
    path.write_bytes(document)
    environment = Environment.make(scratch / "validators")
    environment.install("openapi-spec-validator")
    environment.call("-m", "openapi_spec_validator", str(path))
    show(["npm", "install", "--silent", "--prefix", str(scratch), "@redocly/cli"], folder=scratch)
    linted = ["npx", "redocly", "lint", str(path), "--extends", "recommended", "--format", "json"]
    found = json.loads(_output(linted, folder=scratch))["totals"]
    assert found["errors"] == found["warnings"] == 0, found


def _behind_nginx(scratch: Path) -> None:
    """Below a path, by the block of the page about the API, with the server at a socket file."""
    folder = scratch / "nginx"
    folder.mkdir()
    page = (ROOT / "docs" / "api.md").read_text()
    block = re.search(r"```nginx\n(.*?)```", page, re.DOTALL)
    assert block
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    configuration = NGINX.format(
        # As root, nginx would ask as another user, who may not enter a scratch folder.
        user="user root;" if getpass.getuser() == "root" else "",
        folder=folder,
        port=port,
        location=block[1].replace("/run/fluxttice/socket", str(folder / "socket")),
    )
    (folder / "nginx.conf").write_text(configuration)
    with _serving(scratch, "--uds", str(folder / "socket"), "--proxy", "unix", "--access-log", "json"):
        nginx = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf")])
        try:
            _look_at(f"http://127.0.0.1:{port}/flux/")
        finally:
            nginx.terminate()
            nginx.wait(timeout=30)
    log = (scratch / "log").read_text()
    # Beside these lines there may be one that says what a stop cut short, such as the drawing of figures.
    clients = {json.loads(line)["client"] for line in log.splitlines() if line.startswith("{")}
    assert clients == {"127.0.0.1"}, log
    assert "Traceback" not in log, log
    print("nginx below /flux/: the vector, the links, the page and its report, the log", flush=True)


def _look_at(address: str) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            page = _fetch(address).decode()
            break
        except OSError:
            assert time.monotonic() < until, "nginx does not answer"
            time.sleep(0.05)
    links = re.findall(r'(?:href|src)="([^"#][^"]*)"', page)
    assert len(links) > 4
    for link in links:
        assert not link.startswith(("/", "http")), link
        _fetch(urljoin(address, link))
    assert json.loads(_fetch(f"{address}openapi.json"))["servers"] == [{"url": "/flux"}]
    asked = urllib.request.Request(
        f"{address}v1/embeddings", ASKED.encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        _is_min("through nginx", answer.read())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        window = browser.new_page()
        failed: list[str] = []
        window.on("response", lambda one: failed.append(one.url) if one.status >= 400 else None)
        window.goto(f"{address}#view=report", timeout=120_000)
        shown = (
            "document.documentElement.dataset.ready && document.querySelectorAll('#report table').length > 3"
        )
        until = time.monotonic() + 120
        while not window.evaluate(f"Boolean({shown})"):
            assert time.monotonic() < until, failed
            time.sleep(0.05)
        browser.close()
    assert failed == []


def _is_min(who: str, answer: str | bytes) -> None:
    read: Any = json.loads(answer)
    assert "data" in read, f"{who}: {answer!r}"
    assert np.allclose(read["data"][0]["embedding"], fx.encode(MIN)[0], atol=2e-6)
    print(f"{who}: the right vector", flush=True)


def _fetch(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=30) as answer:
        content: bytes = answer.read()
        return content


def _output(command: list[str], folder: Path = ROOT) -> str:
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True).stdout
