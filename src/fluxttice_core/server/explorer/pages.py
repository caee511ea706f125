"""The routes of the explorer page: its files, the data behind them, and the report with its figures."""

import gzip
import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fluxttice_core.server.explorer.bundle import Page, joined_script, joined_styles, page_text, page_texts
from fluxttice_core.server.explorer.data import (
    algebra_pack,
    any_inputs,
    exports,
    layout_pack,
    manifest,
    mass_pack,
    split_pack,
    weights_pack,
)
from fluxttice_core.server.explorer.map import read_map
from fluxttice_core.server.explorer.once import once
from fluxttice_core.server.explorer.points import SpaceMap
from fluxttice_core.server.explorer.report import FIGURES, Drawing, ReportFigures, report_page
from fluxttice_core.server.served_model import Served

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".safetensors": "application/octet-stream",
}
"""The kinds of what is sent, by the ending of its name."""
_SMALLEST_GZIPPED = 1_000


class Content:
    """Something to send, as it is and compressed, which is empty where that does not pay.

    By its tag a browser asks whether it has changed.
    """

    def __init__(self, name: str, plain: bytes) -> None:
        gzipped = gzip.compress(plain, 9, mtime=0) if len(plain) >= _SMALLEST_GZIPPED else b""
        self.kind, self.plain = KINDS[Path(name).suffix], plain
        self.gzipped = gzipped if len(gzipped) <= 0.95 * len(plain) else b""
        self.tag = f'"{hashlib.sha256(plain).hexdigest()[:32]}"'

    def answer(self, request: Request) -> Response:
        """Answer a request with it, or with the news that the browser has it."""
        headers = {"etag": self.tag, "cache-control": "no-cache", "vary": "accept-encoding"}
        if self.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        body = self.plain
        if self.gzipped and "gzip" in request.headers.get("accept-encoding", ""):
            body, headers["content-encoding"] = self.gzipped, "gzip"
        return Response(body, headers={**headers, "content-type": self.kind})


def explorer_routes(served: Served, draw: Drawing | None = None) -> list[BaseRoute]:
    """Routes of the page, for `create_app(served, pages=explorer_routes(served, draw_plots))`.

    Without `draw`, which draws the figures of a report, it is shown without.
    """
    files = page_files("index" if served.has_algebra else "space")
    figures = ReportFigures(served, draw)
    drawn = {f"{name}.svg": partial(figures.get, name) for name in FIGURES} | {"figures.json": figures.listed}
    data = {f"data/{name}": _kept(name, make) for name, make in documents(served).items()}

    async def front(request: Request) -> Response:
        answer = files["index.html"].answer(request)
        answer.background = BackgroundTask(lambda: [content() for content in data.values()])
        return answer

    contents = {name: partial(files.__getitem__, name) for name in files} | data
    contents |= {f"figures/{name}": _kept(name, make) for name, make in drawn.items()}
    routes = (Route(f"/explorer/{name}", _sending(content)) for name, content in contents.items())
    return [Route("/", front), *routes]


def page_files(page: Page = "index") -> dict[str, Content]:
    """The page, its icon, and its styles and modules, joined so that they come by two requests."""
    texts = page_texts()
    files = {"index.html": page_text(texts, page), "icon.svg": texts["icon.svg"]}
    files |= {"page.css": joined_styles(texts), "page.js": joined_script(texts, "source", page)}
    return {name: Content(name, text.encode()) for name, text in files.items()}


def documents(served: Served) -> dict[str, Callable[[], bytes]]:
    """What makes each document, the soonest needed first."""
    if not served.has_algebra:
        about = SpaceMap(served)
        return {
            "manifest.json": about.manifest,
            "points.safetensors": about.points,
            "report.json": lambda: report_page(served),
        }
    drawn = read_map(served.model)
    return {
        "manifest.json": lambda: manifest(served, drawn),
        "split.safetensors": lambda: split_pack(served),
        "layout_b.safetensors": lambda: layout_pack(drawn, "b"),
        "algebra.safetensors": algebra_pack,
        "mass.safetensors": lambda: mass_pack(served, drawn),
        "encoder.safetensors": lambda: weights_pack(served.model, "encoder"),
        "decoder.safetensors": lambda: weights_pack(served.model, "decoder"),
        "layout_a.safetensors": lambda: layout_pack(drawn, "a"),
        "report.json": lambda: report_page(served),
        "exports.json": exports,
        "inputs.json": any_inputs,
    }


def _kept(name: str, make: Callable[[], bytes]) -> Callable[[], Content]:
    return once(lambda: Content(name, make()))


def _sending(content: Callable[[], Content]) -> Callable[[Request], Response]:
    def send(request: Request) -> Response:
        return content().answer(request)

    return send
