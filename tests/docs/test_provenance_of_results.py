"""Every figure in the repository comes from a tree that was committed."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RESULTS = [
    ROOT / "src" / "fluxttice_core" / "certified" / "report.json",
    ROOT / "benchmarks" / "coverage_vs_entropy.json",
    *sorted((ROOT / "docs" / "results").glob("*.json")),
]


def tools_of(path: Path) -> list[dict[str, object]]:
    """What made a result; nothing for one that is tied to its model's digest instead."""
    content = json.loads(path.read_text())
    measured = content.get("parts", {})
    entries = measured.values() if isinstance(measured, dict) else ()
    runs = (run for parser in content.get("parsers", {}).values() for run in parser["runs"])
    parts = (content, *runs, *entries)
    found = [part["tool"] for part in parts if "tool" in part]
    assert found or "tensor_sha256" in content
    return found


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.name)
def test_a_result_names_the_commit_that_made_it(path: Path) -> None:
    for tool in tools_of(path):
        assert re.fullmatch("[0-9a-f]{40}", str(tool["commit"]))
        assert tool["modified"] is False
