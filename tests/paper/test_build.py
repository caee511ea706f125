"""The paper as it is built: repeatable, archivable, of the promised length, every font inside."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pypdf
import pytest

from paper.build import built, main, numbers


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return built()


@pytest.fixture(scope="module")
def pages(pdf: bytes) -> list[pypdf.PageObject]:
    return list(pypdf.PdfReader(io.BytesIO(pdf)).pages)


def fonts(page: pypdf.PageObject) -> Iterator[pypdf.generic.DictionaryObject]:
    """The fonts of a page, those that others are made of in their place."""
    resources: Any = page["/Resources"]
    for font in resources.get("/Font", {}).values():
        found = font.get_object()
        yield from (each.get_object() for each in found.get("/DescendantFonts", [found]))


def test_it_is_the_same_each_time(pdf: bytes) -> None:
    assert built() == pdf


def test_it_says_that_it_is_for_archives_and_a_title(pdf: bytes) -> None:
    # The compiler refuses what the standard forbids; of validators, no index that we install from has one.
    found = pypdf.PdfReader(io.BytesIO(pdf))
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in pdf
    assert found.metadata is not None
    assert str(found.metadata.title).startswith("Exactly measured")


def test_it_keeps_those_rules_of_archives_that_its_objects_show(pdf: bytes) -> None:
    found = pypdf.PdfReader(io.BytesIO(pdf))
    root = found.root_object
    (intent,) = (each.get_object() for each in root["/OutputIntents"])  # type: ignore[attr-defined]
    assert intent["/S"] == "/GTS_PDFA1"
    assert b"acsp" in intent["/DestOutputProfile"].get_object().get_data()[:40]  # an ICC profile
    assert "/Filter" not in cast(Any, root["/Metadata"].get_object())  # readable by what knows no compression
    assert "/ID" in found.trailer
    assert not {"/Encrypt"} & set(found.trailer)
    assert not {"/AA", "/OpenAction", "/XFA"} & set(root)
    assert not {"/JavaScript", "/EmbeddedFiles"} & set(root.get("/Names", {}))
    links = [link.get_object() for page in found.pages for link in page.get("/Annots", [])]
    assert links
    assert {link["/F"] & 0b111 for link in links} == {0b100}  # printed, neither hidden nor left out


def test_every_font_is_inside(pages: list[pypdf.PageObject]) -> None:
    used = [font for page in pages for font in fonts(page)]
    assert used
    for font in used:
        inside = font["/FontDescriptor"].get_object()
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(inside), font["/BaseFont"]  # type: ignore[call-overload]


def test_it_has_eight_to_twelve_pages(pages: list[pypdf.PageObject]) -> None:
    assert 8 <= len(pages) <= 12


def test_the_abstract_has_at_most_150_words(pages: list[pypdf.PageObject]) -> None:
    found = re.search(r"Abstract\.(.*?)\n1 A number", pages[0].extract_text(), re.DOTALL)
    assert found is not None
    assert 100 <= len(found[1].split()) <= 150


def test_its_numbers_are_listed_with_their_files() -> None:
    listed = numbers()
    assert len(listed) > 300
    assert {"file", "key", "value", "text"} == set(listed[0])
    shown = {each["key"]: each["text"] for each in listed}
    assert shown["space/elements"] == "19,683"


def test_a_source_that_does_not_compile_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong, target = tmp_path / "wrong.typ", tmp_path / "paper.pdf"
    wrong.write_text('#json("/docs/results/none.json")')
    monkeypatch.setattr("paper.build.built", lambda: built(source=wrong, root=tmp_path))
    with pytest.raises(SystemExit, match=r"wrong\.typ:1"):
        main([str(target)])
    assert not target.exists()


def test_the_paper_is_written_where_it_is_asked_for(tmp_path: Path, pdf: bytes) -> None:
    target = tmp_path / "deep" / "paper.pdf"
    main([str(target)])
    assert target.read_bytes() == pdf
