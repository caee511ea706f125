"""Count vectors."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.counts import counts_of, seen
from tests.refusals import refused


@given(st.lists(st.integers(0, 2**63 - 1) | st.integers(0, 5)))
def test_counts_are_those_of_each_label_in_order(labels: list[int]) -> None:
    drawn = np.array(labels, dtype=np.int64)
    drawn.flags.writeable = False
    assert counts_of(drawn).tolist() == [count for _, count in sorted(Counter(labels).items())]


def test_kinds_never_drawn_do_not_count() -> None:
    found = seen(np.array([0, 3, 0, 1], dtype=np.int16))
    assert (found.tolist(), found.dtype.name) == ([3, 1], "int64")


def test_negative_counts_are_refused() -> None:
    with refused(MeasurementError, "out_of_range", "cannot be drawn -2 times"):
        seen(np.array([1, -2]))
