"""What audits and reports say in full, word for word and number for number but for the last digit.

The last digit is the processor's: a number on the boundary of rounding goes up on one and down on another.
The golden files change only by the command `python tests/evaluation/test_goldens.py`, run on purpose; what
has changed is then read in the difference.
"""

import json
import math
import re
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.text import Text

from fluxttice_core.audit.coverage_claims import Point, audit_point
from fluxttice_core.audit.curve_claims import audit_curve
from fluxttice_core.audit.other_claims import (
    audit_distance_and_union,
    audit_free_bits,
    audit_histogram_entropy,
    audit_jaccard_distance,
    audit_sequence,
    audit_union,
    audit_wrong_trits,
)
from fluxttice_core.audit.printed_numbers import stated_number, stated_share
from fluxttice_core.audit.verdicts import Finding
from fluxttice_core.evaluation.benchmark import untrained_halves
from fluxttice_core.evaluation.comparison import comparison_table
from fluxttice_core.evaluation.controls import QuantileLookup
from fluxttice_core.evaluation.measure import measure
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.result_schema import upgraded
from fluxttice_core.evaluation.steps import Halves
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.spaces.split import split

GOLDENS = Path(__file__).parent / "goldens"
NUMBER = re.compile(r"(?<![\d.])-?\d[\d,]*(?:\.\d+)?(?:e[-+]\d+)?")
K = 19_683
NARROW = Architecture(
    arity=1, latent_dim=3, encoder_widths=(4,), exploratory_widths=(4,), consolidating_width=4
)
SETTINGS = MeasurementSettings(
    draws=(40, 90),
    repeats=3,
    repeated_up_to=50,
    long_repeats=2,
    rules=("argmax", "categorical"),
    mass_draws=2048,
    posterior_repeats=3,
    aggregate_draws=24,
    control_repeats=2,
    control_mass_draws=1024,
    control_aggregate_draws=16,
    seed=5,
)


def point(draws: int, share: str, size: int = K) -> Finding:
    return audit_point(Point(draws, stated_share(share, size)), size)


def curve(size: int, **claims: str) -> Finding:
    points = [Point(int(n.removeprefix("n")), stated_share(share, size)) for n, share in claims.items()]
    return audit_curve(points, size)


def findings() -> list[Finding]:
    """Every verdict of every kind of claim, at its boundary where it has one."""
    number = stated_number
    return [
        point(10_000, "82%"),
        point(10_000, "39.8%"),
        point(10_000, "10001"),
        point(50_000, "16986"),
        point(50_000, "95%"),
        point(100, "100"),
        point(10, "1", 1),
        point(7, "2.3%", 10),
        point(2_000_000_000, "68.9%", 975_820_226),
        curve(K, n50000="87.37%", n100000="95%", n195000="99.624%"),
        curve(K, n10000="38.0%", n50000="86.3%", n100000="96.9%"),
        curve(K, n50000="92.1%", n100000="90%"),
        curve(K, n10000="20%", n20000="60%"),
        curve(K, n50000="70%", n100000="19683"),
        curve(975_820_226, n1000000="999900", n10000000="9900000", n20000000="19900000"),
        audit_sequence([number(text) for text in ("99.2%", "100%", "100%", "97.64%")]),
        audit_sequence([number(text) for text in ("97%", "98%", "97.6%")]),
        audit_histogram_entropy(number("4.0"), 50),
        audit_histogram_entropy(number("0"), 1),
        audit_histogram_entropy(number("2.0..4.0"), 50),
        audit_wrong_trits([2_926, 6_776, 6_596], number("67.9%"), K),
        audit_wrong_trits([0], number("0"), 1),
        audit_wrong_trits([3, 1], number("1"), 4),
        audit_wrong_trits([1, 1], number("50%"), 4),
        audit_free_bits(number(".3..1.0"), number(".5"), 16),
        audit_free_bits(number("1"), number("1"), 1),
        audit_jaccard_distance(number("97.64%"), number("97.67%"), number(".89...91")),
        audit_jaccard_distance(number("30%"), number("40%"), number("1")),
        audit_jaccard_distance(number("86.3%"), number("86.6%"), number(".2")),
        audit_union(number("86.3%"), number("86.6%"), number("98.2%")),
        audit_union(number("86.3%"), number("86.6%"), number("80%")),
        audit_union(number("10%"), number("20%"), number("31%")),
        audit_distance_and_union(number("80%"), number("80%"), number(".05"), number("90%")),
        audit_distance_and_union(number("70%..80%"), number("80%"), number(".5"), number("90%")),
    ]


untrained = partial(untrained_halves, NARROW)


def measured() -> Report:
    """The oracle beside an untrained network that neither report nor controls have seen."""
    halves: Halves = {"a": QuantileLookup(NARROW.space), "b": untrained(99)["b"]}
    return measure(
        halves,
        untrained=untrained,
        settings=SETTINGS,
        split=split(NARROW.space),
        rho=0.25,
        title="the oracle and a stranger",
    )


@pytest.fixture(scope="module")
def report() -> Report:
    return measured()


def plain(report: Report) -> Any:
    return rounded(report.as_dict())


def rounded(value: Any) -> Any:
    """With seven digits, which is what single precision holds."""
    if isinstance(value, dict):
        return {name: rounded(item) for name, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.7g}") if isinstance(value, float) else value


