"""A report holds every figure with its references, says what does not separate, and survives its formats."""

import json
import math
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from fluxttice_core.errors import ErrorCode, LawViolation, MeasurementError, OperationError
from fluxttice_core.evaluation.benchmark import untrained_halves
from fluxttice_core.evaluation.caveats import CONTROL_WORDS, DESCRIPTIONS, SIGNS
from fluxttice_core.evaluation.control_scores import Control
from fluxttice_core.evaluation.controls import ConstantDecoder, DeltaDecoder, QuantileLookup
from fluxttice_core.evaluation.measure import measure
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.report_json import controls_as_plain, controls_from_plain
from fluxttice_core.metrics import codes as code_figures
from fluxttice_core.metrics.metric import Score
from fluxttice_core.metrics.posterior import Posteriors, Rate, rate
from fluxttice_core.metrics.settings import Half, MeasurementSettings
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.split import split
from tests.refusals import refused

measure_module = import_module("fluxttice_core.evaluation.measure")

ARCHITECTURE = Architecture(
    base=2, arity=3, latent_dim=8, encoder_widths=(16,), exploratory_widths=(16,), consolidating_width=16
)
SPACE = ARCHITECTURE.space
SETTINGS = MeasurementSettings(
    draws=(100, 500),
    repeats=5,
    long_repeats=5,
    mass_draws=16_384,
    posterior_repeats=3,
    aggregate_draws=64,
    control_repeats=5,
    control_mass_draws=8192,
    control_aggregate_draws=32,
)


untrained = partial(untrained_halves, ARCHITECTURE)


@dataclass(frozen=True)
class SlightlyBiased(QuantileLookup):
    """The oracle with one cell's cut moved: nearly perfect, and an autoencoder."""

    def decode_logits(self, z: Tensor) -> Tensor:
        return super().decode_logits(z + 0.3 * torch.eye(self.latent_dim)[0]) / 40


@pytest.fixture(scope="module")
def report() -> Report:
    return measure(
        {"a": SlightlyBiased(SPACE), "b": QuantileLookup(SPACE)},
        untrained=untrained,
        settings=SETTINGS,
        split=split(SPACE),
        rho=0.2,
        title="nearly the oracle",
    )


def test_every_metric_has_ceiling_floor_and_the_verdict_on_every_control_that_has_it(report: Report) -> None:
    assert len(report.metrics) > 100
    for metric in report.metrics:
        assert not math.isnan(metric.ceiling)
        assert metric.floor.seeds == 5
        assert {"untrained", "oracle"} <= {s.control for s in metric.control_comparisons}


@pytest.mark.parametrize("half", ["a", "b"])
def test_a_good_model_is_told_from_untrained_networks_by_what_can_tell(report: Report, half: Half) -> None:
    telling = ("generative_information", "coverage/argmax/500", "table_accuracy/mean/held_out", "distortion")
    assert not any("untrained" in report.metric(quantity, half).blind_to for quantity in telling)


def test_categorical_coverage_and_likelihood_are_said_to_mislead(report: Report) -> None:
    for quantity in ("coverage/categorical/500", "nll"):
        metric = report.metric(quantity, "a")
        assert "constant_decoder" in metric.blind_to
        assert metric.misleads
    warning = " ".join(report.warnings)
    assert all(words in warning for words in ("a constant decoder", "categorical coverage", "NLL"))


def test_a_collapsed_model_scores_low_and_fails_the_gates(report: Report) -> None:
    collapsed = DeltaDecoder(SPACE, 7, latent_dim=8)
    found = measure({"a": collapsed}, controls=report.controls, settings=SETTINGS)
    assert found.metric("coverage/argmax/500", "a").value == pytest.approx(1 / SPACE.size)
    assert found.metric("generative_information", "a").value == pytest.approx(0, abs=1e-3)
    assert not found.metric("coverage/argmax/500", "a").control_comparisons[1].separates
    assert not found.accepted


def test_a_decoder_alone_is_measured_without_codes(report: Report) -> None:
    found = measure({"b": ConstantDecoder(SPACE)}, controls=report.controls, settings=SETTINGS)
    assert found.halves == ("b",)
    assert {result.half for result in found.gates} == {"b"}
    assert not found.has("rate", "b")
    assert "expectation" in str(found)
    assert found.markdown().count("|") > 100


def test_a_report_survives_json_with_its_infinite_figures(report: Report) -> None:
    assert Report.from_json(report.to_json()) == report
    assert json.loads(report.to_json()) == report.as_dict()
    (half_support,) = (c for c in report.controls if c.name == "half_support")
    assert half_support.scores("nll", "a")[0].value == math.inf
    assert '"infinity"' in report.to_json()
    assert "NaN" not in report.to_json()


