"""Every reference was checked against a record of it, is complete, and is cited."""

import re
from typing import Any

import pytest
import yaml

from paper.build import SOURCE

BIBLIOGRAPHY = SOURCE.parent / "references.yml"


def entries() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(BIBLIOGRAPHY.read_text())
    return found


def unchecked(text: str) -> list[str]:
    """Entries before which no comment says where they were checked."""
    found = []
    for block in re.split(r"\n\n", text):
        key = re.search(r"^(\w+):$", block, re.MULTILINE)
        if key is not None and not re.search(r"^# checked: .{10}", block, re.MULTILINE):
            found.append(key[1])
    return found


def test_every_entry_says_where_it_was_checked() -> None:
    assert unchecked(BIBLIOGRAPHY.read_text()) == []


def test_an_entry_without_a_check_is_found() -> None:
    assert unchecked("# checked: https://example.org\none2000:\n  a: 1\n\ntwo2000:\n  a: 1\n") == ["two2000"]


@pytest.mark.parametrize("key", entries())
def test_an_entry_is_complete_and_cited(key: str) -> None:
    entry = entries()[key]
    assert {"title", "author", "date", "parent"} <= entry.keys()
    assert str(entry["date"]) == re.sub(r"\D", "", key)
    assert f"@{key}" in SOURCE.read_text()
