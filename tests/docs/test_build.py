"""The documentation's figures are those of the result files: nothing in it is stale."""

from pathlib import Path

import pytest

from docs.build import ROOT, generated
from fluxttice_core.errors import MeasurementError
from fluxttice_core.publishing.documents import with_generated


@pytest.fixture(scope="module")
def current() -> dict[Path, bytes]:
    return generated()


def stale(files: dict[Path, bytes]) -> list[str]:
    return [
        path.relative_to(ROOT).as_posix()
        for path, content in files.items()
        if not path.exists() or path.read_bytes() != content
    ]


def test_every_generated_file_is_what_the_result_files_say(current: dict[Path, bytes]) -> None:
    assert stale(current) == [], "run `make docs`"


def test_a_page_with_another_figure_would_be_stale(current: dict[Path, bytes]) -> None:
    page = ROOT / "README.md"
    changed = current[page].replace(b"| 1.0000 |", b"| 1.0001 |", 1)
    assert changed != current[page]
    assert stale({**current, page: changed}) == ["README.md"]


def test_a_section_that_nobody_makes_is_refused() -> None:
    with pytest.raises(MeasurementError, match="asks for a section 'weather'"):
        with_generated("<!-- generated: weather -->\nsun\n<!-- end -->", {})
