"""Whatever figure of a card is changed, it is noticed; the card as written is not complained of."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from fluxttice_core.provenance.card_figures import card_contradictions

Result = dict[str, Any]
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


@pytest.fixture(scope="module")
def result(small_certificate: Path) -> Result:
    found: Result = json.loads((small_certificate / "report.json").read_text())
    return found


@pytest.fixture(scope="module")
def card(small_certificate: Path) -> str:
    return (small_certificate / "MODEL_CARD.md").read_text()


def noticed(text: str, result: Result) -> bool:
    return bool(list(card_contradictions(text, result)))


def with_a_digit_changed(text: str, rows: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """The text with the last digit of one number changed, for every number in the chosen lines."""
    lines = text.splitlines(keepends=True)
    for position, line in enumerate(lines):
        if not rows(line):
            continue
        for match in NUMBER.finditer(line):
            digit = str((int(match.group()[-1]) + 5) % 10)
            changed = line[: match.end() - 1] + digit + line[match.end() :]
            yield changed, "".join([*lines[:position], changed, *lines[position + 1 :]])


def with_first_metrics(card: str, number: int) -> str:
    """The card with a shorter front matter, which is quicker to read over and over."""
    end = card.index("\n---\n", 4)
    front = yaml.safe_load(card[4:end])
    del front["model-index"][0]["results"][0]["metrics"][number:]
    return f"---\n{yaml.safe_dump(front, sort_keys=False)}---\n{card[end + 5 :]}"


def test_the_card_agrees_with_its_report(card: str, result: Result) -> None:
    assert list(card_contradictions(card, result)) == []


def test_every_number_in_a_table_counts(card: str, result: Result) -> None:
    body = "---\n{}\n---\n" + card[card.index("\n---\n", 4) + 5 :]
    (without_results,) = card_contradictions(body, result)
    missed, count = [], 0
    for changed, text in with_a_digit_changed(body, lambda line: line.startswith("| ")):
        count += 1
        if list(card_contradictions(text, result)) == [without_results]:
            missed.append(changed)
    assert count > 150
    assert missed == []


def test_every_number_in_the_front_matter_counts(card: str, result: Result) -> None:
    card = with_first_metrics(card, 4)
    assert not noticed(card, result)
    end = card.index("\n---\n", 4)
    numeric = re.compile(r"\s*(-|value:|ceiling:|seed:) -?[\d.]+(e-\d+)?\n")
    missed, count = [], 0
    for changed, text in with_a_digit_changed(card[:end], lambda line: bool(numeric.fullmatch(line))):
        count += 1
        if not noticed(text + card[end:], result):
            missed.append(changed)
    assert count > 20
    assert missed == []


def test_a_row_that_is_left_out_is_noticed_if_a_gate_asks_for_it(card: str, result: Result) -> None:
    lines = [line for line in card.splitlines(keepends=True) if "`generative_information`" not in line]
    assert noticed("".join(lines), result)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("| met |", "| FAILED |"),
        ("# small, epoch", "# FAILED: small, epoch"),
        (">= 0.98", ">= 0.5"),
        ("name: small, epoch 2, seed 0", "name: another"),
        ("type: generative_information/4096", "type: invented/4096"),
        ("| held-out | 4 |", "| held-out | 4,000 |"),
        ("| small |", "| standard |"),
        ("| epoch | 2 |", "| epoch | 2 |\n| accuracy | 100 |"),
        ("---\n", "--\n"),
    ],
)
def test_other_changes_are_noticed(card: str, result: Result, old: str, new: str) -> None:
    assert old in card
    assert noticed(card.replace(old, new, 1), result)


@pytest.mark.parametrize("front", ["a: &x 1\nb: *x", "model-index: []", "model-index: {}", "!!python/x", ":"])
def test_front_matter_that_holds_no_results_is_noticed(card: str, result: Result, front: str) -> None:
    body = card[card.index("\n---\n", 4) + 5 :]
    assert noticed(f"---\n{front}\n---\n{body}", result)


def test_an_entry_named_twice_is_noticed(card: str, result: Result) -> None:
    end = card.index("\n---\n", 4)
    front = yaml.safe_load(card[4:end])
    metrics = front["model-index"][0]["results"][0]["metrics"]
    metrics.append(metrics[0])
    assert noticed(f"---\n{yaml.safe_dump(front, sort_keys=False)}---\n{card[end + 5 :]}", result)


def test_a_claim_to_have_passed_is_noticed(card: str, result: Result) -> None:
    failing = json.loads(json.dumps(result))
    failing["gates"][0]["passed"] = False
    assert noticed(card, failing)


@pytest.mark.parametrize(
    "row", ["|rate `rate`|9.99|", "rate `rate` | 9.99", " | rate `rate` | 9.99 |", "| x", "|x", "a | b"]
)
def test_a_row_counts_however_it_is_barred(card: str, result: Result, row: str) -> None:
    """Readers of Markdown do without the outer bars, so a false row must not hide behind that."""
    heading = "|---|---:|---:|---:|---:|\n"
    assert heading in card
    assert noticed(card.replace(heading, f"{heading}{row}\n", 1), result)


@pytest.mark.parametrize("heading", [" | A", "x | A", "|  | A |"])
def test_a_table_counts_however_it_is_barred(card: str, result: Result, heading: str) -> None:
    assert noticed(f"{card}\n{heading}\n---|---:\nrate `rate` | 9.99\n", result)


def test_a_figure_beyond_the_columns_or_under_one_named_twice_is_noticed(card: str, result: Result) -> None:
    row = next(line for line in card.splitlines() if "`rate`" in line)
    name, a, *_ = row.strip("| ").split(" | ")
    doubled = f"{card}\n|  | A | A |\n|---|---:|---:|\n| {name} | {{}} | {a} |\n"
    assert not noticed(doubled.format(a), result)
    assert noticed(doubled.format("9.99"), result)
    assert noticed(f"{card}\n|  | A |\n|---|---:|\n| {name} | {a} | 9.99 |\n", result)
