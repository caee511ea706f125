"""No number of the paper is typed, and one that is planted is found."""

from pathlib import Path

import pytest

from paper.build import SOURCE, built
from paper.lint import digits_left, swallowed_semicolons, typed_numbers


def test_no_digit_is_left_when_the_numbers_of_files_are_blanked() -> None:
    assert digits_left(built(blind=True)) == []


def test_the_source_states_no_number_of_its_own() -> None:
    assert typed_numbers(SOURCE.read_text()) == []


def test_no_semicolon_is_swallowed() -> None:
    assert swallowed_semicolons(SOURCE.read_text()) == []
    assert swallowed_semicolons(SOURCE.read_text().replace("digits: 4), the worst", "digits: 4); the worst"))


@pytest.mark.parametrize(
    "line",
    [
        "coverage of 87.28 %",
        "of all 19683 operations",
        "$ G = 0.95 $",
        "$K = 19683$",
        '#worked("shipped", "made up", 0.9543)',
        '#show-number("shipped", "made up", 5, digits: 2)',
        "a gain of 3 nats",
        "#let best = 0.99",
    ],
)
def test_a_typed_number_is_found(line: str) -> None:
    assert typed_numbers(f"{line}\n")


@pytest.mark.parametrize(
    "line",
    [
        '#m("original", "coverage/argmax/50000", "a", digits: 2, percent: true) %',
        '#n("original", "sampler", "draws", 4)',
        "#set page(margin: (x: 2.4cm, y: 2.5cm))",
        "$ 1/M sum_(m=1)^M A_(m,x) $ and $G in [0, 1]$",
        "as Naeem and others wrote @naeem2020 @aruspous2019a",
        "members of GDB-13",
    ],
)
def test_what_is_no_typed_number_is_let_through(line: str) -> None:
    assert typed_numbers(f"{line}\n") == []


@pytest.mark.parametrize("line", ["seen 42 times", '#"95"', "two billion draws", "nineteen of them"])
def test_what_would_be_printed_is_found_in_the_text(line: str, tmp_path: Path) -> None:
    planted = tmp_path / "planted.typ"
    planted.write_text(line)
    assert digits_left(built(source=planted, root=tmp_path, blind=True))
