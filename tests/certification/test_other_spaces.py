"""A model of words or of Boolean operations is certified and verified as any other is, in its own words."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fluxttice_core.certification.certify import certify
from fluxttice_core.certification.remeasure import remeasure
from fluxttice_core.certification.verify import verify
from fluxttice_core.errors import MeasurementError, SettingsError
from fluxttice_core.evaluation.plots import draw_plots
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.result_file import read_report, write_result
from fluxttice_core.metrics.settings import MeasurementSettings, settings_for
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.storage.checkpoint import encode_model
from fluxttice_core.storage.folder_digests import folder_digests
from fluxttice_core.storage.pretrained import load
from tests.beyond import write_run
from tests.certification.test_verify import edit, failures, model_of
from tests.conftest import trained_network
from tests.refusals import refused

SPACES = {"words": "01^2xACGT^1", "boolean": "boolean:2"}
FOREIGN = {
    "words": r"trits?|operations?|tables?|ternary",
    "boolean": r"trits?|tables?|ternary|letters?",
}
SMALL = {"latent_dim": 4, "encoder_widths": [48], "exploratory_widths": [48], "consolidating_width": 48}
FEW = {"mass_draws": 2**12, "control_mass_draws": 2**12, "posterior_repeats": 2}
FEW |= {"aggregate_draws": 16, "control_aggregate_draws": 16, "repeats": 4, "long_repeats": 2}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run folder for each space."""
    made = {}
    for kind, name in SPACES.items():
        folder = tmp_path_factory.mktemp(kind) / "run"
        write_run(folder, trained_network(Architecture.model_validate({"space": name, **SMALL})))
        made[kind] = folder
    return made


def few(kind: str, runs: dict[str, Path]) -> MeasurementSettings:
    """The settings of a space, with a headline budget that hardly ever misses an element, and less effort."""
    budgets = {"draws": (16, 4_000), "repeated_up_to": 4_000}
    return settings_for(load(runs[kind]).space).model_copy(update={**FEW, **budgets})


