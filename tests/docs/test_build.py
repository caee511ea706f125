"""The documentation's figures are those of the result files: nothing in it is stale, on any processor."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from docs import build
from docs.build import ROOT, stale_figure, stale_page
from docs.documents import with_generated
from fluxttice_core.errors import MeasurementError
from tests.refusals import refused


@pytest.fixture(scope="module")
def pages() -> dict[Path, str]:
    return build.pages()


@pytest.fixture(scope="module")
def figures() -> dict[Path, Figure]:
    return build.figures()


def test_every_page_is_what_the_result_files_say(pages: dict[Path, str]) -> None:
    stale = {path.name: why for path, text in pages.items() if (why := stale_page(path, text))}
    assert stale == {}, "run `make docs`"


def test_the_reference_has_no_page_of_a_room_that_is_gone(pages: dict[Path, str]) -> None:
    assert set(build.REFERENCE.iterdir()) == {path for path in pages if path.parent == build.REFERENCE}


def test_every_figure_is_drawn_of_what_the_result_files_say(figures: dict[Path, Figure]) -> None:
    stale = {path.name: why for path, figure in figures.items() if (why := stale_figure(path, figure))}
    assert stale == {}, "run `make docs`"


def test_a_page_with_another_figure_is_stale(pages: dict[Path, str]) -> None:
    page = ROOT / "README.md"
    changed = pages[page].replace("| 1.0000 |", "| 1.0001 |", 1)
    assert changed != pages[page]
    assert stale_page(page, changed) == "a generated section differs"


def test_a_figure_of_another_name_is_stale_and_one_that_is_missing(figures: dict[Path, Figure]) -> None:
    first, second = list(figures)[:2]
    assert stale_figure(first, figures[second]) is not None
    assert stale_figure(first.with_name("absent.svg"), figures[first]) == "it is missing"


def test_nothing_is_written_but_what_is_stale(
    pages: dict[Path, str],
    figures: dict[Path, Figure],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    written: list[Path] = []
    monkeypatch.setattr(build, "pages", lambda: pages)
    monkeypatch.setattr(build, "figures", lambda: figures)
    monkeypatch.setattr(build, "write_bytes", lambda path, _: written.append(path))
    build.main()
    assert written == []
    monkeypatch.setattr(build, "stale_page", lambda page, _: "of weather" if page.stem == "trust" else None)
    build.main()
    assert written == [ROOT / "docs" / "trust.md"]
    assert capsys.readouterr().out == "wrote docs/trust.md: of weather\n"


def test_a_section_that_nobody_makes_is_refused() -> None:
    with refused(MeasurementError, "unknown_name", "asks for a section 'weather'"):
        with_generated("<!-- generated: weather -->\nsun\n<!-- end -->", {})
