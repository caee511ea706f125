"""What a run says about its epochs."""

import json
from dataclasses import fields

import pytest

from fluxttice_core.training.history import EpochRecord, Reach
from tests.training.small_runs import SmallRuns


def test_efficiency_is_distinct_over_expected() -> None:
    reach = Reach(distinct_a=30, distinct_b=45, expected=60.0)
    assert (reach.efficiency_a, reach.efficiency_b) == pytest.approx((0.5, 0.75))


def test_a_record_is_json_with_every_field(small: SmallRuns) -> None:
    record = next(small.trainer().epochs())
    plain = json.loads(json.dumps(record.as_dict()))
    assert list(plain) == [field.name for field in fields(EpochRecord)]
    assert EpochRecord(**plain) == record
