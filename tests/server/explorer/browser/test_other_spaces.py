"""The page of any other space: map, search, the chosen element, decoding, draws, in the space's words."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser

from fluxttice_core.server.access import Access
from fluxttice_core.server.app import create_app
from fluxttice_core.server.explorer.pages import explorer_routes
from fluxttice_core.server.served_model import Served
from tests.server.conftest import untrained

from .conftest import TOLD, Explorer, opened
from .test_everyone import violations

KEY = "0123456789abcdef0123456789abcdef"
FOREIGN = re.compile(r"\b(trits?|operations?|tables?|cells?|ternary)\b", re.IGNORECASE)


def visit(window: Explorer, fragment: str = "") -> None:
    window.page.goto(f"{window.url}/{fragment}")
    window.until("document.documentElement.dataset.ready")
    window.until("document.querySelectorAll('#element .code').length === 2")
    window.until("document.querySelector('#element .results')")


@pytest.fixture(scope="module")
def shown(browser: Browser, words: Served, start: Any) -> Iterator[Explorer]:
    with ExitStack() as stack:
        url = stack.enter_context(start(create_app(words, pages=explorer_routes(words)))).url
        window = stack.enter_context(opened(browser, url))
        visit(window)
        yield window
        assert window.complaints == []


def text(window: Explorer, selector: str) -> str:
    return window.page.locator(selector).inner_text()


def test_every_element_is_on_the_map_and_marked_by_its_part(shown: Explorer) -> None:
    assert shown.get("explorer.map.places.x.length") == 64
    assert len(set(shown.pixels())) > 3
    legend = text(shown, "#legend")
    assert re.search(r"outside of the support\s+24\b", legend)
    assert re.search(r"held out\s+4\b", legend)
    assert shown.page.title() == "fluxttice: the DNA words of 3 letters"
    assert "64 in all" in text(shown, ".subtitle")


def test_search_finds_patterns_and_says_where_a_string_fails(shown: Explorer) -> None:
    shown.page.fill("#query", "A?T")
    shown.until("document.querySelector('#find .count')?.textContent === '4 words'")
    assert shown.page.locator("#find .results .glyphs").all_inner_texts() == ["AAT", "ACT", "AGT", "ATT"]
    shown.page.fill("#query", "AXT")
    shown.until("document.querySelector('#find .failed')")
    assert "at position 2" in text(shown, "#find .failed")
    shown.page.fill("#query", "???")
    shown.until("document.querySelector('#find .count')?.textContent === '64 words'")
    shown.page.check("#support")
    shown.until("document.querySelector('#find .count')?.textContent === '40 words'")
    shown.page.uncheck("#support")
    # What failed was a search, which Chromium's console tells of, too.
    assert len(shown.complaints) == TOLD
    shown.complaints.clear()


def test_a_chosen_element_shows_its_codes_neighbours_and_support(shown: Explorer) -> None:
    visit(shown, "#TTT")
    shown.until("document.querySelector('#element h2').textContent === 'TTT'")
    shown.until("document.querySelector('#element .facts')?.textContent.includes('outside')")
    assert "outside of the support" in text(shown, "#element .facts")
    assert shown.page.locator("#element .code").count() == 2
    assert shown.page.locator("#element .results li").count() == 12
    shown.page.locator("#element select").first.select_option(label="A")
    shown.until("document.querySelector('#element h2').textContent === 'ATT'")
    assert shown.get("location.hash") == "#ATT"
    for _ in range(12):
        shown.page.click("#zoom-in")
    shown.page.locator("#element .results .operation").first.click()
    shown.until("document.querySelector('#element h2').textContent !== 'ATT'")
    shown.settle()
    # However near one looks, what is chosen is brought into view, with its string beside it.
    left, top = shown.on_screen(shown.get("explorer.store.state.op"))
    box = shown.page.locator("#map").bounding_box()
    assert box is not None
    assert box["x"] < left < box["x"] + box["width"]
    assert box["y"] < top < box["y"] + box["height"]
    shown.page.click("#show-all")


def test_sliders_decode_and_draws_colour_the_map(shown: Explorer, words: Served) -> None:
    shown.page.click("#tab-decode")
    shown.until("document.querySelector('#decoded .glyphs') && explorer.store.state.z")
    latents = shown.get("explorer.store.state.z")
    said = words.model.space.string(words.model.space.indices(words.model.decode(latents))[0])
    assert text(shown, "#decoded .glyphs") == said
    assert shown.get("explorer.map.scene.marker") is not None
    shown.page.click("#tab-prior")
    shown.page.select_option("#draws", "1000")
    shown.page.click("#draw")
    shown.until("document.querySelector('#coverage .verdict')")
    drawn = words.model.sample(1000, seed=0)
    assert f"{len(set(drawn.tolist()))} distinct words of 40" in text(shown, "#coverage")
    assert f"outside of the support: {int((drawn >= 40).sum())} draws" in text(shown, "#coverage")
    assert shown.get("explorer.page.drawn.reduce((a, b) => a + b)") == sum(
        min(255, one) for one in [(drawn == index).sum() for index in range(64)]
    )
    shown.page.click("#tab-element")


def hold(window: Explorer, *paths: str) -> None:
    """Keep back the answers to questions of these paths; `held[n](answer)` gives the nth."""
    window.do(
        "window.held = []; window.ask ??= window.fetch; window.fetch = (url, given) =>"
        f" {list(paths)}.some((path) => String(url).startsWith(path))"
        " ? new Promise((resume) => held.push((answer) => resume(new Response(JSON.stringify(answer)))))"
        " : ask(url, given)"
    )


def give(window: Explorer, at: int, **answer: Any) -> None:
    window.until(f"held.length > {at}")
    window.page.evaluate("([at, answer]) => held[at](answer)", [at, answer])
    for _ in range(3):
        window.settle()


def test_what_was_decoded_earlier_or_left_appears_no_more(shown: Explorer) -> None:
    shown.page.click("#tab-decode")
    shown.until("document.querySelector('#decoded .glyphs')")
    hold(shown, "v1/decode", "v1/embeddings")
    for at, value in enumerate((2, -2)):
        shown.do(
            f"const one = document.querySelector('#decode input'); one.value = {value};"
            " one.dispatchEvent(new Event('input'))"
        )
        shown.until(f"held.length === {at + 1}")
    row = {"index": 0, "in_support": True, "probability": 0.5}
    for at, string in ((1, "NEW"), (0, "OLD")):
        give(shown, at, data=[{**row, "string": string}])
        assert text(shown, "#decoded .glyphs") == "NEW"
    shown.page.click("#decode button >> text=Begin there again")
    shown.page.click("#tab-element")
    shown.settle()
    give(shown, 2, data=[{"embedding": [0, 0, 0, 0]}])
    assert shown.get("explorer.store.state.z") is None
    shown.do("window.fetch = window.ask")


def test_draws_are_of_the_half_that_they_are_shown_for(shown: Explorer) -> None:
    shown.page.click("#tab-prior")
    shown.page.click("#draw")
    shown.until("document.querySelector('#coverage .verdict')")
    assert "Half B" in text(shown, "#coverage")
    shown.do("explorer.store.set({ half: 'a' })")
    shown.until("!document.querySelector('#coverage .verdict') && !explorer.page.drawn.some(Boolean)")
    hold(shown, "v1/sample")
    shown.page.click("#draw")
    shown.until("held.length === 1")
    shown.do("explorer.store.set({ half: 'b' })")
    shown.settle()
    give(shown, 0, elements=[1], distinct_in_support=1, ceiling=1, outside_support=0)
    assert text(shown, "#coverage") == ""
    shown.do("window.fetch = window.ask")
    shown.page.click("#tab-element")


def test_a_link_that_leads_nowhere_is_said_and_the_last_one_counts(shown: Explorer) -> None:
    visit(shown, "#TTT")
    shown.until("document.querySelector('#element h2').textContent === 'TTT'")
    shown.do("location.hash = '#AXG'")
    shown.until("document.querySelector('#notice .failed')")
    assert "at position 2" in text(shown, "#notice")
    assert text(shown, "#element h2") == "TTT"
    hold(shown, "v1/elements/")
    shown.do("location.hash = '#AAA'")
    shown.until("held.length === 1")
    shown.do("location.hash = '#CCC'")
    give(shown, 1, index=21)
    give(shown, 0, index=0)
    assert shown.get("explorer.store.state.op") == 21
    assert text(shown, "#notice") == ""
    shown.page.goto(f"{shown.url}/#%")
    shown.page.reload()
    shown.until("document.documentElement.dataset.ready")
    assert "The link could not be followed" in text(shown, "#notice")
    shown.page.click("#element .results .operation >> nth=0")
    shown.until("document.querySelector('#notice').innerText === ''")
    assert len(shown.complaints) == TOLD  # of the element that there is not
    shown.complaints.clear()


def test_the_page_speaks_the_words_of_the_space(shown: Explorer) -> None:
    for tab in ("element", "decode", "prior"):
        shown.page.click(f"#tab-{tab}")
        shown.settle()
        seen = shown.get("document.body.innerText") + " ".join(
            shown.get("[...document.querySelectorAll('[aria-label]')].map((one) => one.ariaLabel)")
        )
        assert FOREIGN.search(seen) is None
        assert violations(shown) == []
    shown.page.click("[data-view-link=report]")
    shown.until("document.querySelector('#report h2')")
    assert "This model has no report" in text(shown, "#report")
    shown.page.click("[data-view-link=map]")


def test_boolean_functions_show_their_class_and_a_guarded_server_asks_for_its_key(
    browser: Browser, start: Any
) -> None:
    served = untrained("boolean:3")
    app = create_app(served, pages=explorer_routes(served), access=Access(keys=(KEY,)))
    with start(app) as server, opened(browser, server.url) as window:
        window.page.goto(f"{window.url}/")
        window.until("document.querySelector('#key')")
        window.page.fill("#key", "schl\u00fcssel \u20ac")
        window.page.click("#notice button")
        assert "A key has only" in text(window, "#notice")
        window.page.fill("#key", KEY)
        window.page.click("#notice button")
        window.until("document.querySelectorAll('#element .code').length === 2")
        window.page.goto(f"{window.url}/#majority")
        window.page.reload()
        window.until("document.querySelector('#element dl')")
        facts = text(window, "#element dl")
        for fact in ("0xE8", "majority", "0x17, 8 functions; one of 14"):
            assert fact in facts
        assert text(window, "#tab-element") == "Operation"
