"""Running the application: where it may listen, and how it is kept from being held up."""

import errno
import ipaddress
import socket
import string
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from fluxttice_core.errors import SettingsError
from fluxttice_core.server.http_limits import guarded_protocol

SHORTEST_KEY = 16
_WAITING = 1_024
_TAKEN_AT_ONCE = 32
"""Connections that are taken in one round of the loop, where it takes one from every socket."""


def require_guarded(host: str, keys: Sequence[str], *, insecure_public: bool) -> None:
    """Refuse a weak key, and to serve other machines without one, unless told to let everybody in."""
    allowed = set(string.ascii_letters + string.digits + string.punctuation)
    if any(len(key) < SHORTEST_KEY or not set(key) <= allowed for key in keys):
        expected = f"{SHORTEST_KEY} or more ASCII characters without blanks"
        raise SettingsError(
            f"the key must be {expected}, such as `openssl rand -hex 16` prints", "weak_secret"
        )
    if not keys and not insecure_public and not is_loopback(host):
        raise SettingsError(
            f"{host} can be reached from other machines: set a key with --api-key or FLUXTTICE_API_KEY, "
            "listen on 127.0.0.1, or say --insecure-public to let everybody in",
            "exposed_server",
        )


def is_loopback(host: str) -> bool:
    """Tell whether a host can only be reached from this machine."""
    if not host:
        return False
    return all(ipaddress.ip_address(address).is_loopback for _, address in _addresses(host))


def bind(host: str, port: int) -> socket.socket:
    """Listen on a port; 0 lets the system choose one.

    Raises:
        SettingsError: If there is no such host, or the port cannot be had.
    """
    family, address = _addresses(host)[0]
    with _listening(family, f"port {port} of {host}", "with --port") as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
    listening.set_inheritable(True)
    return listening


def bind_file(path: Path) -> socket.socket:
    """Listen on a socket file, in the place of one that nobody listens on any more."""
    with _listening(socket.AF_UNIX, str(path), "file with --uds") as listening:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            if path.is_socket() and asking.connect_ex(str(path)) == errno.ECONNREFUSED:
                path.unlink()
        listening.bind(str(path))
        path.chmod(0o666)  # so that a proxy, which is another user, may connect; who else may is its folder's
    return listening


@contextmanager
def _listening(family: int, place: str, other: str) -> Iterator[socket.socket]:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        yield listening
        # From now on clients wait in line, so that the address may be told before the server takes them.
        listening.listen(_WAITING)
    except OSError as error:
        listening.close()
        reason = error.strerror or error
        message = f"cannot listen on {place} ({reason}): choose another {other}"
        raise SettingsError(message, "cannot_listen") from None


def address_of(listening: socket.socket) -> str:
    """The address to open in a browser."""
    if listening.family == socket.AF_UNIX:
        return f"unix:{listening.getsockname()}:"
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def listeners(listening: socket.socket) -> list[socket.socket]:
    """The sockets to run a server with: one and its doubles, so that who connects does not wait in line.

    libuv takes one connection of a socket in a round of its loop, behind which another who came with many
    would wait for as many rounds.
    """
    return [listening, *(listening.dup() for _ in range(_TAKEN_AT_ONCE - 1))]


def make_server(app: Starlette) -> uvicorn.Server:
    """Make the server of what `create_app` made; `server.run(sockets=listeners(...))` runs it."""
    limits = app.state.limits
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=guarded_protocol(limits, app.state.metrics),
            ws="none",
            lifespan="on",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=int(limits.idle_seconds),
            timeout_graceful_shutdown=5,
        )
    )


def _addresses(host: str) -> list[tuple[int, str]]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise SettingsError(
            f"there is no host {host!r}: give an address of this machine", "cannot_listen"
        ) from None
    return [(int(family), str(address[0]).partition("%")[0]) for family, _, _, _, address in found]
