"""What the page costs: requests to its own server only, little weight, and quick frames."""

import statistics
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from .conftest import Explorer, opened

PAGE = Path(__file__).parents[4] / "docs" / "explorer.md"
MOST = {"painted": (8, 160_000), "ready": (13, 600_000)}
"""Requests and bytes, heads of answers included, until the map is painted and until all is there."""
LATER = {
    "sliders": ("decoder.safetensors", 290_000),
    "a": ("layout_a.safetensors", 80_000),
    "inputs": ("inputs.json", 3_000),
}
"""What comes when a control is first used, and its bytes."""
TRANSFERS = """() => {
  const [painted] = performance.getEntriesByName("map-painted");
  const kinds = ["navigation", "resource"];
  return kinds.flatMap((kind) => performance.getEntriesByType(kind)).map(
    (one) => [one.name, one.startTime < painted.startTime, one.transferSize, one.decodedBodySize]);
}"""
PAN = """async (steps) => {
  const { map } = explorer, gaps = [];
  map.frames.length = 0;
  let last = performance.now();
  for (let i = 0; i < steps; i += 1) {
    map.viewport.pan(i % 2 ? 7 : -5, i % 3 ? 3 : -4);
    map.request();
    await new Promise((resume) => requestAnimationFrame(resume));
    gaps.push(performance.now() - last);
    last = performance.now();
  }
  return { painting: map.frames, gaps };
}"""

# How far the colours of points lie from the background: of what is filtered out, and the palest of the rest.
CONTRASTS = """() => {
  const { map } = explorer, ground = map.palette.background;
  const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const apart = (one) => Math.hypot(...channels(one).map((value, at) => value - channels(ground)[at]));
  const hex = (word) => "#" + [0, 8, 16]
    .map((by) => (word >>> by & 255).toString(16).padStart(2, "0")).join("");
  const colours = [...map.drawn.packedPalette].map(hex).map(apart);
  return { out: colours.pop(), faintest: Math.min(...colours) };
}"""


@pytest.mark.chromium
def test_nothing_comes_from_elsewhere_and_little_from_here(browser: Browser, address: str) -> None:
    with opened(browser, address) as explorer:
        page = explorer.page
        explorer.load()
        transfers = page.evaluate(TRANSFERS)
        assert len(transfers) == len(explorer.requests)  # workers' scripts among them
        for moment, which in (("painted", [one for one in transfers if one[1]]), ("ready", transfers)):
            most, weight = MOST[moment]
            assert 4 < len(which) <= most
            assert 100_000 < sum(size for _, _, size, _ in which) <= weight
        # Uncompressed it would be too much.
        assert sum(size for *_, size in transfers) > MOST["ready"][1]
        tabs = [f"#tab-{tab}" for tab in ("prior", "compare", "inputs", "operation")]
        for control in ("#tab-sliders", "[data-value=a]", *tabs):
            page.click(control)
            explorer.settle()
        explorer.until("document.querySelector('#prior .key-floor:not([hidden])')")
        explorer.until("document.querySelector('#typed')")
        later = [one for one in page.evaluate(TRANSFERS)[len(transfers) :] if "/data/" in one[0]]
        found = {url.split("/")[-1]: size for url, _, size, _ in later}
        assert len(found) == len(later)
        assert found.keys() == {"report.json", *(name for name, _ in LATER.values())}
        assert all(most / 2 < found[name] < most for name, most in LATER.values())
        page.click("[data-view-link=report]")
        explorer.until("document.querySelector('#report').childElementCount > 0")
        assert explorer.requests
        assert all(url.startswith(f"{address}/") for url in explorer.requests)
        assert not any(url.startswith(f"{address}/v1/") for url in explorer.requests)  # which may need a key
        assert explorer.complaints == []


def test_what_is_promised_is_what_is_measured() -> None:
    (painted, map_bytes), (ready, bytes_in_all) = MOST.values()
    promise = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert f"after at most {ready} requests and {bytes_in_all // 1000} kB" in promise
    assert f"the map after {painted} and {map_bytes // 1000} kB" in promise
    later = [f"{most // 1000} kB" for _, most in LATER.values()]
    assert f"the decoders ({later[0]}) " in promise
    assert f"the layout of the other half ({later[1]}) " in promise
    assert f"a list of clones and properties ({later[2]}) " in promise


def test_all_points_are_painted(explorer: Explorer) -> None:
    background, *points = explorer.pixels()
    assert background > 100_000
    assert sum(points) > 19_683
    explorer.do("explorer.store.set({ q: 'min' })")
    explorer.settle()
    assert explorer.pixels()[0] > background  # what is filtered out is drawn smaller
    fading = explorer.page.evaluate(CONTRASTS)
    assert 0 < fading["out"] < 0.65 * fading["faintest"]


def test_panning_is_smooth(explorer: Explorer) -> None:
    # On an idle machine the median is a third of this; the bound holds on a busy one, too.
    assert statistics.median(explorer.page.evaluate(PAN, 40)["painting"]) < 33


@pytest.mark.slow
def test_frames_and_first_paint_on_an_idle_machine(browser: Browser, address: str) -> None:
    with opened(browser, address, viewport={"width": 1440, "height": 900}) as explorer:
        explorer.load()
        explorer.load()
        painted = explorer.get("performance.getEntriesByName('map-painted')[0].startTime")
        assert painted < 1000
        assert statistics.median(explorer.page.evaluate(PAN, 120)["gaps"]) < 33
