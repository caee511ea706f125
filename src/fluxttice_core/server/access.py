"""Who may use the server, and by which way: keys, other origins, proxies in front, and the log of it all."""

import ipaddress
import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import Scope

from fluxttice_core.errors import SettingsError
from fluxttice_core.storage.bounded_read import read_bounded

_ORIGIN = re.compile(
    r"(?!http:.*:80$|https:.*:443$)[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[([0-9a-f:]+)\])(:(0|[1-9][0-9]{0,4}))?"
)
_LARGEST_PORT = 65_535
_PREFIX = re.compile(r"(/[\w.~-]+)*")
_LARGEST_KEY_FILE = 64 * 1024


@dataclass(frozen=True)
class Access:
    """How the server is reached.

    Args:
        keys: Keys, one of which requests to the API must bear; none: no key is needed.
        origins: Origins of other pages that browsers may let use the API.
        proxies: Addresses or networks whose X-Forwarded headers are believed; `unix` for a socket file.
        root_path: The path below which a proxy shows the server, such as /flux.
        aliases: Other names of models.
        log: `text` or `json` to print a line for every request.
    """

    keys: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    root_path: str = ""
    aliases: dict[str, str] = field(default_factory=dict)
    log: str | None = None

    def __post_init__(self) -> None:
        if not _PREFIX.fullmatch(self.root_path):
            raise SettingsError(
                f"the root path {self.root_path!r} must be like /flux: begin it with / and do not end it so",
                "malformed",
            )
        for origin in self.origins:
            if origin != "*" and not _is_origin(origin):
                raise _no_origin(origin)
        for proxy in self.proxies:
            try:
                proxy == "unix" or ipaddress.ip_network(proxy)
            except ValueError:
                raise SettingsError(
                    f"{proxy!r} is no address of a proxy: give one such as 127.0.0.1 or 10.0.0.0/8, or unix",
                    "malformed",
                ) from None

    def forward(self, scope: Scope) -> None:
        """Set in a request's scope the prefix that it came by, and the client that a trusted proxy names."""
        path, prefix = scope["path"], self.root_path
        if prefix and path.startswith(f"{prefix}/"):
            scope["path"] = path[len(prefix) :]
        client = scope["client"][0] if scope["client"] else "unix"
        if self._trusts(client):
            headers = Headers(scope=scope)
            given = headers.get("x-forwarded-prefix", "").rstrip("/")
            prefix = given if given and _PREFIX.fullmatch(given) else prefix
            for address in reversed(headers.get("x-forwarded-for", "").split(",")):
                client = address.strip() or client
                if not self._trusts(client):
                    break
        scope["root_path"] = ""
        scope.setdefault("state", {}).update(prefix=prefix, client=client)

    def _trusts(self, client: str) -> bool:
        return any(_within(client, proxy) for proxy in self.proxies)


def _is_origin(text: str) -> bool:
    found = _ORIGIN.fullmatch(text)
    if found is None or int(found[4] or 0) > _LARGEST_PORT:
        return False
    return found[2] is None or _within(found[2], "::/0")


def _no_origin(text: str) -> SettingsError:
    """Say why an origin is refused, which would let in no page, or those of anybody."""
    if text == "null":
        return SettingsError(
            "the origin null is that of local files and of sandboxed pages of anybody, so it is never let "
            "in: serve the page from http://localhost, and name that with its port",
            "unsupported",
        )
    if not text.isascii():
        advice = "write its host in punycode, such as https://xn--bcher-kva.example"
    elif "*" in text:
        advice = "name every host in full, or write * alone to let in all pages"
    else:
        advice = (
            "write one such as https://lab.example or http://localhost:3000, in small letters, without a "
            "path, a user or the usual port"
        )
    return SettingsError(
        f"{text!r} is no origin as browsers send it, so no page would be let in: {advice}", "malformed"
    )


def read_keys(path: Path) -> tuple[str, ...]:
    """Read keys from a file, one a line; blank lines and the ends of lines are no part of them."""
    text = read_bounded(path, maximum=_LARGEST_KEY_FILE, name="The file of keys", error=SettingsError)
    keys = tuple(line.strip() for line in text.decode(errors="replace").splitlines() if line.strip())
    if not keys:
        raise SettingsError(f"{path} holds no key: write one a line", "too_few")
    return keys


def read_aliases(pairs: Iterable[str], models: Iterable[str]) -> dict[str, str]:
    """Read other names of models, each as ALIAS=MODEL."""
    aliases: dict[str, str] = {}
    for pair in pairs:
        alias, _, model = pair.partition("=")
        if not re.fullmatch(r"[\w.:/-]{1,64}", alias, re.ASCII) or model not in models:
            raise SettingsError(
                f"{pair!r} is no alias: write ALIAS=MODEL, the model being {' or '.join(models)}", "malformed"
            )
        if aliases.get(alias, model) != model or alias in models:
            raise SettingsError(
                f"{alias} is another model already: give each alias once, and none the name of a model",
                "malformed",
            )
        aliases[alias] = model
    return aliases


def log_line(kind: str, scope: Scope, status: int, seconds: float) -> None:
    """Print that a request was answered."""
    query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
    entry = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "client": scope["state"]["client"],
        "method": scope["method"],
        "path": scope["path"] + query,
        "status": status,
        "ms": round(seconds * 1000, 2),
        "request_id": scope["state"]["request_id"],
    }
    line = json.dumps(entry)
    if kind == "text":
        # What a client sent is quoted as JSON quotes it, so that it cannot look like another line.
        line = "{time} {client} {method} {path} {status} {ms}ms {request_id}".format(
            **{**entry, "path": json.dumps(entry["path"]), "client": json.dumps(entry["client"])[1:-1]}
        )
    print(line, file=sys.stderr, flush=True)  # noqa: T201  # it is the log


def _within(client: str, proxy: str) -> bool:
    if proxy == "unix" or client == "unix":
        return client == proxy
    try:
        return ipaddress.ip_address(client) in ipaddress.ip_network(proxy)
    except ValueError:
        return False
