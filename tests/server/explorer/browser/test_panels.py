"""The panels: search, the chosen operation, sliders, the prior, comparison, links and files."""

import csv
import io
import json
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import Browser

from fluxttice_core.operations.algebra import holds, properties_of, property_names
from fluxttice_core.operations.catalogue import named_operations
from fluxttice_core.operations.reading import read_operation
from fluxttice_core.operations.search import find_operations
from fluxttice_core.server.served_model import Served
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.statistics.coverage import ceiling

from .conftest import Explorer, opened

SPACE = OperationSpace()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        *((text, [15633]) for text in ("Kleene AND", "15633", "----00-0+", "---/-00/-0+", "−−−−00−0+")),
        *((text, [15633]) for text in ("[[-1,-1,-1],[-1,0,0],[-1,0,1]]", "000/011/012", "FFFFUUFUT")),
        ("?---00-0+", [15633, 15634, 15635]),
        ("webb", [223]),
        ("0 1 1 1 1 1 1 1 2", [16401]),
        ("[0,1,1,1,1,1,1,1,0]", [13120]),
        ("7PB", [5681]),
        ("hept:123", [786]),
        ("MAX", [19569]),
        ("012:000000000", [0]),
        ("fut:ffffuufu?", [15633 - 2 * 3**8, 15633 - 3**8, 15633]),
        ("000000000", [9841]),
        ("no such thing", []),
        ("semilattice t-norm", np.flatnonzero(holds("semilattice") & holds("t-norm")).tolist()),
    ],
)
def test_search_by_name_index_and_notation(explorer: Explorer, typed: str, found: list[int]) -> None:
    explorer.fill("#query", typed)
    assert explorer.get("explorer.page.found.indices") == found
    assert explorer.page.locator("#find .results .operation").count() == min(len(found), 60)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("19683", "An index is from 0 to 19,682."),
        ("7pb", "No operation has such a name: did you mean 7PB?"),
        ("ffffuufut", "No operation has such a name: did you mean FFFFUUFUT?"),
        ("mni", "No operation has such a name."),
        (
            "max(a, not c)",
            '"max(a, not c)" has the input c: expected at most 2, named a and b. '
            "The tab “Inputs” shows those of three inputs.",
        ),
    ],
)
def test_what_is_not_found_says_why(explorer: Explorer, typed: str, said: str) -> None:
    explorer.fill("#query", typed)
    assert explorer.page.inner_text("#find .count") == said


def test_an_expression_finds_what_it_computes(explorer: Explorer) -> None:
    explorer.fill("#query", "-min(a, -b)")
    assert explorer.page.inner_text("#find .count") == "1 of 19,683 operations"
    explorer.page.press("#query", "Enter")
    explorer.until("explorer.store.state.op === 15929")
    explorer.page.fill("#query", "min(a, b)")  # nand's formula contains it
    explorer.page.press("#query", "Enter")
    explorer.until("explorer.store.state.op === 15633")
    explorer.page.fill("#query", "-min(a, b")  # and this
    explorer.page.press("#query", "Enter")
    explorer.settle()
    assert "is no expression: expected a comma" in explorer.page.inner_text("#find .count")
    assert explorer.get("explorer.page.found.indices.length") > 0
    assert explorer.state("op") == 15633


def test_properties_filter_and_count_live(explorer: Explorer) -> None:
    rows = explorer.page.locator("#find .properties li")
    counts = dict(zip(property_names(), rows.locator(".property-count").all_inner_texts(), strict=True))
    assert counts == {name: f"{int(holds(name).sum()):,}" for name in property_names()}
    for name in ("sheffer", "commutative"):
        explorer.page.check(f"#find .properties label:has-text('{name}') >> nth=0")
    explorer.page.select_option("#order", "cells")
    explorer.settle()
    expected = find_operations({"sheffer": True, "commutative": True}, near=15633)
    assert explorer.page.inner_text("#find .count") == "90 of 19,683 operations"
    assert explorer.get("explorer.page.inOrder()") == expected.tolist()
    explorer.page.click("button[aria-label='not permuting-rows']")
    explorer.settle()
    lacking = find_operations({"sheffer": True, "commutative": True, "permuting-rows": False})
    assert explorer.get("explorer.page.found.indices") == lacking.tolist()
    explorer.page.locator("#find .results .operation").nth(3).click()
    explorer.settle()
    assert explorer.state("op") != 15633
    found = set(lacking.tolist())
    assert explorer.get("explorer.page.inOrder()") == [index for index in expected.tolist() if index in found]
    explorer.page.click("#find >> text=instead")
    explorer.settle()
    assert explorer.get("explorer.page.inOrder()[0]") == explorer.state("op")


