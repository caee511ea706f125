"""Pointers and keys on the map."""

import re

import pytest

from fluxttice_core.spaces.operation_space import OperationSpace

from .conftest import Explorer

SPACE = OperationSpace()


def test_hovering_says_what_is_under_the_pointer(explorer: Explorer) -> None:
    explorer.page.mouse.move(*explorer.on_screen(19569))
    explorer.until("!document.getElementById('tooltip').hidden")
    near = explorer.get("explorer.map.scene.hovered")
    shown = explorer.page.inner_text("#tooltip").replace("−", "-")
    assert SPACE.string(near) in shown
    explorer.page.mouse.move(2, 2)
    explorer.until("document.getElementById('tooltip').hidden")


def test_clicking_chooses_what_is_under_the_pointer(explorer: Explorer) -> None:
    before = explorer.pixels("marks")
    explorer.page.mouse.click(*explorer.on_screen(19569))
    explorer.until("explorer.store.state.op !== 15633")
    x, y = explorer.on_screen(19569)
    cx, cy = explorer.on_screen(explorer.state("op"))
    assert abs(cx - x) < 3
    assert abs(cy - y) < 3
    assert explorer.page.inner_text("#operation .facts code >> nth=0") == SPACE.string(explorer.state("op"))
    explorer.settle()
    assert explorer.pixels("marks") != before


def test_wheel_zooms_where_it_points_and_dragging_pans(explorer: Explorer) -> None:
    x, y = explorer.on_screen(19569)
    explorer.page.mouse.move(x, y)
    explorer.page.mouse.wheel(0, -300)
    explorer.until("explorer.map.viewport.zoom > 1.5")
    after = explorer.on_screen(19569)
    assert after == pytest.approx((x, y), abs=1.5)
    explorer.page.mouse.down()
    explorer.page.mouse.move(x + 60, y + 40, steps=4)
    explorer.page.mouse.up()
    assert explorer.on_screen(19569) == pytest.approx((x + 60, y + 40), abs=8)
    assert explorer.state("op") == 15633


def test_deep_zoom_shows_tables(explorer: Explorer) -> None:
    explorer.do(
        "const { map } = explorer; map.setScene({ labels: false, named: [], neighbours: [] });"
        "map.viewport.centreOn(...map.placeOf(19569)); map.zoomBy(60);"
    )
    explorer.settle()
    colours = explorer.pixels("marks")
    assert len(colours) >= 4
    assert colours[1] > 200


def test_keys_pan_zoom_and_choose(explorer: Explorer) -> None:
    explorer.page.focus("#map")
    for key in ("+", "ArrowRight", "ArrowDown"):
        explorer.page.keyboard.press(key)
    assert explorer.get("explorer.map.viewport.zoom") == pytest.approx(1.5)
    explorer.page.keyboard.press("Enter")
    explorer.until("explorer.store.state.op !== 15633")
    chosen = explorer.state("op")
    explorer.page.keyboard.press("Shift+ArrowLeft")
    explorer.until(f"explorer.store.state.op !== {chosen}")
    x, _ = explorer.get(f"explorer.map.placeOf({chosen})")
    assert explorer.get("explorer.map.placeOf(explorer.store.state.op)")[0] < x
    explorer.page.keyboard.press("0")
    assert explorer.get("explorer.map.viewport.zoom") == pytest.approx(1)


@pytest.mark.chromium
def test_a_box_selects_what_lies_in_it(explorer: Explorer) -> None:
    explorer.page.click("#box-tool")
    left, top, width, height = explorer.get(
        "(({ x, y, width, height }) => [x, y, width, height])(explorer.map.root.getBoundingClientRect())"
    )
    explorer.page.mouse.move(left + width * 0.3, top + height * 0.3)
    explorer.page.mouse.down()
    explorer.page.mouse.move(left + width * 0.6, top + height * 0.6, steps=5)
    explorer.page.mouse.up()
    explorer.until("explorer.store.state.box !== null")
    explorer.settle()
    found = explorer.get("explorer.page.found.indices")
    x0, y0, x1, y1 = explorer.state("box")["rectangle"]
    inside = explorer.get(
        f"Array.from(explorer.map.places.x.keys()).filter((i) => explorer.map.places.x[i] >= {x0} &&"
        f" explorer.map.places.x[i] <= {x1} && explorer.map.places.y[i] >= {y0} &&"
        f" explorer.map.places.y[i] <= {y1})"
    )
    assert 0 < len(found) < 19_683
    assert found == inside
    count = re.sub(r"\D", "", explorer.page.inner_text("#find .count").split(" of ")[0])
    assert int(count) == len(found)
    explorer.page.click("button[aria-label='Remove in the box']")
    assert explorer.state("box") is None


def test_every_map_and_colour_can_be_shown(explorer: Explorer) -> None:
    pictures = set()
    for half in ("a", "b"):
        for kind in ("layout", "pca", "pair"):
            explorer.page.click(f".segmented [data-value={half}]")
            explorer.page.select_option("#map-kind", kind)
            explorer.settle()
            pictures.add(explorer.get("document.getElementById('points').toDataURL().length"))
    assert len(pictures) == 6
    legends = set()
    for kind in explorer.get("[...document.querySelector('#colour').options].map((one) => one.value)"):
        explorer.page.select_option("#colour", kind)
        explorer.settle()
        legends.add(explorer.page.inner_text("#legend"))
    assert len(legends) == 9
    assert not any("loading" in legend for legend in legends)


def test_colours_count_what_they_show(explorer: Explorer) -> None:
    explorer.open("#colour=property:sheffer")
    assert "3,774" in explorer.page.inner_text("#legend")
    explorer.open("#colour=distance")
    assert explorer.page.inner_text("#legend").split("\n") == [
        "cells unlike min",
        "all nine differ",
        "same as min",
    ]
    ends = [explorer.get(f"explorer.map.painted.colours[{op}]") for op in (15633, 19682 - 15633)]
    assert ends == [9, 3]  # the complement keeps the three zeros alone
    explorer.page.select_option("#order", "cells")
    explorer.page.locator("#find .results .operation").nth(5).click()
    explorer.settle()
    assert explorer.state("op") != 15633
    assert "same as min" in explorer.page.inner_text("#legend")  # as the list, which counts from min still
    assert explorer.get("explorer.map.painted.colours[15633]") == 9
    explorer.page.click("#find >> text=instead")
    explorer.settle()
    assert "same as min" not in explorer.page.inner_text("#legend")
    assert explorer.get("explorer.map.painted.colours[explorer.store.state.op]") == 9
    explorer.open("#colour=split")
    assert [one in explorer.page.inner_text("#legend") for one in ("15,746", "1,968", "1,969")] == [True] * 3
