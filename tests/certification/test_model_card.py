"""The card: the Hub's metadata, every section a reader looks for, and nothing but the report's figures."""

import copy
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from fluxttice_core.certification.model_card import headline_of, model_card
from fluxttice_core.errors import MeasurementError
from tests.refusals import refused

Result = dict[str, Any]
AGAIN = """
import json, sys
from importlib import resources
from fluxttice_core.errors import MeasurementError
from fluxttice_core.certification.card_check import require_card
from fluxttice_core.certification.model_card import model_card
from fluxttice_core.evaluation.result_schema import upgraded
folder = resources.files("fluxttice_core") / "certified"
figures = sorted(figure.name for figure in (folder / "figures").iterdir())
result, settings = (json.loads((folder / name).read_bytes()) for name in ("report.json", "settings.json"))
due = model_card(upgraded(result), settings, figures)
print(require_card((folder / "MODEL_CARD.md").read_text(encoding="utf-8"), due))
print("loaded:", [name for name in ("torch", "scipy", "numpy") if name in sys.modules])
"""
SECTIONS = (
    *("Results", "Controls", "Acceptance gates", "How it was chosen", "Data", "Intended use", "Limits"),
    *("Environment", "Verify"),
)


@pytest.fixture(scope="module")
def result(small_certificate: Path) -> Result:
    found: Result = json.loads((small_certificate / "report.json").read_text())
    return found


@pytest.fixture(scope="module")
def text(small_certificate: Path) -> str:
    return (small_certificate / "MODEL_CARD.md").read_text()


def test_the_metadata_are_what_the_hub_reads(text: str, result: Result) -> None:
    front = yaml.safe_load(text.split("---\n")[1])
    assert front["license"] == "apache-2.0"
    assert all(isinstance(tag, str) for tag in front["tags"])
    (model,) = front["model-index"]
    (group,) = model["results"]
    assert {"type", "name"} <= set(group["task"])
    assert {"type", "name"} <= set(group["dataset"])
    values = {(m["name"], m["half"]): m["value"] for m in result["metrics"]}
    for metric in group["metrics"]:
        assert metric["value"] == values[metric["type"], metric["args"]["half"]]
    assert len(group["metrics"]) >= 20


def test_every_section_is_there_in_order(text: str) -> None:
    assert tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) == SECTIONS


def test_both_halves_stand_for_every_headline_quantity(text: str, result: Result) -> None:
    quantities = headline_of(result)
    assert "generative_information" in quantities
    assert "table_accuracy/mean/held_out" in quantities
    for quantity in quantities:
        assert f"`{quantity}` |" in text


def test_prose_holds_no_figure_of_the_model(text: str, result: Result) -> None:
    """Figures stand in tables; prose has the size of the space and constants only."""
    body = text.split("---\n", 2)[2]
    prose = [line for line in body.splitlines() if not line.startswith(("|", "#", "!", "- "))]
    numbers = set(re.findall(r"\d[\d,.]*\d|\d", "\n".join(prose).lower().replace("sha256sum", "")))
    assert numbers == {str(result["data"]["operations"]), "95", "0", "10"}


def test_the_same_result_gives_the_same_card(text: str, small_certificate: Path, result: Result) -> None:
    settings = json.loads((small_certificate / "settings.json").read_text())
    assert model_card(result, settings, ["coverage.svg"]) == text


def test_the_shipped_card_s_facts_are_given_again_without_torch() -> None:
    finished = subprocess.run([sys.executable, "-c", AGAIN], capture_output=True, text=True, check=True)
    assert finished.stdout.splitlines() == ["462", "loaded: []"]


def test_a_result_without_halves_has_no_card(result: Result) -> None:
    pair = {**result, "metrics": [m for m in result["metrics"] if m["half"] == "pair"]}
    with refused(MeasurementError, "not_measured", "no figure of any half"):
        model_card(pair, {}, [])


def test_a_failed_model_says_so_on_top(small_certificate: Path, result: Result) -> None:
    failing = copy.deepcopy(result)
    gate = next(g for g in failing["gates"] if g["gate"]["quantity"] == "generative_information")
    gate["value"], gate["passed"] = 0.25, False
    for metric in failing["metrics"]:
        if (metric["quantity"], metric["half"]) == ("generative_information", gate["half"]):
            metric["value"] = 0.25
    text = model_card(failing, {}, [])
    body = text.split("---\n", 2)[2].lstrip()
    assert body.startswith("# FAILED: ")
    assert "not certified" in body[:400]
    assert "a code tells its operation (half A)" in body[:600]
    assert "failed-acceptance" in yaml.safe_load(text.split("---\n")[1])["tags"]


def test_an_imported_model_s_unknowns_are_stated(result: Result) -> None:
    unknown = copy.deepcopy(result)
    unknown["data"]["split"] = None
    unknown["model"]["recipe"] = unknown["model"]["seed"] = None
    settings = {"imported": {"file": "old.pt", "unknown": ["settings", "seed", "split"]}}
    text = model_card(unknown, settings, [])
    assert "**imported** from a file of another program, `old.pt`" in text
    assert "unknown: settings, seed, split" in text
    assert "nothing is claimed of held-out" in text
    assert "| seed of the run | not recorded |" in text