def test_every_filter_is_a_chip_that_takes_it_back(explorer: Explorer) -> None:
    explorer.open("#q=sheffer&has=commutative&lacks=permuting-rows&box=b.layout:-1,-1,0.2,1")
    chips = explorer.page.locator("#find .found .chips button")
    assert chips.all_inner_texts() == ["“sheffer” ×", "commutative ×", "not permuting-rows ×", "in the box ×"]
    before = explorer.get("explorer.page.found.indices.length")
    assert 0 < before < 90
    for left, empty in ((3, ("q", "")), (2, ("has", [])), (1, ("lacks", [])), (0, ("box", None))):
        chips.first.click()
        explorer.settle()
        assert chips.count() == left
        assert explorer.state(empty[0]) == empty[1]
        after = explorer.get("explorer.page.found.indices.length")
        assert after > before
        before = after
    assert before == SPACE.size
    assert explorer.get("document.activeElement.textContent") == "Clear"


@pytest.mark.chromium
def test_the_selection_as_csv(explorer: Explorer, tmp_path: Path) -> None:
    explorer.open("#has=group")
    with explorer.page.expect_download() as download:
        explorer.page.click("#csv")
    path = tmp_path / "operations.csv"
    download.value.save_as(path)
    rows = list(csv.DictReader(io.StringIO(path.read_text(), newline="")))
    assert [int(row["index"]) for row in rows] == np.flatnonzero(holds("group")).tolist()
    assert [row["string"].strip() for row in rows] == [SPACE.string(int(row["index"])) for row in rows]
    # No cell is a formula or a number to a spreadsheet that is none, and readers take it as it stands.
    assert not [row for row in rows if row["string"][0] in "+-=@" or row["heptavintimal"].isalnum()]
    for notation in ("string", "heptavintimal"):
        assert [read_operation(row[notation]).index for row in rows] == [int(row["index"]) for row in rows]
    for row in rows:
        assert {name: row[name] == "1" for name in property_names()} == properties_of(int(row["index"]))


def test_the_chosen_operation_is_described(explorer: Explorer, served: Served) -> None:
    explorer.open("#op=15633")
    text = explorer.page.inner_text("#operation")
    assert explorer.page.inner_text("#operation-title") == "min"
    chips = explorer.page.locator("#operation .chips button").all_inner_texts()
    assert set(chips) == {name for name, held in properties_of(15633).items() if held}
    assert "decoded exactly" in text
    mass = explorer.get("[explorer.page.mass.mass_a[15633], explorer.page.mass.mass_b[15633]]")
    assert all(f"p(x) = ({value:.2f} ± " in text for value in mass)
    explorer.until("document.querySelector('.algebra dl') !== null")
    assert "automorphisms" in explorer.page.inner_text(".algebra")
    nearest = explorer.page.locator("#operation .results .operation").first.get_attribute("data-index")
    distances = served.codebooks["b"].distances(served.codebooks["b"].means[15633])
    distances[15633] = np.inf
    assert int(nearest or -1) == int(distances.argmin())


def test_changing_a_cell_moves_the_mark(explorer: Explorer) -> None:
    explorer.page.click(".truth-table [data-cell='8']")
    changed = 15633 - 2 * 3**8
    explorer.until(f"explorer.store.state.op === {changed}")
    explorer.until("explorer.map.scene.path === null")
    assert explorer.get("explorer.map.scene.chosen") == pytest.approx(
        explorer.get(f"explorer.map.placeOf({changed})")
    )
    explorer.page.focus(".truth-table [data-cell='8']")
    explorer.page.keyboard.press("0")
    assert explorer.state("op") == 15633 - 3**8
    explorer.page.keyboard.press("ArrowLeft")
    explorer.page.keyboard.press("+")
    assert explorer.state("op") == 15633 - 3**8 + 3**7
    for _ in range(3):
        explorer.page.click("#undo")
    assert explorer.state("op") == 15633


