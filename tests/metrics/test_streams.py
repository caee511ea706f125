"""Streams of random numbers: functions of the seed and the purpose, and always the same ones."""

import pytest

from fluxttice_core.metrics.streams import stream

SEED = 8_671_671_013_530_512_944
"""The first eight bytes of SHA-256 of "measurement/7/a/coverage", by another program."""


def test_a_stream_is_the_same_in_every_version() -> None:
    assert stream(7, "a", "coverage").initial_seed() == SEED


@pytest.mark.parametrize(
    "other", [(8, "a", "coverage"), (7, "b", "coverage"), (7, "a"), (7, "coverage", "a")]
)
def test_another_seed_or_purpose_gives_another_stream(other: tuple[int, *tuple[str, ...]]) -> None:
    seed, *purpose = other
    assert stream(seed, *purpose).initial_seed() != SEED
