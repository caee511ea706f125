"""Models side by side, with the intervals of their differences."""

from pathlib import Path

import pytest

from fluxttice_core.metrics.settings import MeasurementSettings, settings_for
from fluxttice_core.spaces.product_space import ProductSpace
from tests.cli.commands import ran, refusal
from tests.small import MEASUREMENT


@pytest.fixture(autouse=True)
def tiny_when_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    def chosen(space: ProductSpace, *, quick: bool) -> MeasurementSettings:
        return MEASUREMENT if quick else settings_for(space)

    monkeypatch.setattr("fluxttice_core.cli.measuring.settings_for", chosen)


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