def test_values_are_shown_in_the_letters_of_choice(explorer: Explorer) -> None:
    def shown() -> list[str]:
        cells = explorer.page.locator("#operation .truth-table .value").all_inner_texts()
        heads = explorer.page.locator("#operation .truth-table tbody th").all_inner_texts()
        chosen = explorer.page.inner_text("#operation .results .glyphs >> nth=0")
        legend = explorer.page.locator("#legend .legend-label").all_inner_texts()
        facts = explorer.page.inner_text("#operation .algebra")
        return ["".join(cells), "".join(heads), "".join(sorted({*chosen})), "".join(legend), facts]

    explorer.open("colour=cell:0&tab=operation")
    assert shown()[:4] == ["\u2212\u2212\u2212\u221200\u22120+", "\u22120+", "+0\u2212", "\u22120+"]
    explorer.page.select_option("#letters", "truth")
    explorer.settle()
    *letters, facts = shown()
    assert letters == ["FFFFUUFUT", "FUT", "FTU", "FUT"]
    assert "identity\nT" in facts
    assert "preserves {T}" in facts
    assert not {"+1", "-1", "\u2212"} & {*re.findall(r"[-+]1|\u2212", facts)}
    assert "formula in -1, 0, 1" in explorer.page.inner_text("#operation .facts")
    explorer.page.press("#operation [data-cell='0']", "t")
    explorer.settle()
    assert explorer.state("op") == 15633 + 2
    explorer.page.press("#operation [data-cell='0']", "Control+f")  # is the browser's
    explorer.settle()
    assert explorer.state("op") == 15633 + 2
    explorer.open("letters=digits&colour=cell:0")
    assert shown()[:2] == ["000011012", "012"]
    explorer.page.press("#operation [data-cell='0']", "2")
    explorer.settle()
    assert explorer.state("op") == 15633 + 2
    assert explorer.page.input_value("#letters") == "digits"
    explorer.open("letters=digits&q=000000000")
    assert explorer.get("explorer.page.found.indices") == [0]
    explorer.page.select_option("#letters", "signs")
    explorer.settle()
    assert explorer.get("explorer.page.found.indices") == [9841]
    explorer.open("letters=nonsense")
    assert explorer.state("letters") == "signs"


def test_undo_survives_a_reload(browser: Browser, address: str) -> None:
    with opened(browser, address) as window:
        window.load()
        assert window.page.is_disabled("#undo")
        for cell in (8, 0):
            window.page.click(f".truth-table [data-cell='{cell}']")
        changed = 15633 - 2 * 3**8 + 1
        window.until(f"location.hash.includes('op={changed}')")
        window.page.reload()
        window.arrive()
        assert window.state("op") == changed
        for expected in (15633 - 2 * 3**8, 15633):
            window.page.click("#undo")
            assert window.state("op") == expected
        window.page.reload()
        window.arrive()
        assert window.page.is_disabled("#undo")  # what was undone is not undone again


@pytest.mark.chromium
@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("String", "----00-0+"),
        ("Table as lists", "[[-1,-1,-1],[-1,0,0],[-1,0,1]]"),
        ("Python", 'import fluxttice_core as fx\nz = fx.encode("----00-0+")  # posterior mean, (1, 16)\n'),
    ],
)
def test_the_table_can_be_copied(explorer: Explorer, form: str, expected: str) -> None:
    explorer.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    explorer.do("document.querySelector('.copy').open = true")
    explorer.page.click(f".copy >> text={form}")
    explorer.until(f"document.querySelector('#operation [role=status]').textContent === '{form} copied'")
    assert explorer.page.evaluate("async () => navigator.clipboard.readText()") == expected


def test_sliders_decode_live(explorer: Explorer, served: Served) -> None:
    explorer.page.click("#tab-sliders")
    explorer.until("explorer.store.state.z !== null")
    slider = explorer.page.locator("#sliders input").first
    slider.focus()
    for _ in range(3):
        slider.press("PageUp")
    z = np.array(explorer.state("z"), dtype=np.float32)
    assert z[0] != pytest.approx(served.codebooks["b"].means[15633][0], abs=0.1)
    decoded = SPACE.string(int(SPACE.indices(served.model.decode(z, vae="b"))[0]))
    assert decoded in explorer.page.inner_text("#sliders .verdict").replace("−", "-")
    bars = explorer.page.locator("#sliders .bar").all()
    assert len(bars) == 9
    assert "minus" in (bars[0].get_attribute("aria-label") or "")


