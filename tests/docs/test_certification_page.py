"""docs/certification.md says what the program does: its gates, its files and its checks."""

import re
from importlib import resources
from inspect import signature
from pathlib import Path

import pytest

from fluxttice_core.certification.verify import verify
from fluxttice_core.cli.verify import verify as command
from fluxttice_core.evaluation.gates import ACCEPTANCE

PAGE = Path(__file__).parents[2] / "docs" / "certification.md"


@pytest.fixture(scope="module")
def tables() -> dict[str, list[list[str]]]:
    """The rows of each table, by the section that it stands in."""
    found: dict[str, list[list[str]]] = {}
    section = ""
    for line in PAGE.read_text().splitlines():
        section = line.removeprefix("## ") if line.startswith("## ") else section
        if line.startswith("| "):
            found.setdefault(section, []).append([cell.strip() for cell in line.strip("|").split("|")])
    return {name: rows[1:] for name, rows in found.items()}


def test_the_gates_are_the_program_s(tables: dict[str, list[list[str]]]) -> None:
    asked = [re.sub(r"[^\d.]", "", row[1]) or "all" for row in tables["The gates"]]
    thresholds = {gate.quantity: gate.threshold for gate in ACCEPTANCE}
    assert list(thresholds.values()) == [0.99, 1.0, 0.80, 0.98, 0.50]
    assert asked == ["99", "all", "80", ".98", ".5"]


def test_the_files_are_those_of_certificates(
    tables: dict[str, list[list[str]]], target_certificate: Path
) -> None:
    named = {row[0].strip("`/") for row in tables["What is in the folder"]}
    folder = Path(str(resources.files("fluxttice_core") / "certified"))
    assert named == {entry.name for place in (folder, target_certificate) for entry in place.iterdir()}
    assert "target.safetensors" not in {entry.name for entry in folder.iterdir()}


def test_the_checks_are_those_that_verify_makes(
    tables: dict[str, list[list[str]]],
    small_certificate: Path,
    target_certificate: Path,
    sampled_certificate: Path,
) -> None:
    named = [row[0] for row in tables["Verify"]]
    made, of_space = (
        [finding.subject for finding in verify(folder)] for folder in (target_certificate, small_certificate)
    )
    assert named[: len(made)] == made
    assert of_space == [subject for subject in made if subject != "target"]
    assert "In the place of a ranking stands a `choice`" in PAGE.read_text()
    by_samples = [finding.subject for finding in verify(sampled_certificate)]
    assert [one for one in made if one not in by_samples] == ["target", "ranking", "pictures"]
    assert [one for one in by_samples if one not in made] == ["choice"]
    options = {
        line.split("`")[1].split()[0] for line in PAGE.read_text().splitlines() if line.startswith("| `--")
    }
    assert options == {f"--{name.replace('_', '-')}" for name in signature(command).parameters} - {"--folder"}
