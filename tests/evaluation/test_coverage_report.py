"""The report of the shipped model is the signed one unless something is to be measured."""

from dataclasses import replace
from importlib import import_module, resources
from pathlib import Path

import pytest

import fluxttice_core as fx
from fluxttice_core.errors import CheckpointError
from fluxttice_core.evaluation.coverage_report import NOTE, certified_report, coverage_report
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.result_file import read_report
from tests.refusals import refused
from tests.small import MEASUREMENT

benchmarking = import_module("fluxttice_core.evaluation.benchmark")
module = import_module("fluxttice_core.evaluation.coverage_report")

EVERYTHING = fx.spaces.Target.everything(fx.OperationSpace())
SHIPPED = Path(str(resources.files("fluxttice_core") / "certified" / "report.json"))


@pytest.fixture
def measuring(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was asked to be measured."""
    asked: list[object] = []

    def measured(target: object, *_: object) -> Report:
        asked.append(target)
        return replace(read_report(SHIPPED), title="measured")

    monkeypatch.setattr(benchmarking, "measured", measured)
    return asked


def test_without_an_argument_it_is_as_it_was_signed_and_says_so(measuring: list[object]) -> None:
    report = fx.coverage_report()
    assert measuring == []
    assert replace(report, note="") == read_report(SHIPPED)
    assert str(report).startswith(
        "As it was certified and signed with the shipped model; nothing was measured"
    )
    assert NOTE in report.markdown()
    assert NOTE not in report.to_json()


@pytest.mark.parametrize(
    "asked",
    [
        {"remeasure": True},
        {"seed": 1},
        {"draws": [100]},
        {"repeats": 2},
        {"settings": MEASUREMENT},
        {"target": EVERYTHING},
    ],
)
def test_whatever_else_is_asked_for_is_measured(measuring: list[object], asked: dict[str, object]) -> None:
    assert coverage_report(**asked).title == "measured"  # type: ignore[arg-type]
    assert measuring == [fx.certified()]


def test_a_named_model_is_measured(measuring: list[object]) -> None:
    shipped = fx.certified()
    assert coverage_report(shipped).title == "measured"
    assert measuring == [shipped]


def test_a_report_of_other_weights_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "certified", lambda: replace(fx.certified(), tensor_digest="0" * 64))
    with refused(CheckpointError, "model_mismatch", "of other weights than the shipped model"):
        certified_report()
