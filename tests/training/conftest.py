"""Runs of the small recipe for every test."""

import pytest

from tests.training.small_runs import SmallRuns


@pytest.fixture(scope="session")
def small() -> SmallRuns:
    return SmallRuns()
