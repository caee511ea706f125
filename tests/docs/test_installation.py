"""Sizes and times of installations are shown as they were measured, the smallest first."""

from pathlib import Path

from docs.installation import MEASURED, installation_table, record_installation
from fluxttice_core.storage.canonical_json import parse_json
from tests.installation.core import LARGEST


def test_installations_are_shown_as_they_were_measured(tmp_path: Path) -> None:
    path = tmp_path / "installation.json"
    record_installation(
        {"with a server": {"megabytes": 300.4, "install": 20.0, "serve": 1.25}, "alone": {"megabytes": 99.6}},
        path,
    )
    head, _, *rows = installation_table(path).splitlines()
    assert "| MB | installed in |" in head
    assert rows == ["| alone | 100 |  |  |  |", "| with a server | 300 | 20.00 s |  | 1.25 s |"]


def test_what_was_measured_keeps_the_promises() -> None:
    found = parse_json(MEASURED.read_bytes(), name=MEASURED.name)["installations"]
    assert found["the core"]["megabytes"] <= LARGEST
    assert found["the core"]["first_encode"] <= 0.35
    assert found["with `[serve]`"]["serve"] <= 2.0
