"""A half that training has made say nothing is measured, and called collapsed."""

from pathlib import Path

import pytest

import fluxttice_core as fx
from fluxttice_core.evaluation.benchmark import benchmark
from fluxttice_core.evaluation.collapse import collapse_of, collapses
from fluxttice_core.evaluation.result_file import read_report
from tests.small import MEASUREMENT

PRIOR = "every posterior is the prior"
ONE = "every latent gives the same operation"


@pytest.mark.parametrize(
    ("rate", "outputs", "said"),
    [
        (0.0, 5.0, PRIOR),
        (9e-4, 5.0, PRIOR),
        (2e-3, 5.0, None),
        (2e-3, 1.0000001, ONE),
        (2e-3, 2.0, None),
        (0.0, 1.0, f"{PRIOR}, and {ONE}"),
        (None, 1.0, ONE),
        (0.0, None, PRIOR),
        (None, None, None),
    ],
)
def test_what_has_collapsed_is_said(rate: float | None, outputs: float | None, said: str | None) -> None:
    assert collapse_of(rate, outputs) == said


def test_the_largest_budget_says_how_much_is_reached() -> None:
    reached = {("coverage/argmax/50", "a"): 1 / 27, ("coverage/argmax/200", "a"): 2 / 27, ("rate", "b"): 0.0}
    assert list(collapses(reached, 27)) == [f"Half B has collapsed: {PRIOR}."]
    one = {**reached, ("coverage/argmax/200", "a"): 1 / 27}
    assert next(iter(collapses(one, 27))) == f"Half A has collapsed: {ONE}."


@pytest.fixture(scope="module")
def collapsed() -> fx.TrainedModel:
    """A model whose rate costs so much that its encoders learn to say nothing."""
    cheap = {"kind": "constant", "value": 50.0}
    small = {"arity": 1, "latent_dim": 3, "encoder_widths": [8, 6], "consolidating_width": 8}
    changes = {
        "architecture": small,
        "initialisation": "independent",
        "transport": None,
        "calibration": None,
        "epochs": 100,
        "batch_size": 8,
        "optimizer.rate": {"kind": "constant", "value": 0.02},
        "half_a.beta": cheap,
        "half_b.beta": cheap,
        "reach.every": 1_000,
    }
    return fx.train(overrides=changes)


def test_a_collapsed_model_is_measured_and_its_report_says_so(
    collapsed: fx.TrainedModel, tmp_path: Path
) -> None:
    report = benchmark(collapsed, tmp_path / "out.json", command="x", settings=MEASUREMENT)
    for half in ("a", "b"):
        said = f"Half {half.upper()} has collapsed: {PRIOR}"
        assert any(warning.startswith(said) for warning in report.warnings)
        assert said in str(report)
    assert not report.accepted
    assert read_report(tmp_path / "out.json") == report


def test_a_sound_model_is_not_called_collapsed(small_checkpoint: Path) -> None:
    report = fx.coverage_report(small_checkpoint, settings=MEASUREMENT)
    for sound in (report, fx.coverage_report()):
        assert not any("collapsed" in warning for warning in sound.warnings)
