"""Whatever measuring refuses is refused in words that fit behind a program's name and a colon."""

import pytest

_OF_FILES = ("benchmark", "collapse", "control_cache", "plot_record", "result_file", "result_schema")
"""Modules that read files, whose sentences begin with what they are about."""


@pytest.fixture(autouse=True)
def clauses(request: pytest.FixtureRequest) -> None:
    """Watch every message."""
    if request.module.__name__.rpartition(".test_")[2] not in _OF_FILES:
        request.getfixturevalue("every_message_is_a_clause")
