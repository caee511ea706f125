"""Every file that a page names or links to is there."""

import re
from pathlib import Path

import pytest

from docs.build import ROOT

PLACES = (ROOT, ROOT / "src" / "fluxttice_core")
PATH = re.compile(r"`([\w.-]*/[\w./-]*|\w+\.(?:pyi?|md|yaml))`")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+\.\w+)(?:#[^)]*)?\)")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def missing_paths(text: str) -> list[str]:
    return [name for name in PATH.findall(text) if not any((place / name).exists() for place in PLACES)]


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_every_path_that_is_named_is_there(page: str) -> None:
    text = (ROOT / page).read_text()
    assert len(PATH.findall(text)) > 5
    assert missing_paths(text) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    assert [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()] == []


def test_a_path_that_is_gone_is_found() -> None:
    assert missing_paths("see `cli/attic.py`, `rooms.py` and `tests/`") == ["cli/attic.py"]
