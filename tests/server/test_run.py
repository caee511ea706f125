import asyncio
import socket
import time
from contextlib import ExitStack, closing
from ipaddress import IPv4Address
from unittest.mock import create_autospec

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from fluxttice_core.errors import SettingsError
from fluxttice_core.server.run import address_of, bind, is_loopback, require_guarded
from tests.refusals import refused

from .conftest import Serving

KEY = "sixteen-letters!"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost"])
def test_this_machine_needs_no_key(host: str) -> None:
    assert is_loopback(host)
    require_guarded(host, (), insecure_public=False)


@pytest.mark.parametrize("host", [str(IPv4Address(0)), "::", "192.0.2.1", "10.0.0.1", "", "8.8.8.8"])
def test_other_machines_are_let_in_with_a_key_or_on_purpose_only(host: str) -> None:
    with refused(SettingsError, "exposed_server", "--insecure-public"):
        require_guarded(host, (), insecure_public=False)
    require_guarded(host, (), insecure_public=True)
    require_guarded(host, (KEY,), insecure_public=False)


@pytest.mark.parametrize("key", ["", "fifteen-letters", "with a blank in it", "\u00e9" * 20, "tab\t" * 6])
@pytest.mark.parametrize("insecure_public", [False, True])
def test_a_weak_key_is_refused_everywhere(key: str, insecure_public: bool) -> None:
    with refused(SettingsError, "weak_secret", "16 or more ASCII characters"):
        require_guarded("127.0.0.1", (key,), insecure_public=insecure_public)


@pytest.mark.parametrize("host", ["no such host", "256.1.1.1.1", "x" * 300, "a..b"])
def test_a_host_that_does_not_exist(host: str) -> None:
    with refused(SettingsError, "cannot_listen", "there is no host"):
        require_guarded(host, (), insecure_public=False)


def test_the_system_chooses_a_port() -> None:
    with closing(bind("127.0.0.1", 0)) as listening:
        host, port = listening.getsockname()
        assert address_of(listening) == f"http://127.0.0.1:{port}"
        assert host == "127.0.0.1"
        assert port > 0


def test_a_port_that_is_taken_or_of_another_machine() -> None:
    with closing(bind("127.0.0.1", 0)) as listening:
        listening.listen()
        port = listening.getsockname()[1]
        for host in ("127.0.0.1", "192.0.2.1"):
            with refused(SettingsError, "cannot_listen", f"port {port} of {host}", "--port"):
                bind(host, port)


def test_an_address_with_colons_is_bracketed() -> None:
    listening = create_autospec(socket.socket)
    listening.getsockname.return_value = ("::1", 8000, 0, 0)
    assert address_of(listening) == "http://[::1]:8000"


def test_who_connects_does_not_wait_for_as_many_rounds_as_others_came(serving: Serving) -> None:
    rounds = 0

    def tick() -> None:
        nonlocal rounds
        rounds += 1
        time.sleep(0.002)
        asyncio.get_running_loop().call_soon(tick)

    async def count(_: Request) -> PlainTextResponse:
        if not rounds:
            tick()
        return PlainTextResponse(str(rounds))

    with serving(pages=[Route("/rounds", count)]) as server, ExitStack() as connections:
        server.get("/rounds")
        before = rounds
        for _ in range(160):
            last = connections.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        last.sendall(b"GET /rounds HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answered = int(last.makefile("rb").read().rpartition(b"\r\n")[2])
        assert 0 < answered - before < 100