@pytest.mark.parametrize("kind", ["layout", "pca", "pair"])
def test_the_diamond_can_be_dragged(explorer: Explorer, kind: str) -> None:
    explorer.open(f"#map={kind}&tab=sliders")
    explorer.until("explorer.store.state.z !== null && explorer.map.scene.marker !== null")
    before = explorer.state("z")
    x, y = explorer.on_screen(15633)
    explorer.page.mouse.move(x, y)
    explorer.page.mouse.down()
    explorer.page.mouse.move(x - 70, y + 50, steps=4)
    explorer.page.mouse.up()
    after = explorer.state("z")
    assert after != before
    if kind == "pair":
        assert after[2:] == before[2:]


@pytest.mark.parametrize("rule", ["argmax", "categorical"])
def test_draws_grow_beside_the_ceiling(explorer: Explorer, rule: str) -> None:
    explorer.open(f"#half=a&tab=prior&draws=1000&seed=7&rule={rule}")
    said = []
    for _ in range(2):
        explorer.page.click("#draw")
        explorer.until("document.querySelector('#draw').textContent === 'Draw'")
        said.append(explorer.page.inner_text("#coverage"))
    distinct = explorer.get("explorer.page.drawn.filter((times) => times > 0).length")
    assert said[0] == said[1]
    assert f"1,000 draws: {distinct:,} distinct" in said[0]
    best = ceiling(SPACE.size, 1000)
    spread = 196 * best.sd / SPACE.size
    assert f"ceiling {100 * best.expected / SPACE.size:.2f} ± {spread:.2f} %" in said[0]
    assert 800 < distinct <= 1000
    assert explorer.state("colour") == "drawn"


def test_draws_are_standard_normal(explorer: Explorer) -> None:
    drawn = np.array(
        explorer.get("Array.from(fluxttice('random').normals(fluxttice('random').uniformSource(3), 40000))")
    )
    assert abs(drawn.mean()) < 5 / 200
    assert abs(drawn.var() - 1) < 5 * np.sqrt(2 / 40_000)
    assert abs((drawn[::2] * drawn[1::2]).mean()) < 5 / np.sqrt(20_000)
    assert np.mean(np.abs(drawn) < 1) == pytest.approx(0.6827, abs=0.012)


def test_two_operations_side_by_side(explorer: Explorer) -> None:
    explorer.page.click("#operation >> text=Compare")
    explorer.open("#op=19569&pin=15633&tab=compare")
    text = explorer.page.inner_text("#compare")
    assert "They differ in 6 of 9 cells." in text
    assert explorer.page.locator("#compare .pair .differs").count() == 12
    shown = explorer.page.locator("#compare .strip .operation")
    ends = [shown.first.get_attribute("data-index"), shown.last.get_attribute("data-index")]
    assert ends == ["15633", "19569"]
    explorer.page.locator("#between").fill("1")
    assert "max" in explorer.page.inner_text("#compare .decoded .verdict")
    assert explorer.get("explorer.map.scene.marker") == pytest.approx(
        explorer.get("explorer.map.placeOf(19569)"), abs=0.05
    )


def test_a_second_operation_is_suggested(explorer: Explorer, served: Served) -> None:
    explorer.open("#op=15633&tab=compare")
    suggested = explorer.page.locator("#compare .results .operation")
    shown = [int(one.get_attribute("data-index") or -1) for one in suggested.all()]
    distances = served.codebooks["b"].distances(served.codebooks["b"].means[15633])
    named = {one.operation.index for one in named_operations()} - {15633}
    assert shown == sorted(named, key=lambda index: float(distances[index]))[:5]
    suggested.nth(1).click()
    explorer.settle()
    assert (explorer.state("pin"), explorer.state("op")) == (shown[1], 15633)
    assert "They differ in" in explorer.page.inner_text("#compare")


@pytest.mark.chromium
@pytest.mark.parametrize(("motion", "values"), [("no-preference", 151), ("reduce", 13)])
def test_the_way_between_two_codes_can_be_played(
    browser: Browser, address: str, motion: Any, values: int
) -> None:
    with opened(browser, address, reduced_motion=motion) as window:
        window.load("#op=19569&pin=15633&tab=compare")
        window.do("window.seen = new Set(); explorer.store.watch(['t'], ({ t }) => seen.add(t))")
        window.page.click("#play")
        window.until("explorer.store.state.t > 0.2")
        assert window.page.inner_text("#play") == "Stop"
        window.page.click("#play")
        held = window.state("t")
        time.sleep(0.6)
        assert window.state("t") == held < 1
        window.page.click("#play")  # from the beginning
        window.until("explorer.store.state.t === 1")
        assert window.page.inner_text("#play") == "Play"
        assert window.get("seen.size") == values
        assert "max" in window.page.inner_text("#compare .decoded .verdict")
        window.page.click("#play")
        window.do("explorer.page.choose(223)")
        window.settle()
        assert window.page.inner_text("#play") == "Play"  # the way that was walked is gone


