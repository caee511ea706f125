"""A run's headline figures stand beside the shipped model's, and only those that both have."""

from dataclasses import replace

from fluxttice_core.evaluation.beside_shipped import HEADLINE, beside_shipped
from fluxttice_core.evaluation.coverage_report import certified_report
from fluxttice_core.evaluation.number_format import with_interval
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.terminal import as_text
from tests.evaluation.conftest import changed


def printed(run: Report, shipped: Report) -> list[str]:
    return as_text(beside_shipped(run, shipped)).splitlines()


def test_the_run_comes_first_and_the_shipped_model_beside_it_in_every_headline_figure() -> None:
    shipped = certified_report()
    lines = printed(changed(shipped, "rate", lambda f: replace(f, value=99.5), half="a"), shipped)
    assert [line.split() for line in lines if "yours" in line] == [
        ["A", "yours", "A", "shipped", "B", "yours", "B", "shipped"]
    ]
    (rate,) = [line.split() for line in lines if line.strip().startswith("rate R")]
    shown = [with_interval(shipped.metric("rate", half).figure) for half in shipped.halves]
    assert rate[-4:] == ["99.500", shown[0], shown[1], shown[1]]
    assert len([line for line in lines if line.strip()]) == len(HEADLINE) + 3


def test_a_figure_that_one_of_them_lacks_is_left_out() -> None:
    shipped = certified_report()
    fewer = replace(shipped, metrics=tuple(m for m in shipped.metrics if m.quantity != "rate"))
    assert not any(line.strip().startswith("rate R") for line in printed(fewer, shipped))
    assert not any(line.strip().startswith("rate R") for line in printed(shipped, fewer))
