"""The API of models of other spaces: the same endpoints, in the words of each."""

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import jsonschema
import numpy as np
import pytest

from fluxttice_core.errors import SettingsError
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.server.app import create_app
from fluxttice_core.server.errors import RequestError
from fluxttice_core.server.explorer.standalone import standalone_page
from fluxttice_core.server.served_model import Codes, Served, prepare
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.spaces.target import Target
from fluxttice_core.statistics.coverage import law_ceiling
from tests.refusals import refused
from tests.server.conftest import NOWHERE, untrained

SPACES = ("boolean:4", "peptide:2", "01^2xACGT^2", "ternary:1")


@pytest.fixture(scope="module")
def dna(words: Served, start: Any) -> Iterator[Any]:
    with start(create_app(words)) as server:
        yield server


@pytest.fixture(scope="module")
def others(start: Any) -> Iterator[dict[str, Any]]:
    models = {name: untrained(name) for name in SPACES}
    for one in models.values():
        one.warm()
    with ExitStack() as stack:
        yield {name: stack.enter_context(start(create_app(one))) for name, one in models.items()}


def embed(server: Any, given: Any) -> Any:
    answer = server.post("/v1/embeddings", {"model": "fluxttice-b", "input": given})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_elements_are_embedded_however_they_are_written(words: Served, dna: Any) -> None:
    answer = embed(dna, ["ACG", "acg", "ACG ", "36"])
    rows = [item["embedding"] for item in answer["data"]]
    assert rows[0] == rows[1] == rows[2] == rows[3]
    assert np.array_equal(np.float32(rows[0]), words.model.encode("ACG")[0])
    assert answer["usage"] == {"prompt_tokens": 12, "total_tokens": 12}
    assert embed(dna, [0, 1, 2])["data"][0]["embedding"] == rows[0]
    assert embed(dna, [[0, 1, 2], [3, 3, 3]])["data"][0]["embedding"] == rows[0]


@pytest.mark.parametrize(
    ("space", "written", "index"),
    [
        ("boolean:4", ["0x8000", "AND", "0000000000000001"], 0x8000),
        ("peptide:2", ["WY", "wy"], 18 + 20 * 19),
        ("01^2xACGT^2", ["01CT"], 2 + 4 * 1 + 16 * 3),
        ("ternary:1", ["+0-"], 5),
    ],
)
def test_each_space_has_its_own_notation(others: Any, space: str, written: list[str], index: int) -> None:
    server = others[space]
    codes = server.app.state.served.codebooks["b"].rows(np.array([index]))
    for item in embed(server, written)["data"]:
        assert np.array_equal(np.float32(item["embedding"]), codes[0])


REFUSED = [
    ("ACX", "at position 3, which is no symbol: expected 3 of the characters ACGT"),
    ("ACGT", "has 4 symbols"),
    ("64", "outside 0 to 63"),
    ("", "is empty"),
    (["ACG", 5], "input.1 is 5"),
    ([0, 1, 4], "at position 3 is not one of 0 (A)"),
    ([464, 1234], "none of the DNA words of 3 letters"),
    ([], "give a string such as"),
    (None, "its 3 letters as numbers"),
    ([0, 1, 2**70], "input holds a number that is not one of 0 (A), 1 (C), 2 (G), 3 (T)"),
    (["ACG"] * 2_049, "one request takes at most 2,048"),
    ([True, 1, 2], "input.0 is True"),
    ("A" * 500, "give a string"),
]


@pytest.mark.parametrize(("given", "says"), REFUSED, ids=[says for _, says in REFUSED])
def test_what_is_no_element_is_refused(dna: Any, given: Any, says: str) -> None:
    dna.refuses(
        "/v1/embeddings",
        {"model": "fluxttice-b", "input": given},
        says=says,
        code=("too_many_inputs" if isinstance(given, list) and len(given) > 2_048 else "invalid_input"),
    )


def test_positions_are_those_of_the_mixed_alphabets(others: Any) -> None:
    server = others["01^2xACGT^2"]
    server.refuses("/v1/embeddings", {"model": "fluxttice-a", "input": "01C1"}, says="at position 4")
    server.refuses("/v1/elements?matching=0AC%3F", says="'A' at position 2, which is none of 01")
    found = server.get("/v1/elements?matching=0%3FC%3F").json()
    assert found["total"] == 8
    assert all(row["string"][0] == "0" and row["string"][2] == "C" for row in found["data"])


