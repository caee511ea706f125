"""Random streams depend on seed, purpose and epoch, on nothing else, and are always the same ones."""

from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.model.random_streams import measurement_stream, stream


def first(generator: torch.Generator) -> list[float]:
    return torch.rand(4, generator=generator).tolist()


@given(seed=st.integers(0, 2**63 - 1), epoch=st.integers(0, 10**6))
def test_a_stream_is_a_function_of_its_arguments(seed: int, epoch: int) -> None:
    assert first(stream(seed, "noise", epoch)) == first(stream(seed, "noise", epoch))


def test_streams_differ_in_each_argument() -> None:
    seen = {
        tuple(first(stream(seed, purpose, epoch)))
        for seed, purpose, epoch in product(range(5), ("weights", "order", "noise"), range(5))
    }
    assert len(seen) == 75


def test_arguments_do_not_run_into_each_other() -> None:
    assert first(stream(1, "a", 11)) != first(stream(11, "a", 1))
    assert first(stream(1, "1a", 1)) != first(stream(11, "a", 1))
    assert first(stream(1, "a1", 1)) != first(stream(1, "a", 11))


def test_numbers_of_two_streams_do_not_correlate() -> None:
    one, two = (torch.rand(50_000, generator=stream(0, "noise", epoch)) for epoch in (0, 1))
    assert abs(torch.corrcoef(torch.stack([one, two]))[0, 1].item()) < 5 / 50_000**0.5


def test_the_global_state_is_left_alone() -> None:
    before = torch.get_rng_state()
    first(stream(3, "noise"))
    assert torch.equal(torch.get_rng_state(), before)


SEED = 8_671_671_013_530_512_944
"""The first eight bytes of SHA-256 of "measurement/7/a/coverage", by another program."""


def test_a_stream_is_the_same_in_every_version() -> None:
    assert measurement_stream(7, "a", "coverage").initial_seed() == SEED


@pytest.mark.parametrize(
    "other", [(8, "a", "coverage"), (7, "b", "coverage"), (7, "a"), (7, "coverage", "a")]
)
def test_another_seed_or_purpose_gives_another_stream(other: tuple[int, *tuple[str, ...]]) -> None:
    seed, *purpose = other
    assert measurement_stream(seed, *purpose).initial_seed() != SEED
