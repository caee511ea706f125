"""The shipped certificate: signed by the project, complete, chosen by the rule, and true of its weights."""

import json
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from fluxttice_core.certification.finding import CLAIMED
from fluxttice_core.certification.keys import load_public_key
from fluxttice_core.certification.remeasure import remeasure
from fluxttice_core.certification.retrain import compare_run
from fluxttice_core.certification.verify import verify
from fluxttice_core.evaluation.result_file import read_result
from fluxttice_core.storage.pretrained import certified

CLAIMS = {finding.subject for finding in CLAIMED}
KEY = Path(__file__).parents[2] / "keys" / "fluxttice.pub"


@pytest.fixture
def folder() -> Path:
    return Path(str(resources.files("fluxttice_core") / "certified"))


def test_everything_holds_with_the_project_s_key(folder: Path) -> None:
    findings = verify(folder, public_key=load_public_key(KEY))
    assert findings[0].verdict == "signed"
    assert {finding.subject for finding in findings[1:] if finding.verdict != "proved"} == CLAIMS


def test_the_official_program_verifies_it(folder: Path) -> None:
    arguments = ["verify", "key", folder, "--signature", folder / "model.sig", "--public_key", KEY]
    result = subprocess.run(
        [sys.executable, "-m", "model_signing", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout.strip()) == (0, "Verification succeeded")


def test_its_report_is_of_these_weights_and_complete(folder: Path) -> None:
    result = read_result(folder / "report.json")
    assert result["model"]["tensor_sha256"] == certified().tensor_digest
    assert result["model"]["recipe"] == "standard"
    assert result["data"]["split"] is not None


def test_it_was_chosen_from_several_checkpoints(folder: Path) -> None:
    ranking = json.loads((folder / "selection.json").read_text())["ranking"]
    assert len(ranking) > 1
    assert ranking[0]["held_out_tables"] == {"a": 1.0, "b": 1.0}


@pytest.mark.slow
def test_its_numbers_controls_and_drawings_come_out_again_from_its_weights(folder: Path) -> None:
    found = {finding.subject: finding.verdict for finding in remeasure(folder)}
    assert found == dict.fromkeys(("consistency", "numbers", "controls", "pictures"), "proved")


@pytest.mark.slow
def test_training_it_again_gives_its_weights_or_says_that_they_came_out_otherwise(
    folder: Path, tmp_path: Path
) -> None:
    """Bit for bit on a processor of the kind that made it; elsewhere nothing is proved, and nothing fails."""
    training, *rest = compare_run(folder, tmp_path / "again")
    assert training.detail.startswith(
        ("trained again in", "that these settings made the weights: trained again")
    )
    assert [finding.verdict for finding in (training, *rest)] in (["proved", "proved"], ["claimed"])