def test_models_health_and_document_are_in_the_words_of_the_space(dna: Any, others: Any) -> None:
    card = dna.get("/v1/models/fluxttice-b").json()
    assert (card["space"], card["elements"], card["support"], card["dimensions"]) == ("dna:3", 64, 40, 4)
    assert dna.get("/healthz").json()["status"] == "ok"
    document = dna.get("/openapi.json").json()
    for foreign in ("trit", "operations?", "tables?", "ternary", "cells?"):
        text = json.dumps(document).replace("operationId", "")
        assert re.search(rf"(?<![\w/]){foreign}\b", text, re.IGNORECASE) is None, foreign
    assert "the DNA words of 3 letters, 64 in all" in document["info"]["description"]
    assert "A word or a latent whose neighbours are wanted." in json.dumps(document)
    assert re.search(r"(?<![\w/])word\b", json.dumps(others["boolean:4"].get("/openapi.json").json())) is None
    page = dna.get("/docs").text
    assert "<h1>" in page
    assert "operation " not in re.sub("<[^>]*>", "", page)


@pytest.mark.parametrize("space", SPACES)
def test_answers_keep_the_document(others: Any, space: str) -> None:
    server, one = others[space], space_of(space).string(5)
    document = server.get("/openapi.json").json()
    asked: dict[str, Any] = {
        "/v1/embeddings": {"model": "fluxttice-a", "input": [one]},
        "/v1/decode": {"model": "fluxttice-a", "latents": [0.5] * 4, "probabilities": True},
        "/v1/sample": {"model": "fluxttice-a", "n": 50, "seed": 1},
        "/v1/neighbours": {"element": one, "limit": 3},
    }
    for path, body in asked.items():
        described = document["paths"][path]["post"]
        content = described["requestBody"]["content"]["application/json"]
        checked(document, content["schema"], body)
        checked(document, content["schema"], content["example"])
        for value in (body, content["example"]):
            answered(document, described, server.post(path, value))
    for path in ("/v1/elements", "/v1/elements/{id}", "/v1/models"):
        answered(document, document["paths"][path]["get"], server.get(path.replace("{id}", one)))


def answered(document: Any, described: Any, answer: Any) -> None:
    assert answer.status_code == 200, answer.text
    checked(document, described["responses"]["200"]["content"]["application/json"]["schema"], answer.json())


def checked(document: Any, schema: Any, value: Any) -> None:
    jsonschema.validate(value, {**schema, "components": document["components"]})


def test_codes_are_decoded_drawn_and_compared(words: Served, dna: Any) -> None:
    mean = embed(dna, "CGT")["data"][0]["embedding"]
    asked = {"model": "fluxttice-b", "latents": mean, "probabilities": True}
    (row,) = dna.post("/v1/decode", asked).json()["data"]
    assert row["string"] == words.model.space.string(words.model.space.indices(words.model.decode([mean]))[0])
    assert [len(cell) for cell in row["probabilities"]] == [4, 4, 4]
    drawn = dna.post("/v1/sample", {"model": "fluxttice-b", "n": 500, "seed": 3}).json()
    assert drawn["elements"] == words.model.sample(500, seed=3).tolist()
    assert drawn["distinct"] == len(set(drawn["elements"]))
    assert drawn["outside_support"] == sum(index >= 40 for index in drawn["elements"])
    assert drawn["ceiling"] == pytest.approx(law_ceiling(np.arange(1, 41) / 820, 500).expected)
    near = dna.post("/v1/neighbours", {"element": "CGT", "by": "hamming", "limit": 63}).json()
    assert near["element"] == words.model.space.indices(np.array([1, 2, 3]))
    assert [one["distance"] for one in near["data"]] == [1.0] * 9 + [2.0] * 27 + [3.0] * 27
    codes = words.codebooks["b"].means
    order = np.argsort(np.linalg.norm(codes.astype(float) - np.float32(mean), axis=1), kind="stable")
    found = dna.post("/v1/neighbours", {"latent": mean, "limit": 7}).json()["data"]
    assert [one["index"] for one in found] == order[:7].tolist()
    for index in (-1, 64, 2**63, 10**19):
        dna.refuses("/v1/neighbours", {"element": index}, says=f"the index {index} is outside 0 to 63")
    dna.refuses("/v1/neighbours", {"operation": "CGT"}, says="operation is unknown here")
    dna.refuses("/v1/decode", {"model": "fluxttice-b", "latents": [0.0] * 16}, says="give 4 numbers")


def test_only_draws_of_the_support_count_towards_the_ceiling(start: Any) -> None:
    model = replace(untrained("dna:3").model, target=Target.of(space_of("dna:3"), [1, 2, 3]))
    with start(create_app(prepare(model, NOWHERE))) as server:
        drawn = server.post("/v1/sample", {"model": "fluxttice-b", "n": 500, "seed": 3}).json()
    assert drawn["distinct_in_support"] == len({*drawn["elements"]} & {1, 2, 3}) < drawn["distinct"]


