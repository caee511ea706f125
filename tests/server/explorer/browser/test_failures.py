"""A slow, a failing and a restarted server: no panel shows what is no longer true."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from playwright.sync_api import Browser, Route

from fluxttice_core.server.app import create_app
from fluxttice_core.server.explorer.pages import explorer_routes
from fluxttice_core.server.served_model import Served

from .conftest import Explorer, opened

NAND = 4049
IDENTITY = "document.querySelector('#operation .algebra dd')?.textContent"


def algebra(explorer: Explorer) -> str:
    text: str = explorer.page.inner_text("#operation .algebra")
    return text


def choose(explorer: Explorer, index: int) -> None:
    explorer.do(f"explorer.page.choose({index})")
    explorer.settle()


def failure(explorer: Explorer, within: str = "") -> str:
    """The sentence that says what failed, which must offer to try again."""
    explorer.until(f"document.querySelector('{within} .failed button')")
    text: str = explorer.page.inner_text(f"{within} .failed")
    return text


def refuse(route: Route) -> None:
    route.abort("connectionrefused")


def test_the_algebra_is_that_of_the_choice_whenever_it_comes(window: Explorer) -> None:
    held = window.hold("**/algebra.safetensors")
    window.page.goto(window.url)
    window.page.click("#find .results [data-index='1']")
    window.settle()
    assert algebra(window) == "Loading …"
    assert len(held) == 1
    held[0].continue_()
    window.until(f"{IDENTITY} === 'none'")  # that of min, which was chosen first, is +


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("manifest.json", "The map"),
        ("split.safetensors", "The map"),
        ("layout_b.safetensors", "The map"),
        ("algebra.safetensors", "What is known of properties"),
        ("mass.safetensors", "What is known of probabilities"),
        ("encoder.safetensors", "The encoders"),
    ],
)
def test_whatever_the_page_needs_can_be_asked_for_again(window: Explorer, name: str, says: str) -> None:
    pattern = f"**/explorer/data/{name}"
    window.page.route(pattern, refuse)
    window.page.goto(f"{window.url}/#has=sheffer&order=mass&tab=compare&pin=223")
    assert failure(window, "#notice").startswith(f"{says} could not be loaded: ")
    if name == "algebra.safetensors":
        window.until("document.querySelector('#find .count')")
        assert window.page.inner_text("#find .count") == "Loading the properties …"
        assert window.page.is_disabled("#csv")
    window.page.unroute(pattern)
    window.page.click("#notice .failed button")
    window.until("document.documentElement.dataset.ready && explorer.page.codes.means.b")
    assert window.page.locator(".failed").count() == 0
    assert window.page.inner_text("#find .count") == "3,774 of 19,683 operations"


@pytest.mark.parametrize(
    ("tab", "name", "what"),
    [
        *((tab, "decoder.safetensors", "the decoders") for tab in ("sliders", "prior", "compare")),
        ("inputs", "inputs.json", "the algebra of other inputs"),
    ],
)
def test_what_a_tab_needs_is_fetched_when_it_is_opened_and_can_be_asked_for_again(
    window: Explorer, tab: str, name: str, what: str
) -> None:
    held = window.hold(f"**/{name}")
    window.load()
    assert held == []
    window.page.click(f"#tab-{tab}")
    window.until(f"document.querySelector('#{tab}').textContent === 'Loading {what} …'")
    window.page.wait_for_timeout(100)
    assert len(held) == 1
    held.pop().abort("connectionrefused")
    assert failure(window, f"#{tab}").startswith(f"{what} could not be loaded: ")
    window.page.unroute(f"**/{name}")
    window.page.click(f"#{tab} .failed button")
    window.until(f"document.querySelector('#{tab} .panel-title')")
    asked = len(window.requests)
    window.decode()
    assert name == "inputs.json" or not any(name in url for url in window.requests[asked:])


def test_the_other_layout_is_fetched_when_it_is_looked_at_and_can_be_asked_for_again(
    window: Explorer,
) -> None:
    window.page.route("**/layout_a.safetensors", refuse)
    window.load()
    assert not any("layout_a" in url for url in window.requests)
    window.page.click("#controls [data-value=a]")
    assert failure(window, "#notice").startswith("The map could not be loaded: ")
    busy = "document.querySelector('#map').getAttribute('aria-busy')"
    assert window.get(busy) == "true"
    window.page.press("#map", "Shift+ArrowRight")  # there is no such way on a map that is not there
    window.page.unroute("**/layout_a.safetensors")
    window.page.click("#notice .failed button")
    window.until(f"{busy} === 'false'")
    assert window.page.locator(".failed").count() == 0
    window.until("explorer.map.places === explorer.page.projections.placesOf(explorer.store.state)")
    assert [url for url in window.requests if "layout_a" in url][2:] == []


@pytest.mark.parametrize(("name", "what"), [("report.json", "report"), ("figures.json", "figures")])
def test_a_report_that_failed_is_not_blank_for_good(window: Explorer, name: str, what: str) -> None:
    window.load()
    window.page.route(f"**/{name}", lambda route: route.fulfill(status=503, body="{}"))
    window.page.click("[data-view-link=report]")
    said = failure(window, "#report")
    assert said.startswith(f"the {what} could not be loaded: the server answered 503 for explorer/")
    # The tables are there without the figures, which take the server longer.
    assert (window.page.locator("#report table").count() > 3) is (what == "figures")
    window.page.click("[data-view-link=map]")
    window.page.click("[data-view-link=report]")
    window.page.unroute(f"**/{name}")
    window.page.click("#report .failed button")
    window.until("document.querySelectorAll('#report table').length > 3")
    window.until("document.querySelectorAll('#report img').length === 4", seconds=60)


@pytest.mark.slow
def test_a_figure_and_the_floor_of_draws_can_be_asked_for_again(window: Explorer) -> None:
    window.page.route("**/report.json", refuse)
    window.load()
    window.page.click("#tab-prior")
    assert "the floor of untrained networks could not be loaded" in failure(window, "#prior")
    window.page.unroute("**/report.json")
    window.page.click("#prior .failed button")
    window.until("!document.querySelector('#prior .key-floor').hidden")
    window.page.route("**/figures/coverage.svg*", refuse)
    window.page.click("[data-view-link=report]")
    window.until("document.querySelector('#report img')")
    window.do("document.querySelector('#report img[src*=coverage]')?.scrollIntoView()")
    failure(window, "#report")
    window.page.unroute("**/figures/coverage.svg*")
    window.page.click("#report .failed button")
    window.until("document.querySelector('#report img[src*=coverage]')?.naturalWidth > 0")


@pytest.mark.slow
def test_a_map_that_has_not_arrived_is_not_drawn_as_another(window: Explorer) -> None:
    held = window.hold("**/encoder.safetensors")
    window.page.goto(window.url)
    window.until("document.querySelector('#find .hint')")
    assert window.page.inner_text("#operation") == "Loading …"
    window.until("document.querySelector('#map').getAttribute('aria-busy') === 'false'")
    for _ in range(500):
        if held:
            break
        window.page.wait_for_timeout(20)
    held[0].continue_()
    window.until("document.documentElement.dataset.ready && explorer.page.codes.means.a")
    window.do("explorer.page.codes.means.a = null; explorer.store.set({ half: 'a', map: 'pca' })")
    window.settle()
    assert window.get("document.querySelector('#map').getAttribute('aria-busy')") == "true"


@pytest.mark.slow
def test_a_restarted_server_is_found_again(
    browser: Browser, reported: Served, start: Callable[..., AbstractContextManager[Any]]
) -> None:
    app = create_app(reported, pages=explorer_routes(reported))
    with start(app) as running:
        port = running.port
        window = opened(browser, running.url)
        explorer = window.__enter__()
        explorer.load()
        explorer.until(f"{IDENTITY} === '+'")
    try:
        choose(explorer, NAND)
        explorer.until(f"{IDENTITY} === 'none'")  # all that the panels need is there
        explorer.page.click("[data-view-link=report]")
        assert "could not be loaded" in failure(explorer, "#report")
        with start(create_app(reported, pages=explorer_routes(reported)), port):
            explorer.page.click("#report .failed button")
            explorer.until("document.querySelectorAll('#report table').length > 3")
    finally:
        window.__exit__(None, None, None)
