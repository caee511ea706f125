"""What the page costs: requests to its own server only, little weight, and quick frames."""

import statistics

import pytest
from playwright.sync_api import Browser

from .conftest import Explorer, opened

MOST = {"painted": (7, 250_000), "ready": (15, 950_000)}
"""Requests and bytes, heads of answers included, until the map is painted and until everything is there."""
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
        for tab in ("sliders", "prior", "compare", "operation"):
            page.click(f"#tab-{tab}")
        page.click("[data-view-link=report]")
        explorer.until("document.querySelector('#report').childElementCount > 0")
        assert explorer.requests
        assert all(url.startswith(f"{address}/") for url in explorer.requests)
        assert explorer.complaints == []


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
