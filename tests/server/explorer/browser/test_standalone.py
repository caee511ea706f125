"""The explorer as one file says what the server says, from a disk and from any host, and asks nobody."""

import random
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser

from fluxttice_core.errors import OperationError
from fluxttice_core.model.halves import HALVES
from fluxttice_core.operations.catalogue import find_named, is_expression, named_operations
from fluxttice_core.operations.reading import read_operation
from tests.cli.commands import ran

from .conftest import EVERY_ONE, Explorer, K, from_disk, opened

REPORT_SHOWN = (
    "document.querySelectorAll('#report img').length === 4 && "
    "[...document.querySelectorAll('#report img')].every((one) => one.naturalWidth > 0)"
)
# What the panel shows of operations, and what their codes are decoded to.
SHOWN = """async (indices) => {
  const { page, map } = explorer, rows = [];
  const text = (from, selector) => [...from.querySelectorAll(selector)].map((one) => one.textContent);
  const facts = (list) => {
    const values = text(list, "dd");
    return Object.fromEntries(text(list, "dt").map((term, at) => [term, values[at]]));
  };
  const shown = (row) => text(row, "th, td").slice(0, 3);
  const panel = document.getElementById("operation");
  explorer.store.set({ q: "min" }); // a short list, which is written anew for every choice
  for (const index of indices) {
    page.choose(index);
    await Promise.resolve();
    rows.push({
      title: text(panel, "#operation-title")[0],
      facts: facts(panel.querySelector(".facts")),
      algebra: facts(panel.querySelector(".algebra dl")),
      properties: text(panel, ".chips button").sort(),
      classes: [...panel.querySelectorAll("tbody tr:has(th[title])")].map(shown),
      neighbours: [...map.scene.neighbours].sort((a, b) => a - b),
      decoded: ["a", "b"].map((half) => page.codes.decode(half, page.codes.encode(half, index).mean).index),
      decoded_as_shown: ["a", "b"].map((half) => index + page.mass[`off_${half}`][index]),
    });
  }
  explorer.store.set({ q: "" });
  return rows;
}"""


