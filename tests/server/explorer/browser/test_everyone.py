"""On a phone, in light and dark, by keyboard, and for those who listen to the page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from .conftest import Explorer, opened

AXE = Path(__file__).parents[1] / "third_party" / "axe-core" / "axe.min.js"
SETS = "set=15633,19569:lattice&beside=15633,223:others"
TABS = ("operation", "sliders", "prior", "compare", "collections", "inputs")
SERIOUS = ("serious", "critical")


def violations(explorer: Explorer, part: str = "html") -> list[str]:
    """What axe-core finds serious in a part of the page."""
    if not explorer.get("'axe' in window"):
        explorer.get(f"{AXE.read_text()}; typeof axe")
    result: dict[str, Any] = explorer.page.evaluate(
        "(part) => axe.run(part, { resultTypes: ['violations'] })", part
    )
    assert result["passes"]
    return [
        f"{found['id']}: {node['target']} {node['failureSummary']}"
        for found in result["violations"]
        if found["impact"] in SERIOUS
        for node in found["nodes"]
    ]


@pytest.fixture(scope="module")
def phone(browser: Browser, address: str) -> Iterator[Explorer]:
    screen = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "color_scheme": "dark"}
    with opened(browser, address, has_touch=True, is_mobile=True, **screen) as explorer:
        explorer.load()
        yield explorer
        assert explorer.complaints == []


def test_no_serious_finding_at_a_desk_in_light(explorer: Explorer) -> None:
    explorer.open("#has=group")
    found = violations(explorer)
    for tab in TABS[1:]:
        explorer.open(f"#tab={tab}&pin=19569&has=group&{SETS}")
        found += violations(explorer, f"#{tab}")
    assert found == []


def test_no_serious_finding_on_a_phone_in_dark(phone: Explorer) -> None:
    phone.open("#tab=find&has=group")
    found = violations(phone)
    for tab in TABS:
        phone.open(f"#tab={tab}&pin=19569&has=group&{SETS}")
        found += violations(phone, f"#{tab}")
    phone.page.click("[data-view-link=report]")
    phone.until("document.querySelector('#report').childElementCount > 0")
    found += violations(phone, "#report")
    assert found == []


def test_axe_finds_what_is_wrong(explorer: Explorer) -> None:
    explorer.do("const b = document.createElement('button'); b.id = 'nameless'; document.body.append(b);")
    found = violations(explorer, "#nameless")
    explorer.do("document.getElementById('nameless').remove()")
    assert any("nameless" in one for one in found)


def test_a_phone_needs_no_sideways_scrolling(phone: Explorer) -> None:
    for tab in (*TABS, "find"):
        phone.open(f"#tab={tab}&pin=19569")
        assert phone.get("document.documentElement.scrollWidth") <= 390
        assert phone.page.locator(f"#{tab}").is_visible()


@pytest.mark.parametrize("tab", ["collections", "find"])
def test_the_open_tab_is_seen_in_full_on_a_phone(browser: Browser, address: str, tab: str) -> None:
    with opened(browser, address, viewport={"width": 390, "height": 844}) as explorer:
        explorer.load(f"#tab={tab}")
        for one in (tab, "find", "collections", tab):
            explorer.do(f"explorer.store.set({{ tab: '{one}' }})")
            explorer.settle()
            edges = f"document.querySelector('#tab-{one}').getBoundingClientRect()"
            assert explorer.get(f"{edges}.left") >= -1
            assert explorer.get(f"{edges}.right") <= 391
        assert explorer.get("document.querySelector('#tabs').scrollWidth") > 390
        assert explorer.get("scrollX") == explorer.get("scrollY") == 0


@pytest.mark.chromium
def test_a_tap_chooses_and_a_search_finds_on_a_phone(phone: Explorer) -> None:
    phone.open()
    phone.page.touchscreen.tap(*phone.on_screen(19569))
    phone.until("explorer.store.state.op !== 15633")
    phone.page.tap("#tab-find")
    phone.fill("#query", "webb")
    phone.page.tap("#find .results .operation")
    phone.until("explorer.store.state.op === 223")
    assert phone.state("tab") == "operation"
    phone.page.tap(".truth-table [data-cell='0']")
    phone.until("explorer.store.state.op === 224")


@pytest.mark.chromium
def test_the_system_decides_on_dark_and_the_reader_overrules_it(phone: Explorer) -> None:
    phone.open()
    background = "getComputedStyle(document.body).backgroundColor"
    assert phone.state("theme") == "dark"
    dark = phone.get(background)
    phone.page.tap("#theme")
    phone.until("explorer.store.state.theme === 'light'")
    assert phone.get(background) != dark
    phone.page.tap("#theme")


def test_tabs_by_keyboard(explorer: Explorer) -> None:
    explorer.page.focus("#tab-operation")
    explorer.page.keyboard.press("ArrowRight")
    assert explorer.state("tab") == "sliders"
    assert explorer.get("document.activeElement.id") == "tab-sliders"
    explorer.settle()
    assert explorer.page.get_attribute("#tab-sliders", "aria-selected") == "true"


def test_everything_can_be_reached_by_tabbing(explorer: Explorer) -> None:
    explorer.open("#has=group")
    explorer.page.focus("#theme")
    reached = set()
    for _ in range(110):
        explorer.page.keyboard.press("Tab")
        reached.add(explorer.get("document.activeElement.id || document.activeElement.dataset.cell || ''"))
    assert {"query", "csv", "order", "map-kind", "colour", "map", "zoom-in", "box-tool"} <= reached


@pytest.mark.parametrize(("text", "focused"), [("Skip to the map", "map"), ("Skip to the panels", "main")])
def test_a_skip_link_moves_the_focus_and_nothing_else(explorer: Explorer, text: str, focused: str) -> None:
    explorer.open("#op=223&tab=sliders")
    explorer.page.bring_to_front()
    explorer.page.focus(f".skip:has-text('{text}')")
    assert explorer.get("document.activeElement.getBoundingClientRect().left") >= 0
    explorer.page.keyboard.press("Enter")
    assert explorer.get("document.activeElement.id") == focused
    explorer.settle()
    assert (explorer.state("op"), explorer.state("tab")) == (223, "sliders")


SWATCHES = """() => [...document.querySelectorAll('#legend .swatch')].map(
  (one) => getComputedStyle(one).backgroundColor)"""
PRESSED = """() => {
  const [on, off] = ['true', 'false'].map((is) =>
    getComputedStyle(document.querySelector(`.segmented [aria-pressed=${is}]`)).backgroundColor);
  return [on, off];
}"""


@pytest.mark.chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forced_colours_keep_what_only_colour_says(browser: Browser, address: str, scheme: Any) -> None:
    with opened(browser, address, forced_colors="active", color_scheme=scheme) as explorer:
        explorer.load("#colour=class:npn")
        swatches = explorer.page.evaluate(SWATCHES)
        assert len(set(swatches)) == len(swatches) == 9
        assert len(explorer.pixels()) > 9
        on, off = explorer.page.evaluate(PRESSED)
        assert on != off
        explorer.do("document.querySelectorAll('.swatch').forEach((one) => one.className = '')")
        unmarked = "#legend li > span:first-child"
        forced = explorer.page.evaluate(SWATCHES.replace("#legend .swatch", unmarked))
        assert len(set(forced)) == 1  # any other element loses its colour
