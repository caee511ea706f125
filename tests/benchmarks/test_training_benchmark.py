from typing import TYPE_CHECKING

import pytest
import torch

from benchmarks.comparison import shares
from benchmarks.training import laps, standard_step

if TYPE_CHECKING:
    from benchmarks.training import Lap
    from tests.benchmarks.conftest import FakeClock


def test_parts_of_a_step_are_laps_and_no_differences(clock: "FakeClock") -> None:
    def step(lap: "Lap") -> None:
        clock.pass_by(1.0)
        lap("draws")
        clock.pass_by(3.0)
        lap("AdamW")

    parts = laps(step, 3, clock)
    assert {name: timing.seconds for name, timing in parts.items()} == {
        "draws": [1.0] * 3,
        "AdamW": [3.0] * 3,
    }
    assert shares(parts) == {"draws": "25% of a step", "AdamW": "75% of a step"}


def test_a_busy_moment_in_one_part_is_no_share_of_another(clock: "FakeClock") -> None:
    taken = iter([1.0, 1.0, 50.0, 1.0])

    def step(lap: "Lap") -> None:
        clock.pass_by(next(taken))
        lap("forward")
        clock.pass_by(1.0)
        lap("backward")

    assert shares(laps(step, 3, clock)) == {"forward": "50% of a step", "backward": "50% of a step"}


def test_the_standard_step_has_four_parts_and_really_learns() -> None:
    names: list[str] = []
    threads = torch.get_num_threads()
    standard_step()(names.append)
    assert names == ["draws", "networks and loss, forward", "backward", "AdamW"]
    assert torch.get_num_threads() == threads


def test_the_backward_pass_ends_within_the_optimiser_s_step() -> None:
    def lap(name: str) -> None:
        if name == "backward":
            raise RuntimeError(name)

    with pytest.raises(RuntimeError, match="backward"):
        standard_step()(lap)
