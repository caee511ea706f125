"""A model with a report to show: the report of the original program's weights serves for any."""

from dataclasses import replace
from pathlib import Path

import pytest

from fluxttice_core.server.served_model import Served

RESULT = Path(__file__).parents[3] / "docs" / "results" / "original.json"


@pytest.fixture(scope="session")
def reported(served: Served) -> Served:
    return replace(served, report=RESULT.read_bytes())
