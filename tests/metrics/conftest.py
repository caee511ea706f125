"""Whatever is refused here is refused in words that fit behind a program's name and a colon."""

import pytest


@pytest.fixture(autouse=True)
def clauses(every_message_is_a_clause: None) -> None:
    """Watch every message."""