@pytest.mark.parametrize("part", ["metrics", "controls", "settings", "laws", "space", "gates", "rho"])
def test_json_without_a_part_is_refused(report: Report, part: str) -> None:
    values = report.as_dict()
    del values[part]
    with refused(MeasurementError, "incomplete_report", part):
        Report.from_json(json.dumps(values))


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("", "damaged_file", "this is no JSON"),
        ("{", "damaged_file", "this is no JSON: Expecting property name"),
        ("[]", "incomplete_report", "this is no complete report: expected a JSON object"),
        ("null", "incomplete_report", "this is no complete report: expected a JSON object"),
        ('{"metrics": 3}', "incomplete_report", "this is no complete report"),
    ],
)
def test_what_is_no_report_is_refused(text: str, code: ErrorCode, message: str) -> None:
    with refused(MeasurementError, code, message):
        Report.from_json(text)


def test_the_terminal_s_text_fits_100_columns_and_cuts_nothing(report: Report) -> None:
    text = str(report)
    assert max(map(len, text.splitlines())) <= 100
    assert "…" not in text
    for words in ("argmax coverage, N = 500, %", "perfect", "untrained", "Controls", "Acceptance gates"):
        assert words in text


def test_table_and_markdown_hold_the_same_cells(report: Report) -> None:
    markdown = report.markdown()
    shown = f"{report.metric('efficiency/argmax/500', 'a').value:.4f}"
    assert shown in str(report)
    assert report.table().row_count > 40
    assert all(words in markdown for words in (shown, *report.warnings))


def test_markdown_tables_are_rectangular(report: Report) -> None:
    lines = report.markdown().splitlines()
    for above, below in pairwise(lines):
        if above.startswith("|") and below.startswith("|"):
            assert above.replace("\\|", "").count("|") == below.replace("\\|", "").count("|")


def test_a_metric_is_found_by_quantity_or_name_or_refused(report: Report) -> None:
    assert report.metric("nll", "a") is report.metric("nll/16384", "a")
    with refused(MeasurementError, "not_measured", "was not measured"):
        report.metric("novelty", "a")


def test_without_a_floor_there_is_no_report() -> None:
    with refused(MeasurementError, "missing_option", "floor"):
        measure({"a": QuantileLookup(SPACE)}, settings=SETTINGS)


def test_a_space_that_cannot_be_enumerated_is_refused(report: Report) -> None:
    huge = QuantileLookup(OperationSpace(base=4, arity=2))
    with refused(OperationError, "not_enumerable"):
        measure({"a": huge}, controls=report.controls, settings=SETTINGS)


def test_controls_are_not_measured_again(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> tuple[Control, ...]:
        raise RuntimeError("measured again")

    monkeypatch.setattr(measure_module, "measured_controls", fail)
    again = measure(
        {"a": QuantileLookup(SPACE)}, controls=report.controls, settings=SETTINGS, split=split(SPACE)
    )
    assert again.controls == report.controls


def test_figures_that_break_a_law_are_refused(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    def understated(posteriors: Posteriors) -> Rate:
        found = rate(posteriors)
        return replace(found, per_dimension=tuple(share / 10 for share in found.per_dimension))

    monkeypatch.setattr(code_figures, "rate", understated)
    with refused(LawViolation, "law_broken"):
        measure({"a": QuantileLookup(SPACE)}, controls=report.controls, settings=SETTINGS, split=split(SPACE))


def test_without_a_split_nothing_is_held_out_and_the_report_says_so_and_all_work_is_watched() -> None:
    seen: list[tuple[str, float]] = []
    found = measure(
        {"a": QuantileLookup(SPACE)},
        untrained=untrained,
        settings=SETTINGS.with_only(draws=[50], repeats=2),
        progress=lambda *now: seen.append(now),
    )
    assert not found.has("table_accuracy/mean/held_out", "a")
    assert not found.has("memorisation", "a")
    assert any("held-out" in limitation for limitation in found.limitations)
    assert not found.accepted
    assert "not measured" in str(found)
    labels, shares = [label for label, _ in seen], [share for _, share in seen]
    assert (shares[0], shares[-1]) == (0, 1)
    assert shares == sorted(shares)
    assert labels[0] == "uniform sampler"
    turn = labels.index("a: reach of the prior")
    assert "oracle" in labels[:turn]
    assert shares[turn] == 0.5
    assert seen[turn - 1] == ("done", 0.5)
    assert max(shares[: labels.index("oracle")]) < 0.5 < shares[turn + 1]


def test_controls_without_a_part_are_refused_with_its_name() -> None:
    with refused(MeasurementError, "incomplete_report", "these are no complete controls ('runs')"):
        controls_from_plain([{"name": "oracle"}])


def test_what_is_no_number_is_not_written_down() -> None:
    control = Control("oracle", ((Score("nll", "a", math.nan, 0.0, 1.0),),))
    with refused(MeasurementError, "not_finite", "NaN is no figure: it cannot be reported"):
        controls_as_plain([control])


def test_every_control_has_a_sign_words_and_a_description() -> None:
    assert set(SIGNS) == set(CONTROL_WORDS) == set(DESCRIPTIONS)
    assert len(set(SIGNS.values())) == len(SIGNS)


def test_json_that_names_a_part_twice_is_refused(report: Report) -> None:
    text = report.to_json()
    with refused(MeasurementError, "damaged_file", "a key appears twice"):
        Report.from_json(f'{{"rho": null, {text[1:]}')