def test_the_support_is_told_truly(words: Served, dna: Any) -> None:
    shown = {index: dna.get(f"/v1/elements/{index}").json() for index in (0, 39, 40, 63)}
    assert [one["in_support"] for one in shown.values()] == [True, True, False, False]
    assert [one["target"] for one in shown.values()] == pytest.approx([1 / 820, 40 / 820, 0, 0], abs=0)
    assert shown[40]["split"] == shown[63]["split"] == "outside"
    assert words.model.split is not None
    held_out = words.model.split.held_out.tolist()
    assert {dna.get(f"/v1/elements/{index}").json()["split"] for index in held_out} == {"held_out"}
    outside = dna.get("/v1/elements?support=false&page_size=1000").json()
    assert [row["index"] for row in outside["data"]] == list(range(40, 64))
    assert not any(row["in_support"] for row in outside["data"])


def test_lists_go_by_distance_and_by_pages(dna: Any) -> None:
    near = dna.get("/v1/elements?near=ACG&within=1&page_size=4").json()
    assert (near["total"], near["pages"], near["has_more"]) == (10, 3, True)
    assert [row["distance"] for row in near["data"]] == [0, 1, 1, 1]
    dna.refuses("/v1/elements?within=1", says="say which with near")
    dna.refuses("/v1/elements?near=AXG", says="at position 2", param="near")
    dna.refuses("/v1/elements/AXG", status=404, says="at position 2", code="element_not_found")
    assert dna.get("/v1/operations/0").status_code == 404


def test_a_plus_arrives_whether_or_not_it_is_escaped(others: Any) -> None:
    server = others["ternary:1"]
    near = {"+00": 14, "%2B00": 14, "+0-": 5, "-0+": 21, "-%200%20%2B": 21, "+5": 5}
    assert {one: server.get(f"/v1/elements?near={one}").json()["near"] for one in near} == near
    assert server.get("/v1/elements?matching=+0%3F").json()["total"] == 3


def test_others_are_served_while_codes_are_computed(others: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    server = others["peptide:2"]
    codes: Codes = server.app.state.served.codebooks["b"]
    rows, loops = codes.rows, []

    def watched(indices: np.ndarray) -> np.ndarray:
        loops.append(asyncio._get_running_loop())
        return rows(indices)

    monkeypatch.setattr(codes, "rows", watched)
    embed(server, ["WY", "YW"])
    assert loops == [None]


def test_boolean_functions_show_their_class(others: Any) -> None:
    server = others["boolean:4"]
    for written in ("0x8000", "and", "0000000000000001"):
        shown = server.get(f"/v1/elements/{written}").json()
        assert (shown["index"], shown["hexadecimal"], shown["names"]) == (0x8000, "0x8000", ["and"])
        assert (shown["npn_class"], shown["npn_members"], shown["npn_classes"]) == ("0x0001", 32, 222)
    assert "hexadecimal" not in others["peptide:2"].get("/v1/elements/WY").json()


def test_codes_of_a_large_space_are_computed_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    served = untrained("ACGT^7")
    codes, pieces = served.codebooks["b"], []
    rows = codes.rows

    def counted(indices: np.ndarray) -> np.ndarray:
        pieces.append(len(indices))
        return rows(indices)

    monkeypatch.setattr(codes, "rows", counted)
    text = codes.written([5], base64=False)[0]
    assert codes.written([5], base64=False) == [str(json.loads(text)).replace(" ", "").encode()]
    assert pieces == [1, 1]
    assert np.array_equal(codes.means[9_000], rows(np.array([9_000]))[0])
    assert pieces[2:] == [8_192, 8_192]
    assert codes.distances(codes.means[77]).argmin() == 77
    other = Codes(served.model, "a")
    other.stop()
    with pytest.raises(RequestError, match="the server stops"):
        _ = other.means
    other.warm()


def test_who_waits_too_long_for_all_codes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = untrained("dna:2").codebooks["a"]
    monkeypatch.setattr("fluxttice_core.server.served_model._PATIENCE", 0.01)
    with codes._filling, pytest.raises(RequestError, match="are being computed, 0% so far") as told:
        _ = codes.means
    assert (told.value.status, told.value.word) == (503, "not_ready")
    assert codes.means.shape == (16, 4)


def test_spaces_that_are_too_large_are_refused(served: Served) -> None:
    with refused(SettingsError, "too_large", "at most 1,048,576 elements are served"):
        large = Architecture.model_validate({"space": "bits:21"})
        prepare(replace(served.model, architecture=large), NOWHERE)


def test_ternary_operations_with_a_target_or_other_latents_have_no_algebra(served: Served) -> None:
    assert served.has_algebra
    assert not untrained("ternary:2").has_algebra
    shape = Architecture.model_validate({"decoders": "table"})
    assert not replace(served, model=replace(served.model, architecture=shape)).has_algebra


def test_no_file_shows_another_space_by_itself(words: Served) -> None:
    with refused(SettingsError, "unsupported", "show it with `fluxttice serve`"):
        standalone_page(words)
