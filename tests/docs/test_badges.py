"""Badges say what the result files say, red where that is bad; the citation is that of CITATION.cff."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
import yaml

from docs.badges import badge, badges, citation
from docs.build import ROOT, certified_report
from fluxttice_core.evaluation.report import Report

GREEN, RED = "#2b6a3f", "#a3312a"


@pytest.fixture(scope="module")
def report() -> Report:
    return certified_report()


def words(svg: str) -> list[str | None]:
    return [text.text for text in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314


def named(report: Report) -> dict[str, str]:
    return {path.stem: svg for path, svg in badges(report).items()}


def test_badges_say_what_the_report_says(report: Report) -> None:
    found = named(report)
    assert words(found["gates"]) == ["certified", f"{len(report.gates)} of {len(report.gates)} gates met"]
    worst = min(report.metric("efficiency/argmax/50000", half).value for half in report.halves)
    assert words(found["reach"]) == ["reach of the prior", f"{worst:.4f} of ideal"]
    assert all(GREEN in svg and RED not in svg for svg in found.values())


def test_a_gate_that_is_missed_turns_its_badge_red(report: Report) -> None:
    first, *others = report.gates
    found = named(replace(report, gates=(replace(first, value=0.0), *others)))
    assert RED in found["gates"]
    assert words(found["gates"])[1] == f"{len(report.gates) - 1} of {len(report.gates)} gates met"
    assert RED not in found["reach"]


def test_what_is_written_cannot_leave_the_badge() -> None:
    assert words(badge("<b>", 'a & "b"', good=True)) == ["<b>", 'a & "b"']


def test_the_readme_shows_every_badge_and_the_citation(report: Report) -> None:
    page = (ROOT / "README.md").read_text()
    for path in badges(report):
        assert f"]({path.relative_to(ROOT)})" in page
    assert citation() in page
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    for field in ("title", "version", "license"):
        assert f"{{{cited[field]}}}" in citation()
