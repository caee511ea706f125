"""Take the pictures of docs/explorer.md from a running explorer: `python -m docs.screenshots`.

It needs Chromium and the extras `serve` and `test`. Pictures of one machine differ in their fonts from those
of another, so no test compares them; what they show is tested in `tests/server/explorer`.
"""

import io
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from fluxttice_core.evaluation.plots import draw_plots
from fluxttice_core.server.app import create_app
from fluxttice_core.server.explorer.pages import explorer_routes
from fluxttice_core.server.run import address_of, bind, make_server
from fluxttice_core.server.served_model import serve_model

FOLDER = Path(__file__).resolve().parent / "images"
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
]
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
}
DARK: dict[str, Any] = {"color_scheme": "dark"}
READY = (
    "document.documentElement.dataset.ready && explorer.page.codes.means.a && explorer.page.codes.means.b && "
    "[...document.querySelectorAll('.panel:not([hidden])')]"
    ".every((one) => !one.textContent.includes('Loading'))"
)
VIEWS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("explorer-map", DESK, ""),
    ("explorer-search", DESK, "#has=sheffer,commutative&order=cells&near=15633&op=2593"),
    ("explorer-sliders", DESK | DARK, "#tab=sliders&map=pca&colour=cell:0"),
    ("explorer-prior", DESK, "#tab=prior&half=a&draws=50000"),
    ("explorer-compare", DESK | DARK, "#tab=compare&pin=19569&t=0.4&map=pca&colour=class:npn"),
    ("explorer-inputs", DESK, "#tab=inputs&table=----00-0%2B-0000000%2B-0%2B00%2B%2B%2B%2B&basis=min, max"),
    ("explorer-report", DESK, "#view=report"),
    ("explorer-phone", PHONE | DARK, "#colour=split"),
)


def main(browser_path: str = "/usr/bin/chromium") -> None:
    """Take every picture."""
    FOLDER.mkdir(exist_ok=True)
    with _serving() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        try:
            for name, window, fragment in VIEWS:
                context = browser.new_context(**window)
                page = context.new_page()
                page.goto(f"{address}/{fragment}")
                _until(page, READY)
                _act(page, name)
                _save(page.screenshot(), FOLDER / f"{name}.png")
                context.close()
                print(f"{name}.png")
        finally:
            browser.close()


def _save(picture: bytes, path: Path) -> None:
    """Write a picture in 256 colours, which is a third of its size."""
    with Image.open(io.BytesIO(picture)) as image:
        fewer = image.convert("RGB").quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        fewer.save(path, optimize=True)


def _act(page: Page, name: str) -> None:
    if name == "explorer-prior":
        page.click("#draw")
        _until(page, "document.querySelector('#draw').textContent === 'Draw'")
    if name == "explorer-inputs":
        _until(page, "document.querySelector('#expression code')")
    if name == "explorer-report":
        _until(page, "document.querySelector('#report img')")
        _until(page, "[...document.querySelectorAll('#report img')].slice(0, 2).every((one) => one.complete)")
    page.wait_for_timeout(500)


def _until(page: Page, condition: str) -> None:
    last = time.monotonic() + 60
    while not page.evaluate(f"Boolean({condition})"):
        if time.monotonic() > last:
            raise TimeoutError(condition)
        time.sleep(0.05)


@contextmanager
def _serving() -> Iterator[str]:
    served = serve_model()
    listening = bind("127.0.0.1", 0)
    server = make_server(create_app(served, pages=explorer_routes(served, draw_plots)))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        while not server.started:
            time.sleep(0.02)
        yield address_of(listening)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


if __name__ == "__main__":
    main(*sys.argv[1:2])