@contextmanager
def hosted(folder: Path) -> Iterator[str]:
    """Any web host, as `python -m http.server` is one."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def use_everything(explorer: Explorer, address: str) -> None:
    """Use every part of the page, which must have been asked for once, and nothing else ever."""
    explorer.arrive()
    page = explorer.page
    page.click(".truth-table [data-cell='8']")
    explorer.until(f"explorer.store.state.op === {15_633 - 2 * 3**8}")
    page.click("#operation >> text=Compare")
    page.click("#tab-operation")
    page.click("#undo")
    page.click("#tab-compare")
    explorer.until("document.querySelectorAll('#compare .strip .operation').length === 13")
    page.click("#tab-sliders")
    explorer.until("explorer.store.state.z !== null")
    page.click("#sliders >> text=All zero")
    assert "p(table | latent)" in page.inner_text("#sliders .verdict")
    page.click("#tab-prior")
    page.select_option("#draws", "1000")
    page.click("#draw")
    explorer.until("/1,000 draws: [0-9]+ distinct/.test(document.querySelector('#coverage').textContent)")
    explorer.until("!document.querySelector('#prior .key-floor').hidden")
    page.click("#tab-inputs")
    explorer.until("document.querySelector('#typed')")
    page.fill("#typed", "max(max(min(a, b), min(b, c)), min(a, c))")
    page.press("#typed", "Enter")
    page.fill("#basis", "min, max")
    page.click("#write")
    explorer.until("document.querySelector('#expression code')")
    assert "(4 operations)" in page.inner_text("#expression")
    assert "majority" in page.inner_text("#inputs .chips")
    page.check("#find .properties label:has-text('sheffer') >> nth=0")
    explorer.settle()
    assert page.inner_text("#find .count") == "3,774 of 19,683 operations"
    explorer.until("location.hash.includes('has=sheffer')")
    page.click("[data-view-link=report]")
    explorer.until("document.querySelector('#report .figures') !== null")
    for figure in page.locator("#report img").all():
        figure.scroll_into_view_if_needed()
    explorer.until(REPORT_SHOWN)
    assert page.locator(".failed").count() == 0
    assert page.locator(".copy button", has_text="curl").count() == 0
    assert {url for url in explorer.requests if not url.startswith("blob:")} <= {address}
    assert explorer.complaints == []


def test_every_part_works_from_a_disk(browser: Browser, folder: Path) -> None:
    with from_disk(browser, folder / "index.html") as explorer:
        use_everything(explorer, explorer.url)


@pytest.mark.slow
def test_every_part_works_on_any_host_below_a_path(browser: Browser, folder: Path) -> None:
    with hosted(folder.parent) as url, opened(browser, url) as explorer:
        address = f"{url}/{folder.name}/"
        explorer.page.goto(f"{address}#op=19569")
        explorer.arrive()
        assert explorer.page.inner_text("#operation-title") == "max"
        explorer.open()
        use_everything(explorer, address)


def test_its_policy_forbids_requests_even_to_its_own_host(browser: Browser, folder: Path) -> None:
    asked = "fetch(location.href).then(() => 'answered', () => 'refused')"
    with hosted(folder) as url:
        (folder / "lax.html").write_text("<!doctype html><title>without a policy</title>")
        for name, answer in (("index.html", "refused"), ("lax.html", "answered")):
            with opened(browser, f"{url}/{name}") as explorer:
                explorer.page.goto(explorer.url)
                assert explorer.get(asked) == answer


@pytest.mark.parametrize("step", [397, EVERY_ONE])
def test_operations_are_shown_as_the_server_knows_them(alone: Explorer, address: str, step: int) -> None:
    indices = range(0, K, step)
    with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
        for first in range(0, len(indices), 500):
            some = list(indices[first : first + 500])
            shown = alone.page.evaluate(SHOWN, some)
            known = [client.get(f"/v1/operations/{index}").json() for index in some]
            assert shown == [as_shown(one) for one in known]


def as_shown(known: dict[str, Any]) -> dict[str, Any]:
    """What the panel shows of an operation, made of the server's answer."""
    named = known["names"]
    decoded = [known["codes"][f"fluxttice-{half}"]["reconstruction"] for half in HALVES]
    said: dict[str, str] = {}
    for one in named:
        said |= {"formula": one["formula"], "source": one["source"]}
        said |= {"also": ", ".join(one["aliases"])} if one["aliases"] else {}
    return {
        "title": " = ".join(one["name"] for one in named) or "Unnamed operation",
        "facts": {
            "string": known["string"],
            "index": str(known["index"]),
            "also written": f"base 27: {known['heptavintimal']}{known['digits']} {known['truth_values']} ",
            "split": known["split"].replace("_", " "),
            **said,
        },
        "algebra": algebra_shown(known["algebra"]),
        "properties": sorted(name for name, holds in known["properties"].items() if holds),
        "classes": [
            [one["symmetry"], f"{one['size']:,}", glyphs_of(one["representative"])]
            for one in known["classes"]
        ],
        "neighbours": sorted(known["neighbours"]),
        "decoded": decoded,
        "decoded_as_shown": decoded,
    }


def algebra_shown(algebra: dict[str, Any]) -> dict[str, str]:
    partitions = (" | ".join("".join(map(sign, block)) for block in one) for one in algebra["congruences"])
    return {
        "identity": sign(algebra["identity"]),
        "zero": sign(algebra["zero"]),
        "depends on": ", ".join(algebra["essential_inputs"]) or "nothing",
        "outputs": ", ".join(f"{sign(int(v))} × {n}" for v, n in algebra["value_counts"].items()),
        "subalgebras": " ".join(f"{{{', '.join(map(sign, s))}}}" for s in algebra["subalgebras"]) or "none",
        "congruences": "; ".join(partitions) or "only the trivial ones",
        "automorphisms": str(len(algebra["automorphisms"])),
        "maximal clones": "; ".join(algebra["maximal_clones"]) or "none: it is Sheffer",
    }


def sign(value: int | None) -> str:
    return "none" if value is None else "−0+"[value + 1]


