"""The figure of two halves shares out the whole space."""

import pytest
from matplotlib.patches import Rectangle

from docs.build import certified_report, original_report
from docs.figures_overlap import _shared_out, overlap_figure, shares_of


def test_the_parts_are_what_sets_have() -> None:
    """Of 10: A has 5, B has 4, both together 7."""
    assert _shared_out(0.5, 0.4, 0.7) == pytest.approx((0.3, 0.2, 0.2, 0.3))


def test_the_space_is_shared_out_without_rest() -> None:
    report = certified_report()
    shares = shares_of(report)
    assert sum(shares) == pytest.approx(1)
    assert shares[0] + shares[1] == pytest.approx(report.metric("coverage_of_a/argmax/50000", "pair").value)
    assert 1 - shares[3] == pytest.approx(report.metric("union/argmax/50000", "pair").value)


def test_a_row_of_bars_ends_at_the_whole_space() -> None:
    figure = overlap_figure({"standard": certified_report(), "original": original_report()})
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "two uniform generators",
        "standard",
        "original",
    ]
    ends = [bar.get_x() + bar.get_width() for bar in axes.patches if isinstance(bar, Rectangle)]
    assert len(ends) == 12
    assert ends[3::4] == pytest.approx([100.0] * 3)
    assert len(axes.texts) >= 6
