"""The earlier program's own checkpoint measures as an independent evaluation of it once did."""

import pytest

from docs.build import checkpoint_report
from fluxttice_core.evaluation.report import Report
from fluxttice_core.metrics.settings import Half


@pytest.fixture(scope="module")
def report() -> Report:
    return checkpoint_report()


@pytest.mark.parametrize(
    ("quantity", "a", "b", "within"),
    [
        ("generative_information", 0.820, 0.860, 0.004),
        ("conditional_entropy", 1.663, 1.260, 0.02),
        ("argmax_divergence", 0.117, 0.128, 0.005),
        ("code_information", 6.80, 7.77, 0.08),
        ("nll", 9.9945, 10.0045, 0.004),
    ],
)
def test_figures_agree_with_an_independent_evaluation(
    report: Report, quantity: str, a: float, b: float, within: float
) -> None:
    """That evaluation gave NLL of B as 10.010, without extrapolating to endless draws."""
    expected: dict[Half, float] = {"a": a, "b": b}
    for half, value in expected.items():
        assert report.metric(quantity, half).value == pytest.approx(value, abs=within)


def test_nothing_is_claimed_of_held_out_operations(report: Report) -> None:
    assert not [metric.name for metric in report.metrics if "held_out" in metric.name]
    assert any("not recorded" in limitation for limitation in report.limitations)