def differences(found: Any, expected: Any, place: str = "") -> list[str]:
    """Where two plain values differ by more than rounding does."""
    if isinstance(found, dict) and isinstance(expected, dict):
        names = sorted(found.keys() | expected.keys())
        return [d for n in names for d in differences(found.get(n), expected.get(n), f"{place}/{n}")]
    if isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        pairs = enumerate(zip(found, expected, strict=True))
        return [d for n, (f, e) in pairs for d in differences(f, e, f"{place}/{n}")]
    if isinstance(found, float) and isinstance(expected, float):
        return [] if math.isclose(found, expected, rel_tol=2e-5, abs_tol=1e-6) else [f"{place}: {found}"]
    return [] if found == expected and type(found) is type(expected) else [f"{place}: {found!r}"]


DOCUMENTS: dict[str, Callable[[Report], Any]] = {
    "report.txt": str,
    "report.md": lambda report: report.markdown(),
}


def test_every_finding_is_worded_and_bounded_as_it_was() -> None:
    expected = json.loads((GOLDENS / "findings.json").read_text(encoding="utf-8"))
    assert differences([rounded(finding.as_json()) for finding in findings()], expected) == []


def test_every_part_of_a_report_is_as_it_was(report: Report) -> None:
    expected = json.loads((GOLDENS / "report.json").read_text(encoding="utf-8"))
    assert differences(plain(report), expected) == []


def test_a_report_of_the_first_version_is_read_in_the_names_of_this_one() -> None:
    first = json.loads((GOLDENS / "first_version.json").read_text(encoding="utf-8"))
    assert "separations" in first["metrics"][0]
    now = plain(Report.from_plain(first))
    assert now["metric_set"] == 1
    for part in ("metrics", "series", "gates", "laws", "settings", "space"):
        assert differences(now[part], upgraded(first)[part]) == []


def printed_differences(found: str, expected: str) -> list[str]:
    """Where two texts differ by other than one in the last digit that is printed of a number."""
    pairs = list(zip_longest(found.splitlines(), expected.splitlines(), fillvalue=""))
    return [line for line, due in pairs if not same_but_for_rounding(line, due)]


def same_but_for_rounding(line: str, due: str) -> bool:
    if NUMBER.sub("#", line) != NUMBER.sub("#", due):
        return False
    pairs = zip(NUMBER.findall(line), NUMBER.findall(due), strict=True)
    return all(alike(*(Decimal(number.replace(",", "")) for number in pair)) for pair in pairs)


def alike(number: Decimal, due: Decimal) -> bool:
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    return exponent == due.as_tuple().exponent and abs(number - due) <= Decimal(10) ** exponent


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_report_is_printed_as_it_was(name: str, report: Report) -> None:
    expected = (GOLDENS / name).read_text(encoding="utf-8")
    assert printed_differences(DOCUMENTS[name](report), expected) == []


@pytest.mark.parametrize(
    ("found", "expected"), [("a 1.30", "a 1.31"), ("1,000 b", "999 b"), ("-0.0", "-0.1")]
)
def test_one_in_the_last_digit_is_the_processor_s(found: str, expected: str) -> None:
    assert printed_differences(found, expected) == []


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ("1.30", "1.32"),
        ("1.3", "1.30"),
        ("a 1", "b 1"),
        ("a  1", "a 1"),
        ("1\n2", "1"),
        ("", "1"),
        ("0.1", "-0.1"),
    ],
)
def test_whatever_else_is_printed_otherwise_is_found(found: str, expected: str) -> None:
    assert printed_differences(found, expected)


def test_a_report_is_the_same_after_being_written_and_read_with_its_names_in_order(report: Report) -> None:
    text = Report.from_json(report.to_json()).to_json()
    assert text == json.dumps(json.loads(text), sort_keys=True)


def test_two_reports_are_set_side_by_side_in_aligned_columns(report: Report) -> None:
    table = comparison_table(report, report, names=("one", "two"))
    assert [column.header for column in table.columns] == ["", "half", "first", "other", "other − first", ""]
    assert [column.justify for column in table.columns] == ["left"] * 2 + ["right"] * 3 + ["left"]
    assert set(table.columns[1].cells) == {"A", "B", "pair"}
    assert table.padding == (0, 1, 0, 0)
    assert isinstance(table.caption, Text)
    assert (table.caption.style, table.title_justify) == ("dim", "left")


def test_half_a_model_is_measured_alone_without_a_title_or_coupling(report: Report) -> None:
    alone = measure(
        {"a": QuantileLookup(NARROW.space)},
        controls=report.controls,
        settings=SETTINGS,
        split=split(NARROW.space),
    )
    assert (alone.title, alone.rho, alone.halves) == ("model", 0.0, ("a",))
    assert not any(metric.half == "pair" for metric in alone.metrics)


@pytest.mark.parametrize(
    ("found", "expected"), [(1.0, 1.1), (1, 1.0), ("a", "A"), (None, 0), ([1], [1, 2]), ({"a": 1}, {"b": 1})]
)
def test_what_differs_is_found(found: Any, expected: Any) -> None:
    assert differences({"x": found}, {"x": expected})


def main() -> None:
    """Write the golden files anew."""
    torch.set_num_threads(1)
    GOLDENS.mkdir(exist_ok=True)
    report = measured()
    records = {"findings.json": [rounded(f.as_json()) for f in findings()], "report.json": plain(report)}
    for name, record in records.items():
        (GOLDENS / name).write_text(
            json.dumps(record, separators=(",", ":"), indent=0) + "\n", encoding="utf-8"
        )
    for name, document in DOCUMENTS.items():
        (GOLDENS / name).write_text(document(report), encoding="utf-8")


if __name__ == "__main__":
    main()
