"""What the server sends for the page: its files, data, report, and nothing else."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import httpx
import numpy as np
import pytest

from fluxttice_core.evaluation.report import Report
from fluxttice_core.model.halves import HALVES
from fluxttice_core.operations.algebra import holds
from fluxttice_core.operations.cellwise import TERNARY
from fluxttice_core.operations.vocabulary import PROPERTIES
from fluxttice_core.server.errors import RequestError
from fluxttice_core.server.explorer import data
from fluxttice_core.server.explorer.bundle import page_texts
from fluxttice_core.server.explorer.data import UNDRAWN_MASS, carried_cells, manifest, principal_axes
from fluxttice_core.server.explorer.map import read_map, relative_mass
from fluxttice_core.server.explorer.pages import Content, explorer_routes
from fluxttice_core.server.explorer.report import ReportFigures, judgement, report_page
from fluxttice_core.server.served_model import PARTS, Served
from fluxttice_core.storage.tensors import decode_tensors

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def client(served: Served, serving: Any) -> Iterator[httpx.Client]:
    with serving(key=KEY, pages=explorer_routes(served)) as running:
        yield running.client


def test_the_page_needs_no_key_and_keeps_the_security_headers(client: httpx.Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert client.get("/v1/operations/0").status_code == 401


def test_every_file_that_the_page_names_is_there(client: httpx.Client) -> None:
    html = client.get("/").text
    named = [part.split('"')[0] for part in html.split('="explorer/')[1:]]
    assert set(named) == {
        "icon.svg",
        "page.css",
        "page.js",
        "data/manifest.json",
        "data/split.safetensors",
    }
    for path in named:
        assert client.get(f"/explorer/{path}").status_code == 200, path


def test_nothing_in_the_page_names_another_origin_or_is_inline() -> None:
    texts = page_texts()
    for name, text in texts.items():
        assert not re.search("https?:", text.replace("http://www.w3.org/2000/svg", "")), name
    assert not re.search("style=|onclick|<script>", texts["index.html"])


@pytest.mark.parametrize(
    "path", ["/explorer/", "/explorer/js/map.js", "/explorer/../served.py", "/explorer/data/x.json"]
)
def test_other_paths_are_not_served(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_answers_are_compressed_and_revalidated(client: httpx.Client) -> None:
    answer = client.get("/explorer/page.js")
    assert answer.headers["content-encoding"] == "gzip"
    again = client.get("/explorer/page.js", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    plain = client.get("/explorer/page.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == answer.text


def test_what_compression_does_not_shrink_is_sent_as_it_is() -> None:
    noise = np.random.default_rng(0).bytes(5000)
    assert Content("noise.safetensors", noise).gzipped == b""
    assert Content("page.css", b"a" * 5000).gzipped != b""


def test_the_algebra_pack_says_what_the_algebra_says() -> None:
    tensors, _ = decode_tensors(data.algebra_pack(), name="pack")
    bits = tensors["properties"]
    for place, term in enumerate(PROPERTIES):
        assert np.array_equal(bits[place // 8] >> (place % 8) & 1, holds(term.name)), term.name


def test_the_split_pack_holds_the_split(served: Served) -> None:
    tensors, _ = decode_tensors(data.split_pack(served), name="pack")
    assert list(tensors) == ["split"]
    parts = served.model.split
    assert parts is not None
    assert set(tensors["split"][parts.held_out]) == {PARTS.index("held_out")}
    assert np.bincount(tensors["split"]).tolist() == [15_746, 1_968, 1_969]


def test_the_layout_packs_hold_a_half_each(served: Served) -> None:
    drawn = read_map(served.model)
    assert drawn is not None
    for half in HALVES:
        tensors, _ = decode_tensors(data.layout_pack(drawn, half), name="pack")
        assert list(tensors) == [f"layout_{half}"]
        assert np.array_equal(tensors[f"layout_{half}"], drawn.layout[half])
        assert decode_tensors(data.layout_pack(None, half), name="pack")[0] == {}


def test_the_weights_packs_hold_both_halves_and_nothing_else(served: Served) -> None:
    packs: tuple[Literal["encoder", "decoder"], ...] = ("encoder", "decoder")
    encoders, decoders = (
        decode_tensors(data.weights_pack(served.model, one), name="pack")[0] for one in packs
    )
    assert sum(tensor.size for tensor in (encoders | decoders).values()) == 50_203 + 117_499
    assert {name.split(".")[0] for name in encoders} == {"encoder_A", "encoder_B"}
    assert np.array_equal(decoders["decoder_B.fc_out.bias"], served.model.tensors["decoder_B.fc_out.bias"])


def test_the_mass_pack_says_what_codes_are_decoded_to(served: Served) -> None:
    drawn = read_map(served.model)
    # The codes of the other half are decoded to something else: the pack must say so.
    crossed = replace(
        served, codebooks=dict(zip(HALVES, reversed([*served.codebooks.values()]), strict=True))
    )
    for one, right in ((served, True), (crossed, False)):
        tensors, _ = decode_tensors(data.mass_pack(one, drawn), name="pack")
        for half in HALVES:
            chances = one.model.decode(one.codebooks[half].means, vae=half, probabilities=True)
            decoded = one.model.space.indices(one.model.decode(one.codebooks[half].means, vae=half))
            assert np.array_equal(np.arange(19683) + tensors[f"off_{half}"], decoded)
            assert np.abs(tensors[f"joint_{half}"] - chances.max(-1).prod(-1)).max() < 2**-12
            assert (np.mean(tensors[f"off_{half}"] == 0) > 0.99) == right


def test_without_a_map_the_mass_is_estimated(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(UNDRAWN_MASS, "draws", 2**10)
    tensors, _ = decode_tensors(data.mass_pack(served, None), name="pack")
    exact = relative_mass(served.model, **UNDRAWN_MASS)
    for half in HALVES:
        sent = tensors[f"mass_{half}"]
        assert float(sent.mean()) == pytest.approx(1, rel=1e-5)
        assert 0 < np.abs(sent / exact[half].values - 1).max() <= 2**-12 < exact[half].noise / 100


def test_principal_axes_are_orthonormal_and_ordered(served: Served) -> None:
    means = served.codebooks["b"].means.astype(np.float64)
    centre, axes = principal_axes(served.codebooks["b"].means)
    assert np.abs(axes @ axes.T - np.eye(16)).max() < 1e-12
    covariances = np.cov(((means - centre) @ axes.T).T, bias=True)
    assert (np.diff(np.diag(covariances)) <= 1e-12).all()
    assert np.abs(covariances - np.diag(np.diag(covariances))).max() < 1e-12
    assert (axes[np.arange(16), np.abs(axes).argmax(1)] > 0).all()


def test_carried_cells_of_known_codes() -> None:
    tables = TERNARY.all_tables().astype(np.float32)
    shares = carried_cells(np.stack([tables[:, 4], tables[:, 0] + tables[:, 8], 0 * tables[:, 0]], axis=1))
    assert shares[0].round(6).tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert shares[1].round(6).tolist() == [0.5, 0, 0, 0, 0, 0, 0, 0, 0.5]
    assert shares[2].max() == 0


def test_the_manifest_names_everything(served: Served) -> None:
    document = json.loads(manifest(served, None))
    assert [one["name"] for one in document["properties"]] == [term.name for term in PROPERTIES]
    assert {one["name"]: one["index"] for one in document["named"]}["min"] == 15633
    assert document["layout"] is None
    assert document["model"]["digest"] == served.model.tensor_digest


@pytest.mark.parametrize(("report", "says"), [(None, "this model has no report"), (b"{}", "cannot be shown")])
def test_a_missing_or_alien_report_is_not_shown(served: Served, report: bytes | None, says: str) -> None:
    without = replace(served, report=report, without_report="this model has no report")
    assert says in json.loads(report_page(without))["missing"]


def test_figures_are_drawn_once_and_only_of_a_report(served: Served, reported: Served) -> None:
    calls = []

    def draw(report: Report) -> dict[str, bytes]:
        calls.append(report.title)
        return {"coverage.svg": b"<svg/>", "other.svg": b"<svg/>"}

    figures = ReportFigures(reported, draw)
    assert [one["name"] for one in json.loads(figures.listed())] == ["coverage"]
    assert figures.get("coverage") == b"<svg/>"
    with pytest.raises(RequestError):
        figures.get("mass")
    assert len(calls) == 1
    without = ReportFigures(replace(served, report=None, without_report="none"), draw)
    assert json.loads(without.listed()) == json.loads(ReportFigures(reported, None).listed()) == []
    assert len(calls) == 1


def test_a_report_is_judged_by_its_own_gates(reported: Served) -> None:
    assert reported.report is not None
    report = Report.from_plain(json.loads(reported.report))
    evenly = "\u201cand reaches it evenly\u201d is {} and must be >= 0.98"
    said = json.loads(report_page(reported))["judgement"]
    assert said == (
        f"Not accepted: half A misses 1 of 5 gates ({evenly.format('0.9475')}); "
        f"half B misses 1 of 5 gates ({evenly.format('0.9406')})."
    )
    met = tuple(
        replace(one, value=0.99) if one.gate.quantity.startswith("efficiency") else one
        for one in report.gates
    )
    assert judgement(replace(report, gates=met)) == (
        "Accepted: half A meets all 5 gates; half B meets all 5 gates."
    )
    unknown = (replace(met[0], value=None), *met[1:])
    assert judgement(replace(report, gates=unknown)) == (
        "Not accepted: half A misses 1 of 5 gates (\u201cheld-out trits come back from the mean\u201d was "
        "not measured and must be > 0.99); half B meets all 5 gates."
    )
    assert judgement(replace(report, gates=())) == "Not judged: no acceptance gate was applied."


def test_a_report_becomes_tables(reported: Served) -> None:
    page = json.loads(report_page(reported))
    assert page["title"]
    assert all(len(row) == len(grid["headings"]) for grid in page["grids"] for row in grid["rows"])
    assert {floor["half"] for floor in page["floors"]} == {"a", "b"}
