"""The schema itself demands what no result may lack, without a result at hand."""

import pytest

from fluxttice_core.evaluation.result_schema import result_schema


@pytest.mark.parametrize(
    "field", ["ceiling", "ceiling_sd", "floor", "separations", "seed", "draws", "interval"]
)
def test_every_metric_must_hold_its_references(field: str) -> None:
    assert field in result_schema()["properties"]["metrics"]["items"]["required"]


@pytest.mark.parametrize("field", ["ceiling", "draws", "half"])
def test_every_row_of_coverage_must_hold_its_ceiling(field: str) -> None:
    assert field in result_schema()["properties"]["coverage"]["items"]["required"]


@pytest.mark.parametrize("part", ["controls", "gates", "laws", "settings_sha256", "coverage", "metrics"])
def test_no_part_may_be_left_out(part: str) -> None:
    assert part in result_schema()["required"]
