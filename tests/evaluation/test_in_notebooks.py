"""Reports and models show themselves in a line, and in a notebook as a small table without foreign markup."""

import re
from dataclasses import replace

import pytest

import fluxttice_core as fx
from fluxttice_core.evaluation.report import Report


def test_a_report_is_a_line_that_says_how_it_went() -> None:
    assert re.fullmatch(
        r"<report: standard, epoch 5, seed 0; A efficiency 0\.99\d\d, G 0\.9\d\d\d; "
        r"B efficiency 0\.99\d\d, G 0\.9\d\d\d; all 10 gates met>",
        repr(fx.coverage_report()),
    )


def test_gates_that_are_missed_are_counted(report: Report) -> None:
    missed = sum(result.value is not None and not result.passed for result in report.gates)
    unknown = sum(result.value is None for result in report.gates)
    assert missed > 0 < unknown
    ends = f"{missed} of {len(report.gates)} gates missed, {unknown} not measured>"
    assert repr(report).endswith(ends)


@pytest.mark.parametrize("halves", ["a", "b"])
def test_a_report_of_one_half_shows_one(report: Report, halves: str) -> None:
    one = replace(report, metrics=tuple(metric for metric in report.metrics if metric.half == halves))
    assert f"; {halves.upper()} efficiency" in repr(one)
    assert repr(one).count("efficiency") == 1
    assert replace(report, metrics=()).__repr__().startswith("<report: small; ")


def test_whatever_is_shown_in_a_cell_is_short() -> None:
    report, model = fx.coverage_report(), fx.certified()
    audit = fx.audit_samples(["heads"] * 50 + ["tails"] * 50)
    shown = (report, report.controls[0], model, audit, audit.report, audit.curve)
    assert [len(repr(one)) < 200 + len(model.source) and "\n" not in repr(one) for one in shown] == [True] * 6


def test_a_notebook_shows_the_headline_and_no_markup_of_others(report: Report) -> None:
    card = fx.coverage_report()._repr_html_()
    assert len(card) < 5_000
    for words in ("all 10 gates met", "<th>perfect</th>", "generative information G", "As it was certified"):
        assert words in card
    hostile = replace(report, title="<script>alert(1)</script>", note="<img src=x>")
    assert "<script>" not in hostile._repr_html_()
    assert "<img" not in hostile._repr_html_()
    assert "&lt;script&gt;" in hostile._repr_html_()


def test_a_model_says_where_it_comes_from() -> None:
    model = replace(fx.certified(), source="<b>runs</b>")
    assert repr(model) == (
        f"<model: standard, epoch 5, seed 0, ternary:2 of 19,683, 16 latents, {model.parameters:,} "
        "parameters, <b>runs</b>>"
    )
    assert "&lt;b&gt;runs&lt;/b&gt;" in model._repr_html_()
    unknown = replace(model, recipe_name=None, seed=None, trained=False)
    assert repr(unknown).startswith("<model: no recipe recorded, not trained, ternary:2 of 19,683")