def test_a_link_restores_the_view(explorer: Explorer, browser: Browser) -> None:
    explorer.open("#half=a&map=pair&x=3&y=5&colour=size:npn&op=223&q=latin-square&has=simple&order=cells")
    explorer.do("explorer.map.zoomBy(3)")
    explorer.until("location.hash.includes('camera')")
    link = explorer.get("location.href")
    keys = ("half", "map", "x", "y", "colour", "op", "q", "has", "order")
    with opened(browser, explorer.url) as other:
        other.load(f"#{urlsplit(link).fragment}")
        assert [other.state(key) for key in keys] == [explorer.state(key) for key in keys]
        assert other.get("explorer.map.viewport.zoom") == pytest.approx(3, rel=1e-3)
        found = "explorer.page.found.indices"
        assert other.get(found) == explorer.get(found)


def test_a_new_address_is_followed(explorer: Explorer) -> None:
    explorer.do("location.hash = '#op=223&tab=compare&pin=0'")
    explorer.until("explorer.store.state.op === 223 && explorer.store.state.tab === 'compare'")
    explorer.do("location.hash = '#op=15633'")
    explorer.until("explorer.store.state.op === 15633 && explorer.store.state.pin === null")


def test_back_and_forward_are_steps(browser: Browser, address: str) -> None:
    keys = ("tab", "op", "q")

    def state() -> list[Any]:
        return [window.state(key) for key in keys]

    with opened(browser, address) as window:
        window.load()
        entries = window.get("history.length")
        window.page.click("#tab-sliders")
        window.do("explorer.page.choose(223)")  # at once after the tab, and still a step of its own
        window.page.locator("#query").press_sequentially("mod", delay=300)
        window.until("location.hash.includes('q=mod')")
        assert window.get("history.length") == entries + 3
        window.do("explorer.map.zoomBy(2)")  # no step: it belongs to the one before
        window.until("location.hash.includes('camera')")
        assert window.get("history.length") == entries + 3
        first, second, third = ["operation", 15633, ""], ["sliders", 15633, ""], ["sliders", 223, ""]
        steps = [["sliders", 223, "mod"], third, second, first]
        assert state() == steps[0]
        for expected in steps[1:]:
            window.page.evaluate("history.back()")
            window.settle()
            window.settle()
            assert state() == expected
        assert window.page.input_value("#query") == ""
        time.sleep(0.4)  # an address that is opened is no step, which would cut Forward off
        for expected in reversed(steps[:-1]):
            window.page.evaluate("history.forward()")
            window.settle()
            window.settle()
            assert state() == expected
        assert window.complaints == []


@pytest.mark.parametrize(
    "fragment", ["#op=99999&x=77", "#colour=property:nothing", "#z=1,2,x", "#box=q:1,2", "#%"]
)
def test_a_broken_link_opens_what_it_can(explorer: Explorer, fragment: str) -> None:
    explorer.open(fragment)
    assert explorer.state("op") == 15633
    assert explorer.page.inner_text("#find .count") == "19,683 of 19,683 operations"


def test_the_report_is_shown_with_its_figures(explorer: Explorer, reported: Served) -> None:
    explorer.page.click("[data-view-link=report]")
    explorer.until("document.querySelectorAll('#report table').length > 3")
    assert reported.report is not None
    assert json.loads(reported.report)["title"] in explorer.page.inner_text("#report")
    first = explorer.page.inner_text("#report h2 + p")
    assert first.startswith("Not accepted: half A misses 1 of 5 gates")
    explorer.until("document.querySelectorAll('#report img').length === 4")
    for figure in explorer.page.locator("#report img").all():
        figure.scroll_into_view_if_needed()
    explorer.until("[...document.querySelectorAll('#report img')].every((one) => one.naturalWidth > 0)")
    assert explorer.get("document.documentElement.scrollHeight <= innerHeight")  # no second bar to scroll
    explorer.page.click("[data-view-link=map]")
    assert explorer.page.locator("#map").is_visible()
