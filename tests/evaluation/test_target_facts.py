"""A report beside a target says enough of it to be checked, and nothing of it can be changed unseen."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import fluxttice_core as fx
from fluxttice_core.certification.certify import certify
from fluxttice_core.errors import CertificationError, MeasurementError
from fluxttice_core.evaluation.benchmark import benchmark
from fluxttice_core.evaluation.comparison import differences
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.result_file import check_result, read_report, read_result
from fluxttice_core.evaluation.target_facts import TargetFacts
from fluxttice_core.spaces.target import Target
from tests.evaluation.conftest import put
from tests.refusals import refused
from tests.targets import CODONS
from tests.targets import SETTINGS as OF_A_TARGET
from tests.targets import SOME as TARGET

SETTINGS = OF_A_TARGET.model_copy(update={"draws": (100, 300)})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("of a target") / "run"
    short = ("epochs=60", "reach.draws=100", "calibration.draws=1000", "transport.amortisation=null")
    # Networks leave mass outside of the support, where a table would leave nothing to be touched.
    overrides = (*short, "architecture.decoders=networks")
    fx.train(space=CODONS, data=TARGET, overrides=overrides, out=folder)
    return folder


@pytest.fixture(scope="module")
def result(run: Path) -> dict[str, Any]:
    path = run.parent / "result.json"
    benchmark(run, path, command="benchmark", settings=SETTINGS)
    return read_result(path)


@pytest.fixture(scope="module")
def few(run: Path) -> tuple[Report, Path]:
    """The report of a measurement by hardly more draws than there are rows, and its file."""
    path = run.parent / "few.json"
    settings = SETTINGS.model_copy(update={"draws": (10, 40)})
    return benchmark(run, path, command="benchmark", settings=settings), path


def test_a_model_is_measured_beside_what_it_was_trained_on(result: dict[str, Any]) -> None:
    assert result["schema_version"] == 3
    assert result["target"]["sha256"] == TARGET.digest()
    assert result["target"]["elements"] == 30
    assert [count for _, count in result["target"]["levels"]] == [8, 8, 7, 7]
    quantities = {metric["quantity"] for metric in result["metrics"]}
    assert {"mass_outside", "kl_from_target", "equivalent_target_budget/argmax/300"} <= quantities
    assert "kl_from_uniform" not in quantities
    ceiling = next(m["ceiling"] for m in result["metrics"] if m["quantity"] == "coverage/argmax/300")
    assert ceiling == pytest.approx(sum(1 - (1 - q) ** 300 for q in TARGET.q) / 30)
    assert not any(record["gate"]["quantity"].startswith("coverage/") for record in result["gates"])


def _first(result: dict[str, Any], quantity: str) -> Any:
    return next(metric for metric in result["metrics"] if metric["quantity"] == quantity)


def _levels(result: dict[str, Any]) -> None:
    low, high = result["target"]["levels"][:2]
    low[1], high[1] = low[1] + 1, high[1] - 1


def _outside(result: dict[str, Any]) -> None:
    figure = _first(result, "argmax_mass_outside")
    figure["value"] = figure["interval"]["estimate"] = 0.0


TOUCHES: dict[str, Callable[[dict[str, Any]], object]] = {
    "the levels": _levels,
    "fewer elements": put(29, "target", "elements"),
    "another entropy": put(0.9 * TARGET.entropy, "target", "entropy_nats"),
    "no target": lambda result: result.pop("target"),
    "nothing outside": _outside,
    "another ceiling": lambda result: _first(result, "entropy").update(ceiling=CODONS.log_size),
}


def test_the_untouched_result_holds(result: dict[str, Any]) -> None:
    check_result(result, name="it")


@pytest.mark.parametrize("touch", TOUCHES)
def test_whoever_touches_the_target_or_its_figures_is_found(
    run: Path, result: dict[str, Any], touch: str
) -> None:
    touched = read_result(run.parent / "result.json")
    TOUCHES[touch](touched)
    with pytest.raises(MeasurementError):
        check_result(touched, name="it")


def test_facts_come_back_and_have_the_ceilings_of_their_target() -> None:
    facts = TargetFacts.of(TARGET)
    assert facts is not None
    assert TargetFacts.from_plain(facts.as_plain(), CODONS) == facts
    assert facts.law.entropy == pytest.approx(TARGET.entropy)
    assert sorted(facts.law.q.tolist()) == sorted(TARGET.q.tolist())
    assert TargetFacts.of(None) is TargetFacts.from_plain(None, CODONS) is None


def test_a_report_of_draws_too_few_to_judge_says_so_and_is_read_back(few: tuple[Report, Path]) -> None:
    written, path = few
    report = read_report(path)
    assert report.gates == written.gates
    assert report.has("efficiency/argmax/40", "a")
    untold = {found.gate.quantity for found in report.gates if found.value is None}
    assert "efficiency/argmax/40" in untold


def test_networks_that_leave_their_rows_are_not_certified(run: Path, tmp_path: Path) -> None:
    with refused(CertificationError, "gate_failed"):
        certify(run, tmp_path / "out", draw=lambda _: {}, settings=SETTINGS)
    assert not (tmp_path / "out").exists()


def test_a_target_of_too_many_probabilities_is_refused_before_anything_is_measured(
    target_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module("fluxttice_core.evaluation.benchmark")
    measuring: list[object] = []
    monkeypatch.setattr(module, "_controls", lambda *given: measuring.append(given))
    monkeypatch.setattr(import_module("fluxttice_core.evaluation.target_facts"), "_MOST_LEVELS", 3)
    with refused(MeasurementError, "too_large", "4 different probabilities", "round its weights"):
        module.measured(target_run, SETTINGS)
    assert measuring == []


def test_models_of_different_targets_are_not_compared(result: dict[str, Any]) -> None:
    one = Report.from_plain(result)
    assert differences(one, one)
    facts = TargetFacts.of(Target.of(CODONS, range(30)))
    with refused(MeasurementError, "space_mismatch", "different rows or weights"):
        differences(one, replace(one, target=facts))
    with refused(MeasurementError, "space_mismatch", "or one of them on a whole space"):
        differences(one, replace(one, target=None))