@pytest.fixture(scope="module")
def certificates(runs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The certified folder of each."""
    folder = tmp_path_factory.mktemp("certified")
    for kind in SPACES:
        certify(runs[kind], folder / kind, draw=draw_plots, settings=few(kind, runs))
    return {kind: folder / kind for kind in SPACES}


@pytest.fixture(params=SPACES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def folder(kind: str, certificates: dict[str, Path], tmp_path: Path) -> Path:
    return shutil.copytree(certificates[kind], tmp_path / "certified")


def edited(folder: Path, change: Callable[[Any], object]) -> set[str]:
    """What fails once a report was changed by somebody who makes the sums fit."""
    edit(folder, "report.json", change)
    return failures(verify(folder))


def test_it_holds_and_is_measured_again(folder: Path) -> None:
    assert failures(verify(folder)) == set()
    findings = remeasure(folder)
    assert {finding.subject: finding.verdict for finding in findings} == dict.fromkeys(
        ("consistency", "numbers", "controls", "pictures"), "proved"
    )


def test_card_ranking_and_report_are_in_the_words_of_the_space(kind: str, folder: Path) -> None:
    foreign = re.compile(rf"(?<![/`\w])({FOREIGN[kind]})(?![/`\w])")
    report = read_report(folder / "report.json")
    sentences = [*report.warnings, *report.limitations, *(result.gate.name for result in report.gates)]
    sentences += [control["description"] for control in report.as_dict()["controls"]]
    drawings = [path.read_text() for path in (folder / "figures").iterdir()]
    described = re.findall(r"<dc:description>(.*?)</dc:description>", "".join(drawings), re.DOTALL)
    assert len(drawings) == len(described) == 4
    card, chosen = ((folder / name).read_text() for name in ("MODEL_CARD.md", "selection.json"))
    for text in (card, chosen, report.markdown(), str(report), *sentences, *described):
        assert foreign.search(text) is None
    # The words are there that they would be found by, were they another space's.
    assert (re.search(r"\boperations?\b", card) is not None) is (kind == "boolean")
    assert (re.search(r"\bwords\b", card) is not None) is (kind != "boolean")


def test_what_is_known_of_three_values_alone_is_left_out_and_that_is_said(folder: Path) -> None:
    report = read_report(folder / "report.json")
    assert not any("frontier" in metric.quantity for metric in report.metrics)
    assert any("is worked out for three values alone" in said for said in report.limitations)
    assert any("were held out that even all of them" in said for said in report.limitations)


def test_a_result_names_its_space_and_is_read_back(kind: str, folder: Path, tmp_path: Path) -> None:
    result = json.loads((folder / "report.json").read_text())
    if kind == "boolean":
        assert (result["schema_version"], set(result["space"])) == (
            2,
            {"base", "arity", "operations", "digest"},
        )
    else:
        assert (result["schema_version"], result["space"]["name"]) == (3, SPACES[kind])
        assert (result["space"]["elements"], result["data"]["elements"]) == (16, 16)
        assert "expectation" not in result["sampler"]["rules"]
    write_result(tmp_path / "again.json", result)
    report = read_report(tmp_path / "again.json")
    assert Report.from_json(report.to_json()) == report
    assert report.space.name == SPACES[kind]


def test_gates_are_those_of_the_headline_budget_that_the_report_names(folder: Path) -> None:
    asked = [
        record["gate"]["quantity"] for record in json.loads((folder / "report.json").read_text())["gates"]
    ]
    assert {"coverage/argmax/4000", "efficiency/argmax/4000", "table_accuracy/mean/held_out"} <= set(asked)

    def lowered(result: Any) -> None:
        for record in result["gates"]:
            record["gate"]["threshold"] = record["gate"]["threshold"] / 2

    def at_another_budget(result: Any) -> None:
        for record in result["gates"]:
            record["gate"]["quantity"] = record["gate"]["quantity"].replace("4000", "16")

    for change in (lowered, at_another_budget):
        assert "gates" in edited(folder, change)


def test_fewer_held_out_rows_than_there_are_do_not_change_the_gates(folder: Path) -> None:
    def fewer(result: Any) -> None:
        result["data"]["split"]["held_out"] = 2

    assert {"weights", "gates"} <= edited(folder, fewer)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"name": "01^1x01^1xACGT^1"}, {"weights"}),
        ({"name": "01^2xACGU^1"}, {"weights", "card"}),
        ({"name": "dna:three"}, {"report", "weights", "card", "gates"}),
        ({"alphabets": ["01", "01", "ACGU"]}, {"weights"}),
        ({"elements": 17}, {"weights"}),
        ({"digest": "0" * 64}, {"weights"}),
        ({"base": 2}, {"report"}),
    ],
    ids=str,
)
def test_another_space_is_found_in_the_report(
    certificates: dict[str, Path], tmp_path: Path, change: dict[str, Any], found: set[str]
) -> None:
    folder = shutil.copytree(certificates["words"], tmp_path / "certified")
    assert found <= edited(folder, lambda result: result["space"].update(change))


@pytest.mark.parametrize("version", [1, 2, 4])
def test_words_are_of_no_earlier_version(certificates: dict[str, Path], tmp_path: Path, version: int) -> None:
    folder = shutil.copytree(certificates["words"], tmp_path / "certified")
    assert "report" in edited(folder, lambda result: result.update(schema_version=version))


@pytest.mark.parametrize("name", ["01^1x01^1xACGT^1", "01^2xACGU^1"])
def test_another_name_in_the_weights_header_is_found(
    certificates: dict[str, Path], tmp_path: Path, name: str
) -> None:
    folder = shutil.copytree(certificates["words"], tmp_path / "certified")
    tensors, record = model_of(folder)
    (folder / "model.safetensors").write_bytes(encode_model(tensors, record | {"space": {"name": name}}))

    def as_measured(result: Any) -> None:
        result["model"]["file_sha256"] = folder_digests(folder)["model.safetensors"]

    assert "weights" in edited(folder, as_measured)


def test_a_mean_of_letters_is_not_measured(runs: dict[str, Path], tmp_path: Path) -> None:
    every = few("words", runs).model_copy(update={"rules": ("argmax", "expectation")})
    with refused(SettingsError, "unsupported", "letters have no order"):
        certify(runs["words"], tmp_path / "out", draw=draw_plots, settings=every)


def test_a_space_that_there_is_not_is_refused_in_a_report(certificates: dict[str, Path]) -> None:
    result = json.loads((certificates["words"] / "report.json").read_text())
    result["space"]["name"] = "dna:three"
    with refused(MeasurementError, "unknown_name", "of no space that is known"):
        Report.from_plain(result)
