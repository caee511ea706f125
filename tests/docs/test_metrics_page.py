"""The page of metrics holds what its commands and examples give, and a picture for every part."""

import doctest
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from docs import generalisation
from fluxttice_core.cli.main import app
from fluxttice_core.metrics.catalogue import CATALOGUE
from fluxttice_core.storage.canonical_json import parse_json
from fluxttice_core.storage.pretrained import certified

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
TEXT = PAGE.read_text(encoding="utf-8")
COMMANDS = re.findall(r"`fluxttice ([^`]+)` \((\d)\)", TEXT)
METRICS = ("Reach of the prior", "own distribution", "Codes", "The pair", "Richness")
"""Words of the headings whose parts explain metrics."""


def parts() -> dict[str, str]:
    """The page's parts by their headings."""
    found = re.split(r"^## (.+)$", TEXT, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


@pytest.mark.parametrize("words", METRICS)
def test_every_part_has_formulas_what_cannot_be_shown_and_known_answers(words: str) -> None:
    (part,) = (text for heading, text in parts().items() if words in heading)
    assert "| metric | formula | shows | cannot show |" in part
    rows = [line.split(" | ") for line in part.splitlines() if line.startswith("| ")]
    assert all(len(row) == 4 and all(cell.strip("| ") for cell in row) for row in rows)
    assert ">>> " in part


@pytest.mark.parametrize("words", METRICS)
def test_every_part_has_a_picture_of_its_own(words: str) -> None:
    (part,) = (text for heading, text in parts().items() if words in heading)
    assert "](figures/" in part


def test_every_example_of_the_page_gives_what_it_says() -> None:
    found = doctest.testfile(str(PAGE), module_relative=False)
    assert found.failed == 0
    assert found.attempted > 40


def test_every_quantity_of_a_report_is_explained() -> None:
    """By the first word of its name in reports, but for the few that go by a word of their own."""
    own = {
        "kl_from_uniform": "KL from uniform",
        "kl_to_uniform": "to uniform",
        "conditional_entropy": "leaves open",
        "argmax_divergence": "KL from uniform",
        "argmax_total_variation": "total variation",
        "nll": "NLL",
        "frontier_distance": "Gaussian frontier",
        "rate_plus_distortion": "R + D",
        "marginal_kl": "KL(q(z) to p(z))",
        "equivalent_uniform_budget": "equivalent uniform draws",
        "latent_entropy": "entropy of q(z)",
    }
    for quantity in CATALOGUE:
        name = quantity.split("/")[0]
        words = own.get(name, name.split("_")[0] if name != "effective_number" else "effective")
        assert words in TEXT, quantity


def test_there_are_five_lies() -> None:
    assert len(COMMANDS) == 5


@pytest.mark.parametrize(("command", "status"), COMMANDS)
def test_each_lie_is_found_out_by_its_command(command: str, status: str) -> None:
    result = CliRunner().invoke(app, shlex.split(command))
    assert ("impossible" if status == "1" else "trained checkpoint") in result.output
    assert result.exit_code == int(status), repr(result.exception) + result.output


@pytest.mark.parametrize("picture", re.findall(r"\]\((figures/[^)]+)\)", TEXT))
def test_each_picture_is_there(picture: str) -> None:
    assert (PAGE.parent / picture).is_file()


def test_the_generalisation_shown_is_that_of_the_shipped_model() -> None:
    result = parse_json(generalisation.RESULT.read_bytes(), name="generalisation.json")
    model = certified()
    assert result["tensor_sha256"] == model.tensor_digest
    again = generalisation.shares(model.vae_b, generalisation.held_out(model))
    assert again == pytest.approx(result["model"]["B"], abs=0.005)
    assert set(result["controls"]) == set(generalisation.controls(model))
