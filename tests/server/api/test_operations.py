from itertools import count
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

import fluxttice_core as fx
from fluxttice_core.operations.algebra import holds
from fluxttice_core.operations.catalogue import named_operations
from fluxttice_core.operations.export_forms import export_operation
from fluxttice_core.operations.portrait import portrait
from fluxttice_core.operations.reading import read_operation
from fluxttice_core.operations.search import find_operations
from fluxttice_core.operations.symmetry import class_count
from fluxttice_core.operations.vocabulary import EXPORTS, PROPERTIES, SYMMETRIES


def pages(server: Any, query: str, size: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number in count(1):
        page = server.get(f"/v1/operations?{query}&page={number}&page_size={size}").json()
        assert page["page"] == number
        assert len(page["data"]) == min(size, page["total"] - len(found))
        found += page["data"]
        if not page["has_more"]:
            assert number == max(page["pages"], 1)
            assert len(found) == page["total"]
            break
    return found


@pytest.mark.parametrize(
    ("query", "wanted", "near"),
    [
        ("property=sheffer&property=commutative", {"sheffer": True, "commutative": True}, None),
        ("property=associative&not=commutative", {"associative": True, "commutative": False}, None),
        ("property=latin-square&near=max", {"latin-square": True}, 19569),
        ("property=group&not=surjective", {"group": True, "surjective": False}, None),
    ],
)
@pytest.mark.parametrize("size", [7, 1_000])
def test_the_pages_hold_every_operation_once_and_in_order(
    server: Any, query: str, wanted: dict[str, bool], near: int | None, size: int
) -> None:
    found = [row["index"] for row in pages(server, query, size)]
    assert found == find_operations(wanted, near=near).tolist()


def test_all_operations_can_be_paged_through(server: Any) -> None:
    rows = pages(server, "", 1_000)
    assert [row["index"] for row in rows] == list(range(19_683))
    assert len({row["string"] for row in rows}) == 19_683
    assert all(row["distance"] is None for row in rows)


def test_a_page_beyond_the_last_is_empty(server: Any) -> None:
    page = server.get("/v1/operations?property=group&page=19683").json()
    assert page["data"] == []
    assert page["total"] == int(holds("group").sum())


def test_the_nearest_come_first(server: Any) -> None:
    page = server.get("/v1/operations?near=min&within=1").json()
    assert page["near"] == 15633
    assert [row["distance"] for row in page["data"]] == [0] + [1] * 18


def test_only_named_and_only_one_of_each_class(server: Any) -> None:
    named = server.get("/v1/operations?named=true&page_size=1000").json()
    assert {row["index"] for row in named["data"]} == {one.operation.index for one in named_operations()}
    assert all(row["names"] for row in named["data"])
    each = server.get("/v1/operations?one_of_each=sign-npn").json()
    assert each["total"] == class_count("sign-npn")


def test_a_plus_may_stand_for_itself_or_for_a_blank(server: Any) -> None:
    texts = ("----00-0%2B", "----00-0+", "---/-00/-0+", "---+-00+-0%2B", "min", "Kleene+AND", "15633")
    for near, index in (*((text, 15633) for text in texts), ("+++++++++", 19_682)):
        assert server.get(f"/v1/operations?near={near}&within=0").json()["near"] == index, near


@pytest.mark.parametrize(
    ("query", "param"),
    [
        *[("property=prime", "property.0"), ("not=prime", "not.0"), ("colour=red", "colour")],
        *[("page=0", "page"), ("page=19684", "page"), ("page=x", "page"), ("page=1&page=2", "page")],
        *[("page_size=0", "page_size"), ("page_size=1001", "page_size")],
        *[("within=10&near=min", "within"), ("within=1", None), ("near=nonsense", "near"), ("near=", "near")],
        *[("one_of_each=mirror", "one_of_each"), ("property=group&not=group", None)],
        *[("named=perhaps", "named"), ("near=" + "x" * 65, "near")],
    ],
)
def test_what_cannot_be_listed_is_refused(server: Any, query: str, param: str | None) -> None:
    server.refuses(f"/v1/operations?{query}", param=param)


@pytest.mark.parametrize(
    "given", ["200%3F%3F%3F%3F%3F%3F", "---/-??", "---/-??/-?%2B%0A", "----%3F%3F-%3F%2B0"]
)
def test_what_is_no_pattern_is_told_how_to_write_one(server: Any, given: str) -> None:
    says = "is no pattern: give nine of -, 0, + and, for any value, ?, such as ---/-??/-?+"
    server.refuses(f"/v1/operations?matching={given}", param="matching", code="invalid_value", says=says)


@pytest.mark.parametrize("given", ["---/-%3F%3F/-%3F%2B", "----%3F%3F-%3F+", "---/-??/-??"])
def test_patterns_are_taken_with_or_without_marks_between_rows(server: Any, given: str) -> None:
    total = 81 if given.endswith("??") else 27
    assert server.get(f"/v1/operations?matching={given}").json()["total"] == total


@pytest.mark.parametrize("written", ["min", "15633", "----00-0+", "---/-00/-0+", "Kleene AND", "----00-0%2B"])
def test_one_operation_however_it_is_written(server: Any, written: str) -> None:
    shown = server.get(f"/v1/operations/{quote(written, safe='%+/-')}").json()
    assert shown["index"] == 15633
    assert shown["names"][0]["name"] == "min"
    for key, value in portrait(15633).to_json().items():
        assert np.array_equal(shown[key], value) if key == "neighbours" else key in shown
    assert shown["properties"] == portrait(15633).properties


def test_an_operation_shows_what_the_model_makes_of_it(server: Any) -> None:
    parts = fx.certified().split
    assert parts is not None
    for part in ("train", "validation", "held_out"):
        index = getattr(parts, part)[0]
        shown = server.get(f"/v1/operations/{index}").json()
        assert shown["split"] == part
        for name, half in (("fluxttice-a", "a"), ("fluxttice-b", "b")):
            mean = fx.encode(int(index), vae=half)  # type: ignore[arg-type]
            np.testing.assert_allclose(shown["codes"][name]["mean"], mean[0], atol=2e-6)
            table = fx.certified().decode(mean, vae=half)[0]  # type: ignore[arg-type]
            assert shown["codes"][name]["reconstruction"] == fx.OperationSpace().indices(table)


@pytest.mark.parametrize("form", EXPORTS)
@pytest.mark.parametrize("written", ["min", "---/-00/-0%2B", "-max(-a,-b)"])
def test_an_operation_is_exported_in_every_form(server: Any, form: str, written: str) -> None:
    answer = server.get(f"/v1/operations/{written}/export?form={form}")
    assert answer.content == export_operation(read_operation("min"), form)
    ending, media_type = EXPORTS[form]
    assert answer.headers["content-type"].split(";")[0] == media_type
    assert answer.headers["content-disposition"] == f'attachment; filename="ternary_min.{ending}"'
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_what_cannot_be_exported_is_refused(server: Any) -> None:
    server.refuses("/v1/operations/min/export", param="form", code="missing")
    server.refuses("/v1/operations/min/export?form=vhdl", param="form", says="choose among verilog, latex")
    path = "/v1/operations/minn/export?form=svg"
    server.refuses(path, status=404, code="operation_not_found", says="did you mean min?")


@pytest.mark.parametrize("written", ["19683", "-1", "nonsense", "%00", "%F0%9F%90%8D", "--", "a" * 5_000])
def test_what_is_no_operation_is_not_found(server: Any, written: str) -> None:
    answer = server.refuses(f"/v1/operations/{written}", status=404, code="operation_not_found")
    assert len(answer.content) < 500


def test_the_vocabulary_counts_what_has_each_property(server: Any) -> None:
    known = server.get("/v1/properties").json()
    assert [one["name"] for one in known["data"]] == [term.name for term in PROPERTIES]
    assert {one["name"]: one["operations"] for one in known["data"]}["sheffer"] == 3_774
    assert [one["name"] for one in known["symmetries"]] == [term.name for term in SYMMETRIES]
    assert all(one["classes"] == class_count(one["name"]) for one in known["symmetries"])
