"""The README's example runs as it stands."""

import re

import pytest

from docs.build import ROOT, certified_report

EXAMPLE = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def example() -> str:
    assert EXAMPLE is not None
    return EXAMPLE[1]


def test_the_example_has_ten_lines_of_code() -> None:
    assert len([line for line in example().splitlines() if line]) == 10


def test_the_shipped_model_does_what_the_example_says() -> None:
    before_training, _, _ = example().partition("mine = ")
    names: dict[str, object] = {}
    exec(before_training, names)  # noqa: S102 - our own page
    shapes = [getattr(names[name], "shape", None) for name in ("z", "t", "p", "both", "drawn")]
    assert shapes == [(1, 16), (1, 9), (1, 9, 3), (2, 16), (1000,)]


@pytest.mark.slow
def test_the_whole_example_prints_a_report(capsys: pytest.CaptureFixture[str]) -> None:
    exec(example(), {})  # noqa: S102 - our own page
    assert "generative information G" in capsys.readouterr().out


def test_a_report_prints_as_its_tables() -> None:
    printed = str(certified_report())
    assert printed.startswith("standard, epoch 5, seed 0\n")
    assert "generative information G" in printed
    assert "Acceptance gates" in printed
    assert max(map(len, printed.splitlines())) <= 100