def glyphs_of(index: int) -> str:
    return "".join("−0+"[index // 3**cell % 3] for cell in range(9))


ODD = """
a;b;(a);-a;--b;+1(;min(a, b);MIN(a,b);Kleene_AND(a, b);min(a,b;min(a,b));min(a);not(a, b);not a;not -b
not not b;();min(a, b, a);c;min(a, c);min(a,b)c;0(a);1(b);max(0, a);max(-1, b);max(+1, a);max(+a, b)
7PB(a, b);7pb(a, b);a b;a(b);123(a, b);15633(b, a);19683(a, b);000011012(a, b);FFFFUUFUT(b, a)
000000000(a, b);012(a);012 a;100(a);000(a);FUT(a);TUF a;26(a);27(a);0-0(b);nosuch(a, b);nosuch a
constructor(a);constructor a;min(,a);min(a,);−min(a, −b);0 a;1 a;min(a , b ) ;projection b
łukasiewicz-and(a, b);Łukasiewicz and(a, b);minimum(a, b);_a(b);½(a);٣(a);-(1)(a);max(min(a,b), not c)
min (a, b);min((a), (b));constant-plus(a, b);__proto__ a;toString(a, b)
"""


def expressions(count: int) -> list[str]:
    """Expressions as people might type them, right ones and broken ones, the same on every machine."""
    source = random.Random(3)
    binary = [name for one in named_operations() for name in (one.name, *one.aliases)]
    unary = [name for one in named_operations(1) for name in (one.name, *one.aliases)]

    def grown(depth: int) -> str:
        kind = source.random()
        if depth == 0 or kind < 0.2:
            return source.choice(["a", "b", "a", "b", "0", "1", "-1", "+1"])
        if kind < 0.35:
            return f"-{grown(depth - 1)}"
        if kind < 0.5:
            opening, closing = source.choice([("(", ")"), (" ", "")])
            return f"{source.choice(unary)}{opening}{grown(depth - 1)}{closing}"
        return f"{source.choice(binary)}({grown(depth - 1)}, {grown(depth - 1)})"

    whole = [grown(4) for _ in range(count)]
    broken = [text[: source.randrange(len(text))] for text in whole[: count // 4]]
    deep = ["-" * 99 + "a", "-" * 100 + "a", "not " * 60 + "b"]
    return [
        text
        for text in (*re.split("[;\n]", ODD), *whole, *broken, *deep)
        if is_expression(text) and not find_named(text)
    ]


def computed(text: str) -> list[int]:
    try:
        return [read_operation(text).index]
    except OperationError:
        return []


@pytest.mark.parametrize("count", [200, pytest.param(3_000, marks=pytest.mark.slow)])
def test_expressions_are_read_as_in_python(alone: Explorer, count: int) -> None:
    texts = expressions(count)
    found = alone.page.evaluate(
        """async (texts) => {
          const found = [];
          for (const q of texts) {
            explorer.store.set({ q });
            await Promise.resolve();
            found.push(explorer.page.found.problem ? [] : [...explorer.page.found.indices]);
          }
          explorer.store.set({ q: "" });
          return found;
        }""",
        texts,
    )
    expected = list(map(computed, texts))
    differing = [one for one in zip(texts, found, expected, strict=True) if one[1] != one[2]]
    assert differing == []
    assert len(texts) > count
    assert 0.2 < np.mean([len(one) for one in expected]) < 0.95


def test_a_page_that_was_cut_short_says_so(browser: Browser, folder: Path) -> None:
    whole = (folder / "index.html").read_text()
    (folder / "cut.html").write_text(whole[: whole.index('id="data-encoder') + 5_000])
    with from_disk(browser, folder / "cut.html") as explorer:
        explorer.until("document.querySelector('#notice .failed')")
        said = explorer.page.inner_text("#notice")
        assert "The encoders could not be loaded" in said
        assert explorer.page.locator("#find .results").count() == 0


def test_a_page_whose_script_was_changed_does_not_run(browser: Browser, folder: Path) -> None:
    changed = (folder / "index.html").read_text().replace("const WIDEST = 4;", "const WIDEST = 5;")
    (folder / "changed.html").write_text(changed)
    with from_disk(browser, folder / "changed.html") as explorer:
        assert explorer.get("document.documentElement.dataset.ready") is None
        assert re.search("Content Security Policy|blocked an inline script", explorer.complaints[0])


@pytest.mark.slow
def test_the_shipped_model_as_exported_is_light(tmp_path: Path) -> None:
    """With its own report, as the command writes it."""
    ran("export", "explorer", tmp_path / "site")
    assert 1_000_000 < (tmp_path / "site" / "index.html").stat().st_size <= 2_000_000
    assert [one.name for one in (tmp_path / "site").iterdir()] == ["index.html"]
