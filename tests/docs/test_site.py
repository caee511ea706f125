"""The site has every page once, its links lead where the pages are, and nothing in it asks another host."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.build import ROOT
from docs.site import laid_out
from tests.docs.test_paths import LINK

MADE = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "pages"
    laid_out(folder)
    return folder


def in_menu(part: Any) -> list[str]:
    """Every page of a menu, in order."""
    if isinstance(part, str):
        return [part]
    entries = part.values() if isinstance(part, dict) else part
    return [page for entry in entries for page in in_menu(entry)]


def test_every_page_stands_in_the_menu_once(pages: Path) -> None:
    written = {str(path.relative_to(pages)) for path in pages.rglob("*") if path.suffix in {".md", ".pdf"}}
    menu = in_menu(MADE["nav"])
    assert len(menu) == len(set(menu))
    rooms = {page for page in written if page.startswith("reference/")}
    assert written - rooms == {page for page in menu if not page.startswith("reference/")}
    assert set(menu) <= written


def test_every_link_leads_to_a_page_that_was_laid_out(pages: Path) -> None:
    gone = [
        (page.name, link)
        for page in pages.rglob("*.md")
        for link in LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]
    assert gone == []


def test_what_asks_another_host_is_left_out() -> None:
    assert MADE["theme"]["font"] is False
    assert MADE["plugins"] == ["search", "offline"]
    assert MADE["extra"]["polyfills"] == ["javascripts/iframe-worker.js"]  # the plugin would ask unpkg.com
    assert not MADE.keys() & {"repo_url", "extra_javascript", "extra_css"}
