"""Collections are kept, shared and compared; an operation is saved for other programs, and printed."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from matplotlib.image import imread
from playwright.sync_api import Browser

from fluxttice_core.operations.algebra import properties_of
from fluxttice_core.operations.export_forms import export_operation
from fluxttice_core.operations.operation import Operation
from fluxttice_core.operations.vocabulary import EXPORTS
from fluxttice_core.spaces.operation_space import OperationSpace

from .conftest import Explorer, opened

MIN, MAX, WEBB = 15633, 19569, 223
LABELS = {"verilog": "Verilog", "latex": "LaTeX", "markdown": "Markdown", "svg": "SVG", "png": "PNG"}


@pytest.fixture
def window(browser: Browser, address: str) -> Iterator[Explorer]:
    """A browser of its own, which keeps nothing yet."""
    with opened(browser, address, accept_downloads=True) as explorer:
        explorer.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        explorer.load("#tab=collections")
        yield explorer
        assert explorer.complaints == []


def said(explorer: Explorer) -> str:
    text: str = explorer.page.inner_text("#collections [role=status]")
    return text


def members(explorer: Explorer) -> list[int]:
    found: list[int] = explorer.get("explorer.store.state.set?.ops ?? []")
    shown = explorer.page.locator("#collections .collected .operation").all()
    assert [int(one.get_attribute("data-index") or -1) for one in shown] == found
    return found


def start(explorer: Explorer, name: str, *operations: int) -> None:
    for place, operation in enumerate(operations):
        explorer.do(f"explorer.store.set({{ op: {operation} }})")
        explorer.settle()
        if place == 0:
            explorer.page.fill("#collection-name", name)
            explorer.page.click("#collections form button")
        else:
            explorer.page.click("#collect")
        explorer.settle()


def test_a_lesson_is_made_shared_and_opened_elsewhere(window: Explorer, browser: Browser) -> None:
    start(window, "Lesson: 1 & 2, +", MIN, MAX, WEBB, 4049, 113)
    assert members(window) == [MIN, MAX, WEBB, 4049, 113]
    assert window.page.is_disabled("#collect")
    window.page.click("button[aria-label='Remove webb']")
    window.settle()
    assert members(window) == [MIN, MAX, 4049, 113]
    window.page.click("#collections >> text=Copy link")
    window.until("document.querySelector('#collections [role=status]').textContent === 'Link copied'")
    link = window.page.evaluate("async () => navigator.clipboard.readText()")
    window.open("#tab=collections")
    assert members(window) == []
    window.page.select_option("#collection", "Lesson: 1 & 2, +")
    window.settle()
    assert members(window) == [MIN, MAX, 4049, 113]
    with opened(browser, window.url) as other:
        other.load(f"#{urlsplit(link).fragment}")
        assert members(other) == [MIN, MAX, 4049, 113]
        assert "Lesson: 1 & 2, + (4), from a link" in (other.page.text_content("#collection") or "")
        assert other.page.locator("#collect").count() == 0
        other.page.click("text=Keep in this browser")
        other.settle()
        assert other.page.locator("#collect").count() == 1
        kept = other.get("localStorage.getItem('fluxttice-collection:Lesson: 1 & 2, +')")
        assert kept == "15633,19569,4049,113"


def test_a_link_overwrites_no_collection_of_the_same_name(window: Explorer) -> None:
    start(window, "mine", MIN, MAX)
    window.open("#tab=collections&set=223:mine")
    window.page.click("text=Keep in this browser")
    window.settle()
    assert window.state("set") == {"name": "mine (2)", "ops": [WEBB]}
    assert window.get("localStorage.getItem('fluxttice-collection:mine')") == "15633,19569"
    window.page.fill("#collection-name", "mine")
    window.page.click("#collections form button")
    assert said(window) == "There is a collection mine already."
    window.page.fill("#collection-name", "  ")
    window.page.click("#collections form button")
    assert said(window) == "Give it a name."


def test_a_deleted_collection_is_gone_and_none_is_empty(window: Explorer) -> None:
    start(window, "short", MIN)
    window.page.click("button[aria-label='Remove min']")
    assert "A collection holds 1 to 500 operations" in said(window)
    assert members(window) == [MIN]
    window.page.click('#collections >> text="Delete"')
    window.settle()
    assert members(window) == []
    assert window.get("Object.keys(localStorage).filter((key) => key.includes('collection'))") == []


def test_two_collections_are_compared(explorer: Explorer) -> None:
    explorer.open(f"#tab=collections&set={MIN},{MAX}:lattice&beside={MAX},{WEBB}:others")
    text = explorer.page.inner_text("#collections")
    assert [f"{title}: 1" in text for title in ("In both", "Only in lattice", "Only in others")] == [True] * 3
    parts = explorer.page.locator("#collections section ul.results .operation").all()
    assert [int(one.get_attribute("data-index") or -1) for one in parts] == [MAX, MIN, WEBB]
    held = [{name for name, holds in properties_of(index).items() if holds} for index in (MIN, MAX, WEBB)]
    facts = explorer.page.locator("#collections dd").all_inner_texts()
    assert set(facts[0].split(", ")) == held[0] & held[1]
    assert set(facts[1].split(", ")) == held[1] & held[2]


@pytest.mark.parametrize(
    "broken", ["19683:x", "1,2", "1,:x", ":x", "1:", "-1:x", ",".join(map(str, range(501))) + ":x"]
)
def test_a_broken_collection_is_none(explorer: Explorer, broken: str) -> None:
    explorer.open(f"#tab=collections&set={broken}")
    assert explorer.state("set") is None


@pytest.mark.chromium
@pytest.mark.parametrize("form", EXPORTS)
def test_the_chosen_operation_is_saved(explorer: Explorer, form: str, tmp_path: Path) -> None:
    explorer.open("#op=13715")
    explorer.do("document.querySelector('.exports').open = true")
    with explorer.page.expect_download() as download:
        explorer.page.click(f".exports >> text={LABELS[form]}")
    name = f"ternary_rm3_implication.{EXPORTS[form][0]}"
    assert download.value.suggested_filename == name
    explorer.until(f"document.querySelector('#operation [role=status]').textContent === '{name} saved'")
    path, expected = tmp_path / name, tmp_path / "expected.png"
    download.value.save_as(path)
    written = export_operation(Operation(OperationSpace(), 13715), form)
    if form == "png":
        expected.write_bytes(written)
        drawn, reference = imread(path)[..., :3], imread(expected)[..., :3]
        assert drawn.shape == reference.shape
        assert abs(drawn - reference).mean() < 0.005  # another painter smooths edges otherwise
        other = export_operation(Operation(OperationSpace(), 13716), form)
        expected.write_bytes(other)
        assert abs(drawn - imread(expected)[..., :3]).mean() > 0.01
    else:
        assert path.read_bytes() == written


@pytest.mark.chromium
def test_an_export_that_fails_says_so(window: Explorer) -> None:
    window.page.route("**/exports.json", lambda route: route.abort("connectionrefused"))
    window.open("#op=15633")
    window.do("document.querySelector('.exports').open = true")
    window.page.click(".exports >> text=Verilog")
    window.until("document.querySelector('#operation .failed button')")
    assert window.page.inner_text("#operation .failed").startswith("the export could not be loaded: ")
    window.page.unroute("**/exports.json")
    with window.page.expect_download() as download:
        window.page.click("#operation .failed button")
    assert download.value.suggested_filename == "ternary_min.v"
    window.complaints.clear()  # the browser's own, of the refusal


@pytest.mark.chromium
def test_paper_holds_a_hand_out_of_the_operation(explorer: Explorer) -> None:
    explorer.open("#op=15633&tab=sliders")
    explorer.do("document.documentElement.dataset.theme = 'dark'")
    explorer.page.emulate_media(media="print")
    try:
        for shown in ("#operation", "#operation .truth-table", "#operation .algebra"):
            assert explorer.page.locator(shown).is_visible()
        for left_out in ("header", "#map-area", "#tabs", "#find", "#sliders", "#operation .actions"):
            assert not explorer.page.locator(left_out).is_visible()
        assert not explorer.page.locator("#operation section:has-text('Nearest operations')").is_visible()
        colour = explorer.get("getComputedStyle(document.querySelector('#operation')).color")
        assert colour == "rgb(29, 31, 36)"
        assert len(re.findall(rb"/Type\s*/Page\b", explorer.page.pdf(format="A4"))) == 1
    finally:
        explorer.page.emulate_media(media="screen")
        explorer.do("document.documentElement.dataset.theme = 'light'")
