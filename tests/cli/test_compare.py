"""Models side by side, with the intervals of their differences."""

from pathlib import Path

import pytest

from tests.cli.commands import ran, refusal

pytestmark = pytest.mark.usefixtures("tiny_when_quick")


def test_each_model_is_set_beside_the_first(small_checkpoint: Path) -> None:
    path = str(small_checkpoint)
    result = ran("compare", path, path, path, "--quick")
    assert result.stdout.count("argmax coverage, N = 200") == 4
    assert "+0.00" in result.stdout


def test_what_cannot_be_compared_is_refused_before_any_is_measured(
    small_checkpoint: Path, untrained_checkpoint: Path
) -> None:
    for others, says in (
        ([], "at least two"),
        (["nowhere"], ""),
        ([str(untrained_checkpoint)], "nothing tells these weights from untrained ones"),
    ):
        assert says in refusal("compare", small_checkpoint, *others, "--quick")
