"""The built site in a browser, from a disk and over HTTP: its search finds, and nothing asks another host."""

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from docs.site import build
from tests.server.explorer.browser.conftest import FLAGS, chromium

pytestmark = pytest.mark.slow


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files, and says nothing about it."""

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 (the name that is overridden)
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module", params=["from a disk", "over HTTP"])
def address(request: pytest.FixtureRequest, site: Path) -> Iterator[str]:
    if request.param == "from a disk":
        yield site.as_uri()
        return
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(site))
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium(), args=FLAGS) as browser,
    ):
        yield browser.new_page(viewport={"width": 1280, "height": 800})


def sought(page: Page, word: str) -> None:
    page.click(".md-search__input")
    page.keyboard.type(word)


def test_the_search_finds_a_word_and_nothing_leaves_the_site(page: Page, address: str) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{address}/guides/verify.html")
    sought(page, "amortisation")
    page.wait_for_selector(".md-search-result__link")
    found = [link.get_attribute("href") or "" for link in page.query_selector_all(".md-search-result__link")]
    assert any(link.startswith(f"{address}/training.html") for link in found)
    assert complaints == []
    assert f"{address}/javascripts/iframe-worker.js" in asked
    assert [url for url in asked if not url.startswith(f"{address}/")] == []


def test_a_word_that_no_page_has_is_not_found(page: Page, address: str) -> None:
    page.goto(f"{address}/index.html")
    sought(page, "xyzzyqqq")
    page.wait_for_selector("text=No matching documents")
    assert page.query_selector_all(".md-search-result__link") == []


def test_the_menu_leads_to_the_paper(page: Page, address: str, site: Path) -> None:
    page.goto(f"{address}/index.html")
    links = [link.get_attribute("href") for link in page.query_selector_all(".md-nav--primary a")]
    assert "paper/paper.pdf" in links
    assert (site / "paper" / "paper.pdf").read_bytes().startswith(b"%PDF-")
