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


def tool_of(path: Path) -> dict[str, object] | None:
    """What made a result; none for one that is tied to its model's digest instead."""
    content = json.loads(path.read_text())
    found: dict[str, object] | None = content.get("tool")
    assert found is not None or "tensor_sha256" in content
    return found


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.name)
def test_a_result_names_the_commit_that_made_it(path: Path) -> None:
    tool = tool_of(path)
    if tool is not None:
        assert re.fullmatch("[0-9a-f]{40}", str(tool["commit"]))
        assert tool["modified"] is False
