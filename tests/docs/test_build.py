"""The documentation's figures are those of the result files: nothing in it is stale, on any processor."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from docs import build
from docs.build import ROOT, figures, pages, stale_figure, stale_page
from fluxttice_core.errors import MeasurementError
from fluxttice_core.publishing.documents import with_generated


@pytest.fixture(scope="module")
def drawn() -> dict[Path, Figure]:
    return figures()


def test_every_page_is_what_the_result_files_say() -> None:
    stale = {path.name: why for path, text in pages().items() if (why := stale_page(path, text))}
    assert stale == {}, "run `make docs`"


def test_every_figure_is_drawn_of_what_the_result_files_say(drawn: dict[Path, Figure]) -> None:
    stale = {path.name: why for path, figure in drawn.items() if (why := stale_figure(path, figure))}
    assert stale == {}, "run `make docs`"


def test_a_page_with_another_figure_is_stale() -> None:
    page = ROOT / "README.md"
    text = pages()[page]
    changed = text.replace("| 1.0000 |", "| 1.0001 |", 1)
    assert changed != text
    assert stale_page(page, changed) == "a generated section differs"


def test_a_figure_of_another_name_is_stale_and_one_that_is_missing(drawn: dict[Path, Figure]) -> None:
    first, second = list(drawn)[:2]
    assert stale_figure(first, drawn[second]) is not None
    assert stale_figure(first.with_name("absent.svg"), drawn[first]) == "it is missing"


def test_nothing_is_written_but_what_is_stale(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written: list[Path] = []
    monkeypatch.setattr(build, "write_bytes", lambda path, content: written.append(path))
    build.main()
    assert written == []
    monkeypatch.setattr(
        build, "stale_page", lambda page, text: "of weather" if page.stem == "trust" else None
    )
    build.main()
    assert written == [ROOT / "docs" / "trust.md"]
    assert capsys.readouterr().out == "wrote docs/trust.md: of weather\n"


def test_a_section_that_nobody_makes_is_refused() -> None:
    with pytest.raises(MeasurementError, match="asks for a section 'weather'"):
        with_generated("<!-- generated: weather -->\nsun\n<!-- end -->", {})
