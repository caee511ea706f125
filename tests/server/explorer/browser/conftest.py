"""A real Chromium on a real server: without one every test of this folder fails, and says what to install."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright
from starlette.applications import Starlette

from fluxttice_core.evaluation.plots import draw_plots
from fluxttice_core.evaluation.report import Report
from fluxttice_core.server.app import create_app
from fluxttice_core.server.explorer.pages import explorer_routes
from fluxttice_core.server.explorer.report import Drawing
from fluxttice_core.server.explorer.standalone import standalone_page
from fluxttice_core.server.served_model import Served

TOLD = int("FLUXTTICE_FIREFOX" not in os.environ)
"""How often a console tells of a request that was answered with an error: Firefox's does not."""
NAMES = ("chromium", "chromium-browser", "google-chrome")
REMEDY = (
    "there is no browser on PATH: apt-get install chromium, or name one in FLUXTTICE_CHROMIUM, or leave "
    "these tests out with --ignore=tests/server/explorer/browser"
)
K = 19_683
EVERY_ONE = pytest.param(1, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])
"""The step of a test of every operation."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
FLAGS += ["--disable-component-update", "--disable-sync"]


def chromium() -> str:
    """The browser that is named, or the first that is found."""
    found = os.environ.get("FLUXTTICE_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail(REMEDY, pytrace=False)
    return found


class Explorer:
    """The page in one browser window, with all that went over the network and into the console."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: Any) -> None:
        # The tests read pixels back, which the page itself never does.
        if message.type in ("error", "warning") and "getImageData" not in message.text:
            self.complaints.append(message.text)

    def load(self, fragment: str = "") -> None:
        """Open the page anew and wait until everything is there."""
        self.page.goto(f"{self.url}/{fragment}")
        self.arrive()

    def arrive(self) -> None:
        """Wait until everything is there."""
        self.until("document.documentElement.dataset.ready && explorer.page.codes.means.a")
        self.until("explorer.page.codes.means.b !== null && explorer.page.algebra && explorer.page.mass")

    def decode(self) -> None:
        """Open once what waits for the decoders."""
        before = self.state("tab")
        for tab in ("sliders", "prior", "compare", before):
            self.do(f"explorer.store.set({{ tab: '{tab}' }})")
            self.until(f"document.querySelector('#{tab} .panel-title')")

    def open(self, fragment: str = "") -> None:
        """Go to another state of the page that is already there, as following a link does."""
        self.page.evaluate("(fragment) => explorer.open(fragment)", fragment)
        self.settle()

    def hold(self, pattern: str) -> list[Route]:
        """What is asked for at such addresses from now on, and answered when the test says how."""
        held: list[Route] = []
        self.page.route(pattern, lambda route: held.append(route))
        return held

    def fill(self, selector: str, text: str) -> None:
        self.page.fill(selector, text)
        self.settle()

    def until(self, condition: str, seconds: float = 30) -> None:
        """Wait for a condition; not by Playwright's own means, which the page's security policy forbids."""
        last = time.monotonic() + seconds
        while not self.page.evaluate(f"Boolean({condition})"):
            assert time.monotonic() < last, f"{condition} never came true; console: {self.complaints}"
            time.sleep(0.02)

    def do(self, code: str) -> None:
        self.page.evaluate(f"() => {{ {code} }}")

    def get(self, expression: str) -> Any:
        return self.page.evaluate(expression)

    def state(self, key: str) -> Any:
        return self.page.evaluate("(key) => explorer.store.state[key]", key)

    def settle(self) -> None:
        """Wait until what was set has been drawn."""
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
        )

    def on_screen(self, index: int) -> tuple[float, float]:
        """Where an operation is on the screen."""
        x, y = self.page.evaluate(
            "(index) => { const { map } = explorer; const box = map.root.getBoundingClientRect();"
            " const [x, y] = map.viewport.toScreen(...map.placeOf(index)); return [box.x + x, box.y + y]; }",
            index,
        )
        return x, y

    def pixels(self, canvas: str = "points") -> list[int]:
        """How many pixels of a canvas have each of the commonest colours, most common first."""
        found: list[int] = self.page.evaluate(
            """(id) => {
              const canvas = document.getElementById(id);
              const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
              const words = new Uint32Array(data.buffer), counts = new Map();
              for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
              return [...counts.values()].sort((a, b) => b - a).slice(0, 500);
            }""",
            canvas,
        )
        return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    firefox = os.environ.get("FLUXTTICE_FIREFOX")
    with sync_playwright() as playwright:
        if firefox:
            # By the protocol that every Firefox speaks, not by that of Playwright's own build.
            started = playwright.firefox.launch(executable_path=firefox, channel="moz-firefox")
        else:
            started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        try:
            yield started
        finally:
            started.close()


@pytest.fixture(scope="session")
def drawing(reported: Served) -> Drawing:
    """Gives the figures of the report, drawn once, and on this thread.

    While scipy solves for a curve in them it sets the program's warning filters, and so does pytest.
    """
    assert reported.report is not None
    figures = draw_plots(Report.from_plain(json.loads(reported.report)))
    return lambda _: figures


@pytest.fixture(scope="session")
def address(
    reported: Served, drawing: Drawing, start: Callable[[Starlette], AbstractContextManager[Any]]
) -> Iterator[str]:
    with start(create_app(reported, pages=explorer_routes(reported, drawing))) as running:
        yield running.url


@contextmanager
def opened(browser: Browser, url: str, **options: Any) -> Iterator[Explorer]:
    """A window of its own, as large as a desk has unless told otherwise."""
    with browser.new_page(**{"viewport": {"width": 1280, "height": 800}, **options}) as page:
        yield Explorer(page, url)


@pytest.fixture(scope="session")
def folder(reported: Served, drawing: Drawing, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("static")
    (folder / "index.html").write_bytes(standalone_page(reported, drawing))
    return folder


@pytest.fixture(scope="session")
def alone(browser: Browser, folder: Path) -> Iterator[Explorer]:
    """A window that shows the page from the disk."""
    with from_disk(browser, folder / "index.html") as explorer:
        explorer.arrive()
        explorer.decode()
        yield explorer
        assert explorer.complaints == []


@contextmanager
def from_disk(browser: Browser, page: Path) -> Iterator[Explorer]:
    with opened(browser, page.as_uri()) as explorer:
        explorer.page.goto(explorer.url)
        yield explorer


@pytest.fixture
def window(browser: Browser, address: str) -> Iterator[Explorer]:
    """A window of its own, where nothing is loaded yet."""
    with opened(browser, address) as explorer:
        yield explorer


@pytest.fixture(scope="session")
def shared(browser: Browser, address: str) -> Iterator[Explorer]:
    with opened(browser, address, accept_downloads=True) as explorer:
        explorer.load()
        explorer.decode()
        yield explorer
        assert explorer.complaints == []


@pytest.fixture
def explorer(shared: Explorer) -> Explorer:
    """A window as large as a desk has, in its first state."""
    shared.open()
    return shared
